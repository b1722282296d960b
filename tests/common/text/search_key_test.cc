// Which names are one name for a search, and which are not.
#include "common/text/search_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "common/text/csv.h"
#include "common/text/khmer.h"
#include "common/text/normalise.h"
#include "common/text/romanised.h"

namespace kapea::text {
namespace {

using ::testing::HasSubstr;

std::string Fold(std::string_view text) {
  const auto folded = FoldForSearch(text);
  EXPECT_TRUE(folded.ok()) << folded.status();
  return folded.ok() ? *folded : "";
}

// Without its spaces, as FitName compares what is joined.
std::string Joined(std::string_view text) {
  std::string joined = Fold(text);
  std::erase(joined, ' ');
  return joined;
}

std::string Sound(std::string_view text) {
  std::string sound;
  for (const SearchWord& word : WordsOf(Fold(text))) sound += word.sound;
  return sound;
}

std::string Bones(std::string_view text) {
  std::string bones;
  for (const SearchWord& word : WordsOf(Fold(text))) bones += word.bones;
  return bones;
}

std::string ToUtf8(std::u32string_view points) {
  std::string out;
  for (const char32_t c : points) {
    if (c < 0x80) {
      out += static_cast<char>(c);
    } else if (c < 0x800) {
      out += static_cast<char>(0xC0 | c >> 6);
      out += static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      out += static_cast<char>(0xE0 | c >> 12);
      out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (c & 0x3F));
    } else {
      out += static_cast<char>(0xF0 | c >> 18);
      out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
      out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return out;
}

struct Pair {
  const char* why;
  std::u32string_view a, b;
};

// Written as code points: in an editor most of these pairs cannot be told apart.
TEST(FoldForSearchTest, WhatLooksEqualIsEqual) {
  const Pair kEqual[] = {
      {"coeng RO typed first", U"\u179F\u17D2\u179A\u17D2\u178F\u17B8",
       U"\u179F\u17D2\u178F\u17D2\u179A\u17B8"},
      {"vowel typed before coeng", U"\u1780\u17B6\u17D2\u179A", U"\u1780\u17D2\u179A\u17B6"},
      {"split OE", U"\u179F\u17C1\u17B8", U"\u179F\u17BE"},
      {"split OE, other order", U"\u179F\u17B8\u17C1", U"\u179F\u17BE"},
      {"split OO", U"\u179A\u17C1\u17B6", U"\u179A\u17C4"},
      {"coeng DA and coeng TA", U"\u1780\u178E\u17D2\u178A\u17B6\u179B",
       U"\u1780\u178E\u17D2\u178F\u17B6\u179B"},
      {"shifter after the vowel", U"\u179F\u17B8\u17CA", U"\u179F\u17CA\u17B8"},
      {"U for triisap below an upper vowel", U"\u179F\u17BB\u17B8", U"\u179F\u17CA\u17B8"},
      {"U for muusikatoan below an upper vowel", U"\u1798\u17BB\u17BA", U"\u1798\u17C9\u17BA"},
      {"U for muusikatoan below AAM", U"\u1799\u17BB\u17B6\u17C6", U"\u1799\u17C9\u17B6\u17C6"},
      {"sign before the vowel", U"\u1785\u17C6\u17B6", U"\u1785\u17B6\u17C6"},
      {"robat after the vowel", U"\u1792\u17B6\u17CC", U"\u1792\u17CC\u17B6"},
      {"mark twice", U"\u178A\u17B6\u17B6", U"\u178A\u17B6"},
      {"zero-width space", U"\u179F\u17BB\u200B\u1781", U"\u179F\u17BB\u1781"},
      {"zero-width joiners", U"\u179F\u17BB\u200C\u1781\u200D", U"\u179F\u17BB\u1781"},
      {"inherent vowel", U"\u179F\u17B4\u1781", U"\u179F\u1781"},
      {"deprecated QAA", U"\u17A4\u178E", U"\u17A2\u17B6\u178E"},
      {"deprecated QAQ", U"\u17A3\u178E", U"\u17A2\u178E"},
      {"deprecated QUK", U"\u17A8", U"\u17A7\u1780"},
      {"second form of QOO", U"\u17B2\u1799", U"\u17B1\u1799"},
      {"bathamasat for nikahit", U"\u1785\u17D3", U"\u1785\u17C6"},
      {"Khmer digits", U"\u1797\u17BC\u1798\u17B7\u17E1\u17E2",
       U"\u1797\u17BC\u1798\u17B7"
       U"12"},
      {"a coeng without its letter", U"\u179F\u17D2", U"\u179F"},
      {"punctuation", U"\u179F\u17BB\u1781\u17D4", U"\u179F\u17BB\u1781"},
      {"case", U"SOK Dara", U"sok dara"},
      {"diacritics", U"S\u00F3k D\u0101ra", U"sok dara"},
      {"combining diacritics", U"So\u0301k", U"sok"},
      {"letters that do not decompose", U"\u0110or\u00F8", U"doro"},
      {"wide letters", U"\uFF33\uFF4F\uFF4B", U"sok"},
      {"apostrophe", U"Phka\u2019av", U"phkaav"},
      {"hyphen and dots", U"Srey-Mom.", U"srey mom"},
      {"spaces", U"  sok \u00A0 dara ", U"sok dara"},
  };
  for (const Pair& pair : kEqual) {
    EXPECT_EQ(Fold(ToUtf8(pair.a)), Fold(ToUtf8(pair.b))) << pair.why;
  }
}

TEST(FoldKhmerTest, PutsASyllableIntoTheOrderOfTheNote) {
  // Base, robat, coeng SA, coeng RO, shifter, vowel, sign.
  const std::u32string kOrdered = U"\u1780\u17CC\u17D2\u179F\u17D2\u179A\u17CA\u17B8\u17C6\u17CD";
  EXPECT_EQ(FoldKhmer(kOrdered), kOrdered);
  EXPECT_EQ(FoldKhmer(U"\u1780\u17CD\u17C6\u17B8\u17CA\u17D2\u179A\u17D2\u179F\u17CC"), kOrdered);
  EXPECT_EQ(FoldKhmer(U""), U"");
  // Marks without a base stay marks without one.
  EXPECT_EQ(FoldKhmer(U"\u17C6\u17B6x\u17D2"), U"\u17B6\u17C6x");
}

TEST(FoldForSearchTest, WhatLooksDifferentStaysDifferent) {
  const Pair kDifferent[] = {
      {"another vowel", U"\u179F\u17BB\u1781", U"\u179F\u17B6\u1781"},
      {"a consonant below or beside", U"\u179F\u17D2\u179A\u17B8", U"\u179F\u179A\u17B8"},
      {"DA and TA that are no coeng", U"\u178A\u17B6", U"\u178F\u17B6"},
      {"a shifter", U"\u1794\u17C9\u17BC", U"\u1794\u17BC"},
      {"the two shifters", U"\u1794\u17C9\u17B8", U"\u1794\u17CA\u17B8"},
      {"U with a nikahit is a vowel", U"\u1780\u17BB\u17C6", U"\u1780\u17C9\u17C6"},
      {"a silenced letter", U"\u1785\u17CD", U"\u1785"},
      {"two consonants swapped", U"\u1780\u17B6\u1781", U"\u1781\u17B6\u1780"},
      {"letters", U"sok", U"sak"},
      {"words", U"sok dara", U"sokdara"},
      {"numbers", U"\u1797\u17BC\u1798\u17B7 1", U"\u1797\u17BC\u1798\u17B7 2"},
  };
  for (const Pair& pair : kDifferent) {
    EXPECT_NE(Fold(ToUtf8(pair.a)), Fold(ToUtf8(pair.b))) << pair.why;
  }
  EXPECT_EQ(Joined("ភូមិ ទី ១"), Joined("ភូមិទី១"));
}

TEST(FoldForSearchTest, SeparatesWordsAndScripts) {
  EXPECT_EQ(Fold("Sok/Dara"), "sok dara");
  EXPECT_EQ(Fold("សុខSok"), "សុខ sok");
  EXPECT_EQ(Fold(" \xE2\x80\x8B "), "");
  const std::vector<SearchWord> words = WordsOf(Fold("សុខ Sok 12"));
  ASSERT_EQ(words.size(), 3u);
  EXPECT_TRUE(words[0].khmer);
  EXPECT_EQ(words[0].letters, 3u);
  EXPECT_EQ(words[0].bones, words[1].bones);
  EXPECT_EQ(words[1].sound, "sok");
  EXPECT_EQ(words[2].sound + words[2].bones, "");
}

TEST(FoldForSearchTest, RefusesWhatIsNoTextOrTooMuch) {
  for (const std::string_view bad : {"\xC3", "sok\xFF", "\xE1\x9E", "\xED\xA0\x80", "\xC0\xAF"}) {
    const auto folded = FoldForSearch(bad);
    EXPECT_TRUE(absl::IsInvalidArgument(folded.status()));
    EXPECT_THAT(std::string(folded.status().message()), HasSubstr("UTF-8"));
  }
  EXPECT_TRUE(FoldForSearch(std::string(kTextBytesMax, 'a')).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(FoldForSearch(std::string(kTextBytesMax + 1, 'a')).status()));
  // One character that stands for eighteen.
  std::string grows;
  while (grows.size() + 3 <= kTextBytesMax) grows += "\xEF\xB7\xBA";
  EXPECT_TRUE(absl::IsInvalidArgument(FoldForSearch(grows).status()));
}

// Code points as they come in names, and some that have no business there.
rc::Gen<std::u32string> AnyText() {
  const auto khmer = rc::gen::inRange<uint32_t>(0x1780, 0x1800);
  const auto latin = rc::gen::inRange<uint32_t>(0x20, 0x250);
  const auto other = rc::gen::inRange<uint32_t>(1, 0x3000);
  return rc::gen::map(
      rc::gen::container<std::vector<uint32_t>>(rc::gen::weightedOneOf<uint32_t>(
          {{6, khmer}, {3, latin}, {1, other}, {1, rc::gen::just<uint32_t>(0x17D2)}})),
      [](const std::vector<uint32_t>& points) {
        return std::u32string(points.begin(), points.end());
      });
}

RC_GTEST_PROP(FoldForSearchTest, FoldingTwiceIsFoldingOnce, ()) {
  const std::string text = ToUtf8(*AnyText());
  const auto once = FoldForSearch(text);
  RC_ASSERT(once.ok());
  const auto twice = FoldForSearch(*once);
  RC_ASSERT(twice.ok());
  RC_ASSERT(*twice == *once);
  for (const SearchWord& word : WordsOf(*once)) RC_ASSERT(word.letters > 0);
}

RC_GTEST_PROP(FoldForSearchTest, AnyOrderOfASyllablesMarksIsOneKey, ()) {
  // Each mark is one unit; a coeng and its letter stay together.
  const auto mark = rc::gen::oneOf(
      rc::gen::map(rc::gen::inRange<uint32_t>(0x17B6, 0x17D2),
                   [](uint32_t c) { return std::u32string(1, static_cast<char32_t>(c)); }),
      rc::gen::map(rc::gen::inRange<uint32_t>(0x1780, 0x17A3), [](uint32_t c) {
        return std::u32string{0x17D2, static_cast<char32_t>(c)};
      }));
  std::vector<std::u32string> marks =
      *rc::gen::resize(6, rc::gen::container<std::vector<std::u32string>>(mark));
  const std::u32string base(1, static_cast<char32_t>(*rc::gen::inRange<uint32_t>(0x1780, 0x17B4)));
  const auto write = [&base](const std::vector<std::u32string>& order) {
    std::u32string text = base;
    for (const std::u32string& one : order) text += one;
    return FoldKhmer(text);
  };
  const std::u32string first = write(marks);
  const auto swap_from =
      *rc::gen::container<std::vector<uint32_t>>(marks.size(), rc::gen::inRange<uint32_t>(0, 1000));
  for (size_t i = marks.size(); i > 1; --i) std::swap(marks[i - 1], marks[swap_from[i - 1] % i]);
  RC_ASSERT(write(marks) == first);
}

TEST(RomanisedTest, SpellingsOfOneSoundShareAKey) {
  const std::vector<std::string> kAlike[] = {
      {"Boeng", "Boeung", "Bueng", "Beung"},
      {"Reang", "Reing", "Rieng"},
      {"Sok", "Sokh", "Sock"},
      {"Chan", "Chann", "Chhan"},
      {"Kim", "Keem", "Khim"},
      {"Sovann", "Sovan", "Sowan"},
      {"Srey", "Srei", "Sray"},
      {"Vuthy", "Vuthi", "Vouthy", "Wuthi", "Vuty"},
      {"Phal", "Pal", "Phall"},
      {"Thida", "Tida"},
      {"Khemara", "Kemara"},
      {"Bun", "Boun", "Boon", "Bunn"},
      {"Sophea", "Sophia", "Sopheah", "Sofia"},
      {"Soeun", "Soeurn", "Seun"},
      {"Mey", "Mei", "Mai", "May"},
      {"Keo", "Kev", "Keov"},
      {"Sao", "Sau", "Sav"},
      {"Panha", "Pagna", "Panya"},
      {"Neary", "Neari"},
      {"Reth", "Red", "Ret"},
      {"Eang", "Ieng", "Iang"},
      {"Heng", "Hieng"},
      {"Jan", "Chan"},
  };
  for (const auto& group : kAlike) {
    for (const std::string& spelling : group) {
      EXPECT_EQ(Sound(spelling), Sound(group[0])) << group[0] << " / " << spelling;
    }
  }
}

TEST(RomanisedTest, OtherNamesHaveOtherKeys) {
  const std::pair<const char*, const char*> kOther[] = {
      {"Sok", "Sak"},   {"Kim", "Kem"},     {"Chan", "Chanthy"}, {"Dara", "Thara"},
      {"Bora", "Pora"}, {"Nary", "Narong"}, {"Mao", "Mey"},      {"Sok", "Song"},
      {"Lim", "Rim"},   {"Vanna", "Vanny"}, {"Sun", "Son"},      {"Chea", "Chey"},
  };
  for (const auto& [a, b] : kOther) EXPECT_NE(Sound(a), Sound(b)) << a << " / " << b;
  EXPECT_EQ(SoundOf("sók"), "");
  EXPECT_EQ(SoundOf("12"), "");
}

TEST(BonesTest, KhmerAndItsRomanisationAgree) {
  const std::pair<const char*, const char*> kAgree[] = {
      {"សុខ", "Sok"},      {"ដារ៉ា", "Dara"},      {"ស្រីមុំ", "Sreymom"},  {"វុទ្ធី", "Vuthy"},
      {"សុភា", "Sophea"},  {"ចាន់", "Chan"},       {"បញ្ញា", "Panha"},   {"សុវណ្ណ", "Sovann"},
      {"កំពង់", "Kampong"}, {"ត្រពាំង", "Trapeang"}, {"ពោធិ៍សាត់", "Posat"}, {"ឬទ្ធី", "Rithy"},
  };
  for (const auto& [khmer, latin] : kAgree) EXPECT_EQ(Bones(khmer), Bones(latin)) << latin;
  // Misspelt: another vowel, a shifter too few, another letter of the same sound.
  EXPECT_EQ(Bones("ដារា"), Bones("ដារ៉ា"));
  EXPECT_EQ(Bones("សុក"), Bones("សុខ"));
  EXPECT_NE(Bones("សុង"), Bones("សុខ"));
}

// The slow and plain definition: optimal string alignment.
size_t Distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t k = 0; k <= b.size(); ++k) d[0][k] = k;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t k = 1; k <= b.size(); ++k) {
      d[i][k] = std::min(
          {d[i - 1][k] + 1, d[i][k - 1] + 1, d[i - 1][k - 1] + (a[i - 1] == b[k - 1] ? 0 : 1)});
      if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1]) {
        d[i][k] = std::min(d[i][k], d[i - 2][k - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

RC_GTEST_PROP(WithinOneEditTest, AgreesWithTheDefinition, ()) {
  // Letters that share their first bytes, so that an edit cuts within them.
  const auto text = rc::gen::map(
      rc::gen::resize(6, rc::gen::container<std::vector<uint32_t>>(rc::gen::elementOf(
                             std::vector<uint32_t>{'a', 0xE1, 0x1780, 0x1781, 0x17C1, 0x10000}))),
      [](const std::vector<uint32_t>& points) {
        return std::u32string(points.begin(), points.end());
      });
  const std::u32string a = *text;
  std::u32string b = *text;
  if (*rc::gen::arbitrary<bool>()) {
    b = a;
    if (!b.empty()) b.erase(*rc::gen::inRange<size_t>(0, b.size()), 1);
  }
  RC_ASSERT(WithinOneEdit(ToUtf8(a), ToUtf8(b)) == (Distance(a, b) <= 1));
  RC_ASSERT(WithinOneEdit(ToUtf8(b), ToUtf8(a)) == WithinOneEdit(ToUtf8(a), ToUtf8(b)));
}

TEST(WithinOneEditTest, CountsLettersNotBytes) {
  EXPECT_TRUE(WithinOneEdit("sok", "sok"));
  EXPECT_TRUE(WithinOneEdit("dara", "draa"));
  EXPECT_TRUE(WithinOneEdit("សុខ", "សាខ"));
  EXPECT_TRUE(WithinOneEdit("សុខ", "សខ"));
  EXPECT_TRUE(WithinOneEdit("", "a"));
  EXPECT_FALSE(WithinOneEdit("", "ab"));
  EXPECT_FALSE(WithinOneEdit("abc", "cab"));
  EXPECT_FALSE(WithinOneEdit("សុខ", "សាង"));
}

// Official place names, Khmer with the Latin spellings that stand beside them.
struct Places {
  std::map<std::string, std::set<std::string>> latin;  // by folded Khmer without spaces
  std::map<std::string, std::set<std::string>> raw;
  size_t rows = 0, same_bones = 0;
  void Add(const std::string& khmer, const std::string& name) {
    const std::string key = Joined(khmer);
    EXPECT_EQ(Fold(Fold(khmer)), Fold(khmer)) << khmer;
    raw[key].insert(khmer);
    latin[key].insert(Fold(name));
    same_bones += Bones(khmer) == Bones(name) ? 1 : 0;
    ++rows;
  }
  // Of all pairs of spellings of one Khmer name, the share that is found.
  double Recall() const {
    size_t pairs = 0, found = 0;
    for (const auto& [khmer, spellings] : latin) {
      for (auto a = spellings.begin(); a != spellings.end(); ++a) {
        for (auto b = std::next(a); b != spellings.end(); ++b) {
          ++pairs;
          const bool near = Joined(*a) == Joined(*b) || WithinOneEdit(Sound(*a), Sound(*b)) ||
                            WithinOneEdit(Joined(*a), Joined(*b));
          found += near ? 1 : 0;
        }
      }
    }
    return pairs == 0 ? 1 : static_cast<double>(found) / static_cast<double>(pairs);
  }
  // Names that are written in more than one way.
  size_t Merged() const {
    return static_cast<size_t>(std::count_if(
        raw.begin(), raw.end(), [](const auto& written) { return written.second.size() > 1; }));
  }
};

TEST(PlacesTest, NamesOfTheNationalPackFoldAndAgreeAcrossScripts) {
  // codes { code: "010201" label { en: "X, Y" km: "..., ..." ... } }
  std::ifstream in(KAPEA_SOURCE "/common/packs/kh/gazetteer.textproto");
  ASSERT_TRUE(in.good());
  const auto quoted = [](const std::string& line, const char* before) {
    const size_t at = line.find(before);
    if (at == std::string::npos) return std::string();
    const size_t begin = at + std::string(before).size();
    return line.substr(begin, line.find_first_of(",\"", begin) - begin);
  };
  Places places;
  for (std::string line; std::getline(in, line);) {
    const std::string khmer = quoted(line, "km: \"");
    if (line.find("codes {") != std::string::npos) places.Add(khmer, quoted(line, "en: \""));
  }
  EXPECT_GT(places.rows, 1800u);
  RecordProperty("same_bones", std::to_string(places.same_bones));
  RecordProperty("recall", std::to_string(places.Recall()));
  EXPECT_GE(places.same_bones * 100, places.rows * 70);
  EXPECT_GE(places.Recall(), 0.8);
}

// Every village too, where the national table is at hand.
TEST(PlacesTest, AllVillages) {
  std::ifstream in(KAPEA_SHARED "/gazetteer/kh_admin_units.csv", std::ios::binary);
  if (!in.good()) GTEST_SKIP() << "there is no national table";
  std::stringstream bytes;
  bytes << in.rdbuf();
  const Csv csv = ReadCsv(bytes.str());
  ASSERT_FALSE(csv.broken);
  Places places;
  for (size_t i = 1; i < csv.rows.size(); ++i) {
    places.Add(csv.rows[i].cells.at(3), csv.rows[i].cells.at(4));
  }
  RecordProperty("rows", std::to_string(places.rows));
  RecordProperty("merged", std::to_string(places.Merged()));
  RecordProperty("same_bones", std::to_string(places.same_bones));
  RecordProperty("recall", std::to_string(places.Recall()));
  EXPECT_GE(places.Merged(), 33u);
  EXPECT_GE(places.same_bones * 100, places.rows * 70);
  EXPECT_GE(places.Recall(), 0.8);
}

}  // namespace
}  // namespace kapea::text
