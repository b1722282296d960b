#include "client/vault/identity.h"

#include "client/vault/rows.h"
#include "common/base/macros.h"

namespace kapea::vault {
namespace {

constexpr uint8_t kIdentityVersion = 3;

absl::StatusOr<crypto::ReceiveKey> ReadReceiveKey(RowReader& row) {
  auto key = crypto::ReceiveKey::FromPrivate(crypto::SecretBytes::CopyOf(row.Bytes()));
  if (!key.ok()) return absl::DataLossError("the vault's identity cannot be read");
  return key;
}

crypto::ReceiveKey CopyOf(const crypto::ReceiveKey& key) {
  auto copy = crypto::ReceiveKey::FromPrivate(key.Private());
  KAPEA_CHECK(copy.ok());
  return *std::move(copy);
}

std::vector<OfferedKey> CopyOf(const std::vector<OfferedKey>& offers) {
  std::vector<OfferedKey> copies;
  for (const OfferedKey& offer : offers) {
    copies.push_back({CopyOf(offer.key), offer.generation, offer.made});
  }
  return copies;
}

void AddOffers(RowWriter& row, const std::vector<OfferedKey>& offers) {
  row.U32(static_cast<uint32_t>(offers.size()));
  for (const OfferedKey& offer : offers) {
    row.Bytes(offer.key.Private().view()).U32(offer.generation).Ms(offer.made.unix_ms());
  }
}

// Before version 3 there was one at most, and before 2 the first of a unit alone.
absl::StatusOr<std::vector<OfferedKey>> ReadOffers(RowReader& row, uint8_t version) {
  std::vector<OfferedKey> offers;
  for (uint32_t left = version > 2 ? row.U32() : 1; left > 0 && !row.failed(); --left) {
    const std::string_view bytes = row.Bytes();
    const uint32_t generation = version > 1 ? row.U32() : 1;
    const Time made = version > 1 ? Time::FromUnixMs(row.Ms()) : Time();
    if (version < 3 && bytes.empty()) continue;
    auto key = crypto::ReceiveKey::FromPrivate(crypto::SecretBytes::CopyOf(bytes));
    if (!key.ok()) return absl::DataLossError("the vault's identity cannot be read");
    offers.push_back({*std::move(key), generation, made});
  }
  return offers;
}

}  // namespace

Identity Identity::Copy() const {
  Identity copy;
  copy.deployment = deployment;
  copy.device = device;
  copy.person = person;
  copy.unit = unit;
  copy.role = role;
  copy.signing_key = signing_key;
  copy.device_key = CopyOf(device_key);
  for (const auto& [generation, key] : person_keys) {
    copy.person_keys.emplace(generation, CopyOf(key));
  }
  for (const auto& [owner, key] : unit_keys) copy.unit_keys.emplace(owner, CopyOf(key));
  copy.confirmed = confirmed;
  copy.person_offers = CopyOf(person_offers);
  copy.unit_offers = CopyOf(unit_offers);
  copy.tls_key_pem = tls_key_pem.Copy();
  copy.certificate_chain_pem = certificate_chain_pem;
  copy.root = root;
  copy.root_certificate_pem = root_certificate_pem;
  copy.server = server;
  copy.log_verifier_key = log_verifier_key;
  copy.genesis = genesis;
  copy.directory_file = directory_file;
  copy.standards_file = standards_file;
  return copy;
}

crypto::SecretBytes Identity::Encode() const {
  RowWriter row;
  row.U8(kIdentityVersion).Fixed(deployment).Fixed(device).Fixed(person).Fixed(unit);
  row.U8(static_cast<uint8_t>(role)).Bytes(signing_key.Scalar().view());
  row.Bytes(device_key.Private().view());
  row.U32(static_cast<uint32_t>(person_keys.size()));
  for (const auto& [generation, key] : person_keys) {
    row.U32(generation).Bytes(key.Private().view());
  }
  row.U32(static_cast<uint32_t>(unit_keys.size()));
  for (const auto& [owner, key] : unit_keys) {
    row.Fixed(owner.first).U32(owner.second).Bytes(key.Private().view());
  }
  AddOffers(row, unit_offers);
  AddOffers(row, person_offers);
  row.U32(static_cast<uint32_t>(confirmed.size()));
  for (const DeviceId& own : confirmed) row.Fixed(own);
  row.Bytes(tls_key_pem.view()).Bytes(certificate_chain_pem).Bytes(root_certificate_pem);
  row.Bytes(server).Bytes(log_verifier_key);
  row.Fixed(root).Fixed(genesis).Fixed(directory_file).Fixed(standards_file);
  std::string bytes = row.Take();
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(bytes);
  crypto::Wipe(bytes);
  return secret;
}

absl::StatusOr<Identity> Identity::Decode(std::string_view bytes) {
  RowReader row(bytes);
  Identity identity;
  const uint8_t version = row.U8();
  if (version == 0 || version > kIdentityVersion) {
    return absl::DataLossError("the vault's identity was written by another program");
  }
  identity.deployment = row.Fixed<DeploymentId>();
  identity.device = row.Fixed<DeviceId>();
  identity.person = row.Fixed<PersonId>();
  identity.unit = row.Fixed<UnitId>();
  identity.role = static_cast<domain::Role>(row.U8());
  auto signing_key = crypto::SigningKey::FromScalar(crypto::SecretBytes::CopyOf(row.Bytes()));
  if (!signing_key.ok()) return absl::DataLossError("the vault's identity cannot be read");
  identity.signing_key = *std::move(signing_key);
  KAPEA_ASSIGN(identity.device_key, ReadReceiveKey(row));
  for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
    const uint32_t generation = row.U32();
    KAPEA_ASSIGN(crypto::ReceiveKey key, ReadReceiveKey(row));
    identity.person_keys.emplace(generation, std::move(key));
  }
  for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
    const UnitId unit = row.Fixed<UnitId>();
    const uint32_t generation = row.U32();
    KAPEA_ASSIGN(crypto::ReceiveKey key, ReadReceiveKey(row));
    identity.unit_keys.emplace(std::pair(unit, generation), std::move(key));
  }
  KAPEA_ASSIGN(identity.unit_offers, ReadOffers(row, version));
  if (version > 1) {
    KAPEA_ASSIGN(identity.person_offers, ReadOffers(row, version));
    for (uint32_t left = row.U32(); left > 0 && !row.failed(); --left) {
      identity.confirmed.insert(row.Fixed<DeviceId>());
    }
  }
  identity.tls_key_pem = crypto::SecretBytes::CopyOf(row.Bytes());
  identity.certificate_chain_pem = row.Text();
  identity.root_certificate_pem = row.Text();
  identity.server = row.Text();
  identity.log_verifier_key = row.Text();
  identity.root = row.Fixed<Hash>();
  identity.genesis = row.Fixed<Hash>();
  identity.directory_file = row.Fixed<FileId>();
  identity.standards_file = row.Fixed<FileId>();
  KAPEA_TRY(row.Done("identity"));
  return identity;
}

}  // namespace kapea::vault
