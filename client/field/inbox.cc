#include "client/field/inbox.h"

#include <algorithm>
#include <map>

#include "client/field/act.h"
#include "client/field/break_glass.h"
#include "client/field/compliance.h"
#include "client/field/conflict.h"
#include "client/field/devices.h"
#include "client/field/duplicates.h"
#include "client/field/erasure.h"
#include "client/field/handover.h"
#include "client/field/muster.h"
#include "client/field/names.h"
#include "client/field/operation.h"
#include "client/field/plan.h"
#include "client/field/recovery.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/domain/rekey.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

constexpr size_t kCodesShownMax = 5;

std::string Some(const std::vector<std::string>& codes) {
  std::string text;
  for (size_t i = 0; i < codes.size() && i < kCodesShownMax; ++i) {
    text += (i == 0 ? "" : ", ") + codes[i];
  }
  if (codes.size() > kCodesShownMax) text += ", ...";
  return text;
}

void AddVerdicts(vault::Vault& vault, const domain::FileState& state, const std::string& code,
                 std::vector<InboxLine>& lines) {
  const vault::Identity& me = vault.identity();
  std::map<domain::Verdict, uint32_t> mine;
  std::map<domain::Verdict, uint32_t> others;
  for (const auto& judged : state.without_effect()) {
    // Roster and grants that came too late are made again without asking.
    const domain::Change* refused = state.FindRefused(judged.change);
    const bool again = judged.verdict == domain::Verdict::kStaleRoster && refused != nullptr &&
                       (refused->header.kind == domain::Kind::kRoster ||
                        refused->header.kind == domain::Kind::kGrant);
    if (again) continue;
    ++(judged.author == me.person ? mine : others)[judged.verdict];
  }
  for (const auto& [verdict, count] : mine) {
    lines.push_back({InboxKind::kRefused, state.id(), code,
                     std::to_string(count) +
                         " of your entries without effect: " + domain::FileState::Explain(verdict),
                     "nothing is lost; ask a supervisor to admit them, or write them again",
                     count});
  }
  if (!domain::MayAdmit(me.role)) return;
  for (const auto& [verdict, count] : others) {
    lines.push_back({InboxKind::kToAdmit, state.id(), code,
                     std::to_string(count) + " entries of a colleague without effect: " +
                         domain::FileState::Explain(verdict),
                     "look at them, and admit what is right", count});
  }
}

// To who leads the file, and to whose answer it is.
void AddMismatches(vault::Vault& vault, const domain::FileState& state, const std::string& code,
                   std::vector<InboxLine>& lines) {
  const bool leads = LedByMe(vault, state);
  for (const domain::MismatchAt& mismatch : state.mismatches()) {
    const domain::Record* record = state.FindRecord(mismatch.record);
    const domain::Register* facts = record == nullptr ? nullptr : record->Find(mismatch.field);
    if (facts == nullptr) continue;
    const auto value = facts->current().find(mismatch.of);
    const bool stands = value != facts->current().end() && value->second.disputed;
    if (!stands || !(leads || value->second.person == vault.identity().person)) continue;
    lines.push_back({InboxKind::kMismatch, state.id(), code,
                     mismatch.field + " in record " + CodeOf(mismatch.record) +
                         " is not what a colleague's device makes of the sealed answer",
                     "look at the answer, and write it anew", 1});
  }
}

void AddErasures(vault::Vault& vault, const domain::FileState& state, const std::string& code,
                 std::vector<InboxLine>& lines) {
  if (!LedByMe(vault, state)) return;
  uint32_t waiting = 0;
  for (const auto& proposal : state.OpenErasures(vault.clock().Now())) {
    if (proposal->header.person != vault.identity().person) ++waiting;
  }
  if (waiting != 0) {
    lines.push_back({InboxKind::kErasure, state.id(), code,
                     "a colleague proposes to erase this file, or a part of it",
                     "file erasures " + code + ", then file approve-erasure", waiting});
  }
  for (const RetentionDue& due : RetentionsDue(state, vault.clock().Now())) {
    lines.push_back({InboxKind::kErasure, state.id(), code,
                     "kept as long as rule " + due.rule + " asks" + (due.held ? ", and held" : ""),
                     due.held ? "decide when the hold ends" : "decide: file erase " + code, 1});
  }
}

