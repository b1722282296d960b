// The pack compiler: what it adds, and every refusal with its line and element.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "common/base/file.h"
#include "common/codec/pack_compiler.h"

namespace kapea::codec {
namespace {

using domain::KeyClass;

// One element a line, so that a refusal can be checked against the line it names.
constexpr const char* kPack =
    R"pack(id: "small" version: 1 owner: "Nobody" title { en: "Small" }
sources { key: "S1" title: "A source" }
code_lists { id: "CL_SEX" label { en: "Sex" } provenance { status: SOURCE_STATUS_PROPOSED }
  codes { code: "F" label { en: "Female" } }
  codes { code: "M" label { en: "Male" } } }
code_lists { id: "CL_REASON" label { en: "Why" } provenance { status: SOURCE_STATUS_PROPOSED }
  codes { code: "other" label { en: "Other" } } }
forms { id: "OP" version: 1 kind: FORM_KIND_CHECKLIST file_kind: FILE_KIND_OPERATION
  title { en: "Checklist" } provenance { status: SOURCE_STATUS_PROPOSED }
  events { code: "T0" label { en: "Entry" } at: "done(A-1)" }
  facts { code: "child" label { en: "A child" } when: "any(OP-PERSON, sex = F)" }
  variants { code: "kiln" label { en: "Kiln" } facts: "child" }
  sections { code: "A" label { en: "A" }
    fields { code: "A-1" label { en: "Enter" } type: FIELD_TYPE_ITEM
      provenance { status: SOURCE_STATUS_DOCUMENTED sources: "S1" }
      item { duties: DUTY_LEAD evidence: EVIDENCE_PHOTO_AND_DOCUMENT critical: true } }
    fields { code: "A-2" label { en: "Meet" } type: FIELD_TYPE_ITEM
      provenance { status: SOURCE_STATUS_PROPOSED }
      item { duties: DUTY_VLO per: PER_PERSON
        deadline: "T0 + 30m"
        applies: "child" } } } }
forms { id: "OP-PERSON" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_OPERATION
  title { en: "Person" } provenance { status: SOURCE_STATUS_PROPOSED }
  parent: "OP" per: PER_PERSON
  sections { code: "A" label { en: "A" }
    fields { code: "sex" label { en: "Sex" } type: FIELD_TYPE_CODE code_list: "CL_SEX"
      sensitivity: SENSITIVITY_STATISTICAL }
    fields { code: "name" label { en: "Name" } type: FIELD_TYPE_NAME
      sensitivity: SENSITIVITY_IDENTITY
      derived { code: "has_name" label { en: "Given" } type: FIELD_TYPE_BOOLEAN rule: "present"
        reveals: "Whether a name is known." } }
    fields { code: "note" label { en: "Note" } type: FIELD_TYPE_TEXT
      sensitivity: SENSITIVITY_OPERATIONAL clauses: "C1" }
    fields { code: "seen_at" label { en: "Seen" } type: FIELD_TYPE_TIME
      sensitivity: SENSITIVITY_HEALTH } } }
standards { id: "STD" version: 1 file_kind: FILE_KIND_OPERATION
  title { en: "Standard" } provenance { status: SOURCE_STATUS_UNVERIFIED }
  events { code: "E0" label { en: "Entry" } at: "OP.T0" }
  clauses { id: "C1" label { en: "Clause" } severity: SEVERITY_MUST
    provenance { status: SOURCE_STATUS_PROPOSED }
    met: "exists(OP-PERSON.name)" deadline: "E0 + 1h"
    waivers: ROLE_SUPERVISOR } }
official_numbers { standard: "STD" clause: "C1" number: "4 (1)" source: "S1" }
retentions { id: "RET" label { en: "Keep" } file_kind: FILE_KIND_OPERATION
  provenance { status: SOURCE_STATUS_PROPOSED }
  due: "OP.T0 + 10d" hold: "exists(OP-PERSON.name)" }
dimensions { id: "sex" label { en: "Sex" } code_list: "CL_SEX"
  provenance { status: SOURCE_STATUS_PROPOSED }
  values { file_kind: FILE_KIND_OPERATION form: "OP-PERSON" value: "sex" } }
measures { id: "M1" kind: MEASURE_KIND_INDICATOR label { en: "Women met" }
  answer: MEASURE_ANSWER_COUNT once: MEASURE_ONCE_RECORD unit { en: "persons" }
  provenance { status: SOURCE_STATUS_PROPOSED }
  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS per: "OP-PERSON"
    when: "sex = F"
    at: "made()" }
  by: "sex"
  figures { kind: FIGURE_KIND_TARGET number: 7 period: "2026" } }
measures { id: "M2" kind: MEASURE_KIND_QUESTION label { en: "Late" } stock: true
  answer: MEASURE_ANSWER_LIST once: MEASURE_ONCE_FILE
  provenance { status: SOURCE_STATUS_PROPOSED }
  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_FINDINGS
    findings { codes: "C1" statuses: "overdue" } } }
)pack";

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text = kPack;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

