#include "common/pki/enrolment_code.h"

#include <cctype>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/pki/certificate.h"
#include "common/pki/x509.h"

namespace kapea::pki {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kChecksumBytes = 8;
constexpr size_t kScalarBytes = 32;
constexpr size_t kCertificateBytesMax = 800;
constexpr size_t kPointBytes = 65;
constexpr size_t kReceiveKeyBytes = 32;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

const char kDamaged[] = "the enrolment code is damaged or cut: scan or copy it again";

absl::Status Damaged() { return absl::InvalidArgumentError(kDamaged); }

std::string ToBase32(std::string_view bytes) {
  std::string text;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = (bits << 8) | static_cast<uint8_t>(c);
    for (count += 8; count >= 5; count -= 5) text.push_back(kAlphabet[(bits >> (count - 5)) & 31]);
  }
  if (count > 0) text.push_back(kAlphabet[(bits << (5 - count)) & 31]);
  return text;
}

// Empty when the text is not exactly what ToBase32 writes.
std::string FromBase32(std::string_view text) {
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return "";
    bits = (bits << 5) | static_cast<uint32_t>(digit);
    count += 5;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  // One spelling for each code: no spare digit, no bit set behind the last byte.
  if (count >= 5 || (bits & ((1u << count) - 1)) != 0) return "";
  return bytes;
}

// Takes parts off the front of bytes whose checksum was already right.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  absl::StatusOr<std::string_view> Take(size_t size) {
    if (rest_.size() < size) return Damaged();
    const std::string_view part = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return part;
  }
  absl::StatusOr<std::string_view> TakeLengthPrefixed() {
    KAPEA_ASSIGN(const std::string_view size, Take(2));
    return Take(ReadU16(size));
  }
  template <typename Id>
  absl::Status TakeInto(Id& out) {
    KAPEA_ASSIGN(const std::string_view part, Take(Id::kBytes));
    out = Id::FromPrefix(part);
    return absl::OkStatus();
  }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

std::string_view Trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::string ChecksumOf(std::string_view bytes) {
  return crypto::Sha256({kEnrolmentCodePrefix, bytes}).str().substr(0, kChecksumBytes);
}

absl::Status CheckParts(const EnrolmentCode& code) {
  if (code.deployment.is_zero() || code.genesis.is_zero() || code.root.is_zero() ||
      code.secret.size() != kEnrolmentSecretBytes) {
    return absl::InvalidArgumentError("want deployment, genesis, root and a 16-byte secret");
  }
  if (code.log_key.empty() || code.log_key.size() > kLogVerifierKeyBytesMax) {
    return absl::InvalidArgumentError("want a log verifier key of 1 to 200 bytes");
  }
  KAPEA_TRY(CheckServerAddress(code.server));
  if (code.bootstrap_certificate.size() > kCertificateBytesMax) {
    return absl::InvalidArgumentError("want a certificate of at most 800 bytes");
  }
  KAPEA_ASSIGN(const Certificate certificate, Certificate::FromDer(code.bootstrap_certificate));
  KAPEA_ASSIGN(const EvpKeyPtr key, PublicKeyOf(code.bootstrap_key.verify_key().bytes()));
  if (SpkiHashOf(key.get()) != certificate.spki) {
    return absl::InvalidArgumentError("want the bootstrap certificate's own key, got another");
  }
  KAPEA_ASSIGN(const PeerName name, NameOf(certificate, code.deployment));
  if (!std::holds_alternative<BootstrapName>(name)) {
    return absl::InvalidArgumentError("want a bootstrap certificate, got another's");
  }
  return absl::OkStatus();
}

absl::Status ReadParts(std::string_view bytes, EnrolmentCode& code) {
  Reader reader(bytes);
  KAPEA_ASSIGN(const std::string_view version, reader.Take(1));
  if (static_cast<uint8_t>(version[0]) != kVersion) {
    return absl::InvalidArgumentError("the enrolment code is of another version: update Kapea");
  }
  KAPEA_TRY(reader.TakeInto(code.deployment));
  KAPEA_TRY(reader.TakeInto(code.genesis));
  KAPEA_TRY(reader.TakeInto(code.root));
  KAPEA_ASSIGN(const std::string_view expires, reader.Take(8));
  const uint64_t expires_ms = ReadU64(expires);
  if (expires_ms > static_cast<uint64_t>(Time::Max().unix_ms())) return Damaged();
  code.expires = Time::FromUnixMs(static_cast<int64_t>(expires_ms));
  KAPEA_ASSIGN(const std::string_view secret, reader.Take(kEnrolmentSecretBytes));
  code.secret = crypto::SecretBytes::CopyOf(secret);
  KAPEA_ASSIGN(const std::string_view scalar, reader.Take(kScalarBytes));
  KAPEA_ASSIGN(code.bootstrap_key,
               crypto::SigningKey::FromScalar(crypto::SecretBytes::CopyOf(scalar)));
  KAPEA_ASSIGN(const std::string_view log_key, reader.TakeLengthPrefixed());
  code.log_key = std::string(log_key);
  KAPEA_ASSIGN(const std::string_view server, reader.TakeLengthPrefixed());
  code.server = std::string(server);
  KAPEA_ASSIGN(const std::string_view certificate, reader.TakeLengthPrefixed());
  code.bootstrap_certificate = std::string(certificate);
  return reader.done() ? absl::OkStatus() : Damaged();
}

}  // namespace

