#include "common/rpc/certificate_check.h"

#include <grpcpp/grpcpp.h>

#include <string_view>
#include <utility>

#include "common/rpc/status.h"

namespace kapea::rpc {
namespace {

namespace tls = grpc::experimental;

class CheckingVerifier : public tls::ExternalCertificateVerifier {
 public:
  explicit CheckingVerifier(CertificateCheck check) : check_(std::move(check)) {}
  ~CheckingVerifier() override = default;

  bool Verify(tls::TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/, grpc::Status* result) override {
    const grpc::string_ref leaf = request->peer_cert();
    const grpc::string_ref chain = request->peer_cert_full_chain();
    std::string pem(chain.data(), chain.size());
    // At a client gRPC's chain begins with the leaf; at a server it leaves the leaf out.
    const std::string_view leaf_pem(leaf.data(), leaf.size());
    if (!std::string_view(pem).starts_with(leaf_pem)) pem.insert(0, leaf_pem);
    *result = leaf.empty() ? grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "no certificate")
                           : ToGrpc(check_(pem));
    return true;  // done, without the callback
  }
  void Cancel(tls::TlsCustomVerificationCheckRequest* /*request*/) override {}

 private:
  const CertificateCheck check_;
};

}  // namespace

std::shared_ptr<tls::CertificateVerifier> VerifierOf(CertificateCheck check) {
  return tls::ExternalCertificateVerifier::Create<CheckingVerifier>(std::move(check));
}

}  // namespace kapea::rpc
