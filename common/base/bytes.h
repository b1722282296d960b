// Byte strings: std::string holds them, std::string_view passes them, hex shows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kapea {

// Lower-case hex, two digits a byte.
std::string ToHex(std::string_view bytes);
// InvalidArgument for an odd length or a character that is no hex digit.
absl::StatusOr<std::string> FromHex(std::string_view hex);

// Big-endian integers, as every signed or sealed format of ours writes them.
void AppendU8(std::string& out, uint8_t value);
void AppendU16(std::string& out, uint16_t value);
void AppendU32(std::string& out, uint32_t value);
void AppendU64(std::string& out, uint64_t value);
// u16 length, then the bytes. Aborts over 65,535 bytes: callers bound their input.
void AppendLengthPrefixed(std::string& out, std::string_view bytes);

// Reads big-endian integers from `bytes` at `offset`; aborts when it is too short.
uint16_t ReadU16(std::string_view bytes, size_t offset = 0);
uint32_t ReadU32(std::string_view bytes, size_t offset = 0);
uint64_t ReadU64(std::string_view bytes, size_t offset = 0);

}  // namespace kapea
