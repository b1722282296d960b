// Power lost or program killed while it writes: what was acknowledged is there, and
// nothing is there by half.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

constexpr int kRounds = 20;

constexpr const char* kWriterFolder = "KAPEA_CRASH_WRITER";  // set: this process is the writer
constexpr const char* kWriterFile = "KAPEA_CRASH_FILE";

// Writes records until it is killed, and says each one's id on descriptor `told` once it
// is acknowledged. A process of its own: the store's threads do not come along in a fork.
[[noreturn]] void WriteForever(const std::string& path, const FileId& file, int told) {
  ManualClock clock;
  auto vault = vault::Vault::Open(path, kPassphrase, clock);
  if (!vault.ok()) _exit(2);
  const char ready = 'r';
  if (::write(told, &ready, 1) != 1) _exit(3);
  for (int64_t count = 0;; ++count) {
    auto writer = (*vault)->Begin({.file = file, .kind = domain::Kind::kEdit});
    if (!writer.ok()) _exit(4);
    domain::FieldWrite write;
    write.record = crypto::RandomId<RecordId>();
    write.form = domain::FormPin{"OP", 1};
    write.field = "count";
    write.clear = domain::Value(count % 50);
    writer->Add(write);
    if (!(*vault)->Commit(std::move(*writer)).ok()) _exit(5);
    if (::write(told, write.record.view().data(), RecordId::kBytes) !=
        static_cast<ssize_t>(RecordId::kBytes)) {
      _exit(6);
    }
  }
}

TEST(VaultCrash, Writer) {
  const char* folder = std::getenv(kWriterFolder);
  if (folder == nullptr) GTEST_SKIP() << "runs inside the next test alone";
  const auto file = FileId::FromHexText(std::getenv(kWriterFile));
  ASSERT_TRUE(file.ok());
  WriteForever(folder, *file, STDIN_FILENO);
}

TEST(VaultCrash, EveryAcknowledgedChangeOutlivesKill) {
  ManualClock clock;
  FakeServer server(clock);
  FakeDevice lead(server, "lead", clock);
  ASSERT_TRUE(lead.Sync().ok());
  const FileId file = *FoundOperation(server, lead, {"lead"});
  ASSERT_TRUE(lead.Sync().ok());
  const std::string path = lead.path();
  std::mt19937 dice(20261123);
  std::vector<RecordId> acknowledged;
  for (int round = 0; round < kRounds; ++round) {
    lead.Close();
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::dup2(ends[1], STDIN_FILENO);
      ::close(ends[0]);
      ::close(ends[1]);
      ::setenv(kWriterFolder, path.c_str(), 1);
      ::setenv(kWriterFile, file.hex().c_str(), 1);
      ::execl("/proc/self/exe", "writer", "--gtest_filter=VaultCrash.Writer", nullptr);
      ::_exit(9);
    }
    ::close(ends[1]);
    char ready = 0;
    ASSERT_EQ(::read(ends[0], &ready, 1), 1);
    // Killed after some acknowledgements, at any point of the next commit.
    const int wanted = 1 + static_cast<int>(dice() % 8);
    std::string bytes;
    char buffer[256];
    while (bytes.size() < static_cast<size_t>(wanted) * RecordId::kBytes) {
      const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
      ASSERT_GT(got, 0);
      bytes.append(buffer, static_cast<size_t>(got));
    }
    ::usleep(static_cast<useconds_t>(dice() % 3000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
      bytes.append(buffer, static_cast<size_t>(got));
    }
    ::close(ends[0]);
    for (size_t at = 0; at + RecordId::kBytes <= bytes.size(); at += RecordId::kBytes) {
      acknowledged.push_back(RecordId::FromPrefix(std::string_view(bytes).substr(at)));
    }
    lead.Reopen();
    const auto state = lead.vault().File(file);
    ASSERT_TRUE(state.ok()) << state.status();
    for (const RecordId& record : acknowledged) {
      ASSERT_NE((*state)->FindRecord(record), nullptr) << "round " << round;
    }
    // At most the one whose acknowledgement was not heard.
    EXPECT_LE((*state)->records().size(), acknowledged.size() + static_cast<size_t>(round) + 1);
  }
  EXPECT_GE(acknowledged.size(), static_cast<size_t>(kRounds));
  // And the chain is whole: the server takes it all.
  const auto report = lead.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->refusals.empty());
  EXPECT_EQ(report->waiting, 0u);
  EXPECT_EQ(Show(**lead.vault().File(file)), Show(*server.File(file)));
}

