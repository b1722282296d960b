#include "common/codec/server_keys.h"

#include "common/base/macros.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {
namespace {

constexpr size_t kKeyBytes = 32;

absl::Status CheckParts(const ServerKeys& keys) {
  if (keys.store_master_key.size() != kKeyBytes || keys.log_seed.size() != kKeyBytes ||
      keys.device_scalar.size() != kKeyBytes || keys.tls_key_pem.empty() ||
      keys.tls_chain_pem.empty()) {
    return absl::InvalidArgumentError("want all five of the server's keys, got fewer");
  }
  const size_t next = keys.next_store_master_key.size();
  if (next != 0 && next != kKeyBytes) {
    return absl::InvalidArgumentError("want a next master key of 32 bytes, got " +
                                      std::to_string(next));
  }
  return absl::OkStatus();
}

crypto::SecretBytes Take(std::string* bytes) {
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(*bytes);
  crypto::Wipe(*bytes);
  return secret;
}

}  // namespace

absl::StatusOr<std::string> ServerKeys::Seal(crypto::Homes homes) const {
  KAPEA_TRY(CheckParts(*this));
  store::v1::ServerKeys wire;
  wire.set_store_master_key(std::string(store_master_key.view()));
  wire.set_log_seed(std::string(log_seed.view()));
  wire.set_device_scalar(std::string(device_scalar.view()));
  wire.set_tls_key_pem(std::string(tls_key_pem.view()));
  wire.set_tls_chain_pem(tls_chain_pem);
  wire.set_next_store_master_key(std::string(next_store_master_key.view()));
  std::string plain = wire.SerializeAsString();
  auto sealed = crypto::SealKeyBox(homes, plain);
  crypto::Wipe(plain);
  crypto::Wipe(*wire.mutable_store_master_key());
  crypto::Wipe(*wire.mutable_log_seed());
  crypto::Wipe(*wire.mutable_device_scalar());
  crypto::Wipe(*wire.mutable_tls_key_pem());
  crypto::Wipe(*wire.mutable_next_store_master_key());
  return sealed;
}

absl::StatusOr<ServerKeys> ServerKeys::Open(crypto::Homes homes, std::string_view sealed) {
  KAPEA_ASSIGN(const crypto::SecretBytes plain, crypto::OpenKeyBox(homes, sealed));
  store::v1::ServerKeys wire;
  if (!wire.ParseFromArray(plain.data(), static_cast<int>(plain.size()))) {
    return absl::InvalidArgumentError("the keys file opens, but holds no server keys");
  }
  ServerKeys keys;
  keys.store_master_key = Take(wire.mutable_store_master_key());
  keys.log_seed = Take(wire.mutable_log_seed());
  keys.device_scalar = Take(wire.mutable_device_scalar());
  keys.tls_key_pem = Take(wire.mutable_tls_key_pem());
  keys.tls_chain_pem = wire.tls_chain_pem();
  keys.next_store_master_key = Take(wire.mutable_next_store_master_key());
  KAPEA_TRY(CheckParts(keys));
  return keys;
}

absl::StatusOr<std::string> ServerKeys::Seal(std::string_view passphrase,
                                             const crypto::PassphraseParameters& parameters) const {
  crypto::PassphraseHome home(passphrase, parameters);
  crypto::KeyHome* const homes[] = {&home};
  return Seal(homes);
}

absl::StatusOr<ServerKeys> ServerKeys::Open(std::string_view passphrase, std::string_view sealed) {
  crypto::PassphraseHome home(passphrase, {});
  crypto::KeyHome* const homes[] = {&home};
  return Open(homes, sealed);
}

}  // namespace kapea::codec
