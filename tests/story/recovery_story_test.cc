// Every phone of a file is lost, and three of five people bring it back: with the shipped
// programs alone, over real mutual TLS.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/story/deployed.h"

namespace kapea {
namespace {

using testing::HasSubstr;
using testing::Not;

const char kSaid[] = "Locked zqyxvera rooms";

class RecoveryStoryTest : public DeployedStory {
 protected:
  void SetUp() override {
    Deploy({{"unit_lead", "unit_lead@PP-POLICE"}, {"supervisor", "supervisor@PP-POLICE"}});
  }
};

TEST_F(RecoveryStoryTest, ThreeSheetsBringBackWhatNoPhoneHoldsAnyMore) {
  const json made = Parse(Offline("--json recovery create --out " + At("ceremony")));
  const std::string number = made.at("number");
  const std::string public_half = made.at("public_file");
  Offline("recovery check" + Sheets({1, 2, 3, 4, 5}) + " --public " + public_half);
  Offline("recovery create --out " + At("ceremony"), false);
  Admin("recovery propose " + public_half + " --number '" + number + "'");
  EXPECT_EQ(Parse(Admin("--json recovery show")).at("generation"), 1);

  Kapea("unit_lead", "sync");
  Kapea("unit_lead",
        "lead new --set received_at=-2h --set source=hotline --set urgency=immediate"
        " --set province=12 --set exploitation=sexual --set persons=3"
        " --set child_at_risk=yes --set 'account=" +
            std::string(kSaid) + "'");
  Kapea("unit_lead", "sync");
  std::string code;
  const json files = Parse(Kapea("unit_lead", "--json file list")).at("files");
  for (const json& file : files) {
    if (file.at("kind") == "lead") code = file.at("code");
  }
  ASSERT_FALSE(code.empty());

  // Both phones are lost; the lead gets another one.
  for (const json& device : Parse(Admin("--json devices"))) {
    const std::string roles = device.at("roles");
    if (roles == "registrar") continue;
    Admin("revoke " + device.at("device").get<std::string>());
  }
  Replace("unit_lead", "lead2");
  EXPECT_THAT(Kapea("lead2", "lead show --open " + code),
              testing::AllOf(HasSubstr("no key here"), Not(HasSubstr("zqyxvera"))));

  const json asked =
      Parse(Kapea("lead2", "--json recovery request --reason phones_lost --out " + At("request")));
  const std::string hers = " --number '" + asked.at("number").get<std::string>() + "'";
  const std::string open = " --request " + At("request") + " --out " + At("answer");
  EXPECT_THAT(Offline("recovery open" + Sheets({1, 4}) + open + hers, false),
              HasSubstr("not enough"));
  EXPECT_THAT(
      Offline("recovery open" + Sheets({1, 4, 5}) + open + " --number '" + number + "'", false),
      HasSubstr("another number"));
  EXPECT_FALSE(fs::exists(At("answer")));
  Offline("recovery open" + Sheets({1, 4, 5}) + open + hers);
  Kapea("lead2", "recovery import " + At("answer"));
  EXPECT_THAT(Kapea("lead2", "lead show --open " + code), HasSubstr(kSaid));
  Kapea("lead2", "sync");

  // The supervisor's next phone gets its keys as ever, and tells her what was done.
  Replace("supervisor", "supervisor2");
  Kapea("lead2", "sync");
  Kapea("supervisor2", "sync");
  EXPECT_THAT(Kapea("supervisor2", "lead show --open " + code), HasSubstr(kSaid));
  EXPECT_THAT(Kapea("supervisor2", "inbox"), HasSubstr("share sheets, because phones_lost"));
  const json told = Parse(Kapea("supervisor2", "--json recovery list " + code));
  ASSERT_EQ(told.at("recoveries").size(), 1u);
  EXPECT_EQ(told.at("recoveries")[0].at("reason"), "phones_lost");
}

}  // namespace
}  // namespace kapea
