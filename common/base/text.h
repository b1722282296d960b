// Debian 12 builds Abseil with a string_view of its own; these two carry text across.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace kapea {

inline std::string_view View(absl::string_view text) { return {text.data(), text.size()}; }
inline absl::string_view AbslView(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace kapea
