#include "client/report/html.h"

#include <ctemplate/template.h>

#include <nlohmann/json.hpp>
#include <string_view>

namespace kapea::report {

extern const unsigned char kPageTemplate[];
extern const size_t kPageTemplateBytes;

namespace {

using ctemplate::TemplateDictionary;
using Json = nlohmann::json;

std::string_view View(const unsigned char* bytes, size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

bool IsText(const Cell& cell) { return std::holds_alternative<std::string>(cell); }

const char* ClassOf(bool text) { return text ? "t" : "n"; }

void Add(const Table& table, TemplateDictionary& section) {
  TemplateDictionary& out = *section.AddSectionDictionary("TABLE");
  out.SetValue("CAPTION", table.caption);
  for (size_t i = 0; i < table.columns.size(); ++i) {
    TemplateDictionary& column = *out.AddSectionDictionary("COLUMN");
    column.SetValue("TEXT", table.columns[i]);
    column.SetValue("CLASS", ClassOf(!HasNumbers(table, i)));
  }
  for (const auto& cells : table.rows) {
    TemplateDictionary& row = *out.AddSectionDictionary("ROW");
    for (const Cell& cell : cells) {
      TemplateDictionary& one = *row.AddSectionDictionary("CELL");
      one.SetValue("TEXT", ToText(cell));
      one.SetValue("CLASS", ClassOf(IsText(cell)));
    }
  }
}

void Add(const Chart& chart, TemplateDictionary& section) {
  Json series = Json::array();
  for (const Chart::Series& one : chart.series) {
    Json values = Json::array();
    for (const std::optional<double>& value : one.values) {
      values.push_back(value ? Json(*value) : Json());
    }
    series.push_back({{"name", one.name}, {"values", values}});
  }
  TemplateDictionary& out = *section.AddSectionDictionary("CHART");
  out.SetValue("CAPTION", chart.title);
  out.SetValue("DATA", Json({{"labels", chart.labels}, {"series", series}})
                           .dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

absl::StatusOr<std::string> ToHtml(const Document& document) {
  const std::string_view page = View(kPageTemplate, kPageTemplateBytes);
  const std::unique_ptr<ctemplate::Template> compiled(
      ctemplate::Template::StringToTemplate(page.data(), page.size(), ctemplate::DO_NOT_STRIP));
  if (compiled == nullptr) return absl::InternalError("the page's template cannot be read");
  TemplateDictionary all("page");
  all.SetValue("LANGUAGE", document.language == field::Language::kKhmer ? "km" : "en");
  all.SetValue("TITLE", document.title);
  const std::string_view library = View(kChartLibrary, kChartLibraryBytes);
  all.SetValue("LIBRARY", ctemplate::TemplateString(library.data(), library.size()));
  for (const auto& [name, value] : document.facts) {
    TemplateDictionary& fact = *all.AddSectionDictionary("FACT");
    fact.SetValue("NAME", name);
    fact.SetValue("VALUE", value);
  }
  for (const Section& section : document.sections) {
    TemplateDictionary& out = *all.AddSectionDictionary("SECTION");
    out.SetValue("HEADING", section.heading);
    for (const std::string& text : section.paragraphs) {
      out.AddSectionDictionary("PARAGRAPH")->SetValue("TEXT", text);
    }
    for (const Chart& chart : section.charts) Add(chart, out);
    for (const Table& table : section.tables) Add(table, out);
  }
  for (const std::string& note : document.notes) {
    all.AddSectionDictionary("NOTE")->SetValue("TEXT", note);
  }
  std::string html;
  if (!compiled->Expand(&html, &all)) return absl::InternalError("the page cannot be put together");
  return html;
}

}  // namespace kapea::report
