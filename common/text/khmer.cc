#include "common/text/khmer.h"

#include <algorithm>
#include <tuple>
#include <vector>

namespace kapea::text {
namespace {

constexpr char32_t kKa = 0x1780;
constexpr char32_t kNgo = 0x1784;
constexpr char32_t kDa = 0x178A;
constexpr char32_t kTa = 0x178F;
constexpr char32_t kRo = 0x179A;
constexpr char32_t kHa = 0x17A0;
constexpr char32_t kQa = 0x17A2;  // the last consonant
constexpr char32_t kLastIndependent = 0x17B3;
constexpr char32_t kVowelAa = 0x17B6;
constexpr char32_t kVowelI = 0x17B7;
constexpr char32_t kVowelIi = 0x17B8;
constexpr char32_t kVowelYy = 0x17BA;
constexpr char32_t kVowelU = 0x17BB;
constexpr char32_t kVowelOe = 0x17BE;
constexpr char32_t kVowelE = 0x17C1;
constexpr char32_t kVowelOo = 0x17C4;
constexpr char32_t kLastVowel = 0x17C5;
constexpr char32_t kNikahit = 0x17C6;
constexpr char32_t kMuusikatoan = 0x17C9;
constexpr char32_t kTriisap = 0x17CA;
constexpr char32_t kRobat = 0x17CC;
constexpr char32_t kToandakhiat = 0x17CD;
constexpr char32_t kSamyokSannya = 0x17D0;
constexpr char32_t kViriam = 0x17D1;
constexpr char32_t kCoeng = 0x17D2;

bool IsConsonant(char32_t c) { return c >= kKa && c <= kQa; }
bool IsBase(char32_t c) { return c >= kKa && c <= kLastIndependent; }
bool IsVowel(char32_t c) { return c >= kVowelAa && c <= kLastVowel; }
bool IsSign(char32_t c) {
  return (c >= kNikahit && c <= kViriam) && c != kMuusikatoan && c != kTriisap && c != kRobat;
}
bool IsMark(char32_t c) {
  return IsVowel(c) || IsSign(c) || c == kMuusikatoan || c == kTriisap || c == kRobat;
}

// What stands for one character; empty: nothing does. Deprecated letters, and digits.
std::u32string_view Replacement(const char32_t& c) {
  static constexpr char32_t kDigits[] = U"0123456789";
  if (c >= 0x17E0 && c <= 0x17E9) return {kDigits + (c - 0x17E0), 1};
  if (c >= 0x17F0 && c <= 0x17F9) return {kDigits + (c - 0x17F0), 1};
  switch (c) {
    case 0x17A3:  // QAQ
      return U"\u17A2";
    case 0x17A4:  // QAA
      return U"\u17A2\u17B6";
    case 0x17A8:  // QUK
      return U"\u17A7\u1780";
    case 0x17B2:  // QOO, second form
      return U"\u17B1";
    case 0x17D3:  // bathamasat, typed where a nikahit is meant
      return U"\u17C6";
    case 0x17B4:  // inherent vowels, which nobody sees
    case 0x17B5:
    case 0x17DD:  // attacan
      return {};
    default:
      return {&c, 1};
  }
}

// Where a mark stands in its syllable.
enum Rank { kRobatRank, kCoengRank, kCoengRoRank, kShifterRank, kVowelRank, kSignRank };

struct Mark {
  Rank rank;
  char32_t code;  // of a coeng: its letter
  friend bool operator==(const Mark&, const Mark&) = default;
};

Mark MarkOf(char32_t c) {
  if (c == kRobat) return {kRobatRank, c};
  if (c == kMuusikatoan || c == kTriisap) return {kShifterRank, c};
  return {IsVowel(c) ? kVowelRank : kSignRank, c};
}

Mark CoengOf(char32_t letter) {
  if (letter == kDa) letter = kTa;
  return {letter == kRo ? kCoengRoRank : kCoengRank, letter};
}

bool Has(const std::vector<Mark>& marks, char32_t code) {
  return std::any_of(marks.begin(), marks.end(), [code](const Mark& mark) {
    return mark.code == code && mark.rank >= kShifterRank;
  });
}

void Sort(std::vector<Mark>& marks) {
  std::stable_sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return std::tie(a.rank, a.code) < std::tie(b.rank, b.code);
  });
  marks.erase(std::unique(marks.begin(), marks.end()), marks.end());
}

// Two vowel signs that together look like a third.
void Join(std::vector<Mark>& marks, char32_t other, char32_t joined) {
  if (!Has(marks, kVowelE) || !Has(marks, other)) return;
  std::erase_if(marks, [other](const Mark& mark) {
    return mark.rank == kVowelRank && (mark.code == kVowelE || mark.code == other);
  });
  marks.push_back({kVowelRank, joined});
}

