// Vault: rosters, key epochs and grants.
#include <algorithm>

#include "client/vault/core.h"
#include "client/vault/granting.h"
#include "client/vault/halves.h"
#include "client/vault/keys.h"
#include "client/vault/parts.h"
#include "client/vault/recovery.h"
#include "client/vault/tables.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::vault {
namespace {

using domain::Verdict;

// The first of the person's roles under which she leads the file.
std::optional<domain::RoleAt> LeadIn(const domain::FileState& state, const Identity& identity,
                                     const domain::Directory& directory) {
  for (const domain::RoleAt& held : RolesOf(identity, directory)) {
    if (state.MayLead(identity.person, held.unit, held.role, directory)) return held;
  }
  return std::nullopt;
}

// What a roster Change that came too late would still add to the roster of now. What it took
// away counted all the same, and whom somebody removed since, she does not bring back.
std::optional<domain::RosterWrite> StillWanted(const domain::Change& refused,
                                               const domain::FileState& state) {
  const std::vector<domain::Member>& roster = state.roster();
  const auto left = [&](const domain::Member& line) {
    return std::any_of(
        state.departures().begin(), state.departures().end(), [&](const domain::Departure& one) {
          const bool seen = one.number != 0 && one.number <= refused.header.file_number;
          return !seen && domain::SameLine(one.line, line);
        });
  };
  domain::RosterWrite wanted;
  for (const domain::Write& write : refused.writes) {
    const auto* lines = std::get_if<domain::RosterWrite>(&write.body);
    if (lines == nullptr) continue;
    for (const domain::Member& line : lines->added) {
      if (!left(line) && domain::Raises(roster, {{}, {}, {line}})) wanted.added.push_back(line);
    }
    for (const domain::Member& line : lines->changed) {
      const bool there = std::any_of(
          roster.begin(), roster.end(),
          [&line](const domain::Member& known) { return domain::SameLine(known, line); });
      if (there && domain::Raises(roster, {{}, {}, {line}})) wanted.changed.push_back(line);
    }
  }
  if (wanted.added.empty() && wanted.changed.empty()) return std::nullopt;
  return wanted;
}

// A change of the roster with the keys that it wants.
absl::StatusOr<Founded> Enact(Core& core, const domain::FileState& state,
                              const domain::Header& header, const domain::RosterWrite& roster,
                              History history, kv::Batch batch) {
  const domain::Directory& directory = *core.directory;
  Founded result;
  result.file = state.id();
  const std::vector<Recipient> newcomers =
      RecipientsIn(directory, state, roster.added, &result.unkeyed);
  RosterAct act;
  act.lines = roster;
  act.batch = std::move(batch);
  if (history == History::kWhole) act.wraps = HeldWraps(core, state, newcomers);
  // Who left must not read what is written from now on; who came may need a class that
  // nobody had, or must not read what was written before.
  if (!roster.removed.empty() || (history == History::kNone && !roster.added.empty()) ||
      NeedsEpoch(core, state, newcomers)) {
    const auto after = domain::Applied(state.roster(), roster, false);
    act.everyone = ForNewEpoch(directory, RecipientsIn(directory, state, after, nullptr));
  }
  KAPEA_ASSIGN(result.change, CommitRoster(core, state, header, std::move(act)));
  return result;
}

// Grants to colleagues who stand on the file by the same line of the whole unit what it was
// given, as far as it is held here; whether there was any. (Judgement::HandsOn)
absl::StatusOr<bool> HandOn(Core& core, const domain::FileState& state) {
  const domain::Directory& directory = *core.directory;
  for (const domain::RoleAt& held : RolesOf(core.identity, directory)) {
    // Who left the unit has its files here still, and hands on nothing.
    if (!directory.HoldsRole(core.identity.person, held.role, held.unit)) continue;
    for (const domain::Member& line : state.roster()) {
      if (line.person || line.unit != held.unit || line.role != held.role) continue;
      std::vector<Recipient> colleagues = RecipientsIn(directory, state, {line}, nullptr);
      std::erase_if(colleagues, [](const Recipient& one) { return one.shifts.empty(); });
      std::vector<ToWrap> wraps = MissingWraps(core, state, colleagues);
      if (wraps.empty()) continue;
      domain::Header header = BaseHeader(core, held);
      header.file = state.id();
      header.kind = domain::Kind::kGrant;
      header.roster = state.roster_hash();
      header.file_number = core.files.at(state.id()).number;
      KAPEA_TRY(CommitGrants(core, header, std::move(wraps)).status());
      return true;
    }
  }
  return false;
}

// Whether the newcomers of that roster Change were to read what was there before.
History HistoryOf(const domain::Change& roster) {
  bool opens = false;
  bool hands_on = false;
  for (const domain::Write& write : roster.writes) {
    opens = opens || std::holds_alternative<domain::KeyOpening>(write.body);
    const auto* wrap = std::get_if<domain::Wrap>(&write.body);
    hands_on = hands_on || (wrap != nullptr && wrap->key_epoch != roster.id);
  }
  return opens && !hands_on ? History::kNone : History::kWhole;
}

}  // namespace

