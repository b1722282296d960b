#include "common/kv/sealed_store.h"

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "common/kv/head.h"
#include "common/kv/key_ring.h"

namespace kapea::kv {
namespace {

constexpr size_t kMasterKeyBytes = 32;
constexpr size_t kTableNameBytesMax = 64;

// What a store and its snapshots share; the last of them closes the engine.
struct Core {
  Core(std::unique_ptr<Engine> opened, std::vector<std::string> tables, const Head& head,
       const crypto::SecretBytes& master_key)
      : engine(std::move(opened)),
        names(std::move(tables)),
        store_id(head.store_id),
        keys(*engine, head.store_id, master_key, head.generation) {
    for (size_t i = kFirstTable; i < names.size(); ++i) numbers.emplace(names[i], i);
  }

  absl::StatusOr<size_t> Number(const char* table) const {
    const auto known = numbers.find(std::string_view(table));
    if (known != numbers.end()) return known->second;
    return absl::InvalidArgumentError(absl::StrFormat("table %s was not named at opening", table));
  }

  absl::Status Damaged(size_t table, std::string_view key, const absl::Status& why) const {
    // What the disk or RocksDB has to say keeps its code; all else is a seal that is broken.
    const std::string text = absl::StrFormat("table %s key %s: %s", names[table], ToHex(key),
                                             std::string(why.message()));
    if (absl::IsUnavailable(why)) return absl::UnavailableError(text);
    return absl::DataLossError(text);
  }

  absl::StatusOr<std::string> Open(size_t table, std::string_view key, std::string_view sealed) {
    const absl::StatusOr<uint32_t> id = crypto::SealedKeyId(sealed);
    if (!id.ok()) return Damaged(table, key, id.status());
    // Number 0 is the master key, which never seals a caller's value.
    if (*id == 0) return Damaged(table, key, absl::DataLossError("want a data key, got number 0"));
    const absl::StatusOr<DataKey> data_key = keys.ById(*id);
    if (!data_key.ok()) return Damaged(table, key, data_key.status());
    absl::StatusOr<std::string> value = data_key->sealer->Open(Context(*id, table, key), sealed);
    if (!value.ok()) return Damaged(table, key, value.status());
    return value;
  }

  std::string Seal(const DataKey& data_key, size_t table, std::string_view key,
                   std::string_view value) const {
    return data_key.sealer->Seal(Context(data_key.id, table, key), value);
  }

  crypto::ValueContext Context(uint32_t id, size_t table, std::string_view key) const {
    return {.key_id = id, .store_id = store_id, .table = names[table], .key = key};
  }

  // Constant after construction.
  const std::unique_ptr<Engine> engine;
  const std::vector<std::string> names;  // by number
  std::map<std::string, size_t, std::less<>> numbers;
  const std::string store_id;

  KeyRing keys;
  // Commits that neither check conditions nor change keys share it; the others have
  // it for themselves while they check and write.
  std::shared_mutex commits;
};

absl::Status CheckKey(std::string_view key) {
  if (key.size() <= kKeyBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrFormat("want a key of at most %u bytes, got %u", kKeyBytesMax, key.size()));
}

absl::StatusOr<std::string> GetOpened(Core& core, const RawReader& reader, const char* table,
                                      std::string_view key) {
  KAPEA_ASSIGN(const size_t number, core.Number(table));
  KAPEA_TRY(CheckKey(key));
  const absl::StatusOr<std::optional<std::string>> sealed = reader.Get(number, key);
  if (!sealed.ok()) return core.Damaged(number, key, sealed.status());
  if (!sealed->has_value()) {
    return absl::NotFoundError(absl::StrFormat("table %s has no key %s", table, ToHex(key)));
  }
  return core.Open(number, key, **sealed);
}

absl::Status ScanOpened(Core& core, const RawReader& reader, const char* table,
                        const KeyRange& range, Direction direction, const Snapshot::Visit& visit) {
  KAPEA_ASSIGN(const size_t number, core.Number(table));
  if (range.empty()) return absl::OkStatus();
  absl::Status opened;
  KAPEA_TRY(reader.Scan(number, range, direction, [&](std::string_view key, std::string_view raw) {
    const absl::StatusOr<std::string> value = core.Open(number, key, raw);
    opened = value.status();
    return value.ok() && visit(key, *value);
  }));
  return opened;
}

class SealedSnapshot : public Snapshot {
 public:
  explicit SealedSnapshot(std::shared_ptr<Core> core)
      : core_(std::move(core)), reader_(core_->engine->TakeSnapshot()) {}

