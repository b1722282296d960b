#include "client/vault/name_store.h"

#include <optional>

#include "client/vault/core.h"
#include "client/vault/parts.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::vault {
namespace {

constexpr uint8_t kIndexRowVersion = 1;

std::string EncodeRow(const IndexedFile& file) {
  RowWriter row;
  row.U8(kIndexRowVersion).U32(file.fold_version).U64(file.number).U64(file.own);
  row.Bytes(file.rights).U8(file.settled ? 1 : 0).U64(file.surroundings);
  row.U8(file.lacks_keys ? 1 : 0).U32(static_cast<uint32_t>(file.names.size()));
  for (const IndexedName& name : file.names) {
    row.Fixed(name.record).Bytes(name.form).Bytes(name.section).Bytes(name.field);
    row.Bytes(name.folded);
  }
  return row.Take();
}

absl::StatusOr<std::optional<IndexedFile>> DecodeRow(std::string_view bytes) {
  RowReader row(bytes);
  if (row.U8() != kIndexRowVersion) return std::nullopt;
  IndexedFile file;
  file.fold_version = row.U32();
  file.number = row.U64();
  file.own = row.U64();
  file.rights = row.Text();
  file.settled = row.U8() != 0;
  file.surroundings = row.U64();
  file.lacks_keys = row.U8() != 0;
  for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
    IndexedName name;
    name.record = row.Fixed<RecordId>();
    name.form = row.Text();
    name.section = row.Text();
    name.field = row.Text();
    name.folded = row.Text();
    file.names.push_back(std::move(name));
  }
  KAPEA_TRY(row.Done("index of names"));
  return file;
}

uint64_t NumberIn(const Core& core, const FileId& file) {
  const auto row = core.files.find(file);
  return row == core.files.end() ? 0 : row->second.number;
}

}  // namespace

absl::Status NameStore::OpenUnseen(const FileId& file, const RecordId& record,
                                   std::string_view field, const domain::FieldValue& value,
                                   const Take& take) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  const domain::Record* found = state->FindRecord(record);
  const domain::Form* form = found == nullptr ? nullptr : state->FormOf(*found);
  const domain::Field* known = form == nullptr ? nullptr : form->FindField(field);
  if (known == nullptr ||
      (known->type != domain::FieldType::kName && known->type != domain::FieldType::kPhone)) {
    return absl::InvalidArgumentError("want a name or a telephone number, got another field");
  }
  if (!value.sealed) return absl::FailedPreconditionError("the field is not sealed");
  KAPEA_ASSIGN(const crypto::SecretBytes plain, OpenFieldValue(core_, file, record, field, value));
  KAPEA_ASSIGN(domain::Value opened, codec::DecodeValue(plain.view()));
  if (auto* text = std::get_if<domain::Text>(&opened)) {
    take(text->text);
    crypto::Wipe(text->text);
  }
  return absl::OkStatus();
}

uint64_t NameStore::OwnOf(const FileId& file) const {
  const std::set<uint64_t>& own = core_.outbox.Of(file);
  return own.empty() ? 0 : *own.rbegin();
}

uint64_t NameStore::Surroundings() const {
  return NumberIn(core_, core_.identity.directory_file) +
         NumberIn(core_, core_.identity.standards_file);
}

std::string NameStore::Rights() const {
  RowWriter rights;
  const auto add = [&rights](const domain::RoleAt& at) {
    rights.U8(static_cast<uint8_t>(at.role)).Fixed(at.unit);
  };
  add({core_.identity.role, core_.identity.unit});
  if (const auto* person = core_.directory->FindPerson(core_.identity.person)) {
    for (const domain::RoleAt& at : person->roles) add(at);
    rights.U8(person->ended ? 1 : 0);
  }
  return crypto::Sha256(rights.Take()).str().substr(0, 16);
}

absl::Status NameStore::VisitRows(
    const std::function<void(const FileId&, IndexedFile)>& visit) const {
  absl::Status status;
  KAPEA_TRY(
      core_.store->Scan(kNameTable, "", "", [&](std::string_view key, std::string_view value) {
        auto row = DecodeRow(value);
        status = row.status();
        if (status.ok() && *row) visit(FileId::FromPrefix(key), **std::move(row));
        return status.ok();
      }));
  return status;
}

absl::Status NameStore::PutRows(const std::vector<std::pair<FileId, IndexedFile>>& rows) {
  kv::Batch batch;
  for (const auto& [file, row] : rows) batch.Put(kNameTable, FileKey(file), EncodeRow(row), file);
  if (batch.empty()) return absl::OkStatus();
  return core_.Commit(batch, kv::Durability::kBuffered);
}

}  // namespace kapea::vault
