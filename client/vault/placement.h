// One commit that puts Changes at their places: what came in a pull, and what came back
// as receipts. Inside this room only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "client/vault/core.h"
#include "client/vault/replica.h"
#include "common/kv/store.h"

namespace kapea::vault {

// Collects rows of the replica, the files and the outbox, commits them at once, and only
// then takes them over into what is in memory: a commit that fails has changed nothing.
// Threads: one at a time. Lives for one commit.
class Placement {
 public:
  explicit Placement(Core& core) : core_(core) {}

  // The file's row as this commit leaves it.
  FileRow RowOf(const FileId& file) const;
  // The next number of its file. An own Change leaves the outbox.
  absl::Status Place(const FileId& file, Arrived arrived);
  // Somebody spoke of that number.
  void MarkKnown(const FileId& file, uint64_t number);
  // An own Change whose receipt is here, but not the numbers before it.
  // After Place: what is here of the file is what half holders get.
  void MarkForHalves(const FileId& file);
  void MarkReceipted(uint64_t sequence);
  // For rows of the caller's own.
  kv::Batch& batch() { return batch_; }

  absl::Status Commit(kv::Durability durability);

 private:
  absl::Status TakeOver();
  void NoteErasing(const FileId& file);

  Core& core_;
  kv::Batch batch_;
  std::map<FileId, FileRow> rows_;
  std::map<FileId, std::vector<domain::Placed>> placed_;
  std::set<std::pair<FileId, Hash>> stubs_;
  std::set<FileId> to_drop_;
  std::vector<uint64_t> placed_own_;
  std::vector<uint64_t> receipted_;
};

}  // namespace kapea::vault
