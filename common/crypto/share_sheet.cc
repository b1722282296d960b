#include "common/crypto/share_sheet.h"

#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"

namespace kapea::crypto {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kLineBytes = 10;
constexpr size_t kLineSymbols = 16;
constexpr size_t kCheckSymbols = 2;
constexpr size_t kGroup = 4;
constexpr size_t kSheetBytes = kSheetLines * kLineBytes;
constexpr size_t kBodyBytes = 44;
constexpr unsigned kCheckModulus = 1021;
constexpr unsigned char kFormat = 1;

using Symbols = std::vector<unsigned>;  // each below 32; wiped by ~Line

struct Line {
  Symbols symbols;
  Line() { symbols.reserve(kLineSymbols + kCheckSymbols); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;
  Line(Line&&) noexcept = default;
  Line& operator=(Line&&) noexcept = default;
  ~Line() {
    volatile unsigned* at = symbols.data();
    for (size_t i = 0; i < symbols.size(); ++i) at[i] = 0;
  }
};

unsigned CheckOf(size_t number, const Symbols& symbols) {
  unsigned sum = 37 * static_cast<unsigned>(number);
  for (size_t i = 0; i < kLineSymbols; ++i) sum += static_cast<unsigned>(i + 1) * symbols[i];
  return sum % kCheckModulus;
}

// nullopt: no character of ours.
std::optional<unsigned> ValueOf(char c) {
  char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == 'O') upper = '0';
  if (upper == 'I' || upper == 'L') upper = '1';
  const size_t at = kAlphabet.find(upper);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<unsigned>(at);
}

bool IsGap(char c) { return c == ' ' || c == '-' || c == '\t' || c == '\r' || c == '_'; }

// The number that a line begins with, and what stands after its dot; 0: none.
size_t NumberOf(std::string_view line, std::string_view& rest) {
  size_t at = 0;
  while (at < line.size() && IsGap(line[at])) ++at;
  if (at + 1 >= line.size() || line[at] < '1' || line[at] > '9') return 0;
  const char after = line[at + 1];
  if (after != '.' && after != ':' && after != ')') return 0;
  rest = line.substr(at + 2);
  return static_cast<size_t>(line[at] - '0');
}

// Everything of the line that is no gap; nullopt when some of it is no character of ours.
std::optional<Line> SymbolsOf(std::string_view text) {
  Line line;
  for (const char c : text) {
    if (IsGap(c)) continue;
    const auto value = ValueOf(c);
    if (!value || line.symbols.size() > kLineSymbols + kCheckSymbols) return std::nullopt;
    line.symbols.push_back(*value);
  }
  return line;
}

std::string NameOf(size_t number) { return "line " + std::to_string(number) + " of the sheet"; }

absl::Status CheckLine(size_t number, const std::optional<Line>& line) {
  if (!line || line->symbols.size() != kLineSymbols + kCheckSymbols) {
    return absl::InvalidArgumentError(
        NameOf(number) + " does not have eighteen characters (digits, and letters but U): " +
        "compare it with the paper");
  }
  const unsigned check = line->symbols[kLineSymbols] * 32 + line->symbols[kLineSymbols + 1];
  if (check == CheckOf(number, line->symbols)) return absl::OkStatus();
  return absl::InvalidArgumentError(NameOf(number) +
                                    " does not add up: compare it with the paper, one "
                                    "character in it is another, or two changed places");
}

struct Found {
  std::array<std::optional<Line>, kSheetLines> lines;
  std::array<bool, kSheetLines> there{};
};

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

absl::StatusOr<Found> FindLines(std::string_view text) {
  Found found;
  bool numbered = false;
  const std::vector<std::string_view> lines = LinesOf(text);
  for (const std::string_view line : lines) {
    std::string_view rest;
    const size_t number = NumberOf(line, rest);
    if (number == 0 || number > kSheetLines) continue;
    if (found.there[number - 1]) {
      return absl::InvalidArgumentError(NameOf(number) + " is there twice: want one sheet alone");
    }
    numbered = true;
    found.there[number - 1] = true;
    found.lines[number - 1] = SymbolsOf(rest);
  }
  if (numbered) return found;
  size_t next = 0;
  for (const std::string_view line : lines) {
    auto symbols = SymbolsOf(line);
    if (!symbols || symbols->symbols.size() != kLineSymbols + kCheckSymbols) continue;
    if (next == kSheetLines) {
      return absl::InvalidArgumentError("more than five lines: want one sheet alone");
    }
    found.there[next] = true;
    found.lines[next++] = std::move(symbols);
  }
  return found;
}

// Five bits each, the first on top.
void Unpack(const Symbols& symbols, unsigned char* out) {
  for (size_t bit = 0; bit < kLineBytes * 8; ++bit) {
    const unsigned one = symbols[bit / 5] >> (4 - bit % 5) & 1u;
    if (bit % 8 == 0) out[bit / 8] = 0;
    out[bit / 8] = static_cast<unsigned char>(out[bit / 8] | one << (7 - bit % 8));
  }
}

Symbols Pack(const unsigned char* bytes) {
  Symbols symbols(kLineSymbols, 0);
  for (size_t bit = 0; bit < kLineBytes * 8; ++bit) {
    const unsigned one = static_cast<unsigned>(bytes[bit / 8]) >> (7 - bit % 8) & 1u;
    symbols[bit / 5] |= one << (4 - bit % 5);
  }
  return symbols;
}

std::string BodyHash(std::string_view body) {
  return Sha256({kRecoverySheetDomain, body}).str().substr(0, kSheetBytes - kBodyBytes);
}

}  // namespace

