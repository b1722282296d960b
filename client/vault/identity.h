// Who this device is: the keys and names that enrolment gave it. Lies sealed in the
// vault's store, and nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/crypto/hpke.h"
#include "common/crypto/secret.h"
#include "common/crypto/signature.h"
#include "common/domain/change.h"

namespace kapea::vault {

inline constexpr size_t kOffersMax = 4;

// A receive key made here, that becomes its owner's when the directory names it.
struct OfferedKey {
  crypto::ReceiveKey key;
  uint32_t generation = 1;
  Time made;  // by this device's clock
};

// Threads: one at a time. Move-only, for its keys.
struct Identity {
  DeploymentId deployment;
  DeviceId device;
  PersonId person;
  // What the person acts as unless a call says otherwise. The directory has all her
  // roles, once it is there.
  UnitId unit;
  domain::Role role = domain::Role::kNone;

  crypto::SigningKey signing_key = crypto::SigningKey::Generate();      // signs parcels
  crypto::ReceiveKey device_key = crypto::ReceiveKey::Generate();       // receives her other keys
  std::map<uint32_t, crypto::ReceiveKey> person_keys;                   // by generation
  std::map<std::pair<UnitId, uint32_t>, crypto::ReceiveKey> unit_keys;  // by unit, generation
  // Her other devices whose number she has compared; they get her keys.
  std::set<DeviceId> confirmed;
  // Oldest first, kOffersMax at most: registrars may take one that another has followed. The
  // unit is `unit`; its first was offered at enrolment.
  std::vector<OfferedKey> person_offers;
  std::vector<OfferedKey> unit_offers;

  crypto::SecretBytes tls_key_pem;
  std::string certificate_chain_pem;
  Hash root;                         // SHA-256 of the root certificate, pinned by the code
  std::string root_certificate_pem;  // may be empty: the server sends it, the hash decides
  std::string server;                // host:port
  std::string log_verifier_key;      // C2SP text; "<deployment>/<epoch>+..."
  Hash genesis;                      // leaf hash of Entry 0, pinned by the enrolment code
  FileId directory_file;
  FileId standards_file;

  Identity Copy() const;
  crypto::SecretBytes Encode() const;
  static absl::StatusOr<Identity> Decode(std::string_view bytes);  // DataLoss
};

}  // namespace kapea::vault
