// A vault on a disk that fills up.
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

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

TEST(VaultDisk, AFullDiskIsSaidAndChangesNothing) {
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
