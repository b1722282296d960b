// The Changes of this device that are not in the replica yet, in the order of its chain,
// with what is asked of them often at hand. Inside this room only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "common/base/id.h"
#include "common/codec/change_codec.h"

namespace kapea::vault {

struct OwnChange {
  codec::EncodedChange encoded;
  bool receipted = false;
  std::string Row() const;
};

// No question walks them all. Threads: one at a time.
class OwnChanges {
 public:
  // Adds or replaces.
  void Put(uint64_t sequence, OwnChange own);
  void Erase(uint64_t sequence);  // also one that is not there
  const OwnChange* Find(uint64_t sequence) const;
  // By sequence, to walk along.
  const std::map<uint64_t, OwnChange>& all() const { return all_; }
  // Their sequence numbers, of one file.
  const std::set<uint64_t>& Of(const FileId& file) const;

  // Those without a receipt.
  uint64_t waiting() const { return waiting_.size(); }
  uint64_t waiting(const FileId& file) const;
  bool urgent() const { return urgent_ > 0; }  // custody or an alarm among them
  // The first of them after `sequence`; 0: none.
  uint64_t FirstWaitingAfter(uint64_t sequence) const;

 private:
  // Enters one that waits (by = 1), or takes it out again (by = -1).
  void CountWaiting(uint64_t sequence, const OwnChange& own, int by);

  std::map<uint64_t, OwnChange> all_;
  std::map<FileId, std::set<uint64_t>> of_file_;
  std::set<uint64_t> waiting_;
  std::map<FileId, uint64_t> waiting_of_file_;
  uint64_t urgent_ = 0;
};

}  // namespace kapea::vault