absl::StatusOr<Founded> Vault::Found(const FoundRequest& request) {
  const Identity& identity = core_->identity;
  const domain::RoleAt acting =
      request.acting.value_or(domain::RoleAt{identity.role, identity.unit});
  if (!domain::MayFound(acting.role, request.kind)) {
    return absl::PermissionDeniedError(std::string(NameOf(acting.role)) + " may not found a " +
                                       std::string(NameOf(request.kind)) + " file");
  }
  domain::Header header = BaseHeader(*core_, acting);
  header.nonce = crypto::RandomId<Nonce>();
  header.file = codec::FileIdOf(header.deployment, header.device, header.nonce);
  header.kind = domain::Kind::kRoster;
  // What holds for such files holds from now on, whether anything is written or not.
  if (const domain::Pack* pack = NewestPack()) header.pack = pack->hash;
  codec::ChangeWriter writer(header);
  writer.Add(domain::Founding{request.kind, request.drill});
  domain::RosterWrite roster;
  roster.added = request.members;
  writer.Add(roster);

  Founded founded;
  founded.file = header.file;
  const std::vector<Recipient> recipients =
      ForNewEpoch(*core_->directory,
                  RecipientsOf(*core_->directory, request.kind, request.members, &founded.unkeyed));
  NewEpoch epoch = MakeEpoch(recipients);
  MakeHalves(*core_->directory, acting.unit, request.members, epoch);
  kv::Batch batch;
  AddOpenings(writer, request.kind, epoch, batch);
  std::vector<ToWrap> wraps = WrapsOf(writer.id(), epoch, recipients);
  KAPEA_TRY(AddKeys(writer, epoch, wraps));
  std::vector<codec::EncodedChange> changes;
  KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  founded.change = {changes[0].change->id, changes[0].change->hash};
  KAPEA_TRY(AddGrants(header, founded.change.hash, wraps, changes));
  KAPEA_TRY(core_->CommitOwn(std::move(changes), std::move(batch)));
  return founded;
}

absl::StatusOr<domain::Header> Vault::LeadHeader(const FileId& file, domain::Kind kind) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  const auto acting = LeadIn(*state, core_->identity, *core_->directory);
  if (!acting) {
    return absl::PermissionDeniedError(
        "only a lead or supervisor of the file decides who works on it; nothing was changed");
  }
  return HeaderFor({.file = file, .kind = kind, .acting = acting});
}

