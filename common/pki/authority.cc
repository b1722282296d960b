#include "common/pki/authority.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/pki/x509.h"

namespace kapea::pki {
namespace {

using Asn1TimePtr = std::unique_ptr<ASN1_TIME, OpenSslFree<ASN1_TIME_free>>;
using Asn1IntegerPtr = std::unique_ptr<ASN1_INTEGER, OpenSslFree<ASN1_INTEGER_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, OpenSslFree<X509_REVOKED_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, OpenSslFree<BN_free>>;

constexpr size_t kSerialBytes = 16;
constexpr size_t kHostSizeMax = 253;
constexpr size_t kHostCountMax = 16;

struct Extension {
  int nid;
  std::string value;  // in the words of x509v3_config(5)
};

// What one certificate is to say.
struct Profile {
  std::string common_name;
  Time not_before;
  Time not_after;
  std::vector<Extension> extensions;
};

// The names of the authorities, also how Load knows them again.
std::string AuthorityName(AuthorityKind kind) {
  switch (kind) {
    case AuthorityKind::kRoot:
      return "Kapea Root";
    case AuthorityKind::kDevices:
      return "Kapea Device CA";
    case AuthorityKind::kServers:
      return "Kapea Server CA";
  }
  return "";
}

// The common name of an authority, and the trust domain as its organisation: two
// deployments' authorities never share a name.
bool SetName(X509_NAME* name, const std::string& common_name, const std::string& organisation) {
  const auto add = [name](const char* field, const std::string& text) {
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1;
  };
  return add("O", organisation) && add("CN", common_name);
}

bool SetSerial(ASN1_INTEGER* out) {
  std::string bytes = crypto::RandomBytes(kSerialBytes);
  // Positive, and never with a leading zero byte: always 16 bytes long.
  bytes[0] = static_cast<char>((bytes[0] & 0x7f) | 0x40);
  const BignumPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(kSerialBytes), nullptr));
  return number != nullptr && BN_to_ASN1_INTEGER(number.get(), out) != nullptr;
}

bool AddExtension(X509* subject, X509* issuer, const Extension& extension) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>> made(
      X509V3_EXT_conf_nid(nullptr, &context, extension.nid, extension.value.c_str()));
  return made != nullptr && X509_add_ext(subject, made.get(), -1) == 1;
}

// `issuer` null: self-signed.
absl::StatusOr<X509Ptr> Sign(const Profile& profile, const std::string& organisation,
                             EVP_PKEY* subject_key, X509* issuer, EVP_PKEY* issuer_key) {
  X509Ptr x509(X509_new());
  KAPEA_CHECK(x509 != nullptr);
  X509* const authority = issuer == nullptr ? x509.get() : issuer;
  bool good = X509_set_version(x509.get(), X509_VERSION_3) == 1 &&
              SetSerial(X509_get_serialNumber(x509.get())) &&
              SetName(X509_get_subject_name(x509.get()), profile.common_name, organisation) &&
              X509_set_issuer_name(x509.get(), X509_get_subject_name(authority)) == 1 &&
              SetTime(X509_getm_notBefore(x509.get()), profile.not_before) &&
              SetTime(X509_getm_notAfter(x509.get()), profile.not_after) &&
              X509_set_pubkey(x509.get(), subject_key) == 1;
  for (const Extension& extension : profile.extensions) {
    good = good && AddExtension(x509.get(), authority, extension);
  }
  if (!good || X509_sign(x509.get(), issuer_key, EVP_sha256()) <= 0) {
    return OpenSslError(absl::StatusCode::kInternal, "cannot make a certificate");
  }
  return x509;
}

std::string PemOf(X509* x509) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  KAPEA_CHECK(bio != nullptr && PEM_write_bio_X509(bio.get(), x509) == 1);
  return BytesOf(bio.get());
}

absl::StatusOr<Asn1IntegerPtr> SerialOf(const std::string& hex) {
  KAPEA_ASSIGN(const std::string bytes, FromHex(hex));
  if (bytes.empty() || bytes.size() > 20) {
    return absl::InvalidArgumentError("want a serial of 1 to 20 bytes");
  }
  const BignumPtr number(BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()), nullptr));
  Asn1IntegerPtr serial(BN_to_ASN1_INTEGER(number.get(), nullptr));
  KAPEA_CHECK(serial != nullptr);
  return serial;
}

