// Vault: what is written and opened field by field.
#include <algorithm>
#include <map>
#include <set>

#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "client/vault/parts.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::vault {
namespace {

using domain::Kind;

// Kinds whose judgement may need the forms.
bool FollowsPack(Kind kind) {
  return kind == Kind::kEdit || kind == Kind::kResolution || kind == Kind::kWaiver ||
         kind == Kind::kPublication;
}

// The first role under which the file's roster has the person.
std::optional<domain::RoleAt> RoleIn(const domain::FileState& state, const Identity& identity,
                                     const domain::Directory& directory) {
  for (const domain::RoleAt& held : RolesOf(identity, directory)) {
    if (state.IsMember(identity.person, held.unit, held.role, directory)) return held;
  }
  return std::nullopt;
}

std::string NoticePrefix(const FileId& file, const RecordId& record) {
  return FileKey(file, record.view());
}

// What this device wrote itself, its person knows; nothing is opened that she did not have.
bool IsOwn(const domain::Register* values, const DeviceId& device) {
  return values != nullptr &&
         std::all_of(values->current().begin(), values->current().end(),
                     [&device](const auto& value) { return value.second.device == device; });
}

// How often the row of that key says that the field was opened; 0: there is none.
absl::StatusOr<uint32_t> TimesNoticed(const Core& core, const std::string& key) {
  KAPEA_ASSIGN(const auto before, core.store->Find(kNoticeTable, key));
  if (!before) return 0;
  RowReader row(*before);
  row.Bytes();
  return row.U32();
}

}  // namespace

std::vector<domain::RoleAt> RolesOf(const Identity& identity, const domain::Directory& directory) {
  std::vector<domain::RoleAt> roles{{identity.role, identity.unit}};
  if (const domain::PersonEntry* person = directory.FindPerson(identity.person)) {
    roles.insert(roles.end(), person->roles.begin(), person->roles.end());
  }
  return roles;
}

absl::StatusOr<crypto::SecretBytes> OpenFieldValue(Core& core, const FileId& file,
                                                   const RecordId& record, std::string_view field,
                                                   const domain::FieldValue& value) {
  if (!value.sealed) return absl::FailedPreconditionError("the field is not sealed");
  const domain::Sealed& sealed = *value.sealed;
  domain::Header header;
  header.deployment = core.identity.deployment;
  header.file = file;
  const crypto::FieldContext context = codec::SealContext(header, value.change, value.write_index,
                                                          value.salt, record, field, sealed);
  KAPEA_ASSIGN(const crypto::SecretBytes* key,
               FindClassKey(core, file, sealed.key_epoch, sealed.key_class));
  return crypto::OpenField(crypto::FieldSecret(*key, context), context, sealed.envelope);
}

domain::Header BaseHeader(const Core& core, const domain::RoleAt& acting) {
  domain::Header header;
  header.deployment = core.identity.deployment;
  header.device = core.identity.device;
  header.person = core.identity.person;
  header.role = acting.role;
  header.unit = acting.unit;
  header.sequence = core.last_sequence + 1;
  header.clock = core.clock.Read();
  if (core.server_time) {
    header.server_time_note = core.server_time->note;
    header.server_time = core.server_time->seen;
  }
  return header;
}

absl::StatusOr<domain::Header> Vault::HeaderFor(const Intent& intent) {
  const Identity& identity = core_->identity;
  KAPEA_ASSIGN(const auto state, core_->State(intent.file));
  const domain::RoleAt acting =
      intent.acting.value_or(RoleIn(*state, identity, *core_->directory)
                                 .value_or(domain::RoleAt{identity.role, identity.unit}));
  if (acting.role == domain::Role::kNone) {
    return absl::FailedPreconditionError("this device's person has no role to act under");
  }
  domain::Header header = BaseHeader(*core_, acting);
  header.file = intent.file;
  header.duty = intent.duty;
  header.roster = state->roster_hash();
  header.file_number = core_->files.at(intent.file).number;
  header.refs = intent.refs;
  header.kind = intent.kind;
  if (intent.pack) {
    header.pack = intent.pack;
  } else if (FollowsPack(intent.kind)) {
    if (const domain::Pack* pack = core_->packs.Newest()) header.pack = pack->hash;
  }
  return header;
}

absl::StatusOr<codec::ChangeWriter> Vault::Begin(const Intent& intent) {
  KAPEA_ASSIGN(domain::Header header, HeaderFor(intent));
  return codec::ChangeWriter(std::move(header));
}

absl::Status Vault::AddSealed(codec::ChangeWriter& writer, domain::FieldWrite write,
                              const domain::Value& value, domain::KeyClass key_class) {
  const FileId file = writer.header().file;
  KAPEA_ASSIGN(const auto state, core_->State(file));
  const domain::KeyEpoch* epoch = state->newest_key_epoch();
  if (epoch == nullptr) return absl::FailedPreconditionError("the file has no keys yet");
  KAPEA_ASSIGN(const crypto::SecretBytes* key, FindClassKey(*core_, file, epoch->id, key_class));
  return writer.AddSealed(std::move(write), value, epoch->id, key_class, *key);
}

absl::StatusOr<domain::Ref> Vault::Commit(codec::ChangeWriter&& writer) {
  KAPEA_ASSIGN(codec::EncodedChange encoded, std::move(writer).Finish());
  // What nobody can read, this device at its next start among them, must not be kept.
  KAPEA_TRY(codec::DecodeChange(encoded.bytes).status());
  const domain::Ref ref{encoded.change->id, encoded.change->hash};
  KAPEA_TRY(core_->CommitOwn({std::move(encoded)}, {}));
  return ref;
}

