// kapea plan release, approve, status: the plan of an operation
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/field/plan.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct PlanArgs {
  std::string file;
  std::string reason = "briefing";
};

absl::StatusOr<FileId> Operation(Session& session, const PlanArgs& args) {
  return FindFileOf(session, domain::FileKind::kOperation, args.file);
}

absl::StatusOr<Result> RunRelease(Session& session, const PlanArgs& args) {
  KAPEA_ASSIGN(const FileId file, Operation(session, args));
  KAPEA_ASSIGN(const domain::Ref made, field::ProposeRelease(session.vault, file, args.reason));
  const std::string code = field::CodeOf(file, domain::FileKind::kOperation);
  Result result;
  result.text = absl::StrCat(
      code, "  proposed; the team does not have the plan yet. Within seven days another lead or\n",
      "supervisor of the operation agrees:\n  kapea plan approve ", code, "\n");
  result.json = {{"file", file.hex()}, {"code", code}, {"proposal", made.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunApprove(Session& session, const PlanArgs& args) {
  KAPEA_ASSIGN(const FileId file, Operation(session, args));
  KAPEA_ASSIGN(const domain::Ref made, field::ApproveRelease(session.vault, file));
  const std::string code = field::CodeOf(file, domain::FileKind::kOperation);
  Result result;
  result.text = absl::StrCat(
      code, "  agreed. Sync: when the server has this, the next lead or supervisor to sync gives\n",
      "the plan's keys to everybody on the roster. It cannot be taken back.\n");
  result.json = {{"file", file.hex()}, {"code", code}, {"approval", made.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunStatus(Session& session, const PlanArgs& args) {
  KAPEA_ASSIGN(const FileId file, Operation(session, args));
  KAPEA_ASSIGN(const field::PlanView view, field::ViewPlan(session.vault, file));
  const std::string code = field::CodeOf(file, domain::FileKind::kOperation);
  Result result;
  json released;
  if (view.release) {
    absl::StrAppendFormat(&result.text, "%s  released %s by %s and %s\n", code,
                          field::ToLocalText(view.release->at),
                          field::PersonName(session.vault, view.release->proposed_by),
                          field::PersonName(session.vault, view.release->approved_by));
    released = {{"at", ToIso8601(view.release->at)},
                {"proposed_by", view.release->proposed_by.hex()},
                {"approved_by", view.release->approved_by.hex()}};
  } else {
    absl::StrAppend(&result.text, code, "  not released: leads and supervisors alone have it\n");
  }
  json open = json::array();
  for (const field::PlanView::Proposal& one : view.open) {
    if (!view.release) {
      absl::StrAppendFormat(&result.text, "  proposed by %s, because %s\n",
                            field::PersonName(session.vault, one.by), one.reason);
    }
    open.push_back({{"proposal", one.change.hex()}, {"by", one.by.hex()}, {"reason", one.reason}});
  }
  result.json = {{"file", file.hex()}, {"code", code}, {"released", released}, {"proposed", open}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const PlanArgs&);

void Add(CLI::App& group, Chosen& chosen, const char* name, const char* help, Runner runner) {
  auto args = std::make_shared<PlanArgs>();
  CLI::App* one = group.add_subcommand(name, help);
  one->add_option("file", args->file, "The operation, by its code")->required();
  if (runner == RunRelease) {
    one->add_option("--reason", args->reason, "Why now, as a code: briefing, departure ...");
  }
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
}

}  // namespace

void AddPlanRelease(CLI::App& plan, Chosen& chosen) {
  Add(plan, chosen, "release", "Propose to give an operation's plan to its team", RunRelease);
  Add(plan, chosen, "approve", "Agree to release an operation's plan to its team", RunApprove);
  Add(plan, chosen, "status", "Whether an operation's plan is released, and by whom", RunStatus);
}

}  // namespace kapea::cli
