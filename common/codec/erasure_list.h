// The list of erasures: a text file beside the keys file of a server, and outside its backups,
// so that a store that was restored gives nothing back that had been erased. Ids, times and
// field codes, nothing else.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/erasure.h"

namespace kapea::codec {

struct ListedErasure {
  FileId file;
  ChangeId approval;  // the Change that completed it
  Time at;            // when the server received that
  std::vector<domain::ErasureTarget> targets;
};
// The store got another master key: copies of it made before open nothing of what had been
// erased by then, once the keys of before are destroyed.
struct ListedRotation {
  Time at;
  uint32_t generation = 0;
};
struct ErasureList {
  std::vector<ListedErasure> erasures;  // in the order of their times
  std::vector<ListedRotation> rotations;

  std::string Encode() const;
  // InvalidArgument names the line. At most 64 MiB.
  static absl::StatusOr<ErasureList> Decode(std::string_view text);
  // The first rotation after the erasure; nullptr: none yet.
  const ListedRotation* RotationAfter(const ListedErasure& erasure) const;
  bool Has(const ChangeId& approval) const;
};

// Where it lies.
std::string ErasureListPath(const std::string& keys_file);
// An empty list where there is no file. Errors: as ReadFile, and of Decode.
absl::StatusOr<ErasureList> ReadErasureList(const std::string& path);
// Whole, or not at all; durable when it returns.
absl::Status WriteErasureList(const std::string& path, const ErasureList& list);

}  // namespace kapea::codec
