// Tables that become records: every row, or none.
#include "client/field/data_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "client/field/casework.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class DataSetTest : public testing::Town {
 protected:
  DataSetTest() {
    NewFile file;
    file.kind = domain::FileKind::kProgramme;
    file.form = "KH-PROGRAMME";
    const auto opened = OpenFile(VaultOf("manager"), file);
    KAPEA_CHECK(opened.ok());
    file_ = opened->file;
  }

  absl::StatusOr<DataSetWritten> Import(const std::string& csv, bool write = true,
                                        const std::string& form = "KH-MIGRATION") {
    return WriteDataSet(VaultOf("manager"), {file_, form, {}, csv}, write);
  }
  std::vector<const domain::Record*> Records() {
    state_ = *VaultOf("manager").File(file_);
    return state_->RecordsOf("KH-MIGRATION");
  }
  uint64_t Waiting() {
    for (const vault::FileLine& line : VaultOf("manager").Files()) {
      if (line.file == file_) return line.waiting;
    }
    return 0;
  }

  FileId file_;
  std::shared_ptr<const domain::FileState> state_;
};

constexpr char kHeader[] = "month_from,province,place,to_country,women,men\n";

std::string Rows(int count) {
  std::string csv = kHeader;
  for (int i = 0; i < count; ++i) {
    csv += "2026-10-01 00:00,12,1202,TH," + std::to_string(i) + ",7\n";
  }
  return csv;
}

TEST_F(DataSetTest, EveryRowBecomesARecord) {
  const uint64_t before = Waiting();
  const auto done = Import(Rows(130));
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_THAT(done->mistakes, IsEmpty());
  EXPECT_EQ(done->rows, 130u);
  EXPECT_THAT(done->written, SizeIs(130));
  const auto records = Records();
  ASSERT_THAT(records, SizeIs(130));
  std::set<int64_t> women;
  for (const domain::Record* record : records) {
    const int64_t* value = record->ShownAs<int64_t>("women");
    ASSERT_NE(value, nullptr);
    women.insert(*value);
  }
  EXPECT_THAT(women, SizeIs(130));
  EXPECT_EQ(Waiting() - before, 4u) << "42 rows of six writes would fit into one Change";
  Sync("manager");
}

TEST_F(DataSetTest, TheSameTableIsWrittenOnce) {
  ASSERT_TRUE(Import(Rows(3)).ok());
  const auto again = Import(Rows(3));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->written, IsEmpty());
  EXPECT_EQ(again->known, 3u);
  EXPECT_THAT(Records(), SizeIs(3));
  EXPECT_THAT(Import(Rows(4))->written, SizeIs(4)) << "another table";
  const std::string three = Rows(3);
  const DataSet named{file_, "KH-MIGRATION", state_->FirstOf("KH-PROGRAMME")->id, three};
  EXPECT_EQ(WriteDataSet(VaultOf("manager"), named, true)->known, 3u) << "the only parent, named";
}

TEST_F(DataSetTest, NamesEveryMistakeAndWritesNothing) {
  const uint64_t before = Waiting();
  const auto done = Import(
      "month_from,province,place,women,women,colour\n"
      "2026-10-01 00:00,12,1202,4,4,red\n"
      "yesterday,77,1202,4,4,red\n"
      "2026-10-01 00:00,12,1202,many,4,\n"
      "2026-10-01 00:00,12\n"
      ",,,,,\n"
      "2026-10-01 00:00,12,\"1202\"x,4,4,\n");
  ASSERT_TRUE(done.ok()) << done.status();
  std::vector<std::string> said;
  for (const Mistake& mistake : done->mistakes) {
    said.push_back(std::to_string(mistake.line) + " " + mistake.field);
    EXPECT_FALSE(mistake.what.empty());
  }
  EXPECT_THAT(said, ::testing::ElementsAre("1 women", "1 column 6", "3 month_from", "3 province",
                                           "4 women", "5 ", "7 "));
  EXPECT_THAT(done->mistakes[3].what, HasSubstr("77"));
  EXPECT_THAT(done->written, IsEmpty());
  EXPECT_EQ(Waiting(), before);
  EXPECT_THAT(Records(), IsEmpty());
}

TEST_F(DataSetTest, ChecksWithoutWriting) {
  const uint64_t before = Waiting();
  const auto done = Import(Rows(2), false);
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(done->rows, 2u);
  EXPECT_THAT(done->written, IsEmpty());
  EXPECT_EQ(Waiting(), before);
}

TEST_F(DataSetTest, RefusesWhatIsNoTableOfTheForm) {
  EXPECT_TRUE(absl::IsInvalidArgument(Import("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Import(Rows(1), true, "KH-INCIDENT").status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Import(Rows(1), true, "KH-NONE").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Import(Rows(kDataSetRowsMax + 1)).status()));
  EXPECT_THAT(Import(kHeader)->mistakes, SizeIs(1)) << "a table without rows";
}

// What was written before the cut is not written again.
TEST_F(DataSetTest, GoesOnWhereItWasCutOff) {
  const std::string csv = Rows(100);
  const DataSet data{file_, "KH-MIGRATION", {}, csv};
  const auto cut = WriteDataSet(VaultOf("manager"), data, true, [](size_t written, size_t rows) {
    EXPECT_EQ(rows, 100u);
    return written < 60 ? absl::OkStatus() : absl::CancelledError("cut off");
  });
  EXPECT_TRUE(absl::IsCancelled(cut.status()));
  EXPECT_THAT(Records(), SizeIs(64)) << "two Changes";
  const auto again = Import(csv);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->known, 64u);
  EXPECT_THAT(again->written, SizeIs(36));
  EXPECT_THAT(Records(), SizeIs(100));
}

}  // namespace
}  // namespace kapea::field
