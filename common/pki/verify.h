// Whether a chain is to be believed.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/pki/certificate.h"

namespace kapea::pki {

enum class Purpose { kClient, kServer };

// The pinned root of a deployment, and what belongs to it. System roots never count.
// Threads: any; a copy shares what was parsed.
class TrustAnchor {
 public:
  // InvalidArgument unless `root_pem` is one self-signed authority. `intermediates_pem`
  // may be empty; what stands there need not be sent by the peer (the certificate of an
  // enrolment code comes alone, to keep the code small). It is not trusted by itself.
  static absl::StatusOr<TrustAnchor> FromPem(std::string_view root_pem,
                                             std::string_view intermediates_pem = "");
  // The root out of a chain that a server sent, where only its SHA-256 is known: that
  // of an enrolment code. Unauthenticated when it is not among them.
  static absl::StatusOr<TrustAnchor> FromChain(std::string_view chain_pem, const Hash& root);

  // From now on leaves must be covered by one of these lists and stand on none.
  // InvalidArgument when `crl_pem` is no list.
  absl::StatusOr<TrustAnchor> WithRevocationList(std::string_view crl_pem) const;

  // The leaf of `chain_pem` (leaf first, then its authorities in any order), if at
  // `at` it leads to the root and may serve for `purpose`. Unauthenticated otherwise,
  // and the message says which: expired, not yet valid, foreign root, wrong usage,
  // revoked, name outside the trust domain, or a key other than P-256.
  absl::StatusOr<Certificate> Verify(std::string_view chain_pem, Purpose purpose, Time at) const;

  const std::string& root_pem() const;
  const Hash& root_fingerprint() const;

 private:
  struct State;
  explicit TrustAnchor(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace kapea::pki
