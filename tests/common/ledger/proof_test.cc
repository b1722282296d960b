// Proofs that must not hold: every one that was touched, and every number that no
// tree of ours could have.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/crypto/hash.h"
#include "common/ledger/strict_text.h"
#include "common/ledger/tree.h"
#include "tests/support/memory_nodes.h"

namespace kapea::ledger {
namespace {

const std::vector<uint64_t> kTrialSizes = {1, 2, 3, 5, 8, 11, 33};

Hash WithByteFlipped(const Hash& hash, size_t at) {
  std::string bytes = hash.str();
  bytes[at] = static_cast<char>(bytes[at] ^ 0x01);
  return Hash::FromPrefix(bytes);
}

// Every proof that differs from `proof` in one place.
std::vector<Proof> Tampered(const Proof& proof) {
  std::vector<Proof> all;
  for (size_t i = 0; i < proof.size(); ++i) {
    for (size_t byte = 0; byte < Hash::kBytes; ++byte) {
      all.push_back(proof);
      all.back()[i] = WithByteFlipped(proof[i], byte);
    }
    all.push_back(proof);
    all.back().erase(all.back().begin() + static_cast<ptrdiff_t>(i));
    for (size_t j = i + 1; j < proof.size(); ++j) {
      all.push_back(proof);
      std::swap(all.back()[i], all.back()[j]);
    }
  }
  for (size_t i = 0; i <= proof.size(); ++i) {
    for (const Hash& added : {Hash(), i < proof.size() ? proof[i] : EmptyRoot()}) {
      all.push_back(proof);
      all.back().insert(all.back().begin() + static_cast<ptrdiff_t>(i), added);
    }
  }
  return all;
}

TEST(VerifyInclusionTest, RefusesEveryProofThatWasTouched) {
  for (const uint64_t size : kTrialSizes) {
    const MemoryNodes nodes = TreeOf(size);
    for (uint64_t index = 0; index < size; ++index) {
      SCOPED_TRACE(testing::Message() << index << " of " << size);
      const Hash leaf = LeafHash(LeafBytes(index));
      const Proof proof = InclusionProof(index, size, nodes).value();
      ASSERT_TRUE(VerifyInclusion(index, size, leaf, proof, nodes.root()).ok());
      for (const Proof& other : Tampered(proof)) {
        ASSERT_EQ(VerifyInclusion(index, size, leaf, other, nodes.root()).code(),
                  absl::StatusCode::kDataLoss);
      }
      for (size_t byte = 0; byte < Hash::kBytes; ++byte) {
        ASSERT_FALSE(
            VerifyInclusion(index, size, WithByteFlipped(leaf, byte), proof, nodes.root()).ok());
        ASSERT_FALSE(
            VerifyInclusion(index, size, leaf, proof, WithByteFlipped(nodes.root(), byte)).ok());
      }
    }
  }
}

TEST(VerifyInclusionTest, HoldsForOneIndexAlone) {
  for (const uint64_t size : kTrialSizes) {
    const MemoryNodes nodes = TreeOf(size);
    for (uint64_t index = 0; index < size; ++index) {
      const Proof proof = InclusionProof(index, size, nodes).value();
      for (uint64_t other = 0; other < size + 2; ++other) {
        SCOPED_TRACE(testing::Message() << index << " as " << other << " of " << size);
        ASSERT_EQ(
            VerifyInclusion(other, size, LeafHash(LeafBytes(index)), proof, nodes.root()).ok(),
            other == index);
      }
    }
  }
}

TEST(VerifyConsistencyTest, RefusesEveryProofThatWasTouched) {
  for (const uint64_t size2 : kTrialSizes) {
    const MemoryNodes nodes = TreeOf(size2);
    for (uint64_t size1 = 1; size1 <= size2; ++size1) {
      SCOPED_TRACE(testing::Message() << size1 << " to " << size2);
      const Hash root1 = TreeOf(size1).root(), root2 = nodes.root();
      const Proof proof = ConsistencyProof(size1, size2, nodes).value();
      ASSERT_TRUE(VerifyConsistency(size1, size2, root1, root2, proof).ok());
      for (const Proof& other : Tampered(proof)) {
        ASSERT_EQ(VerifyConsistency(size1, size2, root1, root2, other).code(),
                  absl::StatusCode::kDataLoss);
      }
      for (size_t byte = 0; byte < Hash::kBytes; ++byte) {
        ASSERT_FALSE(
            VerifyConsistency(size1, size2, WithByteFlipped(root1, byte), root2, proof).ok());
        ASSERT_FALSE(
            VerifyConsistency(size1, size2, root1, WithByteFlipped(root2, byte), proof).ok());
      }
    }
  }
}

TEST(VerifyConsistencyTest, RefusesATreeThatRewroteAnEntry) {
  const MemoryNodes honest = TreeOf(20);
  for (uint64_t rewritten = 0; rewritten < 13; ++rewritten) {
    SCOPED_TRACE(rewritten);
    MemoryNodes forked;
    for (uint64_t i = 0; i < 20; ++i) {
      forked.Append(LeafHash(i == rewritten ? "another entry" : LeafBytes(i)));
    }
    const Hash seen = TreeOf(13).root();
    for (const MemoryNodes* nodes : std::initializer_list<const MemoryNodes*>{&honest, &forked}) {
      const Proof proof = ConsistencyProof(13, 20, *nodes).value();
      EXPECT_FALSE(VerifyConsistency(13, 20, seen, forked.root(), proof).ok());
    }
  }
}

TEST(VerifyConsistencyTest, RefusesSizeZeroAndAShrunkTree) {
  const Hash root = TreeOf(5).root();
  EXPECT_FALSE(VerifyConsistency(0, 0, EmptyRoot(), EmptyRoot(), {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 5, EmptyRoot(), root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 5, EmptyRoot(), root, {root}).ok());
  EXPECT_FALSE(VerifyConsistency(5, 4, root, root, {}).ok());
  EXPECT_TRUE(VerifyConsistency(5, 5, root, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(5, 5, root, root, {root}).ok());
}

// A stranger sends these; the test is that each answer comes, and at once.
TEST(ProofTest, IsNotHurtByHostileNumbers) {
  const std::vector<uint64_t> numbers = {0,
                                         1,
                                         2,
                                         3,
                                         (1ULL << 32) - 1,
                                         1ULL << 32,
                                         1ULL << 62,
                                         (1ULL << 63) - 1,
                                         1ULL << 63,
                                         (1ULL << 63) + 1,
                                         UINT64_MAX - 1,
                                         UINT64_MAX};
  const MemoryNodes nodes = TreeOf(3);
  const Hash hash = nodes.root();
  for (const uint64_t a : numbers) {
    for (const uint64_t b : numbers) {
      for (const size_t length : {size_t{0}, size_t{1}, size_t{63}, size_t{64}, size_t{1000}}) {
        SCOPED_TRACE(testing::Message() << a << " " << b << " " << length);
        const Proof proof(length, hash);
        // The one true statement among them: a tree of one leaf, whose hash is its root.
        const bool only_leaf = a == 0 && b == 1 && length == 0;
        EXPECT_EQ(VerifyInclusion(a, b, hash, proof, hash).ok(), only_leaf);
        const bool same_tree = a == b && a != 0 && length == 0;
        EXPECT_EQ(VerifyConsistency(a, b, hash, hash, proof).ok(), same_tree);
      }
      const bool stored = b <= 3;
      EXPECT_EQ(InclusionProof(a, b, nodes).ok(), a < b && stored);
      EXPECT_EQ(ConsistencyProof(a, b, nodes).ok(), a != 0 && a <= b && (stored || a == b));
    }
  }
}

// Leaf 2^63 of a tree of 2^64 - 1: the deepest climb there is, with a right answer.
TEST(ProofTest, ClimbsTheWholeHeight) {
  const Hash leaf = LeafHash("leaf"), sibling = LeafHash("sibling");
  Hash root = leaf;
  for (int i = 0; i < 63; ++i) root = NodeHash(root, sibling);
  root = NodeHash(sibling, root);
  const Proof proof(64, sibling);
  EXPECT_TRUE(VerifyInclusion(1ULL << 63, UINT64_MAX, leaf, proof, root).ok());
  EXPECT_FALSE(VerifyInclusion(1ULL << 62, UINT64_MAX, leaf, proof, root).ok());
}

// --- The public vectors (transparency-dev/merkle), where they are present. ---

// What a vector says, as far as it can be said in Hashes.
enum class Answer { kHolds, kRefused, kNoHash };

std::optional<Proof> ProofAt(const nlohmann::json& vector) {
  Proof proof;
  if (vector.at("proof").is_null()) return proof;
  for (const auto& text : vector.at("proof")) {
    const auto hash = HashFromBase64(text.get<std::string>());
    if (!hash.ok()) return std::nullopt;
    proof.push_back(*hash);
  }
  return proof;
}

// Some vectors have a leaf hash or a root of another length, or none: these never
// become a Hash, and so are refused before any proof is looked at.
Answer AnswerInclusion(const nlohmann::json& vector) {
  const auto leaf = HashFromBase64(vector.at("leafHash").get<std::string>());
  const auto root = HashFromBase64(vector.at("root").get<std::string>());
  const auto proof = ProofAt(vector);
  if (!leaf.ok() || !root.ok() || !proof) return Answer::kNoHash;
  const auto status =
      VerifyInclusion(vector.at("leafIdx"), vector.at("treeSize"), *leaf, *proof, *root);
  return status.ok() ? Answer::kHolds : Answer::kRefused;
}

// The roots of some consistency vectors are words ("don't care"), which in one that is
// to hold stand on both sides. Their SHA-256 stands in for them here: equal where the
// words are, and the root of no tree.
Hash RootAt(const nlohmann::json& vector, const char* key) {
  const std::string bytes = FromBase64(vector.at(key).get<std::string>()).value();
  return bytes.size() == Hash::kBytes ? Hash::FromPrefix(bytes) : crypto::Sha256(bytes);
}

Answer AnswerConsistency(const nlohmann::json& vector) {
  const auto proof = ProofAt(vector);
  if (!proof) return Answer::kNoHash;
  const auto status = VerifyConsistency(vector.at("size1"), vector.at("size2"),
                                        RootAt(vector, "root1"), RootAt(vector, "root2"), *proof);
  return status.ok() ? Answer::kHolds : Answer::kRefused;
}

struct Tally {
  int total = 0;
  int holding = 0;
  int no_hash = 0;
};

Tally CheckVectors(const std::filesystem::path& folder, Answer (*answer)(const nlohmann::json&)) {
  Tally tally;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path());
    const nlohmann::json vector = nlohmann::json::parse(file);
    const Answer got = answer(vector);
    const bool want_refused = vector.at("wantErr").get<bool>();
    EXPECT_EQ(got != Answer::kHolds, want_refused) << vector.at("desc");
    ++tally.total;
    tally.holding += got == Answer::kHolds ? 1 : 0;
    tally.no_hash += got == Answer::kNoHash ? 1 : 0;
  }
  return tally;
}

TEST(ProofTest, AgreesWithThePublicVectors) {
  const std::filesystem::path folder = std::string(KAPEA_SHARED) + "/vectors/tlog-merkle";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no public vectors beside the project";
  const Tally inclusion = CheckVectors(folder / "inclusion", AnswerInclusion);
  const Tally consistency = CheckVectors(folder / "consistency", AnswerConsistency);
  std::cout << "public vectors: " << inclusion.total << " inclusion, " << consistency.total
            << " consistency; of these " << inclusion.no_hash << " and " << consistency.no_hash
            << " with bytes that are no hash\n";
  EXPECT_EQ(inclusion.total, 98);
  EXPECT_EQ(inclusion.holding, 6);
  EXPECT_EQ(inclusion.no_hash, 26);
  EXPECT_EQ(consistency.total, 98);
  EXPECT_EQ(consistency.holding, 6);
  EXPECT_EQ(consistency.no_hash, 8);
}

}  // namespace
}  // namespace kapea::ledger
