// How wide text is on a screen of fixed cells, for lists and tables.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kapea::text {

// Cells on a terminal: marks that stand over, under or around a letter take none, wide
// East Asian letters two. Khmer vowels that stand beside their consonant take one.
// Threads: any, as all of these.
size_t WidthOf(std::string_view text);

// Cut to at most `cells`, with "..." at the end where something was cut. Never cuts
// within a letter with its marks.
std::string CutTo(std::string_view text, size_t cells);

// `text` and spaces up to `cells`; longer text stays whole.
std::string PadTo(std::string_view text, size_t cells);

// Lines of at most `cells`, broken at spaces and zero-width spaces; a longer word stands
// on lines of its own.
std::vector<std::string> Wrap(std::string_view text, size_t cells);

}  // namespace kapea::text
