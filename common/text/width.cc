#include "common/text/width.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace kapea::text {
namespace {

constexpr std::string_view kZeroWidthSpaceUtf8 = "\xE2\x80\x8B";
constexpr UChar32 kCoeng = 0x17D2;

size_t CellsOf(UChar32 c) {
  const auto type = u_charType(c);
  if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR ||
      type == U_CONTROL_CHAR) {
    return 0;
  }
  const int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

// One letter with all that hangs on it.
struct Cluster {
  std::string_view bytes;
  size_t cells = 0;
};

UChar32 DecodeAt(std::string_view text, size_t& at) {
  auto index = static_cast<int64_t>(at);
  UChar32 c = 0;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  U8_NEXT_OR_FFFD(bytes, index, static_cast<int64_t>(text.size()), c);
  at = static_cast<size_t>(index);
  return c;
}

Cluster NextCluster(std::string_view text) {
  size_t end = 0;
  UChar32 last = DecodeAt(text, end);
  Cluster cluster{{}, CellsOf(last)};
  while (end < text.size()) {
    size_t next = end;
    const UChar32 c = DecodeAt(text, next);
    // A Khmer consonant behind a coeng is written under the one before it.
    const bool under = last == kCoeng;
    const bool mark = (U_MASK(u_charType(c)) & (U_GC_MN_MASK | U_GC_MC_MASK | U_GC_ME_MASK)) != 0;
    if (!under && !mark) break;
    if (!under) cluster.cells += CellsOf(c);
    last = c;
    end = next;
  }
  cluster.bytes = text.substr(0, end);
  return cluster;
}

}  // namespace

size_t WidthOf(std::string_view text) {
  size_t cells = 0;
  while (!text.empty()) {
    const Cluster cluster = NextCluster(text);
    cells += cluster.cells;
    text.remove_prefix(cluster.bytes.size());
  }
  return cells;
}

std::string CutTo(std::string_view text, size_t cells) {
  if (WidthOf(text) <= cells) return std::string(text);
  constexpr std::string_view kMore = "...";
  const size_t room = cells > kMore.size() ? cells - kMore.size() : 0;
  std::string cut;
  size_t used = 0;
  while (!text.empty()) {
    const Cluster cluster = NextCluster(text);
    if (used + cluster.cells > room) break;
    used += cluster.cells;
    cut += cluster.bytes;
    text.remove_prefix(cluster.bytes.size());
  }
  return cut + std::string(kMore.substr(0, cells));
}

std::string PadTo(std::string_view text, size_t cells) {
  const size_t width = WidthOf(text);
  std::string padded(text);
  if (width < cells) padded.append(cells - width, ' ');
  return padded;
}

std::vector<std::string> Wrap(std::string_view text, size_t cells) {
  std::vector<std::string> lines;
  std::string line;
  size_t used = 0;
  bool space_before = false;
  while (!text.empty()) {
    size_t end = 0;
    size_t skip = 0;
    while (end < text.size()) {
      if (text[end] == ' ' || text[end] == '\n') {
        skip = 1;
        break;
      }
      if (text.substr(end).starts_with(kZeroWidthSpaceUtf8)) {
        skip = kZeroWidthSpaceUtf8.size();
        break;
      }
      ++end;
    }
    const std::string_view word = text.substr(0, end);
    const bool newline = skip == 1 && text[end] == '\n';
    const bool space = skip == 1 && !newline;
    const size_t width = WidthOf(word) + (space_before && used > 0 ? 1 : 0);
    if (used > 0 && used + width > cells) {
      lines.push_back(std::move(line));
      line.clear();
      used = 0;
    }
    if (space_before && used > 0) line += ' ';
    used += used > 0 ? width : WidthOf(word);
    line += word;
    space_before = space;
    text.remove_prefix(end + skip);
    if (newline) {
      lines.push_back(std::move(line));
      line.clear();
      used = 0;
    }
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

}  // namespace kapea::text
