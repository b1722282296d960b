#include "common/text/search_key.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/macros.h"
#include "common/text/khmer.h"
#include "common/text/normalise.h"
#include "common/text/romanised.h"

namespace kapea::text {
namespace {

absl::Status CheckSize(size_t bytes) {
  if (bytes <= kTextBytesMax) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("want at most ", kTextBytesMax, " bytes of text, got ", bytes));
}

std::u32string ToCodePoints(const icu::UnicodeString& text) {
  std::u32string points;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    points += static_cast<char32_t>(text.char32At(i));
  }
  return points;
}

std::u32string ToCodePoints(std::string_view utf8) {
  std::u32string points;
  const auto* bytes = reinterpret_cast<const uint8_t*>(utf8.data());
  const auto size = static_cast<int64_t>(utf8.size());
  for (int64_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT_OR_FFFD(bytes, i, size, c);
    points += static_cast<char32_t>(c);
  }
  return points;
}

bool IsApostrophe(UChar32 c) {
  return c == '\'' || c == '`' || c == 0x00B4 || c == 0x02B9 || c == 0x02BC || c == 0x2018 ||
         c == 0x2019;
}

// Latin letters that no decomposition takes apart.
std::u32string_view PlainLetters(UChar32 c) {
  switch (c) {
    case 0x00E6:
      return U"ae";
    case 0x00F0:
    case 0x0111:
      return U"d";
    case 0x00F8:
      return U"o";
    case 0x00FE:
      return U"th";
    case 0x0127:
      return U"h";
    case 0x0131:
      return U"i";
    case 0x0142:
      return U"l";
    case 0x014B:
      return U"ng";
    case 0x0153:
      return U"oe";
    case 0x0167:
      return U"t";
    default:
      return {};
  }
}

// Appends what is compared of a decomposed, case-folded character.
void AppendFolded(UChar32 c, std::u32string& out) {
  if (IsApostrophe(c)) return;
  const bool mark = (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
  UErrorCode error = U_ZERO_ERROR;
  if (mark && uscript_getScript(c, &error) == USCRIPT_INHERITED) return;  // a diacritic
  const int32_t digit = u_charDigitValue(c);
  if (digit >= 0) {
    out += static_cast<char32_t>('0' + digit);
  } else if (const std::u32string_view plain = PlainLetters(c); !plain.empty()) {
    out += plain;
  } else if (mark || u_isalnum(c)) {
    out += static_cast<char32_t>(c);
  } else {
    out += U' ';
  }
}

bool IsKhmerLetter(char32_t c) {
  return IsKhmer(c) && u_charDigitValue(static_cast<UChar32>(c)) < 0;
}

// One space between words, none around them, one at each border of Khmer.
std::u32string Spaced(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text) {
    if (c == U' ') {
      if (!out.empty() && out.back() != U' ') out += c;
      continue;
    }
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !out.empty() && out.back() != U' ' && !(out.back() >= '0' && out.back() <= '9') &&
        IsKhmerLetter(out.back()) != IsKhmerLetter(c)) {
      out += U' ';
    }
    out += c;
  }
  if (!out.empty() && out.back() == U' ') out.pop_back();
  return out;
}

absl::StatusOr<std::string> Composed(std::u32string_view text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return absl::InternalError("no Unicode normaliser");
  const auto whole = icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()),
                                                   static_cast<int32_t>(text.size()));
  const icu::UnicodeString composed = nfc->normalize(whole, error);
  if (U_FAILURE(error)) return absl::InternalError("the text cannot be normalised");
  std::string bytes;
  composed.toUTF8String(bytes);
  return bytes;
}

// Where a code point of well-formed UTF-8 begins.
bool Begins(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

size_t LettersOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), Begins));
}

}  // namespace

absl::StatusOr<std::string> FoldForSearch(std::string_view text) {
  KAPEA_TRY(CheckSize(text.size()));
  if (!IsUtf8(text)) return absl::InvalidArgumentError("want text in UTF-8");
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* casefold = icu::Normalizer2::getNFKCCasefoldInstance(error);
  const icu::Normalizer2* decompose = icu::Normalizer2::getNFDInstance(error);
  if (U_FAILURE(error)) return absl::InternalError("no Unicode normaliser");
  const auto source = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString apart = decompose->normalize(casefold->normalize(source, error), error);
  if (U_FAILURE(error)) return absl::InternalError("the text cannot be normalised");
  std::u32string folded;
  for (const char32_t c : ToCodePoints(apart)) AppendFolded(static_cast<UChar32>(c), folded);
  KAPEA_ASSIGN(std::string bytes, Composed(Spaced(FoldKhmer(folded))));
  KAPEA_TRY(CheckSize(bytes.size()));
  return bytes;
}

std::vector<SearchWord> WordsOf(std::string_view folded) {
  std::vector<SearchWord> words;
  for (size_t at = 0; at < folded.size();) {
    const size_t end = std::min(folded.find(' ', at), folded.size());
    SearchWord word;
    word.text = std::string(folded.substr(at, end - at));
    word.letters = LettersOf(word.text);
    const std::u32string points = ToCodePoints(word.text);
    word.khmer = std::any_of(points.begin(), points.end(), IsKhmerLetter);
    if (word.khmer) {
      word.bones = KhmerBones(points);
    } else {
      word.sound = SoundOf(word.text);
      word.bones = BonesOfSound(word.sound);
    }
    if (!word.text.empty()) words.push_back(std::move(word));
    at = end + 1;
  }
  return words;
}

bool WithinOneEdit(std::string_view a, std::string_view b) {
  size_t same = 0;
  while (same < a.size() && same < b.size() && a[same] == b[same]) ++same;
  const auto inside = [&same](std::string_view text) {
    return same < text.size() && !Begins(text[same]);
  };
  while (same > 0 && (inside(a) || inside(b))) --same;
  a.remove_prefix(same);
  b.remove_prefix(same);
  size_t tail = 0;
  while (tail < a.size() && tail < b.size() && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
    ++tail;
  }
  // The tail begins with a whole letter in both.
  while (tail > 0 && !Begins(a[a.size() - tail])) --tail;
  a.remove_suffix(tail);
  b.remove_suffix(tail);
  const size_t left = LettersOf(a);
  const size_t right = LettersOf(b);
  if (left <= 1 && right <= 1) return true;
  if (left != 2 || right != 2 || a.size() != b.size()) return false;
  const size_t half = static_cast<size_t>(std::find_if(a.begin() + 1, a.end(), Begins) - a.begin());
  return a.substr(half) == b.substr(0, a.size() - half) &&
         a.substr(0, half) == b.substr(a.size() - half);
}

}  // namespace kapea::text
