// What people type, and what becomes of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/calendar.h"
#include "client/field/derive.h"
#include "client/field/typed_value.h"
#include "client/field/wording.h"
#include "common/text/normalise.h"
#include "common/text/width.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using domain::Value;
using ::testing::HasSubstr;
using ::testing::Not;

Time At(const char* text) { return *ParseTime(text, Time()); }

TEST(CalendarTest, TimesAreThoseOfCambodiaUnlessTheySayElse) {
  const Time now = At("2026-11-18T11:06:40Z");
  EXPECT_EQ(ToLocalText(now), "2026-11-18 18:06");
  EXPECT_EQ(ToLocalIso(now), "2026-11-18T18:06:40+07:00");
  EXPECT_EQ(*ParseTime("2026-11-18 18:06:40", now), now);
  EXPECT_EQ(*ParseTime("2026-11-18T13:06:40+02:00", now), now);
  EXPECT_EQ(*ParseTime("now", now), now);
  EXPECT_EQ(*ParseTime("-1h30m", now), now - Duration::Minutes(90));
  EXPECT_EQ(ToLocalText(*ParseTime("17:30", now)), "2026-11-18 17:30");
  EXPECT_EQ(ToLocalText(*ParseTime("18:30", now)), "2026-11-17 18:30");  // has not come today
  for (const char* bad : {"", "noon", "25:00", "2026-02-30 10:00", "2026-11-18", "-", "--5m",
                          "2026-11-18 18:06+07", "-9999999999999999d", "1026-11-18 18:06"}) {
    EXPECT_FALSE(ParseTime(bad, now).ok()) << bad;
  }
}

TEST(CalendarTest, DatesAreDaysThatExist) {
  EXPECT_EQ(ParseDate("today", At("2026-11-18T20:00:00Z"))->text, "2026-11-19");
  for (const char* good : {"2009", "2009-09", "2009-09-28", "2024-02-29"}) {
    EXPECT_EQ(ParseDate(good, Time())->text, good);
  }
  for (const char* bad : {"", "09", "2009-13", "2009-00", "2023-02-29", "2009-9-8", "1899",
                          "2009-09-28 ", "28/09/2009"}) {
    EXPECT_FALSE(ParseDate(bad, Time()).ok()) << bad;
  }
}

TEST(CalendarTest, LengthsAreReadAndSaidInTwoParts) {
  EXPECT_EQ(*ParseLength("1h30m"), Duration::Minutes(90));
  EXPECT_EQ(*ParseLength("2d"), Duration::Days(2));
  EXPECT_EQ(ToText(Duration::Minutes(3)), "3m");
  EXPECT_EQ(ToText(Duration::Minutes(150)), "2h 30m");
  EXPECT_EQ(ToText(Duration::Hours(49)), "2d 1h");
  for (const char* bad : {"", "5", "h", "m5", "1x", "999999d"}) {
    EXPECT_FALSE(ParseLength(bad).ok()) << bad;
  }
}

class DeriveTest : public ::testing::Test {
 protected:
  absl::StatusOr<Value> Derive(const char* rule, const Value& source) {
    domain::DerivedFact fact;
    fact.code = "fact";
    fact.rule = rule;
    return DeriveFact(fact, &bands_, source, At("2026-11-18T11:06:40Z"));
  }
  std::string Band(const Value& source) {
    const auto value = Derive("age_band", source);
    return value.ok() ? std::get<domain::Code>(*value).code : std::string(value.status().message());
  }
  domain::CodeList bands_{"CL_AGE",
                          {},
                          {{"A_0_14", {}, false},
                           {"A_15_17", {}, false},
                           {"A_18_24", {}, false},
                           {"A_25_29", {}, false},
                           {"A_30_PLUS", {}, false},
                           {"A_UNKNOWN", {}, false}}};
};

