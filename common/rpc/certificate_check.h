// Private to this room: our own look at a peer's certificate, inside gRPC's handshake.
#pragma once

#include <grpcpp/security/tls_certificate_verifier.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"

namespace kapea::rpc {

// Gets the peer's chain in PEM, leaf first. Runs on a thread of gRPC's, inside the
// handshake: it must not wait for anything.
using CertificateCheck = std::function<absl::Status(const std::string& chain_pem)>;

// The handshake goes on only when `check` says Ok.
std::shared_ptr<grpc::experimental::CertificateVerifier> VerifierOf(CertificateCheck check);

}  // namespace kapea::rpc
