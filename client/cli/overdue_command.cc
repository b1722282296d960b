// kapea report overdue
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/link/query.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr size_t kCodeCells = 10;
constexpr size_t kLabelCells = 48;

struct OverdueArgs {
  std::string province;
  std::string unit;
  std::string as_of;
  bool pending = false;
};

// What this device's pack says of a clause or item; nothing where it has no such one.
struct Known {
  domain::FileKind kind = domain::FileKind::kNone;
  const domain::Label* label = nullptr;
  std::string official;
};

Known FindIn(const domain::Pack* pack, const standards::Finding& finding) {
  if (pack == nullptr) return {};
  for (const auto& standard : pack->standards) {
    if (standard->id != finding.source) continue;
    for (const domain::Clause& clause : standard->clauses) {
      if (clause.id != finding.code) continue;
      return {standard->file_kind, &clause.label,
              std::string(pack->OfficialNumber(standard->id, clause.id))};
    }
  }
  const domain::Form* form = pack->FindForm(finding.source, finding.version);
  const domain::Field* item = form != nullptr ? form->FindField(finding.code) : nullptr;
  return item != nullptr ? Known{form->file_kind, &item->label, ""} : Known{};
}

absl::StatusOr<link::ComplianceCall> CallOf(Session& session, const OverdueArgs& args) {
  link::ComplianceCall call;
  call.province = args.province;
  call.statuses = {domain::FindingStatus::kOverdue};
  if (args.pending) call.statuses.push_back(domain::FindingStatus::kPending);
  if (!args.unit.empty()) {
    KAPEA_ASSIGN(call.unit, field::FindUnit(session.vault, args.unit));
  }
  if (!args.as_of.empty()) {
    KAPEA_ASSIGN(call.as_of, field::ParseTime(args.as_of, session.vault.clock().Now()));
  }
  return call;
}

std::string Line(const Session& session, const codec::ToldFinding& told, const Known& known) {
  const standards::Finding& finding = told.finding;
  const std::string label =
      known.label != nullptr ? field::TextOf(*known.label, session.options.language) : "";
  const bool overdue = finding.status == domain::FindingStatus::kOverdue;
  const std::string code =
      known.official.empty() ? finding.code : finding.code + "=" + known.official;
  return absl::StrFormat(
      "  %s %s%s  %s%s\n", overdue ? "[!]" : "[ ]", text::PadTo(code, kCodeCells - 1) + " ",
      ShortText(label, kLabelCells),
      finding.due ? "due " + field::ToLocalText(finding.due->soft.latest) : "waits for its moment",
      finding.certain ? "" : " (?)");
}

json JsonOf(const codec::ToldFinding& told, const Known& known) {
  const standards::Finding& finding = told.finding;
  json object = {{"file", finding.file.hex()},
                 {"record", finding.record ? json(finding.record->hex()) : json()},
                 {"standard", finding.source},
                 {"version", finding.version},
                 {"clause", finding.code},
                 {"status", domain::NameOf(finding.status)},
                 {"severity", domain::NameOf(finding.severity)},
                 {"critical", finding.critical},
                 {"certain", finding.certain},
                 {"disputed", finding.disputed},
                 {"due", finding.due ? json(field::ToLocalIso(finding.due->soft.latest)) : json()},
                 {"explanation", told.explanation}};
  if (!known.official.empty()) object["official"] = known.official;
  return object;
}

absl::StatusOr<Result> RunOverdue(Session& session, const OverdueArgs& args) {
  KAPEA_ASSIGN(const link::ComplianceCall call, CallOf(session, args));
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  KAPEA_ASSIGN(const link::ComplianceReply reply,
               link::AskCompliance(*transport, session.vault.identity().server, call));
  const domain::Pack* pack = session.vault.NewestPack();
  Result result;
  json findings = json::array();
  FileId file;
  size_t files = 0;
  for (const codec::ToldFinding& told : reply.findings) {
    const Known known = FindIn(pack, told.finding);
    if (file != told.finding.file) {
      file = told.finding.file;
      ++files;
      result.text += field::CodeOf(file, known.kind) + "\n";
    }
    result.text += Line(session, told, known);
    findings.push_back(JsonOf(told, known));
  }
  result.text +=
      absl::StrFormat("%d findings of %d files, as of %s; ledger size %d\n", reply.findings.size(),
                      files, field::ToLocalText(reply.as_of), reply.ledger_size);
  result.json = {{"as_of", field::ToLocalIso(reply.as_of)},
                 {"ledger", {{"size", reply.ledger_size}, {"root", reply.ledger_root.hex()}}},
                 {"files", files},
                 {"findings", findings}};
  return result;
}

}  // namespace

void AddOverdueReport(CLI::App& report, Chosen& chosen) {
  auto args = std::make_shared<OverdueArgs>();
  CLI::App* one = report.add_subcommand(
      "overdue", "Every overdue clause of your units' files, asked of the server");
  one->add_option("--province", args->province, "Units of that province alone, by its code");
  one->add_option("--unit", args->unit, "Files of a unit, by its code");
  one->add_option("--as-of", args->as_of, "By what the ledger held at that time");
  one->add_flag("--pending", args->pending, "Also what is not due yet");
  one->footer(
      "You see files of units at which you are supervisor or analyst. Drills are left out.\n"
      "Example: kapea report overdue --province 12");
  one->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunOverdue(session, *args); };
    chosen.network = true;
  });
}

}  // namespace kapea::cli
