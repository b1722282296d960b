#include "common/crypto/fingerprint.h"

#include <cstdint>

#include "common/crypto/domains.h"
#include "common/crypto/hash.h"

namespace kapea::crypto {

std::string Fingerprint(std::string_view public_key) {
  constexpr size_t kGroups = 6;
  constexpr size_t kBytesPerGroup = 5;
  const Hash hash = Sha256({kFingerprintDomain, public_key});
  std::string text;
  for (size_t group = 0; group < kGroups; ++group) {
    uint64_t number = 0;
    for (size_t i = 0; i < kBytesPerGroup; ++i) {
      number = number << 8 | static_cast<uint8_t>(hash.view()[group * kBytesPerGroup + i]);
    }
    const std::string digits = std::to_string(number % 100'000);
    text += (group == 0 ? "" : " ") + std::string(5 - digits.size(), '0') + digits;
  }
  return text;
}

}  // namespace kapea::crypto
