// The texts that strangers send: notes, checkpoints, verifier keys, proofs, tile paths.
// Whatever is accepted must be written again byte by byte: one spelling each.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/proof_text.h"
#include "common/ledger/strict_text.h"
#include "common/ledger/tiles.h"

namespace kapea::ledger {
namespace {

constexpr char kName[] = "example.com/log";

const crypto::NoteSigningKey& Key() {
  static const auto* key = new crypto::NoteSigningKey(
      crypto::NoteSigningKey::FromSeed(crypto::SecretBytes::CopyOf(std::string(32, 's'))).value());
  return *key;
}

void Try(std::string_view text) {
  const NoteVerifier verifier{kName, Key().public_key()};
  // The text as a whole note; nobody guesses a signature.
  KAPEA_CHECK(!OpenNote(text, verifier).ok());
  // And signed, in case it is a text.
  if (IsNoteText(text) && text.ends_with('\n')) {
    const std::string note = SignNote(text, kName, Key());
    const auto opened = OpenNote(note, verifier);
    KAPEA_CHECK(opened.ok() == (note.size() <= kMaxNoteBytes));
    KAPEA_CHECK(!opened.ok() || *opened == text);
  }
  if (const auto checkpoint = Checkpoint::Parse(text); checkpoint.ok()) {
    KAPEA_CHECK(checkpoint->Text() == text);
  }
  if (const auto key = ParseVerifierKey(text); key.ok()) {
    KAPEA_CHECK(ToVerifierKey(key->name, key->public_key) == text);
  }
  if (const auto proof = ProofText::Parse(text); proof.ok()) {
    KAPEA_CHECK(proof->Text() == text);
  }
  if (const auto tile = ParseTilePath(text); tile.ok()) {
    KAPEA_CHECK(TilePath(*tile) == text);
    const auto hashes = ParseTile(*tile, text);
    KAPEA_CHECK(!hashes.ok() || hashes->size() == tile->width);
  }
  if (const auto bytes = FromBase64(text); bytes.ok()) {
    KAPEA_CHECK(ToBase64(*bytes) == text);
  }
}

}  // namespace
}  // namespace kapea::ledger

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::ledger::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
