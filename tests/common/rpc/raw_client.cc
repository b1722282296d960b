#include "tests/common/rpc/raw_client.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>

#include "common/base/macros.h"
#include "common/pki/certificate.h"

namespace kapea::rpc {

RawSocket::RawSocket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  KAPEA_CHECK(fd_ >= 0);
}

void RawSocket::Connect(uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  KAPEA_CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
  const timeval limit{3, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

RawSocket::~RawSocket() { ::close(fd_); }

bool RawSocket::ClosesWithin(Duration at_most) {
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(at_most.milliseconds());
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waited{fd_, POLLIN, 0};
    if (::poll(&waited, 1, static_cast<int>(left.count())) <= 0) return false;
    char buffer[4096];
    if (::recv(fd_, buffer, sizeof(buffer), 0) <= 0) return true;
  }
}

struct RawTls::State {
  SSL_CTX* context = nullptr;
  SSL* ssl = nullptr;
  ~State() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
};

RawTls::RawTls(uint16_t port, const Identity* identity, const Wish& wish)
    : socket_(port), state_(std::make_unique<State>()) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  KAPEA_CHECK(context != nullptr);
  state_->context = context;
  // The profile of this process binds this client too; a stranger's would not be bound.
  SSL_CTX_clear_options(context, SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TICKET);
  if (!wish.session_tickets) SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_min_proto_version(context, wish.version);
  SSL_CTX_set_max_proto_version(context, wish.version);
  SSL_CTX_set_ciphersuites(context, wish.suites.empty()
                                        ? "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
                                        : wish.suites.c_str());
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT);
  if (identity != nullptr) {
    const auto chain = pki::ParseChain(identity->chain_pem);
    for (size_t i = 0; i < chain->size(); ++i) {
      const auto* der = reinterpret_cast<const unsigned char*>((*chain)[i].der.data());
      X509* x509 = d2i_X509(nullptr, &der, static_cast<long>((*chain)[i].der.size()));
      if (i == 0) {
        SSL_CTX_use_certificate(context, x509);
        X509_free(x509);
      } else {
        SSL_CTX_add_extra_chain_cert(context, x509);  // takes it
      }
    }
    const crypto::SecretBytes pem = identity->key.ToPem();
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    KAPEA_CHECK(SSL_CTX_use_PrivateKey(context, key) == 1);
    EVP_PKEY_free(key);
    BIO_free(bio);
  }
  state_->ssl = SSL_new(context);
  SSL_set_app_data(state_->ssl, this);
  SSL_CTX_sess_set_new_cb(context, [](SSL* ssl, SSL_SESSION*) {
    ++static_cast<RawTls*>(SSL_get_app_data(ssl))->tickets_;
    return 0;
  });
  const unsigned char alpn[] = {2, 'h', '2'};
  SSL_set_alpn_protos(state_->ssl, alpn, sizeof(alpn));
  SSL_set_tlsext_host_name(state_->ssl, kServerDnsName);
  SSL_set_fd(state_->ssl, socket_.fd());
}

RawTls::~RawTls() { ERR_clear_error(); }

bool RawTls::Handshake() { return SSL_connect(state_->ssl) == 1; }

bool RawTls::Write(std::string_view bytes) {
  return SSL_write(state_->ssl, bytes.data(), static_cast<int>(bytes.size())) > 0;
}

std::string RawTls::ReadSome() {
  char buffer[16 * 1024];
  const int size = SSL_read(state_->ssl, buffer, sizeof(buffer));
  return size > 0 ? std::string(buffer, static_cast<size_t>(size)) : std::string();
}

}  // namespace kapea::rpc
