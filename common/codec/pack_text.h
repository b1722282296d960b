// A pack's text files as one canonical Pack message, with every mistake at its place.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kapea::codec {

// Largest text of one file, and of all files of one pack together; the national pack
// is a tenth of it.
inline constexpr size_t kPackTextBytesMax = 4 * 1024 * 1024;

// Where an element stands; lines and columns count from 1, 0: not known.
struct Spot {
  std::string file;
  int line = 0;
  int column = 0;
};

// By path in the merged message: "forms[3].sections[0].fields[2].item.deadline".
using Spots = std::map<std::string, Spot, std::less<>>;

struct Mistake {
  Spot at;
  std::string element;  // by its codes: "KH-RESCUE-OP PLN-01 deadline"
  std::string message;
};
// "plan.textproto:12:3: KH-RESCUE-OP PLN-01 deadline: column 4: want a moment"
std::string ToText(const Mistake& mistake);

struct PackFile {
  std::string name;  // for mistakes
  std::string text;  // textproto of kapea.v1.Pack
};
struct PackSource {
  std::string bytes;  // canonical encoding; empty where there are mistakes
  Spots spots;
  std::vector<Mistake> mistakes;
};

// Merges the files in the order given: lists are joined; id, version, owner and title
// stand in one file, or are the same in all. Reports every file's mistakes; after a
// mistake of syntax the rest of that file is not read. Never throws. Threads: any.
PackSource ParsePackFiles(const std::vector<PackFile>& files);

// One file, as Status: InvalidArgument holds all mistakes, one a line.
absl::StatusOr<std::string> PackTextToBytes(std::string_view text, std::string_view name);

}  // namespace kapea::codec
