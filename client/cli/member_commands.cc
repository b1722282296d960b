// kapea file members, add, remove, rekey, reads
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/field/break_glass.h"
#include "client/field/calendar.h"
#include "client/field/membership.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct MemberArgs {
  std::string file;
  std::vector<std::string> members;
  bool no_history = false;
};

std::vector<std::string> NamesOf(const std::vector<domain::KeyClass>& classes) {
  std::vector<std::string> names;
  for (const domain::KeyClass key_class : classes) names.emplace_back(NameOf(key_class));
  return names;
}

std::string WhoIs(Session& session, const domain::Member& member) {
  const std::string unit = field::UnitName(session.vault, member.unit);
  const std::string who =
      member.person ? field::PersonName(session.vault, *member.person) : "everybody there";
  return unit + " " + std::string(domain::NameOf(member.role)) + ", " + who;
}

json LineJson(Session& session, const domain::Member& member) {
  std::vector<std::string> duties;
  for (const domain::Duty duty : member.duties) duties.emplace_back(domain::NameOf(duty));
  return {{"unit", field::UnitName(session.vault, member.unit)},
          {"role", domain::NameOf(member.role)},
          {"person", member.person ? json(member.person->hex()) : json()},
          {"duties", duties}};
}

absl::StatusOr<Result> RunMembers(Session& session, const MemberArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const field::Membership view, field::ViewMembership(session.vault, file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  Result result;
  json members = json::array();
  for (const field::MemberLine& line : view.lines) {
    std::string keys = "no sealed fields";
    if (!line.may.empty()) {
      keys = line.keys.empty() ? "NO KEY YET" : "reads " + absl::StrJoin(NamesOf(line.keys), ", ");
    }
    absl::StrAppendFormat(&result.text, "%s%s  %s\n", WhoIs(session, line.member),
                          line.leads ? " (leads)" : "", keys);
    json one = LineJson(session, line.member);
    one["leads"] = line.leads;
    one["may_read"] = NamesOf(line.may);
    one["keys"] = NamesOf(line.keys);
    members.push_back(std::move(one));
  }
  if (view.rekey_due) {
    result.text +=
        "[!] keys due: somebody who should not read this file may hold its newest keys; the next\n"
        "    lead or supervisor to sync changes them\n";
  }
  if (view.recovery.generation > 0 && view.recovery.given < view.recovery.all) {
    absl::StrAppendFormat(&result.text,
                          "the recovery key opens %d of its %d keys; leads who hold the others "
                          "give it them when they sync\n",
                          view.recovery.given, view.recovery.all);
  }
  if (view.first_halves > 0 && view.second_halves > 0) {
    absl::StrAppendFormat(&result.text,
                          "break-glass: any of %d supervisors together with any of %d others\n",
                          view.first_halves, view.second_halves);
  } else if (view.key_epochs > 0) {
    result.text +=
        "no break-glass: the newest keys have no two halves in the hands of two supervisors\n";
  }
  result.json = {{"file", file.hex()},
                 {"code", field::CodeOf(file, state->kind())},
                 {"members", members},
                 {"key_epochs", view.key_epochs},
                 {"rekey_due", view.rekey_due},
                 {"led_by_me", view.led_by_me},
                 {"recovery_key", view.recovery.generation},
                 {"recovery_opens", view.recovery.given},
                 {"break_glass", {view.first_halves, view.second_halves}}};
  return result;
}

absl::StatusOr<std::vector<domain::Member>> Parse(Session& session, const MemberArgs& args) {
  std::vector<domain::Member> members;
  for (const std::string& text : args.members) {
    KAPEA_ASSIGN(members.emplace_back(), ParseMember(session.vault, text));
  }
  return members;
}

absl::StatusOr<Result> Changed(Session& session, const vault::Founded& changed,
                               const std::vector<domain::Member>& members, const char* what) {
  KAPEA_ASSIGN(const auto state, session.vault.File(changed.file));
  const std::string code = field::CodeOf(changed.file, state->kind());
  Result result;
  json lines = json::array();
  for (const domain::Member& member : members) {
    absl::StrAppendFormat(&result.text, "%s  %s: %s\n", code, what, WhoIs(session, member));
    lines.push_back(LineJson(session, member));
  }
  for (const domain::Member& member : changed.unkeyed) {
    absl::StrAppendFormat(
        &result.text, "  no key yet for %s: she reads it when she has one and you have synced\n",
        WhoIs(session, member));
  }
  result.json = {{"file", changed.file.hex()},
                 {"code", code},
                 {"members", lines},
                 {"without_key", changed.unkeyed.size()},
                 {"change", changed.change.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunAddMembers(Session& session, const MemberArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto members, Parse(session, args));
  KAPEA_ASSIGN(const vault::Founded changed,
               field::AddMembers(session.vault, file, members,
                                 args.no_history ? vault::History::kNone : vault::History::kWhole));
  return Changed(session, changed, members, "added");
}

absl::StatusOr<Result> RunRemoveMembers(Session& session, const MemberArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto members, Parse(session, args));
  KAPEA_ASSIGN(const vault::Founded changed, field::RemoveMembers(session.vault, file, members));
  KAPEA_ASSIGN(Result result, Changed(session, changed, members, "removed"));
  result.text +=
      "New entries are sealed under new keys. What was read before stays known; what must not be\n"
      "known (another shelter, another phone) has to be entered anew. Until they sync, colleagues\n"
      "still write under the old keys.\n";
  return result;
}

absl::StatusOr<Result> RunRekey(Session& session, const MemberArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const domain::Ref change, session.vault.Rekey(file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  Result result;
  const std::string code = field::CodeOf(file, state->kind());
  result.text = code + "  new keys, for everybody on its roster who has a key\n";
  result.json = {{"file", file.hex()}, {"code", code}, {"change", change.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunReads(Session& session, const MemberArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto reads, field::ListReads(session.vault, file));
  Result result;
  json lines = json::array();
  for (const field::ReadLine& read : reads) {
    const std::string by = field::PersonName(session.vault, read.by);
    absl::StrAppendFormat(&result.text, "%s  %s  %s %s: %s%s\n",
                          field::ToLocalText(read.time.soft.latest), by,
                          read.form.empty() ? "record" : read.form, field::CodeOf(read.record),
                          absl::StrJoin(read.fields, ", "),
                          read.times > 1 ? absl::StrCat("  (", read.times, " times)") : "");
    lines.push_back({{"person", read.by.hex()},
                     {"told", ToIso8601(read.time.soft.latest)},
                     {"record", read.record.hex()},
                     {"form", read.form},
                     {"fields", read.fields},
                     {"times", read.times}});
  }
  KAPEA_ASSIGN(const auto glass, field::ListGlass(session.vault, file));
  json openings = json::array();
  for (const field::GlassLine& line : glass) {
    if (!line.act.approval) continue;
    const std::string by = field::PersonName(session.vault, line.act.by);
    const std::string with = field::PersonName(session.vault, line.act.approved_by);
    absl::StrAppendFormat(&result.text, "%s  break-glass by %s with %s: %s, opened %d times\n",
                          field::ToLocalText(line.act.approved), by, with, line.act.reason,
                          line.act.opened.size());
    openings.push_back({{"person", line.act.by.hex()},
                        {"with", line.act.approved_by.hex()},
                        {"reason", line.act.reason},
                        {"agreed", ToIso8601(line.act.approved)},
                        {"openings", line.act.opened.size()}});
  }
  if (result.text.empty()) result.text = "nobody has told of an opening yet\n";
  result.json = {{"file", file.hex()}, {"reads", lines}, {"break_glass", openings}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const MemberArgs&);

std::shared_ptr<MemberArgs> Add(CLI::App& group, Chosen& chosen, const char* name, const char* help,
                                Runner runner, const char* members) {
  auto args = std::make_shared<MemberArgs>();
  CLI::App* one = group.add_subcommand(name, help);
  one->add_option("file", args->file, "The file, by its code")->required();
  if (members != nullptr) one->add_option("members", args->members, members)->required();
  if (runner == RunAddMembers) {
    one->add_flag("--no-history", args->no_history,
                  "They read what is written from now on, and nothing from before");
  }
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
  return args;
}

}  // namespace

void AddMemberCommands(CLI::App& file, Chosen& chosen) {
  const char* lines = "UNIT:ROLE[:DUTY,DUTY] for everybody there, or UNIT:ROLE:PERSON[:DUTY,DUTY]";
  Add(file, chosen, "members", "Who works on a file, and who can read what", RunMembers, nullptr);
  Add(file, chosen, "add", "Let others work on a file", RunAddMembers, lines);
  Add(file, chosen, "remove", "Take somebody off a file; the keys change at once", RunRemoveMembers,
      lines);
  Add(file, chosen, "rekey", "Change the keys of a file without changing who works on it", RunRekey,
      nullptr);
  Add(file, chosen, "reads", "Who opened which sealed fields", RunReads, nullptr);
}

}  // namespace kapea::cli
