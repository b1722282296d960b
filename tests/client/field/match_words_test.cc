// What is compared across agencies, and how often it is right: precision and recall over
// invented people whose names two agencies spell as people spell them.
#include "client/field/match_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <set>

#include "common/domain/match.h"
#include "tests/support/invented_names.h"

namespace kapea::field {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MisspeltKhmer;
using testing::Mistyped;
using ::testing::Not;
using testing::Random;
using testing::Somebody;
using testing::SpeltOtherwise;
using testing::TypedOtherwise;

TEST(MatchWordsTest, ADocumentIsItsLettersAndDigits) {
  EXPECT_EQ(DocumentWord(" n 012-345 67 "), "n01234567");
  EXPECT_EQ(DocumentWord("០១២៣៤៥៦៧៨"), "012345678");
  EXPECT_EQ(DocumentWord("12345"), "") << "too short to tell one person from another";
  EXPECT_EQ(DocumentWord("unreadable"), "") << "no number";
  EXPECT_EQ(DocumentWord("\xff\xfe"), "");
}

TEST(MatchWordsTest, ATelephoneNumberIsAsItIsDialled) {
  EXPECT_EQ(PhoneWord("+855 12 345 678"), "012345678");
  EXPECT_EQ(PhoneWord("012 345 678"), "012345678");
  EXPECT_EQ(PhoneWord("០១២ ៣៤៥ ៦៧៨"), "012345678");
  EXPECT_EQ(PhoneWord("12345"), "");
  EXPECT_EQ(PhoneWord("none"), "");
}

// Whether two records of a name have a word in common.
bool Meet(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::any_of(a.begin(), a.end(), [&](const std::string& word) {
    return std::find(b.begin(), b.end(), word) != b.end();
  });
}

TEST(MatchWordsTest, ANameIsHowItSoundsWithAYear) {
  EXPECT_THAT(NameWords({{"Sok", "Dara"}}, std::nullopt), IsEmpty());
  EXPECT_THAT(NameWords({{"Sok", ""}}, 1999), IsEmpty());
  const auto name = NameWords({{"Sok", "Sovann"}}, 1999);
  EXPECT_TRUE(Meet(name, NameWords({{"Sovan", "Sokh"}}, 2000)));
  EXPECT_TRUE(Meet(name, NameWords({{"SOK", "So Vann"}}, 1998)));
  EXPECT_FALSE(Meet(name, NameWords({{"Sok", "Sovann"}}, 2001)));
  EXPECT_FALSE(Meet(name, NameWords({{"Sok", "Dara"}}, 1999)));
}

TEST(MatchWordsTest, NeverMakesMoreThanAFileMayHave) {
  std::vector<NamePair> many(20, {"Sok", "Sovann"});
  for (size_t i = 0; i < many.size(); ++i) many[i].given += std::string(i, 'a') + "r";
  EXPECT_LE(NameWords(many, 1999).size(), domain::kMatchTokensPerKindMax);
  EXPECT_THAT(NameWords(many, 1999), Not(IsEmpty()));
}

// --- Precision and recall. ---

struct Record {
  std::vector<NamePair> pairs;
  int born = 0;
};
NamePair Khmer(const Somebody& who) { return {who.family_km, who.given_km}; }
NamePair Latin(const Somebody& who) { return {who.family, who.given}; }

struct Kind {
  const char* name;
  // How the second agency wrote down whom the first one has.
  std::function<Record(const Somebody&, int born, Random&)> second;
  double recall_floor;
  bool khmer_alone = false;  // at the first agency
};

Record Both(const Somebody& who, int born) { return {{Khmer(who), Latin(who)}, born}; }

// The floors stand a little below what docs/duplicates.md says was measured.
const Kind kKinds[] = {
    {"as written", [](const auto& who, int born, Random&) { return Both(who, born); }, 1},
    {"family and given name exchanged",
     [](const auto& who, int born, Random&) {
       return Record{{{who.given_km, who.family_km}, {who.given, who.family}}, born};
     },
     1},
    {"Latin alone, romanised otherwise",
     [](const auto& who, int born, Random& random) {
       return Record{{{SpeltOtherwise(who.family, random), SpeltOtherwise(who.given, random)}},
                     born};
     },
     0.98},
    {"Latin alone, one letter mistyped",
     [](const auto& who, int born, Random& random) {
       return Record{{{who.family, Mistyped(who.given, random)}}, born};
     },
     0.45},
    {"Khmer alone, typed in another order",
     [](const auto& who, int born, Random&) {
       return Record{{{TypedOtherwise(who.family_km), TypedOtherwise(who.given_km)}}, born};
     },
     1},
    {"Khmer alone, a vowel misspelt",
     [](const auto& who, int born, Random& random) {
       return Record{{{who.family_km, MisspeltKhmer(who.given_km, random)}}, born};
     },
     0.9},
    {"Khmer there, Latin here",
     [](const auto& who, int born, Random&) {
       return Record{{Latin(who)}, born};
     },
     0.75, true},
    {"year of birth differs by one",
     [](const auto& who, int born, Random&) { return Both(who, born + 1); }, 1},
    {"year of birth differs by two",
     [](const auto& who, int born, Random&) { return Both(who, born + 2); }, 0},
};

struct Measured {
  double recall = 0, precision = 0;
};

// Words that begin so alone count; empty: all.
std::set<std::string> Words(const Record& record, const std::string& begin) {
  std::set<std::string> words;
  for (const std::string& word : NameWords(record.pairs, record.born)) {
    if (word.starts_with(begin)) words.insert(word);
  }
  return words;
}

Measured Measure(const Kind& kind, const std::string& begin, size_t files, size_t shared) {
  Random random(20261127);
  const std::vector<Somebody> people = testing::Invent(2 * files - shared, random);
  std::multimap<std::string, size_t> first;  // word -> who
  std::vector<int> born;
  for (size_t i = 0; i < people.size(); ++i) born.push_back(1985 + static_cast<int>(random() % 30));
  for (size_t who = 0; who < files; ++who) {
    Record record = Both(people[who], born[who]);
    if (kind.khmer_alone) record.pairs.pop_back();
    for (const std::string& word : Words(record, begin)) first.emplace(word, who);
  }
  std::set<std::pair<size_t, size_t>> pairs;
  for (size_t who = files - shared; who < people.size(); ++who) {
    const Record record =
        who < files ? kind.second(people[who], born[who], random) : Both(people[who], born[who]);
    for (const std::string& word : Words(record, begin)) {
      const auto [from, to] = first.equal_range(word);
      for (auto at = from; at != to; ++at) pairs.emplace(at->second, who);
    }
  }
  size_t right = 0;
  for (const auto& [a, b] : pairs) right += a == b ? 1 : 0;
  return {static_cast<double>(right) / static_cast<double>(shared),
          pairs.empty() ? 1 : static_cast<double>(right) / static_cast<double>(pairs.size())};
}

TEST(MatchQualityTest, TwoAgenciesWithFiveHundredFilesEach) {
  constexpr size_t kFiles = 500, kShared = 100;
  std::printf("%-38s %s\n", "", "recall, precision: all words | by sound | by consonants");
  for (const Kind& kind : kKinds) {
    const Measured all = Measure(kind, "", kFiles, kShared);
    const Measured sound = Measure(kind, "s ", kFiles, kShared);
    const Measured bones = Measure(kind, "b ", kFiles, kShared);
    std::printf("%-38s %.2f %.2f | %.2f %.2f | %.2f %.2f\n", kind.name, all.recall, all.precision,
                sound.recall, sound.precision, bones.recall, bones.precision);
    EXPECT_GE(all.recall, kind.recall_floor) << kind.name;
    if (all.recall > 0) {
      EXPECT_GE(all.precision, 0.8) << kind.name;
    }
  }
}

TEST(MatchQualityTest, WrongPairsGrowWithTheFilesOfBoth) {
  for (const size_t files : {500u, 1000u, 2000u}) {
    const Measured all = Measure(kKinds[0], "", files, 100);
    const double wrong = 100 * all.recall / all.precision - 100 * all.recall;
    const double of_a_million = wrong * 1e6 / static_cast<double>(files * files);
    std::printf("%5zu files each, 100 in both: precision %.2f, wrong pairs in a million %.0f\n",
                files, all.precision, of_a_million);
    EXPECT_LE(of_a_million, 60) << files;
  }
}

}  // namespace
}  // namespace kapea::field
