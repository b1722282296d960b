#include "tests/story/search.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "common/base/bytes.h"
#include "common/base/macros.h"

namespace kapea::story {
namespace {

constexpr size_t kPieceBytes = 1 << 20;
// Larger than any mapping of the server's own: the address sanitizer's notes.
constexpr uint64_t kShadowBytesMin = uint64_t{64} << 30;

// Of text in UTF-8 without characters beyond the first plane.
std::u16string ToUtf16(std::string_view text) {
  std::u16string wide;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t bytes = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : 3;
    auto value = static_cast<uint32_t>(bytes == 1 ? lead : bytes == 2 ? lead & 0x1f : lead & 0x0f);
    for (size_t k = 1; k < bytes; ++k) {
      value = value << 6 | (static_cast<unsigned char>(text.at(i + k)) & 0x3f);
    }
    wide.push_back(static_cast<char16_t>(value));
    i += bytes;
  }
  return wide;
}

std::string BytesOf(const std::u16string& wide, bool big_endian) {
  std::string bytes;
  for (const char16_t unit : wide) {
    const auto high = static_cast<char>(unit >> 8);
    const auto low = static_cast<char>(unit & 0xff);
    bytes += big_endian ? high : low;
    bytes += big_endian ? low : high;
  }
  return bytes;
}

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

// What of it stands in the base64 of any bytes that have the text after `before` others,
// modulo three: the digits that nothing else has a part in.
std::string Base64Of(std::string_view text, size_t before, bool for_urls) {
  std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  digits += for_urls ? "-_" : "+/";
  std::string encoded;
  const std::string bytes = std::string(before, '\0') + std::string(text);
  const size_t first = (before * 8 + 5) / 6;
  for (size_t digit = first; (digit + 1) * 6 <= bytes.size() * 8; ++digit) {
    unsigned value = 0;
    for (size_t bit = digit * 6; bit < (digit + 1) * 6; ++bit) {
      value = value << 1 | (static_cast<unsigned char>(bytes[bit / 8]) >> (7 - bit % 8) & 1u);
    }
    encoded += digits[value];
  }
  return encoded;
}

struct Mapping {
  uint64_t from = 0, to = 0;
};

// What the process may write to: its heap, stacks and data, not the programs' text.
std::vector<Mapping> WritableOf(pid_t process) {
  std::vector<Mapping> mappings;
  std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
  for (std::string line; std::getline(maps, line);) {
    char* next = nullptr;
    Mapping mapping;
    mapping.from = std::strtoull(line.c_str(), &next, 16);
    mapping.to = std::strtoull(next + 1, &next, 16);
    const std::string_view rights(next + 1, 4);
    const bool is_shadow = mapping.to - mapping.from > kShadowBytesMin;
    if (rights.starts_with("rw") && !is_shadow) mappings.push_back(mapping);
  }
  return mappings;
}

}  // namespace

Search::Search(const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    const std::u16string wide = ToUtf16(text);
    needles_.emplace_back(text + " as it is", text);
    needles_.emplace_back(text + " as UTF-16 little-endian", BytesOf(wide, false));
    needles_.emplace_back(text + " as UTF-16 big-endian", BytesOf(wide, true));
    needles_.emplace_back(text + " as hex", ToHex(text));
    needles_.emplace_back(text + " as HEX", Upper(ToHex(text)));
    for (size_t before = 0; before < 3; ++before) {
      needles_.emplace_back(text + " as base64", Base64Of(text, before, false));
      needles_.emplace_back(text + " as base64 of URLs", Base64Of(text, before, true));
    }
  }
  for (const auto& [name, needle] : needles_) longest_ = std::max(longest_, needle.size());
}

std::set<std::string> Search::In(std::string_view bytes) const {
  std::set<std::string> found;
  for (const auto& [name, needle] : needles_) {
    if (::memmem(bytes.data(), bytes.size(), needle.data(), needle.size()) != nullptr) {
      found.insert(name);
    }
  }
  return found;
}

absl::StatusOr<SearchedFiles> SearchFiles(const std::string& folder, const Search& search) {
  SearchedFiles searched;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = std::filesystem::relative(entry.path(), folder).string();
    std::set<std::string> found = search.In(name);
    if (entry.is_regular_file()) {
      ++searched.files;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      if (!in) return absl::UnavailableError("cannot read " + name);
      found.merge(search.In(bytes));
    }
    for (const std::string& one : found) searched.found.insert(name + ": " + one);
  }
  return searched;
}

absl::StatusOr<std::set<std::string>> SearchMemory(pid_t process, const Search& search) {
  const int memory =
      ::open(("/proc/" + std::to_string(process) + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) return absl::ErrnoToStatus(errno, "cannot read the memory of the process");
  std::set<std::string> found;
  std::string piece;
  for (const Mapping& mapping : WritableOf(process)) {
    piece.clear();  // what ends one piece begins the next, so that no text is cut in two
    for (uint64_t at = mapping.from; at < mapping.to;) {
      const size_t kept = std::min(piece.size(), search.longest());
      piece.erase(0, piece.size() - kept);
      const size_t wanted = std::min<uint64_t>(kPieceBytes, mapping.to - at);
      piece.resize(kept + wanted);
      const ssize_t got = ::pread(memory, piece.data() + kept, wanted, static_cast<off_t>(at));
      if (got <= 0) break;  // a guard page, or it is gone by now
      piece.resize(kept + static_cast<size_t>(got));
      at += static_cast<uint64_t>(got);
      if (piece.find_first_not_of('\0') == std::string::npos) continue;  // never touched
      found.merge(search.In(piece));
    }
  }
  ::close(memory);
  return found;
}

}  // namespace kapea::story
