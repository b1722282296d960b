#include "common/homes/token_home.h"

#include <p11-kit/p11-kit.h>

#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/crypto/signature.h"

namespace kapea::homes {
namespace {

// prime256v1, as DER of its object identifier.
constexpr std::array<unsigned char, 10> kP256 = {0x06, 0x08, 0x2a, 0x86, 0x48,
                                                 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr CK_ULONG kSlotsMax = 256;
constexpr char kUntouched[] = " Nothing was opened or changed.";

std::string Why(CK_RV code) { return absl::StrFormat("%s (0x%x)", p11_kit_strerror(code), code); }

CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, const void* bytes, size_t size) {
  return {type, const_cast<void*>(bytes), static_cast<CK_ULONG>(size)};
}
template <typename T>
CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, const T& value) {
  return Attribute(type, &value, sizeof(value));
}

constexpr CK_BBOOL kYes = CK_TRUE;
constexpr CK_BBOOL kNo = CK_FALSE;
constexpr CK_OBJECT_CLASS kPrivateKey = CKO_PRIVATE_KEY;
constexpr CK_OBJECT_CLASS kSecretKey = CKO_SECRET_KEY;
constexpr CK_KEY_TYPE kEcKey = CKK_EC;
constexpr CK_KEY_TYPE kGenericKey = CKK_GENERIC_SECRET;
constexpr CK_ULONG kSecretBytes = crypto::kHomeSecretBytes;

// One call of a home: the module, a session with the token, logged in. Ends all three.
class TokenSession {
 public:
  static absl::StatusOr<std::unique_ptr<TokenSession>> Open(
      const crypto::KeyHomeSettings::Token& where, const crypto::AskSecret& pin) {
    std::unique_ptr<TokenSession> session(new TokenSession(where));
    KAPEA_TRY(session->Load());
    KAPEA_TRY(session->FindToken());
    KAPEA_TRY(session->LogIn(pin));
    return session;
  }
  ~TokenSession() {
    if (session_.has_value()) module_->C_CloseSession(*session_);
    if (initialised_) p11_kit_module_finalize(module_);
    if (module_ != nullptr) p11_kit_module_release(module_);
  }
  TokenSession(const TokenSession&) = delete;
  TokenSession& operator=(const TokenSession&) = delete;

  // nullopt when the token has no private key of this label.
  absl::StatusOr<std::optional<CK_OBJECT_HANDLE>> FindKey();
  absl::StatusOr<CK_OBJECT_HANDLE> MakeKey();
  absl::StatusOr<crypto::SecretBytes> Derive(CK_OBJECT_HANDLE key, const std::string& point);

 private:
  explicit TokenSession(const crypto::KeyHomeSettings::Token& where) : where_(where) {}

  absl::Status Load();
  absl::Status FindToken();
  absl::Status LogIn(const crypto::AskSecret& pin);
  absl::Status PinRefused(CK_RV code);
  absl::Status Failed(const char* doing, CK_RV code) const {
    return absl::UnavailableError("the token " + where_.token + " failed at " + doing + ": " +
                                  Why(code) + "." + kUntouched);
  }

