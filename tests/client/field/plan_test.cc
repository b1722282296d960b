// Need to know: an officer who would tip off has the plan late, and by the hand of two.
#include "client/field/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/act.h"
#include "client/field/membership.h"
#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using domain::KeyClass;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr std::string_view kWhere = "an invented house behind the market";

class PlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (FakeDevice* device : All()) ASSERT_TRUE(device->Sync().ok());
    file_ = *FoundOperation(server_, lead_, {"lead", "officer", "supervisor"});
    record_ = *AddRecord(lead_, file_, crypto::RandomId<RecordId>(), 7);
    auto writer = lead_.vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    domain::FieldWrite write;
    write.record = record_;
    write.field = "where";
    ASSERT_TRUE(lead_.vault()
                    .AddSealed(*writer, write, domain::Text{std::string(kWhere)}, KeyClass::kPlan)
                    .ok());
    ASSERT_TRUE(lead_.vault().Commit(*std::move(writer)).ok());
    Sync();
  }
  std::vector<FakeDevice*> All() { return {&lead_, &supervisor_, &officer_}; }
  void Sync() {
    for (int round = 0; round < 3; ++round) {
      for (FakeDevice* device : All()) {
        const auto report = device->Sync();
        ASSERT_TRUE(report.ok()) << report.status();
        EXPECT_THAT(report->verdicts, IsEmpty());
      }
    }
  }
  absl::StatusOr<std::string> ReadPlan(FakeDevice& device) {
    vault::Vault& vault = device.vault();
    KAPEA_ASSIGN(const auto state, vault.File(file_));
    const domain::Register* values = state->FindRecord(record_)->Find("where");
    if (values == nullptr) return absl::NotFoundError("no plan");
    KAPEA_ASSIGN(const auto notice, vault.NoticeReading(file_, record_, {"where"}));
    KAPEA_ASSIGN(const auto value,
                 vault.OpenSealed(notice, "where", values->current().begin()->second));
    return std::get<domain::Text>(value).text;
  }
  bool Released(FakeDevice& device) {
    return field::ViewPlan(device.vault(), file_)->release.has_value();
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FakeDevice supervisor_{server_, "supervisor", clock_};
  FileId file_;
  RecordId record_;
};

