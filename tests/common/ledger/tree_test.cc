#include "common/ledger/tree.h"

#include <gtest/gtest.h>

#include "tests/common/ledger/rfc6962.h"
#include "tests/support/memory_nodes.h"

namespace kapea::ledger {
namespace {

constexpr uint64_t kSizes = 256;

std::vector<Hash> LeafHashes(uint64_t size) {
  std::vector<Hash> hashes;
  for (uint64_t i = 0; i < size; ++i) hashes.push_back(LeafHash(LeafBytes(i)));
  return hashes;
}

std::vector<std::string> Hex(const Proof& proof) {
  std::vector<std::string> hex;
  for (const Hash& hash : proof) hex.push_back(hash.hex());
  return hex;
}

// The values of the leaves "entry 0" to "entry 6", made by another program. They never
// change: stored trees depend on them.
TEST(TreeTest, KeepsTheFrozenRootsAndProofs) {
  EXPECT_EQ(RootOf({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(RootOf(LeafHashes(1)).hex(),
            "773885a613489e24ce2cf76199d6a423f042e4bbf12d7eecee912ef276c65701");
  EXPECT_EQ(RootOf(LeafHashes(3)).hex(),
            "94fbd0dd836f50301692e6d0eade728ee19ec52bfff1606ed807c8575d5aaa19");
  EXPECT_EQ(RootOf(LeafHashes(6)).hex(),
            "cbeec99db3e4d67dbaaa60c16b5d4cf737ac2ddc1507b78af375763ebad1c01e");
  EXPECT_EQ(RootOf(LeafHashes(7)).hex(),
            "98c97f0ba3175cd08b031dd084b9dc4e649b64d1a28e6ea694646503173ab587");

  const MemoryNodes nodes = TreeOf(7);
  EXPECT_EQ(Hex(InclusionProof(3, 7, nodes).value()),
            (std::vector<std::string>{
                "57c79f4f31ae029c5d4bd30b073c27c94df93438b2b4697e1e1eef5bc0394a41",
                "5a47662fd8a317d96049a3f9f47c55dc67ca66051baa3683dbb19b2fe09a07b0",
                "94afb8a2ca051c05458ea39dcd19b1bd68e7e33529f10b439d2a615a51f636e2"}));
  EXPECT_EQ(Hex(InclusionProof(6, 7, nodes).value()),
            (std::vector<std::string>{
                "dd0379d83ac7f164e7eea30cdcefb57508254c48f766afccd3d976365e328ccc",
                "9799f307517ef517c2205df9b67762bf34756b20099fb7dfcce76bcebd273b2e"}));
  EXPECT_EQ(Hex(ConsistencyProof(3, 7, nodes).value()),
            (std::vector<std::string>{
                "57c79f4f31ae029c5d4bd30b073c27c94df93438b2b4697e1e1eef5bc0394a41",
                "61ca1139f6815841d5baf2d0d2d9bd9dfee97c898dd6f7ba0c0aa941ee6c01eb",
                "5a47662fd8a317d96049a3f9f47c55dc67ca66051baa3683dbb19b2fe09a07b0",
                "94afb8a2ca051c05458ea39dcd19b1bd68e7e33529f10b439d2a615a51f636e2"}));
  EXPECT_EQ(Hex(ConsistencyProof(6, 7, nodes).value()),
            (std::vector<std::string>{
                "dd0379d83ac7f164e7eea30cdcefb57508254c48f766afccd3d976365e328ccc",
                "be15781b628a28414c1c8a11b86db8422fa1041215fe0d7c4496d23cda1e4142",
                "9799f307517ef517c2205df9b67762bf34756b20099fb7dfcce76bcebd273b2e"}));
}

TEST(TreeTest, SeparatesLeavesFromNodes) {
  const Hash a = LeafHash("a"), b = LeafHash("b");
  EXPECT_NE(LeafHash(a.str() + b.str()), NodeHash(a, b));
  EXPECT_NE(NodeHash(a, b), NodeHash(b, a));
  EXPECT_NE(LeafHash(""), EmptyRoot());
}

TEST(CompactRangeTest, HasTheRootOfTheDefinitionAtEverySize) {
  const std::vector<Hash> leaves = LeafHashes(kSizes);
  Rfc6962 definition(leaves);
  CompactRange range;
  EXPECT_EQ(range.Root(), EmptyRoot());
  for (uint64_t size = 1; size <= kSizes; ++size) {
    SCOPED_TRACE(size);
    range.Append(leaves[size - 1]);
    ASSERT_EQ(range.size(), size);
    ASSERT_EQ(range.Root(), definition.Mth(0, size));
    ASSERT_EQ(RootOf({leaves.begin(), leaves.begin() + static_cast<ptrdiff_t>(size)}),
              definition.Mth(0, size));
  }
}

TEST(CompactRangeTest, TellsOfEveryNodeOnceWhenItIsComplete) {
  const std::vector<Hash> leaves = LeafHashes(kSizes);
  Rfc6962 definition(leaves);
  CompactRange range;
  size_t told = 0;
  for (uint64_t i = 0; i < kSizes; ++i) {
    uint8_t level = 0;
    range.Append(leaves[i], [&](const NodeId& id, const Hash& hash) {
      SCOPED_TRACE(testing::Message() << "leaf " << i << " level " << int{level});
      // Upwards from the leaf, and each ends at this leaf.
      EXPECT_EQ(id.level, level++);
      EXPECT_EQ((id.index + 1) << id.level, i + 1);
      EXPECT_EQ(hash, definition.Mth(id.index << id.level, (id.index + 1) << id.level));
      ++told;
    });
  }
  EXPECT_EQ(told, 2 * kSizes - 1);
}

TEST(CompactRangeTest, IsTheSameWhenLoadedAtAnySizeAndGoesOn) {
  const MemoryNodes nodes = TreeOf(kSizes);
  Rfc6962 definition(LeafHashes(kSizes));
  for (uint64_t size = 0; size <= kSizes; ++size) {
    SCOPED_TRACE(size);
    CompactRange range = CompactRange::Load(size, nodes).value();
    ASSERT_EQ(range.size(), size);
    ASSERT_EQ(range.Root(), definition.Mth(0, size));
    if (size < kSizes) {
      range.Append(LeafHash(LeafBytes(size)));
      ASSERT_EQ(range.Root(), definition.Mth(0, size + 1));
    }
  }
}

TEST(CompactRangeTest, DoesNotLoadWhatIsNotStored) {
  MemoryNodes nodes = TreeOf(11);
  EXPECT_EQ(CompactRange::Load(12, nodes).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(CompactRange::Load(UINT64_MAX, nodes).status().code(), absl::StatusCode::kNotFound);
  nodes.Remove({1, 4});
  EXPECT_EQ(CompactRange::Load(11, nodes).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(CompactRange::Load(8, nodes).ok());
}

TEST(InclusionProofTest, IsTheDefinitionAtEverySizeAndIndexAndHolds) {
  const std::vector<Hash> leaves = LeafHashes(kSizes);
  const MemoryNodes nodes = TreeOf(kSizes);
  Rfc6962 definition(leaves);
  for (uint64_t size = 1; size <= kSizes; ++size) {
    const Hash root = definition.Mth(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      SCOPED_TRACE(testing::Message() << index << " of " << size);
      const Proof proof = InclusionProof(index, size, nodes).value();
      ASSERT_EQ(proof, definition.Path(index, 0, size));
      ASSERT_TRUE(VerifyInclusion(index, size, leaves[index], proof, root).ok());
    }
  }
}

TEST(InclusionProofTest, OfASmallTreeIsThatOfTheStoredOne) {
  const MemoryNodes nodes = TreeOf(40);
  for (uint64_t size = 1; size <= 40; ++size) {
    const std::vector<Hash> leaves = LeafHashes(size);
    for (uint64_t index = 0; index < size; ++index) {
      SCOPED_TRACE(testing::Message() << index << " of " << size);
      ASSERT_EQ(InclusionProofOf(leaves, index).value(),
                InclusionProof(index, size, nodes).value());
    }
    ASSERT_EQ(InclusionProofOf(leaves, size).status().code(), absl::StatusCode::kOutOfRange);
    const SmallTree tree(leaves);
    ASSERT_EQ(tree.size(), size);
    for (uint64_t index = 0; index < size; ++index) {
      ASSERT_EQ(tree.InclusionProof(index).value(), InclusionProof(index, size, nodes).value());
    }
    ASSERT_EQ(tree.InclusionProof(size).status().code(), absl::StatusCode::kOutOfRange);
  }
  EXPECT_EQ(InclusionProofOf({}, 0).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(ConsistencyProofTest, IsTheDefinitionForEveryPairAndHolds) {
  const MemoryNodes nodes = TreeOf(kSizes);
  Rfc6962 definition(LeafHashes(kSizes));
  for (uint64_t size2 = 1; size2 <= kSizes; ++size2) {
    const Hash root2 = definition.Mth(0, size2);
    for (uint64_t size1 = 1; size1 <= size2; ++size1) {
      SCOPED_TRACE(testing::Message() << size1 << " to " << size2);
      const Proof proof = ConsistencyProof(size1, size2, nodes).value();
      ASSERT_EQ(proof, definition.Subproof(size1, 0, size2, true));
      ASSERT_TRUE(VerifyConsistency(size1, size2, definition.Mth(0, size1), root2, proof).ok());
    }
  }
}

TEST(ProofTest, ReadsAFewNodesOfALargeTree) {
  constexpr uint64_t kSize = 5000;  // 13 levels
  const MemoryNodes nodes = TreeOf(kSize);
  for (const uint64_t index : {uint64_t{0}, uint64_t{2500}, kSize - 1}) {
    SCOPED_TRACE(index);
    const int before = nodes.reads();
    ASSERT_TRUE(InclusionProof(index, kSize, nodes).ok());
    EXPECT_LE(nodes.reads() - before, 26);
    ASSERT_TRUE(ConsistencyProof(index + 1, kSize, nodes).ok());
    EXPECT_LE(nodes.reads() - before, 52);
  }
}

TEST(ProofTest, IsRefusedOutOfRange) {
  const MemoryNodes nodes = TreeOf(8);
  EXPECT_EQ(InclusionProof(0, 0, nodes).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(InclusionProof(8, 8, nodes).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ConsistencyProof(0, 8, nodes).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ConsistencyProof(0, 0, nodes).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ConsistencyProof(8, 7, nodes).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(InclusionProof(0, 9, nodes).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ConsistencyProof(3, 9, nodes).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace kapea::ledger
