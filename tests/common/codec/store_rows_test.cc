// Rows of the stores, findings and views: what is written comes back, and what cannot
// be read is DataLoss.
#include "common/codec/store_rows.h"

#include <gtest/gtest.h>

#include <functional>

#include "common/codec/ca_messages.h"
#include "common/codec/file_view.h"
#include "common/codec/finding_codec.h"
#include "common/codec/kept_figures.h"
#include "kapea/store/v1/store.pb.h"
#include "tests/common/codec/raw_wire.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

LedgerHead SampleHead() {
  return {42, Time::FromUnixMs(1'790'000'000'000), 3, Fill<DeploymentId>('d'), 5};
}
ErasedRow SampleErased() {
  return {{{Fill<RecordId>('r'), "name", Fill<ChangeId>('m'), domain::FormPin{"F", 2},
            Fill<RecordId>('p')},
           {Fill<RecordId>('q'), "", {}, {}, {}}}};
}
EnrolmentRow SampleEnrolment() {
  return {Fill<PersonId>('p'),
          {{domain::Role::kOfficer, Fill<UnitId>('u')}, {domain::Role::kLawyer, Fill<UnitId>('w')}},
          "secret bytes",
          Time::FromUnixMs(1'790'000'000'000),
          4,
          Fill<DeviceId>('d')};
}
DeviceRow SampleDevice() {
  DeviceRow row;
  row.person = Fill<PersonId>('p');
  row.device = {Fill<DeviceId>('d'), Fill<PersonId>('p'), std::string(65, 's'),
                std::string(32, 'k'), false};
  row.offered_person = {Fill<PersonId>('p'), 1, std::string(32, 'q'), {}, false};
  row.unit_receive_key = std::string(32, 'u');
  row.certificates = {Fill<Hash>('1'), Fill<Hash>('2')};
  row.certificate_expires = Time::FromUnixMs(1'790'000'000'000);
  row.last_seen = Time::FromUnixMs(1'780'000'000'000);
  return row;
}

// A row that was written, read and written again is the same; with a short id or with
// bytes that are no message it is DataLoss.
template <typename Row, typename Wire>
void ExpectSound(const Row& row, Wire wire) {
  const std::string bytes = row.Encode();
  const auto read = Row::Decode(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->Encode(), bytes);
  ASSERT_TRUE(wire.ParseFromString(bytes));
  const auto* reflection = wire.GetReflection();
  // Nothing of the row was left unsaid, so nothing can be lost unseen.
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(wire, &fields);
  EXPECT_EQ(static_cast<int>(fields.size()), wire.GetDescriptor()->field_count());
  EXPECT_EQ(Row::Decode("\x0f").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Row::Decode(bytes + "\x0a\x7f").status().code(), absl::StatusCode::kDataLoss);
  for (const auto* field : fields) {
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES) continue;
    Wire other = wire;
    if (field->is_repeated()) {
      reflection->SetRepeatedString(&other, field, 0, "short");
    } else {
      reflection->SetString(&other, field, "short");
    }
    const auto refused = Row::Decode(other.SerializeAsString());
    const std::string& name = field->name();
    const bool any_size = name == "change" || name == "header" || name == "signature" ||
                          name == "secret" || name == "unit_receive_key";
    EXPECT_EQ(refused.status().code(),
              any_size ? absl::StatusCode::kOk : absl::StatusCode::kDataLoss)
        << field->full_name();
  }
}

TEST(StoreRowsTest, EveryRowComesBackOrIsDataLoss) {
  ExpectSound(SampleHead(), store::v1::LedgerHead());
  ExpectSound(ChainHead{9, Fill<Hash>('p')}, store::v1::ChainHead());
  ExpectSound(ChangeLocation{Fill<FileId>('f'), 4, 17, Fill<Hash>('c')},
              store::v1::ChangeLocation());
  ExpectSound(ParcelRow{"header", "signature", {Fill<Hash>('1'), Fill<Hash>('2')}},
              store::v1::ParcelRow());
  ExpectSound(ChangeRow{"change", 17, 2, Fill<Hash>('p')}, store::v1::ChangeRow());
  ExpectSound(SampleEnrolment(), store::v1::EnrolmentRow());
  ExpectSound(SampleErased(), store::v1::ErasedRow());
  ExpectSound(SampleDevice(), store::v1::DeviceRow());
}

