// One ordered key-value store, every value of it sealed: the server's database and
// the device's vault alike.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"

namespace kapea::kv {

// A named data key. kStoreKey is the store's own; any other name is a file's
// object key, so that shredding one file is destroying one key. Keys are made at
// their first use, and lie in the store wrapped under the store master key
// (README.md). Names are random, and stand in the clear in the store's files.
using DataKeyName = FileId;
inline constexpr DataKeyName kStoreKey{};
// Of the chunks of a file's attachments: another than that of its Changes, so that these can be
// sealed anew without rewriting gigabytes. As random as the id.
DataKeyName AttachmentKeyOf(const FileId& file);

// A key is seen in the store's files by whoever has them: random ids and keyed
// hashes only, never anything about a person or a place.
inline constexpr size_t kKeyBytesMax = 1024;
inline constexpr size_t kValueBytesMax = 16u << 20;  // a value is opened in one piece

// A table is a column family.
struct Table {
  // a-z, 0-9 and _; never "default", "head" or "keys". Fixed for good: it is part
  // of what a value is bound to.
  const char* name;
};

// Changes to be committed together, in order.
// Threads: one at a time.
class Batch {
 public:
  void Put(const Table& table, std::string_view key, std::string value,
           const DataKeyName& data_key = kStoreKey);
  void Delete(const Table& table, std::string_view key);
  // Deletes every key in [from, to); empty `to`: to the end.
  void DeleteRange(const Table& table, std::string_view from, std::string_view to);
  // The batch commits only if `key` holds exactly `value` (nullopt: is absent) just
  // before it. Where it stands among the others makes no difference.
  void Require(const Table& table, std::string_view key, std::optional<std::string> value);
  // As Store::DestroyKey, in the same commit, which is then always synced: values of
  // the batch that come after are sealed under a new key of that name. So a file is
  // sealed anew without a moment at which a crash would lose it.
  void DestroyKey(const DataKeyName& name);

  bool empty() const { return operations_.empty(); }
  // Everything of another batch, after what is here.
  void Append(const Batch& batch);

  struct Operation {
    enum class Kind { kPut, kDelete, kDeleteRange, kRequire, kDestroyKey } kind;
    const char* table = nullptr;  // all but destroy key
    std::string key;              // delete range: the start
    std::string value;            // put: the value; delete range: the end; require: the value
    DataKeyName data_key;         // put, destroy key
    bool absent = false;          // require
  };
  const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::vector<Operation> operations_;
};

enum class Durability {
  kSynced,    // on disk when Commit returns, and every commit before it
  kBuffered,  // after kill -9 it is there; after a power cut it may not be
};

// Reads as of one moment. Holds old versions alive, and the store itself: it may
// outlive the Store it came from, but the directory stays locked until it dies. Keys
// destroyed since are destroyed for it too.
// Threads: any.
// Errors of every call: InvalidArgument for a table that was not named at opening.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // NotFound when the key is absent. DataLoss, naming table and key in hex, when its
  // value does not open: tampering or decay, never "not found".
  virtual absl::StatusOr<std::string> Get(const Table& table, std::string_view key) const = 0;
  // As Get, but nullopt for an absent key.
  absl::StatusOr<std::optional<std::string>> Find(const Table& table, std::string_view key) const;
  // Calls `visit` for each key in [from, to) in ascending order (empty `to`: to the
  // end) until it returns false. Stops with DataLoss at a value that does not open.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  virtual absl::Status Scan(const Table& table, std::string_view from, std::string_view to,
                            const Visit& visit) const = 0;
  // As Scan, from the greatest key below `to` downwards.
  virtual absl::Status ScanBack(const Table& table, std::string_view from, std::string_view to,
                                const Visit& visit) const = 0;
};

// Reads of the Store itself are of the newest commit; one Scan sees one moment.
// Threads: any; commits are ordered.
class Store : public Snapshot {
 public:
  virtual std::unique_ptr<Snapshot> TakeSnapshot() const = 0;
  // All or nothing. Nothing changed after: InvalidArgument (a key, value or table out
  // of bounds), FailedPrecondition (opened read-only), Aborted (a Require does not
  // hold) and ResourceExhausted (the disk is full; works again once there is room).
  // Unavailable: the disk failed; reads go on without the batch, commits do not until
  // the store is opened again, and then the batch is there whole or not at all.
  // DataLoss: a value that a Require names, or a data key, does not open.
  virtual absl::Status Commit(const Batch& batch, Durability durability) = 0;
  // Destroys the named data key: no value sealed under it opens again, here or in
  // any copy whose master key is gone. Durable when it returns; Ok when there is no
  // such key. Old copies of the wrapped key are compacted out of this store's files
  // as far as live snapshots let them; a copy made before still holds one, so the
  // master key has to be replaced too. kStoreKey is refused (InvalidArgument).
  virtual absl::Status DestroyKey(const DataKeyName& name) = 0;
};

// The least string greater than every string that starts with `prefix`; empty when
// there is none. For scans by prefix.
std::string PrefixEnd(std::string_view prefix);

}  // namespace kapea::kv
