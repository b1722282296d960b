#include "client/field/match_words.h"

#include <algorithm>

#include "common/text/phone.h"
#include "common/text/search_key.h"

namespace kapea::field {
namespace {

constexpr size_t kPairsMax = 2;
// With fewer consonants too many names are alike.
constexpr size_t kBonesMin = 4;

// One of the two names of a pair, as it sounds and by its consonants.
struct Heard {
  std::string sound;  // of a Latin one; of a Khmer one its folded text
  std::string bones;
};

std::string Fold(std::string_view text) {
  const auto folded = text::FoldForSearch(text);
  return folded.ok() ? *folded : std::string();
}

// Spaces within a name are set as people please.
Heard Hear(std::string_view text) {
  std::string joined = Fold(text);
  std::erase(joined, ' ');
  Heard heard;
  for (const text::SearchWord& word : text::WordsOf(joined)) {
    heard.sound += word.khmer || word.sound.empty() ? word.text : word.sound;
    heard.bones += word.bones;
  }
  return heard;
}

// Family and given name are told apart differently by who writes them down.
std::string InOneOrder(const std::string& a, const std::string& b) {
  return a < b ? a + " " + b : b + " " + a;
}

}  // namespace

std::string DocumentWord(std::string_view text) {
  std::string word = Fold(text);
  std::erase(word, ' ');
  const bool digits = word.find_first_of("0123456789") != std::string::npos;
  return digits && word.size() >= kDocumentLettersMin ? word : std::string();
}

std::string PhoneWord(std::string_view text) {
  std::string digits = text::FoldPhone(Fold(text));
  return digits.size() >= text::kPhoneDigitsMin ? digits : std::string();
}

std::vector<std::string> NameWords(const std::vector<NamePair>& pairs, std::optional<int> born) {
  std::vector<std::string> words;
  if (!born) return words;
  const auto add = [&](const std::string& key) {
    for (const int year : {*born, *born + 1}) {
      std::string word = key + " " + std::to_string(year);
      if (std::find(words.begin(), words.end(), word) == words.end()) {
        words.push_back(std::move(word));
      }
    }
  };
  for (size_t i = 0; i < pairs.size() && i < kPairsMax; ++i) {
    const Heard family = Hear(pairs[i].family);
    const Heard given = Hear(pairs[i].given);
    if (family.sound.empty() || given.sound.empty()) continue;
    add("s " + InOneOrder(family.sound, given.sound));
    if (family.bones.empty() || given.bones.empty()) continue;
    if (family.bones.size() + given.bones.size() < kBonesMin) continue;
    add("b " + InOneOrder(family.bones, given.bones));
  }
  return words;
}

}  // namespace kapea::field
