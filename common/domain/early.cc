#include "common/domain/early.h"

namespace kapea::domain {

EarlyChanges::Key EarlyChanges::KeyOf(const Lack& lack) {
  switch (lack.what) {
    case Lack::What::kRoster:
      return {lack.what, lack.hash.str()};
    case Lack::What::kChange:
    case Lack::What::kKeyEpoch:
      return {lack.what, lack.change.str()};
    case Lack::What::kRecord:
      return {lack.what, lack.record.str()};
    default:
      return {lack.what, {}};
  }
}

void EarlyChanges::Put(uint64_t place, Waiting change) {
  ids_.insert(change.placed.change->id);
  waits_for_[KeyOf(change.lack)].insert(place);
  by_place_.emplace(place, std::move(change));
}

void EarlyChanges::Add(Waiting change) { Put(next_place_++, std::move(change)); }

void EarlyChanges::PutBack(Due due) { Put(due.place, std::move(due.change)); }

void EarlyChanges::Came(const Lack& what) {
  const auto found = waits_for_.find(KeyOf(what));
  if (found != waits_for_.end()) due_.insert(found->second.begin(), found->second.end());
}

void EarlyChanges::Came(const Change& change) {
  if (by_place_.empty()) return;
  Came({.what = Lack::What::kChange, .change = change.id});
  Came({.what = Lack::What::kKeyEpoch, .change = change.id});
  Came({.what = Lack::What::kRoster, .hash = change.hash});
  const RecordId* last = nullptr;
  for (const Write& write : change.writes) {
    const auto* field = std::get_if<FieldWrite>(&write.body);
    if (field == nullptr || (last != nullptr && *last == field->record)) continue;
    Came({.what = Lack::What::kRecord, .record = field->record});
    last = &field->record;
  }
}

void EarlyChanges::CameOutside() {
  for (const Lack::What what : {Lack::What::kPack, Lack::What::kDirectory}) Came({.what = what});
}

std::optional<EarlyChanges::Due> EarlyChanges::Next() {
  if (due_.empty()) return std::nullopt;
  auto node = by_place_.extract(*due_.begin());
  due_.erase(due_.begin());
  Due due{node.key(), std::move(node.mapped())};
  ids_.erase(due.change.placed.change->id);
  const auto waits = waits_for_.find(KeyOf(due.change.lack));
  waits->second.erase(due.place);
  if (waits->second.empty()) waits_for_.erase(waits);
  return due;
}

std::vector<const Waiting*> EarlyChanges::InOrder() const {
  std::vector<const Waiting*> all;
  all.reserve(by_place_.size());
  for (const auto& [place, change] : by_place_) all.push_back(&change);
  return all;
}

}  // namespace kapea::domain
