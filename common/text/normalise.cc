#include "common/text/normalise.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include "absl/strings/str_cat.h"

namespace kapea::text {
namespace {

constexpr UChar32 kZeroWidthSpace = 0x200B;
constexpr UChar32 kByteOrderMark = 0xFEFF;
constexpr UChar32 kWordJoiner = 0x2060;

bool Trimmed(UChar32 c) {
  return u_isUWhiteSpace(c) || u_iscntrl(c) || (c >= kZeroWidthSpace && c <= 0x200F) ||
         c == kByteOrderMark || c == kWordJoiner;
}

// Only true controls: ICU's u_iscntrl counts the joiners and breaks of Khmer as well.
bool Dropped(UChar32 c) {
  const bool control = u_charType(c) == U_CONTROL_CHAR && c != '\n' && c != '\t';
  return control || c == kByteOrderMark;
}

icu::UnicodeString WithoutControls(const icu::UnicodeString& text) {
  icu::UnicodeString kept;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    const UChar32 c = text.char32At(i);
    if (!Dropped(c)) kept.append(c);
  }
  return kept;
}

icu::UnicodeString Trim(const icu::UnicodeString& text) {
  int32_t begin = 0;
  int32_t end = text.length();
  while (begin < end && Trimmed(text.char32At(begin))) begin = text.moveIndex32(begin, 1);
  while (end > begin) {
    const int32_t before = text.moveIndex32(end, -1);
    if (!Trimmed(text.char32At(before))) break;
    end = before;
  }
  return text.tempSubStringBetween(begin, end);
}

}  // namespace

bool IsUtf8(std::string_view text) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  for (int64_t i = 0; i < size;) {
    UChar32 c = 0;
    U8_NEXT(bytes, i, size, c);
    if (c < 0) return false;
  }
  return true;
}

absl::StatusOr<std::string> Normalise(std::string_view text) {
  // NFC can grow a text threefold at most; more than that need not be looked at.
  if (text.size() > 4 * kTextBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("want at most ", kTextBytesMax, " bytes of text, got ", text.size()));
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError("want text in UTF-8");
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_FAILURE(error)) return absl::InternalError("no Unicode normaliser");
  const auto source = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
  const icu::UnicodeString normal = nfc->normalize(WithoutControls(source), error);
  if (U_FAILURE(error)) return absl::InternalError("the text cannot be normalised");
  std::string bytes;
  Trim(normal).toUTF8String(bytes);
  if (bytes.size() > kTextBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("want at most ", kTextBytesMax, " bytes of text, got ", bytes.size()));
  }
  return bytes;
}

}  // namespace kapea::text