TEST_F(DeriveTest, AgeBandsTurnOnTheBirthday) {
  EXPECT_EQ(Band(domain::Date{"2008-11-19"}), "A_15_17");  // 18 tomorrow
  EXPECT_EQ(Band(domain::Date{"2008-11-18"}), "A_18_24");  // 18 today
  EXPECT_EQ(Band(domain::Date{"2011-11-19"}), "A_0_14");
  EXPECT_EQ(Band(domain::Date{"1950-01-01"}), "A_30_PLUS");
  EXPECT_EQ(Band(int64_t{17}), "A_15_17");
  EXPECT_EQ(Band(domain::Answer::kRefused), "A_UNKNOWN");
}

TEST_F(DeriveTest, DoubtIsForTheChildsBenefit) {
  EXPECT_EQ(Band(domain::Date{"2008"}), "A_15_17");     // may be 17 still
  EXPECT_EQ(Band(domain::Date{"2008-11"}), "A_15_17");  // may turn 18 later this month
  EXPECT_EQ(Band(domain::Date{"2008-10"}), "A_18_24");
  EXPECT_EQ(Band(domain::Date{"2011"}), "A_0_14");
}

TEST_F(DeriveTest, WhatARuleCannotUseIsRefused) {
  EXPECT_FALSE(Derive("age_band", domain::Date{"2027-01-01"}).ok());
  EXPECT_FALSE(Derive("age_band", domain::Text{"twenty"}).ok());
  EXPECT_FALSE(Derive("copy_time", domain::Text{"x"}).ok());
  EXPECT_FALSE(Derive("shoe_size", int64_t{40}).ok());
}

TEST_F(DeriveTest, TheOtherRulesSayNoMoreThanTheirNames) {
  EXPECT_EQ(*Derive("answered", domain::Answer::kRefused), Value(true));
  EXPECT_EQ(*Derive("present", domain::Answer::kUnknown), Value(false));
  EXPECT_EQ(*Derive("present", domain::Codes{}), Value(false));
  EXPECT_EQ(*Derive("present", domain::Codes{{"none"}}), Value(false));
  EXPECT_EQ(*Derive("present", domain::Codes{{"seeing"}}), Value(true));
  EXPECT_EQ(*Derive("year", domain::Date{"2009-09"}), Value(int64_t{2009}));
  const Value time = At("2026-11-18T11:06:40Z");
  EXPECT_EQ(*Derive("copy_time", time), time);
  EXPECT_EQ(*Derive("copy_time", domain::Answer::kRefused), Value(domain::Answer::kRefused));
}

TEST(WordingTest, FindsWholeEnglishWordsAndKhmerAnywhere) {
  domain::CodeList words;
  words.codes = {{"liar", {"liar", "អ្នកកុហក", {}}, false},
                 {"fault", {"her own fault", "", {}}, false},
                 {"old", {"raid", "", {}}, true}};
  EXPECT_TRUE(IsPlain("", words));
  EXPECT_TRUE(IsPlain("Her familiar way home", words)) << "within another word";
  EXPECT_FALSE(IsPlain("He says she is a LIAR.", words));
  EXPECT_FALSE(IsPlain("liar", words));
  EXPECT_FALSE(IsPlain("it is her own fault, he says", words));
  EXPECT_TRUE(IsPlain("on her own, no fault", words));
  EXPECT_FALSE(IsPlain("គាត់ថានាងជាអ្នកកុហកណាស់", words));
  EXPECT_TRUE(IsPlain("a raid", words)) << "a retired word";
}

TEST_F(DeriveTest, WordingSaysWhetherATextIsPlain) {
  domain::CodeList words;
  words.codes = {{"liar", {"liar", "", {}}, false}};
  const domain::DerivedFact fact{"f", {}, domain::FieldType::kBoolean, "W", "wording", "r"};
  const auto of = [&](const Value& value) { return DeriveFact(fact, &words, value, Time()); };
  EXPECT_EQ(*of(domain::Text{"a liar"}), Value(false));
  EXPECT_EQ(*of(domain::Text{"afraid"}), Value(true));
  EXPECT_EQ(*of(domain::Answer::kRefused), Value(true));
  EXPECT_FALSE(of(int64_t{1}).ok());
  EXPECT_FALSE(DeriveFact(fact, nullptr, domain::Text{"x"}, Time()).ok());
}

