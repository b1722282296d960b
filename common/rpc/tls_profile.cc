#include "common/rpc/tls_profile.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "common/base/macros.h"

namespace kapea::rpc {
namespace {

// `Protocol` sets an option bit that survives gRPC's own SSL_CTX_set_min_proto_version;
// `MinProtocol` would not.
constexpr char kProfile[] =
    "openssl_conf = start\n"
    "[start]\n"
    "ssl_conf = ssl\n"
    "[ssl]\n"
    "system_default = profile\n"
    "[profile]\n"
    "Protocol = -TLSv1.2\n"
    "Options = -SessionTicket,NoRenegotiation\n"
    "Ciphersuites = TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256\n"
    "NumTickets = 0\n";

// Proxies, roots, cipher suites, traces (which print what is sent), engines, key logs.
constexpr const char* kCleared[] = {
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "grpc_proxy",
    "no_proxy",
    "no_grpc_proxy",
    "GRPC_TRACE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "GRPC_VERBOSITY",
    "GRPC_SSL_CIPHER_SUITES",
    "GRPC_SYSTEM_SSL_ROOTS_DIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "SSLKEYLOGFILE",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
};

using ConfPtr = std::unique_ptr<CONF, decltype(&NCONF_free)>;
using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

absl::Status Load() {
  if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) != 1) {
    return absl::FailedPreconditionError("cannot start OpenSSL");
  }
  const BioPtr text(BIO_new_mem_buf(kProfile, -1), &BIO_free);
  const ConfPtr conf(NCONF_new(nullptr), &NCONF_free);
  KAPEA_CHECK(text != nullptr && conf != nullptr);
  if (NCONF_load_bio(conf.get(), text.get(), nullptr) != 1 ||
      CONF_modules_load(conf.get(), nullptr, 0) != 1) {
    ERR_clear_error();
    return absl::FailedPreconditionError("cannot load the TLS profile");
  }
  return absl::OkStatus();
}

absl::Status Prove() {
  const ContextPtr context(SSL_CTX_new(TLS_method()), &SSL_CTX_free);
  if (context == nullptr) return absl::FailedPreconditionError("cannot make a TLS context");
  const uint64_t options = SSL_CTX_get_options(context.get());
  const uint64_t wanted = SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION;
  if ((options & wanted) != wanted || SSL_CTX_get_num_tickets(context.get()) != 0) {
    return absl::FailedPreconditionError("want TLS 1.3 alone and no tickets, got other options");
  }
  std::string suites;
  const STACK_OF(SSL_CIPHER)* ciphers = SSL_CTX_get_ciphers(context.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(ciphers, i);
    // Suites of TLS 1.2 stay in the list but can no longer be negotiated.
    if (SSL_CIPHER_get_protocol_id(cipher) >> 8 != 0x13) continue;
    suites += std::string(SSL_CIPHER_get_name(cipher)) + ":";
  }
  if (suites != "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:") {
    return absl::FailedPreconditionError("want the two suites of the TLS profile, got " + suites);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InstallTlsProfile() {
  for (const char* name : kCleared) ::unsetenv(name);
  static const absl::Status loaded = Load();
  KAPEA_TRY(loaded);
  return Prove();
}

}  // namespace kapea::rpc
