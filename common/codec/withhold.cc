// Leaves of a Change whose contents were erased.
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
  std::vector<int> covered;
  for (size_t i = 0; i < what.writes.size(); ++i) {
    if (domain::Covers(targets, what, i)) covered.push_back(static_cast<int>(i));
  }
  if (covered.empty()) return change;
  v1::Change wire;
  if (!wire.ParseFromString(change.bytes)) {
    return absl::InvalidArgumentError("malformed change");
  }
  for (const int index : covered) {
    Withhold(*wire.mutable_writes(index));
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
