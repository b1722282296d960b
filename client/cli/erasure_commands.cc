// kapea file erase, approve-erasure, withdraw-erasure, erasures
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/erasure.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct ErasureArgs {
  std::string file, record, field, reason, proposal;
};

std::string WhatIs(const std::vector<domain::ErasureTarget>& targets) {
  if (targets.empty() || !targets.front().record) return "the whole file";
  std::string what = "record " + field::CodeOf(*targets.front().record);
  if (!targets.front().field.empty()) return what + ", field " + targets.front().field;
  if (targets.size() > 1) absl::StrAppend(&what, " and ", targets.size() - 1, " below it");
  return what;
}

json WhatJson(const std::vector<domain::ErasureTarget>& targets) {
  json lines = json::array();
  for (const domain::ErasureTarget& target : targets) {
    lines.push_back(
        {{"record", target.record ? json(target.record->hex()) : json()}, {"field", target.field}});
  }
  return lines;
}

absl::StatusOr<Result> RunErase(Session& session, const ErasureArgs& args) {
  field::ErasureRequest request;
  KAPEA_ASSIGN(request.file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(request.file));
  if (!args.record.empty()) {
    KAPEA_ASSIGN(request.record, field::FindRecord(*state, args.record));
  }
  request.field = args.field;
  request.reason = args.reason;
  KAPEA_ASSIGN(const domain::Ref proposal, field::ProposeErasure(session.vault, request));
  Result result;
  const std::string code = field::CodeOf(request.file, state->kind());
  result.text = absl::StrCat(
      code, "  proposed to erase, nothing is erased yet. Within seven days another lead or ",
      "supervisor agrees:\n  kapea file approve-erasure ", code, " ", proposal.change.hex(), "\n");
  result.json = {{"file", request.file.hex()}, {"code", code}, {"proposal", proposal.change.hex()}};
  return result;
}

absl::StatusOr<ChangeId> ProposalFrom(const ErasureArgs& args) {
  return ChangeId::FromHexText(args.proposal);
}

absl::StatusOr<Result> RunApprove(Session& session, const ErasureArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const ChangeId proposal, ProposalFrom(args));
  KAPEA_ASSIGN(const auto proposed, field::ProposedErasures(session.vault, file));
  KAPEA_ASSIGN(const domain::Ref approval, field::ApproveErasure(session.vault, file, proposal));
  Result result;
  for (const field::ProposedErasure& one : proposed) {
    if (one.proposal.change == proposal) result.text = WhatIs(one.targets) + ": ";
  }
  result.text +=
      "agreed. It is erased when the server has received this; each device drops its copy when\n"
      "it next syncs and says so. Exports, printed pages and stolen devices are not reached.\n";
  result.json = {{"file", file.hex()}, {"approval", approval.change.hex()}};
  return result;
}

absl::StatusOr<Result> RunWithdraw(Session& session, const ErasureArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const ChangeId proposal, ProposalFrom(args));
  KAPEA_ASSIGN(const domain::Ref change, field::WithdrawErasure(session.vault, file, proposal));
  Result result;
  result.text = "taken back: nothing is erased\n";
  result.json = {{"file", file.hex()}, {"change", change.change.hex()}};
  return result;
}

json HoldersJson(Session& session, const field::ErasureRecord& record) {
  json holders = json::array();
  for (const auto& holder : record.holders) {
    holders.push_back({{"device", holder.device.hex()},
                       {"person", holder.person.hex()},
                       {"name", field::PersonName(session.vault, holder.person)},
                       {"dropped", holder.done}});
  }
  return holders;
}

