#include "tests/common/pki/forge.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>

#include "common/base/macros.h"

namespace kapea::pki {
namespace {

struct Free {
  void operator()(BIO* o) const { BIO_free_all(o); }
  void operator()(X509* o) const { X509_free(o); }
  void operator()(X509_REQ* o) const { X509_REQ_free(o); }
  void operator()(EVP_PKEY* o) const { EVP_PKEY_free(o); }
  void operator()(X509_EXTENSION* o) const { X509_EXTENSION_free(o); }
};
template <typename T>
using Ptr = std::unique_ptr<T, Free>;

Ptr<BIO> Reader(std::string_view text) {
  return Ptr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Ptr<EVP_PKEY> KeyOf(const crypto::SigningKey& key) {
  const crypto::SecretBytes pem = key.ToPem();
  return Ptr<EVP_PKEY>(
      PEM_read_bio_PrivateKey(Reader(pem.view()).get(), nullptr, nullptr, nullptr));
}

Ptr<X509_EXTENSION> Extension(X509V3_CTX* context, int nid, const std::string& value) {
  Ptr<X509_EXTENSION> made(X509V3_EXT_conf_nid(nullptr, context, nid, value.c_str()));
  KAPEA_CHECK(made != nullptr);
  return made;
}

void SetCommonName(X509_NAME* name, const std::string& text) {
  KAPEA_CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                         reinterpret_cast<const unsigned char*>(text.c_str()), -1,
                                         -1, 0) == 1);
}

}  // namespace

std::string Forge(const Authority& issuer, const Forgery& forgery, const crypto::SigningKey& key) {
  const Ptr<X509> authority(
      PEM_read_bio_X509(Reader(issuer.certificate_pem()).get(), nullptr, nullptr, nullptr));
  const Ptr<EVP_PKEY> subject_key = KeyOf(key);
  const Ptr<EVP_PKEY> issuer_key = KeyOf(issuer.key());
  const Ptr<X509> x509(X509_new());
  X509_set_version(x509.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), 4711);
  SetCommonName(X509_get_subject_name(x509.get()), forgery.common_name);
  X509_set_issuer_name(x509.get(), X509_get_subject_name(authority.get()));
  ASN1_TIME_set(X509_getm_notBefore(x509.get()), forgery.not_before.unix_ms() / 1000);
  ASN1_TIME_set(X509_getm_notAfter(x509.get()), forgery.not_after.unix_ms() / 1000);
  X509_set_pubkey(x509.get(), subject_key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, authority.get(), x509.get(), nullptr, nullptr, 0);
  const std::vector<std::pair<int, std::string>> extensions = {
      {NID_basic_constraints, forgery.basic_constraints},
      {NID_key_usage, forgery.key_usage},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, "keyid:always"},
      {NID_ext_key_usage, forgery.usage},
      {NID_subject_alt_name, forgery.alternative_names}};
  for (const auto& [nid, value] : extensions) {
    if (value.empty()) continue;
    X509_add_ext(x509.get(), Extension(&context, nid, value).get(), -1);
  }
  const Ptr<BIO> out(BIO_new(BIO_s_mem()));
  KAPEA_CHECK(X509_sign(x509.get(), issuer_key.get(), EVP_sha256()) > 0 &&
              PEM_write_bio_X509(out.get(), x509.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return std::string(data, static_cast<size_t>(size)) + issuer.certificate_pem();
}

std::string ForgeRequest(const std::string& common_name, const std::string& alternative_names,
                         unsigned rsa_bits) {
  const Ptr<EVP_PKEY> key(rsa_bits != 0 ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256"));
  const Ptr<X509_REQ> request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  SetCommonName(X509_REQ_get_subject_name(request.get()), common_name);
  X509_REQ_set_pubkey(request.get(), key.get());
  X509V3_CTX context;
  X509V3_set_ctx(&context, nullptr, nullptr, request.get(), nullptr, 0);
  if (!alternative_names.empty()) {
    STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(list,
                           Extension(&context, NID_subject_alt_name, alternative_names).release());
    KAPEA_CHECK(X509_REQ_add_extensions(request.get(), list) == 1);
    sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
  }
  KAPEA_CHECK(X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0);
  unsigned char* der = nullptr;
  const int size = i2d_X509_REQ(request.get(), &der);
  std::string bytes(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

}  // namespace kapea::pki