// A small file system in memory, where this process may make one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    std::filesystem::create_directories(path);
    mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=128m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  // Leaves about `left` bytes.
  void Fill(uintmax_t left) const {
    const uintmax_t room = std::filesystem::space(path_).available;
    std::ofstream ballast(path_ + "/ballast", std::ios::binary);
    const std::string block(4096, 'x');
    for (uintmax_t done = 0; done + left + block.size() < room; done += block.size()) {
      ballast << block;
    }
  }
  void Free() const { std::filesystem::remove(path_ + "/ballast"); }

 private:
  const std::string path_;
  bool mounted_ = false;
};

TEST(VaultCrash, AFullDiskIsSaidAndChangesNothing) {
  TempFolder folder;
  const SmallDisk disk(folder / "disk");
  if (!disk.mounted()) GTEST_SKIP() << "no right to mount a small file system here";
  const std::string path = folder / "disk/vault";
  ManualClock clock;
  FakeServer server(clock);
  std::vector<RecordId> acknowledged;
  FileId file;
  const auto write = [&](vault::Vault& vault) -> absl::Status {
    KAPEA_ASSIGN(codec::ChangeWriter writer,
                 vault.Begin({.file = file, .kind = domain::Kind::kEdit}));
    domain::FieldWrite field;
    field.record = crypto::RandomId<RecordId>();
    field.form = domain::FormPin{"OP", 1};
    field.field = "note";
    KAPEA_TRY(vault.AddSealed(writer, field, domain::Text{ToHex(crypto::RandomBytes(4000))},
                              domain::KeyClass::kGeneral));
    KAPEA_TRY(vault.Commit(std::move(writer)).status());
    acknowledged.push_back(field.record);
    return absl::OkStatus();
  };
  {
    auto vault = vault::Vault::Create(path, kPassphrase, server.IdentityOf("lead"), clock, 0);
    ASSERT_TRUE(vault.ok()) << vault.status();
    FakeLine line(server, server.person("lead"));
    sync::SyncEngine engine(**vault, line);
    ASSERT_TRUE(engine.SyncNow(clock.Now()).ok());
    vault::FoundRequest request;
    request.kind = domain::FileKind::kOperation;
    request.members = {Line(server, "lead")};
    const auto founded = (*vault)->Found(request);
    ASSERT_TRUE(founded.ok()) << founded.status();
    file = founded->file;
    ASSERT_TRUE(write(**vault).ok());
    disk.Fill(64 * 1024);
    absl::Status status;
    for (int i = 0; i < 1000 && status.ok(); ++i) status = write(**vault);
    ASSERT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_EQ((*vault)->outbox().waiting(), acknowledged.size() + 1);
    EXPECT_EQ((*(*vault)->File(file))->records().size(), acknowledged.size());
  }
  // It opens on the full disk, and writes again once there is room.
  auto vault = vault::Vault::Open(path, kPassphrase, clock);
  if (absl::IsResourceExhausted(vault.status())) {
    disk.Free();
    vault = vault::Vault::Open(path, kPassphrase, clock);
  }
  ASSERT_TRUE(vault.ok()) << vault.status();
  disk.Free();
  const auto state = (*vault)->File(file);
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ((*state)->records().size(), acknowledged.size());
  for (const RecordId& record : acknowledged) EXPECT_NE((*state)->FindRecord(record), nullptr);
  ASSERT_TRUE(write(**vault).ok());
  FakeLine line(server, server.person("lead"));
  sync::SyncEngine engine(**vault, line);
  const auto report = engine.SyncNow(clock.Now());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->refusals.empty());
  EXPECT_EQ(server.EntriesOf(file), acknowledged.size() + 1);
}

}  // namespace
}  // namespace kapea::testing
