// The packs of common/packs/kh: that they compile, that people can read them in Khmer, and
// that docs/domain.md says how much of them stands on sources.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "common/base/file.h"
#include "common/codec/pack_compiler.h"
#include "nlohmann/json.hpp"

namespace kapea::codec {
namespace {

using domain::FileKind;
using domain::SourceStatus;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Names that are the same in every language.
const std::set<std::string> kUntranslated = {"CL_PLATFORM", "CL_CURRENCY"};

class NationalPackTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::filesystem::path folder = std::string(KAPEA_SOURCE) + "/common/packs/kh";
    std::vector<PackFile> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".textproto") continue;
      auto text = ReadFile(entry.path().string(), kPackTextBytesMax);
      ASSERT_TRUE(text.ok()) << text.status();
      files.push_back({entry.path().filename().string(), *std::move(text)});
    }
    std::sort(files.begin(), files.end(),
              [](const PackFile& a, const PackFile& b) { return a.name < b.name; });
    CompileResult compiled = CompilePackFiles(files);
    for (const Mistake& mistake : compiled.mistakes) ADD_FAILURE() << ToText(mistake);
    pack_ = std::move(compiled.pack);
    ASSERT_NE(pack_, nullptr);
  }
  static void TearDownTestSuite() { pack_.reset(); }

  static std::map<FileKind, size_t> FormsByKind() {
    std::map<FileKind, size_t> forms;
    for (const auto& form : pack_->forms) ++forms[form->file_kind];
    return forms;
  }

  static std::unique_ptr<const domain::Pack> pack_;
};
std::unique_ptr<const domain::Pack> NationalPackTest::pack_;

// HTCDS defines fields and no format; what it defines stands in tests/golden, as published.
TEST_F(NationalPackTest, HtcdsHasItsFieldsInTheirOrderAndTheirCodes) {
  std::ifstream published(std::string(KAPEA_SOURCE) + "/tests/golden/htcds_2.0.txt");
  const domain::Export* htcds = pack_->FindExport("HTCDS");
  ASSERT_TRUE(published && htcds != nullptr);
  size_t fields = 0;
  for (std::string line; std::getline(published, line);) {
    if (line.starts_with("#")) continue;
    SCOPED_TRACE(line);
    std::istringstream words(line);
    std::string name;
    words >> name;
    const std::vector<std::string> codes(std::istream_iterator<std::string>(words), {});
    ASSERT_LT(fields, htcds->columns.size());
    const domain::ExportColumn& column = htcds->columns[fields++];
    EXPECT_EQ(column.name, name);
    // HTCDS gives the box of consent no codes; TRUE and FALSE are those of its survey form.
    if (name != "con_Consent") {
      EXPECT_EQ(column.codes, codes);
    }
  }
  EXPECT_EQ(fields, 84u);
  EXPECT_EQ(htcds->columns.size(), fields);
}

TEST_F(NationalPackTest, RestrictedMovementIsOursAndOtherInHtcds) {
  const auto of = [&](const char* table, const char* column) -> std::string {
    for (const domain::ExportColumn& one : pack_->FindExport(table)->columns) {
      if (one.name == column) return one.sources.at(0).Of("movement");
    }
    return "no such column";
  };
  EXPECT_TRUE(pack_->FindCodeList("CL_CONTROL")->Has("movement"));
  EXPECT_EQ(of("HTCDS", "vic_MethodsOfControl"), "Other");
  EXPECT_EQ(of("CTDC", "meansDenyBasicNeeds"), "1");
}

TEST_F(NationalPackTest, HasFormsAndClocksForEveryKindOfFile) {
  const auto forms = FormsByKind();
  for (const FileKind kind : {FileKind::kOperation, FileKind::kPerson, FileKind::kJustice,
                              FileKind::kLead, FileKind::kProgramme}) {
    EXPECT_GT(forms.count(kind), 0u) << static_cast<int>(kind);
  }
  std::set<FileKind> judged;
  for (const auto& standard : pack_->standards) judged.insert(standard->file_kind);
  EXPECT_EQ(judged, (std::set<FileKind>{FileKind::kPerson, FileKind::kJustice, FileKind::kLead,
                                        FileKind::kProgramme}))
      << "an operation is judged by its checklist";
}

TEST_F(NationalPackTest, TheChecklistHasItsItemsAndVariants) {
  const domain::Form* checklist = pack_->FindForm("KH-RESCUE-OP", 1);
  ASSERT_NE(checklist, nullptr);
  size_t items = 0;
  for (const domain::Section& section : checklist->sections) items += section.fields.size();
  EXPECT_EQ(items, 99u);
  EXPECT_EQ(checklist->sections.size(), 10u);
  EXPECT_EQ(checklist->variants.size(), 7u);
}

