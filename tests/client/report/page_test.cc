// A Document as a page: escaped, closed to the network, and drawn by a real browser.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "client/report/html.h"
#include "tests/support/temp_folder.h"

namespace kapea::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Document Sample() {
  Document document;
  document.title = "Kept? <script>alert(1)</script> & \"more\"";
  document.facts = {{"As of", "28 Nov 2026"}, {"<i>", "<img src=x onerror=alert(2)>"}};
  Section section{"Clauses"};
  section.paragraphs = {"ស្ត្រី និងកុមារ </section>"};
  Chart chart;
  chart.title = "Late '\"><svg onload=alert(3)>";
  chart.labels = {"P1.5", "</script><b>"};
  chart.series = {{"Overdue", {3, std::nullopt}}, {"Late", {1, 4}}};
  section.charts = {chart};
  Table table;
  table.caption = "All";
  table.columns = {"Clause", "Met"};
  table.rows = {{"P1.5", Number{.value = 1234}}, {"R<01>", Hidden{}}};
  section.tables = {table};
  document.sections = {section};
  document.notes = {"<b>note</b>"};
  return document;
}

std::string Output(const std::string& command) {
  std::FILE* const pipe = popen((command + " 2>/dev/null").c_str(), "r");
  std::string out;
  char buffer[4096];
  for (size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    out.append(buffer, got);
  }
  EXPECT_EQ(pclose(pipe), 0) << command;
  return out;
}

// With a proxy that nobody listens at: there is no network.
std::string Browse(const std::string& html, const std::string& options) {
  const kapea::testing::TempFolder folder;
  const std::string page = folder / "page.html";
  std::ofstream(page, std::ios::binary) << html;
  return Output("HOME=" + folder.path() +
                " timeout 60 chromium --headless=new --no-sandbox --disable-gpu "
                "--proxy-server=127.0.0.1:1 --virtual-time-budget=5000 " +
                options + " file://" + page);
}

TEST(CellTest, SaysNumbersInGroupsAndWithUnits) {
  EXPECT_EQ(ToText(Number{.value = 0}), "0");
  EXPECT_EQ(ToText(Number{.value = 999}), "999");
  EXPECT_EQ(ToText(Number{.value = -1234567}), "-1,234,567");
  EXPECT_EQ(ToText(Number{.value = 125, .decimals = 1, .unit = "%"}), "12.5 %");
  EXPECT_EQ(ToText(Number{.value = 5, .decimals = 3}), "0.005");
  EXPECT_EQ(ToText(Hidden{}), "··");
  EXPECT_EQ(ToText(Hidden{}, "*"), "*");
  EXPECT_EQ(ToText(std::string("as it is")), "as it is");
}

TEST(PageTest, EscapesEveryTextForWhereItStands) {
  const auto html = ToHtml(Sample());
  ASSERT_TRUE(html.ok()) << html.status();
  for (const char* bad : {"<script>alert", "<img src=x", "<svg onload", "R<01>", "<b>note", "<i>",
                          "</section>\n</section>"}) {
    EXPECT_THAT(*html, Not(HasSubstr(bad))) << bad;
  }
  EXPECT_THAT(*html, HasSubstr("&lt;script&gt;alert(1)"));
  EXPECT_THAT(*html, HasSubstr("R&lt;01&gt;"));
  EXPECT_THAT(*html, HasSubstr("<td class=\"n\">1,234</td>"));
  EXPECT_THAT(*html, HasSubstr("<td class=\"n\">··</td>"));
}

TEST(PageTest, NeedsNothingElseAndMayAskForNothing) {
  const auto html = ToHtml(Sample());
  ASSERT_TRUE(html.ok()) << html.status();
  EXPECT_THAT(*html, HasSubstr("default-src 'none'"));
  EXPECT_THAT(*html, Not(::testing::ContainsRegex("<[a-z]+ [^>]*(src|href)=")));
  EXPECT_THAT(*html, Not(HasSubstr("@import")));
  const std::string library(reinterpret_cast<const char*>(kChartLibrary), kChartLibraryBytes);
  EXPECT_GT(kChartLibraryBytes, 100'000u);
  EXPECT_THAT(library, Not(HasSubstr("</script")));
}

TEST(PageTest, ABrowserWithoutANetworkDrawsIt) {
  const auto html = ToHtml(Sample());
  ASSERT_TRUE(html.ok()) << html.status();
  const std::string dom = Browse(*html, "--dump-dom");
  // Chart.js has set the size of what it drew on, and the figure is shown.
  EXPECT_THAT(dom, ::testing::ContainsRegex("<figure class=\"drawn\">"));
  EXPECT_THAT(dom, ::testing::ContainsRegex("<canvas[^>]*display: block"));
  EXPECT_THAT(dom, HasSubstr("ស្ត្រី និងកុមារ"));
  EXPECT_THAT(dom, Not(HasSubstr("<svg")));
}

TEST(PageTest, OnPaperAndWithoutScriptsTheTablesStay) {
  const auto html = ToHtml(Sample());
  ASSERT_TRUE(html.ok()) << html.status();
  std::string still = *html;
  for (size_t at = 0; (at = still.find("<script>")) != std::string::npos;) {
    still.erase(at, still.find("</script>", at) + 9 - at);
  }
  const kapea::testing::TempFolder folder;
  const std::string paper = folder / "page.pdf";
  Browse(still, "--print-to-pdf=" + paper);
  const std::string text = Output("pdftotext -layout " + paper + " -");
  EXPECT_THAT(text, HasSubstr("1,234"));
  EXPECT_THAT(text, HasSubstr("R<01>"));
  EXPECT_THAT(text, Not(HasSubstr("Late '"))) << "the frame of a chart that nobody drew";
}

}  // namespace
}  // namespace kapea::report
