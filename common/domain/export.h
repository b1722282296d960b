// A table of persons that leaves the house, as a pack describes it: what of their files stands
// in which column.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/condition.h"
#include "common/domain/vocabulary.h"

namespace kapea::domain {

using ExportCodeMap = std::map<std::string, std::string, std::less<>>;

enum class ExportKind : uint8_t {
  kNone = 0,
  kText = 1,
  kCode = 2,
  kCodes = 3,
  kDate = 4,
  kYear = 5,
  kNumber = 6,
};

// A field of the oldest live record of a form; for kCodes of all of them.
struct ExportSource {
  std::string form;
  std::string field;
  Condition when;       // on the record; empty: always
  ExportCodeMap codes;  // to the empty text: no counterpart
  bool same_codes = false;
  std::optional<std::string> rest;

  // What a code becomes in the column; empty: nothing.
  std::string Of(std::string_view code) const;
};

struct ExportColumn {
  std::string name;
  ExportKind kind = ExportKind::kNone;
  std::vector<std::string> codes;  // all that may stand here; empty: any
  std::string always;
  std::string unknown;
  std::vector<ExportSource> sources;   // the first that has an answer counts
  std::vector<ExportCodeMap> coarser;  // of an anonymous table: to say less, step by step
};

struct Export {
  std::string id;
  std::string title;                           // English
  std::vector<std::string> purposes;           // of a consent; one of them is asked for
  std::vector<std::string> identity_purposes;  // those under which identity may stand in it
  bool anonymous = false;
  Condition where;  // on the file; empty: everybody
  std::vector<ExportColumn> columns;
};

}  // namespace kapea::domain
