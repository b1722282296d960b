// The stored view of a file: values <-> bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/vocabulary.h"
#include "common/standards/finding.h"

namespace kapea::codec {

// The view row of a file. Holds facts and due times; a reader makes statuses of them:
// what does not apply is left out, and pending and overdue are one.
struct FileView {
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  uint64_t number = 0;
  Time founded;
  std::vector<UnitId> units;
  std::string Encode(const std::vector<standards::Finding>& findings) const;
};
// What of it a reader needs without its findings.
struct FileViewHead {
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  uint64_t number = 0;
  std::vector<UnitId> units;
  static absl::StatusOr<FileViewHead> Decode(std::string_view bytes);
};

}  // namespace kapea::codec
