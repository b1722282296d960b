// The pieces that the C2SP text formats are made of, read so that every value has
// exactly one spelling: two different texts never mean the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/id.h"

namespace kapea::ledger {

// RFC 4648 section 4, with padding.
std::string ToBase64(std::string_view bytes);
// InvalidArgument for anything that ToBase64 would not have written: white space,
// missing padding, bits left over in the last character.
absl::StatusOr<std::string> FromBase64(std::string_view text);
// As FromBase64, of exactly 32 bytes.
absl::StatusOr<Hash> HashFromBase64(std::string_view text);

// ASCII digits without leading zeros, "0" for zero. InvalidArgument over 2^64 - 1.
absl::StatusOr<uint64_t> FromDecimal(std::string_view text);

// Takes the first line off `text` and returns it without its newline; none when no
// newline is left.
std::optional<std::string_view> TakeLine(std::string_view& text);

// Whether the bytes are UTF-8 (shortest form, no surrogates) without ASCII control
// characters other than newline.
bool IsNoteText(std::string_view text);
// Whether the text may name a key: one line of note text, not empty, without '+' and
// without any Unicode space.
bool IsKeyName(std::string_view text);

}  // namespace kapea::ledger
