// From the messages of a pack to its values: what every part of the compiler shares.
// Private to codec: it needs protobuf.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "common/codec/pack_compiler_report.h"
#include "common/domain/form.h"
#include "kapea/v1/pack.pb.h"

namespace kapea::codec {

// What the parts of one compilation share. Threads: one at a time.
struct PackBuild {
  const v1::Pack& message;
  domain::Pack& pack;
  Report& report;
};

// Which key a field is sealed under; kNone: it is clear. Text, names, phones,
// addresses, positions, images and attachments are sealed whatever their sensitivity.
domain::KeyClass KeyClassOf(domain::FieldType type, domain::Sensitivity sensitivity);

// English is required; Khmer says whether it has been signed off.
domain::Label BuildLabel(const v1::Label& label, const Place& place, Report& report);
// The same where a label may be left out.
domain::Label BuildOptionalLabel(const v1::Label& label, const Place& place, Report& report);

// Reports a key that is none of the pack's sources.
void CheckSource(const std::string& key, const Place& place, const PackBuild& build);

domain::Provenance BuildProvenance(const v1::Provenance& provenance, const Place& place,
                                   const PackBuild& build);

// The empty condition after a mistake.
domain::Condition BuildCondition(const std::string& text, const Place& place, Report& report);
domain::Deadline BuildDeadline(const std::string& text, const Place& place, Report& report);

// Whether `text` has 1 to `max` characters, all letters of `also`, digits, or of
// [a-z] and [A-Z] as asked.
struct CodeShape {
  bool upper = true;
  bool lower = true;
  std::string_view also = "";
  size_t max = 40;
};
bool Fits(std::string_view text, const CodeShape& shape);

// Reports a code that is malformed or was there before.
void TakeCode(const std::string& code, const CodeShape& shape, std::set<std::string>& seen,
              const Place& place, Report& report);

// Forms with their fields, in two steps: everything that conditions may name, and then
// the conditions (pack_compiler_check.cc).
void BuildForms(const PackBuild& build);
void CheckConditions(const PackBuild& build);

// The tables that leave the house, against the forms: after BuildForms.
void BuildExports(const PackBuild& build);
// How one of them is read, once its columns are built: part of BuildExports.
void BuildImport(const PackBuild& build, const v1::Export& message, const Place& place,
                 domain::Export& made);
// Questions and indicators, likewise in two steps.
void BuildMeasures(const PackBuild& build);
class ConditionChecker;
void CheckMeasures(const PackBuild& build, ConditionChecker& conditions);

// Of several versions of a form in one pack: a field keeps its type and its seal.
void CheckFieldHistories(const PackBuild& build);

}  // namespace kapea::codec
