#include "common/kv/key_ring.h"

#include <limits>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"

namespace kapea::kv {
namespace {

constexpr size_t kKeyBytes = 32;
constexpr size_t kGenerationBytes = 4;

// The rows of the table "keys". README.md says what they hold.
constexpr std::string_view kCounterRow = "c";

std::string IdRow(uint32_t id) {
  std::string row = "k";
  AppendU32(row, id);
  return row;
}

std::string NameRow(const DataKeyName& name) { return "n" + name.str(); }

absl::Status Damaged(std::string_view row_key, const std::string& why) {
  return absl::DataLossError(
      absl::StrFormat("table %s key %s: %s", kKeysTableName, ToHex(row_key), why));
}

}  // namespace

KeyRing::KeyRing(const Engine& engine, std::string store_id, const crypto::SecretBytes& master_key,
                 uint32_t generation, size_t keys_held_max)
    : engine_(engine),
      store_id_(std::move(store_id)),
      master_(master_key),
      generation_(generation),
      keys_held_max_(keys_held_max) {}

absl::Status KeyRing::LoadCounter() {
  KAPEA_ASSIGN(const std::optional<crypto::SecretBytes> content, Unwrap(kCounterRow));
  if (!content.has_value()) return Damaged(kCounterRow, "missing");
  if (content->size() != sizeof(uint32_t)) return Damaged(kCounterRow, "not a counter");
  const MutexLock lock(mutex_);
  next_id_ = ReadU32(content->view());
  return absl::OkStatus();
}

absl::StatusOr<DataKey> KeyRing::ById(uint32_t id) {
  uint64_t before = 0;
  {
    const MutexLock lock(mutex_);
    if (const auto held = held_.find(id); held != held_.end()) {
      use_.splice(use_.begin(), use_, held->second.use);
      return held->second.key;
    }
    before = revision_;
  }
  KAPEA_ASSIGN(DataKey key, Load(id));
  const MutexLock lock(mutex_);
  // Destroyed while it was being read: it may serve this once, but not stay.
  if (revision_ == before) Hold(key);
  return key;
}

absl::StatusOr<std::optional<DataKey>> KeyRing::ByName(const DataKeyName& name) {
  std::optional<uint32_t> id;
  {
    const MutexLock lock(mutex_);
    if (const auto known = names_.find(name); known != names_.end()) id = known->second;
  }
  if (!id.has_value()) {
    KAPEA_ASSIGN(id, LoadId(name));
    if (!id.has_value()) return std::optional<DataKey>();
  }
  KAPEA_ASSIGN(DataKey key, ById(*id));
  if (key.name != name) return Damaged(NameRow(name), "leads to the key of another name");
  return std::optional<DataKey>(std::move(key));
}

absl::StatusOr<DataKey> KeyRing::Load(uint32_t id) const {
  const std::string row_key = IdRow(id);
  KAPEA_ASSIGN(const std::optional<crypto::SecretBytes> content, Unwrap(row_key));
  if (!content.has_value()) {
    return absl::DataLossError(
        absl::StrFormat("data key %u is not there: destroyed, or never made in this store", id));
  }
  if (content->size() != DataKeyName::kBytes + kKeyBytes) return Damaged(row_key, "not a key");
  const std::string_view bytes = content->view();
  DataKey key;
  key.id = id;
  key.name = DataKeyName::FromPrefix(bytes);
  key.sealer = std::make_shared<crypto::ValueSealer>(
      crypto::SecretBytes::CopyOf(bytes.substr(DataKeyName::kBytes)));
  return key;
}

absl::StatusOr<std::optional<uint32_t>> KeyRing::LoadId(const DataKeyName& name) const {
  const std::string row_key = NameRow(name);
  KAPEA_ASSIGN(const std::optional<crypto::SecretBytes> content, Unwrap(row_key));
  if (!content.has_value()) return std::optional<uint32_t>();
  if (content->size() != sizeof(uint32_t)) return Damaged(row_key, "not a key number");
  return std::optional<uint32_t>(ReadU32(content->view()));
}

std::string KeyRing::Wrap(std::string_view row_key, std::string_view content) const {
  std::string row;
  AppendU32(row, generation_);
  row += master_.Seal({.key_id = 0, .store_id = store_id_, .table = kKeysTableName, .key = row_key},
                      content);
  return row;
}

absl::StatusOr<std::optional<crypto::SecretBytes>> KeyRing::Unwrap(std::string_view row_key) const {
  KAPEA_ASSIGN(const std::optional<std::string> row, engine_.Get(kKeysTable, row_key));
  if (!row.has_value()) return std::optional<crypto::SecretBytes>();
  KAPEA_ASSIGN(crypto::SecretBytes content, UnwrapRow(row_key, *row));
  return std::optional<crypto::SecretBytes>(std::move(content));
}

absl::StatusOr<crypto::SecretBytes> KeyRing::UnwrapRow(std::string_view row_key,
                                                       std::string_view row) const {
  if (row.size() < kGenerationBytes) return Damaged(row_key, "too short");
  if (const uint32_t generation = ReadU32(row); generation != generation_) {
    return Damaged(row_key, absl::StrFormat("want a row wrapped under master key generation %u, "
                                            "got %u",
                                            generation_, generation));
  }
  absl::StatusOr<std::string> content =
      master_.Open({.key_id = 0, .store_id = store_id_, .table = kKeysTableName, .key = row_key},
                   row.substr(kGenerationBytes));
  if (!content.ok()) return Damaged(row_key, std::string(content.status().message()));
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(*content);
  crypto::Wipe(*content);
  return secret;
}

absl::StatusOr<std::vector<RawWrite>> KeyRing::WrapAnew(const crypto::SecretBytes& master_key,
                                                        uint32_t generation) const {
  const KeyRing anew(engine_, store_id_, master_key, generation);
  std::vector<RawWrite> rows;
  absl::Status opened;
  KAPEA_TRY(engine_.Scan(kKeysTable, {}, Direction::kUp,
                         [&](std::string_view row_key, std::string_view row) {
                           const auto content = UnwrapRow(row_key, row);
                           opened = content.status();
                           if (!opened.ok()) return false;
                           rows.push_back({RawWrite::Kind::kPut, kKeysTable, std::string(row_key),
                                           anew.Wrap(row_key, content->view())});
                           return true;
                         }));
  KAPEA_TRY(opened);
  return rows;
}

absl::StatusOr<DataKey> KeyRing::Make(const DataKeyName& name, Changes& changes) const {
  uint32_t next = 0;
  {
    const MutexLock lock(mutex_);
    next = next_id_;
  }
  if (changes.made.size() >= std::numeric_limits<uint32_t>::max() - next) {
    return absl::ResourceExhaustedError("no number is left for a new data key");
  }
  const crypto::SecretBytes bytes = crypto::SecretBytes::Random(kKeyBytes);
  DataKey key;
  key.id = next + static_cast<uint32_t>(changes.made.size());
  key.name = name;
  key.sealer = std::make_shared<crypto::ValueSealer>(bytes);

  std::string content;
  content.reserve(DataKeyName::kBytes + kKeyBytes);  // no copy of the key left by growing
  content += name.view();
  content += bytes.view();
  changes.rows.push_back(
      {RawWrite::Kind::kPut, kKeysTable, IdRow(key.id), Wrap(IdRow(key.id), content)});
  crypto::Wipe(content);
  std::string number;
  AppendU32(number, key.id);
  changes.rows.push_back(
      {RawWrite::Kind::kPut, kKeysTable, NameRow(name), Wrap(NameRow(name), number)});
  std::string counter;
  AppendU32(counter, key.id + 1);
  changes.rows.push_back(
      {RawWrite::Kind::kPut, kKeysTable, std::string(kCounterRow), Wrap(kCounterRow, counter)});
  changes.made.push_back(key);
  return key;
}

void KeyRing::Destroy(const DataKey& key, Changes& changes) const {
  changes.rows.push_back({RawWrite::Kind::kDelete, kKeysTable, IdRow(key.id), {}});
  changes.rows.push_back({RawWrite::Kind::kDelete, kKeysTable, NameRow(key.name), {}});
  changes.destroyed.push_back(key);
}

uint64_t KeyRing::revision() const {
  const MutexLock lock(mutex_);
  return revision_;
}

void KeyRing::Finish(const Changes& changes, bool committed) {
  if (changes.empty()) return;
  const MutexLock lock(mutex_);
  ++revision_;
  next_id_ += static_cast<uint32_t>(changes.made.size());
  if (!committed) return;
  for (const DataKey& key : changes.made) Hold(key);
  for (const DataKey& key : changes.destroyed) Drop(key);
}

void KeyRing::Hold(const DataKey& key) {
  if (held_.contains(key.id)) return;
  use_.push_front(key.id);
  held_.emplace(key.id, Held{key, use_.begin()});
  names_[key.name] = key.id;
  if (held_.size() > keys_held_max_) {
    const DataKey oldest = held_.at(use_.back()).key;
    Drop(oldest);
  }
}

void KeyRing::Drop(const DataKey& key) {
  const auto held = held_.find(key.id);
  if (held == held_.end()) return;
  // The name may have a newer key by now.
  if (const auto known = names_.find(key.name); known != names_.end() && known->second == key.id) {
    names_.erase(known);
  }
  use_.erase(held->second.use);
  held_.erase(held);
}

}  // namespace kapea::kv
