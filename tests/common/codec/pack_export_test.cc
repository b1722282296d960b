// Tables that leave the house, as packs describe them: every refusal names line and element.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/codec/pack_compiler.h"

namespace kapea::codec {
namespace {

constexpr const char* kPack =
    R"pack(id: "small" version: 1 owner: "Nobody" title { en: "Small" }
code_lists { id: "CL_SEX" label { en: "Sex" } provenance { status: SOURCE_STATUS_PROPOSED }
  codes { code: "F" label { en: "Female" } }
  codes { code: "M" label { en: "Male" } } }
code_lists { id: "CL_WHY" label { en: "Why" } provenance { status: SOURCE_STATUS_PROPOSED }
  codes { code: "sharing" label { en: "Sharing" } }
  codes { code: "statistics" label { en: "Statistics" } } }
forms { id: "IN" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_PERSON
  title { en: "Intake" } provenance { status: SOURCE_STATUS_PROPOSED }
  sections { code: "A" label { en: "A" }
    fields { code: "sex" label { en: "Sex" } type: FIELD_TYPE_CODE code_list: "CL_SEX"
      sensitivity: SENSITIVITY_STATISTICAL }
    fields { code: "name" label { en: "Name" } type: FIELD_TYPE_NAME
      sensitivity: SENSITIVITY_IDENTITY }
    fields { code: "born" label { en: "Born" } type: FIELD_TYPE_DATE
      sensitivity: SENSITIVITY_IDENTITY }
    fields { code: "came_at" label { en: "Came" } type: FIELD_TYPE_TIME
      sensitivity: SENSITIVITY_OPERATIONAL } } }
forms { id: "A-CONSENT" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_PERSON
  title { en: "Consent" } provenance { status: SOURCE_STATUS_PROPOSED }
  sections { code: "A" label { en: "A" }
    fields { code: "purpose" label { en: "Purpose" } type: FIELD_TYPE_CODE code_list: "CL_WHY"
      sensitivity: SENSITIVITY_OPERATIONAL } } }
exports { id: "OUT" title { en: "Out" } provenance { status: SOURCE_STATUS_PROPOSED }
  purposes: ["sharing"]
  identity_purposes: ["sharing"]
  where: "exists(IN.came_at)"
  columns { name: "Who" kind: EXPORT_KIND_TEXT
    sources { form: "IN" field: "name" } }
  columns { name: "Sex" kind: EXPORT_KIND_CODE codes: ["f", "m"]
    sources { form: "IN" field: "sex"
      when: "exists(came_at)"
      codes { from: "F" to: "f" }
      codes { from: "M" to: "m" } } } }
forms { id: "FROM" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_PERSON
  title { en: "From" } provenance { status: SOURCE_STATUS_PROPOSED }
  sections { code: "A" label { en: "A" }
    fields { code: "key" label { en: "Key" } type: FIELD_TYPE_TEXT
      sensitivity: SENSITIVITY_OPERATIONAL }
    fields { code: "read_at" label { en: "Read" } type: FIELD_TYPE_TIME
      sensitivity: SENSITIVITY_OPERATIONAL } } }
exports { id: "BOTH" title { en: "Both" } provenance { status: SOURCE_STATUS_PROPOSED }
  purposes: ["sharing"]
  columns { name: "Named" kind: EXPORT_KIND_TEXT
    sources { form: "IN" field: "name" }
    read_as: ["Name_d", ""] }
  columns { name: "Kind" kind: EXPORT_KIND_CODE codes: ["one", "two"]
    sources { form: "IN" field: "sex"
      codes { from: ["F", "M"] to: "one" back: "M" } }
    read_codes { from: ["One", "one "] to: "one" } }
  imported { form: "FROM" key_field: "key" at_field: "read_at" } }
exports { id: "FEW" title { en: "Few" } provenance { status: SOURCE_STATUS_PROPOSED }
  purposes: ["statistics"] anonymous: true
  columns { name: "Year" kind: EXPORT_KIND_YEAR
    sources { form: "IN" field: "came_at" } } }
)pack";

int LineOf(const std::string& part) {
  const std::string text = kPack;
  const size_t at = text.find(part);
  EXPECT_NE(at, std::string::npos) << part;
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n'));
}

std::string All(const std::vector<Mistake>& mistakes) {
  std::string all;
  for (const Mistake& mistake : mistakes) all += ToText(mistake) + "\n";
  return all;
}

TEST(PackExportTest, SaysWhatStandsWhere) {
  const CompileResult result = CompilePackFiles({{"small", kPack}});
  ASSERT_NE(result.pack, nullptr) << All(result.mistakes);
  const domain::Export* out = result.pack->FindExport("OUT");
  ASSERT_NE(out, nullptr);
  EXPECT_FALSE(out->anonymous);
  ASSERT_EQ(out->columns.size(), 2u);
  EXPECT_EQ(out->columns[1].name, "Sex");
  EXPECT_EQ(out->columns[1].sources[0].Of("F"), "f");
  EXPECT_EQ(out->columns[1].sources[0].Of("X"), "") << "a code of a newer list";
  EXPECT_TRUE(result.pack->FindExport("FEW")->anonymous);
  EXPECT_FALSE(out->imported.has_value());
  const domain::Export* both = result.pack->FindExport("BOTH");
  EXPECT_EQ(both->imported->key_field, "key");
  EXPECT_EQ(both->columns[1].sources[0].Back("one"), "M");
  EXPECT_EQ(both->columns[1].sources[0].Back("two"), "");
  EXPECT_EQ(both->columns[1].read_codes.at("one "), "one");
  EXPECT_EQ(result.pack->FindExport("NONE"), nullptr);
}

struct Refusal {
  const char* name;
  const char* from;
  const char* to;
  const char* at;       // text of the line that the mistake must name
  const char* element;  // of the mistake
  const char* message;  // a part of it
};

class ExportRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(ExportRefusalTest, NamesLineAndElement) {
  const Refusal& refusal = GetParam();
  std::string text = kPack;
  const size_t at = text.find(refusal.from);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string_view(refusal.from).size(), refusal.to);
  const CompileResult result = CompilePackFiles({{"small", text}});
  EXPECT_EQ(result.pack, nullptr);
  ASSERT_EQ(result.mistakes.size(), 1u) << All(result.mistakes);
  const Mistake& mistake = result.mistakes[0];
  EXPECT_EQ(mistake.at.line, LineOf(refusal.at)) << ToText(mistake);
  EXPECT_EQ(mistake.element, refusal.element);
  EXPECT_NE(mistake.message.find(refusal.message), std::string::npos) << mistake.message;
}