  const crypto::KeyHomeSettings::Token& where_;
  CK_FUNCTION_LIST* module_ = nullptr;
  bool initialised_ = false;
  CK_SLOT_ID slot_ = 0;
  CK_TOKEN_INFO token_{};
  std::optional<CK_SESSION_HANDLE> session_;
};

absl::Status TokenSession::Load() {
  module_ = p11_kit_module_load(where_.module.c_str(), 0);
  if (module_ == nullptr) {
    const char* const why = p11_kit_message();
    return absl::NotFoundError("the PKCS#11 module " + where_.module + " cannot be loaded: " +
                               (why != nullptr ? why : "no reason was given") + "." + kUntouched +
                               " Install it, or correct keys.pkcs11.module");
  }
  const CK_RV code = p11_kit_module_initialize(module_);
  if (code != CKR_OK) return Failed("the beginning", code);
  initialised_ = true;
  return absl::OkStatus();
}

// Labels are padded with spaces.
bool HasLabel(const CK_TOKEN_INFO& token, std::string label) {
  if (label.size() > sizeof(token.label)) return false;
  label.resize(sizeof(token.label), ' ');
  return std::string_view(reinterpret_cast<const char*>(token.label), sizeof(token.label)) == label;
}

absl::Status TokenSession::FindToken() {
  std::vector<CK_SLOT_ID> slots(kSlotsMax);
  CK_ULONG count = kSlotsMax;
  if (const CK_RV code = module_->C_GetSlotList(CK_TRUE, slots.data(), &count); code != CKR_OK) {
    return Failed("listing its slots", code);
  }
  int found = 0;
  for (CK_ULONG i = 0; i < count; ++i) {
    CK_TOKEN_INFO token{};
    if (module_->C_GetTokenInfo(slots[i], &token) != CKR_OK) continue;  // pulled out just now
    if (!HasLabel(token, where_.token)) continue;
    ++found;
    slot_ = slots[i];
    token_ = token;
  }
  if (found == 0) {
    return absl::NotFoundError("the token " + where_.token + " is not there." + kUntouched +
                               " Put it in, or correct keys.pkcs11.token");
  }
  if (found > 1) {
    return absl::FailedPreconditionError("there are several tokens called " + where_.token + "." +
                                         kUntouched + " Leave one of them in");
  }
  CK_SESSION_HANDLE session = 0;
  const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
  const CK_RV code = module_->C_OpenSession(slot_, flags, nullptr, nullptr, &session);
  if (code != CKR_OK) return Failed("opening a session", code);
  session_ = session;
  return absl::OkStatus();
}

absl::Status TokenSession::LogIn(const crypto::AskSecret& pin) {
  if ((token_.flags & CKF_LOGIN_REQUIRED) == 0) return absl::OkStatus();
  if ((token_.flags & CKF_USER_PIN_LOCKED) != 0) return PinRefused(CKR_PIN_LOCKED);
  crypto::SecretBytes typed;
  // With keys of its own for the PIN the token asks itself.
  if ((token_.flags & CKF_PROTECTED_AUTHENTICATION_PATH) == 0) {
    KAPEA_ASSIGN(typed, pin());
  }
  const CK_RV code = module_->C_Login(*session_, CKU_USER, typed.empty() ? nullptr : typed.data(),
                                      static_cast<CK_ULONG>(typed.size()));
  if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return absl::OkStatus();
  return PinRefused(code);
}

absl::Status TokenSession::PinRefused(CK_RV code) {
  static_cast<void>(module_->C_GetTokenInfo(slot_, &token_));  // how many tries are left
  if (code == CKR_PIN_LOCKED || (token_.flags & CKF_USER_PIN_LOCKED) != 0) {
    return absl::UnauthenticatedError("the token " + where_.token +
                                      " has locked its PIN after wrong ones." + kUntouched +
                                      " Its security officer can set a new PIN");
  }
  if (code != CKR_PIN_INCORRECT && code != CKR_PIN_LEN_RANGE && code != CKR_PIN_INVALID) {
    return Failed("logging in", code);
  }
  std::string left = " Try the right one";
  if ((token_.flags & CKF_USER_PIN_FINAL_TRY) != 0) {
    left += ": this is the last try before the token locks it";
  } else if ((token_.flags & CKF_USER_PIN_COUNT_LOW) != 0) {
    left += ": few tries are left before the token locks it";
  }
  return absl::UnauthenticatedError("the token " + where_.token + " refused the PIN." + kUntouched +
                                    left);
}

absl::StatusOr<std::optional<CK_OBJECT_HANDLE>> TokenSession::FindKey() {
  std::array wanted = {Attribute(CKA_CLASS, kPrivateKey), Attribute(CKA_KEY_TYPE, kEcKey),
                       Attribute(CKA_LABEL, where_.key.data(), where_.key.size())};
  CK_RV code = module_->C_FindObjectsInit(*session_, wanted.data(), wanted.size());
  if (code != CKR_OK) return Failed("looking for its key", code);
  std::array<CK_OBJECT_HANDLE, 2> keys{};
  CK_ULONG count = 0;
  code = module_->C_FindObjects(*session_, keys.data(), keys.size(), &count);
  static_cast<void>(module_->C_FindObjectsFinal(*session_));
  if (code != CKR_OK) return Failed("looking for its key", code);
  if (count == 0) return std::optional<CK_OBJECT_HANDLE>();
  if (count > 1) {
    return absl::FailedPreconditionError("the token " + where_.token + " has several keys called " +
                                         where_.key + "." + kUntouched +
                                         " Leave one of that label");
  }
  std::array<unsigned char, 64> curve{};
  CK_ATTRIBUTE asked = Attribute(CKA_EC_PARAMS, curve.data(), curve.size());
  code = module_->C_GetAttributeValue(*session_, keys[0], &asked, 1);
  if (code != CKR_OK || asked.ulValueLen != kP256.size() ||
      !std::equal(kP256.begin(), kP256.end(), curve.begin())) {
    return absl::FailedPreconditionError("the key " + where_.key + " of the token " + where_.token +
                                         " is no P-256 key." + kUntouched +
                                         " Name another label in keys.pkcs11.key");
  }
  return std::optional<CK_OBJECT_HANDLE>(keys[0]);
}

absl::StatusOr<CK_OBJECT_HANDLE> TokenSession::MakeKey() {
  CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  const CK_ATTRIBUTE label = Attribute(CKA_LABEL, where_.key.data(), where_.key.size());
  std::array open = {label, Attribute(CKA_TOKEN, kYes),
                     Attribute(CKA_EC_PARAMS, kP256.data(), kP256.size())};
  std::array own = {label,
                    Attribute(CKA_TOKEN, kYes),
                    Attribute(CKA_PRIVATE, kYes),
                    Attribute(CKA_SENSITIVE, kYes),
                    Attribute(CKA_EXTRACTABLE, kNo),
                    Attribute(CKA_DERIVE, kYes)};
  CK_OBJECT_HANDLE open_key = 0, own_key = 0;
  const CK_RV code = module_->C_GenerateKeyPair(*session_, &mechanism, open.data(), open.size(),
                                                own.data(), own.size(), &open_key, &own_key);
  if (code != CKR_OK) return Failed("making a key", code);
  return own_key;
}

absl::StatusOr<crypto::SecretBytes> TokenSession::Derive(CK_OBJECT_HANDLE key,
                                                         const std::string& point) {
  CK_ECDH1_DERIVE_PARAMS with{};
  with.kdf = CKD_NULL;
  with.ulPublicDataLen = static_cast<CK_ULONG>(point.size());
  with.pPublicData = reinterpret_cast<unsigned char*>(const_cast<char*>(point.data()));
  CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &with, sizeof(with)};
  std::array wanted = {Attribute(CKA_CLASS, kSecretKey),       Attribute(CKA_KEY_TYPE, kGenericKey),
                       Attribute(CKA_VALUE_LEN, kSecretBytes), Attribute(CKA_TOKEN, kNo),
                       Attribute(CKA_SENSITIVE, kNo),          Attribute(CKA_EXTRACTABLE, kYes)};
  CK_OBJECT_HANDLE derived = 0;
  CK_RV code =
      module_->C_DeriveKey(*session_, &mechanism, key, wanted.data(), wanted.size(), &derived);
  if (code != CKR_OK) return Failed("deriving the secret", code);
  crypto::SecretBytes secret(crypto::kHomeSecretBytes);
  CK_ATTRIBUTE value = Attribute(CKA_VALUE, secret.data(), secret.size());
  code = module_->C_GetAttributeValue(*session_, derived, &value, 1);
  static_cast<void>(module_->C_DestroyObject(*session_, derived));
  if (code != CKR_OK || value.ulValueLen != secret.size()) {
    return Failed("giving the secret out", code);
  }
  return secret;
}

}  // namespace

