#include "client/report/pdf.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "common/base/macros.h"

namespace kapea::report {
namespace {

// Points; A4.
constexpr double kWidth = 595.28, kHeight = 841.89, kMargin = 48, kFoot = 60;
constexpr double kInner = kWidth - 2 * kMargin;
constexpr double kCellGap = 6, kLineGap = 3;
constexpr double kChartHeight = 150;
constexpr const char* kFonts = "Noto Sans, Khmer OS System, Noto Sans Khmer, DejaVu Sans";

struct Colour {
  double red, green, blue;
};
constexpr Colour kInk{0.11, 0.15, 0.19}, kSoft{0.36, 0.40, 0.44}, kLine{0.83, 0.86, 0.88},
    kAccent{0.04, 0.36, 0.48};
constexpr Colour kSeries[] = {
    {0.04, 0.36, 0.48}, {0.76, 0.34, 0.10}, {0.30, 0.49, 0.16}, {0.48, 0.23, 0.53}};

struct Style {
  double size = 10;
  bool bold = false;
  Colour colour = kInk;
  PangoAlignment align = PANGO_ALIGN_LEFT;
};

template <typename T>
struct Unref {
  void operator()(T* object) const { g_object_unref(object); }
};
using Layout = std::unique_ptr<PangoLayout, Unref<PangoLayout>>;

cairo_status_t Take(void* out, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

// Writes downwards, page after page.
class Writer {
 public:
  Writer() : surface_(cairo_pdf_surface_create_for_stream(Take, &bytes_, kWidth, kHeight)) {
    cairo_ = cairo_create(surface_);
  }
  ~Writer() {
    cairo_destroy(cairo_);
    cairo_surface_destroy(surface_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void Title(const std::string& title) {
    cairo_pdf_surface_set_metadata(surface_, CAIRO_PDF_METADATA_TITLE, title.c_str());
    Paragraph(title, {.size = 17, .bold = true});
    y_ += 4;
  }
  void Paragraph(const std::string& text, const Style& style) {
    const Layout layout = Make(text, style, kInner);
    Room(HeightOf(*layout));
    Draw(*layout, kMargin, y_, style.colour);
    y_ += HeightOf(*layout) + kLineGap;
  }
  void Heading(const std::string& text) {
    Room(70);
    y_ += 12;
    Rule(kMargin, kInner, kAccent, 1.2);
    y_ += 5;
    Paragraph(text, {.size = 12.5, .bold = true});
  }
  void Fact(const std::string& name, const std::string& value) {
    const Layout left = Make(name, {.size = 9, .bold = true, .colour = kSoft}, 130);
    const Layout right = Make(value, {.size = 9, .colour = kSoft}, kInner - 140);
    const double height = std::max(HeightOf(*left), HeightOf(*right));
    Room(height);
    Draw(*left, kMargin, y_, kSoft);
    Draw(*right, kMargin + 140, y_, kSoft);
    y_ += height + 1;
  }
  void Add(const Table& table);
  void Add(const Chart& chart);

  absl::StatusOr<std::string> Finish() {
    FootOfPage();
    cairo_show_page(cairo_);
    cairo_surface_finish(surface_);
    if (cairo_surface_status(surface_) != CAIRO_STATUS_SUCCESS) {
      return absl::InternalError("the PDF could not be written");
    }
    if (unknown_) {
      return absl::FailedPreconditionError(
          "no font on this machine has all letters of this report, so no PDF was written; install "
          "fonts-khmeros (and fonts-dejavu-core), then try again");
    }
    return std::move(bytes_);
  }

 private:
  Layout Make(const std::string& text, const Style& style, double width) {
    Layout layout(pango_cairo_create_layout(cairo_));
    PangoFontDescription* const font = pango_font_description_from_string(kFonts);
    pango_font_description_set_absolute_size(font, style.size * PANGO_SCALE);
    if (style.bold) pango_font_description_set_weight(font, PANGO_WEIGHT_BOLD);
    pango_layout_set_font_description(layout.get(), font);
    pango_font_description_free(font);
    pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
    pango_layout_set_width(layout.get(), static_cast<int>(width * PANGO_SCALE));
    pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(layout.get(), style.align);
    unknown_ = unknown_ || pango_layout_get_unknown_glyphs_count(layout.get()) > 0;
    return layout;
  }
  static double HeightOf(PangoLayout& layout) {
    int height = 0;
    pango_layout_get_size(&layout, nullptr, &height);
    return static_cast<double>(height) / PANGO_SCALE;
  }
  void Draw(PangoLayout& layout, double x, double y, const Colour& colour) {
    cairo_set_source_rgb(cairo_, colour.red, colour.green, colour.blue);
    cairo_move_to(cairo_, x, y);
    pango_cairo_show_layout(cairo_, &layout);
  }
  void Rule(double x, double width, const Colour& colour, double thickness) {
    cairo_set_source_rgb(cairo_, colour.red, colour.green, colour.blue);
    cairo_rectangle(cairo_, x, y_, width, thickness);
    cairo_fill(cairo_);
  }
  // Another page where less than that is left.
  bool Room(double height) {
    if (y_ + height <= kHeight - kFoot || y_ == kMargin) return false;
    FootOfPage();
    cairo_show_page(cairo_);
    y_ = kMargin;
    return true;
  }
  void FootOfPage() {
    const Style style{.size = 8, .colour = kSoft, .align = PANGO_ALIGN_RIGHT};
    const Layout number = Make(std::to_string(++page_), style, kInner);
    Draw(*number, kMargin, kHeight - kFoot + 22, kSoft);
  }
  static std::vector<double> WidthsOf(const Table& table);
  void Row(const std::vector<std::string>& texts, const std::vector<double>& widths,
           const std::vector<bool>& numbers, bool heading);

  std::string bytes_;
  cairo_surface_t* const surface_;
  cairo_t* cairo_ = nullptr;
  double y_ = kMargin;
  int page_ = 0;
  bool unknown_ = false;
};

// By the longest text of each column, numbers narrow, nothing under a fifteenth.
std::vector<double> Writer::WidthsOf(const Table& table) {
  std::vector<double> weights(table.columns.size(), 4);
  const auto weigh = [&weights](size_t column, size_t bytes) {
    if (column >= weights.size()) return;
    weights[column] = std::max(weights[column], std::min(40.0, static_cast<double>(bytes)));
  };
  for (size_t i = 0; i < table.columns.size(); ++i) weigh(i, table.columns[i].size() / 2);
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) weigh(i, ToText(row[i]).size());
  }
  double all = 0;
  for (double& weight : weights) all += weight;
  for (double& weight : weights) weight = std::max(weight, all / 15);
  all = 0;
  for (const double weight : weights) all += weight;
  for (double& weight : weights) weight = weight / all * kInner;
  return weights;
}

void Writer::Row(const std::vector<std::string>& texts, const std::vector<double>& widths,
                 const std::vector<bool>& numbers, bool heading) {
  std::vector<Layout> cells;
  double height = 0;
  for (size_t i = 0; i < widths.size(); ++i) {
    const Style style{
        .size = 9, .bold = heading, .align = numbers[i] ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_LEFT};
    cells.push_back(Make(i < texts.size() ? texts[i] : "", style, widths[i] - kCellGap));
    height = std::max(height, HeightOf(*cells.back()));
  }
  Room(height + 4);
  double x = kMargin;
  for (size_t i = 0; i < cells.size(); ++i) {
    Draw(*cells[i], x + kCellGap / 2, y_ + 2, kInk);
    x += widths[i];
  }
  y_ += height + 4;
  Rule(kMargin, kInner, kLine, heading ? 1.0 : 0.5);
}

void Writer::Add(const Table& table) {
  if (!table.caption.empty()) {
    Room(60);
    Paragraph(table.caption, {.size = 9.5, .bold = true});
  }
  const std::vector<double> widths = WidthsOf(table);
  std::vector<bool> numbers;
  for (size_t i = 0; i < widths.size(); ++i) numbers.push_back(HasNumbers(table, i));
  Row(table.columns, widths, numbers, true);
  for (const auto& cells : table.rows) {
    std::vector<std::string> texts;
    for (const Cell& cell : cells) texts.push_back(ToText(cell));
    const int before = page_;
    if (Room(24) && page_ != before) Row(table.columns, widths, numbers, true);
    Row(texts, widths, numbers, false);
  }
  y_ += 8;
}

void Writer::Add(const Chart& chart) {
  if (chart.labels.empty() || chart.series.empty()) return;
  Room(kChartHeight + 70);
  Paragraph(chart.title, {.size = 9.5, .bold = true});
  double most = 1;
  for (const Chart::Series& one : chart.series) {
    for (const auto& value : one.values) most = std::max(most, value.value_or(0));
  }
  y_ += 10;  // for the number over the tallest bar
  const double top = y_;
  const double slot = kInner / static_cast<double>(chart.labels.size());
  const double bar = std::min(28.0, slot * 0.8 / static_cast<double>(chart.series.size()));
  for (size_t s = 0; s < chart.series.size(); ++s) {
    const Colour& colour = kSeries[s % std::size(kSeries)];
    cairo_set_source_rgb(cairo_, colour.red, colour.green, colour.blue);
    const std::vector<std::optional<double>>& values = chart.series[s].values;
    for (size_t i = 0; i < std::min(values.size(), chart.labels.size()); ++i) {
      const double height = values[i].value_or(0) / most * kChartHeight;
      const double left = kMargin + slot * static_cast<double>(i) +
                          (slot - bar * static_cast<double>(chart.series.size())) / 2 +
                          bar * static_cast<double>(s);
      cairo_rectangle(cairo_, left, top + kChartHeight - height, bar * 0.92, height);
      cairo_fill(cairo_);
      if (!values[i]) continue;
      const Layout said = Make(ToText(Number{.value = static_cast<int64_t>(*values[i])}),
                               {.size = 7, .align = PANGO_ALIGN_CENTER}, bar);
      Draw(*said, left, top + kChartHeight - height - 9, kInk);
      cairo_set_source_rgb(cairo_, colour.red, colour.green, colour.blue);
    }
  }
  y_ = top + kChartHeight;
  Rule(kMargin, kInner, kSoft, 0.7);
  double tallest = 0;
  for (size_t i = 0; i < chart.labels.size(); ++i) {
    const Layout label = Make(
        chart.labels[i], {.size = 7.5, .colour = kSoft, .align = PANGO_ALIGN_CENTER}, slot - 2);
    Draw(*label, kMargin + slot * static_cast<double>(i) + 1, y_ + 2, kSoft);
    tallest = std::max(tallest, HeightOf(*label));
  }
  y_ += tallest + 6;
  if (chart.series.size() > 1) {
    for (size_t s = 0; s < chart.series.size(); ++s) {
      Paragraph("■ " + chart.series[s].name,
                {.size = 8, .colour = kSeries[s % std::size(kSeries)]});
    }
  }
  y_ += 6;
}

}  // namespace

absl::StatusOr<std::string> ToPdf(const Document& document) {
  Writer writer;
  writer.Title(document.title);
  for (const auto& [name, value] : document.facts) writer.Fact(name, value);
  for (const Section& section : document.sections) {
    writer.Heading(section.heading);
    for (const std::string& text : section.paragraphs) writer.Paragraph(text, {});
    for (const Chart& chart : section.charts) writer.Add(chart);
    for (const Table& table : section.tables) writer.Add(table);
  }
  for (const std::string& note : document.notes) {
    writer.Paragraph(note, {.size = 8.5, .colour = kSoft});
  }
  return writer.Finish();
}

}  // namespace kapea::report