void Certify(Session& session, const field::ErasureRecord& record, Result& result, json& lines) {
  const domain::ErasureAt& act = record.act;
  absl::StrAppendFormat(
      &result.text,
      "CERTIFICATE OF ERASURE\n  what      %s\n  reason    %s\n  proposed  %s, change %s\n"
      "  agreed    %s, change %s\n  on the server  %s, ledger entry %d\n"
      "  %d values of this file are gone; their hashes stay, so that the rest still proves\n",
      WhatIs(act.targets), act.reason, field::PersonName(session.vault, act.proposed_by),
      act.proposal.change.hex(), field::PersonName(session.vault, act.approved_by),
      act.approval.change.hex(), field::ToLocalText(act.at), record.entry, record.withheld);
  size_t waiting = 0;
  for (const auto& holder : record.holders) {
    absl::StrAppendFormat(&result.text, "  device %s of %s: %s\n", holder.device.hex().substr(0, 8),
                          field::PersonName(session.vault, holder.person),
                          holder.done ? "has dropped it" : "HAS NOT SAID SO YET");
    waiting += holder.done ? 0 : 1;
  }
  result.text +=
      "  Backups of the server open it until its master key was replaced: kapea-admin keys\n"
      "  erasures says when. Exports, printed pages and stolen devices are not reached.\n";
  lines.push_back({{"what", WhatJson(act.targets)},
                   {"reason", act.reason},
                   {"proposal", act.proposal.change.hex()},
                   {"proposal_hash", act.proposal.hash.hex()},
                   {"proposed_by", act.proposed_by.hex()},
                   {"approval", act.approval.change.hex()},
                   {"approval_hash", act.approval.hash.hex()},
                   {"approved_by", act.approved_by.hex()},
                   {"erased", ToIso8601(act.at)},
                   {"entry", record.entry},
                   {"values_gone", record.withheld},
                   {"devices", HoldersJson(session, record)},
                   {"devices_waiting", waiting}});
}

absl::StatusOr<Result> RunErasures(Session& session, const ErasureArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  KAPEA_ASSIGN(const auto proposed, field::ProposedErasures(session.vault, file));
  KAPEA_ASSIGN(const auto records, field::Erasures(session.vault, file));
  Result result;
  const std::string code = field::CodeOf(file, state->kind());
  absl::StrAppend(&result.text, code, "\n");
  json open = json::array();
  for (const field::ProposedErasure& one : proposed) {
    absl::StrAppendFormat(
        &result.text, "  proposed by %s: %s, because %s\n    %s\n",
        field::PersonName(session.vault, one.by), WhatIs(one.targets), one.reason,
        one.mine ? "a colleague has to agree"
                 : "kapea file approve-erasure " + code + " " + one.proposal.change.hex());
    open.push_back({{"proposal", one.proposal.change.hex()},
                    {"what", WhatJson(one.targets)},
                    {"reason", one.reason},
                    {"by", one.by.hex()}});
  }
  json rules = json::array();
  for (const auto& due : field::RetentionsDue(*state, session.vault.clock().Now())) {
    absl::StrAppendFormat(&result.text, "  rule %s: to be decided since %s%s\n", due.rule,
                          field::ToLocalText(due.since), due.held ? "; a hold keeps it" : "");
    rules.push_back({{"rule", due.rule}, {"since", ToIso8601(due.since)}, {"held", due.held}});
  }
  json done = json::array();
  for (const field::ErasureRecord& record : records) Certify(session, record, result, done);
  if (open.empty() && done.empty() && rules.empty()) {
    result.text += "  nothing was erased, and nothing is proposed\n";
  }
  result.json = {{"file", file.hex()},
                 {"code", code},
                 {"proposed", open},
                 {"erased", done},
                 {"retention", rules}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const ErasureArgs&);

void Add(CLI::App& group, Chosen& chosen, const char* name, const char* help, Runner runner) {
  auto args = std::make_shared<ErasureArgs>();
  CLI::App* one = group.add_subcommand(name, help);
  one->add_option("file", args->file, "The file, by its code")->required();
  if (runner == RunErase) {
    one->add_option("--record", args->record, "This record and what stands below it alone");
    one->add_option("--field", args->field, "This field of the record alone");
    one->add_option("--reason", args->reason,
                    "Why, as a code: consent_withdrawn, retention, entered_by_mistake ...")
        ->required();
  } else if (runner != RunErasures) {
    one->add_option("proposal", args->proposal, "Its id, as `kapea file erasures` shows it")
        ->required();
  }
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
}

}  // namespace

void AddErasureCommands(CLI::App& file, Chosen& chosen) {
  Add(file, chosen, "erase", "Propose to erase a file, a record or one field, for good", RunErase);
  Add(file, chosen, "approve-erasure", "Agree to what a colleague proposed to erase", RunApprove);
  Add(file, chosen, "withdraw-erasure", "Take back what you proposed to erase", RunWithdraw);
  Add(file, chosen, "erasures", "What was erased, with its certificate, and what is proposed",
      RunErasures);
}

}  // namespace kapea::cli
