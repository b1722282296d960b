#include "client/vault/halves.h"

#include <utility>

#include "common/base/macros.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "common/domain/glass.h"

namespace kapea::vault {
namespace {

// Of equal length.
crypto::SecretBytes Xor(const crypto::SecretBytes& a, const crypto::SecretBytes& b) {
  crypto::SecretBytes out(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    out.data()[i] = static_cast<unsigned char>(a.data()[i] ^ b.data()[i]);
  }
  return out;
}

Hash HashOf(const crypto::SecretBytes& half) { return crypto::Sha256(half.view()); }

}  // namespace

void MakeHalves(const domain::Directory& directory, const UnitId& unit,
                const std::vector<domain::Member>& roster, NewEpoch& epoch) {
  for (const domain::HalfHolder& holder : domain::HalfHolders(directory, unit, roster)) {
    const domain::PersonEntry* person = directory.FindPerson(holder.person);
    HalfRecipient& one = epoch.half_holders.emplace_back();
    one.half = holder.half;
    one.recipient.kind = domain::RecipientKind::kHalf;
    one.recipient.id = ChangeId::FromPrefix(person->person.view());
    one.recipient.generation = person->generation;
    one.recipient.public_key = person->receive_key;
  }
  if (epoch.half_holders.empty()) return;
  for (const auto& [key_class, key] : epoch.keys) {
    crypto::SecretBytes a = crypto::SecretBytes::Random(key.size());
    crypto::SecretBytes b = Xor(key, a);
    epoch.halves.emplace(key_class, std::pair(std::move(a), std::move(b)));
  }
}

void NameHalves(const NewEpoch& epoch, domain::KeyOpening& opening) {
  const auto halves = epoch.halves.find(opening.key_class);
  if (halves == epoch.halves.end()) return;
  opening.half_a = HashOf(halves->second.first);
  opening.half_b = HashOf(halves->second.second);
}

bool LacksHalves(const domain::FileState& state, const domain::Directory& directory) {
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  if (newest == nullptr) return false;
  for (const auto& [key_class, opening] : newest->classes) {
    if (opening.half_a) return false;
  }
  return !domain::HalfHolders(directory, domain::DutyUnitOf(state), state.roster()).empty();
}

bool IsHalf(const domain::KeyOpening& opening, uint32_t half, const crypto::SecretBytes& secret) {
  const std::optional<Hash>& wanted = half == 1 ? opening.half_a : opening.half_b;
  return wanted && *wanted == HashOf(secret);
}

std::optional<OwnHalf> FindHalf(const Core& core, const domain::FileState& state,
                                const KeyEpochId& epoch, domain::KeyClass key_class) {
  const auto opened = state.key_epochs().find(epoch);
  if (opened == state.key_epochs().end()) return std::nullopt;
  const auto opening = opened->second.classes.find(key_class);
  if (opening == opened->second.classes.end()) return std::nullopt;
  const Identity& identity = core.identity;
  for (const domain::WrapAt& at : state.wraps()) {
    const domain::Wrap& wrap = at.wrap;
    if (wrap.recipient_kind != domain::RecipientKind::kHalf || wrap.key_epoch != epoch ||
        wrap.key_class != key_class || wrap.recipient.view() != identity.person.view()) {
      continue;
    }
    const auto with = identity.person_keys.find(wrap.generation);
    if (with == identity.person_keys.end()) continue;
    auto secret = codec::OpenWrap({identity.deployment, state.id(), at.change}, wrap, with->second);
    if (secret.ok() && IsHalf(opening->second, wrap.half, *secret)) {
      return OwnHalf{wrap.half, *std::move(secret)};
    }
  }
  return std::nullopt;
}

absl::StatusOr<crypto::SecretBytes> JoinHalves(const DeploymentId& deployment, const FileId& file,
                                               const KeyEpochId& epoch,
                                               const domain::KeyOpening& opening,
                                               const crypto::SecretBytes& a,
                                               const crypto::SecretBytes& b) {
  if (a.size() != crypto::kClassKeyBytes || b.size() != crypto::kClassKeyBytes) {
    return absl::DataLossError("a half of another length than a key's");
  }
  crypto::SecretBytes key = Xor(a, b);
  const std::string commitment = crypto::ClassKeyCommitment(
      key, deployment, file, epoch, static_cast<uint8_t>(opening.key_class));
  if (commitment != opening.commitment.view()) {
    return absl::DataLossError("the two halves do not make the key that was committed to");
  }
  return key;
}

}  // namespace kapea::vault
