// A pack under its owner's signature.
#include <algorithm>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/pack_compiler.h"
#include "common/crypto/domains.h"
#include "kapea/v1/pack.pb.h"

namespace kapea::codec {
namespace {

std::string SignedBytes(std::string_view pack) {
  std::string message(crypto::kPackDomain);
  message.append(pack);
  return message;
}

}  // namespace

std::string SignPack(std::string_view pack, const crypto::SigningKey& owner) {
  v1::SignedPack message;
  message.set_pack(std::string(pack));
  message.set_owner_key(owner.verify_key().bytes());
  message.set_signature(owner.Sign(SignedBytes(pack)));
  return EncodeCanonical(message);
}

absl::StatusOr<SignedPackBytes> OpenSignedPack(std::string_view signed_pack,
                                               const std::vector<std::string>& owners) {
  v1::SignedPack message;
  KAPEA_TRY(DecodeCanonical(signed_pack, "signed pack", message));
  // The signature first: what is not signed at all says nothing about its owner.
  KAPEA_ASSIGN(const crypto::VerifyKey key, crypto::VerifyKey::FromBytes(message.owner_key()));
  KAPEA_TRY(key.Verify(SignedBytes(message.pack()), message.signature()));
  if (std::find(owners.begin(), owners.end(), message.owner_key()) == owners.end()) {
    return absl::PermissionDeniedError("want a pack owner named in the genesis, got another key");
  }
  return SignedPackBytes{message.pack(), message.owner_key()};
}

}  // namespace kapea::codec
