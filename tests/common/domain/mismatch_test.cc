// A colleague's device opens a sealed value and finds another fact than stands beside it.
#include <functional>

#include <gtest/gtest.h>

#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

class MismatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto founding =
        world_.Found(file_.id(), FileKind::kOperation, world_.lead,
                     {TestWorld::Line(world_.officer),
                      TestWorld::Line(world_.supervisor),
                      {std::nullopt, world_.intake.unit, Role::kIntakeOfficer, {}}});
    ASSERT_EQ(world_.Append(file_, founding), Verdict::kAccepted);
    epoch_ = founding->id;
    named_ = Named({});
    ASSERT_EQ(world_.Append(file_, named_), Verdict::kAccepted);
  }
  std::shared_ptr<const Change> Named(std::vector<ChangeId> replaces) const {
    ChangeBuilder edit = world_.Edit(file_, world_.officer);
    edit.Seal(kRecord, "name", epoch_, KeyClass::kIdentity, std::move(replaces));
    if (file_.FindRecord(kRecord) == nullptr) edit.Pin("OP", 1);
    return edit.Set(kRecord, "name_given", true).Of(0).Build();
  }
  ChangeBuilder Mismatch(const Author& by, const std::string& field = "name_given") const {
    ChangeBuilder builder = world_.Edit(file_, by, Kind::kMismatch);
    builder.Write(Decision{"differs", kRecord.str(), field, 0, 0}).Naming(*named_);
    return builder;
  }
  const Register& Fact() const { return *file_.FindRecord(kRecord)->Find("name_given"); }

  const RecordId kRecord = MakeId<RecordId>(700);
  TestWorld world_;
  FileState file_{MakeId<FileId>(600)};
  ChangeId epoch_;
  std::shared_ptr<const Change> named_;
};

TEST_F(MismatchTest, DisputesAFactUntilItsSourceIsWrittenAnew) {
  EXPECT_FALSE(Fact().disputed());
  const auto mismatch = Mismatch(world_.lead).Build();
  ASSERT_EQ(world_.Append(file_, mismatch), Verdict::kAccepted);
  EXPECT_TRUE(Fact().disputed());
  EXPECT_FALSE(Fact().conflicted()) << "there is one value, and it is not sure";
  ASSERT_EQ(file_.mismatches().size(), 1u);
  EXPECT_EQ(file_.mismatches()[0].by, world_.lead.person);
  ASSERT_EQ(world_.Append(file_, Named({named_->id})), Verdict::kAccepted);
  EXPECT_FALSE(Fact().disputed());
}

TEST_F(MismatchTest, IsTakenBackByWhoSaidIt) {
  const auto first = Mismatch(world_.lead).Build();
  const auto second = Mismatch(world_.supervisor).Build();
  ASSERT_EQ(world_.Append(file_, first), Verdict::kAccepted);
  ASSERT_EQ(world_.Append(file_, second), Verdict::kAccepted);
  const auto take_back = [this](const Author& by, const Change& what) {
    return world_.Append(
        file_, world_.Edit(file_, by, Kind::kWithdrawal).Write(Decision{}).Naming(what).Build());
  };
  EXPECT_EQ(take_back(world_.officer, *first), Verdict::kRole);
  EXPECT_EQ(take_back(world_.lead, *first), Verdict::kAccepted);
  EXPECT_TRUE(Fact().disputed()) << "the other one stands";
  EXPECT_EQ(take_back(world_.supervisor, *second), Verdict::kAccepted);
  EXPECT_FALSE(Fact().disputed());
  EXPECT_TRUE(file_.mismatches().empty());
}

TEST_F(MismatchTest, IsForWhoCanOpenTheSource) {
  const struct {
    const char* name;
    std::shared_ptr<const Change> change;
    Verdict want;
  } cases[] = {
      {"a role without the class", Mismatch(world_.intake).Build(), Verdict::kRole},
      {"no fact", Mismatch(world_.lead, "count").Build(), Verdict::kForm},
      {"no field", Mismatch(world_.lead, "nothing").Build(), Verdict::kForm},
      {"two at once", Mismatch(world_.lead).Write(Decision{}).Build(), Verdict::kMalformed},
      {"no record",
       Mismatch(world_.lead)
           .Alter(
               [](Change& change) { std::get<Decision>(change.writes[0].body).subject = "short"; })
           .Build(),
       Verdict::kMalformed},
      {"what is not here yet",
       Mismatch(world_.lead)
           .Alter([](Change& change) { change.header.refs[0].change = MakeId<ChangeId>(4000); })
           .Build(),
       Verdict::kEarly}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.name);
    EXPECT_EQ(NameOf(world_.Append(file_, one.change)), NameOf(one.want));
  }
  EXPECT_FALSE(Fact().disputed());
}

TEST_F(MismatchTest, ComesTooLateWithoutHarm) {
  ASSERT_EQ(world_.Append(file_, Named({named_->id})), Verdict::kAccepted);
  EXPECT_EQ(world_.Append(file_, Mismatch(world_.lead).Build()), Verdict::kAccepted);
  EXPECT_FALSE(Fact().disputed());
}

// An Entry under other rules is taken at its word, and its server may be no friend.
TEST_F(MismatchTest, WhatAnotherRuleLetInBreaksNothing) {
  const std::function<void(Change&)> alterations[] = {
      [](Change& change) { change.header.refs.clear(); },
      [](Change& change) { std::get<Decision>(change.writes[0].body).subject = "short"; },
      [](Change& change) {
        std::get<Decision>(change.writes[0].body).subject = MakeId<RecordId>(999).str();
      }};
  for (const auto& alter : alterations) {
    const auto change = Mismatch(world_.lead).Alter(alter).Build();
    Placed placed{change, world_.Place(*change, file_.number() + 1), {}};
    placed.entry.verdict = Verdict::kAccepted;
    placed.entry.rules = kRulesVersion + 1;
    file_.Append(placed, world_.around());
  }
  Wrap wrap;
  wrap.key_epoch = MakeId<ChangeId>(4001);
  wrap.key_class = KeyClass::kGeneral;
  wrap.half = 1;
  wrap.recipient_kind = RecipientKind::kHalf;
  wrap.recipient = MakeId<ChangeId>(4002);
  const auto roster = world_.Edit(file_, world_.lead, Kind::kRoster).Write(wrap).Build();
  Placed placed{roster, world_.Place(*roster, file_.number() + 1), {}};
  placed.entry.verdict = Verdict::kAccepted;
  placed.entry.rules = kRulesVersion + 1;
  file_.Append(placed, world_.around());
  EXPECT_TRUE(file_.mismatches().empty());
  EXPECT_TRUE(file_.wraps().empty());
  EXPECT_FALSE(Fact().disputed());
}

}  // namespace
}  // namespace kapea::domain