bool AddCrlExtensions(X509_CRL* crl, X509* issuer, uint64_t number) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, nullptr, nullptr, crl, 0);
  const std::unique_ptr<X509_EXTENSION, OpenSslFree<X509_EXTENSION_free>> key_id(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  const Asn1IntegerPtr asn1_number(ASN1_INTEGER_new());
  return key_id != nullptr && X509_CRL_add_ext(crl, key_id.get(), -1) == 1 &&
         asn1_number != nullptr && ASN1_INTEGER_set_uint64(asn1_number.get(), number) == 1 &&
         X509_CRL_add1_ext_i2d(crl, NID_crl_number, asn1_number.get(), 0, 0) == 1;
}

// A host as an entry of subjectAltName. Its characters are checked because they
// become part of OpenSSL's little extension language.
absl::StatusOr<std::string> HostEntry(const std::string& host) {
  unsigned char address[16];
  if (inet_pton(AF_INET, host.c_str(), address) == 1 ||
      inet_pton(AF_INET6, host.c_str(), address) == 1) {
    return "IP:" + host;
  }
  const bool good =
      !host.empty() && host.size() <= kHostSizeMax && host.front() != '-' && host.front() != '.' &&
      std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      });
  if (!good) return absl::InvalidArgumentError("want a lower-case DNS name or an IP address");
  return "DNS:" + host;
}

absl::Status CheckLifetime(Duration lifetime) {
  if (lifetime < Duration::Minutes(1) || lifetime > kRootLifetime) {
    return absl::InvalidArgumentError("want a lifetime of a minute to ten years");
  }
  return absl::OkStatus();
}

Profile AuthorityProfile(AuthorityKind kind, const std::string& trust_domain, Time now,
                         Duration lifetime) {
  Profile profile{AuthorityName(kind), now - kBackdating, now + lifetime, {}};
  const bool root = kind == AuthorityKind::kRoot;
  profile.extensions = {
      {NID_basic_constraints, root ? "critical,CA:TRUE,pathlen:1" : "critical,CA:TRUE,pathlen:0"},
      {NID_key_usage, "critical,keyCertSign,cRLSign"},
      {NID_subject_key_identifier, "hash"}};
  if (root) return profile;
  profile.extensions.push_back({NID_authority_key_identifier, "keyid:always"});
  // Every name that it gives must lie in this trust domain, and what the Device CA
  // issues can never pass for a server, nor the other way round.
  profile.extensions.push_back({NID_name_constraints, "critical,permitted;URI:" + trust_domain});
  profile.extensions.push_back(
      {NID_ext_key_usage, kind == AuthorityKind::kDevices ? "clientAuth" : "serverAuth"});
  return profile;
}

}  // namespace

struct Authority::State {
  DeploymentId deployment;
  AuthorityKind kind;
  crypto::SigningKey key;
  EvpKeyPtr evp;
  X509Ptr x509;
  std::string pem;
  Certificate certificate;

  static absl::StatusOr<std::shared_ptr<const State>> Make(const DeploymentId& deployment,
                                                           AuthorityKind kind,
                                                           const crypto::SigningKey& key,
                                                           X509Ptr x509);
};

absl::StatusOr<std::shared_ptr<const Authority::State>> Authority::State::Make(
    const DeploymentId& deployment, AuthorityKind kind, const crypto::SigningKey& key,
    X509Ptr x509) {
  KAPEA_ASSIGN(EvpKeyPtr evp, KeyOf(key));
  KAPEA_ASSIGN(Certificate certificate, CertificateOf(x509.get()));
  std::string pem = PemOf(x509.get());
  return std::make_shared<const State>(State{deployment, kind, key, std::move(evp), std::move(x509),
                                             std::move(pem), std::move(certificate)});
}

