// Search in a vault: what it finds, what it tells the people of a file, and what it keeps.
#include "client/field/search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "client/field/handover.h"
#include "client/field/intake.h"
#include "client/field/names.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

// Nobody but SearchIndex opens names without a notice: this must not compile elsewhere.
template <typename Store>
concept OpensUnseen = requires(Store& store, const domain::FieldValue& value) {
  store.OpenUnseen(FileId(), RecordId(), "name", value, [](std::string_view) {});
};
template <typename Store>
concept ShowsRows = requires(Store& store) {
  store.VisitRows([](const FileId&, vault::IndexedFile) {});
};
static_assert(!OpensUnseen<vault::NameStore> && !ShowsRows<vault::NameStore>);

class SearchTest : public testing::Town {
 protected:
  // An intake at the shelter by `intake`.
  FileId WalkIn(std::vector<Entry> entries) {
    NewIntake intake;
    intake.entries = std::move(entries);
    intake.entries.push_back({"arrival_at", "now"});
    const auto started = StartIntake(VaultOf("intake"), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  FileId Named(const std::string& family, const std::string& given) {
    return WalkIn({{"family_name_latin", family}, {"given_name_latin", given}});
  }
  void Fill(const std::string& by, const FileId& file, std::vector<Entry> entries,
            const std::string& form = "") {
    IntakeEdit edit;
    edit.form = form;
    edit.entries = std::move(entries);
    const auto filled = FillIntake(VaultOf(by), file, edit);
    ASSERT_TRUE(filled.ok()) << filled.status();
  }
  SearchAnswer Search(const std::string& by, const std::string& words,
                      size_t limit = kSearchHitsDefault) {
    auto& index = indexes_[by];
    if (!index) index = std::make_unique<SearchIndex>(VaultOf(by));
    const auto answer = index->Search({words, limit, false});
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *answer : SearchAnswer();
  }
  std::vector<FileId> Files(const SearchAnswer& answer) {
    std::vector<FileId> files;
    for (const SearchHit& hit : answer.hits) files.push_back(hit.file);
    return files;
  }
  std::vector<FileId> Found(const std::string& by, const std::string& words) {
    return Files(Search(by, words));
  }
  // What the file says of readings, once that person's notices are Changes.
  std::vector<std::string> ReadFields(const std::string& by, const FileId& file) {
    EXPECT_TRUE(VaultOf(by).QueueNotices().ok());
    std::vector<std::string> fields;
    const auto state = VaultOf(by).File(file);
    for (const auto& read : (*state)->reads()) {
      fields.insert(fields.end(), read.notice.fields.begin(), read.notice.fields.end());
    }
    return fields;
  }

  std::map<std::string, std::unique_ptr<SearchIndex>> indexes_;
};

TEST_F(SearchTest, FindsANameInAnyOrderSpellingAndScript) {
  const FileId file = WalkIn({{"family_name_km", "សុខ"},
                              {"given_name_km", "ដារ៉ា"},
                              {"family_name_latin", "Sok"},
                              {"given_name_latin", "Dara"},
                              {"alias", "Moon"}});
  Named("Keo", "Vanna");
  const std::pair<const char*, NameMatch> kQueries[] = {
      {"sok dara", NameMatch::kExact}, {"DARA, SOK", NameMatch::kWords},
      {"Sok", NameMatch::kExact},      {"sokh darra", NameMatch::kSound},
      {"សុខដារ៉ា", NameMatch::kExact},   {"moon", NameMatch::kExact},
      {"sok da", NameMatch::kPrefix},  {"sok derra", NameMatch::kClose},
  };
  for (const auto& [words, match] : kQueries) {
    const SearchAnswer answer = Search("intake", words);
    ASSERT_THAT(Files(answer), ElementsAre(file)) << words;
    EXPECT_EQ(NameOf(answer.hits[0].match), NameOf(match)) << words;
  }
  const SearchHit hit = Search("intake", "dara").hits.at(0);
  EXPECT_EQ(hit.kind, domain::FileKind::kPerson);
  EXPECT_EQ(hit.form, "KH-VICTIM-INTAKE");
  EXPECT_EQ(hit.section, "IDE");
  EXPECT_THAT(hit.fields, ElementsAre("given_name_latin"));
  std::string shown;
  for (const ShownField& one : hit.shown) shown += one.text + " ";
  EXPECT_EQ(shown, "សុខ ដារ៉ា Sok Dara Moon ");
  EXPECT_THAT(Found("intake", "nobody"), IsEmpty());
}

TEST_F(SearchTest, WritesANoticeForWhatItShowsAndForNothingElse) {
  const FileId sok = Named("Sok", "Dara");
  const FileId mao = Named("Mao", "Vanna");
  Fill("intake", sok, {{"guardian_name", "Lim Sothea"}});
  Sync("intake");
  Sync("manager");
  // Every name here is in the index now; nobody was shown any.
  EXPECT_THAT(Found("manager", "nobody"), IsEmpty());
  EXPECT_THAT(ReadFields("manager", sok), IsEmpty());
  EXPECT_THAT(ReadFields("manager", mao), IsEmpty());

  const SearchAnswer answer = Search("manager", "sok");
  ASSERT_THAT(Files(answer), ElementsAre(sok));
  // The guardian stands in another section and was not shown.
  EXPECT_THAT(ReadFields("manager", sok),
              UnorderedElementsAre("family_name_latin", "given_name_latin"));
  EXPECT_THAT(ReadFields("manager", mao), IsEmpty());
  // What a device wrote itself needs none.
  EXPECT_THAT(Found("intake", "sok"), ElementsAre(sok));
  EXPECT_THAT(ReadFields("intake", sok), IsEmpty());
}

TEST_F(SearchTest, BeyondTheLimitNothingIsOpenedOrTold) {
  const std::vector<FileId> files = {Named("Sok", "Dara"), Named("Sok", "Vanna"),
                                     Named("Sok", "Sophea")};
  Sync("intake");
  Sync("manager");
  const SearchAnswer answer = Search("manager", "sok", 2);
  EXPECT_EQ(answer.hits.size(), 2u);
  EXPECT_TRUE(answer.more);
  for (const FileId& file : files) {
    const std::vector<FileId> shown = Files(answer);
    const bool is_shown = std::find(shown.begin(), shown.end(), file) != shown.end();
    EXPECT_EQ(ReadFields("manager", file).empty(), !is_shown);
  }
  EXPECT_FALSE(Search("manager", "sok", 3).more);
}

TEST_F(SearchTest, TheBestComesFirst) {
  const FileId close = Named("Vanny", "Sopheak");
  const FileId sound = Named("Vanna", "Sophia");
  const FileId other_order = WalkIn({{"alias", "Sophea Vanna"}});
  const FileId prefix = Named("Vanna", "Sopheak");
  const FileId exact = Named("Vanna", "Sophea");
  const SearchAnswer answer = Search("intake", "vanna sophea");
  EXPECT_THAT(Files(answer), ElementsAre(exact, prefix, other_order, sound));
  EXPECT_TRUE(answer.less_alike);
  const auto wide = SearchIndex(VaultOf("intake")).Search({"vanna sophea", 10, true});
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_THAT(Files(*wide), ElementsAre(exact, prefix, other_order, sound, close));
  EXPECT_FALSE(wide->less_alike);
  // Where there is nothing better, what is close is shown at once.
  EXPECT_THAT(Found("intake", "vonny sopheak"), ElementsAre(close));
}

TEST_F(SearchTest, FollowsWhatIsWritten) {
  const FileId file = Named("Sok", "Dara");
  EXPECT_THAT(Found("intake", "dara"), ElementsAre(file));
  Fill("intake", file, {{"given_name_latin", "Vanna"}});
  EXPECT_THAT(Found("intake", "dara"), IsEmpty());
  EXPECT_THAT(Found("intake", "vanna"), ElementsAre(file));
  Sync("intake");
  Sync("manager");
  EXPECT_THAT(Found("manager", "vanna"), ElementsAre(file));
  Fill("manager", file, {{"alias", "Moon"}});
  Sync("manager");
  Sync("intake");
  EXPECT_THAT(Found("intake", "moon"), ElementsAre(file));
  Fill("intake", file, {{"alias", "River"}});
  EXPECT_THAT(Found("intake", "moon"), IsEmpty());
  // A colleague's Change that comes with the sync.
  EXPECT_THAT(Found("manager", "moon"), ElementsAre(file));
  ASSERT_TRUE(VaultOf("manager").QueueNotices().ok());
  Sync("manager");
  EXPECT_THAT(Found("manager", "river"), IsEmpty());
  Sync("intake");
  Sync("manager");
  EXPECT_THAT(Found("manager", "river"), ElementsAre(file));
  Fill("intake", file, {{"alias", ""}});
  EXPECT_THAT(Found("intake", "river"), IsEmpty());
}

TEST_F(SearchTest, BothSidesOfAConflictAreFoundAndShown) {
  const FileId file = Named("Sok", "Dara");
  Sync("intake");
  Sync("manager");
  Fill("intake", file, {{"alias", "Moon"}});
  Fill("manager", file, {{"alias", "River"}});
  Sync("intake");
  Sync("manager");
  for (const char* words : {"moon", "river"}) {
    const SearchAnswer answer = Search("manager", words);
    ASSERT_THAT(Files(answer), ElementsAre(file)) << words;
    EXPECT_THAT(answer.hits[0].shown.back().text, HasSubstr(" | "));
  }
}

TEST_F(SearchTest, NamesOfTwoPeopleAreNotReadAsOne) {
  const FileId file = Named("Sok", "Dara");
  Fill("intake", file, {{"guardian_name", "Lim Vanna"}, {"guardian_phone", "+855 12 345 678"}});
  Fill("intake", file, {{"kind", "family"}, {"name", "Keo Bora"}, {"phone", "011 222 333"}},
       "KH-CONTACT");
  EXPECT_THAT(Found("intake", "sok vanna"), IsEmpty());
  EXPECT_THAT(Found("intake", "lim vanna"), ElementsAre(file));
  EXPECT_EQ(Search("intake", "bora").hits.at(0).form, "KH-CONTACT");
  for (const char* words : {"012 345 678", "012345678", "+85512345678", "00855 12 345 678"}) {
    const SearchAnswer answer = Search("intake", words);
    ASSERT_THAT(Files(answer), ElementsAre(file)) << words;
    EXPECT_THAT(answer.hits[0].fields, ElementsAre("guardian_phone"));
  }
  EXPECT_EQ(Search("intake", "011222333").hits.at(0).fields.at(0), "phone");
  // No other sealed text is in the index.
  Fill("intake", file, {{"guardian_relation", "aunt Makara"}});
  EXPECT_THAT(Found("intake", "makara"), IsEmpty());
}

TEST_F(SearchTest, FindsAFileByItsCodeAndOpensNothing) {
  const FileId file = Named("Sok", "Dara");
  Sync("intake");
  Sync("manager");
  const SearchAnswer answer = Search("manager", CodeOf(file, domain::FileKind::kPerson));
  ASSERT_THAT(Files(answer), ElementsAre(file));
  EXPECT_THAT(answer.hits[0].fields, ElementsAre("code"));
  EXPECT_THAT(answer.hits[0].shown, IsEmpty());
  EXPECT_THAT(ReadFields("manager", file), IsEmpty());
}

TEST_F(SearchTest, SaysWhereItHasNoKey) {
  Named("Sok", "Dara");
  Sync("intake");
  Sync("nurse");
  const SearchAnswer answer = Search("nurse", "sok");
  EXPECT_THAT(answer.hits, IsEmpty());
  EXPECT_EQ(answer.files_without_key, 1u);
}

TEST_F(SearchTest, AKeyThatComesLaterOpensWhatIsHere) {
  At("intake2");
  HandoverOffer offer;
  const FileId operation = OpenOperation();
  offer.persons = {*Count(operation, 1)[0].file};
  offer.to_unit = server_.shelter();
  offer.operation = operation;
  ASSERT_TRUE(OfferPersons(VaultOf("lead"), offer).ok());
  NewIntake intake;
  intake.person = offer.persons[0];
  intake.entries = {{"given_name_latin", "Dara"}};
  ASSERT_TRUE(StartIntake(VaultOf("lead"), intake).ok());
  Sync("lead");
  Sync("intake2");
  Sync("intake2");  // the file that the first pull made known
  EXPECT_EQ(Search("intake2", "dara").files_without_key, 1u);
  EXPECT_THAT(Found("intake2", "dara"), IsEmpty());
  const uint64_t number = (*VaultOf("intake2").File(offer.persons[0]))->number();
  At("intake");  // has the unit's key, and gives it to her colleague in the directory
  Sync("intake2");
  ASSERT_EQ((*VaultOf("intake2").File(offer.persons[0]))->number(), number);
  EXPECT_THAT(Found("intake2", "dara"), ElementsAre(offer.persons[0]));
  EXPECT_EQ(Search("intake2", "dara").files_without_key, 0u);
}

TEST_F(SearchTest, TheIndexOutlivesTheProgramAndLiesSealed) {
  const FileId file = Named("Canarysok", "Dara");
  Sync("intake");
  Sync("manager");
  EXPECT_THAT(Found("manager", "canarysok"), ElementsAre(file));
  indexes_.clear();
  At("manager").Close();
  for (const auto& one : std::filesystem::recursive_directory_iterator(At("manager").path())) {
    if (!one.is_regular_file()) continue;
    std::ifstream in(one.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    for (const char* part : {"Canarysok", "canarysok", "canary"}) {
      EXPECT_EQ(bytes.find(part), std::string::npos) << one.path();
    }
  }
  At("manager").Reopen();
  EXPECT_THAT(Found("manager", "canarisok dara"), ElementsAre(file));
  EXPECT_EQ(indexes_["manager"]->refreshed(), 0u);
  // One file changes, and that one alone is read again.
  const FileId other = Named("Keo", "Vanna");
  Sync("intake");
  Sync("manager");
  Fill("manager", file, {{"alias", "Moon"}});
  EXPECT_THAT(Found("manager", "moon"), ElementsAre(file));
  EXPECT_EQ(indexes_["manager"]->refreshed(), 2u);
  EXPECT_THAT(Found("manager", "keo"), ElementsAre(other));
  EXPECT_EQ(indexes_["manager"]->refreshed(), 0u);
}

TEST_F(SearchTest, RefusesWhatItCannotAnswer) {
  SearchIndex index(VaultOf("intake"));
  for (const SearchRequest& request : std::vector<SearchRequest>{{"sok", 0},
                                                                 {"sok", kSearchHitsMax + 1},
                                                                 {"s", 10},
                                                                 {"...", 10},
                                                                 {"a1 b2 c3 d4 e5 f6 g7 h8 i9", 10},
                                                                 {"sok\xFF", 10},
                                                                 {std::string(10'000, 'a'), 10}}) {
    EXPECT_TRUE(absl::IsInvalidArgument(index.Search(request).status())) << request.words;
  }
}

}  // namespace
}  // namespace kapea::field
