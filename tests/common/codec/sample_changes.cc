#include "tests/common/codec/sample_changes.h"

#include "common/base/macros.h"
#include "common/codec/wire_values.h"
#include "common/ledger/checkpoint.h"

namespace kapea::codec {
namespace {

using domain::Value;

domain::FieldWrite FieldNamed(std::string field) {
  domain::FieldWrite write;
  write.record = Fill<RecordId>('r');
  write.field = std::move(field);
  return write;
}

void AddFields(std::vector<SampleBody>& out) {
  domain::FieldWrite first = FieldNamed("sex");
  first.form = domain::FormPin{"INTAKE", 3};
  first.parent = Fill<RecordId>('p');
  first.clear = Value(domain::Code{"F"});
  first.replaces = {Fill<ChangeId>('a'), Fill<ChangeId>('b')};
  out.push_back({first,
                 "field { record: '$r' form { form: 'INTAKE' version: 3 } parent: '$p' "
                 "field: 'sex' clear { code: 'F' } replaces: '$a' replaces: '$b' }"});
  domain::FieldWrite sealed = FieldNamed("name");
  sealed.sealed =
      domain::Sealed{Fill<KeyEpochId>('e'), domain::KeyClass::kHealth, std::string(112, 'E')};
  out.push_back({sealed,
                 "field { record: '$r' field: 'name' sealed { key_epoch: '$e' key_class: 4 "
                 "envelope: '%E%E$E' } }"});
  domain::FieldWrite photo = FieldNamed("photo");
  photo.clear = Value(domain::Attachment{Fill<Hash>('m'), 4096});
  photo.sealed = sealed.sealed;
  out.push_back({photo,
                 "field { record: '$r' field: 'photo' clear { attachment { "
                 "manifest_hash: '$$m' chunks: 4096 } } sealed { key_epoch: '$e' "
                 "key_class: 4 envelope: '%E%E$E' } }"});
  domain::FieldWrite derived = FieldNamed("has_name");
  derived.clear = Value(true);
  derived.of = 0;
  out.push_back(
      {derived, "field { record: '$r' field: 'has_name' clear { boolean: true } of: 0 }"});
  out.push_back({FieldNamed("@void"), "field { record: '$r' field: '@void' cleared: true }"});
}

void AddMembership(std::vector<SampleBody>& out) {
  using domain::Duty, domain::Role;
  out.push_back({domain::Founding{domain::FileKind::kJustice, true},
                 "founding { kind: FILE_KIND_JUSTICE drill: true }"});
  domain::RosterWrite roster;
  roster.added = {
      {Fill<PersonId>('p'), Fill<UnitId>('u'), Role::kOfficer, {Duty::kJpo, Duty::kExh}},
      {std::nullopt, Fill<UnitId>('s'), Role::kIntakeOfficer, {}}};
  roster.removed = {{Fill<PersonId>('q'), Fill<UnitId>('u'), Role::kLawyer, {}}};
  roster.changed = {{Fill<PersonId>('w'), Fill<UnitId>('u'), Role::kUnitLead, {Duty::kComms}}};
  out.push_back({roster,
                 "roster { added { person: '$p' unit: '$u' role: ROLE_OFFICER duties: DUTY_JPO "
                 "duties: DUTY_EXH } added { unit: '$s' role: ROLE_INTAKE_OFFICER } removed { "
                 "person: '$q' unit: '$u' role: ROLE_LAWYER } changed { person: '$w' unit: '$u' "
                 "role: ROLE_UNIT_LEAD duties: DUTY_COMMS } }"});
  out.push_back({domain::PersonEntry{Fill<PersonId>('p'),
                                     7,
                                     std::string(32, 'k'),
                                     {{Role::kHealthWorker, Fill<UnitId>('u')}},
                                     true},
                 "person { person: '$p' generation: 7 receive_key: '$$k' roles { role: "
                 "ROLE_HEALTH_WORKER unit: '$u' } ended: true }"});
  out.push_back({domain::DeviceEntry{Fill<DeviceId>('d'), Fill<PersonId>('p'), std::string(65, 's'),
                                     std::string(32, 'k'), true},
                 "device { device: '$d' person: '$p' signing_key: '@s' receive_key: '$$k' "
                 "revoked: true }"});
  out.push_back({domain::UnitEntry{Fill<UnitId>('u'), domain::UnitKind::kCommittee, "PCCT-1", 2,
                                   std::string(32, 'k'), true, "07"},
                 "unit { unit: '$u' kind: UNIT_KIND_COMMITTEE code: 'PCCT-1' generation: 2 "
                 "receive_key: '$$k' ended: true province: '07' }"});
  out.push_back({domain::Genesis{Fill<DeploymentId>('d'),
                                 std::string(32, 'l'),
                                 Fill<Hash>('c'),
                                 Fill<DeviceId>('v'),
                                 std::string(65, 's'),
                                 {Fill<PersonId>('1'), Fill<PersonId>('2'), Fill<PersonId>('3')},
                                 {std::string(65, 'o')}},
                 "genesis { deployment: '$d' log_key: '$$l' root_certificate: '$$c' "
                 "server_device: '$v' server_signing_key: '@s' registrars: '$1' registrars: '$2' "
                 "registrars: '$3' pack_owners: '@o' }"});
}

void AddKeys(std::vector<SampleBody>& out) {
  out.push_back({domain::KeyOpening{domain::KeyClass::kPlan, Fill<Hash>('c'), Fill<Hash>('a'),
                                    Fill<Hash>('b')},
                 "key_opening { key_class: 5 commitment: '$$c' half_a_hash: '$$a' half_b_hash: "
                 "'$$b' }"});
  domain::Wrap wrap;
  wrap.key_epoch = Fill<KeyEpochId>('e');
  wrap.key_class = domain::KeyClass::kTestimony;
  wrap.half = 2;
  wrap.recipient_kind = domain::RecipientKind::kHalf;
  wrap.recipient = Fill<ChangeId>('p');
  wrap.generation = 4;
  wrap.recipient_key = Fill<Hash>('h');
  wrap.encapsulated = std::string(32, 'x');
  wrap.ciphertext = std::string(48, 'y');
  const std::string of_recipient =
      " recipient: '$p' generation: 4 recipient_key_hash: '$$h' encapsulated: '$$x' ciphertext: "
      "'%y' ";
  out.push_back({wrap,
                 "wrap { key_epoch: '$e' key_class: 3 half: 2 recipient_kind: "
                 "RECIPIENT_KIND_HALF" +
                     of_recipient + "}"});
  wrap.key_epoch.reset();
  wrap.key_class = domain::KeyClass::kNone;
  wrap.half = 0;
  wrap.recipient_kind = domain::RecipientKind::kDevice;
  wrap.wrapped_owner = Fill<ChangeId>('w');
  wrap.wrapped_generation = 9;
  out.push_back({wrap, "wrap { recipient_kind: RECIPIENT_KIND_DEVICE" + of_recipient +
                           "wrapped_person: '$w' wrapped_generation: 9 }"});
}

void AddPublications(std::vector<SampleBody>& out) {
  domain::Publication whole;
  whole.report = "R-PCCT";
  whole.from = Time::FromUnixMs(1000);
  whole.before = Time::FromUnixMs(2000);
  whole.scope.unit = Fill<UnitId>('u');
  whole.as_of = Time::FromUnixMs(3000);
  whole.ledger_size = 77;
  whole.hidden_below = 11;
  whole.rounded_to = 5;
  whole.tables = {{"I-V01", "", 0, {{"", 40}}},
                  {"I-V01", "sex", 1, {{"", std::nullopt}, {"F", 200}, {"M", -5}}}};
  whole.revises = Fill<ChangeId>('r');
  whole.reason = "late_records";
  out.push_back({whole,
                 "publication { report: 'R-PCCT' from_ms: 1000 before_ms: 2000 unit: '$u' "
                 "as_of_ms: 3000 ledger_size: 77 hidden_below: 11 rounded_to: 5 tables { measure: "
                 "'I-V01' cells { value: 40 } } tables { measure: 'I-V01' dimension: 'sex' "
                 "decimals: 1 cells { } cells { code: 'F' value: 200 } cells { code: 'M' value: -5 "
                 "} } revises: '$r' reason: 'late_records' }"});
  domain::Publication least;
  least.report = "R";
  least.from = Time::FromUnixMs(0);
  least.before = least.as_of = Time::FromUnixMs(1);
  least.scope.province = "12";
  least.hidden_below = 2;
  least.tables = {{"I", "", 0, {{"", std::nullopt}}}};
  out.push_back({least,
                 "publication { report: 'R' before_ms: 1 province: '12' as_of_ms: 1 "
                 "hidden_below: 2 tables { measure: 'I' cells { } } }"});
}

void AddActs(std::vector<SampleBody>& out) {
  out.push_back({domain::CustodyOffer{Fill<ChangeId>('h'), Fill<UnitId>('u'), Fill<PersonId>('p'),
                                      11, Fill<FileId>('o')},
                 "custody_offer { handover: '$h' to_unit: '$u' to_person: '$p' of_persons: 11 "
                 "operation: '$o' }"});
  out.push_back({domain::CustodyAnswer{Fill<ChangeId>('h'), true, "full", 10},
                 "custody_answer { handover: '$h' accepted: true reason: 'full' counted: 10 }"});
  out.push_back({domain::LinkWrite{"operation_person", Fill<ChangeId>('l'), Fill<FileId>('o'),
                                   domain::Ref{Fill<ChangeId>('c'), Fill<Hash>('h')}, true},
                 "link { relation: 'operation_person' link_id: '$l' other_file: '$o' proposal { "
                 "change: '$c' hash: '$$h' } ended: true }"});
  out.push_back({domain::Waiver{"C1", "no_signal", true},
                 "waiver { clause: 'C1' reason: 'no_signal' ended: true }"});
  out.push_back({domain::ReadNotice{Fill<RecordId>('r'), {"a", "b"}, 3},
                 "read_notice { record: '$r' fields: 'a' fields: 'b' times: 3 }"});
  out.push_back({domain::Delivery{Fill<DeviceId>('d'), 4, 9},
                 "delivery { device: '$d' first_number: 4 last_number: 9 }"});
  out.push_back({domain::PackPart{Fill<Hash>('p'), "pack", 2, 1, 3, "content"},
                 "pack_part { pack_hash: '$$p' pack_id: 'pack' version: 2 part: 1 parts: 3 "
                 "content: 'content' }"});
  out.push_back({domain::Decision{"why", std::string(16, 's'), "name", 5, 6},
                 "decision { reason: 'why' subject: '$s' field: 'name' from: 5 to: 6 }"});
  out.push_back({domain::Decision{"why", std::string(16, 's'), "name", 0, 0, Fill<ChangeId>('m'),
                                  domain::FormPin{"F", 2}, Fill<RecordId>('p')},
                 "decision { reason: 'why' subject: '$s' field: 'name' maker: '$m' form: 'F' "
                 "form_version: 2 parent: '$p' }"});
  out.push_back({domain::Disclosure{{{Fill<RecordId>('r'), "a"}, {Fill<RecordId>('s'), "a"}},
                                    Fill<UnitId>('u'),
                                    "",
                                    "sharing",
                                    Time::FromUnixMs(1'790'000'000'000),
                                    "why"},
                 "disclosure { fields { record: '$r' field: 'a' } fields { record: '$s' "
                 "field: 'a' } to_unit: '$u' purpose: 'sharing' expires_ms: 1790000000000 "
                 "because: 'why' }"});
  out.push_back(
      {domain::Disclosure{
           {{Fill<RecordId>('r'), "a"}}, {}, "embassy", "police_use", Time::FromUnixMs(5), ""},
       "disclosure { fields { record: '$r' field: 'a' } to_body: 'embassy' "
       "purpose: 'police_use' expires_ms: 5 }"});
  out.push_back({domain::SealedNote{domain::RecipientKind::kPerson, Fill<ChangeId>('p'), 2,
                                    Fill<Hash>('h'), std::string(32, 'e'), std::string(272, 'c')},
                 "sealed_note { recipient_kind: RECIPIENT_KIND_PERSON recipient: '$p' "
                 "generation: 2 recipient_key_hash: '$$h' encapsulated: '" +
                     std::string(32, 'e') + "' ciphertext: '" + std::string(272, 'c') + "' }"});
  AddPublications(out);
}

}  // namespace

std::string Expanded(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t times = 0;
    if (text[i] == '$') times = text[i + 1] == '$' ? 32 : 16;
    if (text[i] == '%') times = 48;
    if (text[i] == '@' && text[i - 1] == '\'' && text[i + 2] == '\'') times = 65;
    if (times == 32) ++i;
    if (times > 0) ++i;
    out.append(times == 0 ? 1 : times, text[i]);
  }
  return out;
}

