// kapea break-glass request, approve, open, list
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/field/break_glass.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct GlassArgs {
  std::string file, reason, why;
  std::vector<std::string> classes;
};

std::vector<std::string> Names(const std::vector<domain::KeyClass>& classes) {
  std::vector<std::string> names;
  for (const domain::KeyClass one : classes) names.emplace_back(domain::NameOf(one));
  return names;
}

absl::StatusOr<domain::KeyClass> ParseClass(const std::string& text) {
  for (const domain::KeyClass one : domain::kKeyClasses) {
    if (domain::NameOf(one) == text) return one;
  }
  return absl::InvalidArgumentError("want general, identity, testimony, health or plan, got '" +
                                    text + "'; nothing was written");
}

absl::StatusOr<std::string> CodeFor(Session& session, const FileId& file) {
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  return field::CodeOf(file, state->kind());
}

absl::StatusOr<Result> RunRequest(Session& session, const GlassArgs& args) {
  vault::GlassRequest request;
  KAPEA_ASSIGN(request.file, field::FindGlassFile(session.vault, args.file));
  for (const std::string& text : args.classes) {
    KAPEA_ASSIGN(request.classes.emplace_back(), ParseClass(text));
  }
  request.reason = args.reason;
  request.why = args.why;
  KAPEA_ASSIGN(const domain::Ref made, field::AskForGlass(session.vault, request));
  KAPEA_ASSIGN(const std::string code, CodeFor(session, request.file));
  Result result;
  result.text = absl::StrCat(
      code,
      "  asked. Nothing is open: sync, and within the hour another supervisor agrees\n  kapea ",
      "break-glass approve ", code, "\nThe file's leads and supervisors are told of it.\n");
  result.json = {{"file", request.file.hex()}, {"code", code}, {"request", made.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunApprove(Session& session, const GlassArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindGlassFile(session.vault, args.file));
  KAPEA_ASSIGN(const field::GlassLine line, field::NewestGlass(session.vault, file, false));
  KAPEA_ASSIGN(const domain::Ref made,
               session.vault.break_glass().Approve(file, line.act.request.change));
  KAPEA_ASSIGN(const std::string code, CodeFor(session, file));
  Result result;
  result.text = absl::StrFormat(
      "%s  agreed: %s gets your half of %s when the server has this.\n"
      "  she said: %s\nThe file's leads and supervisors are told of it.\n",
      code, field::PersonName(session.vault, line.act.by),
      absl::StrJoin(Names(line.act.classes), ", "), line.why.empty() ? "(no words)" : line.why);
  result.json = {{"file", file.hex()},
                 {"code", code},
                 {"request", line.act.request.change.hex()},
                 {"approval", made.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunOpen(Session& session, const GlassArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindGlassFile(session.vault, args.file));
  KAPEA_ASSIGN(const field::GlassLine line, field::NewestGlass(session.vault, file, true));
  KAPEA_ASSIGN(const auto classes, session.vault.break_glass().Open(file, line.act.request.change));
  KAPEA_ASSIGN(const std::string code, CodeFor(session, file));
  Result result;
  result.text = absl::StrFormat(
      "%s  open until %s: %s. What you read is told to the file, as the opening is.\n"
      "You may read, and write nothing. Sync if something is missing.\n",
      code, field::ToLocalText(line.act.until()), absl::StrJoin(Names(classes), ", "));
  result.json = {{"file", file.hex()},
                 {"code", code},
                 {"classes", Names(classes)},
                 {"until", ToIso8601(line.act.until())}};
  return result;
}

json LineJson(const field::GlassLine& line) {
  const domain::GlassAt& act = line.act;
  json one = {{"request", act.request.change.hex()},
              {"status", domain::NameOf(line.status)},
              {"by", act.by.hex()},
              {"reason", act.reason},
              {"why", line.why},
              {"classes", Names(act.classes)},
              {"asked", ToIso8601(act.time.soft.latest)},
              {"for_me", line.for_me},
              {"openings", act.opened.size()}};
  if (act.approval) {
    one["approved_by"] = act.approved_by.hex();
    one["approved"] = ToIso8601(act.approved);
    one["until"] = ToIso8601(act.until());
  }
  return one;
}

absl::Status AddFile(Session& session, const FileId& file, bool all, Result& result, json& files) {
  KAPEA_ASSIGN(const auto lines, field::ListGlass(session.vault, file));
  const bool guarded = all || !lines.empty();
  if (!guarded) return absl::OkStatus();
  KAPEA_ASSIGN(const std::string code, CodeFor(session, file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  const bool half =
      domain::HoldsHalf(*state, session.vault.identity().person, domain::KeyClass::kNone);
  absl::StrAppend(&result.text, code, half ? "  you have a half of its keys\n" : "\n");
  json acts = json::array();
  for (const field::GlassLine& line : lines) {
    absl::StrAppendFormat(&result.text, "  %s  %s asked for %s, because %s: %s\n",
                          std::string(domain::NameOf(line.status)),
                          field::PersonName(session.vault, line.act.by),
                          absl::StrJoin(Names(line.act.classes), ", "), line.act.reason,
                          line.why.empty() ? "(words not for you)" : line.why);
    if (line.act.approval) {
      absl::StrAppendFormat(&result.text, "    %s agreed; until %s; opened %d times\n",
                            field::PersonName(session.vault, line.act.approved_by),
                            field::ToLocalText(line.act.until()), line.act.opened.size());
    }
    acts.push_back(LineJson(line));
  }
  files.push_back({{"file", file.hex()}, {"code", code}, {"half", half}, {"acts", acts}});
  return absl::OkStatus();
}

absl::StatusOr<Result> RunList(Session& session, const GlassArgs& args) {
  Result result;
  json files = json::array();
  if (!args.file.empty()) {
    KAPEA_ASSIGN(const FileId file, field::FindGlassFile(session.vault, args.file));
    KAPEA_TRY(AddFile(session, file, true, result, files));
  } else {
    KAPEA_ASSIGN(const auto with_halves, field::FilesWithHalves(session.vault));
    for (const FileId& file : with_halves) {
      KAPEA_TRY(AddFile(session, file, true, result, files));
    }
  }
  if (files.empty()) result.text = "you have no half of any file's keys\n";
  result.json = {{"files", files}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const GlassArgs&);

void Add(CLI::App& group, Chosen& chosen, const char* name, const char* help, Runner runner) {
  auto args = std::make_shared<GlassArgs>();
  CLI::App* one = group.add_subcommand(name, help);
  CLI::Option* file = one->add_option("file", args->file, "The file, by its code");
  if (runner != RunList) file->required();
  if (runner == RunRequest) {
    one->add_option("--reason", args->reason,
                    "Why, as a code: lead_unreachable, danger_to_life ...")
        ->required();
    one->add_option("--why", args->why,
                    "Why, in words: sealed to who has the other halves and to the file's leads")
        ->required();
    one->add_option("--class", args->classes,
                    "general, identity, testimony, health, plan; else what supervisors may read");
  }
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
}

}  // namespace

void AddBreakGlassCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "break-glass", "Two supervisors open a file whose leads cannot be reached; all are told");
  group->require_subcommand(1);
  Add(*group, chosen, "request", "Ask for a file of whose keys you have a half", RunRequest);
  Add(*group, chosen, "approve", "Agree to what another supervisor asked for, within the hour",
      RunApprove);
  Add(*group, chosen, "open", "Join the two halves, for 24 hours, and read", RunOpen);
  Add(*group, chosen, "list", "Of which files you have halves, who asked, what is open", RunList);
}

}  // namespace kapea::cli