absl::StatusOr<ReadNotice> Vault::NoticeReading(const FileId& file, const RecordId& record,
                                                std::vector<std::string> fields) {
  KAPEA_ASSIGN(std::vector<ReadNotice> notices,
               NoticeReadings({{file, record, std::move(fields)}}));
  return std::move(notices.front());
}

absl::StatusOr<std::vector<ReadNotice>> Vault::NoticeReadings(std::vector<Reading> readings) {
  struct Count {
    FileId file;
    std::string field;
    uint32_t times = 0;
  };
  std::map<std::string, Count> counts;  // by the key of their row
  bool is_new = false;
  for (Reading& reading : readings) {
    KAPEA_ASSIGN(const auto state, core_->State(reading.file));
    const domain::Record* found = state->FindRecord(reading.record);
    if (found == nullptr) {
      return absl::NotFoundError("no record " + reading.record.hex() + " in this file");
    }
    std::vector<std::string>& fields = reading.fields;
    std::sort(fields.begin(), fields.end());
    fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
    for (const std::string& field : fields) {
      if (IsOwn(found->Find(field), core_->identity.device)) continue;
      const std::string key = NoticePrefix(reading.file, reading.record) + core_->Blind(field);
      auto [count, is_first] = counts.try_emplace(key, Count{reading.file, field, 0});
      if (is_first) {
        KAPEA_ASSIGN(count->second.times, TimesNoticed(*core_, key));
        is_new = is_new || count->second.times == 0;
      }
      ++count->second.times;
    }
  }
  kv::Batch batch;
  for (const auto& [key, count] : counts) {
    batch.Put(kNoticeTable, key, RowWriter().Bytes(count.field).U32(count.times).Take(),
              count.file);
  }
  if (!batch.empty()) {
    // A count that is lost with the power is no trace lost: the notice itself is there.
    KAPEA_TRY(core_->Commit(batch, is_new ? kv::Durability::kSynced : kv::Durability::kBuffered));
  }
  std::vector<ReadNotice> notices;
  for (Reading& reading : readings) {
    notices.push_back(ReadNotice(reading.file, reading.record, std::move(reading.fields)));
  }
  return notices;
}

absl::StatusOr<domain::Value> Vault::OpenSealed(const ReadNotice& notice, std::string_view field,
                                                const domain::FieldValue& value) {
  KAPEA_ASSIGN(crypto::SecretBytes plain, OpenPlaintext(notice, field, value));
  return codec::DecodeValue(plain.view());
}

absl::StatusOr<crypto::SecretBytes> Vault::OpenPlaintext(const ReadNotice& notice,
                                                         std::string_view field,
                                                         const domain::FieldValue& value) {
  if (!notice.Covers(field)) {
    return absl::FailedPreconditionError("the read notice does not name this field");
  }
  return OpenFieldValue(*core_, notice.file(), notice.record(), field, value);
}

absl::StatusOr<crypto::SecretBytes> Vault::SecretOf(const ReadNotice& notice,
                                                    std::string_view field,
                                                    const domain::FieldValue& value) {
  // Opened first: a secret that opens nothing would accuse its author.
  KAPEA_TRY(OpenPlaintext(notice, field, value).status());
  const domain::Sealed& sealed = *value.sealed;
  domain::Header header;
  header.deployment = core_->identity.deployment;
  header.file = notice.file();
  KAPEA_ASSIGN(const crypto::SecretBytes* key,
               FindClassKey(*core_, notice.file(), sealed.key_epoch, sealed.key_class));
  return crypto::FieldSecret(*key, codec::SealContext(header, value.change, value.write_index,
                                                      value.salt, notice.record(), field, sealed));
}

bool Vault::HoldsKey(const FileId& file, domain::KeyClass key_class) {
  const auto state = core_->State(file);
  if (!state.ok()) return false;
  const domain::KeyEpoch* epoch = (*state)->newest_key_epoch();
  return epoch != nullptr && FindClassKey(*core_, file, epoch->id, key_class).ok();
}

absl::Status Vault::QueueNotices() {
  struct Collected {
    std::map<RecordId, domain::ReadNotice> notices;
    std::vector<std::string> keys;
  };
  std::map<FileId, Collected> files;
  absl::Status status;
  KAPEA_TRY(
      core_->store->Scan(kNoticeTable, "", "", [&](std::string_view key, std::string_view value) {
        RowReader row(value);
        const std::string field = row.Text();
        const uint32_t times = row.U32();
        status = row.Done("read notices");
        if (!status.ok()) return false;
        Collected& collected = files[FileId::FromPrefix(key)];
        // More records wait for the next Change.
        const RecordId record = RecordId::FromPrefix(key.substr(FileId::kBytes));
        if (!collected.notices.contains(record) &&
            collected.notices.size() >= codec::kWritesPerChangeMax) {
          return true;
        }
        domain::ReadNotice& notice = collected.notices[record];
        notice.record = record;
        notice.fields.push_back(field);
        notice.times += times;
        collected.keys.emplace_back(key);
        return true;
      }));
  KAPEA_TRY(status);
  for (auto& [file, collected] : files) {
    KAPEA_ASSIGN(codec::ChangeWriter writer, Begin({.file = file, .kind = Kind::kReadNotice}));
    for (auto& [record, notice] : collected.notices) {
      std::sort(notice.fields.begin(), notice.fields.end());
      writer.Add(std::move(notice));
    }
    kv::Batch batch;
    for (const std::string& key : collected.keys) batch.Delete(kNoticeTable, key);
    KAPEA_ASSIGN(codec::EncodedChange encoded, std::move(writer).Finish());
    KAPEA_TRY(core_->CommitOwn({std::move(encoded)}, std::move(batch)));
  }
  return absl::OkStatus();
}

}  // namespace kapea::vault