absl::StatusOr<crypto::SecretBytes> EnrolmentCode::Encode() const {
  KAPEA_TRY(CheckParts(*this));
  if (expires.unix_ms() <= 0) return absl::InvalidArgumentError("want a time of expiry");
  std::string bytes;
  bytes.reserve(kEnrolmentCodeBytesMax);  // so that no half of a secret stays behind in memory
  AppendU8(bytes, kVersion);
  bytes.append(deployment.view()).append(genesis.view()).append(root.view());
  AppendU64(bytes, static_cast<uint64_t>(expires.unix_ms()));
  bytes.append(secret.view()).append(bootstrap_key.Scalar().view());
  AppendLengthPrefixed(bytes, log_key);
  AppendLengthPrefixed(bytes, server);
  AppendLengthPrefixed(bytes, bootstrap_certificate);
  bytes.append(ChecksumOf(bytes));
  std::string digits = ToBase32(bytes);
  crypto::Wipe(bytes);
  std::string text = std::string(kEnrolmentCodePrefix) + digits;
  crypto::Wipe(digits);
  crypto::SecretBytes out = crypto::SecretBytes::CopyOf(text);
  crypto::Wipe(text);
  if (out.size() > kEnrolmentCodeBytesMax) {
    return absl::InvalidArgumentError("want a code of at most 2 KiB, got more");
  }
  return out;
}

absl::StatusOr<EnrolmentCode> EnrolmentCode::Decode(std::string_view text) {
  text = Trimmed(text);
  if (text.size() > kEnrolmentCodeBytesMax) {
    return absl::InvalidArgumentError("this is too long to be an enrolment code");
  }
  if (!text.starts_with(kEnrolmentCodePrefix)) {
    return absl::InvalidArgumentError("this is no enrolment code: one begins with KAPEA1:");
  }
  std::string bytes = FromBase32(text.substr(kEnrolmentCodePrefix.size()));
  EnrolmentCode code;
  absl::Status status = Damaged();
  if (bytes.size() > kChecksumBytes) {
    const std::string_view body(bytes.data(), bytes.size() - kChecksumBytes);
    if (ChecksumOf(body) == bytes.substr(body.size())) status = ReadParts(body, code);
  }
  crypto::Wipe(bytes);
  if (status.ok()) status = CheckParts(code);
  if (!status.ok()) return status;
  return code;
}

absl::Status CheckServerAddress(std::string_view address) {
  const absl::Status bad =
      absl::InvalidArgumentError("want a server address as host:port, the port 1 to 65535");
  const size_t colon = address.rfind(':');
  if (address.size() > kServerAddressBytesMax || colon == std::string_view::npos || colon == 0) {
    return bad;
  }
  const std::string_view port = address.substr(colon + 1);
  std::string_view host = address.substr(0, colon);
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || port.empty() || port.size() > 5 || port.front() == '0') return bad;
  int number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return bad;
    number = number * 10 + (c - '0');
  }
  if (number > 65535) return bad;
  for (const char c : host) {
    const bool name = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
    const bool ipv6 = std::isxdigit(static_cast<unsigned char>(c)) != 0 || c == ':' || c == '.';
    if (bracketed ? !ipv6 : !name) return bad;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> EnrolmentMac(std::string_view secret, const Hash& spki,
                                         const NewDeviceKeys& keys) {
  if (secret.size() != kEnrolmentSecretBytes || keys.signing.size() != kPointBytes ||
      keys.device_receive.size() != kReceiveKeyBytes ||
      keys.person_receive.size() != kReceiveKeyBytes ||
      keys.unit_receive.size() != kReceiveKeyBytes) {
    return absl::InvalidArgumentError(
        "want a secret of 16 bytes, a signing key of 65 and three receive keys of 32");
  }
  std::string message(crypto::kEnrolDomain);
  message.append(spki.view()).append(keys.signing).append(keys.device_receive);
  message.append(keys.person_receive).append(keys.unit_receive);
  return crypto::HmacSha256(secret, message);
}

absl::Status CheckEnrolmentMac(std::string_view secret, const Hash& spki, const NewDeviceKeys& keys,
                               std::string_view mac) {
  KAPEA_ASSIGN(const std::string wanted, EnrolmentMac(secret, spki, keys));
  if (!crypto::ConstantTimeEqual(wanted, mac)) {
    return absl::UnauthenticatedError("the new keys were not sent by whoever read the code");
  }
  return absl::OkStatus();
}

}  // namespace kapea::pki
