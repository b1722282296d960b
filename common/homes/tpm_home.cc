#include "common/homes/tpm_home.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/homes/tpm_library.h"

namespace kapea::homes {
namespace {

constexpr uint8_t kWithPin = 1;
constexpr char kUntouched[] = " Nothing was opened or changed.";

// The storage key, always made from this template: an ECC P-256 key that only wraps.
TPM2B_PUBLIC StorageKeyTemplate() {
  TPM2B_PUBLIC key{};
  TPMT_PUBLIC& area = key.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | TPMA_OBJECT_FIXEDTPM |
                          TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_AES;
  area.parameters.eccDetail.symmetric.keyBits.aes = 128;
  area.parameters.eccDetail.symmetric.mode.aes = TPM2_ALG_CFB;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  return key;
}

// The sealed secret. Wrong PINs count against the TPM's own limit; without a PIN there is
// nothing to guess, and a TPM that is locked for other reasons must not shut us out.
TPM2B_PUBLIC SecretTemplate(bool with_pin) {
  TPM2B_PUBLIC secret{};
  TPMT_PUBLIC& area = secret.publicArea;
  area.type = TPM2_ALG_KEYEDHASH;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_USERWITHAUTH;
  if (!with_pin) area.objectAttributes |= TPMA_OBJECT_NODA;
  area.parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL;
  return secret;
}

// A PIN of any length in the 32 bytes that the TPM takes. It ignores zeros at the end, and
// the stack does not always, so there are none.
TPM2B_AUTH AuthOf(const crypto::SecretBytes& pin) {
  TPM2B_AUTH auth{};
  const crypto::SecretBytes extracted = crypto::HkdfExtract(crypto::kTpmPinDomain, pin.view());
  std::copy(extracted.data(), extracted.data() + extracted.size(), auth.buffer);
  auth.size = static_cast<UINT16>(extracted.size());
  while (auth.size > 0 && auth.buffer[auth.size - 1] == 0) --auth.size;
  return auth;
}

// A run of bytes of the TPM that is wiped when it goes.
template <typename T>
struct Wiped {
  T value{};
  ~Wiped() { explicit_bzero(&value, sizeof(value)); }
};

struct Note {
  bool with_pin = false;
  std::string name;
  TPM2B_PUBLIC open{};
  TPM2B_PRIVATE sealed{};
};

// One call of a home: a connection to the TPM, its storage key, a session with it. Leaves
// nothing in the TPM.
class TpmSession {
 public:
  static absl::StatusOr<std::unique_ptr<TpmSession>> Open(const std::string& tcti) {
    KAPEA_ASSIGN(const TpmLibrary* const tpm, TpmLibrary::Load());
    std::unique_ptr<TpmSession> session(new TpmSession(*tpm));
    KAPEA_TRY(session->Connect(tcti));
    return session;
  }
  ~TpmSession() {
    for (const ESYS_TR handle : {object_, session_, storage_key_}) {
      if (handle != ESYS_TR_NONE) tpm_.FlushContext(esys_, handle);
    }
    if (esys_ != nullptr) tpm_.Finalize(&esys_);
    if (tcti_ != nullptr) tpm_.TctiFinalize(&tcti_);
  }
  TpmSession(const TpmSession&) = delete;
  TpmSession& operator=(const TpmSession&) = delete;

  const std::string& storage_key_name() const { return storage_key_name_; }
  absl::StatusOr<Note> Seal(const crypto::SecretBytes& secret,
                            const std::optional<crypto::SecretBytes>& pin);
  absl::StatusOr<crypto::SecretBytes> Unseal(const Note& note,
                                             const std::optional<crypto::SecretBytes>& pin);
  absl::StatusOr<std::string> Write(const Note& note) const;

 private:
  explicit TpmSession(const TpmLibrary& tpm) : tpm_(tpm) {}

  absl::Status Connect(const std::string& tcti);
  absl::Status MakeStorageKey();
  absl::Status StartSession();

