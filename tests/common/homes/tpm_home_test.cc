// A key home in a TPM of swtpm.
#include "common/homes/tpm_home.h"

#include <gmock/gmock.h>

#include <string>

#include "common/base/bytes.h"
#include "tests/common/homes/devices.h"
#include "tests/common/homes/frozen_note.h"

namespace kapea::homes {
namespace {

using testing::HasSubstr;

class TpmHomeTest : public testing::Test {
 protected:
  TpmHome Without() { return TpmHome(tpm_.tcti(), nullptr, false); }
  TpmHome With(const std::string& pin) {
    return TpmHome(
        tpm_.tcti(), [this, pin] { return ++asked_, crypto::SecretBytes::CopyOf(pin); }, true);
  }
  static std::string Message(const absl::StatusOr<crypto::SecretBytes>& found) {
    EXPECT_THAT(std::string(found.status().message()), HasSubstr("Nothing was opened or changed"));
    return std::string(found.status().message());
  }

  SoftTpm tpm_;
  int asked_ = 0;
};

TEST_F(TpmHomeTest, GivesTheSecretBackAlsoAfterAStart) {
  const auto made = Without().Make();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->secret.size(), crypto::kHomeSecretBytes);
  EXPECT_LE(made->note.size(), 512u);
  // Many times: nothing of a call stays in the TPM, which has room for three objects.
  for (int i = 0; i < 8; ++i) {
    const auto found = Without().Find(made->note);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(*found, made->secret);
  }
  tpm_.Restart();
  const auto found = Without().Find(made->note);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, made->secret);
}

TEST_F(TpmHomeTest, WrongPinsAreRefusedUntilItLocks) {
  const auto made = With("2468").Make();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(*With("2468").Find(made->note), made->secret);
  const auto wrong = With("1357").Find(made->note);
  EXPECT_TRUE(absl::IsUnauthenticated(wrong.status())) << wrong.status();
  EXPECT_THAT(Message(wrong), HasSubstr("refused the PIN"));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(With("1357").Find(made->note).ok());
  const auto locked = With("2468").Find(made->note);
  EXPECT_TRUE(absl::IsUnauthenticated(locked.status())) << locked.status();
  EXPECT_THAT(Message(locked), HasSubstr("locked after wrong PINs"));
  // What was sealed without a PIN is not shut out.
  const auto other = Without().Make();
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(*Without().Find(other->note), other->secret);
}

TEST_F(TpmHomeTest, LongPinsCountWhole) {
  const std::string pin(200, 'p');
  const auto made = With(pin).Make();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(*With(pin).Find(made->note), made->secret);
  EXPECT_FALSE(With(pin.substr(1)).Find(made->note).ok());
}

TEST_F(TpmHomeTest, AnotherTpmIsSaidAndNoPinAsked) {
  const auto made = With("2468").Make();
  ASSERT_TRUE(made.ok());
  asked_ = 0;
  const SoftTpm other;
  TpmHome there(
      other.tcti(), [&] { return ++asked_, crypto::SecretBytes::CopyOf("2468"); }, true);
  const auto found = there.Find(made->note);
  EXPECT_TRUE(absl::IsFailedPrecondition(found.status())) << found.status();
  EXPECT_THAT(Message(found), HasSubstr("another TPM"));
  EXPECT_EQ(asked_, 0);
}

// It is read as a note: what is wrong with it is the TPM.
TEST_F(TpmHomeTest, AFrozenNoteIsStillOne) {
  const auto found = With("2468").Find(*FromHex(kFrozenTpmNoteHex));
  EXPECT_TRUE(absl::IsFailedPrecondition(found.status())) << found.status();
  EXPECT_THAT(Message(found), HasSubstr("another TPM"));
}

TEST_F(TpmHomeTest, ATpmThatIsAwayIsSaid) {
  const auto made = Without().Make();
  ASSERT_TRUE(made.ok());
  const std::string where = tpm_.tcti();
  tpm_.Stop();
  for (const std::string& tcti :
       {where, std::string("device:/nonexistent/tpm"), std::string("nosuch:")}) {
    const auto found = TpmHome(tcti, nullptr, false).Find(made->note);
    EXPECT_TRUE(absl::IsNotFound(found.status())) << found.status();
    EXPECT_THAT(Message(found), HasSubstr("no TPM at " + tcti));
  }
}

// Lengths, kinds, name, public part, sealed part: the TPM's own seal holds what our reader
// lets through.
TEST_F(TpmHomeTest, NoFlippedBitGivesASecret) {
  const auto made = Without().Make();
  ASSERT_TRUE(made.ok());
  for (size_t i = 0; i < made->note.size(); ++i) {
    std::string altered = made->note;
    altered[i] = static_cast<char>(altered[i] ^ (1 << (i % 8)));
    const auto found = TpmHome(
                           tpm_.tcti(), [] { return crypto::SecretBytes::CopyOf("1"); }, false)
                           .Find(altered);
    EXPECT_FALSE(found.ok()) << i;
  }
  for (size_t size = 0; size < made->note.size(); ++size) {
    EXPECT_TRUE(absl::IsInvalidArgument(Without().Find(made->note.substr(0, size)).status()));
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Without().Find(made->note + "x").status()));
  EXPECT_EQ(*Without().Find(made->note), made->secret);
}

}  // namespace
}  // namespace kapea::homes
