// A new version of a pack while work is open on three devices.
#include <gtest/gtest.h>

#include "client/field/casework.h"
#include "client/field/intake.h"
#include "kapea/v1/pack.pb.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

// The national pack with a second version of the intake form, which asks one thing more,
// and without the first.
std::string SecondVersion() {
  v1::Pack pack;
  KAPEA_CHECK(pack.ParseFromString(testing::NationalPack()));
  pack.set_version(2);
  for (v1::Form& form : *pack.mutable_forms()) {
    if (form.id() != kIntakeForm) continue;
    form.set_version(2);
    v1::Field& field = *form.mutable_sections(0)->add_fields();
    field.set_code("asked_since_v2");
    field.mutable_label()->set_en("Asked since version 2");
    field.set_type(v1::FIELD_TYPE_BOOLEAN);
    field.set_sensitivity(v1::SENSITIVITY_OPERATIONAL);
    field.mutable_need()->set_kind(v1::Need::KIND_REQUIRED);
  }
  return pack.SerializeAsString();
}

class PackVersionTest : public testing::Town {
 protected:
  FileId WalkIn(const std::string& by) {
    NewIntake intake;
    intake.entries = {{"arrival_at", "now"}};
    const auto started = StartIntake(VaultOf(by), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  uint32_t VersionIn(const std::string& by, const FileId& file) {
    const auto state = VaultOf(by).File(file);
    return state.ok() ? (*state)->FirstOf(kIntakeForm)->form.version : 0;
  }
  bool Misses(const std::string& by, const FileId& file, std::string_view code) {
    const auto missing = MissingIn(VaultOf(by), file);
    EXPECT_TRUE(missing.ok()) << missing.status();
    for (const MissingField& one : *missing) {
      if (one.field->code == code) return true;
    }
    return false;
  }
  absl::Status Fill(const std::string& by, const FileId& file, std::vector<Entry> entries) {
    return FillIntake(VaultOf(by), file, {"", {}, std::move(entries)}).status();
  }
};

TEST_F(PackVersionTest, OpenWorkStaysUnderTheVersionItBeganWith) {
  const std::vector<std::string> officers = {"intake", "intake2", "manager"};
  std::map<std::string, FileId> drafts;
  for (const std::string& name : officers) drafts[name] = WalkIn(name);
  server_.PublishPack(SecondVersion());
  // One of them meets the new version before she goes on, the others after.
  Sync("intake");
  for (const std::string& name : officers) {
    EXPECT_TRUE(Fill(name, drafts[name], {{"sex", "F"}, {"brought_by", "police"}}).ok()) << name;
    EXPECT_TRUE(absl::IsInvalidArgument(Fill(name, drafts[name], {{"asked_since_v2", "yes"}})))
        << name << ": the draft has no such field";
    EXPECT_FALSE(Misses(name, drafts[name], "asked_since_v2")) << name;
    Sync(name);
    EXPECT_EQ(VersionIn(name, drafts[name]), 1u) << name;
    const domain::FileState* there = server_.File(drafts[name]);
    ASSERT_NE(there, nullptr);
    EXPECT_TRUE(there->without_effect().empty()) << name;
  }
  // What begins now begins under the new one, and asks what that asks.
  const FileId later = WalkIn("intake2");
  EXPECT_EQ(VersionIn("intake2", later), 2u);
  EXPECT_TRUE(Misses("intake2", later, "asked_since_v2"));
}

TEST_F(PackVersionTest, OneRecordIsRaisedByItsOwnPerson) {
  const FileId draft = WalkIn("intake");
  ASSERT_TRUE(Fill("intake", draft, {{"sex", "F"}}).ok());
  const auto record = VaultOf("intake").File(draft);
  ASSERT_TRUE(record.ok());
  const RecordId id = (*record)->FirstOf(kIntakeForm)->id;
  EXPECT_TRUE(absl::IsFailedPrecondition(RaiseForm(VaultOf("intake"), draft, id).status()));
  server_.PublishPack(SecondVersion());
  Sync("intake");
  const auto raised = RaiseForm(VaultOf("intake"), draft, id);
  ASSERT_TRUE(raised.ok()) << raised.status();
  EXPECT_EQ(VersionIn("intake", draft), 2u);
  EXPECT_TRUE(Misses("intake", draft, "asked_since_v2"));
  EXPECT_TRUE(Fill("intake", draft, {{"asked_since_v2", "yes"}}).ok());
  Sync("intake");
  const domain::FileState* there = server_.File(draft);
  ASSERT_NE(there, nullptr);
  EXPECT_TRUE(there->without_effect().empty());
  const auto* sex = there->FirstOf(kIntakeForm)->Shown("sex");
  ASSERT_NE(sex, nullptr) << "what was written stays";
}

}  // namespace
}  // namespace kapea::field
