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

// A code that is written into a field of the same record along with what is read.
struct FixedCode {
  std::string field;
  std::string code;
};

// A field of the oldest live record of a form; for kCodes of all of them.
struct ExportSource {
  std::string form;
  std::string field;
  Condition when;       // on the record; empty: always
  ExportCodeMap codes;  // to the empty text: no counterpart
  bool same_codes = false;
  std::optional<std::string> rest;
  // Where such a table is read:
  bool not_read = false;
  bool khmer = false;            // takes texts with Khmer letters, and alone takes them
  std::vector<FixedCode> fixed;  // what makes `when` hold
  ExportCodeMap back;            // codes of the column to ours; without those of same_codes

  // What a code becomes in the column; empty: nothing.
  std::string Of(std::string_view code) const;
  // What a code of the column becomes here; empty: nothing. With same_codes it may be none of
  // the field's list.
  std::string Back(std::string_view code) const;
};

struct ExportColumn {
  std::string name;
  ExportKind kind = ExportKind::kNone;
  std::vector<std::string> codes;  // all that may stand here; empty: any
  std::string always;
  std::string unknown;
  std::vector<ExportSource> sources;   // the first that has an answer counts
  std::vector<ExportCodeMap> coarser;  // of an anonymous table: to say less, step by step
  // What is tolerated where such a table is read:
  std::string label;                 // below the name
  std::vector<std::string> read_as;  // other names of it
  ExportCodeMap read_codes;          // other spellings of `codes`
  bool read_text = false;            // words in place of a code
  bool read_several = false;         // several codes where one stands
};

// The record of a file that says of which row of a table it was made.
struct ImportedRow {
  std::string form;
  std::string key_field;
  std::string at_field;
  std::vector<FixedCode> fixed;
};

struct Export {
  std::string id;
  std::string title;                           // English
  std::vector<std::string> purposes;           // of a consent; one of them is asked for
  std::vector<std::string> identity_purposes;  // those under which identity may stand in it
  bool anonymous = false;
  Condition where;  // on the file; empty: everybody
  std::vector<ExportColumn> columns;
  std::optional<ImportedRow> imported;  // absent: no such table is read
};

}  // namespace kapea::domain
