#include "common/pki/certificate.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/pki/x509.h"

namespace kapea::pki {
namespace {

using GeneralNamesPtr = std::unique_ptr<GENERAL_NAMES, OpenSslFree<GENERAL_NAMES_free>>;

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<size_t>(ASN1_STRING_length(text))};
}

std::string AddressText(const std::string& bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return "";
  return inet_ntop(family, bytes.data(), text, sizeof(text)) == nullptr ? "" : text;
}

absl::Status ReadNames(X509* x509, Certificate& out) {
  int critical = 0;
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  ERR_clear_error();
  if (names == nullptr && critical != -1) {  // -1: there is none at all
    return absl::InvalidArgumentError("want one readable list of names, got another");
  }
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names.get());
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_URI) out.uris.push_back(TextOf(name->d.uniformResourceIdentifier));
    if (name->type == GEN_DNS) out.dns_names.push_back(TextOf(name->d.dNSName));
    if (name->type == GEN_IPADD) {
      out.ip_addresses.push_back(AddressText(TextOf(name->d.iPAddress)));
    }
  }
  return absl::OkStatus();
}

// The next block of a PEM text: a certificate, and nothing else.
absl::StatusOr<X509Ptr> NextInPem(BIO* bio) {
  char* name = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(bio, &name, &header, &data, &size) != 1) {
    return OpenSslError(absl::StatusCode::kInvalidArgument, "want certificates in PEM");
  }
  const std::string_view der(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  const bool plain = std::string_view(name) == PEM_STRING_X509 && *header == '\0';
  X509Ptr x509 = plain ? X509OfDer(der) : nullptr;
  OPENSSL_free(name);
  OPENSSL_free(header);
  OPENSSL_free(data);
  if (x509 == nullptr) {
    return absl::InvalidArgumentError("want certificates in PEM, got a block of another kind");
  }
  return x509;
}

bool OnlyWhiteSpace(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  for (long i = 0; i < size; ++i) {
    if (data[i] != ' ' && data[i] != '\n' && data[i] != '\r' && data[i] != '\t') return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<Certificate> CertificateOf(X509* x509) {
  Certificate out;
  unsigned char* der = nullptr;
  const int size = i2d_X509(x509, &der);
  EVP_PKEY* const key = X509_get0_pubkey(x509);
  if (size <= 0 || key == nullptr) {
    OPENSSL_free(der);
    return OpenSslError(absl::StatusCode::kInvalidArgument, "cannot read the certificate");
  }
  out.der.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  out.fingerprint = crypto::Sha256(out.der);
  // The bytes as they stand there: encoding the key anew costs more than all the rest.
  unsigned char* spki = nullptr;
  const int spki_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &spki);
  KAPEA_CHECK(spki_size > 0);
  out.spki = crypto::Sha256({reinterpret_cast<const char*>(spki), static_cast<size_t>(spki_size)});
  OPENSSL_free(spki);
  const ASN1_INTEGER* serial = X509_get0_serialNumber(x509);
  out.serial = ToHex(TextOf(serial));
  KAPEA_ASSIGN(out.not_before, TimeOf(X509_get0_notBefore(x509)));
  KAPEA_ASSIGN(const Time last_second, TimeOf(X509_get0_notAfter(x509)));
  out.not_after = last_second;
  out.is_authority = X509_check_ca(x509) != 0;
  KAPEA_TRY(ReadNames(x509, out));
  return out;
}

absl::StatusOr<Certificate> Certificate::FromDer(std::string_view der) {
  if (der.size() > kCertificatePemBytesMax) {
    return absl::InvalidArgumentError("want a certificate of at most 16 KiB, got more");
  }
  const X509Ptr x509 = X509OfDer(der);
  if (x509 == nullptr) return absl::InvalidArgumentError("want a certificate, got other bytes");
  return CertificateOf(x509.get());
}

absl::StatusOr<Certificate> Certificate::FromPem(std::string_view pem) {
  KAPEA_ASSIGN(std::vector<Certificate> chain, ParseChain(pem));
  if (chain.size() != 1) {
    return absl::InvalidArgumentError("want one certificate, got " + std::to_string(chain.size()));
  }
  return std::move(chain.front());
}

std::string Certificate::ToPem() const {
  const X509Ptr x509 = X509OfDer(der);
  const BioPtr bio(BIO_new(BIO_s_mem()));
  KAPEA_CHECK(x509 != nullptr && bio != nullptr && PEM_write_bio_X509(bio.get(), x509.get()) == 1);
  return BytesOf(bio.get());
}

absl::StatusOr<std::vector<X509Ptr>> ParseX509Chain(std::string_view pem) {
  if (pem.size() > kCertificatePemBytesMax * kChainLengthMax) {
    return absl::InvalidArgumentError("want a chain of at most 96 KiB, got more");
  }
  const BioPtr bio = ReaderOf(pem);
  std::vector<X509Ptr> chain;
  while (!OnlyWhiteSpace(bio.get())) {
    KAPEA_ASSIGN(X509Ptr x509, NextInPem(bio.get()));
    if (chain.size() == kChainLengthMax) {
      return absl::InvalidArgumentError("want at most 6 certificates, got more");
    }
    chain.push_back(std::move(x509));
  }
  if (chain.empty()) return absl::InvalidArgumentError("want a certificate, got none");
  return chain;
}

absl::StatusOr<std::vector<Certificate>> ParseChain(std::string_view pem) {
  KAPEA_ASSIGN(const std::vector<X509Ptr> parsed, ParseX509Chain(pem));
  std::vector<Certificate> chain;
  for (const X509Ptr& x509 : parsed) {
    KAPEA_ASSIGN(Certificate certificate, CertificateOf(x509.get()));
    chain.push_back(std::move(certificate));
  }
  return chain;
}

absl::StatusOr<PeerName> NameOf(const Certificate& certificate, const DeploymentId& deployment) {
  if (certificate.is_authority) {
    return absl::UnauthenticatedError("want a certificate of a device, got an authority's");
  }
  if (certificate.uris.size() != 1) {
    return absl::UnauthenticatedError("want exactly one URI in the certificate, got " +
                                      std::to_string(certificate.uris.size()));
  }
  return ParsePeerUri(certificate.uris.front(), deployment);
}

}  // namespace kapea::pki
