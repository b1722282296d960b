// Names as a search compares them: spelling, case, accents, spaces and marks that people
// set differently fold into one text, and each word of it has a key by its sound.
// Threads: any; everything here is pure, total and deterministic.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kapea::text {

// Raise it with any change of what FoldForSearch answers: folded texts that were kept are
// made anew then.
inline constexpr unsigned kFoldVersion = 1;

// Lower-case words with one space between them: without diacritics on Latin letters,
// Khmer as FoldKhmer (khmer.h), digits of any script as 0 to 9, without zero-width
// characters and apostrophes; all else that is no letter or digit separates words, and so
// does a change between Khmer and other letters. Folding twice is folding once. May be empty.
// InvalidArgument for bytes that are no UTF-8, and for more than kTextBytesMax (normalise.h)
// before or after.
absl::StatusOr<std::string> FoldForSearch(std::string_view text);

// A word of a folded text with what it is compared by.
struct SearchWord {
  std::string text;    // UTF-8
  size_t letters = 0;  // code points of it
  bool khmer = false;
  std::string sound;  // of a romanised word (romanised.h); else empty
  std::string bones;  // its consonants, across both scripts; may be empty
};
std::vector<SearchWord> WordsOf(std::string_view folded);

// Whether one letter put in, left out or exchanged, or two neighbours swapped, makes `a` of
// `b`; also where they are equal. For well-formed UTF-8; letters are code points.
bool WithinOneEdit(std::string_view a, std::string_view b);

}  // namespace kapea::text
