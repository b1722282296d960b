// How well words that somebody looks for fit a name: in any order, spelt in another way,
// with a mistake. Pure: knows no vault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/text/search_key.h"

namespace kapea::field {

// The better the smaller.
enum class NameMatch : uint8_t {
  kExact,        // every word, in this order, and nothing else in their fields
  kPrefix,       // words that begin so
  kWords,        // every word, in another order or beside others
  kSound,        // romanised in another way
  kSkeleton,     // Khmer with the same consonants
  kClose,        // one letter more, less, other, or two swapped; or so in its sound
  kOtherScript,  // written in the other script with the same consonants
  kNone,
};
// "exact", "prefix", "words", "sound", "skeleton", "close", "other_script".
std::string_view NameOf(NameMatch match);

// A word of a name, and which of its fields has it.
struct NamedWord {
  text::SearchWord word;
  size_t field = 0;  // words of one field stand together, in their order
};

struct Fit {
  NameMatch match = NameMatch::kNone;
  uint32_t cost = 0;           // of two fits of one kind the cheaper is the better
  std::vector<size_t> fields;  // those in which the words were found, ascending, each once
};

// Every word of the query has a word of its own in the name, or the query without its spaces
// is made of whole words of the name; kNone otherwise. `query` has at least one word.
// Limits: meant for names; the time grows with the product of the numbers of words.
// Threads: any.
Fit FitName(const std::vector<text::SearchWord>& query, const std::vector<NamedWord>& name);

}  // namespace kapea::field