  absl::StatusOr<std::string> Get(const Table& table, std::string_view key) const override {
    return GetOpened(*core_, *reader_, table.name, key);
  }
  absl::Status Scan(const Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override {
    return ScanOpened(*core_, *reader_, table.name, {from, to}, Direction::kUp, visit);
  }
  absl::Status ScanBack(const Table& table, std::string_view from, std::string_view to,
                        const Visit& visit) const override {
    return ScanOpened(*core_, *reader_, table.name, {from, to}, Direction::kDown, visit);
  }

 private:
  const std::shared_ptr<Core> core_;
  const std::unique_ptr<RawReader> reader_;  // dies before the engine of core_
};

class SealedStore : public Store {
 public:
  SealedStore(std::shared_ptr<Core> core, bool read_only)
      : core_(std::move(core)), read_only_(read_only) {}

  absl::StatusOr<std::string> Get(const Table& table, std::string_view key) const override {
    return GetOpened(*core_, *core_->engine, table.name, key);
  }
  absl::Status Scan(const Table& table, std::string_view from, std::string_view to,
                    const Visit& visit) const override {
    return ScanOpened(*core_, *core_->engine, table.name, {from, to}, Direction::kUp, visit);
  }
  absl::Status ScanBack(const Table& table, std::string_view from, std::string_view to,
                        const Visit& visit) const override {
    return ScanOpened(*core_, *core_->engine, table.name, {from, to}, Direction::kDown, visit);
  }
  std::unique_ptr<Snapshot> TakeSnapshot() const override {
    return std::make_unique<SealedSnapshot>(core_);
  }

  absl::Status Commit(const Batch& batch, Durability durability) override;
  absl::Status DestroyKey(const DataKeyName& name) override {
    Batch batch;
    batch.DestroyKey(name);
    return Commit(batch, Durability::kSynced);
  }

 private:
  using Operation = Batch::Operation;
  struct Condition {
    size_t table;
    const Operation* operation;
  };
  // A batch made ready for the engine, as long as the keys are at `revision`.
  struct Prepared {
    uint64_t revision = 0;
    std::vector<RawWrite> writes;
    std::vector<Condition> conditions;
    KeyRing::Changes keys;
    bool alone() const { return !conditions.empty() || !keys.empty(); }
  };
  // The keys that the batch named so far; nullopt where it destroyed one.
  using NamedKeys = std::map<DataKeyName, std::optional<DataKey>>;

  absl::StatusOr<Prepared> Prepare(const Batch& batch) const;
  absl::Status PreparePut(const Operation& put, NamedKeys& named, Prepared& prepared) const;
  absl::Status PrepareDestroy(const Operation& destroy, NamedKeys& named, Prepared& prepared) const;
  absl::Status CheckConditions(const Prepared& prepared) const;
  absl::Status Write(const Prepared& prepared, Durability durability);

