// Enrolment codes as somebody types or scans them, and what stands in them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/pki/enrolment_code.h"

namespace kapea::pki {
namespace {

std::string ToBase32(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  uint32_t held = 0;
  int bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<uint8_t>(c);
    for (bits += 8; bits >= 5; bits -= 5) text += kDigits[held >> (bits - 5) & 31];
  }
  if (bits > 0) text += kDigits[held << (5 - bits) & 31];
  return text;
}

void Try(std::string_view text) {
  const auto code = EnrolmentCode::Decode(text);
  if (!code.ok()) {
    KAPEA_CHECK(absl::IsInvalidArgument(code.status()));
    return;
  }
  const auto again = code->Encode();
  KAPEA_CHECK(again.ok());
  // One spelling, but for the white space around it.
  KAPEA_CHECK(text.find(again->view()) != std::string_view::npos);
  KAPEA_CHECK(CheckServerAddress(code->server).ok());
}

}  // namespace
}  // namespace kapea::pki

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kapea;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  pki::Try(bytes);
  // With a right checksum, to get past it.
  std::string checked(pki::kEnrolmentCodePrefix);
  checked += bytes;
  const std::string sum = crypto::Sha256(checked).str().substr(0, 8);
  pki::Try(std::string(pki::kEnrolmentCodePrefix) + pki::ToBase32(std::string(bytes) + sum));
  KAPEA_CHECK(!pki::CheckServerAddress(bytes).ok() || size <= pki::kServerAddressBytesMax);
  return 0;
}
