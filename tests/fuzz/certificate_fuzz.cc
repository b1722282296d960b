// Certificates, chains and requests of strangers, in DER and PEM: each is a value or an
// InvalidArgument, and none leads to a pinned root.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/request.h"
#include "common/pki/verify.h"

namespace kapea::pki {
namespace {

void TryNames(const Certificate& certificate) {
  const auto again = Certificate::FromDer(certificate.der);
  KAPEA_CHECK(again.ok() && again->fingerprint == certificate.fingerprint);
  const auto from_pem = Certificate::FromPem(certificate.ToPem());
  KAPEA_CHECK(from_pem.ok() && from_pem->der == certificate.der);
  const auto name = NameOf(certificate, DeploymentId());
  if (name.ok()) {
    KAPEA_CHECK(!certificate.is_authority && certificate.uris.size() == 1 &&
                certificate.uris[0] == ToUri(DeploymentId(), *name));
  }
}

void Try(std::string_view bytes) {
  static const Time now = Time::FromUnixMs(1'795'000'000'000);
  static const auto* anchor = new TrustAnchor(
      *TrustAnchor::FromPem(Authority::CreateRoot(DeploymentId(), now)->certificate_pem()));
  if (const auto certificate = Certificate::FromDer(bytes); certificate.ok()) {
    KAPEA_CHECK(certificate->der == bytes);
    TryNames(*certificate);
    const auto verified = anchor->Verify(certificate->ToPem(), Purpose::kClient, now);
    KAPEA_CHECK(absl::IsUnauthenticated(verified.status()));
  }
  if (const auto chain = ParseChain(bytes); chain.ok()) {
    KAPEA_CHECK(!chain->empty() && chain->size() <= kChainLengthMax);
    for (const Certificate& certificate : *chain) TryNames(certificate);
  }
  KAPEA_CHECK(!anchor->Verify(bytes, Purpose::kServer, now).ok());
  const auto listed = anchor->WithRevocationList(bytes);
  KAPEA_CHECK(listed.ok() || absl::IsInvalidArgument(listed.status()) ||
              absl::IsUnauthenticated(listed.status()));
  if (const auto request = Request::FromDer(bytes); request.ok()) {
    KAPEA_CHECK(bytes.size() <= kRequestBytesMax);
    KAPEA_CHECK(crypto::VerifyKey::FromBytes(request->point()).ok());
  }
  if (const auto name = ParsePeerUri(bytes, DeploymentId()); name.ok()) {
    KAPEA_CHECK(ToUri(DeploymentId(), *name) == bytes);
  }
}

}  // namespace
}  // namespace kapea::pki

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::pki::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
