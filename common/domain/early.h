// The early Changes of a file, in Ledger order, found again by what they lack: however many
// somebody sends, each is looked at when what it waits for came, and not at every Entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/domain/file_parts.h"

namespace kapea::domain {

// Threads: as FileState. Copies are independent.
class EarlyChanges {
 public:
  void Add(Waiting change);
  bool Contains(const ChangeId& change) const { return ids_.contains(change); }

  // That something came: who waited for it is due. A word too many costs another look.
  void Came(const Lack& what);
  // That a Change took effect or was refused: itself, its roster, key epoch and records, not
  // that it founded the file.
  void Came(const Change& change);
  // That packs or the directory grew, of which single parts are not told.
  void CameOutside();

  // Takes out the first in Ledger order of those that are due; nullopt: nobody is.
  struct Due {
    uint64_t place = 0;
    Waiting change;
  };
  std::optional<Due> Next();
  // It still waits, at its old place, for what `change.lack` says.
  void PutBack(Due due);

  std::vector<const Waiting*> InOrder() const;

 private:
  using Key = std::pair<Lack::What, std::string>;
  static Key KeyOf(const Lack& lack);
  void Put(uint64_t place, Waiting change);

  uint64_t next_place_ = 0;
  std::map<uint64_t, Waiting> by_place_;
  std::set<ChangeId> ids_;
  std::map<Key, std::set<uint64_t>> waits_for_;
  std::set<uint64_t> due_;
};

}  // namespace kapea::domain
