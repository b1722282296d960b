// Disclosing on the devices: nothing leaves without consent or two roles; the recipient gets
// what was named, can prove who wrote it, and nobody else can open it.
#include "client/field/disclosure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kName = "Invented Name";

class FieldDisclosureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (FakeDevice* device : All()) ASSERT_TRUE(device->Sync().ok());
    file_ = *FoundOperation(server_, lead_, {"lead", "officer", "supervisor"});
    Sync();
    record_ = *AddRecord(officer_, file_, crypto::RandomId<RecordId>(), 7);
    ASSERT_TRUE(SetNames().ok());
    Sync();
  }
  std::vector<FakeDevice*> All() { return {&lead_, &officer_, &supervisor_, &intake_}; }
  void Sync() {
    for (int round = 0; round < 2; ++round) {
      for (FakeDevice* device : All()) {
        const auto report = device->Sync();
        ASSERT_TRUE(report.ok()) << report.status();
      }
    }
  }
  // A name, and a note beside it in the same Change.
  absl::Status SetNames() {
    KAPEA_ASSIGN(codec::ChangeWriter writer,
                 officer_.vault().Begin({.file = file_, .kind = domain::Kind::kEdit}));
    for (const char* field : {"name", "note"}) {
      domain::FieldWrite write;
      write.record = record_;
      write.field = field;
      const auto key_class =
          write.field == "name" ? domain::KeyClass::kIdentity : domain::KeyClass::kGeneral;
      KAPEA_TRY(
          officer_.vault().AddSealed(writer, write, domain::Text{std::string(kName)}, key_class));
    }
    return officer_.vault().Commit(std::move(writer)).status();
  }
  void Consent(const char* answer) {
    auto writer = officer_.vault().Begin({.file = file_, .kind = domain::Kind::kEdit});
    ASSERT_TRUE(writer.ok());
    const auto record = crypto::RandomId<RecordId>();
    const auto set = [&](const char* field, domain::Value value, bool first = false) {
      domain::FieldWrite write;
      write.record = record;
      write.field = field;
      if (first) write.form = domain::FormPin{"OP-CONSENT", 1};
      write.clear = std::move(value);
      writer->Add(write);
    };
    set("purpose", domain::Code{"sharing"}, true);
    set("recipient", domain::Reference{ChangeId::FromPrefix(server_.shelter().view())});
    set("answer", domain::Code{answer});
    ASSERT_TRUE(officer_.vault().Commit(*std::move(writer)).ok());
    clock_.Advance(Duration::Minutes(1));
    Sync();
  }
  field::DisclosureRequest ToShelter(std::string because = "") {
    field::DisclosureRequest request;
    request.file = file_;
    request.fields = {{record_, "name"}};
    request.to_unit = server_.shelter();
    request.purpose = "sharing";
    request.expires = clock_.Now() + Duration::Days(30);
    request.because = std::move(because);
    return request;
  }
  ChangeId Disclose(std::string because = "") {
    const auto made = field::Disclose(lead_.vault(), ToShelter(std::move(because)));
    EXPECT_TRUE(made.ok()) << made.status();
    Sync();
    return made.ok() ? made->change : ChangeId();
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FakeDevice supervisor_{server_, "supervisor", clock_};
  FakeDevice intake_{server_, "intake", clock_};
  FileId file_;
  RecordId record_;
};

TEST_F(FieldDisclosureTest, GivesTheRecipientWhatWasNamedAndNothingElse) {
  EXPECT_EQ(field::Disclose(lead_.vault(), ToShelter()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Consent("yes");
  const ChangeId disclosure = Disclose();
  const auto bundle = field::ExportDisclosure(lead_.vault(), file_, disclosure);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_EQ(bundle->find(kName), std::string::npos);
  EXPECT_FALSE(lead_.vault().QueueNotices().ok() && (*lead_.vault().File(file_))->reads().empty())
      << "what is handed out was opened, and that is told";
  const auto opened = field::OpenDisclosure(intake_.vault(), *bundle);
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_THAT(opened->values, SizeIs(1));
  EXPECT_EQ(opened->values[0].field, "name");
  EXPECT_EQ(std::get<domain::Text>(opened->values[0].value).text, kName);
  EXPECT_EQ(opened->values[0].author, server_.person("officer"));
  EXPECT_EQ(opened->by, server_.person("lead"));
  EXPECT_EQ(opened->terms.purpose, "sharing");
  EXPECT_FALSE(intake_.vault().File(file_).ok()) << "she is no member of the file";
  EXPECT_EQ(field::OpenDisclosure(officer_.vault(), *bundle).status().code(),
            absl::StatusCode::kPermissionDenied);
  // Every byte of it counts.
  for (size_t at = 0; at < bundle->size(); at += 97) {
    std::string altered = *bundle;
    altered[at] = static_cast<char>(altered[at] ^ 0x20);
    EXPECT_FALSE(field::OpenDisclosure(intake_.vault(), altered).ok()) << at;
  }
  clock_.Advance(Duration::Days(31));
  EXPECT_EQ(field::OpenDisclosure(intake_.vault(), *bundle).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(FieldDisclosureTest, StopsWhenThePersonTakesHerConsentBack) {
  Consent("yes");
  const ChangeId disclosure = Disclose();
  ASSERT_TRUE(field::ReadDisclosure(lead_.vault(), file_, disclosure).ok());
  Consent("no");
  const auto lines = field::ListDisclosures(lead_.vault(), file_);
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ((*lines)[0].status, domain::DisclosureStatus::kConsentEnded);
  EXPECT_EQ(field::ExportDisclosure(lead_.vault(), file_, disclosure).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(field::ReadDisclosure(supervisor_.vault(), file_, disclosure).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(FieldDisclosureTest, WithoutConsentWaitsForTheSecondRole) {
  const ChangeId disclosure = Disclose("danger_to_life");
  EXPECT_EQ(field::ExportDisclosure(lead_.vault(), file_, disclosure).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_FALSE(field::ApproveDisclosure(lead_.vault(), file_, disclosure).ok());
  EXPECT_FALSE(field::ApproveDisclosure(officer_.vault(), file_, disclosure).ok());
  ASSERT_TRUE(field::ApproveDisclosure(supervisor_.vault(), file_, disclosure).ok());
  Sync();
  const auto bundle = field::ExportDisclosure(lead_.vault(), file_, disclosure);
  ASSERT_TRUE(bundle.ok()) << bundle.status();
  EXPECT_TRUE(field::OpenDisclosure(intake_.vault(), *bundle).ok());
  ASSERT_TRUE(field::TakeBackDisclosure(lead_.vault(), file_, disclosure).ok());
  EXPECT_FALSE(field::ExportDisclosure(lead_.vault(), file_, disclosure).ok());
}

TEST_F(FieldDisclosureTest, WaitsForTheLedger) {
  Consent("yes");
  const auto made = field::Disclose(lead_.vault(), ToShelter());
  ASSERT_TRUE(made.ok());
  const auto early = field::ExportDisclosure(lead_.vault(), file_, made->change);
  EXPECT_EQ(early.status().code(), absl::StatusCode::kFailedPrecondition);
  auto request = ToShelter();
  request.fields.clear();
  EXPECT_EQ(field::Disclose(lead_.vault(), request).status().code(),
            absl::StatusCode::kInvalidArgument);
  request = ToShelter();
  request.to_body = "embassy";
  EXPECT_EQ(field::Disclose(lead_.vault(), request).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kapea::testing
