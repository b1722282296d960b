// Tables as files: what other programs read of them, and that none of it is a formula.
#include "client/report/table_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/text/csv.h"

namespace kapea::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class TableFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = std::filesystem::temp_directory_path() / "kapea-table-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // One part of the workbook, unpacked by a program that is not ours.
  std::string Part(const std::string& bytes, const std::string& part) const {
    std::ofstream(folder_ + "/book.xlsx", std::ios::binary) << bytes;
    const std::string command =
        "python3 -c \"import zipfile,sys; sys.stdout.write(zipfile.ZipFile('" + folder_ +
        "/book.xlsx').read('" + part + "').decode())\" > " + folder_ + "/part";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::ifstream in(folder_ + "/part");
    return {std::istreambuf_iterator<char>(in), {}};
  }

  const field::ExportTable table_{{"Name", "Note"},
                                  {{"=1+1", "+855-12"},
                                   {"@SUM(A1)", "\tx"},
                                   {"-cmd|' /C calc'!A0", "-99"},
                                   {"+85512345678", "a, \"b\"\nc"},
                                   {"សុខ", " blank "}}};
  std::string folder_;
};

TEST_F(TableFileTest, CsvCellsAreTextAndComeBackAsTheyWere) {
  const std::string csv = ToCsv(table_);
  const text::Csv read = text::ReadCsv(csv);
  ASSERT_EQ(read.rows.size(), 6u);
  EXPECT_FALSE(read.broken);
  EXPECT_EQ(read.rows[0].cells, table_.columns);
  EXPECT_EQ(read.rows[1].cells, (std::vector<std::string>{"'=1+1", "'+855-12"}));
  EXPECT_EQ(read.rows[2].cells, (std::vector<std::string>{"'@SUM(A1)", "'\tx"}));
  EXPECT_EQ(read.rows[3].cells, (std::vector<std::string>{"'-cmd|' /C calc'!A0", "-99"}));
  EXPECT_EQ(read.rows[4].cells, (std::vector<std::string>{"+85512345678", "a, \"b\"\nc"}));
  EXPECT_EQ(read.rows[5].cells[0], "សុខ");
}

TEST_F(TableFileTest, AWorkbookHasStringsAndNoFormula) {
  const auto bytes = ToXlsx(table_, "HTCDS", folder_);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(std::filesystem::is_empty(folder_)) << "nothing is left behind";
  const std::string strings = Part(*bytes, "xl/sharedStrings.xml");
  EXPECT_THAT(strings, HasSubstr("<t>=1+1</t>"));
  EXPECT_THAT(strings, HasSubstr("សុខ"));
  EXPECT_THAT(strings, HasSubstr("<t>-99</t>"));
  const std::string sheet = Part(*bytes, "xl/worksheets/sheet1.xml");
  EXPECT_THAT(sheet, Not(HasSubstr("<f>")));
  EXPECT_THAT(sheet, HasSubstr("r=\"B6\""));
  EXPECT_THAT(Part(*bytes, "xl/workbook.xml"), HasSubstr("name=\"HTCDS\""));
}

TEST_F(TableFileTest, ATooLongCellIsRefusedAndLeavesNothing) {
  const field::ExportTable table{{"Note"}, {{std::string(40'000, 'x')}}};
  EXPECT_TRUE(absl::IsInvalidArgument(ToXlsx(table, "X", folder_).status()));
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
  EXPECT_FALSE(ToXlsx(table_, "X", folder_ + "/none").ok());
}

}  // namespace
}  // namespace kapea::report
