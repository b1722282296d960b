// kapea recovery request, import, list
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/field/recovery.h"
#include "client/vault/recovery.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/recovery_codec.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct RecoveryArgs {
  std::vector<std::string> files;
  std::string reason, out, answer;
};

absl::StatusOr<Result> RunRequest(Session& session, const RecoveryArgs& args) {
  std::vector<FileId> files;
  for (const std::string& name : args.files) {
    KAPEA_ASSIGN(files.emplace_back(), field::FindFile(session.vault, name));
  }
  KAPEA_ASSIGN(const vault::RecoveryAsked asked,
               vault::KeyRecovery(session.vault).Ask(files, args.reason));
  KAPEA_TRY(WriteFileAtomically(args.out, asked.bytes, kPrivateFileMode));
  Result result;
  absl::StrAppendFormat(&result.text,
                        "%s asks for %d keys of %d files. Nothing in it is secret.\n"
                        "Bring it to those who hold the share sheets, and read them this number "
                        "yourself, by voice:\n  %s\n",
                        args.out, asked.keys, asked.files, asked.number);
  if (asked.never_had > 0) {
    absl::StrAppendFormat(&result.text,
                          "[!] %d keys were never given to a recovery key and do not come back\n",
                          asked.never_had);
  }
  if (asked.others > 0) {
    absl::StrAppendFormat(&result.text, "%d keys are for a lead or supervisor to ask for\n",
                          asked.others);
  }
  result.json = {{"request", args.out}, {"number", asked.number},  {"files", asked.files},
                 {"keys", asked.keys},  {"lost", asked.never_had}, {"for_leads", asked.others}};
  return result;
}

absl::StatusOr<Result> RunImport(Session& session, const RecoveryArgs& args) {
  KAPEA_ASSIGN(const std::string bytes, ReadFile(args.answer, codec::kRecoveryBytesMax));
  KAPEA_ASSIGN(const vault::RecoveryTaken taken, vault::KeyRecovery(session.vault).Take(bytes));
  Result result;
  json files = json::array();
  for (const FileId& file : taken.files) {
    KAPEA_ASSIGN(const auto state, session.vault.File(file));
    const std::string code = field::CodeOf(file, state->kind());
    absl::StrAppend(&result.text, code, "  its keys are here again\n");
    files.push_back({{"file", file.hex()}, {"code", code}});
  }
  if (taken.keys == 0) {
    result.text = "every key of this answer was here already; nothing was changed\n";
  } else {
    result.text +=
        "Each file says so, to its leads and supervisors. Sync: colleagues get their keys from\n"
        "here by themselves. Then have the recovery key replaced (kapea-admin recovery create):\n"
        "it was put together once.\n";
  }
  result.json = {{"files", files}, {"keys", taken.keys}, {"held", taken.held}};
  return result;
}

absl::StatusOr<Result> RunList(Session& session, const RecoveryArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.files.front()));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  KAPEA_ASSIGN(const auto all, field::ListRecoveries(session.vault, file));
  const field::RecoveryReach reach = field::ReachOfRecovery(*state, *session.vault.directory());
  Result result;
  json lines = json::array();
  const std::string code = field::CodeOf(file, state->kind());
  absl::StrAppendFormat(&result.text, "%s  %s\n", code,
                        reach.generation == 0
                            ? std::string("there is no recovery key")
                            : absl::StrFormat("recovery key %d opens %d of its %d keys",
                                              reach.generation, reach.given, reach.all));
  for (const domain::RecoveryAt& one : all) {
    absl::StrAppendFormat(&result.text, "  %s  %s  %d keys, because %s, by recovery key %d\n",
                          field::ToLocalText(one.time.soft.latest),
                          field::PersonName(session.vault, one.by), one.keys, one.reason,
                          one.generation);
    lines.push_back({{"person", one.by.hex()},
                     {"told", ToIso8601(one.time.soft.latest)},
                     {"keys", one.keys},
                     {"reason", one.reason},
                     {"generation", one.generation},
                     {"change", one.self.change.hex()}});
  }
  if (all.empty()) result.text += "  nobody has recovered keys of this file\n";
  result.json = {{"file", file.hex()},   {"code", code},      {"generation", reach.generation},
                 {"given", reach.given}, {"keys", reach.all}, {"recoveries", lines}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const RecoveryArgs&);

CLI::App* Add(CLI::App& group, Chosen& chosen, const char* name, const char* help, Runner runner,
              const std::shared_ptr<RecoveryArgs>& args) {
  CLI::App* one = group.add_subcommand(name, help);
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
  return one;
}

}  // namespace

void AddRecoveryCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand(
      "recovery", "Keys that no device holds any more, back through the share sheets");
  group->require_subcommand(1);
  auto args = std::make_shared<RecoveryArgs>();
  CLI::App* request =
      Add(*group, chosen, "request", "Write down which keys are missing here", RunRequest, args);
  request->add_option("files", args->files, "Files, by their codes; none: all on this device");
  request->add_option("--reason", args->reason, "Why, as a code: phones_lost, staff_gone ...")
      ->required();
  request->add_option("--out", args->out, "The request's file")->required();
  Add(*group, chosen, "import", "Take the keys of an answer, and say so in each file", RunImport,
      args)
      ->add_option("answer", args->answer, "What kapea-admin recovery open wrote")
      ->required();
  Add(*group, chosen, "list", "Who recovered keys of a file, and what could be recovered", RunList,
      args)
      ->add_option("file", args->files, "The file, by its code")
      ->required()
      ->expected(1);
}

}  // namespace kapea::cli
