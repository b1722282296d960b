#include "client/report/document.h"

#include <algorithm>
#include <cstdlib>

namespace kapea::report {
namespace {

// With a comma for each three digits.
std::string Grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string ToText(const Number& number) {
  const int decimals = std::clamp(number.decimals, 0, 3);
  uint64_t scale = 1;
  for (int i = 0; i < decimals; ++i) scale *= 10;
  const bool negative = number.value < 0;
  const uint64_t value = negative ? uint64_t{0} - static_cast<uint64_t>(number.value)
                                  : static_cast<uint64_t>(number.value);
  std::string text = (negative ? "-" : "") + Grouped(value / scale);
  if (decimals > 0) {
    std::string rest = std::to_string(value % scale);
    text += "." + std::string(static_cast<size_t>(decimals) - rest.size(), '0') + rest;
  }
  return number.unit.empty() ? text : text + " " + number.unit;
}

}  // namespace

bool HasNumbers(const Table& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(), [column](const auto& row) {
    return column < row.size() && !std::holds_alternative<std::string>(row[column]);
  });
}

std::string ToText(const Cell& cell, const std::string& hidden) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<Number>(&cell)) return ToText(*number);
  return hidden;
}

}  // namespace kapea::report