int LineOf(const std::string& part) {
  const std::string text = kPack;
  const size_t at = text.find(part);
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

std::string All(const std::vector<Mistake>& mistakes) {
  std::string all;
  for (const Mistake& mistake : mistakes) all += ToText(mistake) + "\n";
  return all;
}

CompileResult Compiled(const std::string& text) { return CompilePackFiles({{"small", text}}); }

TEST(PackTest, CompilesWhatItSaysAndWhatItImplies) {
  const CompileResult result = Compiled(kPack);
  ASSERT_NE(result.pack, nullptr) << All(result.mistakes);
  const auto* op = result.pack->FindForm("OP", 1);
  const auto* person = result.pack->FindForm("OP-PERSON", 1);
  ASSERT_TRUE(op != nullptr && person != nullptr);
  const auto expect = [](const domain::Form* form, const char* code, domain::FieldType type,
                         KeyClass key_class) {
    SCOPED_TRACE(code);
    const auto* field = form->FindField(code);
    ASSERT_NE(field, nullptr);
    EXPECT_EQ(field->type, type);
    EXPECT_EQ(field->key_class, key_class);
  };
  expect(op, "A-1", domain::FieldType::kItem, KeyClass::kNone);
  expect(op, "A-1.reason", domain::FieldType::kText, KeyClass::kGeneral);
  expect(op, "A-1.reason_code", domain::FieldType::kCode, KeyClass::kNone);
  expect(op, "A-1.evidence", domain::FieldType::kAttachment, KeyClass::kGeneral);
  expect(op, "A-1.document", domain::FieldType::kAttachment, KeyClass::kGeneral);
  EXPECT_EQ(op->FindField("A-2.document"), nullptr);
  expect(op, "fact.child", domain::FieldType::kBoolean, KeyClass::kNone);
  expect(person, "sex", domain::FieldType::kCode, KeyClass::kNone);
  expect(person, "name", domain::FieldType::kName, KeyClass::kIdentity);
  expect(person, "has_name", domain::FieldType::kBoolean, KeyClass::kNone);
  expect(person, "note", domain::FieldType::kText, KeyClass::kGeneral);
  expect(person, "seen_at", domain::FieldType::kTime, KeyClass::kHealth);
  EXPECT_EQ(person->FindField("has_name")->derived_from, "name");
  EXPECT_EQ(person->FindField("sex")->code_list, result.pack->FindCodeList("CL_SEX"));
}

TEST(PackTest, TellsWhatTheOfficialTextCallsAClause) {
  const CompileResult result = Compiled(kPack);
  ASSERT_NE(result.pack, nullptr) << All(result.mistakes);
  EXPECT_EQ(result.pack->OfficialNumber("STD", "C1"), "4 (1)");
  EXPECT_EQ(result.pack->OfficialNumber("STD", "C2"), "");
  EXPECT_EQ(result.pack->OfficialNumber("OTHER", "C1"), "");
}

TEST(PackTest, TheItemsOfAPersonAreAnsweredInHerRecord) {
  const CompileResult result = Compiled(kPack);
  ASSERT_NE(result.pack, nullptr);
  const auto* op = result.pack->FindForm("OP", 1);
  const auto* person = result.pack->FindForm("OP-PERSON", 1);
  EXPECT_EQ(person->FindField("A-2"), op->FindField("A-2"));
  EXPECT_EQ(person->FindField("A-2.reason"), op->FindField("A-2.reason"));
  EXPECT_EQ(person->FindField("A-1"), nullptr);
}

struct Refusal {
  const char* name;
  const char* from;
  const char* to;
  const char* at;       // text of the line that the mistake must name
  const char* element;  // of the mistake
  const char* message;  // a part of it
};

class RefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(RefusalTest, NamesLineAndElement) {
  const Refusal& refusal = GetParam();
  const CompileResult result = Compiled(Replaced(refusal.from, refusal.to));
  EXPECT_EQ(result.pack, nullptr);
  // A form without its parent takes the items of its parent along: two at most.
  ASSERT_FALSE(result.mistakes.empty());
  ASSERT_LE(result.mistakes.size(), 2u) << All(result.mistakes);
  const Mistake& mistake = result.mistakes.back();
  EXPECT_EQ(mistake.at.file, "small");
  EXPECT_EQ(mistake.at.line, LineOf(refusal.at)) << ToText(mistake);
  EXPECT_EQ(mistake.element, refusal.element);
  EXPECT_NE(mistake.message.find(refusal.message), std::string::npos) << mistake.message;
}

constexpr const char* kSex = "fields { code: \"sex\"";
constexpr const char* kNumbers = "official_numbers {";
constexpr const char* kMet = "met: \"exists(OP-PERSON.name)\"";
constexpr const char* kWhen = "when: \"sex = F\"";
constexpr const char* kPart =
    "  parts { file_kind: FILE_KIND_OPERATION over: MEASURE_OVER_RECORDS per: \"OP-PERSON\"\n"
    "    when: \"sex = F\"\n    at: \"made()\" }\n";
constexpr const char* kA2 = "fields { code: \"A-2\"";

INSTANTIATE_TEST_SUITE_P(
    Pack, RefusalTest,
    testing::Values(
        Refusal{"NoEnglish", "label { en: \"Female\" }", "label { }", "\"F\"", "CL_SEX F label en",
                "want an English label"},
        Refusal{"KhmerWithoutTranslation", "{ en: \"Female\" }", "{ en: \"Female\" km: \"x\" }",
                "\"F\"", "CL_SEX F label translation", "TRANSLATION_DRAFT"},
        Refusal{"DuplicateCode", "code: \"M\"", "code: \"F\"", "\"M\"", "CL_SEX F code",
                "got 'F' again"},
        Refusal{"UnknownSource", "sources: \"S1\"", "sources: \"S2\"", "sources: \"S1\"",
                "OP A A-1 provenance S2", "want a source of the pack's list"},
        Refusal{"DocumentedWithoutSource", "DOCUMENTED sources: \"S1\"", "DOCUMENTED",
                "DOCUMENTED sources", "OP A A-1 provenance sources", "want a source"},
        Refusal{"NoProvenance", "provenance { status: SOURCE_STATUS_UNVERIFIED }", "",
                "standards {", "STD provenance status", "how sure"},
        Refusal{"NoSensitivity", "sensitivity: SENSITIVITY_STATISTICAL", "", kSex,
                "OP-PERSON A sex sensitivity", "want a sensitivity"},
        Refusal{"NoDuties", "item { duties: DUTY_VLO per", "item { per", "duties: DUTY_VLO",
                "OP A A-2 item duties", "want who may answer it"},
        Refusal{"ItemWithoutItem",
                "item { duties: DUTY_LEAD evidence: "
                "EVIDENCE_PHOTO_AND_DOCUMENT critical: true }",
                "", "fields { code: \"A-1\"", "OP A A-1 item", "want the item's duties"},
        Refusal{"FieldInChecklist",
                "type: FIELD_TYPE_ITEM\n      provenance { status: "
                "SOURCE_STATUS_PROPOSED }\n      item { duties: DUTY_VLO per: "
                "PER_PERSON\n        deadline: \"T0 + 30m\"\n        applies: "
                "\"child\" }",
                "type: FIELD_TYPE_BOOLEAN sensitivity: SENSITIVITY_OPERATIONAL ", kA2,
                "OP A A-2 type", "want FIELD_TYPE_ITEM in a checklist"},
        Refusal{"UnknownCodeList", "code_list: \"CL_SEX\"\n", "code_list: \"CL_SEXES\"\n", kSex,
                "OP-PERSON A sex code_list", "got 'CL_SEXES'"},
        Refusal{"DuplicateField", "code: \"note\"", "code: \"sex\"", "\"note\"",
                "OP-PERSON A sex code", "got 'sex' again"},
        Refusal{"DerivedHidesAField", "code: \"has_name\"", "code: \"sex\"", "\"has_name\"",
                "OP-PERSON A name sex code", "got 'sex' again"},
        Refusal{"DerivedOfAClearField", "sensitivity: SENSITIVITY_STATISTICAL }",
                "sensitivity: SENSITIVITY_STATISTICAL derived { code: \"d\" label { en: \"D\" } "
                "type: FIELD_TYPE_BOOLEAN rule: \"present\" reveals: \"x\" } }",
                "SENSITIVITY_STATISTICAL", "OP-PERSON A sex d", "of a sealed field alone"},
        Refusal{"WrongRuleType", "type: FIELD_TYPE_BOOLEAN rule: \"present\"",
                "type: FIELD_TYPE_BOOLEAN rule: \"copy_time\"", "rule: \"present\"",
                "OP-PERSON A name has_name type", "rule copy_time"},
        Refusal{"UnknownRule", "rule: \"present\"", "rule: \"guess\"", "rule: \"present\"",
                "OP-PERSON A name has_name rule", "got 'guess'"},
        Refusal{"UnknownClause", "clauses: \"C1\"", "clauses: \"C9\"", "clauses: \"C1\"",
                "OP-PERSON A note C9", "want a clause of the pack"},
        Refusal{"UnknownParent", "parent: \"OP\" per", "parent: \"PLAN\" per", "parent: \"OP\"",
                "OP-PERSON parent", "got 'PLAN'"},
        Refusal{"UnknownFactOfVariant", "facts: \"child\"", "facts: \"kid\"", "facts: \"child\"",
                "OP kiln kid", "want a fact of the form"},
        Refusal{"NoSeverity", "severity: SEVERITY_MUST", "", "clauses { id", "STD C1 severity",
                "want a severity"},
        Refusal{"NumberOfNoClause", "clause: \"C1\" number", "clause: \"C9\" number", kNumbers,
                "C9", "want a clause of a standard of this pack, got 'C9' of 'STD'"},
        Refusal{"NumberOfNoStandard", "standard: \"STD\" clause", "standard: \"STDS\" clause",
                kNumbers, "C1", "got 'C1' of 'STDS'"},
        Refusal{"NoNumber", "number: \"4 (1)\"", "number: \"\"", kNumbers, "C1 number",
                "want a number of 1 to 40 bytes"},
        Refusal{"NumberOfTwoLines", "number: \"4 (1)\"", "number: \"4\\n1\"", kNumbers, "C1 number",
                "in one line"},
        Refusal{"NumberFromNoSource", "source: \"S1\" }", "source: \"S9\" }", kNumbers, "C1 source",
                "want a source of the pack's list"},
        Refusal{
            "TwoNumbersForAClause", "official_numbers {",
            "official_numbers { standard: \"STD\" clause: \"C1\" number: \"5\" source: \"S1\" } "
            "official_numbers {",
            kNumbers, "C1", "want one number for a clause"},
        Refusal{"RetentionOfNothing", "  due: \"OP.T0 + 10d\" hold: \"exists(OP-PERSON.name)\" }",
                "}", "retentions {", "RET", "want when erasure is due"},
        Refusal{"HoldOfASealedField", "hold: \"exists(OP-PERSON.name)\"",
                "hold: \"OP-PERSON.note\"", "hold:", "RET hold", "got the sealed"},
        Refusal{"MeasureOfASealedField", "when: \"sex = F\"", "when: \"known(name)\"", kWhen,
                "M1 parts[0] when", "want a clear field, got the sealed 'name'"},
        Refusal{"MeasureOfAnUnknownField", "when: \"sex = F\"", "when: \"age = F\"", kWhen,
                "M1 parts[0] when", "got 'age', which is none here"},
        Refusal{"MeasureOfAnUnknownForm", "per: \"OP-PERSON\"\n    when",
                "per: \"OP-DOG\"\n    when", "MEASURE_OVER_RECORDS", "M1 parts[0] per",
                "got 'OP-DOG'"},
        Refusal{"MeasureWithoutPeriod", "\n    at: \"made()\"", "", "MEASURE_OVER_RECORDS",
                "M1 parts[0] at", "want the moment that decides the period"},
        Refusal{"MeasureByNothingKnown", "by: \"sex\"\n", "by: \"colour\"\n", "by: \"sex\"\n",
                "M1 colour", "want a dimension, got 'colour'"},
        Refusal{"MeasureWithoutParts", kPart, "", "measures { id: \"M1\"", "M1 parts",
                "want what counts"},
        Refusal{"SumOfNothing", "MEASURE_ANSWER_COUNT", "MEASURE_ANSWER_SUM",
                "MEASURE_OVER_RECORDS", "M1 parts[0] value", "want what is added up"},
        Refusal{"SumOfACode", "\n    at: \"made()\"", "\n    at: \"made()\" value: \"sex\"",
                "at: \"made()\"", "M1 parts[0] value", "want a number or a span, got a code"},
        Refusal{"IndicatorOfNothing", "unit { en: \"persons\" }", "", "measures { id: \"M1\"",
                "M1 unit", "want what is counted"},
        Refusal{"FigureOfNoPeriod", "period: \"2026\"", "period: \"soon\"", "figures {",
                "M1 figures[0] period", "want a period such as"},
        Refusal{"FigureOfNobody", "FIGURE_KIND_TARGET", "FIGURE_KIND_BASELINE", "figures {",
                "M1 figures[0] source", "want a source"},
        Refusal{"MeasureOfNoClause", "codes: \"C1\" statuses", "codes: \"C7\" statuses",
                "findings {", "M2 parts[0] findings C7", "got 'C7'"},
        Refusal{"MeasureOfNoStatus", "statuses: \"overdue\"", "statuses: \"late\"", "findings {",
                "M2 parts[0] findings late", "want the status of a finding, got 'late'"},
        Refusal{"StockByMonth", "MEASURE_ONCE_FILE\n", "MEASURE_ONCE_FILE by: \"month\"\n",
                "MEASURE_ONCE_FILE", "M2 month", "want no month"},
        Refusal{"SameMeasureTwice", "id: \"M2\"", "id: \"M1\"", "id: \"M2\"", "M1 id",
                "got 'M1' again"},
        Refusal{"DimensionOfAnotherList", "form: \"OP-PERSON\" value: \"sex\"",
                "form: \"OP-PERSON\" value: \"count(OP-PERSON)\"", "value: \"sex\"",
                "sex values[0] value", "want a code or a truth, got a number"},
        Refusal{"DimensionOfASealedField", "form: \"OP-PERSON\" value: \"sex\"",
                "form: \"OP-PERSON\" value: \"note\"", "value: \"sex\"", "sex values[0] value",
                "got the sealed 'note'"},
        Refusal{"NoMet", kMet, "", "clauses { id", "STD C1 met", "want when it is met"},
        Refusal{"SyntaxOfCondition", kMet, "met: \"exists(OP-PERSON.name\"", kMet, "STD C1 met",
                "column 22: want ',' or ')', got the end"},
        Refusal{"SealedRead", kMet, "met: \"OP-PERSON.note\"", kMet, "STD C1 met",
                "column 1: want a clear field, got the sealed 'OP-PERSON.note'"},
        Refusal{"SealedKnown", kMet, "met: \"known(OP-PERSON.name)\"", kMet, "STD C1 met",
                "only exists(...)"},
        Refusal{"UnknownForm", kMet, "met: \"exists(INTAKE.name)\"", kMet, "STD C1 met",
                "got 'INTAKE.name', which is none here"},
        Refusal{"UnknownName", kMet, "met: \"has_nam\"", kMet, "STD C1 met", "got 'has_nam'"},
        Refusal{"UnknownFunction", kMet, "met: \"exist(OP-PERSON.name)\"", kMet, "STD C1 met",
                "got 'exist'"},
        Refusal{"UnknownCodeInComparison", kMet, "met: \"OP-PERSON.sex = X\"", kMet, "STD C1 met",
                "column 17: want a code of CL_SEX, got 'X'"},
        Refusal{"UnknownCodeInList", kMet, "met: \"OP-PERSON.sex in [F, X]\"", kMet, "STD C1 met",
                "column 22: want a code of CL_SEX, got 'X'"},
        Refusal{"KindsThatDoNotFit", kMet, "met: \"OP-PERSON.sex > 3h\"", kMet, "STD C1 met",
                "want two of a kind, got a code and a duration"},
        Refusal{"NumberAsTruth", kMet, "met: \"count(OP-PERSON)\"", kMet, "STD C1 met",
                "want a truth, got a number"},
        Refusal{"UnknownRole", kMet, "met: \"role_wrote(OP-PERSON.name, boss)\"", kMet,
                "STD C1 met", "want a role, got 'boss'"},
        Refusal{"UnknownRelation", kMet, "met: \"linked(friend, done(OP.A-1))\"", kMet,
                "STD C1 met", "want a relation of links, got 'friend'"},
        Refusal{"ItemWithoutQuestion", kMet, "met: \"OP.A-1\"", kMet, "STD C1 met",
                "want done(OP.A-1)"},
        Refusal{"ItemPerPersonAskedOfTheFile", kMet, "met: \"done(OP.A-2)\"", kMet, "STD C1 met",
                "ask any, all or count"},
        Refusal{"DeadlineThatIsNoMoment", "deadline: \"T0 + 30m\"", "deadline: \"30m\"",
                "deadline: \"T0 + 30m\"", "OP A A-2 item deadline",
                "want a moment, got a duration"},
        Refusal{"DeadlineWithUnknownEvent", "\"E0 + 1h\"", "\"E1 + 1h\"", kMet, "STD C1 deadline",
                "got 'E1', which is none here"},
        Refusal{"EventInACircle", "at: \"done(A-1)\"", "at: \"T0 + 1h\"", "events { code: \"T0\"",
                "OP T0", "does not lead back to itself"},
        Refusal{"PhotoOfAPerson", "item { duties: DUTY_VLO per: PER_PERSON",
                "item { duties: DUTY_VLO per: PER_PERSON evidence: EVIDENCE_PHOTO", "DUTY_VLO",
                "OP A A-2 item evidence", "want no photo"},
        Refusal{"NoChildForm", "per: PER_PERSON\n        deadline",
                "per: PER_SUSPECT\n        deadline", "item { duties: DUTY_VLO",
                "OP A A-2 item per", "want a child form of OP"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(PackTest, AllMistakesAreReported) {
  std::string text = Replaced("severity: SEVERITY_MUST", "");
  text.replace(text.find("code: \"M\""), 9, "code: \"F\"");
  text.replace(text.find("reveals:"), 8, "reveal:");
  // An unknown field alone; what follows from it is told once it is gone.
  EXPECT_EQ(Compiled(text).mistakes.size(), 1u);
  EXPECT_NE(All(Compiled(text).mistakes).find("reveal"), std::string::npos);
  text.replace(text.find("reveal:"), 7, "reveals:");
  EXPECT_EQ(Compiled(text).mistakes.size(), 2u);
}

TEST(PackTest, MistakesOfSyntaxNameTheirPlace) {
  const PackSource source = ParsePackFiles({{"a.textproto", "id: \"x\"\nversion: one\n"},
                                            {"b.textproto", "forms {\n  idd: \"X\"\n}\n"}});
  ASSERT_EQ(source.mistakes.size(), 2u) << All(source.mistakes);
  EXPECT_EQ(source.mistakes[0].at.file, "a.textproto");
  EXPECT_EQ(source.mistakes[0].at.line, 2);
  EXPECT_EQ(source.mistakes[0].at.column, 10);
  EXPECT_EQ(source.mistakes[1].at.file, "b.textproto");
  EXPECT_EQ(source.mistakes[1].at.line, 2);
  EXPECT_TRUE(source.bytes.empty());
}

TEST(PackTest, FilesOfOnePackKeepTheirPlaces) {
  const std::string text = Replaced(kMet, "met: \"nothing\"");
  const size_t cut = text.find("forms {");
  const CompileResult result =
      CompilePackFiles({{"lists", text.substr(0, cut)}, {"forms", text.substr(cut)}});
  ASSERT_EQ(result.mistakes.size(), 1u) << All(result.mistakes);
  EXPECT_EQ(result.mistakes[0].at.file, "forms");
  EXPECT_EQ(result.mistakes[0].at.line, LineOf(kMet) - LineOf("forms {") + 1);
  const CompileResult twice = CompilePackFiles({{"a", kPack}, {"b", "version: 2"}});
  ASSERT_EQ(twice.mistakes.size(), 1u);
  EXPECT_EQ(ToText(twice.mistakes[0]), "b:1:1: version: want the same in every file of the pack");
}

TEST(PackTest, HostileTextsAreRefused) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "x {";
  EXPECT_FALSE(PackTextToBytes(deep, "deep").ok());
  EXPECT_FALSE(PackTextToBytes(std::string(kPackTextBytesMax + 1, ' '), "long").ok());
  EXPECT_FALSE(PackTextToBytes("id: \"\xff\xfe\"", "bytes").ok());
  EXPECT_FALSE(OpenPack("\x0a\xff").ok());
}

TEST(PackTest, OnlyTheCanonicalBytesAreAPack) {
  const auto bytes = PackTextToBytes(kPack, "small");
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  const auto pack = OpenPack(*bytes);
  ASSERT_TRUE(pack.ok()) << pack.status();
  EXPECT_EQ((*pack)->hash, Compiled(kPack).pack->hash);
  EXPECT_FALSE(OpenPack(*bytes + *bytes).ok());
}

TEST(SignedPackTest, OpensForTheOwnerAlone) {
  const auto bytes = PackTextToBytes(kPack, "small");
  ASSERT_TRUE(bytes.ok());
  const auto owner = crypto::SigningKey::Generate();
  const std::string mine = owner.verify_key().bytes();
  std::string sealed = SignPack(*bytes, owner);
  const auto opened = OpenSignedPack(sealed, {mine});
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->pack, *bytes);
  EXPECT_EQ(opened->owner_key, mine);
  const auto other = crypto::SigningKey::Generate().verify_key().bytes();
  EXPECT_EQ(OpenSignedPack(sealed, {other}).status().code(), absl::StatusCode::kPermissionDenied);
  sealed[20] = static_cast<char>(sealed[20] ^ 1);
  EXPECT_FALSE(OpenSignedPack(sealed, {mine}).ok());
  EXPECT_FALSE(OpenSignedPack("", {mine}).ok());
}

std::string Bytes(const std::string& text) { return PackTextToBytes(text, "small").value(); }

std::string Compared(std::string newer) {
  newer.replace(newer.find("version: 1"), 10, "version: 2");
  return All(CompareVersions(Bytes(kPack), Bytes(newer)));
}

std::string Raised(const std::string& form, const std::string& from, const std::string& to) {
  std::string text = Replaced(from, to);
  const std::string head = "id: \"" + form + "\" version: 1";
  text.replace(text.find(head), head.size(), "id: \"" + form + "\" version: 2");
  return text;
}

TEST(CompareVersionsTest, ANewVersionMayGrow) {
  EXPECT_EQ(Compared(kPack), "");
  EXPECT_EQ(Compared(Raised("OP-PERSON", "label { en: \"Note\" }", "label { en: \"Remark\" }")),
            "");
  EXPECT_EQ(Compared(Replaced("codes { code: \"M\"",
                              "codes { code: \"X\" label { en: \"X\" } } codes { code: \"M\"")),
            "");
}

TEST(CompareVersionsTest, AnOfficialNumberRaisesNoStandard) {
  EXPECT_EQ(Compared(Replaced("number: \"4 (1)\"", "number: \"12\"")), "");
}

TEST(CompareVersionsTest, WhatIsPublishedStays) {
  EXPECT_NE(All(CompareVersions(Bytes(kPack), Bytes(kPack))).find("want a version over 1"),
            std::string::npos);
  EXPECT_NE(Compared(Replaced("label { en: \"Note\" }", "label { en: \"Remark\" }"))
                .find("want a higher version of the form"),
            std::string::npos);
  EXPECT_NE(Compared(Replaced("severity: SEVERITY_MUST", "severity: SEVERITY_INFO"))
                .find("want a higher version of the standard"),
            std::string::npos);
  EXPECT_NE(Compared(Replaced("codes { code: \"M\" label { en: \"Male\" } }", ""))
                .find("want code 'M' kept"),
            std::string::npos);
}

TEST(CompareVersionsTest, AFieldKeepsItsTypeAndItsSeal) {
  EXPECT_NE(Compared(Raised("OP-PERSON", "type: FIELD_TYPE_NAME", "type: FIELD_TYPE_TEXT"))
                .find("OP-PERSON A name type: want the type of older versions, FIELD_TYPE_NAME"),
            std::string::npos);
  EXPECT_NE(Compared(Raised("OP-PERSON", "SENSITIVITY_IDENTITY", "SENSITIVITY_OPERATIONAL"))
                .find("OP-PERSON A name sensitivity: want a field to stay as sealed"),
            std::string::npos);
  EXPECT_NE(Compared(Raised("OP-PERSON", "SENSITIVITY_HEALTH", "SENSITIVITY_IDENTITY"))
                .find("OP-PERSON A seen_at sensitivity"),
            std::string::npos);
  EXPECT_EQ(Compared(Raised("OP-PERSON", "SENSITIVITY_STATISTICAL", "SENSITIVITY_IDENTITY")), "");
}

TEST(CompareVersionsTest, VersionsInOnePackAreHeldToTheSame) {
  const std::string text(kPack);
  const size_t from = text.find("forms { id: \"OP-PERSON\"");
  std::string newer = text.substr(from, text.find("standards {") - from);
  newer.replace(newer.find("version: 1"), 10, "version: 2");
  EXPECT_EQ(All(Compiled(text + newer).mistakes), "");
  newer.replace(newer.find("FIELD_TYPE_NAME"), 15, "FIELD_TYPE_TEXT");
  EXPECT_NE(All(Compiled(text + newer).mistakes)
                .find("OP-PERSON A name type: want the type of older versions"),
            std::string::npos);
}

TEST(CompareVersionsTest, ItemsOfAChildRecordRaiseItsForm) {
  const std::string more = Raised("OP", "item { duties: DUTY_VLO per: PER_PERSON",
                                  "item { duties: DUTY_VLO per: PER_PERSON evidence: "
                                  "EVIDENCE_DOCUMENT");
  EXPECT_NE(Compared(more).find("as its checklist's items changed"), std::string::npos);
}

}  // namespace
}  // namespace kapea::codec
