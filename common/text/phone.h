// Telephone numbers as they are compared.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kapea::text {

inline constexpr size_t kPhoneDigitsMin = 6;

// The digits of a folded text (search_key.h) alone, as they are dialled within the country:
// 0 in place of Cambodia's code. Threads: any.
std::string FoldPhone(std::string_view folded);

}  // namespace kapea::text
