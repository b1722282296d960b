#include "common/homes/home_set.h"

#include <algorithm>
#include <string>

#include "common/base/macros.h"
#include "common/homes/secret_source.h"
#include "common/homes/token_home.h"
#include "common/homes/tpm_home.h"

namespace kapea::homes {
namespace {

using crypto::HomeKind;

constexpr char kPassphrase[] = "Passphrase of the server's keys";

// Once: a home that is asked several times in one run is answered the same.
crypto::AskSecret Asking(const crypto::SecretSource& source, const std::string& what) {
  return [source, what,
          kept = std::make_shared<crypto::SecretBytes>()]() -> absl::StatusOr<crypto::SecretBytes> {
    if (kept->empty()) {
      KAPEA_ASSIGN(*kept, ReadSecret(source, what));
    }
    return kept->Copy();
  };
}

}  // namespace

absl::Status CheckSettings(const crypto::KeyHomeSettings& settings) {
  KAPEA_TRY(CheckSource(settings.passphrase, "the passphrase (keys.passphrase_file, credential)"));
  KAPEA_TRY(CheckCredentialName(settings.credential, "keys.key_credential"));
  const auto& token = settings.token;
  const bool any = !token.token.empty() || !token.key.empty() || !token.pin.empty();
  if (token.module.empty() && any) {
    return absl::InvalidArgumentError("want keys.pkcs11.module beside the rest of it");
  }
  if (!token.module.empty()) {
    if (token.module.front() != '/') {
      return absl::InvalidArgumentError("want the whole path of the module in keys.pkcs11.module");
    }
    if (token.token.empty() || token.key.empty()) {
      return absl::InvalidArgumentError("want keys.pkcs11.token and keys.pkcs11.key");
    }
  }
  KAPEA_TRY(CheckSource(token.pin, "the PIN of keys.pkcs11"));
  if (settings.tpm.tcti.empty() && !settings.tpm.pin.empty()) {
    return absl::InvalidArgumentError("want keys.tpm.tcti beside its PIN");
  }
  return CheckSource(settings.tpm.pin, "the PIN of keys.tpm");
}

HomeSet::HomeSet(const crypto::KeyHomeSettings& settings, int64_t kdf_target_ms,
                 Passphrase passphrase) {
  if (!settings.credential.empty()) {
    Add(std::make_unique<crypto::CredentialHome>(
        [name = settings.credential] { return ReadCredential(name); }));
  }
  if (const auto& token = settings.token; !token.module.empty()) {
    Add(std::make_unique<TokenHome>(token, Asking(token.pin, "PIN of the token " + token.token)));
  }
  if (const auto& tpm = settings.tpm; !tpm.tcti.empty()) {
    Add(std::make_unique<TpmHome>(tpm.tcti, Asking(tpm.pin, "PIN of the TPM"), !tpm.pin.empty()));
  }
  const auto ask = passphrase == Passphrase::kNew ? ReadNewSecret : ReadSecret;
  Add(std::make_unique<crypto::PassphraseHome>(
      [source = settings.passphrase, ask] { return ask(source, kPassphrase); }, kdf_target_ms));
}

void HomeSet::Add(std::unique_ptr<crypto::KeyHome> home) {
  all_.push_back(home.get());
  owned_.push_back(std::move(home));
}

absl::StatusOr<std::vector<crypto::KeyHome*>> HomeSet::Of(
    const std::vector<HomeKind>& kinds) const {
  std::vector<crypto::KeyHome*> homes;
  for (const HomeKind kind : kinds) {
    const auto home = std::find_if(all_.begin(), all_.end(),
                                   [&](const auto* one) { return one->kind() == kind; });
    if (home == all_.end()) {
      const char* const field = kind == HomeKind::kCredential ? "keys.key_credential"
                                : kind == HomeKind::kToken    ? "keys.pkcs11"
                                                              : "keys.tpm";
      return absl::FailedPreconditionError(std::string("the configuration has no ") + field +
                                           ": nothing was changed. Write it down there first");
    }
    homes.push_back(*home);
  }
  return homes;
}

}  // namespace kapea::homes
