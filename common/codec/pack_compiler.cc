#include "common/codec/pack_compiler.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "common/codec/canonical.h"
#include "common/codec/pack_compiler_build.h"
#include "common/crypto/hash.h"

namespace kapea::codec {
namespace {

// A pack's bytes; the texts it comes from are longer.
constexpr size_t kPackBytesMax = kPackTextBytesMax;
constexpr size_t kOfficialNumberBytesMax = 40;

void BuildHead(const PackBuild& build) {
  const v1::Pack& message = build.message;
  build.pack.id = message.id();
  build.pack.version = message.version();
  build.pack.owner = message.owner();
  build.pack.title = BuildLabel(message.title(), Place().Part("title"), build.report);
  if (!Fits(message.id(), {false, true, "-", 40})) {
    build.report.Add(Place().Part("id"), "want a pack id of a-z, 0-9 and -");
  }
  if (message.version() == 0) {
    build.report.Add(Place().Part("version"), "want a version of at least 1");
  }
  if (message.owner().empty()) {
    build.report.Add(Place().Part("owner"), "want the body that answers for the pack");
  }
}

void BuildSources(const PackBuild& build) {
  std::set<std::string> keys;
  for (int i = 0; i < build.message.sources_size(); ++i) {
    const v1::Source& source = build.message.sources(i);
    const Place place = Place().At("sources", i, source.key());
    TakeCode(source.key(), {true, true, "_-.", 40}, keys, place.Part("key"), build.report);
    if (source.title().empty()) build.report.Add(place.Part("title"), "want a title");
    build.pack.sources.push_back({source.key(), source.title(), source.url()});
  }
}

void BuildCodeLists(const PackBuild& build) {
  std::set<std::string> ids;
  for (int i = 0; i < build.message.code_lists_size(); ++i) {
    const v1::CodeList& message = build.message.code_lists(i);
    const Place place = Place().At("code_lists", i, message.id());
    TakeCode(message.id(), {true, false, "_", 40}, ids, place.Part("id"), build.report);
    auto list = std::make_unique<domain::CodeList>();
    list->id = message.id();
    list->label = BuildLabel(message.label(), place.Part("label"), build.report);
    BuildProvenance(message.provenance(), place.Part("provenance"), build);
    if (message.codes().empty()) build.report.Add(place.Part("codes"), "want a code");
    std::set<std::string> codes;
    for (int j = 0; j < message.codes_size(); ++j) {
      const v1::Code& code = message.codes(j);
      const Place at = place.At("codes", j, code.code());
      TakeCode(code.code(), {true, true, "_-", 40}, codes, at.Part("code"), build.report);
      list->codes.push_back(
          {code.code(), BuildLabel(code.label(), at.Part("label"), build.report), code.retired()});
    }
    build.pack.code_lists.push_back(std::move(list));
  }
}

domain::Clause BuildClause(const v1::Clause& message, const Place& place, const PackBuild& build) {
  domain::Clause clause;
  clause.id = message.id();
  clause.label = BuildLabel(message.label(), place.Part("label"), build.report);
  clause.applies = BuildCondition(message.applies(), place.Part("applies"), build.report);
  clause.met = BuildCondition(message.met(), place.Part("met"), build.report);
  if (message.met().empty()) build.report.Add(place.Part("met"), "want when it is met");
  clause.deadline = BuildDeadline(message.deadline(), place.Part("deadline"), build.report);
  clause.severity = static_cast<domain::Severity>(message.severity());
  if (clause.severity == domain::Severity::kNone) {
    build.report.Add(place.Part("severity"), "want a severity");
  }
  for (int i = 0; i < message.waivers_size(); ++i) {
    clause.waivers.push_back(static_cast<domain::Role>(message.waivers(i)));
    if (clause.waivers.back() == domain::Role::kNone) {
      build.report.Add(place.At("waivers", i, ""), "want a role");
    }
  }
  clause.provenance = BuildProvenance(message.provenance(), place.Part("provenance"), build);
  return clause;
}

void BuildStandards(const PackBuild& build) {
  std::set<std::pair<std::string, uint32_t>> seen;
  for (int i = 0; i < build.message.standards_size(); ++i) {
    const v1::Standard& message = build.message.standards(i);
    const Place place = Place().At("standards", i, message.id());
    if (!Fits(message.id(), {true, false, "-", 40})) {
      build.report.Add(place.Part("id"), "want a standard id of A-Z, 0-9 and -");
    }
    if (message.version() == 0) {
      build.report.Add(place.Part("version"), "want a version of at least 1");
    }
    if (!seen.emplace(message.id(), message.version()).second) {
      build.report.Add(place, "want each version of a standard once");
    }
    auto standard = std::make_unique<domain::Standard>();
    standard->id = message.id();
    standard->version = message.version();
    standard->title = BuildLabel(message.title(), place.Part("title"), build.report);
    standard->file_kind = static_cast<domain::FileKind>(message.file_kind());
    if (standard->file_kind == domain::FileKind::kNone) {
      build.report.Add(place.Part("file_kind"), "want the kind of file that it judges");
    }
    standard->provenance = BuildProvenance(message.provenance(), place.Part("provenance"), build);
    std::set<std::string> clauses;
    for (int j = 0; j < message.clauses_size(); ++j) {
      const Place at = place.At("clauses", j, message.clauses(j).id());
      TakeCode(message.clauses(j).id(), {true, true, "_.-", 40}, clauses, at.Part("id"),
               build.report);
      standard->clauses.push_back(BuildClause(message.clauses(j), at, build));
    }
    std::set<std::string> events;
    for (int j = 0; j < message.events_size(); ++j) {
      const v1::Event& event = message.events(j);
      const Place at = place.At("events", j, event.code());
      TakeCode(event.code(), {true, false, "_", 40}, events, at.Part("code"), build.report);
      if (event.at().empty()) build.report.Add(at.Part("at"), "want when the event happens");
      standard->events.push_back({event.code(),
                                  BuildLabel(event.label(), at.Part("label"), build.report),
                                  BuildCondition(event.at(), at.Part("at"), build.report)});
    }
    build.pack.standards.push_back(std::move(standard));
  }
}

// Each clause of each standard, whatever the version.
std::set<std::pair<std::string, std::string>> ClausesOf(const domain::Pack& pack) {
  std::set<std::pair<std::string, std::string>> clauses;
  for (const auto& standard : pack.standards) {
    for (const domain::Clause& clause : standard->clauses) clauses.emplace(standard->id, clause.id);
  }
  return clauses;
}

bool IsNumber(std::string_view text) {
  return !text.empty() && text.size() <= kOfficialNumberBytesMax &&
         std::none_of(text.begin(), text.end(),
                      [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); });
}

void BuildOfficialNumbers(const PackBuild& build) {
  const auto clauses = ClausesOf(build.pack);
  for (int i = 0; i < build.message.official_numbers_size(); ++i) {
    const v1::OfficialNumber& line = build.message.official_numbers(i);
    const Place place = Place().At("official_numbers", i, line.clause());
    if (!clauses.contains({line.standard(), line.clause()})) {
      build.report.Add(place, "want a clause of a standard of this pack, got '" + line.clause() +
                                  "' of '" + line.standard() + "'");
      continue;
    }
    if (!IsNumber(line.number())) {
      build.report.Add(place.Part("number"), "want a number of 1 to 40 bytes in one line");
    }
    CheckSource(line.source(), place.Part("source"), build);
    if (!build.pack.official_numbers[line.standard()]
             .emplace(line.clause(), line.number())
             .second) {
      build.report.Add(place, "want one number for a clause");
    }
  }
}

void BuildRetentions(const PackBuild& build) {
  std::set<std::string> ids;
  for (int i = 0; i < build.message.retentions_size(); ++i) {
    const v1::Retention& message = build.message.retentions(i);
    const Place place = Place().At("retentions", i, message.id());
    TakeCode(message.id(), {true, false, "-", 40}, ids, place.Part("id"), build.report);
    domain::Retention& rule = build.pack.retentions.emplace_back();
    rule.id = message.id();
    rule.label = BuildLabel(message.label(), place.Part("label"), build.report);
    rule.file_kind = static_cast<domain::FileKind>(message.file_kind());
    if (rule.file_kind == domain::FileKind::kNone) {
      build.report.Add(place.Part("file_kind"), "want the kind of file that it is about");
    }
    rule.due = BuildCondition(message.due(), place.Part("due"), build.report);
    rule.hold = BuildCondition(message.hold(), place.Part("hold"), build.report);
    if (message.due().empty() && message.hold().empty()) {
      build.report.Add(place, "want when erasure is due, or what holds a file, or both");
    }
    rule.provenance = BuildProvenance(message.provenance(), place.Part("provenance"), build);
  }
}

}  // namespace

