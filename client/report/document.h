// What a report says, whatever it becomes: a page, a PDF or a table. Builders put it together
// from findings and figures; writers know nothing of the domain. It holds what may leave the
// house, and no identities.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "client/field/forms.h"

namespace kapea::report {

// A count that disclosure control keeps back (standards/suppress.h).
struct Hidden {
  friend bool operator==(const Hidden&, const Hidden&) = default;
};
// `value` / 10^`decimals`, in `unit` ("%", "h"; empty: things).
struct Number {
  int64_t value = 0;
  int decimals = 0;  // 0 to 3
  std::string unit = {};
  friend bool operator==(const Number&, const Number&) = default;
};
using Cell = std::variant<std::string, Number, Hidden>;

struct Table {
  std::string caption;
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
};

// Bars beside each other for each label; the same numbers stand in a table of the section.
struct Chart {
  struct Series {
    std::string name;
    std::vector<std::optional<double>> values;  // as many as labels; absent: kept back
  };
  std::string title;
  std::vector<std::string> labels;
  std::vector<Series> series;
};

struct Section {
  std::string heading;
  std::vector<std::string> paragraphs = {};
  std::vector<Chart> charts = {};
  std::vector<Table> tables = {};
};

struct Document {
  std::string title;
  field::Language language = field::Language::kEnglish;
  std::vector<std::pair<std::string, std::string>> facts = {};  // period, units, rules, ledger
  std::vector<Section> sections = {};
  std::vector<std::string> notes = {};  // at the foot
};

// Whether the column has a number, shown or kept back: then it stands to the right.
bool HasNumbers(const Table& table, size_t column);

// "1,234", "12.5 %"; of a Hidden one "<k" is never said, but `hidden`.
std::string ToText(const Cell& cell, const std::string& hidden = "··");

}  // namespace kapea::report
