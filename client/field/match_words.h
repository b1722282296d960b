// What of a value is compared across agencies: its digits, or how a name sounds, so that two
// people who wrote it down differently made the same word. Pure: knows no vault and no key.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kapea::field {

// Shorter ones are no numbers of documents that tell one person from another.
inline constexpr size_t kDocumentLettersMin = 6;

// Letters and digits alone, folded. Empty: too short, or no text. Threads: any, as all here.
std::string DocumentWord(std::string_view text);
// As it is dialled within the country. Empty: too few digits.
std::string PhoneWord(std::string_view text);

// A name as one section of a form has it, in one script.
struct NamePair {
  std::string family, given;
};
// Words of a name, each with a year of birth: none without a year, for names alone are too
// frequent to tell anything. Each word stands for a year and for the one after it, so that
// years that differ by one have a word in common. What is compared is written in
// docs/duplicates.md, with how often it is right.
// Limits: at most kMatchTokensPerKindMax words; of pairs the first two count.
std::vector<std::string> NameWords(const std::vector<NamePair>& pairs, std::optional<int> born);

}  // namespace kapea::field
