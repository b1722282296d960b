// RFC 6962, section 2.1, word for word: the definition that the fast code is compared
// with. Only the roots of ranges are remembered, so that every size can be tried.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "common/ledger/tree.h"

namespace kapea::ledger {

class Rfc6962 {
 public:
  explicit Rfc6962(std::vector<Hash> leaf_hashes) : leaves_(std::move(leaf_hashes)) {}

  // MTH(D[a:b])
  Hash Mth(size_t a, size_t b) {
    if (a == b) return EmptyRoot();
    if (b - a == 1) return leaves_[a];
    if (const auto found = roots_.find({a, b}); found != roots_.end()) return found->second;
    const size_t k = Split(b - a);
    return roots_[{a, b}] = NodeHash(Mth(a, a + k), Mth(a + k, b));
  }
  // PATH(m, D[a:b])
  Proof Path(size_t m, size_t a, size_t b) {
    if (b - a == 1) return {};
    const size_t k = Split(b - a);
    return m < k ? Then(Path(m, a, a + k), Mth(a + k, b))
                 : Then(Path(m - k, a + k, b), Mth(a, a + k));
  }
  // SUBPROOF(m, D[a:b], whole); PROOF(m, D[n]) = SUBPROOF(m, D[0:n], true)
  Proof Subproof(size_t m, size_t a, size_t b, bool whole) {
    if (m == b - a) return whole ? Proof{} : Proof{Mth(a, b)};
    const size_t k = Split(b - a);
    return m <= k ? Then(Subproof(m, a, a + k, whole), Mth(a + k, b))
                  : Then(Subproof(m - k, a + k, b, false), Mth(a, a + k));
  }

 private:
  static size_t Split(size_t n) {
    size_t k = 1;
    while (k * 2 < n) k *= 2;
    return k;
  }
  static Proof Then(Proof proof, const Hash& hash) {
    proof.push_back(hash);
    return proof;
  }

  std::vector<Hash> leaves_;
  std::map<std::pair<size_t, size_t>, Hash> roots_;
};

}  // namespace kapea::ledger
