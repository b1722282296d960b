#include "tools/admin/arguments.h"

#include <iostream>

#include "common/base/macros.h"
#include "common/crypto/secret.h"
#include "common/rpc/tls_profile.h"
#include "tools/admin/deployment.h"

namespace kapea::admin {
namespace {

absl::StatusOr<RegistrarSeat> SeatOf(const Arguments& arguments, int registrar) {
  if (registrar < 1 || registrar > kRegistrars) {
    return absl::InvalidArgumentError("registrars are numbered 1 to 3");
  }
  KAPEA_ASSIGN(const std::string file, PassphraseFileOf(arguments, registrar));
  KAPEA_ASSIGN(const crypto::SecretBytes passphrase, ReadPassphrase(file));
  return RegistrarSeat{Layout{arguments.dir}.registrar(registrar), std::string(passphrase.view())};
}

}  // namespace

absl::StatusOr<std::string> PassphraseFileOf(const Arguments& arguments, int registrar) {
  const auto& files = arguments.registrar_passphrase_files;
  if (files.size() == 1) return files[0];
  if (files.size() == static_cast<size_t>(kRegistrars)) {
    return files[static_cast<size_t>(registrar) - 1];
  }
  return absl::InvalidArgumentError(
      "want --registrar-passphrase-file once (for all three) or three times, in order");
}

absl::StatusOr<TwoRegistrars> OpenRegistrars(const Arguments& arguments, const Clock& clock) {
  KAPEA_TRY(rpc::InstallTlsProfile());
  KAPEA_ASSIGN(const RegistrarSeat proposer, SeatOf(arguments, arguments.proposer));
  KAPEA_ASSIGN(const RegistrarSeat approver, SeatOf(arguments, arguments.approver));
  return TwoRegistrars::Open(proposer, approver, clock);
}

void Say(const Arguments& arguments, const nlohmann::ordered_json& json, const std::string& text) {
  if (arguments.json) {
    std::cout << json.dump() << "\n";
  } else {
    std::cout << text << "\n";
  }
}

}  // namespace kapea::admin
