#include "common/ledger/strict_text.h"

#include <algorithm>
#include <iterator>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "common/base/macros.h"
#include "common/base/text.h"

namespace kapea::ledger {
namespace {

// Takes one character off `text`; none when the bytes are no UTF-8.
std::optional<char32_t> TakeCharacter(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  size_t length = 1;
  char32_t character = first;
  if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    character = first & 0x07u;
  } else if (first >= 0xe0 && first < 0xf0) {
    length = 3;
    character = first & 0x0fu;
  } else if (first >= 0xc2 && first < 0xe0) {
    length = 2;
    character = first & 0x1fu;
  } else if (first >= 0x80) {
    return std::nullopt;
  }
  if (text.size() < length) return std::nullopt;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0u) != 0x80u) return std::nullopt;
    character = (character << 6) | (byte(i) & 0x3fu);
  }
  const bool overlong = (length == 3 && character < 0x800) || (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xd800 && character <= 0xdfff;
  if (overlong || surrogate || character > 0x10ffff) return std::nullopt;
  text.remove_prefix(length);
  return character;
}

// The characters of the Unicode property White_Space; those below U+0020 are no note
// text anyway.
bool IsSpace(char32_t character) {
  constexpr char32_t kSpaces[] = {0x20, 0x85, 0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000};
  return (character >= 0x2000 && character <= 0x200a) || (character >= 0x09 && character <= 0x0d) ||
         std::find(std::begin(kSpaces), std::end(kSpaces), character) != std::end(kSpaces);
}

}  // namespace

std::string ToBase64(std::string_view bytes) { return absl::Base64Escape(AbslView(bytes)); }

absl::StatusOr<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  // Abseil passes over white space, takes other padding and drops left-over bits; only
  // writing it again shows whether this was the one spelling.
  if (!absl::Base64Unescape(AbslView(text), &bytes) || ToBase64(bytes) != text) {
    return absl::InvalidArgumentError(
        absl::StrFormat("want canonical base64, got %d other characters", text.size()));
  }
  return bytes;
}

absl::StatusOr<Hash> HashFromBase64(std::string_view text) {
  KAPEA_ASSIGN(const std::string bytes, FromBase64(text));
  return Hash::FromBytes(bytes);
}

absl::StatusOr<uint64_t> FromDecimal(std::string_view text) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  const auto refuse = [&] {
    return absl::InvalidArgumentError(absl::StrFormat(
        "want a decimal number up to %d without leading zeros, got %d characters that are none",
        kMax, text.size()));
  };
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return refuse();
  uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return refuse();
    const auto digit = static_cast<uint64_t>(c - '0');
    if (value > (kMax - digit) / 10) return refuse();
    value = value * 10 + digit;
  }
  return value;
}

std::optional<std::string_view> TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

bool IsNoteText(std::string_view text) {
  while (!text.empty()) {
    const std::optional<char32_t> character = TakeCharacter(text);
    if (!character || (*character < 0x20 && *character != '\n')) return false;
  }
  return true;
}

bool IsKeyName(std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const std::optional<char32_t> character = TakeCharacter(text);
    if (!character || *character < 0x20 || *character == '+' || IsSpace(*character)) return false;
  }
  return true;
}

}  // namespace kapea::ledger
