// A key home in a token of SoftHSM.
#include "common/homes/token_home.h"

#include <gmock/gmock.h>

#include <string>

#include "common/crypto/signature.h"
#include "tests/common/homes/devices.h"

namespace kapea::homes {
namespace {

using testing::HasSubstr;

class TokenHomeTest : public testing::Test {
 protected:
  void SetUp() override { token_.Add("kapea"); }

  TokenHome Home(const std::string& label = "kapea", const std::string& pin = SoftToken::kPin) {
    return TokenHome(token_.Settings(label),
                     [this, pin] { return ++asked_, crypto::SecretBytes::CopyOf(pin); });
  }
  static std::string Message(const absl::StatusOr<crypto::SecretBytes>& found) {
    EXPECT_THAT(std::string(found.status().message()), HasSubstr("Nothing was opened or changed"));
    return std::string(found.status().message());
  }

  SoftToken token_;
  int asked_ = 0;
};

TEST_F(TokenHomeTest, GivesTheSameSecretForItsNoteAndAnotherForAnother) {
  const auto made = Home().Make();
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->secret.size(), crypto::kHomeSecretBytes);
  EXPECT_EQ(made->note.size(), 65u);
  const auto found = Home().Find(made->note);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, made->secret);
  // With the key that is there already.
  const auto again = Home().Make();
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE(again->secret == made->secret);
  EXPECT_EQ(*Home().Find(made->note), made->secret);
}

TEST_F(TokenHomeTest, AWrongPinIsSaidBeforeTheTokenLocks) {
  const auto made = Home().Make();
  ASSERT_TRUE(made.ok());
  const auto found = Home("kapea", "654321").Find(made->note);
  EXPECT_TRUE(absl::IsUnauthenticated(found.status())) << found.status();
  EXPECT_THAT(Message(found), HasSubstr("refused the PIN"));
  EXPECT_EQ(*Home().Find(made->note), made->secret);
}

TEST_F(TokenHomeTest, ATokenThatIsAwayIsSaidAndNoPinAsked) {
  const auto made = Home().Make();
  ASSERT_TRUE(made.ok());
  asked_ = 0;
  token_.RemoveAll();
  const auto found = Home().Find(made->note);
  EXPECT_TRUE(absl::IsNotFound(found.status())) << found.status();
  EXPECT_THAT(Message(found), HasSubstr("kapea is not there"));
  EXPECT_EQ(asked_, 0);
}

TEST_F(TokenHomeTest, AnotherTokenOfThatNameHasNoKeyOrAnother) {
  const auto made = Home().Make();
  ASSERT_TRUE(made.ok());
  token_.RemoveAll();
  token_.Add("kapea");
  const auto found = Home().Find(made->note);
  EXPECT_TRUE(absl::IsFailedPrecondition(found.status())) << found.status();
  EXPECT_THAT(Message(found), HasSubstr("no key called kapea-kek"));
  ASSERT_TRUE(Home().Make().ok());
  EXPECT_FALSE(*Home().Find(made->note) == made->secret);
  token_.Add("kapea");
  EXPECT_THAT(Message(Home().Find(made->note)), HasSubstr("several tokens"));
}

TEST_F(TokenHomeTest, NothingButAPointOfTheCurveReachesTheToken) {
  const auto made = Home().Make();
  ASSERT_TRUE(made.ok());
  asked_ = 0;
  for (size_t i = 0; i < made->note.size(); ++i) {
    std::string altered = made->note;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_TRUE(absl::IsInvalidArgument(Home().Find(altered).status())) << i;
  }
  EXPECT_TRUE(absl::IsInvalidArgument(Home().Find("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Home().Find(made->note + "x").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Home().Find(std::string(1, '\0')).status()));
  EXPECT_EQ(asked_, 0);
}

TEST_F(TokenHomeTest, AModuleThatIsAbsentIsSaid) {
  crypto::KeyHomeSettings::Token settings = token_.Settings();
  settings.module = "/nonexistent/module.so";
  TokenHome home(settings, [] { return crypto::SecretBytes::CopyOf("1"); });
  const auto found = home.Find(crypto::SigningKey::Generate().verify_key().bytes());
  EXPECT_TRUE(absl::IsNotFound(found.status())) << found.status();
  EXPECT_THAT(Message(found), HasSubstr("/nonexistent/module.so cannot be loaded"));
}

}  // namespace
}  // namespace kapea::homes