SecretBytes SheetLines(const Share& share) {
  KAPEA_CHECK(share.bytes.size() == kShareBytes && share.key_name.size() == kShareKeyNameBytes);
  SecretBytes bytes(kSheetBytes);
  unsigned char* at = bytes.data();
  *at++ = kFormat;
  *at++ = share.index;
  *at++ = share.threshold;
  *at++ = share.count;
  for (const char c : share.key_name) *at++ = static_cast<unsigned char>(c);
  for (size_t i = 0; i < kShareBytes; ++i) *at++ = share.bytes.data()[i];
  for (const char c : BodyHash(bytes.view().substr(0, kBodyBytes))) {
    *at++ = static_cast<unsigned char>(c);
  }

  constexpr size_t kLineText = 3 + kLineSymbols + kLineSymbols / kGroup + kCheckSymbols + 1;
  SecretBytes text(kSheetLines * kLineText);
  unsigned char* out = text.data();
  for (size_t number = 1; number <= kSheetLines; ++number) {
    Line line;
    line.symbols = Pack(bytes.data() + (number - 1) * kLineBytes);
    const unsigned check = CheckOf(number, line.symbols);
    *out++ = static_cast<unsigned char>('0' + number);
    *out++ = '.';
    *out++ = ' ';
    for (size_t i = 0; i < kLineSymbols; ++i) {
      *out++ = static_cast<unsigned char>(kAlphabet[line.symbols[i]]);
      if (i % kGroup == kGroup - 1) *out++ = '-';
    }
    *out++ = static_cast<unsigned char>(kAlphabet[check / 32]);
    *out++ = static_cast<unsigned char>(kAlphabet[check % 32]);
    *out++ = '\n';
  }
  KAPEA_CHECK(out == text.data() + text.size());
  return text;
}

absl::StatusOr<Share> ParseSheet(std::string_view text) {
  if (text.size() > kSheetBytesMax) {
    return absl::InvalidArgumentError("want a sheet, got a text of more than 16 KiB");
  }
  KAPEA_ASSIGN(const Found found, FindLines(text));
  SecretBytes bytes(kSheetBytes);
  for (size_t number = 1; number <= kSheetLines; ++number) {
    if (!found.there[number - 1]) {
      return absl::InvalidArgumentError(NameOf(number) + " is missing: want all five");
    }
    KAPEA_TRY(CheckLine(number, found.lines[number - 1]));
    Unpack(found.lines[number - 1]->symbols, bytes.data() + (number - 1) * kLineBytes);
  }
  const std::string_view body = bytes.view().substr(0, kBodyBytes);
  if (BodyHash(body) != bytes.view().substr(kBodyBytes)) {
    return absl::InvalidArgumentError(
        "each line adds up, but not the sheet: its lines are of different sheets");
  }
  Share share;
  share.index = bytes.data()[1];
  share.threshold = bytes.data()[2];
  share.count = bytes.data()[3];
  share.key_name = std::string(body.substr(4, kShareKeyNameBytes));
  share.bytes = SecretBytes::CopyOf(body.substr(4 + kShareKeyNameBytes));
  if (bytes.data()[0] != kFormat) {
    return absl::InvalidArgumentError("the sheet was made by a newer program than this one");
  }
  const bool fits = share.index >= 1 && share.index <= share.count &&
                    share.threshold >= kSharesMin && share.threshold <= share.count &&
                    share.count <= kSharesMax;
  if (!fits) return absl::InvalidArgumentError("this is no sheet of a recovery key");
  return share;
}

}  // namespace kapea::crypto
