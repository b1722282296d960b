#include "common/text/phone.h"

namespace kapea::text {
namespace {

// Cambodia's, in place of the 0 with which a number is dialled within.
constexpr std::string_view kCountryCodes[] = {"00855", "855"};

}  // namespace

std::string FoldPhone(std::string_view folded) {
  std::string digits;
  for (const char c : folded) {
    if (c >= '0' && c <= '9') digits += c;
  }
  for (const std::string_view code : kCountryCodes) {
    if (digits.starts_with(code) && digits.size() > code.size() + kPhoneDigitsMin) {
      return "0" + digits.substr(code.size());
    }
  }
  return digits;
}

}  // namespace kapea::text
