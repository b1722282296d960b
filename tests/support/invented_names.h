// Names of nobody, and how people spell one name differently: for what measures how often a
// name is found again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kapea::testing {

// Syllables in both scripts. Names are drawn from them: nobody's.
struct Syllable {
  const char* khmer;
  const char* latin;
};
inline constexpr Syllable kFamilies[] = {
    {"សុខ", "Sok"},   {"ចាន់", "Chan"},  {"គឹម", "Kim"},   {"កែវ", "Keo"}, {"សេង", "Seng"},
    {"ហេង", "Heng"}, {"លី", "Ly"},      {"ឡុង", "Long"},  {"ផល", "Phal"}, {"ម៉ៅ", "Mao"},
    {"ថុល", "Thol"},  {"ញឹម", "Nhim"},   {"ឈុន", "Chhun"}, {"ប៊ុន", "Boun"}, {"រស់", "Ros"},
    {"ស៊ឹម", "Sim"},   {"ខៀវ", "Khiev"}, {"ព្រំ", "Prom"},  {"យស", "Yos"},  {"តាំង", "Tang"},
};
inline constexpr Syllable kFirst[] = {
    {"ស្រី", "Srey"}, {"សុ", "So"},    {"ដា", "Da"},   {"វុទ្", "Vut"},  {"បុប្", "Bop"},
    {"រិទ្", "Rit"},  {"ណា", "Na"},   {"មុនី", "Mony"}, {"ពិ", "Pi"},    {"ចន្", "Chan"},
    {"សំ", "Sam"},   {"កុស", "Kos"},  {"វិ", "Vi"},    {"លក្", "Leak"}, {"ធា", "Thea"},
    {"រដ្", "Rat"},  {"ភា", "Phea"}, {"គន្", "Kon"},  {"បុ", "Bo"},    {"នា", "Nea"},
};
inline constexpr Syllable kLast[] = {
    {"ភា", "phea"},   {"រ៉ា", "ra"},     {"ធី", "thy"},     {"ណា", "na"},     {"មុំ", "mom"},
    {"វណ្ណ", "vann"},  {"រី", "ry"},      {"នាង", "neang"}, {"ពេជ", "pich"},  {"សាក់", "sak"},
    {"លាភ", "leap"},  {"សល", "sal"},    {"ដា", "da"},     {"ឌឿន", "doeun"}, {"រ័ត្ន", "rath"},
    {"ខេង", "kheng"}, {"ជាតិ", "cheat"}, {"ហួរ", "hour"},   {"ម៉ី", "mey"},     {"យុត", "yuth"},
};

struct Somebody {
  std::string family_km, given_km, family, given;
};

// Its numbers are the same everywhere; those of the standard distributions are not.
using Random = std::mt19937;
template <typename List>
const auto& OneOf(const List& list, Random& random) {
  return list[random() % std::size(list)];
}

inline std::vector<Somebody> Invent(size_t count, Random& random) {
  std::vector<Somebody> people;
  for (size_t i = 0; i < count; ++i) {
    const Syllable& family = OneOf(kFamilies, random);
    const Syllable& first = OneOf(kFirst, random);
    const Syllable& last = OneOf(kLast, random);
    people.push_back({family.khmer, std::string(first.khmer) + last.khmer, family.latin,
                      std::string(first.latin) + last.latin});
  }
  return people;
}

// One place where a romanisation goes another way; the text itself where none does.
inline std::string SpeltOtherwise(std::string text, Random& random) {
  static const std::pair<const char*, const char*> kWays[] = {
      {"ph", "p"},   {"th", "t"},     {"kh", "k"},     {"chh", "ch"}, {"ch", "chh"}, {"ea", "ie"},
      {"oeu", "oe"}, {"ou", "u"},     {"u", "ou"},     {"ey", "ei"},  {"nn", "n"},   {"ann", "an"},
      {"v", "w"},    {"im", "eem"},   {"al", "all"},   {"eo", "ev"},  {"y", "i"},    {"ao", "av"},
      {"ak", "akh"}, {"ong", "orng"}, {"eng", "ieng"}, {"os", "oss"}, {"ol", "oll"},
  };
  std::vector<std::string> spellings;
  for (const auto& [from, to] : kWays) {
    const size_t at = text.find(from);
    if (at == std::string::npos) continue;
    std::string other = text;
    spellings.push_back(other.replace(at, std::string(from).size(), to));
  }
  return spellings.empty() ? text : OneOf(spellings, random);
}

// One letter left out, put in, exchanged or swapped with its neighbour.
inline std::string Mistyped(std::string text, Random& random) {
  const size_t at = 1 + random() % (text.size() - 2);
  const char letter = static_cast<char>('a' + random() % 26);
  switch (random() % 4) {
    case 0:
      return text.erase(at, 1);
    case 1:
      return text.insert(at, 1, letter);
    case 2:
      text[at] = letter;
      return text;
    default:
      std::swap(text[at], text[at + 1]);
      return text;
  }
}

inline std::vector<std::string> Letters(const std::string& khmer) {
  std::vector<std::string> letters;
  for (const char c : khmer) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) letters.emplace_back();
    letters.back() += c;
  }
  return letters;
}

inline std::string Concat(const std::vector<std::string>& letters) {
  std::string text;
  for (const std::string& letter : letters) text += letter;
  return text;
}

inline bool IsKhmerVowel(const std::string& letter) { return letter >= "ា" && letter <= "ៅ"; }

// The first vowel written as another one; the text itself where it has none.
inline std::string MisspeltKhmer(const std::string& khmer, Random& random) {
  static const std::vector<std::string> kVowels = {"ា", "ិ", "ី", "ុ", "ូ", "េ", "ែ", "ៅ"};
  std::vector<std::string> letters = Letters(khmer);
  const auto vowel = std::find_if(letters.begin(), letters.end(), IsKhmerVowel);
  if (vowel != letters.end()) *vowel = OneOf(kVowels, random);
  return Concat(letters);
}

// Each two neighbouring marks of a syllable the other way round, and a zero-width space.
inline std::string TypedOtherwise(const std::string& khmer) {
  std::vector<std::string> letters = Letters(khmer);
  for (size_t i = 0; i + 1 < letters.size(); ++i) {
    const bool marks =
        letters[i] > "ា" && letters[i] < "្" && letters[i + 1] >= "ា" && letters[i + 1] < "្";
    if (marks) std::swap(letters[i], letters[i + 1]);
  }
  return Concat(letters) + "\xE2\x80\x8B";
}

}  // namespace kapea::testing