  const std::shared_ptr<Core> core_;
  const bool read_only_;
};

absl::Status SealedStore::PreparePut(const Operation& put, NamedKeys& named,
                                     Prepared& prepared) const {
  KAPEA_ASSIGN(const size_t table, core_->Number(put.table));
  KAPEA_TRY(CheckKey(put.key));
  if (put.value.size() > kValueBytesMax) {
    return absl::InvalidArgumentError(absl::StrFormat("want a value of at most %u bytes, got %u",
                                                      kValueBytesMax, put.value.size()));
  }
  auto key = named.find(put.data_key);
  if (key == named.end()) {
    KAPEA_ASSIGN(std::optional<DataKey> found, core_->keys.ByName(put.data_key));
    key = named.emplace(put.data_key, std::move(found)).first;
  }
  if (!key->second.has_value()) {
    KAPEA_ASSIGN(key->second, core_->keys.Make(put.data_key, prepared.keys));
  }
  prepared.writes.push_back(
      {RawWrite::Kind::kPut, table, put.key, core_->Seal(*key->second, table, put.key, put.value)});
  return absl::OkStatus();
}

absl::Status SealedStore::PrepareDestroy(const Operation& destroy, NamedKeys& named,
                                         Prepared& prepared) const {
  if (destroy.data_key == kStoreKey) {
    return absl::InvalidArgumentError("the store's own key cannot be destroyed");
  }
  auto key = named.find(destroy.data_key);
  if (key == named.end()) {
    KAPEA_ASSIGN(std::optional<DataKey> found, core_->keys.ByName(destroy.data_key));
    key = named.emplace(destroy.data_key, std::move(found)).first;
  }
  if (key->second.has_value()) core_->keys.Destroy(*key->second, prepared.keys);
  key->second.reset();
  return absl::OkStatus();
}

absl::StatusOr<SealedStore::Prepared> SealedStore::Prepare(const Batch& batch) const {
  Prepared prepared;
  prepared.revision = core_->keys.revision();
  prepared.writes.reserve(batch.operations().size());
  NamedKeys named;
  for (const Operation& operation : batch.operations()) {
    switch (operation.kind) {
      case Operation::Kind::kPut:
        KAPEA_TRY(PreparePut(operation, named, prepared));
        break;
      case Operation::Kind::kDestroyKey:
        KAPEA_TRY(PrepareDestroy(operation, named, prepared));
        break;
      case Operation::Kind::kDelete: {
        KAPEA_ASSIGN(const size_t table, core_->Number(operation.table));
        prepared.writes.push_back({RawWrite::Kind::kDelete, table, operation.key, {}});
        break;
      }
      case Operation::Kind::kDeleteRange: {
        KAPEA_ASSIGN(const size_t table, core_->Number(operation.table));
        if (KeyRange{operation.key, operation.value}.empty()) break;
        prepared.writes.push_back(
            {RawWrite::Kind::kDeleteRange, table, operation.key, operation.value});
        break;
      }
      case Operation::Kind::kRequire: {
        KAPEA_ASSIGN(const size_t table, core_->Number(operation.table));
        prepared.conditions.push_back({table, &operation});
        break;
      }
    }
  }
  return prepared;
}

absl::Status SealedStore::CheckConditions(const Prepared& prepared) const {
  for (const Condition& condition : prepared.conditions) {
    const Operation& required = *condition.operation;
    KAPEA_ASSIGN(const std::optional<std::string> found, Find({required.table}, required.key));
    const bool holds = required.absent ? !found.has_value() : found == required.value;
    if (!holds) {
      return absl::AbortedError(absl::StrFormat("table %s key %s is not as the batch requires",
                                                core_->names[condition.table],
                                                ToHex(required.key)));
    }
  }
  return absl::OkStatus();
}

absl::Status SealedStore::Write(const Prepared& prepared, Durability durability) {
  if (prepared.keys.empty()) {
    if (prepared.writes.empty()) return absl::OkStatus();
    return core_->engine->Write(prepared.writes, durability);
  }
  std::vector<RawWrite> writes = prepared.keys.rows;
  writes.insert(writes.end(), prepared.writes.begin(), prepared.writes.end());
  const bool destroys = !prepared.keys.destroyed.empty();
  const absl::Status written =
      core_->engine->Write(writes, destroys ? Durability::kSynced : durability);
  core_->keys.Finish(prepared.keys, written.ok());
  if (written.ok() && destroys) core_->engine->Purge(kKeysTable);
  return written;
}

absl::Status SealedStore::Commit(const Batch& batch, Durability durability) {
  if (read_only_) return absl::FailedPreconditionError("the store is open read-only");
  // Sealing takes no lock. When another commit changed the keys meanwhile, which
  // happens once in the life of a file, the batch is sealed again.
  for (;;) {
    KAPEA_ASSIGN(const Prepared prepared, Prepare(batch));
    std::shared_lock together(core_->commits, std::defer_lock);
    std::unique_lock alone(core_->commits, std::defer_lock);
    if (prepared.alone()) {
      alone.lock();
    } else {
      together.lock();
    }
    if (core_->keys.revision() != prepared.revision) continue;
    KAPEA_TRY(CheckConditions(prepared));
    return Write(prepared, durability);
  }
}

}  // namespace

absl::StatusOr<std::vector<std::string>> TableNames(const std::vector<Table>& tables) {
  std::vector<std::string> names = {kHeadTableName, kKeysTableName};
  std::set<std::string> seen = {kHeadTableName, kKeysTableName, "default"};
  for (const Table& table : tables) {
    const std::string name = table.name == nullptr ? "" : table.name;
    const bool good =
        !name.empty() && name.size() <= kTableNameBytesMax &&
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    if (!good)
      return absl::InvalidArgumentError("want a table name of a-z, 0-9 and _, got " + name);
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError("want each table once, and none reserved, got " + name);
    }
    names.push_back(name);
  }
  return names;
}

absl::Status CheckOptions(const OpenOptions& options) {
  if (options.master_key == nullptr || options.master_key->size() != kMasterKeyBytes) {
    return absl::InvalidArgumentError("want a store master key of 32 bytes");
  }
  if (options.next_master_key != nullptr && options.next_master_key->size() != kMasterKeyBytes) {
    return absl::InvalidArgumentError("want a next store master key of 32 bytes");
  }
  return TableNames(options.tables).status();
}

absl::StatusOr<std::unique_ptr<Store>> OpenSealedStore(std::unique_ptr<Engine> engine,
                                                       const OpenOptions& options) {
  KAPEA_ASSIGN(std::vector<std::string> names, TableNames(options.tables));
  const crypto::SecretBytes& master_key = *options.master_key;
  absl::StatusOr<Head> head = ReadHead(*engine, names.size(), master_key);
  if (absl::IsFailedPrecondition(head.status()) && options.next_master_key != nullptr) {
    OpenOptions replaced = options;
    replaced.master_key = std::exchange(replaced.next_master_key, nullptr);
    return OpenSealedStore(std::move(engine), replaced);
  }
  if (absl::IsNotFound(head.status()) && options.create_if_missing && !options.read_only) {
    // One write makes a store of an empty directory, so there is no half a head.
    const Head made{.store_id = crypto::RandomBytes(16)};
    const KeyRing keys(*engine, made.store_id, master_key, made.generation);
    KeyRing::Changes changes;
    KAPEA_TRY(keys.Make(kStoreKey, changes).status());
    changes.rows.push_back(HeadRow(made, master_key));
    KAPEA_TRY(engine->Write(changes.rows, Durability::kSynced));
    head = made;
  }
  if (!head.ok()) return std::move(head).status();
  auto core = std::make_shared<Core>(std::move(engine), std::move(names), *head, master_key);
  KAPEA_TRY(core->keys.LoadCounter());
  return std::make_unique<SealedStore>(std::move(core), options.read_only);
}

absl::StatusOr<uint32_t> WrapAnew(Engine& engine, const OpenOptions& options) {
  const crypto::SecretBytes& next = *options.next_master_key;
  const size_t tables = kFirstTable + options.tables.size();
  absl::StatusOr<Head> head = ReadHead(engine, tables, next);
  if (absl::IsFailedPrecondition(head.status())) {
    KAPEA_ASSIGN(head, ReadHead(engine, tables, *options.master_key));
    const KeyRing keys(engine, head->store_id, *options.master_key, head->generation);
    ++head->generation;
    KAPEA_ASSIGN(std::vector<RawWrite> rows, keys.WrapAnew(next, head->generation));
    rows.push_back(HeadRow(*head, next));
    KAPEA_TRY(engine.Write(rows, Durability::kSynced));
  }
  if (!head.ok()) return std::move(head).status();
  engine.Purge(kKeysTable);
  engine.Purge(kHeadTable);
  return head->generation;
}

}  // namespace kapea::kv
