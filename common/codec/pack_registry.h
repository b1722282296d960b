// The packs that stand in the Ledger: assembled from their parts in the standards
// file, their owner's signature checked, compiled once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/pack_text.h"
#include "common/domain/change.h"
#include "common/domain/file_state.h"

namespace kapea::codec {

// A SignedPack cut into parts that each fit a Change. Errors as OpenSignedPack and OpenPack.
absl::StatusOr<std::vector<domain::PackPart>> SplitPack(std::string_view signed_pack,
                                                        const std::vector<std::string>& owners);

// Copies share the compiled packs. Threads: one at a time; reading from several is
// safe while nobody appends.
class PackRegistry : public domain::PackSource {
 public:
  // Public keys that may sign packs, from the genesis.
  void SetOwners(std::vector<std::string> owners) { owners_ = std::move(owners); }
  // Folds one accepted Change of the standards file at its Entry. A pack is there from
  // the Entry of its last part on. One that does not verify or compile, or would change
  // what an earlier version of it published, never is; the sentence says why (empty:
  // nothing wrong).
  std::string Append(const domain::Change& change, uint64_t sequence);

  const domain::Pack* FindPack(const Hash& hash, uint64_t at) const override;
  size_t CountBefore(uint64_t at) const override;
  // What new work is done by: the pack with the highest version, the first by id; nullptr: none.
  const domain::Pack* Newest() const;
  // The highest version of a pack; nullptr: none.
  const domain::Pack* Newest(std::string_view id) const;
  std::vector<const domain::Pack*> All() const;
  // What would keep these canonical bytes from standing beside the packs that are here:
  // see CompareVersions.
  std::vector<Mistake> Compare(std::string_view pack) const;
  bool IsOwner(std::string_view public_key) const;

 private:
  struct Assembly {
    std::map<uint32_t, std::string> parts;
    uint32_t wanted = 0;
  };
  struct Published {
    std::shared_ptr<const domain::Pack> pack;
    std::shared_ptr<const std::string> bytes;  // canonical; what the next version is held to
    uint64_t since = 0;                        // Entry of its last part
  };
  const Published* NewestOf(std::string_view id) const;
  absl::Status Take(const domain::PackPart& last, const std::map<uint32_t, std::string>& parts,
                    uint64_t sequence);
  std::vector<std::string> owners_;
  std::map<Hash, Assembly> open_;
  std::map<Hash, Published> packs_;
};

}  // namespace kapea::codec
