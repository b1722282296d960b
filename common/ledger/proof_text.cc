#include "common/ledger/proof_text.h"

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/ledger/strict_text.h"

namespace kapea::ledger {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kIndexPrefix = "index ";

absl::Status NoProof(const char* why) {
  return absl::InvalidArgumentError(absl::StrFormat("want a tlog-proof, got %s", why));
}

}  // namespace

std::string ProofText::Text() const {
  std::string text = absl::StrFormat("%s\n%s%d\n", kHeader, kIndexPrefix, index);
  for (const Hash& hash : hashes) text += ToBase64(hash.view()) + "\n";
  return text + "\n" + checkpoint;
}

absl::StatusOr<ProofText> ProofText::Parse(std::string_view text) {
  if (TakeLine(text) != kHeader) return NoProof("another first line");
  const auto index = TakeLine(text);
  if (!index || !index->starts_with(kIndexPrefix)) return NoProof("no index line");
  ProofText proof;
  KAPEA_ASSIGN(proof.index, FromDecimal(index->substr(kIndexPrefix.size())));
  auto line = TakeLine(text);
  for (; line && !line->empty(); line = TakeLine(text)) {
    if (proof.hashes.size() == kMaxProofHashes) return NoProof("more than 64 hashes");
    KAPEA_ASSIGN(const Hash hash, HashFromBase64(*line));
    proof.hashes.push_back(hash);
  }
  if (!line) return NoProof("no empty line after the hashes");
  if (text.empty() || text.size() > kMaxNoteBytes) return NoProof("no checkpoint of up to 64 KiB");
  proof.checkpoint = std::string(text);
  return proof;
}

absl::StatusOr<Checkpoint> VerifyProofText(std::string_view text, const Hash& leaf_hash,
                                           const NoteVerifier& verifier) {
  KAPEA_ASSIGN(const ProofText proof, ProofText::Parse(text));
  KAPEA_ASSIGN(Checkpoint checkpoint, OpenCheckpoint(proof.checkpoint, verifier));
  KAPEA_TRY(
      VerifyInclusion(proof.index, checkpoint.size, leaf_hash, proof.hashes, checkpoint.root));
  return checkpoint;
}

}  // namespace kapea::ledger
