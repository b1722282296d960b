#include "common/crypto/signature.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "common/base/macros.h"
#include "common/crypto/evp.h"
#include "common/crypto/pkey.h"

namespace kapea::crypto {
namespace {

using internal::Bytes;
using internal::PkeyContextPtr;
using internal::PkeyPtr;
using internal::Refused;
using internal::SecretNumberPtr;

constexpr size_t kScalarBytes = 32;
constexpr size_t kPointBytes = 1 + 2 * kScalarBytes;
constexpr size_t kSignatureBytes = 2 * kScalarBytes;
// SEQUENCE of two INTEGERs of up to 33 bytes.
constexpr size_t kDerBytesMax = 2 + 2 * (2 + 1 + kScalarBytes);
constexpr char kGroupName[] = "P-256";
constexpr char kParameterGroup[] = "prime256v1";

using GroupPtr = std::unique_ptr<EC_GROUP, internal::FreeBy<EC_GROUP_free>>;
using PointPtr = std::unique_ptr<EC_POINT, internal::FreeBy<EC_POINT_free>>;
using BioPtr = std::unique_ptr<BIO, internal::FreeBy<BIO_free_all>>;
using SignaturePtr = std::unique_ptr<ECDSA_SIG, internal::FreeBy<ECDSA_SIG_free>>;

const EC_GROUP* P256() {
  static const EC_GROUP* const group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  KAPEA_CHECK(group != nullptr);
  return group;
}

unsigned char* Writable(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// Null when the point is not on the curve. `scalar` may be empty: a public key.
PkeyPtr MakePkey(std::string_view point, std::string_view scalar) {
  char group[sizeof(kParameterGroup)];
  std::memcpy(group, kParameterGroup, sizeof(group));
  std::string public_bytes(point);
  // OpenSSL takes numbers in the machine's byte order: little-endian on all of ours.
  SecretBytes native = SecretBytes::CopyOf(scalar);
  std::reverse(native.data(), native.data() + native.size());
  std::array<OSSL_PARAM, 4> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, public_bytes.data(),
                                        public_bytes.size()),
      OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
  if (!scalar.empty()) {
    parameters[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native.data(), native.size());
  }
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  KAPEA_CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  EVP_PKEY* pkey = nullptr;
  const int selection = scalar.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  if (Refused(EVP_PKEY_fromdata(context.get(), &pkey, selection, parameters.data()) == 1)) {
    return nullptr;
  }
  return PkeyPtr(pkey);
}

std::string PointOf(const BIGNUM* scalar) {
  const PointPtr point(EC_POINT_new(P256()));
  std::string bytes(kPointBytes, '\0');
  KAPEA_CHECK(point != nullptr &&
              EC_POINT_mul(P256(), point.get(), scalar, nullptr, nullptr, nullptr) == 1 &&
              EC_POINT_point2oct(P256(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                 Writable(bytes), bytes.size(), nullptr) == kPointBytes);
  return bytes;
}

SecretBytes ScalarOf(const EVP_PKEY* pkey) {
  BIGNUM* number = nullptr;
  KAPEA_CHECK(EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1);
  const SecretNumberPtr owned(number);
  SecretBytes scalar(kScalarBytes);
  KAPEA_CHECK(BN_bn2binpad(number, scalar.data(), kScalarBytes) == kScalarBytes);
  return scalar;
}

// DER of one INTEGER from 32 big-endian bytes; returns where the next one goes.
unsigned char* AppendInteger(unsigned char* out, const unsigned char* number) {
  size_t skip = 0;
  while (skip < kScalarBytes - 1 && number[skip] == 0) ++skip;
  const bool sign_byte = (number[skip] & 0x80) != 0;
  const size_t size = kScalarBytes - skip;
  *out++ = 0x02;
  *out++ = static_cast<unsigned char>(size + (sign_byte ? 1 : 0));
  if (sign_byte) *out++ = 0;
  std::memcpy(out, number + skip, size);
  return out + size;
}

size_t ToDer(std::string_view signature, std::array<unsigned char, kDerBytesMax>& der) {
  unsigned char* end = AppendInteger(der.data() + 2, Bytes(signature));
  end = AppendInteger(end, Bytes(signature) + kScalarBytes);
  const auto size = static_cast<size_t>(end - der.data());
  der[0] = 0x30;
  der[1] = static_cast<unsigned char>(size - 2);
  return size;
}

std::array<unsigned char, internal::kSha256Bytes> DigestOf(std::string_view message) {
  std::array<unsigned char, internal::kSha256Bytes> digest;
  internal::Sha256Into({&message, 1}, digest.data());
  return digest;
}

// A PEM with a passphrase is refused; OpenSSL would ask for it at the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*opaque*/) { return -1; }

}  // namespace

struct VerifyKey::Parsed {
  PkeyPtr pkey;
};
struct SigningKey::Parsed {
  PkeyPtr pkey;
};

absl::StatusOr<VerifyKey> VerifyKey::FromBytes(std::string_view point) {
  if (point.size() != kPointBytes || point[0] != 0x04) {
    return absl::InvalidArgumentError("want an uncompressed P-256 point of 65 bytes, got " +
                                      std::to_string(point.size()) + " bytes");
  }
  PkeyPtr pkey = MakePkey(point, {});
  if (pkey == nullptr) return absl::InvalidArgumentError("want a point on P-256, got another");
  VerifyKey key;
  key.bytes_ = std::string(point);
  key.parsed_ = std::make_shared<const Parsed>(Parsed{std::move(pkey)});
  return key;
}

absl::Status VerifyKey::Verify(std::string_view message, std::string_view signature) const {
  if (parsed_ == nullptr) return absl::UnauthenticatedError("no key to verify with");
  if (signature.size() != kSignatureBytes) {
    return absl::UnauthenticatedError("want a signature of 64 bytes, got " +
                                      std::to_string(signature.size()));
  }
  std::array<unsigned char, kDerBytesMax> der;
  const size_t der_size = ToDer(signature, der);
  const auto digest = DigestOf(message);
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, parsed_->pkey.get(), nullptr));
  KAPEA_CHECK(context != nullptr && EVP_PKEY_verify_init(context.get()) == 1);
  if (Refused(EVP_PKEY_verify(context.get(), der.data(), der_size, digest.data(), digest.size()) ==
              1)) {
    return absl::UnauthenticatedError("the signature does not verify");
  }
  return absl::OkStatus();
}