std::vector<SampleBody> SampleBodies() {
  std::vector<SampleBody> out;
  AddFields(out);
  AddMembership(out);
  AddKeys(out);
  AddActs(out);
  return out;
}

std::vector<std::pair<Value, std::string>> SampleValues() {
  return {
      {Value(false), "boolean: false"},
      {Value(int64_t{0}), "integer: 0"},
      {Value(INT64_MIN), "integer: -9223372036854775808"},
      {Value(domain::Text{"\xe1\x9e\x80"}), "text: '\xe1\x9e\x80'"},
      {Value(domain::Text{""}), "text: ''"},
      {Value(domain::Code{"A_15_17"}), "code: 'A_15_17'"},
      {Value(domain::Codes{{"a", "b"}}), "codes { codes: 'a' codes: 'b' }"},
      {Value(domain::Codes{}), "codes { }"},
      {Value(Time::FromUnixMs(1'790'000'000'000)), "time_ms: 1790000000000"},
      {Value(domain::Date{"2009-09-28"}), "date: '2009-09-28'"},
      {Value(domain::Reference{Fill<ChangeId>('x')}), "reference: '$x'"},
      {Value(domain::Attachment{Fill<Hash>('m'), 1}),
       "attachment { manifest_hash: '$$m' chunks: 1 }"},
      {Value(domain::Answer::kRefused), "answer: ANSWER_REFUSED"},
      {Value(domain::Position{-1, 1'048'000'000, 12}),
       "position { latitude_e7: -1 longitude_e7: 1048000000 accuracy_m: 12 }"},
  };
}

ClockReading SampleClock() {
  return {Time::FromUnixMs(1'790'000'000'000), Duration::Seconds(3600), Fill<BootId>('b')};
}

crypto::SigningKey SampleKey() {
  return *crypto::SigningKey::FromScalar(crypto::SecretBytes::CopyOf(std::string(32, '\x11')));
}

domain::Header SampleHeader(uint64_t sequence, domain::Kind kind) {
  const auto log_key =
      *crypto::NoteSigningKey::FromSeed(crypto::SecretBytes::CopyOf(std::string(32, '\x22')));
  const Time seen = Time::FromUnixMs(1'789'999'000'000);
  domain::Header header;
  header.deployment = Fill<DeploymentId>('d');
  header.epoch = 2;
  header.nonce = Fill<Nonce>('n');
  header.file = Fill<FileId>('f');
  header.device = Fill<DeviceId>('v');
  header.person = Fill<PersonId>('p');
  header.unit = Fill<UnitId>('u');
  header.role = domain::Role::kIntakeOfficer;
  header.duty = domain::Duty::kShelter;
  header.sequence = sequence;
  header.clock = SampleClock();
  header.server_time_note = ledger::SignCheckpoint(
      {ledger::OriginOf(header.deployment, 2), 42, Fill<Hash>('s'), seen}, log_key);
  header.server_time = {seen, 42, Fill<Hash>('s'), Duration::Seconds(2600), Fill<BootId>('o')};
  header.roster = Fill<Hash>('r');
  header.file_number = 7;
  header.pack = Fill<Hash>('k');
  header.refs = {{Fill<ChangeId>('c'), Fill<Hash>('h')}, {Fill<ChangeId>('a'), Fill<Hash>('g')}};
  header.kind = kind;
  return header;
}

EncodedChange SampleChange(uint64_t sequence) {
  domain::Header header = SampleHeader(sequence);
  header.nonce = {};  // a new one
  ChangeWriter writer(std::move(header));
  writer.Add(domain::Waiver{"C1", "no_signal", false});
  return *std::move(writer).Finish();
}

EncodedChange ChangeWith(const std::vector<domain::WriteBody>& bodies) {
  ChangeWriter writer(SampleHeader());
  for (const domain::WriteBody& body : bodies) writer.Add(body);
  auto change = std::move(writer).Finish();
  KAPEA_CHECK(change.ok());
  return *std::move(change);
}

v1::Change MessageOf(const EncodedChange& change) {
  v1::Change message;
  KAPEA_CHECK(message.ParseFromString(change.bytes));
  return message;
}

std::string HeaderContent(const EncodedChange& change) {
  return MessageOf(change).header().content();
}

std::string WriteContent(const EncodedChange& change, int index) {
  return MessageOf(change).writes(index).content();
}

std::string WrapContents(std::string_view header, const std::vector<std::string>& writes) {
  v1::Change message;
  message.mutable_header()->set_salt(std::string(16, 'S'));
  message.mutable_header()->set_content(std::string(header));
  for (const std::string& write : writes) {
    v1::Leaf& leaf = *message.add_writes();
    leaf.set_salt(std::string(16, 'T'));
    leaf.set_content(write);
  }
  return message.SerializeAsString();
}

std::string WrapWrites(const std::vector<std::string>& writes) {
  domain::Header header = SampleHeader();
  header.writes = static_cast<uint32_t>(writes.size());
  return WrapContents(ToWire(header).SerializeAsString(), writes);
}

std::string WrapBody(const domain::WriteBody& body) {
  return WrapWrites({ToWire(body).SerializeAsString()});
}

}  // namespace kapea::codec
