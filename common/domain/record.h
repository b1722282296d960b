// Records and their registers: where the edits of several people meet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/domain/change.h"
#include "common/domain/form.h"

namespace kapea::domain {

// One current value of a field, by one Change.
struct FieldValue {
  ChangeId change;
  uint32_t write_index = 0;
  Salt salt;  // of the write's leaf; part of a seal's context
  DeviceId device;
  PersonId person;
  UnitId unit;
  Role role = Role::kNone;
  Duty duty = Duty::kNone;
  bool disputed = false;  // a derived fact that a colleague's device finds to be another
  EventTime time;
  uint64_t number = 0;  // within the file; 0: not in the Ledger yet
  std::optional<Value> clear;
  std::optional<Sealed> sealed;  // neither: cleared

  bool cleared() const { return !clear && !sealed; }
  bool SameContent(const FieldValue& other) const;  // clear ones alone can be told equal
};

// A multi-value register. Any order, repetition and grouping of the same writes
// gives the same state.
class Register {
 public:
  void Add(FieldValue value, const std::vector<ChangeId>& replaces);
  // Takes those values away and puts nothing in their place: what becomes of a derived
  // fact when its source is written anew without it.
  void Replace(const std::vector<ChangeId>& replaces);
  // Values that nobody has replaced, by change id. Empty: never written.
  const std::map<ChangeId, FieldValue>& current() const { return current_; }
  // The current values with equal ones merged: the earliest interval counts, every
  // author is kept. More than one: a Conflict. Of two intervals the earlier one is that
  // which ends first (the proof that it was done by then), then that which begins first.
  struct Distinct {
    const FieldValue* first;                 // the one with the earliest time
    std::vector<const FieldValue*> authors;  // all of them, by change id
  };
  std::vector<Distinct> DistinctValues() const;
  bool conflicted() const { return DistinctValues().size() > 1; }
  // Whether it is not sure what the field says: a Conflict, or a fact that is disputed.
  bool disputed() const;
  // Marks that Change's value, as long as it is current.
  void Dispute(const ChangeId& change, bool disputed);
  // The value to show and to judge by: the only one, or of a Conflict the one with
  // the earliest time (ties: smallest change id). nullptr: never written or cleared.
  const FieldValue* Shown() const;
  std::vector<ChangeId> CurrentIds() const;  // what a new write must list in `replaces`
  // Since when there has been an answer, while there is one: the earliest of every value
  // ever written, those replaced since too. Correcting an answer never makes it late.
  std::optional<EventTime> AnsweredSince() const;

 private:
  std::map<ChangeId, FieldValue> current_;
  std::vector<ChangeId> replaced_;  // ascending; also ids that have not arrived
  std::optional<EventTime> first_;  // of all values but cleared ones
};

struct Record {
  RecordId id;
  FormPin form;                      // pinned, after any repin
  const Form* definition = nullptr;  // of that pin; nullptr: admitted without a known form
  std::optional<RecordId> parent;
  ChangeId made_by;  // the Change of its first write
  EventTime made;
  PersonId made_by_person;
  std::map<std::string, Register, std::less<>> fields;

  bool voided() const;
  const Register* Find(std::string_view field) const;
  const FieldValue* Shown(std::string_view field) const;
  // The shown value where it is clear and a T; nullptr: else. As long as the record.
  template <typename T>
  const T* ShownAs(std::string_view field) const {
    const FieldValue* value = Shown(field);
    return value == nullptr || !value->clear ? nullptr : std::get_if<T>(&*value->clear);
  }
};

}  // namespace kapea::domain
