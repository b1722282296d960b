// Proofs of runs of leaves: every run of every small tree, and what must not hold.
#include "common/ledger/range.h"

#include <gtest/gtest.h>

#include "tests/support/memory_nodes.h"

namespace kapea::ledger {
namespace {

constexpr uint64_t kSizeMax = 70;

std::vector<Hash> Leaves(uint64_t first, uint64_t count) {
  std::vector<Hash> leaves;
  for (uint64_t i = first; i < first + count; ++i) leaves.push_back(LeafHash(LeafBytes(i)));
  return leaves;
}

TEST(RangeTest, EveryRunOfEveryTreeVerifies) {
  const MemoryNodes all = TreeOf(kSizeMax);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    const Hash root = CompactRange::Load(size, all).value().Root();
    for (uint64_t first = 0; first < size; ++first) {
      for (uint64_t count = 1; count <= size - first; ++count) {
        const auto proof = RangeProof(first, count, size, all);
        ASSERT_TRUE(proof.ok()) << proof.status();
        ASSERT_TRUE(VerifyRange(first, Leaves(first, count), size, *proof, root).ok())
            << count << " from " << first << " of " << size;
        ASSERT_LE(proof->size(), 2 * 7u);
      }
    }
  }
}

TEST(RangeTest, AProofShowsWhatTreeTheRunContinues) {
  const MemoryNodes all = TreeOf(kSizeMax);
  const auto root_of = [&all](uint64_t size) {
    return CompactRange::Load(size, all).value().Root();
  };
  for (uint64_t size = 2; size <= kSizeMax; ++size) {
    for (uint64_t first = 1; first < size; ++first) {
      for (const uint64_t count : {uint64_t{1}, (size - first + 1) / 2, size - first}) {
        SCOPED_TRACE(testing::Message() << count << " from " << first << " of " << size);
        const Proof proof = RangeProof(first, count, size, all).value();
        ASSERT_TRUE(VerifyContinues(first, count, size, proof, root_of(first)).ok());
        // Of another past, with a hash too few, or from nothing it says nothing.
        ASSERT_FALSE(VerifyContinues(first, count, size, proof, root_of(first + 1)).ok());
        ASSERT_FALSE(VerifyContinues(first, count, size, {}, root_of(first)).ok());
        ASSERT_FALSE(VerifyContinues(0, count, size, proof, root_of(first)).ok());
      }
    }
  }
}

TEST(RangeTest, ARunOfOneIsTheInclusionProof) {
  const MemoryNodes all = TreeOf(kSizeMax);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    for (uint64_t index = 0; index < size; ++index) {
      ASSERT_EQ(RangeProof(index, 1, size, all).value(), InclusionProof(index, size, all).value())
          << index << " of " << size;
    }
  }
}

TEST(RangeTest, TheWholeTreeNeedsNoProof) {
  for (const uint64_t size : {1u, 2u, 3u, 7u, 8u, 41u}) {
    EXPECT_TRUE(RangeProof(0, size, size, TreeOf(size)).value().empty());
  }
}

// As README.md works it.
TEST(RangeTest, TheSiblingsStandLevelByLevelLeftBeforeRight) {
  const MemoryNodes nodes = TreeOf(7);
  const auto node = [&](uint8_t level, uint64_t index) {
    return nodes.Node({level, index}).value();
  };
  EXPECT_EQ(RangeProof(2, 3, 7, nodes).value(), (Proof{node(0, 5), node(1, 0), node(0, 6)}));
  EXPECT_EQ(RangeProof(2, 2, 7, nodes).value(),
            (Proof{node(1, 0), NodeHash(node(1, 2), node(0, 6))}));
}

TEST(RangeTest, RefusesEveryProofThatWasTouched) {
  for (const uint64_t size : {2u, 3u, 7u, 13u, 16u}) {
    const MemoryNodes nodes = TreeOf(size);
    for (uint64_t first = 0; first < size; ++first) {
      for (uint64_t count = 1; count <= size - first; ++count) {
        SCOPED_TRACE(testing::Message() << count << " from " << first << " of " << size);
        const std::vector<Hash> leaves = Leaves(first, count);
        const Proof proof = RangeProof(first, count, size, nodes).value();
        const auto refused = [&](const Proof& other) {
          return VerifyRange(first, leaves, size, other, nodes.root()).code() ==
                 absl::StatusCode::kDataLoss;
        };
        for (size_t i = 0; i < proof.size(); ++i) {
          Proof other = proof;
          other[i] = LeafHash("another");
          ASSERT_TRUE(refused(other));
          other = proof;
          other.erase(other.begin() + static_cast<ptrdiff_t>(i));
          ASSERT_TRUE(refused(other));
          other = proof;
          other.insert(other.begin() + static_cast<ptrdiff_t>(i), proof[i]);
          ASSERT_TRUE(refused(other));
          if (i > 0) {
            other = proof;
            std::swap(other[i], other[i - 1]);
            ASSERT_TRUE(refused(other));
          }
        }
        Proof longer = proof;
        longer.push_back(Hash());
        ASSERT_TRUE(refused(longer));
      }
    }
  }
}

