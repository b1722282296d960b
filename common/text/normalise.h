// Text as people type it, brought into the one form in which it is stored.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kapea::text {

// The longest text of a field, in bytes.
inline constexpr size_t kTextBytesMax = 8192;

// UTF-8 in Unicode NFC, trimmed of white space at both ends, line ends as "\n", without
// other control characters and without invisible ones (zero-width spaces and joiners,
// byte order marks) at either end. Zero-width spaces within Khmer text stay: they say
// where a line may break. Threads: any.
// InvalidArgument for bytes that are no UTF-8, and for more than kTextBytesMax.
absl::StatusOr<std::string> Normalise(std::string_view text);

// Whether it is well-formed UTF-8.
bool IsUtf8(std::string_view text);

}  // namespace kapea::text
