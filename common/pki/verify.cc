#include "common/pki/verify.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <vector>

#include "common/base/macros.h"
#include "common/pki/x509.h"

namespace kapea::pki {
namespace {

using StorePtr = std::unique_ptr<X509_STORE, OpenSslFree<X509_STORE_free>>;
using StoreContextPtr = std::unique_ptr<X509_STORE_CTX, OpenSslFree<X509_STORE_CTX_free>>;

struct StackFree {
  // The certificates in it belong to others.
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};
using StackPtr = std::unique_ptr<STACK_OF(X509), StackFree>;

const char* UsageOf(Purpose purpose) { return purpose == Purpose::kClient ? "client" : "server"; }

// OpenSSL has about a hundred reasons; a person can act on these.
std::string ReasonOf(int error, Purpose purpose) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate is not yet valid: is a clock wrong?";
    case X509_V_ERR_CERT_REVOKED:
      return "the certificate is revoked";
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
      return std::string("the certificate is of the wrong usage: want a ") + UsageOf(purpose) +
             "'s";
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
      return "the certificate names somebody outside its authority's trust domain";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return "there is no current revocation list for the certificate";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return "the certificate is of a foreign root: it does not lead to the pinned one";
    default:
      return std::string("the certificate is not accepted: ") +
             X509_verify_cert_error_string(error);
  }
}

bool IsSelfSigned(X509* x509) {
  return X509_check_ca(x509) == 1 && X509_self_signed(x509, /*verify_signature=*/1) == 1;
}

// What OpenSSL leaves open: a leaf, with the usage said outright, and our kind of key.
absl::Status CheckLeaf(X509* leaf, Purpose purpose) {
  const uint32_t wanted = purpose == Purpose::kClient ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
  const uint32_t usage = X509_get_extended_key_usage(leaf);
  if (X509_check_ca(leaf) != 0 || usage != wanted) {
    return absl::UnauthenticatedError(ReasonOf(X509_V_ERR_INVALID_PURPOSE, purpose));
  }
  if (!P256PointOf(X509_get0_pubkey(leaf)).ok()) {
    return absl::UnauthenticatedError("the certificate's key is not of P-256");
  }
  return absl::OkStatus();
}

}  // namespace

struct TrustAnchor::State {
  std::string root_pem;
  Hash root_fingerprint;
  X509Ptr root;
  std::vector<X509Ptr> intermediates;
  std::vector<X509CrlPtr> crls;
  StorePtr store;  // the root, and the lists

  absl::Status Fill() {
    store.reset(X509_STORE_new());
    KAPEA_CHECK(store != nullptr);
    bool good = X509_STORE_add_cert(store.get(), root.get()) == 1;
    for (const X509CrlPtr& crl : crls) good = good && X509_STORE_add_crl(store.get(), crl.get());
    unsigned long flags = X509_V_FLAG_X509_STRICT;
    if (!crls.empty()) flags |= X509_V_FLAG_CRL_CHECK;
    good = good && X509_STORE_set_flags(store.get(), flags) == 1;
    if (!good) return OpenSslError(absl::StatusCode::kInternal, "cannot make a trust store");
    return absl::OkStatus();
  }
};

absl::StatusOr<TrustAnchor> TrustAnchor::FromPem(std::string_view root_pem,
                                                 std::string_view intermediates_pem) {
  KAPEA_ASSIGN(const Certificate root, Certificate::FromPem(root_pem));
  auto state = std::make_shared<State>();
  state->root_pem = root.ToPem();
  state->root_fingerprint = root.fingerprint;
  state->root = X509OfDer(root.der);
  if (!IsSelfSigned(state->root.get())) {
    return absl::InvalidArgumentError("want a self-signed authority as the root");
  }
  if (!intermediates_pem.empty()) {
    KAPEA_ASSIGN(state->intermediates, ParseX509Chain(intermediates_pem));
  }
  KAPEA_TRY(state->Fill());
  return TrustAnchor(std::move(state));
}

absl::StatusOr<TrustAnchor> TrustAnchor::FromChain(std::string_view chain_pem, const Hash& root) {
  KAPEA_ASSIGN(const std::vector<Certificate> chain, ParseChain(chain_pem));
  const auto found = std::find_if(chain.begin(), chain.end(), [&root](const Certificate& one) {
    return one.fingerprint == root;
  });
  if (found == chain.end()) {
    return absl::UnauthenticatedError("the pinned root is not in the chain: a foreign server");
  }
  return FromPem(found->ToPem());
}

absl::StatusOr<TrustAnchor> TrustAnchor::WithRevocationList(std::string_view crl_pem) const {
  const BioPtr bio = ReaderOf(crl_pem);
  X509CrlPtr crl(PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr));
  if (crl == nullptr) {
    return OpenSslError(absl::StatusCode::kInvalidArgument, "want a revocation list in PEM");
  }
  const auto share = [](const auto& from, auto& to, auto up_ref) {
    for (const auto& one : from) {
      KAPEA_CHECK(up_ref(one.get()) == 1);
      to.emplace_back(one.get());
    }
  };
  auto state = std::make_shared<State>();
  state->root_pem = state_->root_pem;
  state->root_fingerprint = state_->root_fingerprint;
  KAPEA_CHECK(X509_up_ref(state_->root.get()) == 1);
  state->root.reset(state_->root.get());
  share(state_->intermediates, state->intermediates, X509_up_ref);
  share(state_->crls, state->crls, X509_CRL_up_ref);
  state->crls.push_back(std::move(crl));
  KAPEA_TRY(state->Fill());
  return TrustAnchor(std::move(state));
}

absl::StatusOr<Certificate> TrustAnchor::Verify(std::string_view chain_pem, Purpose purpose,
                                                Time at) const {
  const auto chain = ParseX509Chain(chain_pem);
  if (!chain.ok()) return absl::UnauthenticatedError(chain.status().message());
  const std::vector<X509Ptr>& parsed = *chain;
  const StackPtr helpers(sk_X509_new_null());
  KAPEA_CHECK(helpers != nullptr);
  for (size_t i = 1; i < parsed.size(); ++i) sk_X509_push(helpers.get(), parsed[i].get());
  for (const X509Ptr& one : state_->intermediates) sk_X509_push(helpers.get(), one.get());

  const StoreContextPtr context(X509_STORE_CTX_new());
  KAPEA_CHECK(context != nullptr);
  if (X509_STORE_CTX_init(context.get(), state_->store.get(), parsed[0].get(), helpers.get()) !=
      1) {
    return OpenSslError(absl::StatusCode::kInternal, "cannot begin to verify");
  }
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(UnixSeconds(at)));
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(kChainLengthMax));
  X509_VERIFY_PARAM_set_purpose(
      parameters, purpose == Purpose::kClient ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
  const int verdict = X509_verify_cert(context.get());
  const int error = X509_STORE_CTX_get_error(context.get());
  ERR_clear_error();
  if (verdict != 1) return absl::UnauthenticatedError(ReasonOf(error, purpose));
  KAPEA_TRY(CheckLeaf(parsed[0].get(), purpose));
  auto leaf = CertificateOf(parsed[0].get());
  if (!leaf.ok()) return absl::UnauthenticatedError(leaf.status().message());
  return leaf;
}

const std::string& TrustAnchor::root_pem() const { return state_->root_pem; }
const Hash& TrustAnchor::root_fingerprint() const { return state_->root_fingerprint; }

}  // namespace kapea::pki