TEST(EntriesTest, AreCodeAndValue) {
  const auto entries = ParseEntries({"sex=F", " note = a = b ", "gone="});
  ASSERT_TRUE(entries.ok());
  EXPECT_EQ((*entries)[1].code, "note");
  EXPECT_EQ((*entries)[1].text, "a = b");
  EXPECT_EQ((*entries)[2].text, "");
  EXPECT_FALSE(ParseEntries({"sex"}).ok());
  EXPECT_FALSE(ParseEntries({"=F"}).ok());
  EXPECT_FALSE(ParseEntries({"sex=F", "sex=M"}).ok());
}

class TypedValueTest : public testing::Town {
 protected:
  const domain::Field* Find(std::string_view form, std::string_view code) {
    const auto found = FindForm(VaultOf("intake"), form);
    return found.ok() ? found->form->FindField(code) : nullptr;
  }
  absl::StatusOr<Value> Parse(std::string_view code, std::string_view text,
                              std::string_view form = kIntakeForm) {
    const domain::Field* field = Find(form, code);
    KAPEA_CHECK(field != nullptr);
    const domain::FileState none{FileId()};
    return ParseValue(VaultOf("intake"), none, *field, text);
  }
};

TEST_F(TypedValueTest, EachTypeReadsItsOwnWords) {
  EXPECT_EQ(*Parse("sex", "F"), Value(domain::Code{"F"}));
  EXPECT_EQ(*Parse("sex", "f"), Value(domain::Code{"F"}));
  EXPECT_EQ(*Parse("age_doubt", "yes"), Value(true));
  EXPECT_EQ(*Parse("temp_number", "12"), Value(int64_t{12}));
  EXPECT_EQ(*Parse("rights_method", "written, oral"), Value(domain::Codes{{"oral", "written"}}));
  EXPECT_EQ(*Parse("arrival_at", "-10m"), Value(clock_.Now() - Duration::Minutes(10)));
  EXPECT_EQ(*Parse("intake_unit", "SHE"),
            Value(domain::Reference{ChangeId::FromPrefix(server_.shelter().view())}));
  EXPECT_EQ(*Parse("intake_officer", "me"),
            Value(domain::Reference{ChangeId::FromPrefix(server_.person("intake").view())}));
  EXPECT_EQ(*Parse("given_name_latin", "Cafe\xCC\x81"), Value(domain::Text{"Caf\xC3\xA9"}));
  EXPECT_EQ(*Parse("guardian_phone", "+855 12 345 678"), Value(domain::Text{"+855 12 345 678"}));
  const Value position = *Parse("target_position", "11.5564,104.9282,12", "KH-OP-PLAN");
  EXPECT_EQ(std::get<domain::Position>(position).latitude_e7, 115564000);
  EXPECT_EQ(std::get<domain::Position>(position).accuracy_m, 12u);
}

TEST_F(TypedValueTest, UnknownAndRefusedAreAnswersWhereTheyMayBe) {
  EXPECT_EQ(*Parse("family_name_km", "unknown"), Value(domain::Answer::kUnknown));
  EXPECT_EQ(*Parse("sex", "refused"), Value(domain::Answer::kRefused));
  EXPECT_EQ(*Parse("family_name_km", "text:unknown"), Value(domain::Text{"unknown"}));
  // A code list's own "unknown" is a code; the answer has its long form.
  EXPECT_EQ(*Parse("age_basis", "unknown"), Value(domain::Code{"unknown"}));
  EXPECT_EQ(*Parse("age_basis", "answer:unknown"), Value(domain::Answer::kUnknown));
  EXPECT_FALSE(Parse("arrival_at", "unknown").ok());  // a record key
}

