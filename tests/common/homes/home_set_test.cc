// What the configuration reaches: credentials and files, and a box through all of it.
#include "common/homes/home_set.h"

#include <gmock/gmock.h>
#include <stdlib.h>

#include "common/base/file.h"
#include "common/homes/secret_source.h"
#include "tests/common/homes/devices.h"

namespace kapea::homes {
namespace {

using crypto::HomeKind;
using testing::HasSubstr;

class HomeSetTest : public testing::Test {
 protected:
  void SetUp() override { setenv("CREDENTIALS_DIRECTORY", folder_.path().c_str(), 1); }
  void TearDown() override { unsetenv("CREDENTIALS_DIRECTORY"); }

  void Write(const std::string& name, const std::string& bytes, int mode = kPrivateFileMode) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, bytes, mode).ok());
  }
  static std::string Message(const absl::Status& status) { return std::string(status.message()); }

  const DeviceFolder folder_;
};

TEST_F(HomeSetTest, SecretsAreFirstLinesOfFilesThatOnlyTheirOwnerReads) {
  Write("words", "correct horse\nrest", 0644);
  EXPECT_TRUE(absl::IsFailedPrecondition(ReadSecret({folder_ / "words", ""}, "words").status()));
  Write("words", "correct horse\nrest");
  EXPECT_EQ(ReadSecret({folder_ / "words", ""}, "words")->view(), "correct horse");
  EXPECT_EQ(ReadNewSecret({"", "words"}, "words")->view(), "correct horse");
  EXPECT_EQ(ReadCredential("words")->view(), "correct horse\nrest");
  Write("empty", "\n");
  EXPECT_TRUE(absl::IsInvalidArgument(ReadSecret({"", "empty"}, "words").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadSecret({"", "absent"}, "words").status()));
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_THAT(Message(ReadSecret({"", "words"}, "words").status()), HasSubstr("LoadCredential"));
}

TEST_F(HomeSetTest, ABoxGoesThroughEveryHomeAlone) {
  SoftToken token;
  token.Add("kapea");
  const SoftTpm tpm;
  Write("kek", std::string(32, '\n'));  // any bytes are a key
  Write("words", "correct horse\n");
  Write("pin", std::string(SoftToken::kPin) + "\n");
  crypto::KeyHomeSettings settings;
  settings.passphrase.credential = "words";
  settings.credential = "kek";
  settings.token = token.Settings();
  settings.token.pin.credential = "pin";
  settings.tpm = {tpm.tcti(), {folder_ / "pin", ""}};
  ASSERT_TRUE(CheckSettings(settings).ok());
  for (const HomeKind kind : {HomeKind::kCredential, HomeKind::kToken, HomeKind::kTpm}) {
    for (const bool with_passphrase : {false, true}) {
      SCOPED_TRACE(crypto::NameOf(kind));
      std::vector<HomeKind> kinds = {kind};
      if (with_passphrase) kinds.push_back(HomeKind::kPassphrase);
      const HomeSet at_sealing(settings, 0), later(settings, 0);
      const auto homes = at_sealing.Of(kinds);
      ASSERT_TRUE(homes.ok());
      const auto box = crypto::SealKeyBox(*homes, "the keys");
      ASSERT_TRUE(box.ok()) << box.status();
      EXPECT_EQ(*crypto::HomesOf(*box), kinds);
      const auto opened = crypto::OpenKeyBox(later.all(), *box);
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ(opened->view(), "the keys");
    }
  }
}

TEST_F(HomeSetTest, AHomeThatIsNotConfiguredIsNamed) {
  const HomeSet homes({}, 0);
  EXPECT_THAT(Message(homes.Of({HomeKind::kToken}).status()), HasSubstr("no keys.pkcs11"));
  EXPECT_THAT(Message(homes.Of({HomeKind::kTpm}).status()), HasSubstr("no keys.tpm"));
  EXPECT_THAT(Message(homes.Of({HomeKind::kCredential}).status()),
              HasSubstr("no keys.key_credential"));
  EXPECT_TRUE(homes.Of({HomeKind::kPassphrase}).ok());
}

}  // namespace
}  // namespace kapea::homes