constexpr const char* kName = "sources { form: \"IN\" field: \"name\" }";
constexpr const char* kSex = "sources { form: \"IN\" field: \"sex\"";
constexpr const char* kMale = "codes { from: \"M\" to: \"m\" }";
constexpr const char* kYear = "sources { form: \"IN\" field: \"came_at\" }";

constexpr const char* kBack = "codes { from: [\"F\", \"M\"] to: \"one\" back: \"M\" }";
constexpr const char* kReadAs = "read_as: [\"Name_d\", \"\"]";
constexpr const char* kReadCodes = "read_codes { from: [\"One\", \"one \"] to: \"one\" }";
constexpr const char* kImported =
    "imported { form: \"FROM\" key_field: \"key\" at_field: \"read_at\" }";

INSTANTIATE_TEST_SUITE_P(
    Imports, ExportRefusalTest,
    testing::Values(
        Refusal{"SeveralCodesComeBack", kBack, "codes { from: [\"F\", \"M\"] to: \"one\" }", kBack,
                "BOTH Kind sex one from", "by back which of them"},
        Refusal{"ACodeThatNeverLeftComesBack", kBack,
                "codes { from: [\"F\", \"M\"] to: \"one\" back: \"X\" }", kBack,
                "BOTH Kind sex one back", "one of the codes before it"},
        Refusal{"TwoLinesForWhatIsRead", kBack,
                "codes { from: \"F\" to: \"one\" } codes { from: \"M\" to: \"one\" }", kBack,
                "BOTH Kind sex one to", "one line for a code that is read"},
        Refusal{"ANameOfTwoColumns", kReadAs, "read_as: [\"Kind\"]", kReadAs, "BOTH Named Kind",
                "one column alone"},
        Refusal{"ASpellingOfNoCode", kReadCodes, "read_codes { from: \"One\" to: \"three\" }",
                kReadCodes, "BOTH Kind three to", "one of the codes of Kind"},
        Refusal{"ASpellingThatIsACode", kReadCodes, "read_codes { from: \"two\" to: \"one\" }",
                kReadCodes, "BOTH Kind one two", "no code"},
        Refusal{"ToleranceOfWhatIsNotRead", "columns { name: \"Who\" kind: EXPORT_KIND_TEXT",
                "columns { name: \"Who\" kind: EXPORT_KIND_TEXT label: \"Who\"",
                "columns { name: \"Who\"", "OUT Who", "a table that is read alone"},
        Refusal{"ARecordThatIsNotThere", kImported,
                "imported { form: \"NO\" key_field: \"key\" at_field: \"read_at\" }", kImported,
                "BOTH imported form", "got 'NO'"},
        Refusal{"AKeyThatIsNoText", kImported,
                "imported { form: \"FROM\" key_field: \"read_at\" at_field: \"read_at\" }",
                kImported, "BOTH imported key_field", "got 'read_at'"},
        Refusal{"AFixedCodeOfNoField", kImported,
                "imported { form: \"FROM\" key_field: \"key\" at_field: \"read_at\" fixed { "
                "field: \"key\" code: \"F\" } }",
                kImported, "BOTH imported key", "a coded field of FROM"}),
    [](const auto& one) { return std::string(one.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Exports, ExportRefusalTest,
    testing::Values(
        Refusal{"UnknownForm", kName, "sources { form: \"NO\" field: \"name\" }", kName,
                "OUT Who name form", "form of a person's file, got 'NO'"},
        Refusal{"UnknownField", kName, "sources { form: \"IN\" field: \"nom\" }", kName,
                "OUT Who nom field", "field of IN, got 'nom'"},
        Refusal{"TypeOfAnotherColumn", kName, "sources { form: \"IN\" field: \"born\" }", kName,
                "OUT Who born field", "type"},
        Refusal{"UnknownCode", kMale, "codes { from: [\"M\", \"W\"] to: \"m\" }", kMale,
                "OUT Sex sex m W", "code of CL_SEX, got 'W'"},
        Refusal{"CodeThatTheColumnHasNot", kMale, "codes { from: \"M\" to: \"x\" }", kMale,
                "OUT Sex sex x to", "codes of Sex, got 'x'"},
        Refusal{"CodeWithoutALine", kMale, "", kSex, "OUT Sex sex", "line for the code 'M'"},
        Refusal{"CodeWithTwoLines", kMale, "codes { from: [\"M\", \"F\"] to: \"m\" }", kMale,
                "OUT Sex sex m F", "one line for a code"},
        Refusal{"RestThatTheColumnHasNot", kMale, "rest: \"x\"", kMale, "OUT Sex sex rest",
                "codes of Sex"},
        Refusal{"UnknownPurpose", "purposes: [\"sharing\"]", "purposes: [\"sharing\", \"fun\"]",
                "purposes: [\"sharing\"]", "OUT fun", "purposes that a consent form"},
        Refusal{"IdentityForAnotherPurpose", "identity_purposes: [\"sharing\"]",
                "identity_purposes: [\"statistics\"]", "identity_purposes", "OUT statistics",
                "one of the purposes"},
        Refusal{"WhoIsCountedByNothing", "where: \"exists(IN.came_at)\"", "where: \"nothing\"",
                "where:", "OUT where", "nothing"},
        Refusal{"AConditionOfNoField", "when: \"exists(came_at)\"", "when: \"nothing\"",
                "when:", "OUT Sex sex when", "nothing"},
        Refusal{"IdentityInAnAnonymousTable", kYear, "sources { form: \"IN\" field: \"born\" }",
                kYear, "FEW Year born field", "no field of class identity"},
        Refusal{"DaysInAnAnonymousTable", "name: \"Year\" kind: EXPORT_KIND_YEAR",
                "name: \"Year\" kind: EXPORT_KIND_DATE", "name: \"Year\"", "FEW Year kind",
                "neither texts nor days"},
        Refusal{"AColumnTwice", "name: \"Sex\" kind", "name: \"Who\" kind", "name: \"Sex\"",
                "OUT Who name", "once"}),
    [](const auto& one) { return std::string(one.param.name); });

}  // namespace
}  // namespace kapea::codec