TEST(StoreRowsTest, ValuesAreThoseThatWereWritten) {
  const auto head = LedgerHead::Decode(SampleHead().Encode());
  ASSERT_TRUE(head.ok());
  EXPECT_EQ(head->size, 42u);
  EXPECT_EQ(head->last_received, SampleHead().last_received);
  EXPECT_EQ(head->epoch, 3u);
  EXPECT_EQ(head->deployment, SampleHead().deployment);
  EXPECT_EQ(head->views, 5u);
  const auto parcel = ParcelRow::Decode(ParcelRow{"h", "s", {Fill<Hash>('1')}}.Encode());
  ASSERT_TRUE(parcel.ok());
  EXPECT_EQ(parcel->header, "h");
  EXPECT_EQ(parcel->signature, "s");
  const auto change = ChangeRow::Decode(ChangeRow{"c", 17, 2, Fill<Hash>('p')}.Encode());
  ASSERT_TRUE(change.ok());
  EXPECT_EQ(change->change, "c");
  EXPECT_EQ(change->entry, 17u);
  EXPECT_EQ(change->parcel_index, 2u);
  EnrolmentRow fresh = SampleEnrolment();
  fresh.device.reset();
  const auto enrolment = EnrolmentRow::Decode(fresh.Encode());
  ASSERT_TRUE(enrolment.ok());
  EXPECT_FALSE(enrolment->device.has_value());
  EXPECT_EQ(enrolment->roles, fresh.roles);
  EXPECT_EQ(enrolment->secret, fresh.secret);
  EXPECT_EQ(enrolment->expires, fresh.expires);
  EXPECT_EQ(enrolment->tries_left, 4u);
  const auto device = DeviceRow::Decode(SampleDevice().Encode());
  ASSERT_TRUE(device.ok());
  EXPECT_EQ(device->device.signing_key, std::string(65, 's'));
  EXPECT_EQ(device->offered_person.receive_key, std::string(32, 'q'));
  EXPECT_EQ(device->certificates, SampleDevice().certificates);
  EXPECT_EQ(device->certificate_expires, SampleDevice().certificate_expires);
  EXPECT_EQ(device->last_seen, SampleDevice().last_seen);
}

// What the directory would refuse is not to be found in a row either.
TEST(StoreRowsTest, ADeviceRowHoldsEntriesThatAreSound) {
  store::v1::DeviceRow row;
  ASSERT_TRUE(row.ParseFromString(SampleDevice().Encode()));
  store::v1::DeviceRow other = row;
  other.mutable_offered()->set_signing_key("short");
  EXPECT_EQ(DeviceRow::Decode(other.SerializeAsString()).status().code(),
            absl::StatusCode::kDataLoss);
  other = row;
  other.mutable_offered_person()->clear_receive_key();
  EXPECT_EQ(DeviceRow::Decode(other.SerializeAsString()).status().code(),
            absl::StatusCode::kDataLoss);
}

standards::Finding SampleFinding() {
  const auto at = [](int64_t ms) {
    const auto interval = TimeInterval::At(Time::FromUnixMs(1'790'000'000'000 + ms));
    return domain::EventTime{interval, interval, false};
  };
  standards::Finding finding;
  finding.source = "STD";
  finding.version = 2;
  finding.code = "C1";
  finding.file = Fill<FileId>('f');
  finding.record = Fill<RecordId>('r');
  finding.status = domain::FindingStatus::kMetLate;
  finding.certain = false;
  finding.disputed = true;
  finding.due = at(5);
  finding.done = at(0);
  finding.done->soft.latest = finding.done->soft.latest + Duration::Milliseconds(9);
  finding.severity = domain::Severity::kShould;
  finding.critical = true;
  finding.waived_by = Fill<PersonId>('w');
  finding.parts = {{standards::Reason::kWaived, "a reason with a name in it", std::nullopt}};
  return finding;
}

TEST(FindingCodecTest, TellsAStrangerTheFactsAndNoReason) {
  v1::Finding wire;
  FindingToWire(Tell(SampleFinding()), wire);
  EXPECT_EQ(wire.clause(), "C1");
  EXPECT_EQ(wire.standard(), "STD");
  EXPECT_EQ(wire.status(), v1::FINDING_STATUS_MET_LATE);
  EXPECT_EQ(wire.due_ms(), 1'790'000'000'005);
  EXPECT_EQ(wire.done_earliest_ms(), 1'790'000'000'000);
  EXPECT_EQ(wire.done_latest_ms(), 1'790'000'000'009);
  EXPECT_EQ(wire.severity(), "should");
  EXPECT_EQ(wire.explanation(), standards::Explain(SampleFinding()));
  EXPECT_EQ(wire.SerializeAsString().find("a name"), std::string::npos);
  std::vector<const google::protobuf::FieldDescriptor*> said;
  wire.set_certain(true);
  wire.GetReflection()->ListFields(wire, &said);
  EXPECT_EQ(static_cast<int>(said.size()), v1::Finding::descriptor()->field_count());
}

