// How often a test with dice or a killed process goes round.
#pragma once

#include <cstdlib>

namespace kapea {

// `longer` with KAPEA_LONG in the environment (tools/test --long), else `usual`.
inline int Rounds(int usual, int longer) {
  return std::getenv("KAPEA_LONG") != nullptr ? longer : usual;
}

}  // namespace kapea
