#include "common/base/bytes.h"

#include "common/base/macros.h"

namespace kapea {
namespace {

template <typename T>
void AppendBigEndian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

template <typename T>
T ReadBigEndian(std::string_view bytes, size_t offset) {
  KAPEA_CHECK(offset <= bytes.size() && bytes.size() - offset >= sizeof(T));
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value = static_cast<T>((value << 8) | static_cast<uint8_t>(bytes[offset + i]));
  }
  return value;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string ToHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    hex.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
    hex.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
  }
  return hex;
}

absl::StatusOr<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return absl::InvalidArgumentError("hex has an odd number of digits");
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    const int high = HexDigit(hex[i]);
    const int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return absl::InvalidArgumentError("not a hex digit");
    bytes.push_back(static_cast<char>(high * 16 + low));
  }
  return bytes;
}

void AppendU8(std::string& out, uint8_t value) { out.push_back(static_cast<char>(value)); }
void AppendU16(std::string& out, uint16_t value) { AppendBigEndian(out, value); }
void AppendU32(std::string& out, uint32_t value) { AppendBigEndian(out, value); }
void AppendU64(std::string& out, uint64_t value) { AppendBigEndian(out, value); }

void AppendLengthPrefixed(std::string& out, std::string_view bytes) {
  KAPEA_CHECK(bytes.size() <= 0xffff);
  AppendU16(out, static_cast<uint16_t>(bytes.size()));
  out.append(bytes);
}

uint16_t ReadU16(std::string_view bytes, size_t offset) {
  return ReadBigEndian<uint16_t>(bytes, offset);
}
uint32_t ReadU32(std::string_view bytes, size_t offset) {
  return ReadBigEndian<uint32_t>(bytes, offset);
}
uint64_t ReadU64(std::string_view bytes, size_t offset) {
  return ReadBigEndian<uint64_t>(bytes, offset);
}

}  // namespace kapea
