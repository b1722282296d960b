#include "client/report/document_forms.h"

#include <algorithm>
#include <vector>

#include "common/text/width.h"

namespace kapea::report {
namespace {

using nlohmann::json;

constexpr size_t kColumnMax = 60;

std::string PlainTable(const Table& table) {
  std::vector<std::vector<std::string>> rows = {table.columns};
  for (const auto& cells : table.rows) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const Cell& cell : cells) row.push_back(ToText(cell));
  }
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      widths[i] = std::min(kColumnMax, std::max(widths[i], text::WidthOf(row[i])));
    }
  }
  std::string out = table.caption.empty() ? "" : table.caption + "\n";
  for (const auto& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      line += " " + text::PadTo(text::CutTo(row[i], kColumnMax), widths[i]) + " ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

json CellJson(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (std::holds_alternative<Hidden>(cell)) return {{"hidden", true}};
  const Number& number = std::get<Number>(cell);
  return {{"value", number.value}, {"decimals", number.decimals}, {"unit", number.unit}};
}

std::string CellDigits(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (std::holds_alternative<Hidden>(cell)) return "hidden";
  Number plain = std::get<Number>(cell);
  plain.unit.clear();
  std::string digits = ToText(plain);
  std::erase(digits, ',');
  return digits;
}

}  // namespace

std::string ToPlainText(const Document& document) {
  std::string out = document.title + "\n";
  for (const auto& [name, value] : document.facts) out += "  " + name + ": " + value + "\n";
  for (const Section& section : document.sections) {
    out += "\n" + section.heading + "\n";
    for (const std::string& paragraph : section.paragraphs) out += "  " + paragraph + "\n";
    for (const Table& table : section.tables) out += PlainTable(table);
  }
  if (!document.notes.empty()) out += "\n";
  for (const std::string& note : document.notes) out += note + "\n";
  return out;
}

json ToJson(const Document& document) {
  json out = {{"title", document.title},
              {"facts", json::array()},
              {"sections", json::array()},
              {"notes", document.notes}};
  for (const auto& [name, value] : document.facts) {
    out["facts"].push_back({{"name", name}, {"value", value}});
  }
  for (const Section& section : document.sections) {
    json tables = json::array();
    for (const Table& table : section.tables) {
      json rows = json::array();
      for (const auto& cells : table.rows) {
        json row = json::array();
        for (const Cell& cell : cells) row.push_back(CellJson(cell));
        rows.push_back(std::move(row));
      }
      tables.push_back({{"caption", table.caption}, {"columns", table.columns}, {"rows", rows}});
    }
    out["sections"].push_back({{"heading", section.heading},
                               {"paragraphs", section.paragraphs},
                               {"tables", std::move(tables)}});
  }
  return out;
}

field::ExportTable ToLongTable(const Document& document) {
  field::ExportTable out;
  out.columns = {"section", "table", "row", "column", "value"};
  for (const Section& section : document.sections) {
    for (const Table& table : section.tables) {
      for (const auto& cells : table.rows) {
        for (size_t i = 1; i < std::min(cells.size(), table.columns.size()); ++i) {
          const std::string value = CellDigits(cells[i]);
          if (value.empty()) continue;
          out.rows.push_back(
              {section.heading, table.caption, ToText(cells[0]), table.columns[i], value});
        }
      }
    }
  }
  return out;
}

}  // namespace kapea::report