absl::StatusOr<domain::Ref> Vault::Grant(const FileId& file, const domain::Member& member) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  const std::vector<Recipient> recipients =
      RecipientsIn(*core_->directory, *state, {member}, nullptr);
  if (recipients.empty()) {
    return absl::FailedPreconditionError("the member has no key in the directory yet");
  }
  std::vector<ToWrap> wraps = HeldWraps(*core_, *state, recipients);
  if (wraps.empty()) {
    return absl::FailedPreconditionError("no key that this member may have is held here");
  }
  KAPEA_ASSIGN(const domain::Header header, LeadHeader(file, domain::Kind::kGrant));
  return CommitGrants(*core_, header, std::move(wraps));
}

absl::StatusOr<Founded> Vault::ChangeRoster(const FileId& file, const domain::RosterWrite& roster,
                                            History history) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  KAPEA_ASSIGN(const domain::Header header, LeadHeader(file, domain::Kind::kRoster));
  return Enact(*core_, *state, header, roster, history, {});
}

absl::StatusOr<domain::Ref> Vault::Rekey(const FileId& file) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  KAPEA_ASSIGN(const domain::Header header, LeadHeader(file, domain::Kind::kRoster));
  RosterAct act;
  const std::vector<Recipient> everyone =
      RecipientsIn(*core_->directory, *state, state->roster(), nullptr);
  if (everyone.empty()) {
    return absl::FailedPreconditionError(
        "nobody on the roster has a key in the directory; nothing was changed");
  }
  act.wraps = MissingWraps(*core_, *state, WithRecovery(*core_->directory, everyone));
  act.everyone = ForNewEpoch(*core_->directory, everyone);
  return CommitRoster(*core_, *state, header, std::move(act));
}

// Additions and raised duties need the roster in force. Where a colleague's change came
// first, they are offered again without asking, once.
absl::StatusOr<bool> Vault::OfferAgain(const FileId& file) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  for (const domain::Judged& judged : state->without_effect()) {
    if (judged.device != core_->identity.device || judged.verdict != Verdict::kStaleRoster) {
      continue;
    }
    const domain::Change* refused = state->FindRefused(judged.change);
    if (refused == nullptr || refused->header.kind != domain::Kind::kRoster) continue;
    const std::string mark = core_->Blind("offered again " + judged.change.hex());
    KAPEA_ASSIGN(const auto done, core_->store->Find(kSettingTable, mark));
    const auto wanted = StillWanted(*refused, *state);
    if (done || !wanted) continue;
    KAPEA_ASSIGN(const domain::Header header, LeadHeader(file, domain::Kind::kRoster));
    kv::Batch batch;
    batch.Put(kSettingTable, mark, "1");
    KAPEA_TRY(
        Enact(*core_, *state, header, *wanted, HistoryOf(*refused), std::move(batch)).status());
    return true;
  }
  return false;
}

absl::StatusOr<bool> Vault::TendKeys(const FileId& file) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  const domain::Directory& directory = *core_->directory;
  if (!LeadIn(*state, core_->identity, directory)) return HandOn(*core_, *state);
  KAPEA_ASSIGN(const bool offered, OfferAgain(file));
  if (offered) return true;
  const std::vector<Recipient> everyone = RecipientsIn(directory, *state, state->roster(), nullptr);
  if (everyone.empty()) return false;
  const std::vector<Recipient> without = WithoutNewest(*state, core_->identity.person, everyone);
  if (domain::RekeyDue(*state, directory, core_->ServerNow()) ||
      NeedsEpoch(*core_, *state, without) || RecoveryNeedsEpoch(*core_, *state) ||
      LacksHalves(*state, directory)) {
    KAPEA_TRY(Rekey(file).status());
    return true;
  }
  std::vector<ToWrap> wraps = MissingWraps(*core_, *state, WithRecovery(directory, everyone));
  if (wraps.empty()) return false;
  KAPEA_ASSIGN(const domain::Header header, LeadHeader(file, domain::Kind::kGrant));
  KAPEA_TRY(CommitGrants(*core_, header, std::move(wraps)).status());
  return true;
}

}  // namespace kapea::vault
