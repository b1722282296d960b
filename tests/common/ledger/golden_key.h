// The invented log whose signed checkpoint is frozen in tests/golden/checkpoint.txt.
#pragma once

#include <fstream>
#include <iterator>
#include <numeric>
#include <string>

#include "common/crypto/signature.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/tree.h"

namespace kapea::ledger {

inline constexpr char kGoldenOrigin[] = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf/1";
inline constexpr char kGoldenVerifierKey[] =
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf/1+6f89529d+"
    "AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";

// From the seed 00 01 ... 1f; with `first`, from another.
inline crypto::NoteSigningKey GoldenKey(char first = 0) {
  std::string seed(32, '\0');
  std::iota(seed.begin(), seed.end(), first);
  return crypto::NoteSigningKey::FromSeed(crypto::SecretBytes::CopyOf(seed)).value();
}

inline NoteVerifier GoldenVerifier() { return {kGoldenOrigin, GoldenKey().public_key()}; }

// The tree of "entry 0" to "entry 6".
inline Checkpoint GoldenCheckpoint() {
  CompactRange range;
  for (int i = 0; i < 7; ++i) range.Append(LeafHash("entry " + std::to_string(i)));
  return {kGoldenOrigin, 7, range.Root(), Time::FromUnixMs(1'795'311'000'000)};
}

inline std::string GoldenNote() {
  std::ifstream file(std::string(KAPEA_SOURCE) + "/tests/golden/checkpoint.txt");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace kapea::ledger
