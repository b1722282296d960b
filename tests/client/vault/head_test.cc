// The vault's head: passphrases, the growing delay, flipped bits.
#include "client/vault/head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/file.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::vault {
namespace {

using ::testing::HasSubstr;
using testing::TempFolder;

class HeadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto head = Head::Make("right", key_, 0);
    ASSERT_TRUE(head.ok()) << head.status();
    ASSERT_TRUE(head->Write(path_).ok());
  }
  // As a program that starts, asks once and ends.
  absl::Status Try(std::string_view passphrase) {
    auto head = Head::Read(path_);
    if (!head.ok()) return head.status();
    const auto key = head->Unlock(path_, passphrase, clock_);
    EXPECT_TRUE(!key.ok() || *key == key_);
    return key.status();
  }
  std::string Said(std::string_view passphrase) { return std::string(Try(passphrase).message()); }

  TempFolder folder_;
  const std::string path_ = folder_ / "head";
  ManualClock clock_;
  const crypto::SecretBytes key_ = crypto::SecretBytes::Random(32);
};

TEST_F(HeadTest, TheRightPassphraseOpens) {
  EXPECT_TRUE(Try("right").ok());
  EXPECT_TRUE(Try("right").ok());
}

TEST_F(HeadTest, TheDelayDoublesUpToFiveMinutes) {
  for (const int64_t seconds : {1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300}) {
    EXPECT_EQ(Said("wrong"), "wrong passphrase; next try in " + std::to_string(seconds) + " s");
    // Too early: the right one does not help.
    EXPECT_EQ(Try("right").code(), absl::StatusCode::kUnauthenticated);
    clock_.Advance(Duration::Seconds(seconds) - Duration::Milliseconds(1));
    EXPECT_EQ(Said("right"), "wrong passphrase; next try in 1 s");
    clock_.Advance(Duration::Milliseconds(1));
  }
  EXPECT_TRUE(Try("right").ok());
  EXPECT_EQ(Said("wrong"), "wrong passphrase; next try in 1 s");  // counted anew
}

TEST_F(HeadTest, TheDelayOutlivesRestartsAndClocks) {
  for (int i = 0; i < 5; ++i) {
    clock_.Advance(Duration::Seconds(20));
    EXPECT_THAT(Said("wrong"), HasSubstr("next try"));
  }
  // In the same boot the wall clock counts for nothing.
  clock_.SetWall(clock_.Now() + Duration::Days(1));
  EXPECT_EQ(Said("right"), "wrong passphrase; next try in 16 s");
  // After a reboot with a clock set back the delay begins anew, and ends.
  clock_.SetWall(clock_.Now() - Duration::Days(400));
  clock_.Reboot(2);
  EXPECT_EQ(Said("right"), "wrong passphrase; next try in 16 s");
  clock_.Advance(Duration::Seconds(16));
  EXPECT_TRUE(Try("right").ok());
}

TEST_F(HeadTest, EveryFlippedBitIsNamed) {
  const auto bytes = ReadFile(path_, 4096);
  ASSERT_TRUE(bytes.ok());
  for (size_t at = 0; at < bytes->size(); ++at) {
    std::string altered = *bytes;
    altered[at] = static_cast<char>(altered[at] ^ (1 << (at % 8)));
    ASSERT_TRUE(WriteFileAtomically(path_, altered, kPrivateFileMode).ok());
    const auto head = Head::Read(path_);
    ASSERT_EQ(head.status().code(), absl::StatusCode::kDataLoss) << "byte " << at;
    EXPECT_THAT(std::string(head.status().message()), HasSubstr("vault head"));
  }
  for (size_t size = 0; size < bytes->size(); ++size) {
    ASSERT_TRUE(WriteFileAtomically(path_, bytes->substr(0, size), kPrivateFileMode).ok());
    ASSERT_EQ(Head::Read(path_).status().code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST_F(HeadTest, AnotherPassphraseForTheSameKey) {
  auto head = Head::Read(path_);
  ASSERT_TRUE(head.ok());
  const auto renewed = head->Reseal("next", key_);
  ASSERT_TRUE(renewed.ok());
  ASSERT_TRUE(renewed->Write(path_).ok());
  EXPECT_TRUE(Try("next").ok());
  EXPECT_FALSE(Try("right").ok());
}

}  // namespace
}  // namespace kapea::vault