absl::StatusOr<crypto::KeyHome::Made> TokenHome::Make() {
  KAPEA_ASSIGN(const auto session, TokenSession::Open(where_, pin_));
  KAPEA_ASSIGN(std::optional<CK_OBJECT_HANDLE> key, session->FindKey());
  if (!key.has_value()) {
    KAPEA_ASSIGN(key, session->MakeKey());
  }
  Made made;
  made.note = crypto::SigningKey::Generate().verify_key().bytes();  // nobody keeps its scalar
  KAPEA_ASSIGN(made.secret, session->Derive(*key, made.note));
  return made;
}

absl::StatusOr<crypto::SecretBytes> TokenHome::Find(std::string_view note) {
  // A point off the curve can draw the key out of a token that does not look.
  KAPEA_ASSIGN(const crypto::VerifyKey point, crypto::VerifyKey::FromBytes(note));
  KAPEA_ASSIGN(const auto session, TokenSession::Open(where_, pin_));
  KAPEA_ASSIGN(const std::optional<CK_OBJECT_HANDLE> key, session->FindKey());
  if (!key.has_value()) {
    return absl::FailedPreconditionError("the token " + where_.token + " has no key called " +
                                         where_.key + "." + kUntouched +
                                         " Put the right token in, or correct keys.pkcs11.key");
  }
  return session->Derive(*key, point.bytes());
}

}  // namespace kapea::homes
