#include "common/crypto/low_order.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "common/base/bytes.h"

namespace kapea::crypto {
namespace {

// Little-endian, as keys are: 0, 1, two points of order 8, and p - 1, p, p + 1.
constexpr std::string_view kLowOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

}  // namespace

bool IsLowOrder(std::string_view public_key) {
  if (public_key.empty()) return false;
  std::string bytes(public_key);
  bytes.back() = static_cast<char>(bytes.back() & 0x7f);
  const std::string hex = ToHex(bytes);
  return std::find(std::begin(kLowOrder), std::end(kLowOrder), hex) != std::end(kLowOrder);
}

}  // namespace kapea::crypto
