// The value of one field.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/vocabulary.h"

namespace kapea::domain {

struct Text {  // UTF-8, NFC, at most 8,192 bytes
  std::string text;
  friend auto operator<=>(const Text&, const Text&) = default;
};
struct Code {
  std::string code;
  friend auto operator<=>(const Code&, const Code&) = default;
};
struct Codes {  // ascending, unique
  std::vector<std::string> codes;
  friend auto operator<=>(const Codes&, const Codes&) = default;
};
struct Date {  // "2009", "2009-09" or "2009-09-28"
  std::string text;
  friend auto operator<=>(const Date&, const Date&) = default;
};
struct Reference {  // id of a person, unit, file or record
  ChangeId id;      // sixteen bytes; the field's type says of what
  friend auto operator<=>(const Reference&, const Reference&) = default;
};
struct Attachment {  // the clear half
  Hash manifest;
  uint32_t chunks = 0;
  friend auto operator<=>(const Attachment&, const Attachment&) = default;
};
struct Position {  // degrees * 10^7
  int32_t latitude_e7 = 0;
  int32_t longitude_e7 = 0;
  uint32_t accuracy_m = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

using Value = std::variant<bool, int64_t, Text, Code, Codes, Time, Date, Reference, Attachment,
                           Answer, Position>;

// A sealed value as it stands in a Change; only a device that holds the key opens it.
struct Sealed {
  KeyEpochId key_epoch;
  KeyClass key_class = KeyClass::kNone;
  std::string envelope;
  friend auto operator<=>(const Sealed&, const Sealed&) = default;
};

}  // namespace kapea::domain
