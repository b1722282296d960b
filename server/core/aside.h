// The two files that everything else is judged by, folded beside the ledger: the
// directory and the packs.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/kv/store.h"
#include "server/core/published.h"

namespace kapea::server {

struct Aside {
  std::shared_ptr<const DirectoryView> directory;
  std::shared_ptr<const codec::PackRegistry> packs;
};

// Folds a Change that was just given its Entry, if it is of the directory or the
// standards file: the pointer then leads to a new copy. Devices that this revoked are
// added to `revoked`.
absl::Status Fold(const domain::Change& change, const domain::Entry& entry, Aside& aside,
                  std::vector<DeviceId>* revoked);

// Both as the stored ledger has them.
absl::StatusOr<Aside> LoadAside(const kv::Snapshot& store);

}  // namespace kapea::server
