// A share as people keep it: lines on paper that can be typed in again. Five lines of
// eighteen characters, in groups; the last two of each check their line, so that a slip of
// the pen names itself.
//
//     1. 041G-60R8-TQ0N-J2A9-XF
//     ...
//
// The alphabet is Crockford's base32: digits and capital letters without I, L, O and U.
// The five lines hold 50 bytes: format (u8, 1), index (u8), threshold (u8), count (u8), the
// key's name (8), the share (32), and the first 6 bytes of SHA-256("kapea/recovery-sheet/v1"
// || the 44 before). A line's check is (37 * its number + sum of (i + 1) * value of its
// character i) modulo 1021, in two characters: 1021 is prime and over 16 * 31, so that every
// one wrong character and every two that changed places show.
// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/crypto/shares.h"

namespace kapea::crypto {

inline constexpr size_t kSheetLines = 5;
inline constexpr size_t kSheetBytesMax = 16 * 1024;  // of a file with a sheet in it

// The five lines, each ending in a newline. Secret: whoever prints it wipes it.
SecretBytes SheetLines(const Share& share);

// Finds the five lines in a text: those that begin with their number and a dot, whatever
// stands around them; or, where no line does, the five that have nothing but the eighteen
// characters. Capital or small, with or without spaces and dashes, O for 0, I and L for 1.
// InvalidArgument names the line that is missing or wrong.
absl::StatusOr<Share> ParseSheet(std::string_view text);

}  // namespace kapea::crypto
