#include "tools/admin/renew.h"

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/passphrase.h"
#include "common/pki/certificate.h"
#include "common/pki/key_file.h"
#include "common/pki/request.h"

namespace kapea::admin {

absl::StatusOr<Time> GiveCertificate(const pki::Authority& servers, const std::string& root_pem,
                                     const DeviceId& server, const std::vector<std::string>& hosts,
                                     Time now, codec::ServerKeys& keys) {
  const crypto::SigningKey tls = crypto::SigningKey::Generate();
  KAPEA_ASSIGN(const std::string der, pki::MakeRequest(tls));
  KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(der));
  KAPEA_ASSIGN(const std::string chain, servers.IssueServer(request, server, hosts, now));
  KAPEA_ASSIGN(const auto issued, pki::ParseChain(chain));
  keys.tls_key_pem = tls.ToPem();
  keys.tls_chain_pem = chain + root_pem;
  return issued.front().not_after;
}

absl::Status WriteServerKeys(const Layout& layout, const codec::ServerKeys& keys,
                             std::string_view passphrase, int64_t kdf_target_ms) {
  const auto parameters = crypto::PassphraseParameters::Calibrate(kdf_target_ms);
  KAPEA_ASSIGN(const std::string sealed, keys.Seal(passphrase, parameters));
  return WriteFileAtomically(layout.server_keys(), sealed, kPrivateFileMode);
}

absl::StatusOr<Time> RenewServer(const KeysAt& at, const Layout& layout,
                                 const Deployment& deployment, const Clock& clock) {
  KAPEA_ASSIGN(KeysFile file, KeysFile::Open(at));
  codec::ServerKeys& keys = file.keys();
  KAPEA_ASSIGN(const std::vector<pki::Certificate> old, pki::ParseChain(keys.tls_chain_pem));
  KAPEA_ASSIGN(const pki::PeerName name, pki::NameOf(old.front(), deployment.id));
  const auto* server = std::get_if<pki::ServerName>(&name);
  if (server == nullptr) return absl::DataLossError("the old certificate is none of a server");
  KAPEA_ASSIGN(const crypto::SigningKey ca_key, pki::ReadPrivateKey(layout.server_authority_key()));
  KAPEA_ASSIGN(const std::string ca_pem,
               ReadFile(layout.server_authority(), pki::kCertificatePemBytesMax));
  KAPEA_ASSIGN(const pki::Authority authority, pki::Authority::Load(deployment.id, ca_key, ca_pem));
  std::vector<std::string> hosts = old.front().dns_names;
  const auto& addresses = old.front().ip_addresses;
  hosts.insert(hosts.end(), addresses.begin(), addresses.end());

  KAPEA_ASSIGN(const Time until, GiveCertificate(authority, old.back().ToPem(), server->device,
                                                 hosts, clock.Now(), keys));
  KAPEA_TRY(file.Write());
  return until;
}

}  // namespace kapea::admin