CompileResult CompilePack(std::string_view bytes, const Spots& spots) {
  Report report(spots);
  v1::Pack message;
  if (bytes.size() > kPackBytesMax) {
    report.Add({}, "want a pack of at most 4 MiB");
    return {nullptr, report.Take()};
  }
  if (const auto status = DecodeCanonical(bytes, "pack", message); !status.ok()) {
    report.Add({}, std::string(status.message()));
    return {nullptr, report.Take()};
  }
  auto pack = std::make_unique<domain::Pack>();
  pack->hash = crypto::Sha256(bytes);
  const PackBuild build{message, *pack, report};
  BuildHead(build);
  BuildSources(build);
  BuildCodeLists(build);
  BuildForms(build);
  BuildStandards(build);
  BuildOfficialNumbers(build);
  BuildRetentions(build);
  BuildExports(build);
  BuildMeasures(build);
  CheckConditions(build);
  CheckFieldHistories(build);
  if (!report.mistakes().empty()) return {nullptr, report.Take()};
  return {std::move(pack), {}};
}

CompileResult CompilePackFiles(const std::vector<PackFile>& files) {
  PackSource source = ParsePackFiles(files);
  if (!source.mistakes.empty()) return {nullptr, std::move(source.mistakes)};
  return CompilePack(source.bytes, source.spots);
}

absl::StatusOr<std::unique_ptr<domain::Pack>> OpenPack(std::string_view bytes) {
  CompileResult result = CompilePack(bytes);
  if (result.pack != nullptr) return std::move(result.pack);
  return absl::InvalidArgumentError("pack: " + ToText(result.mistakes.front()));
}

}  // namespace kapea::codec
