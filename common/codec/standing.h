// Up to where something kept of a file was worked out, and for how long it stands.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>

#include "common/base/id.h"
#include "common/base/time.h"

namespace kapea::codec {

struct Standing {
  uint64_t number = 0;                // of the file's last Entry that is in it
  Time as_of;                         // the moment it was worked out for
  Time until = Time::Max();           // from then on it may be another
  std::map<FileId, uint64_t> linked;  // files it stands on beside its own; 0: not there

  // Of both together; the other is of the same number and moment.
  void Join(const Standing& other) {
    until = std::min(until, other.until);
    linked.insert(other.linked.begin(), other.linked.end());
  }
};

}  // namespace kapea::codec