absl::StatusOr<Authority> Authority::CreateRoot(const DeploymentId& deployment, Time now,
                                                Duration lifetime) {
  KAPEA_TRY(CheckLifetime(lifetime));
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  KAPEA_ASSIGN(const EvpKeyPtr evp, KeyOf(key));
  const std::string domain = TrustDomain(deployment);
  KAPEA_ASSIGN(X509Ptr x509, Sign(AuthorityProfile(AuthorityKind::kRoot, domain, now, lifetime),
                                  domain, evp.get(), nullptr, evp.get()));
  KAPEA_ASSIGN(std::shared_ptr<const State> state,
               State::Make(deployment, AuthorityKind::kRoot, key, std::move(x509)));
  return Authority(std::move(state));
}

absl::StatusOr<Authority> Authority::Load(const DeploymentId& deployment,
                                          const crypto::SigningKey& key,
                                          std::string_view certificate_pem) {
  KAPEA_ASSIGN(const Certificate certificate, Certificate::FromPem(certificate_pem));
  X509Ptr x509 = X509OfDer(certificate.der);
  KAPEA_CHECK(x509 != nullptr);
  KAPEA_ASSIGN(const EvpKeyPtr evp, KeyOf(key));
  if (!certificate.is_authority || certificate.spki != SpkiHashOf(evp.get())) {
    return absl::InvalidArgumentError("want an authority's certificate and its key");
  }
  for (const AuthorityKind kind :
       {AuthorityKind::kRoot, AuthorityKind::kDevices, AuthorityKind::kServers}) {
    const std::unique_ptr<X509_NAME, OpenSslFree<X509_NAME_free>> name(X509_NAME_new());
    KAPEA_CHECK(name != nullptr &&
                SetName(name.get(), AuthorityName(kind), TrustDomain(deployment)));
    if (X509_NAME_cmp(name.get(), X509_get_subject_name(x509.get())) != 0) continue;
    KAPEA_ASSIGN(std::shared_ptr<const State> state,
                 State::Make(deployment, kind, key, std::move(x509)));
    return Authority(std::move(state));
  }
  return absl::InvalidArgumentError("want an authority of this deployment, got another's");
}

absl::StatusOr<Authority> Authority::IssueIntermediate(AuthorityKind kind, Time now,
                                                       Duration lifetime) const {
  if (state_->kind != AuthorityKind::kRoot || kind == AuthorityKind::kRoot) {
    return absl::FailedPreconditionError("want the root to issue a Device CA or a Server CA");
  }
  KAPEA_TRY(CheckLifetime(lifetime));
  if (now + lifetime > state_->certificate.not_after) {
    return absl::FailedPreconditionError("want an end before the root's, got a later one");
  }
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  KAPEA_ASSIGN(const EvpKeyPtr evp, KeyOf(key));
  const std::string domain = TrustDomain(state_->deployment);
  KAPEA_ASSIGN(X509Ptr x509, Sign(AuthorityProfile(kind, domain, now, lifetime), domain, evp.get(),
                                  state_->x509.get(), state_->evp.get()));
  KAPEA_ASSIGN(std::shared_ptr<const State> state,
               State::Make(state_->deployment, kind, key, std::move(x509)));
  return Authority(std::move(state));
}

absl::StatusOr<std::string> Authority::IssueLeaf(AuthorityKind wanted, const Request& request,
                                                 const PeerName& name,
                                                 const std::string& more_names, Time now,
                                                 Duration lifetime) const {
  if (state_->kind != wanted) {
    return absl::FailedPreconditionError("want " + AuthorityName(wanted) + " to issue this, got " +
                                         AuthorityName(state_->kind));
  }
  KAPEA_TRY(CheckLifetime(lifetime));
  if (now < state_->certificate.not_before || now >= state_->certificate.not_after) {
    return absl::FailedPreconditionError(AuthorityName(wanted) + " is expired or not yet valid");
  }
  const bool server = wanted == AuthorityKind::kServers;
  Profile profile;
  // The same for all: the name stands in the URI alone, so nobody takes it from here.
  profile.common_name = server ? "Kapea server" : "Kapea device";
  profile.not_before = now - kBackdating;
  profile.not_after = std::min(now + lifetime, state_->certificate.not_after);
  profile.extensions = {
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, "critical,digitalSignature"},
      {NID_ext_key_usage, server ? "serverAuth" : "clientAuth"},
      {NID_authority_key_identifier, "keyid:always"},
      {NID_subject_alt_name, "URI:" + ToUri(state_->deployment, name) + more_names}};
  KAPEA_ASSIGN(const EvpKeyPtr key, PublicKeyOf(request.point()));
  KAPEA_ASSIGN(const X509Ptr x509, Sign(profile, TrustDomain(state_->deployment), key.get(),
                                        state_->x509.get(), state_->evp.get()));
  return PemOf(x509.get()) + state_->pem;
}

