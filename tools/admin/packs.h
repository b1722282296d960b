// Packs: checked, signed by their owner, published through the ledger.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/admin/registrars.h"

namespace kapea::admin {

struct PackSummary {
  std::string id;
  uint32_t version = 0;
  size_t forms = 0, items = 0, fields = 0, clauses = 0;
  size_t documented = 0, unverified = 0, proposed = 0;  // of items and clauses
};
struct CheckedPack {
  std::string bytes;                  // canonical; empty where there are mistakes
  std::vector<std::string> mistakes;  // all of them, each with file, line and field
  PackSummary summary;
};
// Textproto files that make one pack together, in the order given; a directory stands
// for its *.textproto, by name.
absl::StatusOr<CheckedPack> CheckPack(const std::vector<std::string>& paths);

// The signed pack's bytes. InvalidArgument with all mistakes, and nothing is signed.
absl::StatusOr<std::string> SignPackFiles(const std::vector<std::string>& paths,
                                          const std::string& owner_key_path);

// One Change for each part, by one registrar. AlreadyExists when it is published.
absl::StatusOr<PackSummary> PublishPack(Registrar& registrar, std::string_view signed_pack);

}  // namespace kapea::admin
