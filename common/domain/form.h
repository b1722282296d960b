// Forms, code lists and standards as the engine uses them: what codec's pack
// compiler makes of a pack once everything in it has been checked.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id.h"
#include "common/domain/condition.h"
#include "common/domain/export.h"
#include "common/domain/label.h"
#include "common/domain/measure.h"
#include "common/domain/vocabulary.h"

namespace kapea::domain {

struct CodeItem {
  std::string code;
  Label label;
  bool retired = false;
};
struct CodeList {
  std::string id;
  Label label;
  std::vector<CodeItem> codes;
  bool Has(std::string_view code) const;
};

struct Need {
  bool required = false;
  std::optional<Duration> within;  // absent: to close the record
  Condition from;                  // a moment; empty: the record's first write
  Condition when;                  // empty: always
};
struct DerivedFact {
  std::string code;
  Label label;
  FieldType type = FieldType::kNone;
  std::string code_list;
  std::string rule;
  std::string reveals;
};
struct Item {
  std::vector<Duty> duties;  // any of them
  Per per = Per::kFile;
  Evidence evidence = Evidence::kNone;
  Deadline deadline;
  std::string deadline_text;
  Condition applies;  // empty: always
  bool critical = false;
  bool about_persons = false;
};
struct Field {
  std::string code;
  Label label;
  FieldType type = FieldType::kNone;
  const CodeList* code_list = nullptr;  // lives in the same Pack
  Sensitivity sensitivity = Sensitivity::kNone;
  KeyClass key_class = KeyClass::kNone;  // kNone: clear; else sealed under that class
  Need need;
  Condition relevant;
  Condition constraint;
  Label constraint_message;
  std::vector<DerivedFact> derived;
  std::vector<Role> writers;  // empty: every member
  std::optional<Item> item;
  Provenance provenance;
  Label guidance;
  std::vector<std::string> clauses;
  bool record_key = false;
  std::optional<int64_t> min, max;
  // A derived fact is a field too; this names the sealed field it comes from.
  std::string derived_from;

  bool sealed() const { return key_class != KeyClass::kNone; }
};
struct Section {
  std::string code;
  Label label;
  std::vector<Field> fields;
};
struct NamedMoment {  // an event
  std::string code;
  Label label;
  Condition at;
};
struct NamedFact {
  std::string code;
  Label label;
  Condition when;
};
struct Variant {
  std::string code;
  Label label;
  std::vector<std::string> facts;
};
struct Form {
  std::string id;
  uint32_t version = 0;
  FormKind kind = FormKind::kNone;
  FileKind file_kind = FileKind::kNone;
  Label title;
  std::string parent;
  Per per = Per::kFile;
  std::vector<Section> sections;
  // Fields that nobody declares: tick boxes of facts, companions of items, derived
  // facts (common/domain/README.md). Not rendered as rows of their own.
  std::vector<Field> implied;
  std::vector<NamedMoment> events;
  std::vector<NamedFact> facts;
  std::vector<Variant> variants;
  Provenance provenance;

  const Field* FindField(std::string_view code) const;  // derived facts and "<item>.reason" too
  std::map<std::string, const Field*, std::less<>> by_code;  // filled by the compiler
};

struct Clause {
  std::string id;
  Label label;
  Condition applies;
  Condition met;
  Deadline deadline;
  Severity severity = Severity::kNone;
  std::vector<Role> waivers;
  Provenance provenance;
};
struct Standard {
  std::string id;
  uint32_t version = 0;
  Label title;
  FileKind file_kind = FileKind::kNone;
  std::vector<Clause> clauses;
  std::vector<NamedMoment> events;
  Provenance provenance;
};

// How long files of a kind are kept, and what keeps them longer.
struct Retention {
  std::string id;
  Label label;
  FileKind file_kind = FileKind::kNone;
  Condition due;   // from when on its erasure should be decided
  Condition hold;  // while it is true nothing of the file is erased; empty: nothing holds it
  Provenance provenance;
};

struct SourceEntry {
  std::string key, title, url;
};

// A compiled pack. Never copied or moved: fields point into it. Threads: any.
struct Pack {
  Pack() = default;
  Pack(const Pack&) = delete;
  Pack& operator=(const Pack&) = delete;

  Hash hash;  // SHA-256 of the canonical bytes
  std::string id;
  uint32_t version = 0;
  std::string owner;
  Label title;
  std::vector<SourceEntry> sources;
  std::vector<std::unique_ptr<CodeList>> code_lists;
  std::vector<std::unique_ptr<Form>> forms;
  std::vector<std::unique_ptr<Standard>> standards;
  std::vector<Retention> retentions;
  std::vector<Export> exports;
  std::vector<Dimension> dimensions;
  std::vector<Measure> measures;  // may point into forms and standards of the same Pack
  // By standard and clause. Numbers that became known later count for work of older
  // versions too: ask the newest pack.
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>>
      official_numbers;

  const Form* FindForm(std::string_view form, uint32_t version) const;
  const Form* FindNewestForm(std::string_view form) const;  // its highest version
  const CodeList* FindCodeList(std::string_view list) const;
  const Export* FindExport(std::string_view id) const;  // nullptr: the pack has none
  const Measure* FindMeasure(std::string_view measure) const;
  const Dimension* FindDimension(std::string_view dimension) const;
  // What the official text calls the clause; empty: not known.
  std::string_view OfficialNumber(std::string_view standard, std::string_view clause) const;
};

}  // namespace kapea::domain
