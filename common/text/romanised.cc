#include "common/text/romanised.h"

#include <algorithm>
#include <array>

namespace kapea::text {
namespace {

bool IsVowelLetter(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }

struct Spelling {
  std::string_view letters;
  std::string_view sound;
};

// The longest first, so that the first one that fits is the one.
constexpr Spelling kConsonants[] = {
    {"chh", "c"}, {"tch", "c"}, {"ngh", "G"}, {"ch", "c"}, {"tj", "c"}, {"dj", "c"}, {"kh", "k"},
    {"gh", "k"},  {"ck", "k"},  {"qu", "k"},  {"ph", "p"}, {"bh", "b"}, {"th", "t"}, {"dh", "d"},
    {"sh", "s"},  {"ng", "G"},  {"nh", "N"},  {"gn", "N"}, {"b", "b"},  {"c", "k"},  {"d", "d"},
    {"f", "p"},   {"g", "k"},   {"h", "h"},   {"j", "c"},  {"k", "k"},  {"l", "l"},  {"m", "m"},
    {"n", "n"},   {"p", "p"},   {"q", "k"},   {"r", "r"},  {"s", "s"},  {"t", "t"},  {"v", "v"},
    {"w", "v"},   {"x", "ks"},  {"z", "s"},
};

// Groups of vowel letters, y written as i. Within a word, and where nothing follows.
struct Group {
  std::string_view letters;
  std::string_view within;
  std::string_view last;
};
constexpr Group kGroups[] = {
    {"a", "a", "a"},     {"aa", "a", "a"},     {"e", "e", "e"},     {"i", "i", "i"},
    {"ee", "i", "i"},    {"ii", "i", "i"},     {"o", "o", "o"},     {"oa", "o", "o"},
    {"u", "u", "u"},     {"ou", "u", "u"},     {"oo", "u", "u"},    {"uu", "u", "u"},
    {"uo", "u", "u"},    {"ua", "u", "u"},     {"oua", "u", "u"},   {"ouo", "u", "u"},
    {"oe", "U", "U"},    {"eu", "U", "U"},     {"ue", "U", "U"},    {"oeu", "U", "U"},
    {"eou", "U", "U"},   {"oue", "U", "U"},    {"ueu", "U", "U"},   {"euo", "U", "U"},
    {"uoe", "U", "U"},   {"oea", "U", "U"},    {"eua", "U", "U"},   {"uea", "U", "U"},
    {"ea", "e", "e"},    {"ia", "e", "e"},     {"ie", "e", "e"},    {"ae", "e", "e"},
    {"iea", "e", "e"},   {"eae", "e", "e"},    {"eia", "e", "e"},   {"iia", "e", "e"},
    {"ai", "e", "Y"},    {"ei", "e", "Y"},     {"aei", "e", "Y"},   {"eai", "e", "Y"},
    {"aai", "e", "Y"},   {"eei", "e", "Y"},    {"ao", "aW", "aW"},  {"au", "aW", "aW"},
    {"aou", "aW", "aW"}, {"eo", "eW", "eW"},   {"eao", "eW", "eW"}, {"io", "eW", "eW"},
    {"oi", "oY", "oY"},  {"ui", "uY", "uY"},   {"oui", "uY", "uY"}, {"uoi", "uY", "uY"},
    {"oei", "UY", "UY"}, {"oeui", "UY", "UY"}, {"iu", "iu", "iu"},
};

std::string VowelSound(std::string_view letters, bool last) {
  // A y at the end of a group is a glide wherever it stands.
  const bool glide = letters.size() > 1 && letters.back() == 'y';
  std::string plain(letters);
  std::replace(plain.begin(), plain.end(), 'y', 'i');
  for (const Group& group : kGroups) {
    if (group.letters == plain) return std::string(last || glide ? group.last : group.within);
  }
  // No group that anybody uses for one vowel: its letters, each once.
  plain.erase(std::unique(plain.begin(), plain.end()), plain.end());
  return plain;
}

const Spelling& ConsonantAt(std::string_view rest) {
  for (const Spelling& spelling : kConsonants) {
    if (rest.starts_with(spelling.letters)) return spelling;
  }
  return kConsonants[std::size(kConsonants) - 1];  // not reached: every consonant is there
}

// What becomes of a consonant by what follows it.
std::string_view HeardBefore(std::string_view sound, std::string_view rest,
                             std::string_view before) {
  const bool vowel_next = !rest.empty() && IsVowelLetter(rest[0]);
  if (vowel_next) return sound;
  if (sound == "h" || sound == "r") return {};
  const bool after_vowel =
      !before.empty() && std::string_view("aeiouUW").find(before.back()) != std::string_view::npos;
  if (sound == "v" && after_vowel) return "W";
  if (rest.empty()) {
    if (sound == "b") return "p";
    if (sound == "d") return "t";
  }
  return sound;
}

}  // namespace

std::string SoundOf(std::string_view word) {
  if (!std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; })) {
    return "";
  }
  std::string sound;
  const auto add = [&sound](std::string_view more) {
    for (const char c : more) {
      if (sound.empty() || sound.back() != c) sound += c;
    }
  };
  for (size_t i = 0; i < word.size();) {
    const std::string_view rest = word.substr(i);
    const bool consonant_y = rest[0] == 'y' && i == 0 && rest.size() > 1 && IsVowelLetter(rest[1]);
    if (consonant_y) {
      add("y");
      ++i;
    } else if (IsVowelLetter(rest[0])) {
      const size_t end = std::min(rest.find_first_not_of("aeiouy"), rest.size());
      // An r or h that is not heard does not end the word for the vowel before it.
      const std::string_view after = rest.substr(end);
      add(VowelSound(rest.substr(0, end), after.empty() || after == "h" || after == "r"));
      i += end;
    } else if (rest.size() > 2 && rest.starts_with("ny") && IsVowelLetter(rest[2])) {
      add("N");
      i += 2;
    } else {
      const Spelling& spelling = ConsonantAt(rest);
      i += spelling.letters.size();
      add(HeardBefore(spelling.sound, word.substr(i), sound));
    }
  }
  return sound;
}

std::string BonesOfSound(std::string_view sound) {
  std::string bones;
  for (size_t i = 0; i < sound.size(); ++i) {
    char c = sound[i];
    if (c == 'b') c = 'p';
    if (c == 'd') c = 't';
    if (c == 'N') c = 'n';
    const bool consonant =
        std::string_view("kGctnpmrlvsh").find(c) != std::string_view::npos || (c == 'y' && i == 0);
    if (consonant && (bones.empty() || bones.back() != c)) bones += c;
  }
  return bones;
}

}  // namespace kapea::text