// A shifter is drawn like the vowel U where there is something above the letter.
bool DrawsShifterBelow(const std::vector<Mark>& marks) {
  const bool above = std::any_of(marks.begin(), marks.end(), [](const Mark& mark) {
    return mark.rank >= kShifterRank && ((mark.code >= kVowelI && mark.code <= kVowelYy) ||
                                         mark.code == kVowelOe || mark.code == kSamyokSannya);
  });
  return above || (Has(marks, kVowelAa) && Has(marks, kNikahit));
}

// The one that can stand on this letter: letters of the second series take muusikatoan, and
// so does BA; those of the first take triisap.
char32_t ShifterFor(char32_t base) {
  static constexpr std::u32string_view kMuusikatoanLetters =
      U"\u1784\u1789\u1793\u1794\u1798\u1799\u179A\u179B\u179C";
  return kMuusikatoanLetters.find(base) != std::u32string_view::npos ? kMuusikatoan : kTriisap;
}

// One base (0: none) with its marks, in the order of the note.
void AppendSyllable(char32_t base, std::vector<Mark>& marks, std::u32string& out) {
  if (base != 0) out += base;
  Sort(marks);
  Join(marks, kVowelIi, kVowelOe);
  Join(marks, kVowelAa, kVowelOo);
  const bool shifted = Has(marks, kMuusikatoan) || Has(marks, kTriisap);
  if (!shifted && Has(marks, kVowelU) && DrawsShifterBelow(marks)) {
    std::erase(marks, Mark{kVowelRank, kVowelU});
    marks.push_back({kShifterRank, ShifterFor(base)});
  }
  Sort(marks);
  for (const Mark& mark : marks) {
    if (mark.rank == kCoengRank || mark.rank == kCoengRoRank) out += kCoeng;
    out += mark.code;
  }
  marks.clear();
}

char ConsonantBone(char32_t c) {
  // From KA to QA: five rows of the mouth, then the rest.
  static constexpr std::string_view kLetters =
      "kkkkG"     // KA KHA KO KHO NGO
      "ccccn"     // CA CHA CO CHO NYO
      "ttttn"     // DA TTHA DO TTHO NNO
      "ttttn"     // TA THA TO THO NO
      "ppppm"     // BA PHA PO PHO MO
      "yrlvsssh"  // YO RO LO VO SHA SSO SA HA
      "lq";       // LA QA
  return kLetters[c - kKa];
}

// The letter of a base or of a coeng's letter; 0: none that is heard.
char BoneOf(char32_t c) {
  if (IsConsonant(c)) return ConsonantBone(c);
  switch (c) {
    case 0x17AB:  // RY, RYY
    case 0x17AC:
      return 'r';
    case 0x17AD:  // LY, LYY
    case 0x17AE:
      return 'l';
    default:
      return 'q';
  }
}

// Where the syllable that begins at `begin` ends: before the next base that no coeng joins.
size_t SyllableEnd(std::u32string_view folded, size_t begin) {
  size_t end = begin + 1;
  while (end < folded.size() && (!IsBase(folded[end]) || folded[end - 1] == kCoeng)) ++end;
  return end;
}

}  // namespace

bool IsKhmer(char32_t c) { return c >= 0x1780 && c <= 0x17FF; }

std::u32string FoldKhmer(std::u32string_view text) {
  std::u32string plain;
  for (const char32_t& c : text) plain += Replacement(c);
  std::u32string out;
  char32_t base = 0;
  std::vector<Mark> marks;
  for (size_t i = 0; i < plain.size(); ++i) {
    const char32_t c = plain[i];
    if (c == kCoeng) {
      if (i + 1 < plain.size() && IsBase(plain[i + 1])) marks.push_back(CoengOf(plain[++i]));
    } else if (IsMark(c)) {
      marks.push_back(MarkOf(c));
    } else {
      AppendSyllable(base, marks, out);
      base = IsBase(c) ? c : 0;
      if (base == 0) out += c;
    }
  }
  AppendSyllable(base, marks, out);
  return out;
}

std::string KhmerBones(std::u32string_view folded) {
  std::string bones;
  const auto add = [&bones](char bone) {
    // Vowel carriers are not heard, nor is YO but at the beginning.
    const bool silent = bone == 'q' || (bone == 'y' && !bones.empty());
    if (!silent && (bones.empty() || bones.back() != bone)) bones += bone;
  };
  for (size_t i = 0; i < folded.size();) {
    const size_t end = SyllableEnd(folded, i);
    const std::u32string_view syllable = folded.substr(i, end - i);
    i = end;
    // RO and HA at the end of a word are written and not heard.
    const bool ends =
        syllable.size() == 1 && end == folded.size() && (syllable[0] == kRo || syllable[0] == kHa);
    const bool silenced = syllable.find(kToandakhiat) != std::u32string_view::npos;
    if (ends || silenced) continue;
    for (size_t k = 0; k < syllable.size(); ++k) {
      if (IsBase(syllable[k])) add(BoneOf(syllable[k]));
      // Before NGO a nikahit only colours the vowel.
      const bool nasal = syllable[k] == kNikahit && (end == folded.size() || folded[end] != kNgo);
      if (nasal) add('m');
    }
  }
  return bones;
}

}  // namespace kapea::text
