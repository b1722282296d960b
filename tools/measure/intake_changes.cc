#include "tools/measure/intake_changes.h"

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/ledger/checkpoint.h"
#include "tools/measure/life.h"

namespace kapea::bench {
namespace {

using domain::Code;
using domain::KeyClass;
using domain::Value;

constexpr char kForm[] = "KH-VICTIM-INTAKE";
constexpr KeyClass kClasses[] = {KeyClass::kGeneral, KeyClass::kIdentity, KeyClass::kTestimony,
                                 KeyClass::kHealth};

// An invented person; nobody has these names.
const std::pair<const char*, const char*> kNames[] = {{"family_name_latin", "Invented"},
                                                      {"given_name_latin", "Person"}};

}  // namespace

absl::Status AddIntake(IntakeRecord& record, const Device& by, const UnitId& unit, Time now,
                       const Seal& seal, codec::ChangeWriter& writer) {
  auto next = [&, first = true](const char* field, bool derived = false) mutable {
    domain::FieldWrite write;
    write.record = record.record;
    write.field = field;
    if (record.last) {
      if (!derived) write.replaces = {*record.last};
    } else if (first) {
      write.form = domain::FormPin{kForm, 1};
    }
    first = false;
    return write;
  };
  const auto clear = [&](const char* field, Value value) {
    domain::FieldWrite write = next(field);
    write.clear = std::move(value);
    writer.Add(std::move(write));
  };
  clear("arrival_at", now);
  clear("form_language", Code{"km"});
  clear("intake_officer", domain::Reference{ChangeId::FromPrefix(by.person.view())});
  clear("intake_unit", domain::Reference{ChangeId::FromPrefix(unit.view())});
  clear("record_status", Code{"draft"});
  clear("brought_by", Code{"ngo"});
  clear("referral_source_category", Code{"ngo"});
  clear("placement_type", Code{"ngo_shelter"});
  clear("housing_group", Code{"women"});
  clear("housing_separate", true);
  clear("same_sex_escort_offered", true);
  clear("language", Code{"km"});
  clear("interpreter_used", false);
  clear("rights_explained_at", now);
  clear("sex", Code{"F"});
  for (const auto& [field, name] : kNames) {
    KAPEA_TRY(seal(writer, next(field), domain::Text{name}, KeyClass::kIdentity));
  }
  const uint32_t birth_date = writer.writes();
  KAPEA_TRY(seal(writer, next("birth_date"), domain::Date{"1990"}, KeyClass::kIdentity));
  domain::FieldWrite band = next("age_band", true);
  band.clear = Code{"A_30_PLUS"};
  band.of = birth_date;
  writer.Add(std::move(band));
  record.last = writer.id();
  return absl::OkStatus();
}

absl::Status ParcelMaker::SeeServerTime(const std::string& note) {
  KAPEA_ASSIGN(const auto verifier, ledger::ParseVerifierKey(deployment_.facts().log_key));
  KAPEA_ASSIGN(const auto checkpoint, ledger::OpenCheckpoint(note, verifier));
  if (!checkpoint.time) return absl::DataLossError("the server's note has no time");
  const ClockReading now = deployment_.clock().Read();
  note_ = note;
  seen_ = domain::SeenServerTime{*checkpoint.time, checkpoint.size, checkpoint.root, now.elapsed,
                                 now.boot};
  return absl::OkStatus();
}

domain::Header ParcelMaker::HeaderFor(domain::Kind kind) {
  domain::Header header;
  header.deployment = deployment_.facts().id;
  header.nonce = crypto::RandomId<Nonce>();
  header.device = device_.device;
  header.person = device_.person;
  header.unit = device_.roles.front().unit;
  header.role = device_.roles.front().role;
  header.sequence = ++sequence_;
  header.clock = deployment_.clock().Read();
  header.server_time_note = note_;
  header.server_time = seen_;
  header.kind = kind;
  return header;
}

absl::StatusOr<codec::EncodedChange> ParcelMaker::FoundOne() {
  domain::Header header = HeaderFor(domain::Kind::kRoster);
  header.file = codec::FileIdOf(header.deployment, header.device, header.nonce);
  File file;
  file.file = header.file;
  file.key = crypto::SecretBytes::Random(crypto::kClassKeyBytes);
  codec::ChangeWriter writer(std::move(header));
  file.key_epoch = writer.id();
  writer.Add(domain::Founding{domain::FileKind::kPerson, false});
  domain::RosterWrite roster;
  const domain::RoleAt& acting = device_.roles.front();
  roster.added.push_back({device_.person, acting.unit, acting.role, {}});
  writer.Add(std::move(roster));
  for (const KeyClass key_class : kClasses) {
    const std::string commitment =
        crypto::ClassKeyCommitment(file.key, deployment_.facts().id, file.file, file.key_epoch,
                                   static_cast<uint8_t>(key_class));
    writer.Add(domain::KeyOpening{key_class, Hash::FromPrefix(commitment), {}, {}});
  }
  KAPEA_ASSIGN(codec::EncodedChange change, std::move(writer).Finish());
  file.roster = change.change->hash;
  file.number = 1;
  file.record.record = crypto::RandomId<RecordId>();
  files_.push_back(std::move(file));
  return change;
}

absl::StatusOr<codec::Parcel> ParcelMaker::Found(size_t files) {
  files_.clear();
  at_ = 0;
  std::vector<codec::EncodedChange> changes;
  for (size_t i = 0; i < files; ++i) {
    KAPEA_ASSIGN(changes.emplace_back(), FoundOne());
  }
  return Sign(std::move(changes));
}

domain::Header ParcelMaker::EditOf(File& file) {
  domain::Header header = HeaderFor(domain::Kind::kEdit);
  header.file = file.file;
  header.roster = file.roster;
  header.pack = deployment_.pack().hash;
  header.file_number = file.number++;
  return header;
}

Seal ParcelMaker::SealOf(const File& file) {
  return [&file](codec::ChangeWriter& writer, domain::FieldWrite write, const Value& value,
                 KeyClass key_class) {
    return writer.AddSealed(std::move(write), value, file.key_epoch, key_class, file.key);
  };
}

absl::StatusOr<codec::Parcel> ParcelMaker::Intake(size_t changes) {
  File& file = files_[at_ % files_.size()];
  const Seal seal = SealOf(file);
  std::vector<codec::EncodedChange> encoded;
  for (size_t i = 0; i < changes; ++i) {
    codec::ChangeWriter writer(EditOf(file));
    KAPEA_TRY(AddIntake(file.record, device_, deployment_.shelter(), deployment_.clock().Now(),
                        seal, writer));
    KAPEA_ASSIGN(encoded.emplace_back(), std::move(writer).Finish());
  }
  return Sign(std::move(encoded));
}

absl::StatusOr<codec::Parcel> ParcelMaker::Life(const std::vector<LifeRecord>& records,
                                                Time arrival) {
  std::vector<codec::EncodedChange> changes;
  KAPEA_ASSIGN(changes.emplace_back(), FoundOne());
  File file = std::move(files_.back());
  files_.pop_back();
  const Seal seal = SealOf(file);
  std::vector<RecordId> ids;
  for (const LifeRecord& record : records) {
    codec::ChangeWriter writer(EditOf(file));
    std::optional<RecordId> parent;
    if (record.parent != 0) parent = ids.at(record.parent - 1);
    ids.push_back(crypto::RandomId<RecordId>());
    KAPEA_TRY(AddLifeRecord(record, ids.back(), parent, device_, arrival, seal, writer));
    KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  }
  return Sign(std::move(changes));
}

absl::StatusOr<codec::Parcel> ParcelMaker::Sign(std::vector<codec::EncodedChange> changes) {
  KAPEA_ASSIGN(
      codec::Parcel parcel,
      codec::SignParcel(std::move(changes), parcel_, deployment_.clock().Read(), device_.signing));
  parcel_ = parcel.hash;
  return parcel;
}

}  // namespace kapea::bench
