// What a record needs to be complete.
#include <gtest/gtest.h>

#include <map>

#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

constexpr int64_t kDay = 24 * 60;

struct Intake : Bench {
  void Set(std::string_view field, Value value, int64_t minutes) {
    Put(person, By(intake, person).Set(intake_record, field, std::move(value)), minutes);
  }
  std::vector<Finding> Needs(int64_t as_of) const {
    return EvaluateNeeds({person, At(as_of)}, *person.FindRecord(intake_record));
  }
  std::map<std::string, FindingStatus> Statuses(int64_t as_of) const {
    std::map<std::string, FindingStatus> statuses;
    for (const Finding& finding : Needs(as_of)) statuses[finding.code] = finding.status;
    return statuses;
  }
};

TEST(NeedsTest, RequiredFieldsAreMissingUntilAnswered) {
  Intake file;
  EXPECT_EQ(file.Statuses(10),
            (std::map<std::string, FindingStatus>{{"arrival_at", FindingStatus::kPending},
                                                  {"level", FindingStatus::kPending}}));
  file.Set("arrival_at", file.At(0), 5);
  EXPECT_EQ(file.Statuses(kDay + 1),
            (std::map<std::string, FindingStatus>{{"arrival_at", FindingStatus::kMet},
                                                  {"level", FindingStatus::kOverdue}}));
  EXPECT_EQ(Missing(file.Needs(kDay + 1)).size(), 1u);
  file.Set("level", Code{"low"}, kDay + 10);
  EXPECT_EQ(file.Statuses(kDay + 20)["level"], FindingStatus::kMetLate);
  EXPECT_TRUE(Missing(file.Needs(kDay + 20)).empty());
}

TEST(NeedsTest, ConditionsDecideWhatIsNeeded) {
  Intake file;
  EXPECT_FALSE(file.Statuses(10).contains("children"));
  EXPECT_FALSE(file.Statuses(10).contains("plan"));
  file.Set("sex", Code{"F"}, 20);
  file.Set("level", Code{"high"}, 20);
  const auto statuses = file.Statuses(30);
  EXPECT_EQ(statuses.at("plan"), FindingStatus::kPending);
  EXPECT_EQ(statuses.at("children"), FindingStatus::kPending);
  // Counted from the record's first write.
  EXPECT_EQ(file.Statuses(120).at("children"), FindingStatus::kPending);
  EXPECT_EQ(file.Statuses(121).at("children"), FindingStatus::kOverdue);
}

TEST(NeedsTest, RefusedIsAnAnswer) {
  Intake file;
  file.Set("level", domain::Answer::kRefused, 10);
  EXPECT_EQ(file.Statuses(20)["level"], FindingStatus::kMet);
}

}  // namespace
}  // namespace kapea::standards