absl::StatusOr<std::string> Authority::IssueServer(const Request& request, const DeviceId& server,
                                                   const std::vector<std::string>& hosts, Time now,
                                                   Duration lifetime) const {
  if (hosts.empty() || hosts.size() > kHostCountMax) {
    return absl::InvalidArgumentError("want 1 to 16 hosts, got " + std::to_string(hosts.size()));
  }
  std::string names;
  for (const std::string& host : hosts) {
    KAPEA_ASSIGN(const std::string entry, HostEntry(host));
    names += "," + entry;
  }
  return IssueLeaf(AuthorityKind::kServers, request, ServerName{server}, names, now, lifetime);
}

absl::StatusOr<std::string> Authority::IssueDevice(const Request& request, const PersonId& person,
                                                   const DeviceId& device, Time now,
                                                   Duration lifetime) const {
  return IssueLeaf(AuthorityKind::kDevices, request, DeviceName{person, device}, "", now, lifetime);
}

absl::StatusOr<std::string> Authority::IssueBootstrap(const Request& request,
                                                      const BootstrapId& bootstrap,
                                                      Time now) const {
  return IssueLeaf(AuthorityKind::kDevices, request, BootstrapName{bootstrap}, "", now,
                   kBootstrapLifetime);
}

absl::StatusOr<std::string> Authority::IssueWitness(const Request& request,
                                                    const WitnessId& witness, Time now,
                                                    Duration lifetime) const {
  return IssueLeaf(AuthorityKind::kDevices, request, WitnessName{witness}, "", now, lifetime);
}

absl::StatusOr<std::string> Authority::SignCrl(const std::vector<RevokedCertificate>& revoked,
                                               uint64_t number, Time now, Time next_update) const {
  if (next_update <= now) return absl::InvalidArgumentError("want the next update after now");
  const X509CrlPtr crl(X509_CRL_new());
  const Asn1TimePtr time(ASN1_TIME_new());
  KAPEA_CHECK(crl != nullptr && time != nullptr);
  bool good = X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(state_->x509.get())) == 1 &&
              SetTime(time.get(), now - kBackdating) &&
              X509_CRL_set1_lastUpdate(crl.get(), time.get()) == 1 &&
              SetTime(time.get(), next_update) &&
              X509_CRL_set1_nextUpdate(crl.get(), time.get()) == 1;
  for (const RevokedCertificate& entry : revoked) {
    KAPEA_ASSIGN(const Asn1IntegerPtr serial, SerialOf(entry.serial));
    RevokedPtr one(X509_REVOKED_new());
    good = good && one != nullptr && SetTime(time.get(), entry.since) &&
           X509_REVOKED_set_serialNumber(one.get(), serial.get()) == 1 &&
           X509_REVOKED_set_revocationDate(one.get(), time.get()) == 1 &&
           X509_CRL_add0_revoked(crl.get(), one.get()) == 1;
    if (good) static_cast<void>(one.release());  // add0: the list owns it now
  }
  good = good && AddCrlExtensions(crl.get(), state_->x509.get(), number) &&
         X509_CRL_sort(crl.get()) == 1 &&
         X509_CRL_sign(crl.get(), state_->evp.get(), EVP_sha256()) > 0;
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!good || bio == nullptr || PEM_write_bio_X509_CRL(bio.get(), crl.get()) != 1) {
    return OpenSslError(absl::StatusCode::kInternal, "cannot make a revocation list");
  }
  return BytesOf(bio.get());
}

AuthorityKind Authority::kind() const { return state_->kind; }
const std::string& Authority::certificate_pem() const { return state_->pem; }
const Hash& Authority::fingerprint() const { return state_->certificate.fingerprint; }
const crypto::SigningKey& Authority::key() const { return state_->key; }

}  // namespace kapea::pki
