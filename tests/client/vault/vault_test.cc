// The vault as a place: made, locked, opened, damaged.
#include "client/vault/vault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/file.h"
#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using vault::Vault;

class VaultTest : public ::testing::Test {
 protected:
  ManualClock clock_;
  FakeServer server_{clock_};
  TempFolder folder_;
  const std::string path_ = folder_ / "vault";

  absl::StatusOr<std::unique_ptr<Vault>> Create() {
    return Vault::Create(path_, kPassphrase, server_.IdentityOf("lead"), clock_, 0);
  }
  absl::StatusOr<std::unique_ptr<Vault>> Open(std::string_view passphrase = kPassphrase) {
    return Vault::Open(path_, passphrase, clock_);
  }
};

TEST_F(VaultTest, KeepsTheIdentity) {
  const vault::Identity made = server_.IdentityOf("lead");
  ASSERT_TRUE(Vault::Create(path_, kPassphrase, made.Copy(), clock_, 0).ok());
  const auto opened = Open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ((*opened)->identity().Encode(), made.Encode());
}

TEST_F(VaultTest, IsForItsOwnerAlone) {
  ASSERT_TRUE(Create().ok());
  struct stat status {};
  ASSERT_EQ(::stat((path_ + "/head").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST_F(VaultTest, OpensOnceAtATime) {
  const auto first = Create();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Create().status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(VaultTest, AWrongPassphraseDelaysAndHarmsNothing) {
  ASSERT_TRUE(Create().ok());
  EXPECT_EQ(Open("guess").status().message(), "wrong passphrase; next try in 1 s");
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kUnauthenticated);
  clock_.Advance(Duration::Seconds(1));
  EXPECT_TRUE(Open().ok());
}

TEST_F(VaultTest, ChangesItsPassphrase) {
  {
    const auto made = Create();
    ASSERT_TRUE(made.ok());
    EXPECT_FALSE((*made)->ChangePassphrase("guess", "other").ok());
    clock_.Advance(Duration::Seconds(1));
    ASSERT_TRUE((*made)->ChangePassphrase(kPassphrase, "other").ok());
  }
  EXPECT_TRUE(Open("other").ok());
}

TEST_F(VaultTest, ACreationThatWasCutIsFinishedOrBegunAnew) {
  ASSERT_TRUE(Create().ok());
  // Cut after the head, before the store was moved into place.
  fs::rename(path_ + "/store", path_ + "/store.new");
  EXPECT_TRUE(Open().ok());
  // Cut before the head: nothing was ever told to be there.
  fs::rename(path_ + "/store", path_ + "/store.new");
  fs::remove(path_ + "/head");
  EXPECT_EQ(Open().status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Create().ok());
}

TEST_F(VaultTest, AStoreWithoutItsHeadIsNotOverwritten) {
  ASSERT_TRUE(Create().ok());
  const auto head = ReadFile(path_ + "/head", 4096);
  ASSERT_TRUE(head.ok());
  fs::remove(path_ + "/head");
  EXPECT_EQ(Create().status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(WriteFileAtomically(path_ + "/head", *head, kPrivateFileMode).ok());
  EXPECT_TRUE(Open().ok());
}

// A bit anywhere in the store's files is noticed or without effect; never another value.
TEST_F(VaultTest, AFlippedBitInTheStoreIsNeverAnotherValue) {
  FileId file;
  std::string shown;
  {
    FakeDevice lead(server_, "lead", clock_);
    ASSERT_TRUE(lead.Sync().ok());
    file = *FoundOperation(server_, lead, {"lead"});
    ASSERT_TRUE(AddRecord(lead, file, crypto::RandomId<RecordId>(), 5).ok());
    ASSERT_TRUE(lead.vault().PutSetting("language", "km").ok());
    lead.Restart();
    shown = Show(**lead.vault().File(file));
    fs::copy(lead.path(), path_, fs::copy_options::recursive);
  }
  std::error_code ignored;
  int noticed = 0;
  for (int round = 0; round < 24; ++round) {
    const std::string copy = folder_ / ("copy" + std::to_string(round));
    fs::copy(path_, copy, fs::copy_options::recursive);
    // The log holds what was written last, the tables what was written before.
    std::vector<fs::path> files;
    for (const auto& one : fs::directory_iterator(copy + "/store")) {
      const std::string kind = one.path().extension();
      if ((kind == ".log" || kind == ".sst") && one.file_size() > 0) files.push_back(one.path());
    }
    ASSERT_FALSE(files.empty());
    const fs::path& target = files[static_cast<size_t>(round) % files.size()];
    auto bytes = ReadFile(target, 64u << 20);
    ASSERT_TRUE(bytes.ok());
    const size_t at = bytes->size() * static_cast<size_t>(round + 1) / 26;
    (*bytes)[at] = static_cast<char>((*bytes)[at] ^ 0x10);
    ASSERT_TRUE(WriteFileAtomically(target, *bytes, kPrivateFileMode).ok());
    const auto opened = Vault::Open(copy, kPassphrase, clock_);
    if (!opened.ok()) {
      EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << opened.status();
      ++noticed;
      continue;
    }
    const auto state = (*opened)->File(file);
    if (!state.ok()) {
      EXPECT_EQ(state.status().code(), absl::StatusCode::kDataLoss) << state.status();
      ++noticed;
      continue;
    }
    EXPECT_EQ(Show(**state), shown);
  }
  EXPECT_GT(noticed, 0);
}

TEST_F(VaultTest, NothingReadableLiesOnTheDisk) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const FileId file = *FoundOperation(server_, lead, {"lead"});
  const RecordId record = *AddRecord(lead, file, crypto::RandomId<RecordId>(), 5);
  auto writer = lead.vault().Begin({.file = file, .kind = domain::Kind::kEdit});
  ASSERT_TRUE(writer.ok());
  domain::FieldWrite write;
  write.record = record;
  write.field = "name";
  ASSERT_TRUE(
      lead.vault()
          .AddSealed(*writer, write, domain::Text{"Canary Invented"}, domain::KeyClass::kIdentity)
          .ok());
  ASSERT_TRUE(lead.vault().Commit(std::move(*writer)).ok());
  ASSERT_TRUE(lead.vault().PutSetting("draft", "Canary Draft").ok());
  ASSERT_TRUE(lead.Sync().ok());
  for (const auto& one : fs::recursive_directory_iterator(lead.path())) {
    if (!one.is_regular_file()) continue;
    const auto bytes = ReadFile(one.path(), 64u << 20);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(bytes->find("Canary"), std::string::npos) << one.path();
    EXPECT_EQ(bytes->find("draft"), std::string::npos) << one.path();
  }
  EXPECT_EQ(**lead.vault().FindSetting("draft"), "Canary Draft");
}

TEST_F(VaultTest, TwoWritersInFlightAreToldSo) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const FileId file = *FoundOperation(server_, lead, {"lead"});
  auto first = lead.vault().Begin({.file = file, .kind = domain::Kind::kEdit});
  ASSERT_TRUE(first.ok());
  domain::FieldWrite write;
  write.record = crypto::RandomId<RecordId>();
  write.form = domain::FormPin{"OP", 1};
  write.field = "count";
  write.clear = domain::Value(int64_t{1});
  first->Add(write);
  ASSERT_TRUE(AddRecord(lead, file, crypto::RandomId<RecordId>(), 2).ok());
  EXPECT_EQ(lead.vault().Commit(std::move(*first)).status().code(), absl::StatusCode::kAborted);
  EXPECT_EQ((*lead.vault().File(file))->records().size(), 1u);
}

TEST_F(VaultTest, AHandedOutFileStaysAsItWas) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const FileId file = *FoundOperation(server_, lead, {"lead"});
  const auto before = *lead.vault().File(file);
  ASSERT_TRUE(AddRecord(lead, file, crypto::RandomId<RecordId>(), 2).ok());
  EXPECT_EQ(before->records().size(), 0u);
  EXPECT_EQ((*lead.vault().File(file))->records().size(), 1u);
}

}  // namespace
}  // namespace kapea::testing