TEST_F(TypedValueTest, BadInputIsRefusedWithWhatIsWanted) {
  struct Case {
    const char* code;
    const char* text;
    const char* wanted;
  };
  constexpr Case kCases[] = {
      {"sex", "woman", "one of F, M, X"},
      {"sex", "", "one of"},
      {"age_doubt", "perhaps", "yes or no"},
      {"temp_number", "0", "from 1 to 9999"},
      {"temp_number", "10000", "from 1 to 9999"},
      {"temp_number", "3 ", "whole number"},
      {"temp_number", "99999999999999999999", "whole number"},
      {"temp_number", "12.5", "whole number"},
      {"arrival_at", "yesterday", "a time such as"},
      {"birth_date", "2009-02-30", "a date such as"},
      {"rights_method", "oral,sung", "one of"},
      {"intake_unit", "MOON", "no unit"},
      {"intake_officer", "zz", "no person"},
      {"operation_file", "OP-ZZZZZZ", "no file"},
      {"guardian_phone", "call me", "telephone"},
      {"custody_document", "paper", "@path"},
      {"age_basis", "answer:maybe", "answer:unknown"},
  };
  for (const Case& one : kCases) {
    SCOPED_TRACE(std::string(one.code) + "=" + one.text);
    const auto value = Parse(one.code, one.text);
    ASSERT_FALSE(value.ok());
    EXPECT_THAT(std::string(value.status().message()), HasSubstr(one.wanted));
  }
  EXPECT_FALSE(Parse("target_position", "91,0", "KH-OP-PLAN").ok());
  EXPECT_FALSE(Parse("target_position", "11.5", "KH-OP-PLAN").ok());
  EXPECT_FALSE(Parse("target_position", "nan,0", "KH-OP-PLAN").ok());
}

TEST_F(TypedValueTest, WhatWasTypedIntoASealedFieldIsNeverRepeated) {
  for (const auto& [code, text] :
       std::vector<std::pair<const char*, const char*>>{{"birth_date", "Sok Canary"},
                                                        {"guardian_phone", "Sok Canary"},
                                                        {"ethnicity", "Sok Canary"},
                                                        {"children_count", "Sok Canary"},
                                                        {"medical_exam_offered_at", "Sok Canary"},
                                                        {"psychosocial_by", "Sok Canary"},
                                                        {"family_name_km", "Canary \xFF"}}) {
    const auto value = Parse(code, text);
    ASSERT_FALSE(value.ok()) << code;
    EXPECT_THAT(std::string(value.status().message()), Not(HasSubstr("Canary"))) << code;
  }
}

TEST(TextTest, IsNormalisedTrimmedAndCleaned) {
  EXPECT_EQ(*text::Normalise("  a\tb \n"), "a\tb");
  EXPECT_EQ(*text::Normalise("\xEF\xBB\xBF"
                             "a\x01"
                             "b\r\n"
                             "c"),
            "ab\nc");
  EXPECT_EQ(*text::Normalise("\xE2\x80\x8B"
                             "\xE1\x9E\x80\xE2\x80\x8B\xE1\x9E\x81"),
            "\xE1\x9E\x80\xE2\x80\x8B\xE1\x9E\x81");  // a break within Khmer stays
  EXPECT_FALSE(text::Normalise("\xFF").ok());
  EXPECT_FALSE(text::Normalise(std::string(9000, 'a')).ok());
  EXPECT_TRUE(text::Normalise(std::string(8192, 'a')).ok());
}

TEST(TextTest, IsMeasuredAndCutByLettersWithTheirMarks) {
  const std::string khmer =
      "\xE1\x9E\x81\xE1\x9F\x92\xE1\x9E\x98\xE1\x9F\x82\xE1\x9E\x9A";  // "Khmer"
  EXPECT_EQ(text::WidthOf("abc"), 3u);
  EXPECT_LT(text::WidthOf(khmer), 5u);
  EXPECT_EQ(text::CutTo("abcdef", 5), "ab...");
  EXPECT_EQ(text::CutTo("abc", 5), "abc");
  EXPECT_EQ(text::PadTo("ab", 4), "ab  ");
  const std::string cut = text::CutTo(khmer + khmer + khmer, 5);
  EXPECT_TRUE(text::IsUtf8(cut));
  EXPECT_LE(text::WidthOf(cut), 5u);
  const auto lines = text::Wrap("one two three", 7);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "one two");
}

}  // namespace
}  // namespace kapea::field
