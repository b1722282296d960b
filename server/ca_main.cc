// kapea-ca: holds the key of the Device CA, and nothing else. It reads no network: a bug
// in the process that does must not give the key away.
//
// Exit codes: 0 its parent closed the socket; 1 key, certificate or socket cannot be
// used; 2 wrong arguments.

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <string>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/ca_messages.h"
#include "common/codec/protobuf_log.h"
#include "common/crypto/secret.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/key_file.h"
#include "server/service/ca_frames.h"

namespace kapea::server {
namespace {

constexpr size_t kRevokedMax = 1000;

absl::StatusOr<pki::Authority> LoadAuthority(const std::string& deployment_hex,
                                             const std::string& certificate_file,
                                             const std::string& key_file) {
  KAPEA_ASSIGN(const DeploymentId deployment, DeploymentId::FromHexText(deployment_hex));
  KAPEA_ASSIGN(const std::string certificate,
               ReadFile(certificate_file, pki::kCertificatePemBytesMax));
  KAPEA_ASSIGN(const crypto::SigningKey key, pki::ReadPrivateKey(key_file));
  KAPEA_ASSIGN(pki::Authority authority, pki::Authority::Load(deployment, key, certificate));
  if (authority.kind() != pki::AuthorityKind::kDevices) {
    return absl::InvalidArgumentError("want the Device CA, got another authority");
  }
  return authority;
}

struct Answer {
  const pki::Authority& authority;
  Time now;

  absl::StatusOr<std::string> operator()(const codec::CaIssueBootstrap& wanted) const {
    KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(wanted.certificate_request));
    return authority.IssueBootstrap(request, pki::BootstrapId::FromPrefix(wanted.bootstrap.view()),
                                    now);
  }
  absl::StatusOr<std::string> operator()(const codec::CaIssueDevice& wanted) const {
    KAPEA_ASSIGN(const pki::Request request, pki::Request::FromDer(wanted.certificate_request));
    return authority.IssueDevice(request, wanted.person, wanted.device, now);
  }
  absl::StatusOr<std::string> operator()(const codec::CaSignList& wanted) const {
    if (wanted.revoked.size() > kRevokedMax) {
      return absl::InvalidArgumentError("want at most 1,000 lines in a list");
    }
    std::vector<pki::RevokedCertificate> revoked;
    for (const codec::CaRevoked& line : wanted.revoked) {
      revoked.push_back({line.serial, line.since});
    }
    return authority.SignCrl(revoked, wanted.number, now, wanted.next_update);
  }
};

// Until the other end closes. Whatever is malformed ends it too: kapead never sends that.
void Serve(int fd, const pki::Authority& authority, const Clock& clock) {
  for (;;) {
    const auto bytes = ReadFrame(fd, Duration(), clock);
    if (!bytes.ok()) return;
    const auto request = codec::CaRequest::Decode(*bytes);
    if (!request.ok()) return;
    const auto pem = std::visit(Answer{authority, clock.Now()}, request->what);
    const codec::CaReply reply{request->id, pem.status(), pem.ok() ? *pem : ""};
    if (!WriteFrame(fd, reply.Encode(), Duration::Seconds(5), clock).ok()) return;
  }
}

// Processes of the same user alone, one after the other.
absl::Status Listen(const std::string& path, const pki::Authority& authority, const Clock& clock) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("want a shorter path for the socket");
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::unlink(path.c_str());
  ::umask(0177);
  if (listening < 0 ||
      ::bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      ::listen(listening, 4) != 0) {
    return absl::ErrnoToStatus(errno, "cannot listen on " + path);
  }
  for (;;) {
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ucred peer{};
    socklen_t size = sizeof(peer);
    const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (known && peer.uid == ::geteuid()) Serve(fd, authority, clock);
    ::close(fd);
  }
}

int Main(int argc, char** argv) {
  crypto::HardenProcess();
  codec::QuietProtobuf();
  CLI::App app("kapea-ca: holds the key of the Device CA and issues for kapead");
  int fd = -1;
  std::string listen, deployment, certificate, key;
  app.add_option("--deployment", deployment, "deployment id, 32 hex digits")->required();
  app.add_option("--certificate", certificate, "certificate of the Device CA, PEM")->required();
  app.add_option("--key", key, "its key, PEM, readable by its owner alone")->required();
  auto* by_fd = app.add_option("--fd", fd, "serve this socket, which kapead handed down");
  app.add_option("--listen", listen, "or serve this Unix socket")->excludes(by_fd);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (fd < 0 && listen.empty()) {
    std::fprintf(stderr, "kapea-ca: want --fd or --listen\n");
    return 2;
  }
  const auto authority = LoadAuthority(deployment, certificate, key);
  absl::Status status = authority.status();
  const SystemClock clock;
  if (status.ok() && fd >= 0) Serve(fd, *authority, clock);
  if (status.ok() && fd < 0) status = Listen(listen, *authority, clock);
  if (status.ok()) return 0;
  std::fprintf(stderr, "kapea-ca: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace kapea::server

int main(int argc, char** argv) { return kapea::server::Main(argc, argv); }
