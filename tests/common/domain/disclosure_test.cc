// Disclosures: by consent, or by two roles with a reason; ended by time, by the person, or by
// whoever made it.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/domain/consent.h"
#include "common/domain/disclosure.h"
#include "common/domain/roles.h"
#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

Field MakeField(std::string code, FieldType type) {
  Field field;
  field.code = std::move(code);
  field.type = type;
  return field;
}

class DisclosureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    AddConsentForm();
    const auto founding =
        world_.Found(file_.id(), FileKind::kOperation, world_.lead,
                     {TestWorld::Line(world_.officer),
                      TestWorld::Line(world_.supervisor),
                      {std::nullopt, world_.intake.unit, Role::kIntakeOfficer, {}}});
    ASSERT_EQ(Append(founding), Verdict::kAccepted);
    ASSERT_EQ(Append(Edit(world_.officer)
                         .Seal(kRecord, "name", founding->id, KeyClass::kIdentity)
                         .Pin("OP", 1)
                         .Set(kRecord, "name_given", true)
                         .Of(0)
                         .Build()),
              Verdict::kAccepted);
  }
  // Purpose, answer, recipient (asked for when the purpose is `sharing`), ends_at.
  void AddConsentForm() {
    auto form = std::make_unique<Form>();
    form->id = "OP-CONSENT";
    form->version = 1;
    form->kind = FormKind::kRecord;
    form->file_kind = FileKind::kOperation;
    codes_.id = "CL";
    for (const char* code : {"sharing", "police_use", "yes", "no"})
      codes_.codes.push_back({code, {}, false});
    std::vector<Field> fields = {
        MakeField("purpose", FieldType::kCode), MakeField("answer", FieldType::kCode),
        MakeField("recipient", FieldType::kUnit), MakeField("ends_at", FieldType::kTime)};
    fields[0].code_list = &codes_;
    fields[1].code_list = &codes_;
    fields[2].relevant = *Condition::Parse("purpose in [sharing]");
    form->sections.push_back({"MAIN", {}, std::move(fields)});
    for (Field& field : form->sections[0].fields) form->by_code.emplace(field.code, &field);
    world_.pack->forms.push_back(std::move(form));
  }
  Verdict Append(const std::shared_ptr<const Change>& change) {
    return world_.Append(file_, change);
  }
  ChangeBuilder Edit(const Author& by) const { return world_.Edit(file_, by); }
  // A new record of consent; `unit` zero: none said.
  ChangeId Consent(std::string purpose, std::string answer, const UnitId& unit = {},
                   std::optional<Time> ends = std::nullopt) {
    const RecordId record = MakeId<RecordId>(++consents_ + 900);
    ChangeBuilder edit = Edit(world_.officer);
    edit.Set(record, "purpose", Code{std::move(purpose)}).Pin("OP-CONSENT", 1);
    if (!unit.is_zero())
      edit.Set(record, "recipient", Reference{ChangeId::FromPrefix(unit.view())});
    edit.Set(record, "answer", Code{std::move(answer)});
    if (ends) edit.Set(record, "ends_at", *ends);
    const auto change = edit.Build();
    EXPECT_EQ(Append(change), Verdict::kAccepted);
    return change->id;
  }
  Disclosure ToShelter(std::string because = "") const {
    Disclosure disclosure;
    disclosure.fields = {{kRecord, "name"}};
    disclosure.to_unit = world_.intake.unit;
    disclosure.purpose = "sharing";
    disclosure.expires = world_.now + Duration::Days(30);
    disclosure.because = std::move(because);
    return disclosure;
  }
  std::shared_ptr<const Change> Make(const Author& by, Disclosure disclosure) const {
    return world_.Edit(file_, by, Kind::kDisclosure).Write(std::move(disclosure)).Build();
  }
  Verdict Approve(const Author& by, const Change& proposal) {
    return Append(
        world_.Edit(file_, by, Kind::kApproval).Write(Decision{}).Naming(proposal).Build());
  }
  DisclosureStatus Status(Time at) const { return StatusOf(file_, file_.disclosures().back(), at); }

  const RecordId kRecord = MakeId<RecordId>(700);
  CodeList codes_;
  TestWorld world_;
  FileState file_{MakeId<FileId>(600)};
  uint32_t consents_ = 0;
};

