// Vault: whether derived facts follow from what is sealed beside them.
#include "client/vault/core.h"
#include "client/vault/parts.h"
#include "client/vault/rows.h"
#include "client/vault/tables.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/codec/wire_values.h"

namespace kapea::vault {
namespace {

std::string MarkOf(const Core& core, const FileId& file) { return FactsMark(core, file); }

}  // namespace

std::string FactsMark(const Core& core, const FileId& file) {
  return core.Blind("facts compared " + file.hex());
}

absl::StatusOr<bool> Vault::FactHolds(
    const FileId& file, const domain::FieldWrite& source, const SealedAt& at,
    const domain::Value& fact,
    const std::function<absl::StatusOr<domain::Value>(const domain::Value&)>& derive) {
  domain::FieldValue value;
  value.change = at.change;
  value.write_index = at.write_index;
  value.salt = at.salt;
  value.sealed = source.sealed;
  KAPEA_ASSIGN(const crypto::SecretBytes plain,
               OpenFieldValue(*core_, file, source.record, source.field, value));
  KAPEA_ASSIGN(const domain::Value opened, codec::DecodeValue(plain.view()));
  KAPEA_ASSIGN(const domain::Value derived, derive(opened));
  return derived == fact;
}

absl::StatusOr<uint64_t> Vault::FactsCompared(const FileId& file) {
  KAPEA_ASSIGN(const auto found, core_->store->Find(kSettingTable, MarkOf(*core_, file)));
  if (!found) return 0;
  RowReader row(*found);
  const uint64_t number = row.U64();
  KAPEA_TRY(row.Done("compared facts"));
  return number;
}

absl::Status Vault::KeepFactsCompared(const std::map<FileId, uint64_t>& numbers) {
  if (numbers.empty()) return absl::OkStatus();
  kv::Batch batch;
  for (const auto& [file, number] : numbers) {
    batch.Put(kSettingTable, MarkOf(*core_, file), RowWriter().U64(number).Take(), file);
  }
  return core_->Commit(batch, kv::Durability::kBuffered);
}

}  // namespace kapea::vault
