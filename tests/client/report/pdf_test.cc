// A Document as PDF: its fonts in it, numbered pages, and Khmer as another shaper draws it.
#include "client/report/pdf.h"

#include <cairo.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/temp_folder.h"

namespace kapea::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PdfTest : public ::testing::Test {
 protected:
  // What the command prints. `%` stands for the folder.
  std::string Run(std::string command) const {
    for (size_t at = 0; (at = command.find('%', at)) != std::string::npos;) {
      command.replace(at, 1, folder_.path());
    }
    std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
    std::string out;
    char buffer[4096];
    for (size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
      out.append(buffer, got);
    }
    EXPECT_EQ(pclose(pipe), 0) << command << "\n" << out;
    return out;
  }
  void Write(const Document& document) const {
    const auto pdf = ToPdf(document);
    ASSERT_TRUE(pdf.ok()) << pdf.status();
    std::ofstream(folder_ / "a.pdf", std::ios::binary) << *pdf;
  }
  const kapea::testing::TempFolder folder_;
};

Document Sample(size_t rows) {
  Document document;
  document.title = "Were the standards kept?";
  document.facts = {{"As of", "28 Nov 2026"}};
  Section section{"តាមលក្ខខណ្ឌនីមួយៗ"};
  Table table;
  table.columns = {"Clause", "Met"};
  for (size_t i = 0; i < rows; ++i) {
    table.rows.push_back({"R" + std::to_string(i), Number{.value = static_cast<int64_t>(i)}});
  }
  section.tables = {table};
  document.sections = {section};
  document.notes = {"At the foot"};
  return document;
}

TEST_F(PdfTest, HasItsTextAndItsFontsInIt) {
  Write(Sample(3));
  const std::string text = Run("pdftotext -layout %/a.pdf -");
  for (const char* part : {"Were the standards kept?", "28 Nov 2026", "R2", "At the foot"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  const std::string fonts = Run("pdffonts %/a.pdf");
  EXPECT_THAT(fonts, HasSubstr("KhmerOS"));
  EXPECT_THAT(fonts, Not(HasSubstr(" no  "))) << "a font that is not embedded";
}

TEST_F(PdfTest, GoesOverPagesWithItsColumnsNamedOnEach) {
  Write(Sample(120));
  const std::string text = Run("pdftotext -layout %/a.pdf -");
  size_t named = 0;
  for (size_t at = 0; (at = text.find("Clause", at)) != std::string::npos; ++at) ++named;
  const size_t pages = static_cast<size_t>(std::count(text.begin(), text.end(), '\f'));
  EXPECT_GE(pages, 3u);
  EXPECT_EQ(named, pages);
  for (size_t i = 0; i < 120; ++i) EXPECT_THAT(text, HasSubstr("R" + std::to_string(i)));
}

TEST_F(PdfTest, IsRefusedWhereNoFontHasTheLetters) {
  Document document = Sample(1);
  document.notes = {"\xf0\x92\x80\x80"};  // cuneiform
  const auto pdf = ToPdf(document);
  EXPECT_TRUE(absl::IsFailedPrecondition(pdf.status())) << pdf.status();
}

// Ink of a picture, brought to one size: 96 cells of 32, each from 0 (paper) to 1.
constexpr size_t kAcross = 96, kDown = 32;
using Ink = std::vector<double>;

// Of the first line of a page; empty: there is no ink.
Ink InkOf(const std::string& png) {
  cairo_surface_t* const picture = cairo_image_surface_create_from_png(png.c_str());
  EXPECT_EQ(cairo_surface_status(picture), CAIRO_STATUS_SUCCESS) << png;
  const int width = cairo_image_surface_get_width(picture);
  const int height = cairo_image_surface_get_height(picture);
  const int stride = cairo_image_surface_get_stride(picture);
  const unsigned char* const bytes = cairo_image_surface_get_data(picture);
  const auto dark = [&](int x, int y) { return 255 - bytes[y * stride + x * 4 + 1]; };
  int left = width, right = -1, top = height, bottom = -1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (dark(x, y) < 96) continue;
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
    }
  }
  Ink ink;
  if (right >= left && bottom >= top) {
    ink.assign(kAcross * kDown, 0);
    for (size_t i = 0; i < kAcross * kDown; ++i) {
      // The middle of the cell, and its neighbours, so that hinting does not count.
      const double u = (static_cast<double>(i % kAcross) + 0.5) / kAcross;
      const double v = (static_cast<double>(i / kAcross) + 0.5) / kDown;
      const int x = left + static_cast<int>(u * (right - left));
      const int y = top + static_cast<int>(v * (bottom - top));
      double sum = 0;
      int count = 0;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
          sum += dark(x + dx, y + dy) / 255.0;
          ++count;
        }
      }
      ink[i] = sum / count;
    }
  }
  cairo_surface_destroy(picture);
  return ink;
}

// 1: the same picture; about 0: two that have nothing to do with each other.
double Likeness(const Ink& a, const Ink& b) {
  if (a.empty() || a.size() != b.size()) return 0;
  double mean_a = 0, mean_b = 0;
  for (size_t i = 0; i < a.size(); ++i) mean_a += a[i], mean_b += b[i];
  mean_a /= static_cast<double>(a.size());
  mean_b /= static_cast<double>(b.size());
  double ab = 0, aa = 0, bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb);
}

// Clusters with signs before, above, below and after their letter, drawn by m17n and libotf in
// the same font, and by HarfBuzz told to shape nothing.
TEST_F(PdfTest, ShapesKhmerAsAnotherShaperDoes) {
  const std::string font = "/usr/share/fonts/truetype/khmeros/KhmerOSsys.ttf";
  for (const char* const word : {"ស្ត្រី", "គ្រោះ", "ត្រូវ", "ខែមេសា", "ញ្ញុំ", "ក្រុម"}) {
    std::ofstream(folder_ / "word") << word << "\n";
    Document document;  // in a paragraph, for a title is bold
    document.title = " ";
    document.notes = {word};
    Write(document);
    Run("pdftoppm -r 600 -png -singlefile -x 0 -y 0 -W 4900 -H 1200 %/a.pdf %/ours");
    Run("cd % && m17n-dump -q -a -s 300 -d 300 -m 6 -p 160x60 --family 'Khmer OS System' "
        "--language km word");
    Run("hb-view --shapers=fallback --font-size=120 --output-file=%/raw.png " + font + " '" +
        std::string(word) + "'");
    const Ink ours = InkOf(folder_ / "ours.png");
    const double like = Likeness(ours, InkOf(folder_ / "word.png"));
    const double unlike = Likeness(ours, InkOf(folder_ / "raw.png"));
    EXPECT_GT(like, 0.65) << word;
    EXPECT_GT(like, unlike + 0.2) << word;
    EXPECT_LT(unlike, 0.6) << word << ": the comparison would see nothing";
  }
}

}  // namespace
}  // namespace kapea::report