  const TpmLibrary& tpm_;
  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  ESYS_CONTEXT* esys_ = nullptr;
  ESYS_TR storage_key_ = ESYS_TR_NONE, session_ = ESYS_TR_NONE, object_ = ESYS_TR_NONE;
  std::string storage_key_name_;
};

// The TPM's own code without the numbers of the parameter it is about; other layers of the
// stack have codes of their own.
TSS2_RC Bare(TSS2_RC code) {
  if ((code & TSS2_RC_LAYER_MASK) != 0 || (code & TPM2_RC_FMT1) == 0) return code;
  return code & (TPM2_RC_FMT1 | 0x3f);
}

absl::Status Failed(const char* doing, TSS2_RC code) {
  const TSS2_RC bare = Bare(code);
  if (bare == TPM2_RC_AUTH_FAIL || bare == TPM2_RC_BAD_AUTH) {
    return absl::UnauthenticatedError(
        std::string("the TPM refused the PIN, and counts wrong ones.") + kUntouched +
        " Try the right one");
  }
  if (bare == TPM2_RC_LOCKOUT) {
    return absl::UnauthenticatedError(std::string("the TPM is locked after wrong PINs.") +
                                      kUntouched +
                                      " Wait until it forgets them, or reset its lockout");
  }
  if (bare == TPM2_RC_INTEGRITY) {
    return absl::FailedPreconditionError(
        std::string("the TPM does not know what it is asked to open: this is another TPM, it was "
                    "cleared, or the file was altered.") +
        kUntouched + " Put the copy of the keys file back");
  }
  return absl::UnavailableError(
      absl::StrFormat("the TPM failed at %s (0x%x).%s", doing, code, kUntouched));
}

absl::Status TpmSession::Connect(const std::string& tcti) {
  if (const TSS2_RC code = tpm_.TctiInitialize(tcti.c_str(), &tcti_); code != TSS2_RC_SUCCESS) {
    return absl::NotFoundError(absl::StrFormat(
        "there is no TPM at %s (0x%x).%s Look whether the machine has one and this user may use "
        "it, or correct keys.tpm.tcti",
        tcti, code, kUntouched));
  }
  const TSS2_RC code = tpm_.Initialize(&esys_, tcti_, nullptr);
  if (code != TSS2_RC_SUCCESS) return Failed("the beginning", code);
  KAPEA_TRY(MakeStorageKey());
  return StartSession();
}

absl::Status TpmSession::MakeStorageKey() {
  const TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_PUBLIC key = StorageKeyTemplate();
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  TSS2_RC code = tpm_.CreatePrimary(esys_, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &sensitive, &key, &outside, &pcrs, &storage_key_,
                                    nullptr, nullptr, nullptr, nullptr);
  if (code != TSS2_RC_SUCCESS) return Failed("making its storage key", code);
  TPM2B_NAME* name = nullptr;
  code = tpm_.GetName(esys_, storage_key_, &name);
  if (code != TSS2_RC_SUCCESS) return Failed("naming its storage key", code);
  storage_key_name_.assign(reinterpret_cast<const char*>(name->name), name->size);
  tpm_.Free(name);
  return absl::OkStatus();
}

absl::Status TpmSession::StartSession() {
  TPMT_SYM_DEF cipher{};
  cipher.algorithm = TPM2_ALG_AES;
  cipher.keyBits.aes = 128;
  cipher.mode.aes = TPM2_ALG_CFB;
  TSS2_RC code = tpm_.StartAuthSession(esys_, storage_key_, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_HMAC, &cipher,
                                       TPM2_ALG_SHA256, &session_);
  if (code != TSS2_RC_SUCCESS) return Failed("starting a session", code);
  const TPMA_SESSION wanted =
      TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;
  code = tpm_.SetSessionAttributes(esys_, session_, wanted, 0xff);
  if (code != TSS2_RC_SUCCESS) return Failed("starting a session", code);
  return absl::OkStatus();
}

absl::StatusOr<Note> TpmSession::Seal(const crypto::SecretBytes& secret,
                                      const std::optional<crypto::SecretBytes>& pin) {
  Wiped<TPM2B_SENSITIVE_CREATE> sensitive;
  TPMS_SENSITIVE_CREATE& inside = sensitive.value.sensitive;
  if (pin.has_value()) inside.userAuth = AuthOf(*pin);
  std::copy(secret.data(), secret.data() + secret.size(), inside.data.buffer);
  inside.data.size = static_cast<UINT16>(secret.size());
  const TPM2B_PUBLIC wanted = SecretTemplate(pin.has_value());
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  TPM2B_PUBLIC* open = nullptr;
  TPM2B_PRIVATE* sealed = nullptr;
  const TSS2_RC code =
      tpm_.Create(esys_, storage_key_, session_, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive.value,
                  &wanted, &outside, &pcrs, &sealed, &open, nullptr, nullptr, nullptr);
  if (code != TSS2_RC_SUCCESS) return Failed("sealing", code);
  Note note{pin.has_value(), storage_key_name_, *open, *sealed};
  tpm_.Free(open);
  tpm_.Free(sealed);
  return note;
}

absl::StatusOr<crypto::SecretBytes> TpmSession::Unseal(
    const Note& note, const std::optional<crypto::SecretBytes>& pin) {
  TSS2_RC code = tpm_.LoadObject(esys_, storage_key_, session_, ESYS_TR_NONE, ESYS_TR_NONE,
                                 &note.sealed, &note.open, &object_);
  if (code != TSS2_RC_SUCCESS) return Failed("taking the sealed secret", code);
  if (pin.has_value()) {
    Wiped<TPM2B_AUTH> auth{AuthOf(*pin)};
    code = tpm_.SetAuth(esys_, object_, &auth.value);
    if (code != TSS2_RC_SUCCESS) return Failed("taking the PIN", code);
  }
  TPM2B_SENSITIVE_DATA* data = nullptr;
  code = tpm_.Unseal(esys_, object_, session_, ESYS_TR_NONE, ESYS_TR_NONE, &data);
  if (code != TSS2_RC_SUCCESS) return Failed("unsealing", code);
  crypto::SecretBytes secret =
      crypto::SecretBytes::CopyOf({reinterpret_cast<const char*>(data->buffer), data->size});
  explicit_bzero(data, sizeof(*data));
  tpm_.Free(data);
  if (secret.size() != crypto::kHomeSecretBytes) {
    return absl::FailedPreconditionError(std::string("the TPM holds something else.") + kUntouched);
  }
  return secret;
}

absl::StatusOr<std::string> TpmSession::Write(const Note& note) const {
  std::string bytes;
  AppendU8(bytes, note.with_pin ? kWithPin : 0);
  AppendLengthPrefixed(bytes, note.name);
  unsigned char buffer[crypto::kHomeNoteBytesMax];
  size_t size = 0;
  TSS2_RC code = tpm_.WritePublic(&note.open, buffer, sizeof(buffer), &size);
  if (code != TSS2_RC_SUCCESS) return Failed("writing the sealed secret", code);
  AppendLengthPrefixed(bytes, {reinterpret_cast<const char*>(buffer), size});
  size = 0;
  code = tpm_.WritePrivate(&note.sealed, buffer, sizeof(buffer), &size);
  if (code != TSS2_RC_SUCCESS) return Failed("writing the sealed secret", code);
  AppendLengthPrefixed(bytes, {reinterpret_cast<const char*>(buffer), size});
  if (bytes.size() > crypto::kHomeNoteBytesMax) {
    return absl::InternalError("the TPM's sealed secret is larger than a note can be");
  }
  return bytes;
}

absl::Status NoNote() {
  return absl::InvalidArgumentError(std::string("the file was altered where it speaks of a TPM.") +
                                    kUntouched + " Put the copy of the keys file back");
}

std::optional<std::string_view> TakePrefixed(std::string_view& rest) {
  if (rest.size() < 2) return std::nullopt;
  const size_t size = ReadU16(rest);
  if (rest.size() - 2 < size) return std::nullopt;
  const std::string_view taken = rest.substr(2, size);
  rest.remove_prefix(2 + size);
  return taken;
}

// The stack's reader knows the limits of each part; what it leaves over is refused here.
absl::StatusOr<Note> ReadNote(const TpmLibrary& tpm, std::string_view bytes) {
  if (bytes.empty() || bytes.size() > crypto::kHomeNoteBytesMax ||
      (static_cast<uint8_t>(bytes[0]) & ~kWithPin) != 0) {
    return NoNote();
  }
  Note note;
  note.with_pin = bytes[0] != 0;
  bytes.remove_prefix(1);
  const auto name = TakePrefixed(bytes), open = TakePrefixed(bytes), sealed = TakePrefixed(bytes);
  if (!name.has_value() || !open.has_value() || !sealed.has_value() || !bytes.empty()) {
    return NoNote();
  }
  note.name = std::string(*name);
  const auto* const open_bytes = reinterpret_cast<const uint8_t*>(open->data());
  const auto* const sealed_bytes = reinterpret_cast<const uint8_t*>(sealed->data());
  size_t open_read = 0, sealed_read = 0;
  if (tpm.ReadPublic(open_bytes, open->size(), &open_read, &note.open) != TSS2_RC_SUCCESS ||
      tpm.ReadPrivate(sealed_bytes, sealed->size(), &sealed_read, &note.sealed) !=
          TSS2_RC_SUCCESS ||
      open_read != open->size() || sealed_read != sealed->size()) {
    return NoNote();
  }
  return note;
}

}  // namespace

absl::StatusOr<crypto::KeyHome::Made> TpmHome::Make() {
  KAPEA_ASSIGN(const auto session, TpmSession::Open(tcti_));
  std::optional<crypto::SecretBytes> pin;
  if (make_with_pin_) {
    KAPEA_ASSIGN(pin, pin_());
  }
  Made made;
  made.secret = crypto::SecretBytes::Random(crypto::kHomeSecretBytes);
  KAPEA_ASSIGN(const Note note, session->Seal(made.secret, pin));
  KAPEA_ASSIGN(made.note, session->Write(note));
  return made;
}

absl::StatusOr<crypto::SecretBytes> TpmHome::Find(std::string_view bytes) {
  KAPEA_ASSIGN(const TpmLibrary* const tpm, TpmLibrary::Load());
  KAPEA_ASSIGN(const Note note, ReadNote(*tpm, bytes));
  KAPEA_ASSIGN(const auto session, TpmSession::Open(tcti_));
  if (session->storage_key_name() != note.name) {
    return absl::FailedPreconditionError(
        std::string("this is another TPM than the keys were sealed under, it was cleared, or the "
                    "file was altered.") +
        kUntouched +
        " Go back to that machine, or put a copy of the keys file back that another "
        "home opens");
  }
  std::optional<crypto::SecretBytes> pin;
  if (note.with_pin) {
    KAPEA_ASSIGN(pin, pin_());
  }
  return session->Unseal(note, pin);
}

}  // namespace kapea::homes
