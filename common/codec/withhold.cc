// Leaves of a Change whose contents were erased.
#include <set>
#include <string>
#include <utility>

#include "common/codec/change_codec.h"
#include "common/ledger/tree.h"
#include "kapea/v1/change.pb.h"

namespace kapea::codec {
namespace {

// A leaf's hash is that of the tree over salt and content (docs/protocol.md, section 4).
void Withhold(v1::Leaf& leaf) {
  leaf.set_hash(ledger::LeafHash(leaf.salt() + leaf.content()).str());
  leaf.clear_salt();
  leaf.clear_content();
}

}  // namespace

absl::StatusOr<EncodedChange> Withhold(EncodedChange change,
                                       const std::vector<domain::ErasureTarget>& targets) {
  const domain::Change& what = *change.change;
  std::set<size_t> covered;
  for (size_t i = 0; i < what.writes.size(); ++i) {
    if (domain::Covers(targets, what, i)) covered.insert(i);
  }
  return WithholdLeaves(std::move(change), covered);
}

absl::StatusOr<EncodedChange> WithholdLeaves(EncodedChange change,
                                             const std::set<size_t>& indexes) {
  if (indexes.empty()) return change;
  v1::Change wire;
  if (!wire.ParseFromString(change.bytes)) {
    return absl::InvalidArgumentError("malformed change");
  }
  for (const size_t index : indexes) {
    if (index >= static_cast<size_t>(wire.writes_size())) {
      return absl::InvalidArgumentError("the change has no write " + std::to_string(index));
    }
    v1::Leaf& leaf = *wire.mutable_writes(static_cast<int>(index));
    if (leaf.hash().empty()) Withhold(leaf);  // else it is withheld already
  }
  return DecodeChange(wire.SerializeAsString());
}

absl::StatusOr<std::string> WithholdWrites(std::string_view change) {
  v1::Change wire;
  if (!wire.ParseFromArray(change.data(), static_cast<int>(change.size()))) {
    return absl::InvalidArgumentError("malformed change");
  }
  for (v1::Leaf& leaf : *wire.mutable_writes()) {
    if (leaf.hash().empty()) Withhold(leaf);  // else it is withheld already
  }
  return wire.SerializeAsString();
}

}  // namespace kapea::codec