TEST_F(PlanTest, BeforeTheReleaseHisDeviceCannotOpenThePlanAndAfterwardsItCan) {
  EXPECT_EQ(*ReadPlan(supervisor_), kWhere);
  EXPECT_EQ(ReadPlan(officer_).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(field::MayHold(officer_.vault(), **officer_.vault().File(file_), KeyClass::kPlan));
  ASSERT_TRUE(field::ProposeRelease(lead_.vault(), file_, "briefing").ok());
  Sync();
  EXPECT_FALSE(Released(supervisor_));
  EXPECT_EQ(ReadPlan(officer_).status().code(), absl::StatusCode::kFailedPrecondition)
      << "one alone releases nothing";
  EXPECT_THAT(*field::ReadInbox(supervisor_.vault()),
              Contains(Field(&field::InboxLine::kind, field::InboxKind::kRelease)));
  ASSERT_TRUE(field::ApproveRelease(supervisor_.vault(), file_).ok());
  EXPECT_FALSE(Released(supervisor_)) << "not before the server has it";
  Sync();
  EXPECT_TRUE(Released(officer_));
  EXPECT_EQ(*ReadPlan(officer_), kWhere);
  EXPECT_FALSE(domain::RekeyDue(**lead_.vault().File(file_), server_.directory()));
  EXPECT_EQ((*lead_.vault().File(file_))->key_epochs().size(), 1u);
  // What comes later is for the team at once, also under other keys.
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  Sync();
  EXPECT_TRUE(officer_.vault().HoldsKey(file_, KeyClass::kPlan));
  const uint64_t size = server_.size();
  Sync();
  EXPECT_EQ(server_.size(), size) << "nothing more to do";
}

TEST_F(PlanTest, WhatWasSealedUnderEarlierKeysIsReleasedToo) {
  ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
  Sync();
  ASSERT_TRUE(field::ProposeRelease(supervisor_.vault(), file_, "briefing").ok());
  Sync();
  ASSERT_TRUE(field::ApproveRelease(lead_.vault(), file_).ok());
  Sync();
  EXPECT_EQ(*ReadPlan(officer_), kWhere);
}

TEST_F(PlanTest, OneApproverAloneCannotReleaseAndTheSamePersonTwiceCannot) {
  EXPECT_EQ(field::ApproveRelease(lead_.vault(), file_).status().code(),
            absl::StatusCode::kNotFound);
  ASSERT_TRUE(field::ProposeRelease(lead_.vault(), file_, "briefing").ok());
  Sync();
  EXPECT_EQ(field::ApproveRelease(lead_.vault(), file_).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(field::ApproveRelease(officer_.vault(), file_).status().code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(field::ProposeRelease(officer_.vault(), file_, "briefing").status().code(),
            absl::StatusCode::kPermissionDenied);
  Sync();
  EXPECT_FALSE(Released(lead_));
  EXPECT_FALSE(ReadPlan(officer_).ok());
}

// The unit has a key, which also who may not have the plan shares.
TEST_F(PlanTest, AUnitsLineGetsThePlanByItsPeople) {
  FakeDevice intake(server_, "intake", clock_);
  for (int round = 0; round < 2; ++round) ASSERT_TRUE(intake.Sync().ok());
  vault::FoundRequest request;
  request.kind = domain::FileKind::kOperation;
  request.members = {Line(server_, "lead"),
                     Line(server_, "supervisor"),
                     {std::nullopt, server_.shelter(), domain::Role::kIntakeOfficer, {}}};
  const auto founded = lead_.vault().Found(request);
  ASSERT_TRUE(founded.ok()) << founded.status();
  file_ = founded->file;
  Sync();
  ASSERT_TRUE(field::ProposeRelease(lead_.vault(), file_, "briefing").ok());
  Sync();
  ASSERT_TRUE(field::ApproveRelease(supervisor_.vault(), file_).ok());
  Sync();
  ASSERT_TRUE(intake.Sync().ok());
  EXPECT_TRUE(intake.vault().HoldsKey(file_, KeyClass::kPlan));
  const auto state = *lead_.vault().File(file_);
  EXPECT_THAT(state->without_effect(), IsEmpty());
  EXPECT_THAT(state->astray(), IsEmpty());
  const uint64_t size = server_.size();
  Sync();
  EXPECT_EQ(server_.size(), size) << "there is nothing more to do";
}

// Whatever stands on a roster: no device makes a wrap that has no effect, and all come to rest.
TEST_F(PlanTest, EveryWrapThatIsMadeStands) {
  using enum domain::Role;
  const struct {
    UnitId unit;
    domain::Role role;
  } lines[] = {{server_.shelter(), kIntakeOfficer}, {server_.shelter(), kCaseManager},
               {server_.shelter(), kHealthWorker},  {server_.shelter(), kSupervisor},
               {server_.police(), kOfficer},        {server_.police(), kUnitLead}};
  FakeDevice intake(server_, "intake", clock_);
  for (const domain::FileKind kind : {domain::FileKind::kOperation, domain::FileKind::kPerson}) {
    for (const auto& line : lines) {
      vault::FoundRequest request;
      request.kind = kind;
      request.members = {Line(server_, "lead"),
                         Line(server_, "supervisor"),
                         {std::nullopt, line.unit, line.role, {}}};
      const auto founded = lead_.vault().Found(request);
      ASSERT_TRUE(founded.ok()) << founded.status();
      file_ = founded->file;
      Sync();
      ASSERT_TRUE(lead_.vault().Rekey(file_).ok());
      Sync();
      ASSERT_TRUE(intake.Sync().ok());
      const auto state = *lead_.vault().File(file_);
      SCOPED_TRACE(std::string(domain::NameOf(line.role)) + " " +
                   std::string(domain::NameOf(kind)));
      EXPECT_THAT(state->without_effect(), IsEmpty());
      EXPECT_THAT(state->astray(), IsEmpty());
      EXPECT_FALSE(domain::RekeyDue(*state, server_.directory()));
    }
  }
  Sync();
  const uint64_t size = server_.size();
  Sync();
  EXPECT_EQ(server_.size(), size);
}

}  // namespace
}  // namespace kapea::testing