TEST(RangeTest, HoldsForOnePlaceOneRunAndOneTreeAlone) {
  for (const uint64_t size : {2u, 5u, 8u, 11u}) {
    const MemoryNodes nodes = TreeOf(size);
    for (uint64_t first = 0; first < size; ++first) {
      for (uint64_t count = 1; count <= size - first; ++count) {
        SCOPED_TRACE(testing::Message() << count << " from " << first << " of " << size);
        const std::vector<Hash> leaves = Leaves(first, count);
        const Proof proof = RangeProof(first, count, size, nodes).value();
        for (uint64_t other = 0; other <= size + 1; ++other) {
          ASSERT_EQ(VerifyRange(other, leaves, size, proof, nodes.root()).ok(), other == first);
        }
        ASSERT_FALSE(VerifyRange(first, leaves, size, proof, LeafHash("another")).ok());
        for (size_t i = 0; i < leaves.size(); ++i) {
          std::vector<Hash> changed = leaves;
          changed[i] = LeafHash("another");
          ASSERT_FALSE(VerifyRange(first, changed, size, proof, nodes.root()).ok());
          changed = leaves;
          changed.erase(changed.begin() + static_cast<ptrdiff_t>(i));
          ASSERT_FALSE(VerifyRange(first, changed, size, proof, nodes.root()).ok());
        }
        std::vector<Hash> more = leaves;
        more.push_back(LeafHash(LeafBytes(first + count)));
        ASSERT_FALSE(VerifyRange(first, more, size, proof, nodes.root()).ok());
        ASSERT_FALSE(VerifyRange(first, {}, size, proof, nodes.root()).ok());
      }
    }
  }
}

// A size does not follow from a proof (the signed checkpoint gives it), but one under
// which a run would end beyond the tree is refused.
TEST(RangeTest, RefusesATreeThatEndsBeforeTheRun) {
  const MemoryNodes nodes = TreeOf(11);
  const Proof proof = RangeProof(4, 5, 11, nodes).value();
  for (uint64_t size = 0; size < 9; ++size) {
    EXPECT_FALSE(VerifyRange(4, Leaves(4, 5), size, proof, nodes.root()).ok()) << size;
  }
}

TEST(RangeTest, ANodeIsNoLeaf) {
  const MemoryNodes nodes = TreeOf(8);
  // Nodes of level 1 passed off as the four leaves of a tree of four.
  std::vector<Hash> posing;
  for (uint64_t i = 0; i < 4; ++i) posing.push_back(nodes.Node({1, i}).value());
  EXPECT_TRUE(VerifyRange(0, posing, 4, {}, nodes.root()).ok());   // by the hashes alone
  EXPECT_FALSE(VerifyRange(0, posing, 8, {}, nodes.root()).ok());  // but never under its size
}

// A stranger sends these; the test is that each answer comes, and at once.
TEST(RangeTest, IsNotHurtByHostileNumbers) {
  const MemoryNodes nodes = TreeOf(3);
  const std::vector<uint64_t> numbers = {
      0, 1, 2, 3, 1ULL << 32, (1ULL << 62) - 1, 1ULL << 62, 1ULL << 63, UINT64_MAX - 1, UINT64_MAX};
  for (const uint64_t first : numbers) {
    for (const uint64_t size : numbers) {
      for (const uint64_t count : numbers) {
        const bool stored = size <= 3 && first < size && count > 0 && count <= size - first;
        EXPECT_EQ(RangeProof(first, count, size, nodes).ok(),
                  stored || (first == 0 && count == size && size != 0 && size >> 62 == 0))
            << first << " " << count << " " << size;
      }
      for (const size_t length : {size_t{0}, size_t{1}, size_t{62}, size_t{124}, size_t{1000}}) {
        for (const size_t count : {size_t{0}, size_t{1}, size_t{3}}) {
          const bool whole_of_one = first == 0 && size == 1 && count == 1 && length == 0;
          EXPECT_EQ(VerifyRange(first, std::vector<Hash>(count, nodes.root()), size,
                                Proof(length, nodes.root()), nodes.root())
                        .ok(),
                    whole_of_one)
              << first << " " << count << " " << size;
        }
      }
    }
  }
}

// The deepest climb there is, with a right answer: the last but one leaf of 2^62 - 1.
TEST(RangeTest, ClimbsTheWholeHeight) {
  const Hash leaf = LeafHash("leaf"), sibling = LeafHash("sibling");
  const uint64_t size = (1ULL << 62) - 1;
  // Leaf 0: a right sibling at every level.
  Hash root = leaf;
  for (int i = 0; i < 62; ++i) root = NodeHash(root, sibling);
  EXPECT_TRUE(VerifyRange(0, {leaf}, size, Proof(62, sibling), root).ok());
  EXPECT_TRUE(VerifyInclusion(0, size, leaf, Proof(62, sibling), root).ok());
  EXPECT_FALSE(VerifyRange(0, {leaf}, size, Proof(61, sibling), root).ok());
  EXPECT_FALSE(VerifyRange(1, {leaf}, size, Proof(62, sibling), root).ok());
}

TEST(RangeTest, PassesOnWhatTheStoreSays) {
  MemoryNodes nodes = TreeOf(9);
  nodes.Remove({0, 3});
  EXPECT_EQ(RangeProof(2, 1, 9, nodes).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace kapea::ledger
