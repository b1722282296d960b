#include "common/codec/recovery_codec.h"

#include <string>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/wire_values.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "kapea/v1/recovery.pb.h"

namespace kapea::codec {
namespace {

constexpr std::string_view kRequestLine = "KAPEA RECOVERY REQUEST 1\n";
constexpr std::string_view kAnswerLine = "KAPEA RECOVERY ANSWER 1\n";
constexpr size_t kKeyBytes = 32;
constexpr size_t kSealedBytes = 48;

absl::Status Bad(const char* what) {
  return absl::InvalidArgumentError(std::string("malformed recovery file: ") + what);
}

// The message after the line that says what it is.
absl::StatusOr<std::string_view> After(std::string_view line, std::string_view bytes,
                                       const char* what) {
  if (bytes.size() > kRecoveryBytesMax) {
    return absl::ResourceExhaustedError("want a file of at most 32 MiB");
  }
  if (bytes.substr(0, line.size()) != line) {
    return absl::InvalidArgumentError(std::string("this file is no recovery ") + what);
  }
  return bytes.substr(line.size());
}

absl::StatusOr<RecoveryWanted> FromWire(const v1::RecoveryWanted& from) {
  RecoveryWanted to;
  KAPEA_TRY(ReadId(from.file(), to.file));
  KAPEA_TRY(ReadId(from.change(), to.change));
  KAPEA_TRY(ReadId(from.commitment(), to.commitment));
  v1::Write write;
  *write.mutable_wrap() = from.wrap();
  KAPEA_ASSIGN(const domain::WriteBody body, codec::FromWire(write));
  const auto* wrap = std::get_if<domain::Wrap>(&body);
  if (wrap == nullptr || !wrap->key_epoch || wrap->half != 0 ||
      wrap->recipient_kind != domain::RecipientKind::kRecovery) {
    return Bad("a wrap that is not for the recovery key");
  }
  to.wrap = *wrap;
  return to;
}

absl::StatusOr<RecoveredKey> FromWire(const v1::RecoveredKey& from) {
  RecoveredKey to;
  KAPEA_TRY(ReadId(from.file(), to.file));
  KAPEA_TRY(ReadId(from.key_epoch(), to.key_epoch));
  if (from.key_class() == 0 || from.key_class() > 0xff) return Bad("class");
  to.key_class = static_cast<domain::KeyClass>(from.key_class());
  to.generation = from.generation();
  to.sealed = {from.encapsulated(), from.ciphertext()};
  if (to.sealed.encapsulated.size() != kKeyBytes || to.sealed.ciphertext.size() != kSealedBytes ||
      to.generation == 0) {
    return Bad("key");
  }
  return to;
}

std::string AssociatedData(const Hash& request, const RecoveredKey& key,
                           const DeploymentId& deployment, const PersonId& person,
                           uint32_t generation, std::string_view receive_key) {
  std::string out;
  out.append(deployment.view());
  out.append(key.file.view());
  out.append(key.key_epoch.view());
  AppendU8(out, static_cast<uint8_t>(key.key_class));
  AppendU32(out, key.generation);
  out.append(person.view());
  AppendU32(out, generation);
  out.append(crypto::Sha256(receive_key).view());
  out.append(request.view());
  return out;
}

}  // namespace

std::string EncodeRecoveryRequest(const RecoveryRequest& request) {
  v1::RecoveryRequest wire;
  wire.set_format(1);
  wire.set_deployment(request.deployment.str());
  wire.set_person(request.person.str());
  wire.set_generation(request.generation);
  wire.set_receive_key(request.receive_key);
  wire.set_reason(request.reason);
  for (const RecoveryWanted& wanted : request.wanted) {
    v1::RecoveryWanted& to = *wire.add_wanted();
    to.set_file(wanted.file.str());
    to.set_change(wanted.change.str());
    *to.mutable_wrap() = ToWire(domain::WriteBody(wanted.wrap)).wrap();
    to.set_commitment(wanted.commitment.str());
  }
  return std::string(kRequestLine) + EncodeCanonical(wire);
}

absl::StatusOr<RecoveryRequest> DecodeRecoveryRequest(std::string_view bytes) {
  KAPEA_ASSIGN(const std::string_view message, After(kRequestLine, bytes, "request"));
  v1::RecoveryRequest wire;
  KAPEA_TRY(DecodeCanonical(message, "recovery request", wire));
  RecoveryRequest request;
  KAPEA_TRY(ReadId(wire.deployment(), request.deployment));
  KAPEA_TRY(ReadId(wire.person(), request.person));
  request.generation = wire.generation();
  request.receive_key = wire.receive_key();
  request.reason = wire.reason();
  if (wire.format() != 1 || request.generation == 0 || request.receive_key.size() != kKeyBytes ||
      !IsName(request.reason) || wire.wanted().empty()) {
    return Bad("head of the request");
  }
  if (static_cast<size_t>(wire.wanted_size()) > kRecoveryKeysMax) {
    return absl::ResourceExhaustedError("want at most 65,536 keys in a recovery request");
  }
  for (const v1::RecoveryWanted& wanted : wire.wanted()) {
    KAPEA_ASSIGN(request.wanted.emplace_back(), FromWire(wanted));
  }
  return request;
}

std::string EncodeRecoveryAnswer(const RecoveryAnswer& answer) {
  v1::RecoveryAnswer wire;
  wire.set_format(1);
  wire.set_request_hash(answer.request.str());
  for (const RecoveredKey& key : answer.keys) {
    v1::RecoveredKey& to = *wire.add_keys();
    to.set_file(key.file.str());
    to.set_key_epoch(key.key_epoch.str());
    to.set_key_class(static_cast<uint32_t>(key.key_class));
    to.set_generation(key.generation);
    to.set_encapsulated(key.sealed.encapsulated);
    to.set_ciphertext(key.sealed.ciphertext);
  }
  return std::string(kAnswerLine) + EncodeCanonical(wire);
}

absl::StatusOr<RecoveryAnswer> DecodeRecoveryAnswer(std::string_view bytes) {
  KAPEA_ASSIGN(const std::string_view message, After(kAnswerLine, bytes, "answer"));
  v1::RecoveryAnswer wire;
  KAPEA_TRY(DecodeCanonical(message, "recovery answer", wire));
  RecoveryAnswer answer;
  KAPEA_TRY(ReadId(wire.request_hash(), answer.request));
  if (wire.format() != 1 || wire.keys().empty()) return Bad("head of the answer");
  if (static_cast<size_t>(wire.keys_size()) > kRecoveryKeysMax) {
    return absl::ResourceExhaustedError("want at most 65,536 keys in a recovery answer");
  }
  for (const v1::RecoveredKey& key : wire.keys()) {
    KAPEA_ASSIGN(answer.keys.emplace_back(), FromWire(key));
  }
  return answer;
}

absl::StatusOr<Recovered> AnswerRecovery(const RecoveryRequest& request,
                                         std::string_view request_bytes,
                                         const crypto::ReceiveKey& recovery) {
  Recovered recovered;
  recovered.answer.request = crypto::Sha256(request_bytes);
  const Hash ours = crypto::Sha256(recovery.public_key());
  for (const RecoveryWanted& wanted : request.wanted) {
    const domain::Wrap& wrap = wanted.wrap;
    if (wrap.recipient_key != ours) {
      ++recovered.of_other_key;
      continue;
    }
    const auto key = OpenWrap({request.deployment, wanted.file, wanted.change}, wrap, recovery);
    const bool fits =
        key.ok() && crypto::ClassKeyCommitment(
                        *key, request.deployment, wanted.file, *wrap.key_epoch,
                        static_cast<uint8_t>(wrap.key_class)) == wanted.commitment.view();
    if (!fits) {
      ++recovered.damaged;
      continue;
    }
    RecoveredKey out{wanted.file, *wrap.key_epoch, wrap.key_class, wrap.generation, {}};
    KAPEA_ASSIGN(
        out.sealed,
        crypto::HpkeSeal(request.receive_key, crypto::kRecoveryAnswerDomain,
                         AssociatedData(recovered.answer.request, out, request.deployment,
                                        request.person, request.generation, request.receive_key),
                         key->view()));
    recovered.answer.keys.push_back(std::move(out));
  }
  if (recovered.answer.keys.empty()) {
    return absl::FailedPreconditionError(
        recovered.damaged == 0
            ? "not one key in the request was given to this recovery key: these sheets are of "
              "another generation"
            : "not one key in the request opens with this recovery key: the request was altered");
  }
  return recovered;
}

absl::StatusOr<crypto::SecretBytes> OpenRecovered(const RecoveryAnswer& answer,
                                                  const RecoveredKey& key, const Asker& asker) {
  return crypto::HpkeOpen(asker.key, key.sealed.encapsulated, crypto::kRecoveryAnswerDomain,
                          AssociatedData(answer.request, key, asker.deployment, asker.person,
                                         asker.generation, asker.key.public_key()),
                          key.sealed.ciphertext);
}

}  // namespace kapea::codec