TEST(FindingCodecTest, ComesBackAsFarAsTheMessageTells) {
  v1::Finding wire;
  FindingToWire(Tell(SampleFinding()), wire);
  const auto read = FindingFromWire(wire);
  ASSERT_TRUE(read.ok()) << read.status();
  v1::Finding again;
  FindingToWire(*read, again);
  EXPECT_EQ(again.SerializeAsString(), wire.SerializeAsString());
  EXPECT_TRUE(read->finding.parts.empty()) << "they come as a sentence";
  const auto refused = [&](const std::function<void(v1::Finding&)>& alter) {
    v1::Finding other = wire;
    alter(other);
    return FindingFromWire(other).status().code() == absl::StatusCode::kDataLoss;
  };
  EXPECT_TRUE(refused([](v1::Finding& f) { f.set_file("short"); }));
  EXPECT_TRUE(refused([](v1::Finding& f) { f.set_record("short"); }));
  EXPECT_TRUE(refused([](v1::Finding& f) { f.set_waived_by("short"); }));
  EXPECT_TRUE(refused([](v1::Finding& f) { f.set_status(static_cast<v1::FindingStatus>(99)); }));
}

TEST(FindingCodecTest, AFileViewKeepsFactsAndItsHeadAlone) {
  FileView view{domain::FileKind::kOperation,
                true,
                9,
                Time::FromUnixMs(1'790'000'000'000),
                {Fill<UnitId>('1'), Fill<UnitId>('2')}};
  standards::Finding not_applicable = SampleFinding();
  not_applicable.status = domain::FindingStatus::kNotApplicable;
  const std::string bytes = view.Encode({SampleFinding(), not_applicable, SampleFinding()});
  const auto head = FileViewHead::Decode(bytes);
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->kind, view.kind);
  EXPECT_TRUE(head->drill);
  EXPECT_EQ(head->number, 9u);
  EXPECT_EQ(head->units, view.units);
  store::v1::FileView row;
  ASSERT_TRUE(row.ParseFromString(bytes));
  ASSERT_EQ(row.sources_size(), 1);
  ASSERT_EQ(row.sources(0).facts_size(), 2);
  EXPECT_EQ(row.sources(0).facts(0).code(), "C1");
  EXPECT_EQ(row.sources(0).facts(0).done_latest_ms(), 1'790'000'000'009);
  EXPECT_EQ(bytes.find("a name"), std::string::npos);
  EXPECT_EQ(FileViewHead::Decode("\x0f").status().code(), absl::StatusCode::kDataLoss);
  row.set_units(0, "short");
  EXPECT_EQ(FileViewHead::Decode(row.SerializeAsString()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(OpenFindingsTest, ComeBack) {
  OpenFindings open;
  open.number = 7;
  open.as_of = Time::FromUnixMs(1'790'000'000'000);
  open.linked = {{Fill<FileId>('1'), 3}, {Fill<FileId>('2'), 0}};
  open.findings = {Tell(SampleFinding()), Tell(SampleFinding())};
  const auto never = OpenFindings::Decode(open.Encode());
  ASSERT_TRUE(never.ok()) << never.status();
  EXPECT_EQ(never->until, Time::Max());
  open.until = Time::FromUnixMs(1'790'000'000'001);
  const auto read = OpenFindings::Decode(open.Encode());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->number, open.number);
  EXPECT_EQ(read->as_of, open.as_of);
  EXPECT_EQ(read->until, open.until);
  EXPECT_EQ(read->linked, open.linked);
  ASSERT_EQ(read->findings.size(), 2u);
  EXPECT_EQ(read->findings[1].explanation, open.findings[1].explanation);
  EXPECT_EQ(read->Encode(), open.Encode());
  EXPECT_EQ(OpenFindings::Decode("\x0f").status().code(), absl::StatusCode::kDataLoss);
}

standards::Contribution BareLine() {
  standards::Contribution line;
  line.measure = "Q1";
  line.by = {{}, {"F"}, {"A", "B"}};
  return line;
}
std::vector<standards::Contribution> SampleLines() {
  const auto at = [](int64_t ms) { return Time::FromUnixMs(ms); };
  std::vector<standards::Contribution> lines(6, BareLine());
  lines[1].part = "late";
  lines[1].record = Fill<RecordId>('r');
  lines[1].person = Fill<FileId>('f');
  lines[1].who = Fill<PersonId>('w');
  lines[1].at = domain::EventTime{{at(1000), at(2000)}, {at(500), at(3000)}, true};
  lines[2].at = domain::EventTime{{Time::Min(), Time::Max()}, {Time::Min(), Time::Max()}, false};
  lines[2].by = {{"F"}, {}, {}};
  lines[3].at = domain::EventTime{{at(900), at(900)}, {at(900), at(900)}, false};
  lines[3].weight = 0;
  lines[3].value = INT64_MIN;
  lines[3].over = true;
  lines[4].known = lines[4].counts = lines[4].certain = false;
  lines[4].disputed = true;
  lines[4].weight = 3;
  lines[4].value = 7;
  lines[5].person = Fill<FileId>('g');
  return lines;
}
absl::StatusOr<std::vector<standards::Contribution>> ReadAll(std::string_view bytes,
                                                             size_t dimensions = 3) {
  std::vector<standards::Contribution> read;
  const absl::Status status =
      ReadLines(bytes, "Q1", dimensions,
                [&read](const standards::Contribution& line) { read.push_back(line); });
  if (!status.ok()) return status;
  return read;
}
std::string LinesAsBytes(const std::vector<standards::Contribution>& lines) {
  std::vector<const standards::Contribution*> all;
  for (const standards::Contribution& line : lines) all.push_back(&line);
  return EncodeLines(all);
}

TEST(KeptFiguresTest, LinesComeBackAsTheyWere) {
  const auto read = ReadAll(LinesAsBytes(SampleLines()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, SampleLines());
  const auto none = ReadAll(LinesAsBytes({}), 0);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->empty());
  EXPECT_EQ(ReadAll(LinesAsBytes(SampleLines()), 2).status().code(), absl::StatusCode::kDataLoss)
      << "of another measure, or another pack";
}

TEST(KeptFiguresTest, ColumnsThatDoNotFitTogetherAreLost) {
  store::v1::MeasureLines whole;
  ASSERT_TRUE(whole.ParseFromString(LinesAsBytes(SampleLines())));
  const std::vector<std::function<void(store::v1::MeasureLines&)>> faults = {
      [](auto& row) { row.add_flags(0); },
      [](auto& row) { row.set_flags(0, 4096); },
      [](auto& row) { row.set_flags(0, 256); },
      [](auto& row) { row.set_parts(0, 99); },
      [](auto& row) { row.mutable_parts()->RemoveLast(); },
      [](auto& row) { row.set_codes(0, UINT32_MAX); },
      [](auto& row) { row.set_codes(row.codes_size() - 1, 99); },
      [](auto& row) { row.add_codes(0); },
      [](auto& row) { row.mutable_times()->RemoveLast(); },
      [](auto& row) { row.add_times(1); },
      [](auto& row) { row.add_weights(1); },
      [](auto& row) { row.clear_weights(); },
      [](auto& row) { row.clear_values(); },
      [](auto& row) { row.mutable_records()->pop_back(); },
      [](auto& row) { row.mutable_persons()->append("more"); },
      [](auto& row) { row.clear_staff(); }};
  for (size_t i = 0; i < faults.size(); ++i) {
    store::v1::MeasureLines row = whole;
    faults[i](row);
    EXPECT_EQ(ReadAll(row.SerializeAsString()).status().code(), absl::StatusCode::kDataLoss) << i;
  }
  EXPECT_EQ(ReadAll("\x0f").status().code(), absl::StatusCode::kDataLoss);
}

TEST(CaMessagesTest, RequestsAndRepliesComeBack) {
  const auto at = Time::FromUnixMs(1'790'000'000'000);
  const std::vector<CaRequest> requests = {
      {1, CaIssueBootstrap{"der", Fill<ChangeId>('b')}},
      {2, CaIssueDevice{"der", Fill<PersonId>('p'), Fill<DeviceId>('d')}},
      {3, CaSignList{{{"0a", at}, {"0b", at}}, 7, at + Duration::Days(1)}}};
  for (const CaRequest& request : requests) {
    const auto read = CaRequest::Decode(request.Encode());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->id, request.id);
    EXPECT_EQ(read->what.index(), request.what.index());
    EXPECT_EQ(read->Encode(), request.Encode());
  }
  EXPECT_FALSE(CaRequest::Decode("").ok());
  EXPECT_FALSE(CaRequest::Decode("\x0f").ok());
  EXPECT_FALSE(CaRequest::Decode(std::string(kCaMessageBytesMax + 1, '\0')).ok());
  const CaReply reply{3, absl::PermissionDeniedError("want a name, got none"), "pem"};
  const auto read = CaReply::Decode(reply.Encode());
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->id, 3u);
  EXPECT_EQ(read->status, reply.status);
  EXPECT_EQ(read->pem, "pem");
  EXPECT_FALSE(CaReply::Decode("\x0f").ok());
}

}  // namespace
}  // namespace kapea::codec
