// What a file holds beside its records: keys, custody, links, waivers, notices, and
// what is not in effect. FileState fills them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/domain/change.h"

namespace kapea::domain {

// A Change with what the Ledger says about it.
struct Placed {
  std::shared_ptr<const Change> change;
  Entry entry;           // number 0: not in the Ledger yet
  ClockReading signing;  // of its parcel
};

struct KeyEpoch {
  KeyEpochId id;  // the Change that opened it
  std::map<KeyClass, KeyOpening> classes;
  bool accepted = true;  // false: good for reading alone
  uint64_t number = 0;
};

struct CustodyState {
  // Who has the person: set by the founding Change (the author's unit) and by each
  // accepted answer. Person files alone have one.
  std::optional<UnitId> holder;
  struct Offer {
    Ref offer;
    CustodyOffer terms;
    EventTime time;
    PersonId by;
    UnitId from;
    Role role = Role::kNone;
    DeviceId device;
  };
  std::map<ChangeId, Offer> open;  // by the offer's change id
  struct Step {
    CustodyOffer terms;
    CustodyAnswer answer;  // also a declined one: then the holder stays
    EventTime offered, answered;
    PersonId giver, receiver;
    UnitId from;
  };
  std::vector<Step> history;  // in Ledger order
};

// A line that a roster Change took away.
struct Departure {
  Member line;
  uint64_t number = 0;  // of its Entry; 0: not in the Ledger yet
};

struct WrapAt {
  Wrap wrap;
  ChangeId change;  // part of the associated data
  PersonId by;
  uint64_t number = 0;
  size_t index = 0;      // which write of the Change
  bool by_lead = false;  // of the file, when it was made
  bool loose = false;    // who keeps the file may drop it (LacksWrapsAlone)
};

struct WaiverAt {
  Waiver waiver;
  PersonId by;
  Role role = Role::kNone;
  EventTime time;
};

struct LinkAt {
  LinkWrite link;
  Ref self;
  EventTime time;
  PersonId by;
};

struct Judged {
  ChangeId change;
  uint64_t number = 0;
  Verdict verdict = Verdict::kNone;
  PersonId author;
  DeviceId device;
};

struct ReadAt {
  ReadNotice notice;
  PersonId by;
  EventTime time;
};

// Somebody's device opened a sealed value and finds another fact than stands beside it.
struct MismatchAt {
  Ref self;     // the mismatch Change
  ChangeId of;  // the Change whose fact it disputes
  RecordId record;
  std::string field;  // the fact's code
  PersonId by;
  EventTime time;
};

// Somebody has keys of the file from the answer to a recovery.
struct RecoveryAt {
  Ref self{};
  PersonId by{};
  std::string reason;       // a code
  size_t keys = 0;          // how many class keys
  uint64_t generation = 0;  // of the recovery key that opened them
  EventTime time;
};

// What a device's clocks were at its newest Change so far.
struct LastClock {
  uint64_t sequence = 0;
  ClockReading clock;
};

struct DeliveryAt {
  Delivery delivery;
  Time received;
};

struct FieldConflict {
  RecordId record{};
  std::string field;
};

// An act that waits for its approval: of the directory, an erasure, or a disclosure without
// consent.
struct ProposalAt {
  std::shared_ptr<const Change> change;
  Time received;                      // Time(): not in the Ledger yet
  bool done = false;                  // approved or withdrawn
  std::vector<PersonId> approved_by;  // a key offer wants two
};

// What an early Change waits for.
struct Lack {
  enum class What { kNothing, kFounding, kRoster, kChange, kRecord, kKeyEpoch, kPack, kDirectory };
  What what = What::kNothing;
  Hash hash{};        // of the roster or pack
  ChangeId change{};  // the Change or key epoch
  RecordId record{};
};

// A Change that is not in effect, with all that is needed to put it into effect.
struct Waiting {
  Placed placed;
  EventTime time;
  Lack lack;
  Verdict verdict = Verdict::kNone;
};

}  // namespace kapea::domain
