// A lead cannot be reached, and two supervisors open a file together: with the shipped programs
// alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/story/deployed.h"

namespace kapea {
namespace {

using testing::HasSubstr;
using testing::Not;

const char kSaid[] = "Locked zqyxvera rooms";

class GlassStoryTest : public DeployedStory {
 protected:
  void SetUp() override {
    Deploy({{"unit_lead", "unit_lead@PP-POLICE"},
            {"first", "supervisor@PP-HEAD"},
            {"second", "supervisor@PP-HEAD"},
            {"third", "supervisor@PP-HEAD"}});
    // Now that there are supervisors on duty.
    Kapea("unit_lead", "sync");
    Kapea("unit_lead",
          "lead new --set received_at=-2h --set source=hotline --set urgency=immediate"
          " --set province=12 --set exploitation=sexual --set persons=3"
          " --set child_at_risk=yes --set 'account=" +
              std::string(kSaid) + "'");
    Kapea("unit_lead", "sync");
    const json listed = Parse(Kapea("unit_lead", "--json file list"));
    for (const json& file : listed.at("files")) {
      if (file.at("kind") == "lead") code_ = file.at("code");
    }
    ASSERT_FALSE(code_.empty());
    for (const char* who : {"first", "second", "third"}) Kapea(who, "sync");
  }
  // Whether the half of this one completes what was asked for.
  bool MayAgree(const std::string& who) {
    const json listed = Parse(Kapea(who, "--json break-glass list " + code_));
    const json& file = listed.at("files").at(0);
    EXPECT_TRUE(file.at("half").get<bool>()) << who;
    return file.at("acts").at(0).at("for_me").get<bool>();
  }
  std::string code_;
};

TEST_F(GlassStoryTest, TwoSupervisorsWithDifferentHalvesOpenAFileAndItsLeadIsTold) {
  // Nothing can be read beforehand, and not by one.
  EXPECT_THAT(Kapea("first", "lead show --open " + code_, false), Not(HasSubstr(kSaid)));
  Kapea("first", "break-glass request " + code_ +
                     " --reason lead_unreachable --why 'she may be held again'");
  Kapea("first", "break-glass approve " + code_, false);
  Kapea("first", "break-glass open " + code_, false);
  Kapea("first", "sync");
  std::string other;
  for (const char* who : {"second", "third"}) {
    Kapea(who, "sync");
    if (MayAgree(who)) {
      other = who;
    } else {
      EXPECT_THAT(Kapea(who, "break-glass approve " + code_, false), HasSubstr("waits for you"));
    }
  }
  ASSERT_FALSE(other.empty());
  EXPECT_THAT(Kapea(other, "break-glass list " + code_), HasSubstr("she may be held again"));
  Kapea(other, "break-glass approve " + code_);
  Kapea(other, "sync");
  Kapea("first", "sync");
  Kapea("first", "break-glass open " + code_);
  Kapea("first", "sync");
  EXPECT_THAT(Kapea("first", "lead show --open " + code_), HasSubstr(kSaid));
  Kapea("first", "sync");
  EXPECT_THAT(Kapea(other, "lead show --open " + code_, false), Not(HasSubstr(kSaid)));
  Kapea("unit_lead", "sync");
  EXPECT_THAT(Kapea("unit_lead", "inbox"), HasSubstr("break-glass (lead_unreachable)"));
  const json reads = Parse(Kapea("unit_lead", "--json file reads " + code_));
  ASSERT_EQ(reads.at("break_glass").size(), 1u);
  EXPECT_EQ(reads.at("break_glass")[0].at("reason"), "lead_unreachable");
  EXPECT_GE(reads.at("reads").size(), 1u) << "what she opened is told";
}

}  // namespace
}  // namespace kapea
