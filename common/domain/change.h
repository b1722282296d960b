// A Change as values. Cannot be made from bytes but by codec, which has checked
// form and limits; it says nothing yet about who may do what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/interval.h"
#include "common/base/time.h"
#include "common/domain/value.h"
#include "common/domain/vocabulary.h"
#include "common/domain/write.h"

namespace kapea::domain {

// The last ServerTime that a device had seen, as its Change carries it.
struct SeenServerTime {
  Time time;          // signed by the server
  uint64_t size = 0;  // of the ledger then
  Hash root;
  Duration elapsed;  // the device's elapsed clock when it arrived
  BootId boot;       // in that boot
  friend auto operator<=>(const SeenServerTime&, const SeenServerTime&) = default;
};

struct Header {
  uint32_t format = 1;
  DeploymentId deployment;
  uint32_t epoch = 1;
  Nonce nonce;
  uint32_t writes = 0;
  FileId file;
  DeviceId device;
  PersonId person;
  UnitId unit;
  Role role = Role::kNone;
  Duty duty = Duty::kNone;
  uint64_t sequence = 0;
  ClockReading clock;
  std::string server_time_note;               // verbatim; empty: none seen
  std::optional<SeenServerTime> server_time;  // from the note
  std::optional<Hash> roster;                 // absent in a founding Change
  uint64_t file_number = 0;
  std::vector<KeyEpochId> key_epochs;
  std::optional<Hash> pack;
  std::vector<Ref> refs;
  Kind kind = Kind::kUnknown;
};

struct Change {
  ChangeId id;
  Hash hash;
  Header header;
  std::vector<Write> writes;  // write i is leaf i + 1
};

// A line of the ledger, as values.
struct Entry {
  uint64_t sequence = 0;
  Time received;
  DeviceId device;
  ChangeId change;
  Kind kind = Kind::kUnknown;
  FileId file;
  uint64_t number = 0;
  Hash change_hash;
  Hash parcel_hash;
  Verdict verdict = Verdict::kNone;
  uint32_t rules = 0;
};

// When a Change happened: by the device's clock, and as far as anybody else knows.
struct EventTime {
  TimeInterval soft;           // with the device's word on elapsed time
  TimeInterval hard;           // [server time seen, receive time]
  bool clock_doubted = false;  // the device's clocks contradict themselves; soft = hard then
  friend auto operator<=>(const EventTime&, const EventTime&) = default;
};

}  // namespace kapea::domain
