// The files at the other end of links, as this device holds them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/evaluate.h"
#include "common/domain/file_state.h"

namespace kapea::field {

// The file as the Ledger had it at `as_of`: Entries received later, and what this device
// has not sent, are not in it. Absent: as it is now, with what waits here.
// NotFound, also for a file that was founded later.
absl::StatusOr<std::shared_ptr<const domain::FileState>> FileAt(vault::Vault& vault,
                                                                const FileId& file,
                                                                std::optional<Time> as_of);

// Approved links that have not ended; a file that is not on this device is nullptr.
// Threads: one at a time. Owns the folds that it hands out, as long as it lives.
class HeldLinks : public domain::LinkedFiles {
 public:
  explicit HeldLinks(vault::Vault& vault, std::optional<Time> as_of = std::nullopt)
      : vault_(vault), as_of_(as_of) {}
  std::vector<const domain::FileState*> Find(const domain::FileState& from,
                                             std::string_view relation) const override;

 private:
  vault::Vault& vault_;
  const std::optional<Time> as_of_;
  mutable std::map<FileId, std::shared_ptr<const domain::FileState>> held_;
};

}  // namespace kapea::field
