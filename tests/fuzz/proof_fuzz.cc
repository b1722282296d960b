// Proofs with any numbers and any hashes: every answer comes, and of all proofs for a
// leaf of a known tree only the right one holds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/ledger/range.h"
#include "common/ledger/tree.h"
#include "tests/support/memory_nodes.h"

namespace kapea::ledger {
namespace {

constexpr uint64_t kKnownSize = 41;

// Input: two numbers, two hashes, and the hashes of the proof.
void Try(std::string_view bytes) {
  if (bytes.size() < 16 + 2 * Hash::kBytes) return;
  const uint64_t a = ReadU64(bytes, 0), b = ReadU64(bytes, 8);
  bytes.remove_prefix(16);
  const Hash first = Hash::FromPrefix(bytes), second = Hash::FromPrefix(bytes.substr(Hash::kBytes));
  bytes.remove_prefix(2 * Hash::kBytes);
  Proof proof;
  for (; bytes.size() >= Hash::kBytes; bytes.remove_prefix(Hash::kBytes)) {
    proof.push_back(Hash::FromPrefix(bytes));
  }
  const bool included = VerifyInclusion(a, b, first, proof, second).ok();
  KAPEA_CHECK(!included || (a < b && proof.size() <= 64));
  const bool consistent = VerifyConsistency(a, b, first, second, proof).ok();
  KAPEA_CHECK(!consistent || (a != 0 && a <= b && proof.size() <= 65));

  static const auto* nodes = new MemoryNodes(TreeOf(kKnownSize));
  const uint64_t index = a % kKnownSize, size = index + 1 + b % (kKnownSize - index);
  const Hash root = CompactRange::Load(size, *nodes).value().Root();
  const Hash leaf = nodes->Node({0, index}).value();
  const Proof right = InclusionProof(index, size, *nodes).value();
  KAPEA_CHECK(VerifyInclusion(index, size, leaf, right, root).ok());
  KAPEA_CHECK(proof == right || !VerifyInclusion(index, size, leaf, proof, root).ok());
  const Hash older = CompactRange::Load(index + 1, *nodes).value().Root();
  const Proof steps = ConsistencyProof(index + 1, size, *nodes).value();
  KAPEA_CHECK(VerifyConsistency(index + 1, size, older, root, steps).ok());
  KAPEA_CHECK(proof == steps || !VerifyConsistency(index + 1, size, older, root, proof).ok());
  // Runs: of any numbers, and a known one of leaves index to size - 1 and fewer.
  const std::vector<Hash> any(1 + proof.size() / 2, first);
  const bool stands = VerifyRange(a, any, b, proof, second).ok();
  KAPEA_CHECK(!stands || (a < b && any.size() <= b - a && proof.size() <= 124));
  const uint64_t count = 1 + b / kKnownSize % (size - index);
  std::vector<Hash> run;
  for (uint64_t i = index; i < index + count; ++i) run.push_back(nodes->Node({0, i}).value());
  const Proof sides = RangeProof(index, count, size, *nodes).value();
  KAPEA_CHECK(VerifyRange(index, run, size, sides, root).ok());
  KAPEA_CHECK(proof == sides || !VerifyRange(index, run, size, proof, root).ok());
  // Asking for what the store does not have is an answer too.
  const bool answered = InclusionProof(a, b, *nodes).ok();
  KAPEA_CHECK(!answered || a < b);
  KAPEA_CHECK(answered || a >= b || b > kKnownSize);
}

}  // namespace
}  // namespace kapea::ledger

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::ledger::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
