// A table of administrative units becomes code lists, or nothing at all.
#include "tools/admin/gazetteer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "common/base/file.h"
#include "common/codec/pack_compiler.h"

namespace kapea::admin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kHeader[] = "code,level,parent,name_km,name_latin,unit_en\n";

class GazetteerTest : public ::testing::Test {
 protected:
  GazetteerTest() {
    std::string name = std::filesystem::temp_directory_path() / "kapea-gazetteer-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~GazetteerTest() override { std::filesystem::remove_all(directory_); }

  absl::StatusOr<Gazetteer> Read(const std::string& rows, bool villages = false) {
    path_ = directory_ + "/units.csv";
    EXPECT_TRUE(WriteFileAtomically(path_, kHeader + rows, kPublicFileMode).ok());
    return ReadGazetteer(path_, villages);
  }
  std::string At(int line, const std::string& what) const {
    return path_ + ":" + std::to_string(line) + ": " + what;
  }

  std::string directory_, path_;
};

TEST_F(GazetteerTest, MakesListsThatAPackCanHave) {
  const auto read = Read(
      "01,province,,ក,\"Kor, \"\"the first\"\"\",Province\n"
      "0102,district,01,ខ,Kho,District\n"
      "010203,commune,0102,គ,Ko,Commune\n"
      "01020304,village,010203,ឃ,Kho,Village\n",
      true);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->mistakes, IsEmpty());
  EXPECT_EQ(Words(*read), "1 provinces, 1 districts, 1 communes, 1 villages");
  const auto compiled =
      codec::CompilePackFiles({{"head", "id: \"t\" version: 1 owner: \"o\" title { en: \"t\" }"},
                               {"units", read->textproto}});
  for (const auto& mistake : compiled.mistakes) ADD_FAILURE() << codec::ToText(mistake);
  ASSERT_NE(compiled.pack, nullptr);
  const domain::CodeList* places = compiled.pack->FindCodeList("CL_PLACE");
  ASSERT_NE(places, nullptr);
  ASSERT_EQ(places->codes.size(), 4u);
  EXPECT_EQ(places->codes[0].code, "01");
  EXPECT_EQ(places->codes[2].code, "010203");
  EXPECT_EQ(places->codes[2].label.km, "គ, ខ, ក");
  EXPECT_EQ(places->codes[3].label.en, "Kho, Ko, Kho, Kor, \"the first\"");
}

TEST_F(GazetteerTest, LeavesVillagesOutUnlessTheyAreAskedFor) {
  const std::string rows =
      "01,province,,ក,Kor,\n0102,district,01,ខ,Kho,\n010203,commune,0102,គ,Ko,\n"
      "01020304,village,010203,ឃ,Khor,\n";
  const auto without = Read(rows, false);
  const auto with = Read(rows, true);
  ASSERT_TRUE(without.ok() && with.ok());
  EXPECT_THAT(without->textproto, Not(HasSubstr("01020304")));
  EXPECT_THAT(with->textproto, HasSubstr("01020304"));
}

TEST_F(GazetteerTest, GivesBackTheZeroThatASpreadsheetTook) {
  const auto read = Read("1,province,,ក,Kor,\n102,district,1,ខ,Kho,\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->mistakes, IsEmpty());
  EXPECT_EQ(read->padded, 3u);
  EXPECT_THAT(read->textproto, HasSubstr("code: \"0102\""));
}

TEST_F(GazetteerTest, NamesEveryMistakeAndWritesNothing) {
  const auto read = Read(
      "01,province,,ក,Kor,\n"
      "0201,district,01,ខ,Kho,\n"
      "x1,commune,0101,គ,Ko,\n"
      "01,province,,ក,Kor,\n"
      "03,county,,ឃ,Kho,\n"
      "04,province,,,Ngo,\n"
      "05\n"
      "0109,district,07,ង,Cho,\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->textproto, "");
  EXPECT_THAT(read->mistakes,
              ElementsAre(At(3, "parent: want the beginning of 0201, got 01"),
                          At(4, "code: want 6 digits, got 'x1'"), At(5, "code: stands twice: 01"),
                          At(6, "level: want province, district, commune or village, got 'county'"),
                          At(7, "name_km: want a name of 1 to 200 bytes of UTF-8"),
                          At(8, "row: want 6 columns, got 1"),
                          At(9, "parent: want the beginning of 0109, got 07"),
                          At(9, "parent: no such unit in the file: 07")));
}

TEST_F(GazetteerTest, RefusesWhatIsNoSuchTable) {
  EXPECT_TRUE(absl::IsNotFound(ReadGazetteer(directory_ + "/none.csv", false).status()));
  path_ = directory_ + "/other.csv";
  ASSERT_TRUE(WriteFileAtomically(path_, "a,b\n1,2\n", kPublicFileMode).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(ReadGazetteer(path_, false).status()));
  const auto empty = Read("");
  ASSERT_TRUE(empty.ok()) << empty.status();
  EXPECT_EQ(empty->mistakes.size(), 1u);
}

TEST_F(GazetteerTest, ReadsTheWholeCountry) {
  const std::string country = KAPEA_SOURCE "/../shared/gazetteer/kh_admin_units.csv";
  if (!std::filesystem::exists(country)) GTEST_SKIP() << "the country's table is not here";
  const auto read = ReadGazetteer(country, true);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->mistakes, IsEmpty());
  EXPECT_EQ(Words(*read), "25 provinces, 210 districts, 1652 communes, 14578 villages");
  // What the national pack has is what the tool makes of it.
  const auto communes = ReadGazetteer(country, false);
  const auto kept = ReadFile(KAPEA_SOURCE "/common/packs/kh/gazetteer.textproto", 4u << 20);
  ASSERT_TRUE(communes.ok() && kept.ok());
  EXPECT_EQ(communes->textproto, *kept);
}

}  // namespace
}  // namespace kapea::admin
