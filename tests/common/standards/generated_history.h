// Histories of many files under the national pack, made of seeds: rows as somebody would write
// them, one record each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/value.h"
#include "common/domain/vocabulary.h"

namespace kapea::standards {

// A form that rows are made of: "name:t" a time, "name:c=A|B" a code, "name:n" a number,
// "name:b" yes or no, "name:p" somebody's file.
struct Shape {
  domain::FileKind kind;
  const char* form;
  const char* parent;
  const char* fields;
};
inline constexpr int kFiles = 12;  // three of each kind; the last of each is an exercise

struct Row {
  int file = 0;
  const Shape* shape = nullptr;
  int parent = -1;  // index of the row
  bool voided = false;
  std::map<std::string, domain::Value> fields;
};
struct History {
  std::vector<Row> rows;
  std::vector<std::pair<int, int>> same;  // files of one person
};

FileId IdOf(int file);
inline bool IsDrill(int file) { return file % 3 == 2; }
domain::FileKind KindOf(int file);

// The first rows are those that the files begin with, by number of the file.
History MakeHistory(const std::vector<uint32_t>& seeds, Time start);

}  // namespace kapea::standards