TEST_F(NationalPackTest, TheStandardHasEveryRightAndStep) {
  std::set<std::string> ids;
  for (const auto& standard : pack_->standards) {
    for (const domain::Clause& clause : standard->clauses) {
      EXPECT_TRUE(ids.insert(clause.id).second) << clause.id;
    }
  }
  // Of the eleven rights, each clause; a clause in two halves is R05.2 and R05.2b, or
  // P5.1a to P5.1g.
  constexpr int kClausesOfRights[] = {7, 4, 4, 6, 4, 4, 4, 8, 4, 6, 4};
  const auto has = [&ids](const std::string& code) {
    return std::any_of(ids.begin(), ids.end(), [&code](const std::string& id) {
      return id == code || (id.size() == code.size() + 1 && id.starts_with(code) &&
                            id.back() >= 'a' && id.back() <= 'z');
    });
  };
  for (size_t right = 0; right < std::size(kClausesOfRights); ++right) {
    for (int clause = 1; clause <= kClausesOfRights[right]; ++clause) {
      const std::string number = std::to_string(right + 1);
      const std::string code =
          "R" + std::string(2 - number.size(), '0') + number + "." + std::to_string(clause);
      EXPECT_TRUE(has(code)) << code;
    }
  }
  constexpr int kClausesOfSteps[] = {6, 5, 6, 6, 5};
  for (size_t part = 0; part < std::size(kClausesOfSteps); ++part) {
    for (int clause = 1; clause <= kClausesOfSteps[part]; ++clause) {
      const std::string code = "P" + std::to_string(part + 1) + "." + std::to_string(clause);
      EXPECT_TRUE(has(code)) << code;
    }
  }
  for (int clause = 1; clause <= 12; ++clause) {
    EXPECT_TRUE(has("CH." + std::to_string(clause))) << clause;
  }
  for (const char* id :
       {"R06.4", "R07.3", "R07.4", "R08.6", "P3.1",  "P3.2", "P3.3", "P3.4", "P3.5",
        "P4.1",  "P4.4",  "P4.6",  "P5.1a", "P5.1e", "P5.2", "P5.3", "P5.4", "P5.5",
        "CH.1",  "CH.12", "J1",    "J10",   "LD1",   "PR1",  "AC1"}) {
    EXPECT_TRUE(ids.contains(id)) << id;
  }
}

std::set<std::string> CodesOf(const domain::CodeList* list) {
  std::set<std::string> codes;
  if (list == nullptr) return codes;
  for (const domain::CodeItem& code : list->codes) codes.insert(code.code);
  return codes;
}

// The array named as the standard, of Debian's iso-codes.
nlohmann::json IsoCodes(const std::string& standard) {
  const auto text = ReadFile("/usr/share/iso-codes/json/iso_" + standard + ".json", 8u << 20);
  EXPECT_TRUE(text.ok()) << "Debian's package iso-codes is wanted: " << text.status();
  const auto json = nlohmann::json::parse(text.ok() ? *text : "", nullptr, false);
  return json.is_object() ? json.value(standard, nlohmann::json::array()) : nlohmann::json::array();
}

TEST_F(NationalPackTest, ProvincesAndCountriesAreThoseOfIso3166) {
  std::set<std::string> provinces = {"98", "99"};  // abroad and unknown are ours
  for (const auto& place : IsoCodes("3166-2")) {
    const std::string code = place["code"];
    if (!code.starts_with("KH-")) continue;
    const std::string number = code.substr(3);
    provinces.insert(number.size() == 1 ? "0" + number : number);
  }
  EXPECT_EQ(provinces.size(), 27u);
  EXPECT_EQ(CodesOf(pack_->FindCodeList("CL_PROVINCE")), provinces);
  std::set<std::string> countries = {"ZZ"};  // unknown is ours
  for (const auto& country : IsoCodes("3166-1")) countries.insert(country["alpha_2"]);
  EXPECT_EQ(CodesOf(pack_->FindCodeList("CL_COUNTRY")), countries);
}

TEST_F(NationalPackTest, PlacesAreThoseOfTheProvincesAndBelongToThem) {
  const std::set<std::string> provinces = CodesOf(pack_->FindCodeList("CL_PROVINCE"));
  const std::set<std::string> places = CodesOf(pack_->FindCodeList("CL_PLACE"));
  EXPECT_EQ(places.size(), 25u + 210u + 1652u);
  for (const std::string& place : places) {
    EXPECT_TRUE(provinces.contains(place.substr(0, 2))) << place;
    if (place.size() == 2) continue;
    EXPECT_TRUE(places.contains(place.substr(0, place.size() - 2))) << place;
  }
}

