#include "tests/common/standards/test_bench.h"

#include <gtest/gtest.h>

#include "common/codec/pack_compiler.h"

namespace kapea::standards {
namespace {

// Written once, expanded below: every element needs its labels and sources.
constexpr std::string_view kLabel = R"(label { en: "Invented" } )";
constexpr std::string_view kProvenance = R"(provenance { status: SOURCE_STATUS_PROPOSED } )";

std::string List(std::string_view id, const std::vector<std::string>& codes) {
  std::string text = "code_lists { id: \"" + std::string(id) + "\" " + std::string(kLabel) +
                     std::string(kProvenance);
  for (const std::string& code : codes) {
    text += "codes { code: \"" + code + "\" " + std::string(kLabel) + "} ";
  }
  return text + "}\n";
}

std::string Item(std::string_view code, std::string_view rest) {
  return "fields { code: \"" + std::string(code) + "\" " + std::string(kLabel) +
         std::string(kProvenance) + "type: FIELD_TYPE_ITEM item { duties: DUTY_LEAD " +
         std::string(rest) + "} }\n";
}

std::string Field(std::string_view code, std::string_view type, std::string_view rest = "",
                  std::string_view sensitivity = "OPERATIONAL") {
  return "fields { code: \"" + std::string(code) + "\" " + std::string(kLabel) +
         "type: FIELD_TYPE_" + std::string(type) + " sensitivity: SENSITIVITY_" +
         std::string(sensitivity) + " " + std::string(rest) + "}\n";
}

std::string Form(std::string_view id, std::string_view head, const std::string& fields) {
  return "forms { id: \"" + std::string(id) + "\" version: 1 title { en: \"Invented\" } " +
         std::string(kProvenance) + std::string(head) + " sections { code: \"A\" " +
         std::string(kLabel) + fields + "} }\n";
}

std::string Event(std::string_view code, std::string_view at) {
  return "events { code: \"" + std::string(code) + "\" " + std::string(kLabel) + "at: \"" +
         std::string(at) + "\" } ";
}

std::string Fact(std::string_view code, std::string_view when = "") {
  return "facts { code: \"" + std::string(code) + "\" " + std::string(kLabel) + "when: \"" +
         std::string(when) + "\" } ";
}

std::string OperationForms() {
  const std::string checklist = "kind: FORM_KIND_CHECKLIST file_kind: FILE_KIND_OPERATION " +
                                Event("T0", "done(E-1)") + Fact("foreign") +
                                Fact("child", "any(OP-PERSON, child)");
  const std::string child =
      "kind: FORM_KIND_RECORD file_kind: FILE_KIND_OPERATION parent: \"OP\" per: PER_PERSON " +
      Event("MET", "met_at") + Fact("child", "presumed_child = true");
  return Form("OP", checklist,
              Item("E-1", "evidence: EVIDENCE_TIME critical: true ") +
                  Item("E-2", "deadline: \"T0 + 30m\" ") + Item("E-3", "deadline: \"before T0\" ") +
                  Item("E-4", "evidence: EVIDENCE_DOCUMENT deadline: \"T0 + 1h\" ") +
                  Item("E-5", "evidence: EVIDENCE_TWO_SIGNATURES deadline: \"T0 + 1h\" ") +
                  Item("E-6", "applies: \"foreign\" ") +
                  Item("E-7", "evidence: EVIDENCE_PHOTO_AND_DOCUMENT ") +
                  Item("E-8", "deadline: \"T0 - 24h\" ") +
                  Item("PP-1",
                       "per: PER_PERSON "
                       "deadline: \"if(child, MET + 1h, MET + 2h)\" ")) +
         Form("OP-PERSON", child,
              Field("met_at", "TIME") + Field("presumed_child", "BOOLEAN") +
                  Field("sex", "CODE", "code_list: \"CL_SEX\" "));
}

std::string PersonForms() {
  const std::string record = "kind: FORM_KIND_RECORD file_kind: FILE_KIND_PERSON ";
  return Form("INTAKE", record + Event("ARRIVAL", "arrival_at"),
              Field("arrival_at", "TIME", "need { kind: KIND_REQUIRED } record_key: true ") +
                  Field("level", "CODE",
                        "code_list: \"CL_LEVEL\" need { kind: KIND_REQUIRED "
                        "within: \"24h\" from: \"arrival_at\" } ") +
                  Field("danger_from", "CODES", "code_list: \"CL_LEVEL\" ") +
                  Field("explained_at", "TIME") + Field("born", "DATE") +
                  Field("children", "INTEGER",
                        "need { kind: KIND_REQUIRED within: \"2h\" "
                        "when: \"sex = F\" } ") +
                  Field("sex", "CODE", "code_list: \"CL_SEX\" ") +
                  Field("plan", "TEXT",
                        "need { kind: KIND_REQUIRED } "
                        "relevant: \"level in [medium, high]\" ") +
                  Field("name", "NAME",
                        "derived { code: \"name_given\" label { en: \"Given\" } "
                        "type: FIELD_TYPE_BOOLEAN rule: \"present\" reveals: \"Presence.\" } ",
                        "IDENTITY") +
                  Field("checked", "BOOLEAN",
                        "writers: ROLE_SUPERVISOR writers: "
                        "ROLE_INTAKE_OFFICER ") +
                  Field("stay", "DURATION") + Field("to_unit", "UNIT")) +
         Form("PERSON-CONSENT", record,
              Field("purpose", "CODE", "code_list: \"CL_PURPOSE\" ") +
                  Field("answer", "CODE", "code_list: \"CL_YES\" ") + Field("ends_at", "TIME") +
                  Field("recipient", "UNIT")) +
         Form("VISIT", record, Field("visited_at", "TIME") + Field("well", "BOOLEAN"));
}

}  // namespace

std::string BenchPackText(std::string_view clauses) {
  return "id: \"bench\" version: 1 owner: \"Nobody\" title { en: \"Invented\" }\n" +
         List("CL_SEX", {"F", "M", "X"}) + List("CL_LEVEL", {"low", "medium", "high"}) +
         List("CL_PURPOSE", {"photo", "sharing"}) + List("CL_YES", {"yes", "no"}) +
         List("CL_REASON", {"refused", "other"}) + OperationForms() + PersonForms() +
         "standards { id: \"STD\" version: 3 title { en: \"Invented\" } "
         "file_kind: FILE_KIND_PERSON " +
         std::string(kProvenance) + Event("A", "INTAKE.arrival_at") + std::string(clauses) + "}\n";
}

Bench::Bench(std::string_view clauses) {
  auto compiled = codec::CompilePackFiles({{"bench", BenchPackText(clauses)}});
  for (const auto& mistake : compiled.mistakes) ADD_FAILURE() << codec::ToText(mistake);
  if (compiled.pack == nullptr) std::abort();
  pack = std::move(compiled.pack);
  packs.Add(pack, 0);
  standard = pack->standards[0].get();
  now = start;
  Put(operation,
      *Found(operation.id(), domain::FileKind::kOperation, lead,
             {Line(officer, {Duty::kLead}), Line(supervisor)}, {Duty::kLead}),
      Exactly(start));
  Put(person,
      *Found(person.id(), domain::FileKind::kPerson, intake,
             {Line(intake2), Line(supervisor), Line(lead)}),
      Exactly(start));
  Put(operation, By(lead, operation).Set(checklist, "fact.child", false).Pin("OP", 1), 0);
  Put(person, By(intake, person).Set(intake_record, "checked", false).Pin("INTAKE", 1), 0);
}

void Bench::Put(FileState& file, domain::Change change, const When& when) {
  // Of one boot for each Change, so that no two of a device contradict one another.
  const BootId boot = MakeId<BootId>(++boots);
  domain::SeenServerTime seen;
  seen.time = when.seen;
  seen.elapsed = Duration::Hours(1);
  seen.boot = boot;
  change.header.server_time = seen;
  change.header.clock = {when.happened, seen.elapsed + (when.happened - when.seen), boot};
  ClockReading signing = {when.received, seen.elapsed + (when.received - when.seen), boot};
  if (when.rebooted) {
    change.header.clock.boot = MakeId<BootId>(++boots);
    signing.boot = MakeId<BootId>(++boots);
  }
  now = when.received;
  domain::Placed placed{std::make_shared<const domain::Change>(change),
                        Place(change, file.number() + 1), signing};
  placed.entry.rules = domain::kRulesVersion;
  placed.entry.verdict = file.Judge(change, placed.entry.sequence, around());
  ASSERT_EQ(placed.entry.verdict, domain::Verdict::kAccepted);
  file.Append(placed, around());
}

ChangeBuilder Bench::By(const Author& author, const FileState& file, Duty duty) const {
  ChangeBuilder builder = Edit(file, author);
  if (duty != Duty::kNone) builder.Duty(duty);
  return builder;
}

void Bench::Tick(std::string_view item, const When& when) {
  Put(operation, By(lead, operation, Duty::kLead).Set(checklist, item, Code{"done"}), when);
}

Finding Bench::Clause(std::string_view id, int64_t as_of_minutes,
                      const domain::LinkedFiles* linked) const {
  for (Finding& finding : Evaluate({person, At(as_of_minutes), linked}, *standard)) {
    if (finding.code == id) return finding;
  }
  ADD_FAILURE() << "no clause " << id;
  return {};
}

std::vector<Finding> Bench::Items(std::string_view code, int64_t as_of_minutes) const {
  auto findings = EvaluateChecklist({operation, At(as_of_minutes)}, *pack->FindForm("OP", 1));
  std::erase_if(findings, [&](const Finding& finding) { return finding.code != code; });
  return findings;
}

Finding Bench::Item(std::string_view code, int64_t as_of_minutes) const {
  auto findings = Items(code, as_of_minutes);
  if (findings.size() == 1) return findings[0];
  ADD_FAILURE() << findings.size() << " findings of " << code;
  return {};
}

domain::Outcome Bench::Truth(std::string_view text, const FileState& file, int64_t as_of_minutes,
                             const domain::Record* record) const {
  const auto condition = domain::Condition::Parse(text);
  EXPECT_TRUE(condition.ok()) << condition.status();
  if (!condition.ok()) return {};
  return EvaluateTruth(*condition, {file, At(as_of_minutes), nullptr, standard, record});
}

domain::Outcome Bench::Moment(std::string_view text, const FileState& file,
                              int64_t as_of_minutes) const {
  const auto condition = domain::Condition::Parse(text);
  EXPECT_TRUE(condition.ok()) << condition.status();
  if (!condition.ok()) return {};
  return EvaluateMoment(*condition, {file, At(as_of_minutes), nullptr, standard});
}

}  // namespace kapea::standards
