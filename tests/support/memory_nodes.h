// A tree whose nodes are kept in a map: what the store is to a server, for tests.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/ledger/tree.h"

namespace kapea::ledger {

// Threads: one at a time.
class MemoryNodes : public NodeReader {
 public:
  // Appends a leaf and keeps the nodes that it completes.
  void Append(const Hash& leaf) {
    range_.Append(leaf, [this](const NodeId& id, const Hash& hash) { Put(id, hash); });
  }
  // Keeps one node, also in place of another: a store that was tampered with.
  void Put(const NodeId& id, const Hash& hash) { nodes_[id] = hash; }
  void Remove(const NodeId& id) { nodes_.erase(id); }

  absl::StatusOr<Hash> Node(const NodeId& id) const override {
    ++reads_;
    const auto found = nodes_.find(id);
    if (found == nodes_.end()) return absl::NotFoundError("no such node yet");
    return found->second;
  }

  uint64_t size() const { return range_.size(); }
  Hash root() const { return range_.Root(); }
  const std::map<NodeId, Hash>& nodes() const { return nodes_; }
  // How often Node was called, to see that a proof reads a few nodes and not the tree.
  int reads() const { return reads_; }

 private:
  CompactRange range_;
  std::map<NodeId, Hash> nodes_;
  mutable int reads_ = 0;
};

// Leaves "entry 0", "entry 1", ...
inline std::string LeafBytes(uint64_t index) { return "entry " + std::to_string(index); }
inline MemoryNodes TreeOf(uint64_t size) {
  MemoryNodes nodes;
  for (uint64_t i = 0; i < size; ++i) nodes.Append(LeafHash(LeafBytes(i)));
  return nodes;
}

}  // namespace kapea::ledger