// What somebody reads on a screen and has no Khmer yet.
std::vector<std::string> WithoutKhmer(const domain::Pack& pack) {
  std::vector<std::string> missing;
  const auto want = [&missing](const domain::Label& label, const std::string& where) {
    if (!label.en.empty() && label.km.empty()) missing.push_back(where + ": " + label.en);
  };
  for (const auto& form : pack.forms) {
    want(form->title, form->id);
    for (const domain::Section& section : form->sections) {
      want(section.label, form->id + " " + section.code);
      for (const domain::Field& field : section.fields) {
        want(field.label, form->id + " " + field.code);
        want(field.guidance, form->id + " " + field.code + " guidance");
        want(field.constraint_message, form->id + " " + field.code + " constraint");
      }
    }
    for (const auto& variant : form->variants) want(variant.label, form->id + " " + variant.code);
    for (const auto& fact : form->facts) want(fact.label, form->id + " " + fact.code);
  }
  for (const auto& list : pack.code_lists) {
    want(list->label, list->id);
    if (kUntranslated.contains(list->id)) continue;
    for (const domain::CodeItem& code : list->codes) want(code.label, list->id + " " + code.code);
  }
  for (const auto& standard : pack.standards) {
    want(standard->title, standard->id);
    for (const domain::Clause& clause : standard->clauses) want(clause.label, clause.id);
  }
  for (const domain::Measure& measure : pack.measures) {
    want(measure.label, measure.id);
    want(measure.unit, measure.id + " unit");
  }
  for (const domain::Dimension& dimension : pack.dimensions) want(dimension.label, dimension.id);
  return missing;
}

TEST_F(NationalPackTest, EveryQuestionAndIndicatorIsThereOrSaysWhatIsMissing) {
  std::set<std::string> ids;
  for (const domain::Measure& measure : pack_->measures) {
    ids.insert(measure.id);
    EXPECT_EQ(measure.parts.empty(), !measure.answered_by.empty()) << measure.id;
  }
  const auto want = [&ids](const std::string& prefix, int last) {
    for (int number = 1; number <= last; ++number) {
      const std::string code = prefix + (number < 10 ? "0" : "") + std::to_string(number);
      EXPECT_TRUE(ids.contains(code) || ids.contains(code + "a")) << code;
    }
  };
  want("Q", 24);
  want("I-V", 10);
  want("I-A", 15);
  want("I-J", 12);
  want("I-C", 14);
  want("I-S", 5);
}

TEST_F(NationalPackTest, EverythingOnAScreenHasKhmer) {
  EXPECT_THAT(WithoutKhmer(*pack_), IsEmpty());
}

TEST_F(NationalPackTest, KhmerIsADraftUntilSomebodySignsIt) {
  for (const auto& form : pack_->forms) {
    for (const domain::Section& section : form->sections) {
      for (const domain::Field& field : section.fields) {
        if (field.label.km.empty()) continue;
        EXPECT_EQ(field.label.translation, domain::Translation::kDraft)
            << form->id << " " << field.code;
      }
    }
  }
}

std::string Row(const std::string& what, const std::map<SourceStatus, size_t>& by) {
  const auto of = [&by](SourceStatus status) {
    const auto found = by.find(status);
    return std::to_string(found == by.end() ? 0 : found->second);
  };
  return "| " + what + " | " + of(SourceStatus::kDocumented) + " | " +
         of(SourceStatus::kUnverified) + " | " + of(SourceStatus::kProposed) + " |";
}

TEST_F(NationalPackTest, TheDocumentSaysHowMuchStandsOnSources) {
  const auto text = ReadFile(KAPEA_SOURCE "/docs/domain.md", 1 << 20);
  ASSERT_TRUE(text.ok()) << text.status();
  std::map<SourceStatus, size_t> forms, items, clauses, measures;
  for (const domain::Measure& measure : pack_->measures) ++measures[measure.provenance.status];
  for (const auto& form : pack_->forms) {
    ++forms[form->provenance.status];
    for (const domain::Section& section : form->sections) {
      for (const domain::Field& field : section.fields) {
        if (field.item) ++items[field.provenance.status];
      }
    }
  }
  for (const auto& standard : pack_->standards) {
    for (const domain::Clause& clause : standard->clauses) ++clauses[clause.provenance.status];
  }
  EXPECT_THAT(*text, HasSubstr(Row("forms", forms)));
  EXPECT_THAT(*text, HasSubstr(Row("checklist items", items)));
  EXPECT_THAT(*text, HasSubstr(Row("clauses", clauses)));
  EXPECT_THAT(*text, HasSubstr(Row("questions and indicators", measures)));
}

TEST_F(NationalPackTest, TheDocumentNamesEveryDerivedFact) {
  const auto text = ReadFile(KAPEA_SOURCE "/docs/domain.md", 1 << 20);
  ASSERT_TRUE(text.ok()) << text.status();
  for (const auto& form : pack_->forms) {
    for (const domain::Section& section : form->sections) {
      for (const domain::Field& field : section.fields) {
        for (const domain::DerivedFact& fact : field.derived) {
          const std::string row = "| " + form->id + " | " + field.code + " | " + fact.code + " | " +
                                  fact.reveals + " |";
          EXPECT_THAT(*text, HasSubstr(row));
        }
      }
    }
  }
}

}  // namespace
}  // namespace kapea::codec
