// Tables as spreadsheets write them.
#include "common/text/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kapea::text {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

TEST(CsvTest, ReadsWhatSpreadsheetsWrite) {
  const Csv csv = ReadCsv(
      "\xEF\xBB\xBF"
      "code,name\r\n"
      " 01 ,\"Kor, \"\"the first\"\"\"\r\n"
      "\r\n"
      "02,\"two\nlines\"\n"
      "03,");
  ASSERT_THAT(csv.rows, SizeIs(4));
  EXPECT_FALSE(csv.broken);
  EXPECT_THAT(csv.rows[0].cells, ElementsAre("code", "name"));
  EXPECT_THAT(csv.rows[1].cells, ElementsAre("01", "Kor, \"the first\""));
  EXPECT_THAT(csv.rows[2].cells, ElementsAre("02", "two\nlines"));
  EXPECT_THAT(csv.rows[3].cells, ElementsAre("03", ""));
  EXPECT_EQ(csv.rows[0].line, 1u);
  EXPECT_EQ(csv.rows[1].line, 2u);
  EXPECT_EQ(csv.rows[2].line, 4u);
  EXPECT_EQ(csv.rows[3].line, 6u);
}

TEST(CsvTest, StopsAtAQuoteThatStandsWrong) {
  const Csv csv = ReadCsv("a,b\n1,2\n3,x\"y\n5,6\n");
  EXPECT_EQ(csv.broken, 3u);
  ASSERT_THAT(csv.rows, SizeIs(2));
  EXPECT_THAT(csv.rows[1].cells, ElementsAre("1", "2"));
  const Csv open = ReadCsv("a,b\n1,\"never ends\n3,4\n");
  EXPECT_EQ(open.broken, 3u) << "found at the end of the text";
  EXPECT_THAT(open.rows, SizeIs(1));
}

TEST(CsvTest, KeepsEveryByte) {
  EXPECT_THAT(ReadCsv("").rows, SizeIs(0));
  EXPECT_THAT(ReadCsv("\n\n").rows, SizeIs(0));
  const std::string bytes("a\0b,\xFF\n", 6);
  const Csv csv = ReadCsv(bytes);
  ASSERT_THAT(csv.rows, SizeIs(1));
  EXPECT_THAT(csv.rows[0].cells, ElementsAre(std::string("a\0b", 3), "\xFF"));
  EXPECT_THAT(ReadCsv(" , ,\n").rows[0].cells, ElementsAre("", "", ""));
}

}  // namespace
}  // namespace kapea::text