TEST_F(DisclosureTest, WantsTheConsentOfThePerson) {
  EXPECT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kNoConsent);
  Consent("sharing", "yes", world_.lead.unit);
  EXPECT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kNoConsent) << "for another unit";
  Consent("police_use", "yes");
  EXPECT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kNoConsent) << "another purpose";
  Consent("sharing", "yes");
  EXPECT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kNoConsent)
      << "the purpose asks for a unit";
  Consent("sharing", "yes", world_.intake.unit);
  ASSERT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kAccepted);
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kInForce);
  EXPECT_EQ(Status(world_.now + Duration::Days(30)), DisclosureStatus::kExpired);
  // A purpose that asks for no unit is for whoever serves it, also outside.
  Disclosure outside = ToShelter();
  outside.to_unit.reset();
  outside.to_body = "embassy";
  EXPECT_EQ(Append(Make(world_.lead, outside)), Verdict::kNoConsent);
  outside.purpose = "police_use";
  EXPECT_EQ(Append(Make(world_.lead, outside)), Verdict::kAccepted);
}

TEST_F(DisclosureTest, EndsWithTheConsent) {
  Consent("sharing", "yes", world_.intake.unit, world_.now + Duration::Days(2));
  ASSERT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kAccepted);
  EXPECT_EQ(Status(world_.now + Duration::Days(1)), DisclosureStatus::kInForce);
  EXPECT_EQ(Status(world_.now + Duration::Days(3)), DisclosureStatus::kConsentEnded);
  world_.now = world_.now + Duration::Minutes(1);
  Consent("sharing", "no");  // to everybody
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kConsentEnded);
  EXPECT_EQ(Append(Make(world_.lead, ToShelter())), Verdict::kNoConsent);
}

TEST_F(DisclosureTest, WithoutConsentIsDecidedByTwoRoles) {
  const auto proposal = Make(world_.lead, ToShelter("danger_to_life"));
  ASSERT_EQ(Append(proposal), Verdict::kAccepted);
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kWaiting);
  EXPECT_EQ(Approve(world_.lead, *proposal), Verdict::kRole);
  EXPECT_EQ(Approve(world_.officer, *proposal), Verdict::kRole) << "no supervisor among the two";
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kWaiting);
  EXPECT_EQ(Approve(world_.supervisor, *proposal), Verdict::kAccepted);
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kInForce);
  EXPECT_EQ(file_.disclosures()[0].approved_by, world_.supervisor.person);
  EXPECT_EQ(Approve(world_.supervisor, *proposal), Verdict::kRole) << "it is decided";

  const auto late = Make(world_.officer, ToShelter("danger_to_life"));
  ASSERT_EQ(Append(late), Verdict::kAccepted);
  world_.now = world_.now + kProposalLapses + Duration::Milliseconds(1);
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kExpired);
  EXPECT_EQ(Approve(world_.supervisor, *late), Verdict::kAccepted);
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kExpired) << "agreed to too late";
}

TEST_F(DisclosureTest, IsTakenBackByItsAuthor) {
  Consent("sharing", "yes", world_.intake.unit);
  const auto made = Make(world_.lead, ToShelter());
  ASSERT_EQ(Append(made), Verdict::kAccepted);
  const auto take_back = [&](const Author& by) {
    return Append(
        world_.Edit(file_, by, Kind::kWithdrawal).Write(Decision{}).Naming(*made).Build());
  };
  EXPECT_EQ(take_back(world_.officer), Verdict::kRole);
  EXPECT_EQ(take_back(world_.lead), Verdict::kAccepted);
  EXPECT_EQ(Status(world_.now), DisclosureStatus::kTakenBack);
}

TEST_F(DisclosureTest, IsOfSealedFieldsThatTheRoleMayRead) {
  Consent("sharing", "yes", world_.intake.unit);
  const auto with = [this](const std::function<void(Disclosure&)>& alter) {
    Disclosure disclosure = ToShelter();
    alter(disclosure);
    return disclosure;
  };
  const struct {
    const char* name;
    Author by;
    Disclosure disclosure;
    Verdict want;
  } cases[] = {
      {"a role without the class", world_.intake, ToShelter(), Verdict::kRole},
      {"a clear field", world_.lead, with([this](Disclosure& d) {
         d.fields = {{kRecord, "count"}};
       }),
       Verdict::kForm},
      {"no field", world_.lead, with([this](Disclosure& d) {
         d.fields = {{kRecord, "nothing"}};
       }),
       Verdict::kForm},
      {"no record yet", world_.lead, with([](Disclosure& d) {
         d.fields = {{MakeId<RecordId>(999), "name"}};
       }),
       Verdict::kEarly},
      {"no unit yet", world_.lead, with([](Disclosure& d) { d.to_unit = MakeId<UnitId>(999); }),
       Verdict::kEarly},
      {"over before it began", world_.lead,
       with([](Disclosure& d) { d.expires = Time::FromUnixMs(0); }), Verdict::kType},
      {"somebody outside of the file", world_.nurse, ToShelter(), Verdict::kNotMember},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(Append(Make(one.by, one.disclosure)), one.want) << one.name;
  }
  EXPECT_TRUE(file_.disclosures().empty());
}

}  // namespace
}  // namespace kapea::domain