absl::Status AddOperation(vault::Vault& vault, const FileId& file, const std::string& code,
                          std::vector<InboxLine>& lines) {
  const auto view = ViewOperation(vault, file);
  if (absl::IsNotFound(view.status())) return absl::OkStatus();  // no checklist yet
  KAPEA_TRY(view.status());
  std::vector<std::string> late;
  for (const ItemLine* line : NextItems(*view, true)) {
    if (line->finding.status != domain::FindingStatus::kOverdue) continue;
    std::string item = line->item->code;
    if (line->number) item += " for " + std::to_string(*line->number);
    late.push_back(std::move(item));
  }
  if (!late.empty()) {
    lines.push_back({InboxKind::kOverdue, file, code, "late: " + Some(late),
                     "operation show " + code, static_cast<uint32_t>(late.size())});
  }
  KAPEA_ASSIGN(const Muster muster, CountPeople(vault, file));
  if (!muster.balances()) {
    lines.push_back({InboxKind::kMuster, file, code, Some(muster.differences),
                     "operation muster " + code, static_cast<uint32_t>(muster.differences.size())});
  }
  return absl::OkStatus();
}

// Overdue clauses are told to who has the person, and of every file to its leads and
// supervisors.
bool MindsClauses(vault::Vault& vault, const domain::FileState& state) {
  if (state.kind() == domain::FileKind::kPerson &&
      state.custody().holder == vault.identity().unit) {
    return true;
  }
  return LedByMe(vault, state);
}

absl::Status AddClauses(vault::Vault& vault, const domain::FileState& state,
                        const std::string& code, std::vector<InboxLine>& lines) {
  if (!MindsClauses(vault, state)) return absl::OkStatus();
  ReportRequest request;
  request.file = state.id();
  KAPEA_ASSIGN(const Report report, ReportCompliance(vault, request));
  std::vector<std::string> late;
  for (const FileCompliance& part : report.files) {
    for (const ClauseLine& line : part.lines) {
      if (line.finding.status == domain::FindingStatus::kOverdue) late.push_back(line.code);
    }
  }
  if (!late.empty()) {
    lines.push_back({InboxKind::kOverdue, state.id(), code, "overdue: " + Some(late),
                     "report compliance --file " + code, static_cast<uint32_t>(late.size())});
  }
  return absl::OkStatus();
}

absl::Status AddFile(vault::Vault& vault, const vault::FileLine& line,
                     std::vector<InboxLine>& lines) {
  KAPEA_ASSIGN(const auto state, vault.File(line.file));
  const std::string code = CodeOf(line.file, line.kind);
  AddVerdicts(vault, *state, code, lines);
  if (line.incomplete) {
    lines.push_back({InboxKind::kIncomplete, line.file, code,
                     "entries of this file exist that the server did not give",
                     "sync; if it stays, tell a supervisor", 1});
  }
  if (domain::RekeyDue(*state, *vault.directory(), vault.break_glass().Now()) &&
      LedByMe(vault, *state)) {
    lines.push_back({InboxKind::kRekey, line.file, code,
                     "somebody who should not read this file may hold its newest keys",
                     "sync: the keys change by themselves", 1});
  }
  AddMismatches(vault, *state, code, lines);
  AddErasures(vault, *state, code, lines);
  KAPEA_TRY(AddGlassLines(vault, line.file, lines));
  KAPEA_TRY(AddReleaseLines(vault, line.file, lines));
  for (const domain::RecoveryAt& one : RecoveriesToTell(vault, *state)) {
    lines.push_back(
        {InboxKind::kRecovery, line.file, code,
         "a colleague has keys of this file again through the share sheets, because " + one.reason,
         "recovery list " + code, 1});
  }
  KAPEA_ASSIGN(const auto disputes, vault.replica().Disputes(line.file));
  if (!disputes.empty()) {
    lines.push_back({InboxKind::kDispute, line.file, code,
                     "verdicts of the server that do not follow from the file",
                     "ledger verify; keep this device for the auditor",
                     static_cast<uint32_t>(disputes.size())});
  }
  if (line.kind == domain::FileKind::kOperation) {
    return AddOperation(vault, line.file, code, lines);
  }
  return AddClauses(vault, *state, code, lines);
}