SigningKey SigningKey::Generate() {
  const PkeyPtr pkey(EVP_EC_gen(kGroupName));
  KAPEA_CHECK(pkey != nullptr);
  absl::StatusOr<SigningKey> key = FromScalar(ScalarOf(pkey.get()));
  KAPEA_CHECK(key.ok());
  return *std::move(key);
}

absl::StatusOr<SigningKey> SigningKey::FromScalar(const SecretBytes& scalar) {
  if (scalar.size() != kScalarBytes) {
    return absl::InvalidArgumentError("want a P-256 scalar of 32 bytes, got " +
                                      std::to_string(scalar.size()));
  }
  const SecretNumberPtr number(BN_bin2bn(scalar.data(), kScalarBytes, nullptr));
  KAPEA_CHECK(number != nullptr);
  BN_set_flags(number.get(), BN_FLG_CONSTTIME);
  if (BN_is_zero(number.get()) != 0 || BN_cmp(number.get(), EC_GROUP_get0_order(P256())) >= 0) {
    return absl::InvalidArgumentError("want a P-256 scalar from 1 to n-1");
  }
  const std::string point = PointOf(number.get());
  SigningKey key;
  KAPEA_ASSIGN(key.verify_key_, VerifyKey::FromBytes(point));
  PkeyPtr pkey = MakePkey(point, scalar.view());
  KAPEA_CHECK(pkey != nullptr);
  key.parsed_ = std::make_shared<const Parsed>(Parsed{std::move(pkey)});
  return key;
}

SecretBytes SigningKey::Scalar() const {
  KAPEA_CHECK(parsed_ != nullptr);
  return ScalarOf(parsed_->pkey.get());
}

std::string SigningKey::Sign(std::string_view message) const {
  KAPEA_CHECK(parsed_ != nullptr);
  const auto digest = DigestOf(message);
  const PkeyContextPtr context(EVP_PKEY_CTX_new_from_pkey(nullptr, parsed_->pkey.get(), nullptr));
  std::array<unsigned char, kDerBytesMax> der;
  size_t der_size = der.size();
  KAPEA_CHECK(context != nullptr && EVP_PKEY_sign_init(context.get()) == 1 &&
              EVP_PKEY_sign(context.get(), der.data(), &der_size, digest.data(), digest.size()) ==
                  1);
  const unsigned char* at = der.data();
  const SignaturePtr parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der_size)));
  KAPEA_CHECK(parsed != nullptr);
  std::string signature(kSignatureBytes, '\0');
  unsigned char* const out = Writable(signature);
  KAPEA_CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out, kScalarBytes) == kScalarBytes &&
              BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out + kScalarBytes, kScalarBytes) ==
                  kScalarBytes);
  return signature;
}

SecretBytes SigningKey::ToPem() const {
  KAPEA_CHECK(parsed_ != nullptr);
  const BioPtr bio(BIO_new(BIO_s_mem()));  // wipes its memory when it grows and when it dies
  KAPEA_CHECK(bio != nullptr &&
              PEM_write_bio_PKCS8PrivateKey(bio.get(), parsed_->pkey.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  KAPEA_CHECK(text != nullptr && size > 0);
  return SecretBytes::CopyOf({text, static_cast<size_t>(size)});
}

absl::StatusOr<SigningKey> SigningKey::FromPem(std::string_view pem) {
  constexpr size_t kPemBytesMax = 16 * 1024;
  if (pem.size() > kPemBytesMax) {
    return absl::InvalidArgumentError("want a PEM of at most 16384 bytes, got " +
                                      std::to_string(pem.size()));
  }
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  KAPEA_CHECK(bio != nullptr);
  const PkeyPtr pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (Refused(pkey != nullptr)) {
    return absl::InvalidArgumentError("want a private key in PEM without a passphrase");
  }
  std::array<char, 32> group{};
  size_t size = 0;
  if (Refused(EVP_PKEY_is_a(pkey.get(), "EC") == 1 &&
              EVP_PKEY_get_group_name(pkey.get(), group.data(), group.size(), &size) == 1 &&
              std::string_view(group.data(), size) == kParameterGroup)) {
    return absl::InvalidArgumentError("want a private key on P-256, got another kind");
  }
  return FromScalar(ScalarOf(pkey.get()));
}

}  // namespace kapea::crypto
