#include "common/domain/touched.h"

#include <algorithm>

namespace kapea::domain {

void Names::Sort() {
  std::sort(hashes_.begin(), hashes_.end());
  hashes_.erase(std::unique(hashes_.begin(), hashes_.end()), hashes_.end());
}

bool Names::Meets(const Names& others) const {
  auto a = hashes_.begin();
  auto b = others.hashes_.begin();
  while (a != hashes_.end() && b != others.hashes_.end()) {
    if (*a == *b) return true;
    if (*a < *b) {
      ++a;
    } else {
      ++b;
    }
  }
  return false;
}

}  // namespace kapea::domain
