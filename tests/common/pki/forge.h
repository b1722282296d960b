// Certificates that no authority of ours would issue, for tests that must see them
// refused: an Authority's key is used behind its back.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/base/time.h"
#include "common/pki/authority.h"

namespace kapea::pki {

struct Forgery {
  std::string common_name = "forged";
  std::string alternative_names;  // x509v3_config(5), such as "URI:spiffe://a/b,DNS:c"
  std::string usage;              // extendedKeyUsage, such as "clientAuth"; empty: none
  std::string basic_constraints = "critical,CA:FALSE";
  std::string key_usage = "critical,digitalSignature";
  Time not_before;
  Time not_after;
};

// PEM: the leaf, then `issuer`.
std::string Forge(const Authority& issuer, const Forgery& forgery, const crypto::SigningKey& key);

// A request in DER that asks for this common name and these alternative names, for an
// RSA key of `rsa_bits`, or for P-256 when 0.
std::string ForgeRequest(const std::string& common_name, const std::string& alternative_names,
                         unsigned rsa_bits);

}  // namespace kapea::pki
