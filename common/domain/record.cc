#include "common/domain/record.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/domain/item_state.h"

namespace kapea::domain {
namespace {

bool Earlier(const FieldValue* a, const FieldValue* b) {
  return std::tie(a->time.soft.latest, a->time.soft.earliest, a->change) <
         std::tie(b->time.soft.latest, b->time.soft.earliest, b->change);
}

}  // namespace

bool FieldValue::SameContent(const FieldValue& other) const {
  // Two envelopes of one value differ, and only who holds the key could tell.
  if (sealed || other.sealed) return false;
  return clear == other.clear;
}

void Register::Add(FieldValue value, const std::vector<ChangeId>& replaces) {
  Replace(replaces);
  if (!value.cleared()) first_ = first_ ? Earlier(*first_, value.time) : value.time;
  const ChangeId change = value.change;
  if (!std::binary_search(replaced_.begin(), replaced_.end(), change)) {
    current_.insert_or_assign(change, std::move(value));
  }
}

void Register::Replace(const std::vector<ChangeId>& replaces) {
  for (const ChangeId& old : replaces) {
    // Kept also when the value has not arrived: it may still come, in any order.
    const auto at = std::lower_bound(replaced_.begin(), replaced_.end(), old);
    if (at == replaced_.end() || *at != old) replaced_.insert(at, old);
    current_.erase(old);
  }
}

bool Register::disputed() const {
  return conflicted() || std::any_of(current_.begin(), current_.end(),
                                     [](const auto& value) { return value.second.disputed; });
}

void Register::Dispute(const ChangeId& change, bool disputed) {
  const auto value = current_.find(change);
  if (value != current_.end()) value->second.disputed = disputed;
}

std::vector<Register::Distinct> Register::DistinctValues() const {
  std::vector<Distinct> distinct;
  for (const auto& [change, value] : current_) {
    const auto same = std::find_if(
        distinct.begin(), distinct.end(),
        [&value = value](const Distinct& known) { return known.first->SameContent(value); });
    if (same == distinct.end()) {
      distinct.push_back({&value, {&value}});
    } else {
      same->authors.push_back(&value);
      if (Earlier(&value, same->first)) same->first = &value;
    }
  }
  std::sort(distinct.begin(), distinct.end(),
            [](const Distinct& a, const Distinct& b) { return Earlier(a.first, b.first); });
  return distinct;
}

const FieldValue* Register::Shown() const {
  const FieldValue* shown = nullptr;
  for (const auto& [change, value] : current_) {
    if (shown == nullptr || Earlier(&value, shown)) shown = &value;
  }
  return shown == nullptr || shown->cleared() ? nullptr : shown;
}

std::optional<EventTime> Register::AnsweredSince() const {
  return Shown() == nullptr ? std::nullopt : first_;
}

std::vector<ChangeId> Register::CurrentIds() const {
  std::vector<ChangeId> ids;
  ids.reserve(current_.size());
  for (const auto& [change, value] : current_) ids.push_back(change);
  return ids;
}

bool Record::voided() const { return Shown(kVoidField) != nullptr; }

const Register* Record::Find(std::string_view field) const {
  const auto found = fields.find(field);
  return found == fields.end() ? nullptr : &found->second;
}

const FieldValue* Record::Shown(std::string_view field) const {
  const Register* found = Find(field);
  return found == nullptr ? nullptr : found->Shown();
}

}  // namespace kapea::domain