absl::Status AddHandovers(vault::Vault& vault, std::vector<InboxLine>& lines) {
  KAPEA_ASSIGN(const std::vector<Handover> all, ListHandovers(vault));
  for (const Handover& handover : all) {
    if (!handover.for_me || handover.open() == 0) continue;
    const std::string code = HandoverCode(handover.id);
    lines.push_back({InboxKind::kHandover, FileId(), code,
                     std::to_string(handover.open()) + " of " +
                         std::to_string(handover.of_persons) + " persons offered by " +
                         UnitName(vault, handover.from) + " wait for your answer",
                     "handover accept " + code + ", or decline", handover.open()});
  }
  return absl::OkStatus();
}

absl::Status AddDuplicates(vault::Vault& vault, std::vector<InboxLine>& lines) {
  KAPEA_ASSIGN(const auto duplicates, ListDuplicates(vault));
  for (const DuplicateLine& line : duplicates) {
    if (line.state != DuplicateState::kOpen) continue;
    const std::string code = CodeOf(line.file, domain::FileKind::kPerson);
    const std::string unit = UnitName(vault, line.unit);
    lines.push_back({InboxKind::kDuplicate, line.file, code, "possibly known to " + unit + ": ask",
                     "duplicates; then duplicates asked " + code + " " + unit + ", or dismiss", 1});
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view NameOf(InboxKind kind) {
  switch (kind) {
    case InboxKind::kStopped:
      return "stopped";
    case InboxKind::kHandover:
      return "handover";
    case InboxKind::kRefused:
      return "refused";
    case InboxKind::kToAdmit:
      return "to_admit";
    case InboxKind::kConflict:
      return "conflict";
    case InboxKind::kOverdue:
      return "overdue";
    case InboxKind::kMuster:
      return "muster";
    case InboxKind::kIncomplete:
      return "incomplete";
    case InboxKind::kDispute:
      return "dispute";
    case InboxKind::kMismatch:
      return "mismatch";
    case InboxKind::kDevice:
      return "device";
    case InboxKind::kRekey:
      return "rekey";
    case InboxKind::kErasure:
      return "erasure";
    case InboxKind::kBreakGlass:
      return "break_glass";
    case InboxKind::kRelease:
      return "release";
    case InboxKind::kRecovery:
      return "recovery";
    case InboxKind::kDuplicate:
      return "duplicate";
    case InboxKind::kPack:
      return "pack";
  }
  return "";
}

absl::StatusOr<std::vector<InboxLine>> ReadInbox(vault::Vault& vault) {
  std::vector<InboxLine> lines;
  if (const std::string& stopped = vault.replica().stopped(); !stopped.empty()) {
    lines.push_back({InboxKind::kStopped, FileId(), "", "sync has stopped: " + stopped,
                     "go on working here; tell a supervisor and keep this device", 1});
  }
  KAPEA_TRY(AddHandovers(vault, lines));
  for (const vault::FileLine& line : vault.Files()) {
    const bool shared =
        line.kind == domain::FileKind::kDirectory || line.kind == domain::FileKind::kStandards;
    if (!shared) KAPEA_TRY(AddFile(vault, line, lines));
  }
  for (const FileId& file : vault.break_glass().Guarded()) {
    KAPEA_TRY(AddGlassLines(vault, file, lines));
  }
  KAPEA_TRY(AddDuplicates(vault, lines));
  KAPEA_ASSIGN(const auto conflicts, ListConflicts(vault, std::nullopt, Language::kEnglish));
  for (const ConflictView& conflict : conflicts) {
    const auto state = vault.File(conflict.file);
    const std::string code =
        CodeOf(conflict.file, state.ok() ? (*state)->kind() : domain::FileKind::kNone);
    lines.push_back({InboxKind::kConflict, conflict.file, code,
                     conflict.field + ": " + std::to_string(conflict.values.size()) +
                         " different values stand side by side",
                     "conflict list " + code, 1});
  }
  const auto devices = ListDevices(vault);  // none before the first sync
  for (const DeviceLine& device : devices.value_or(std::vector<DeviceLine>())) {
    if (device.confirmed || device.revoked) continue;
    lines.push_back({InboxKind::kDevice, FileId(), "",
                     "device " + device.device.hex().substr(0, 8) +
                         " was entered as another of yours; it does not have your keys",
                     "compare its number, then: device confirm", 1});
  }
  for (const std::string& fault : vault.replica().pack_faults()) {
    lines.push_back({InboxKind::kPack, FileId(), "", fault, "tell the registry", 1});
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const InboxLine& a, const InboxLine& b) { return a.kind < b.kind; });
  return lines;
}

}  // namespace kapea::field
