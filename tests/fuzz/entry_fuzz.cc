// Entries and runs of them from a server that may lie: nothing but the right run stands
// under the root of a known ledger.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"
#include "common/ledger/range.h"
#include "tests/support/memory_nodes.h"

namespace kapea::codec {
namespace {

constexpr uint64_t kSize = 9;

std::string EntryBytes(uint64_t sequence) {
  domain::Entry entry;
  entry.sequence = sequence;
  entry.number = sequence + 1;
  entry.kind = domain::Kind::kEdit;
  entry.verdict = domain::Verdict::kAccepted;
  return EncodeEntry(entry);
}

const ledger::MemoryNodes& Ledger() {
  static const auto* nodes = [] {
    auto* made = new ledger::MemoryNodes;
    for (uint64_t i = 0; i < kSize; ++i) made->Append(ledger::LeafHash(EntryBytes(i)));
    return made;
  }();
  return *nodes;
}

// Input: where the run begins, the size of the tree, how many hashes of proof; the
// hashes; then Entries, each behind a byte with its length.
void Try(std::string_view bytes) {
  if (const auto entry = DecodeEntry(bytes); entry.ok()) {
    KAPEA_CHECK(EncodeEntry(*entry).size() <= bytes.size());
    KAPEA_CHECK(entry->received >= Time() && entry->received <= Time::Max());
  }
  if (bytes.size() < 17) return;
  EntryRun run;
  run.first_sequence = ReadU64(bytes, 0);
  const uint64_t size = ReadU64(bytes, 8);
  size_t hashes = static_cast<uint8_t>(bytes[16]);
  for (bytes.remove_prefix(17); hashes > 0 && bytes.size() >= Hash::kBytes; --hashes) {
    run.proof.push_back(Hash::FromPrefix(bytes));
    bytes.remove_prefix(Hash::kBytes);
  }
  while (!bytes.empty()) {
    const size_t length = static_cast<uint8_t>(bytes[0]);
    run.entries.emplace_back(bytes.substr(1, length));
    bytes.remove_prefix(std::min(bytes.size(), 1 + length));
  }
  const ledger::MemoryNodes& nodes = Ledger();
  const auto entries = VerifyRun(run, size, nodes.root());
  KAPEA_CHECK(!entries.ok() || entries->size() == run.entries.size());
  if (VerifyRun(run, kSize, nodes.root()).ok()) {
    for (size_t i = 0; i < run.entries.size(); ++i) {
      KAPEA_CHECK(run.entries[i] == EntryBytes(run.first_sequence + i));
    }
    KAPEA_CHECK(run.proof ==
                *ledger::RangeProof(run.first_sequence, run.entries.size(), kSize, nodes));
  }
  // The right Entries for a run within the ledger, under the proof that came.
  const uint64_t first = run.first_sequence % kSize, count = 1 + size % (kSize - first);
  const auto right = ledger::RangeProof(first, count, kSize, nodes);
  KAPEA_CHECK(right.ok());
  EntryRun honest{first, {}, run.proof};
  for (uint64_t i = first; i < first + count; ++i) honest.entries.push_back(EntryBytes(i));
  KAPEA_CHECK(VerifyRun(honest, kSize, nodes.root()).ok() == (run.proof == *right));
}

}  // namespace
}  // namespace kapea::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::codec::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
