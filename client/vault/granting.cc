#include "client/vault/granting.h"

#include <algorithm>
#include <tuple>

#include "client/vault/halves.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/domain/glass.h"
#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::vault {
namespace {

codec::WrapTarget TargetOf(const ToWrap& wrap) {
  codec::WrapTarget target;
  target.key_epoch = wrap.epoch;
  target.key_class = wrap.key_class;
  target.recipient_kind = wrap.recipient.kind;
  target.recipient = wrap.recipient.id;
  target.generation = wrap.recipient.generation;
  target.public_key = wrap.recipient.public_key;
  target.half = wrap.half;
  return target;
}

constexpr domain::KeyClass kGeneral = domain::KeyClass::kGeneral;

using Granted = std::tuple<domain::RecipientKind, ChangeId, KeyEpochId, domain::KeyClass>;

Granted NameOf(const Recipient& recipient, const KeyEpochId& epoch, domain::KeyClass key_class) {
  return {recipient.kind, recipient.id, epoch, key_class};
}

// The newest generation of each recipient that each key was wrapped to: by a lead, by `me`, or by
// two others. Nobody sees what is in a wrap, and one colleague's may be nothing.
std::map<Granted, uint32_t> GrantedIn(const domain::FileState& state, const PersonId& me) {
  std::map<Granted, uint32_t> granted;
  std::map<std::pair<Granted, uint32_t>, PersonId> said_by;
  for (const domain::WrapAt& at : state.wraps()) {
    const domain::Wrap& wrap = at.wrap;
    if (!wrap.key_epoch || wrap.half != 0) continue;
    const Granted name{wrap.recipient_kind, wrap.recipient, *wrap.key_epoch, wrap.key_class};
    const auto first = said_by.emplace(std::pair(name, wrap.generation), at.by).first;
    if (!at.by_lead && at.by != me && first->second == at.by) continue;
    uint32_t& newest = granted[name];
    newest = std::max(newest, wrap.generation);
  }
  return granted;
}

using OneKey = std::pair<KeyEpochId, domain::KeyClass>;

// Which people each key was wrapped to.
std::map<OneKey, std::set<PersonId>> HoldersIn(const domain::FileState& state) {
  std::map<OneKey, std::set<PersonId>> holders;
  for (const domain::WrapAt& at : state.wraps()) {
    const domain::Wrap& wrap = at.wrap;
    if (!wrap.key_epoch || wrap.recipient_kind != domain::RecipientKind::kPerson) continue;
    holders[{*wrap.key_epoch, wrap.key_class}].insert(PersonId::FromPrefix(wrap.recipient.view()));
  }
  return holders;
}

// Whether somebody of the staff whose lines she stands by had that key, and had it by that line
// and not in her own name: then it is for all of them.
bool ShiftHas(const Core& core, const domain::FileState& state,
              const std::map<OneKey, std::set<PersonId>>& holders, const Recipient& recipient,
              const OneKey& key) {
  const auto found = holders.find(key);
  if (found == holders.end()) return false;
  const auto named = [&state](const PersonId& person) {
    return std::any_of(state.roster().begin(), state.roster().end(),
                       [&person](const domain::Member& line) { return line.person == person; });
  };
  return std::any_of(
      recipient.shifts.begin(), recipient.shifts.end(), [&](const domain::RoleAt& line) {
        return std::any_of(found->second.begin(), found->second.end(), [&](const PersonId& one) {
          return !named(one) && core.directory->EverHeldRole(one, line.role, line.unit);
        });
      });
}

}  // namespace

std::vector<ToWrap> WrapsOf(const KeyEpochId& epoch, const NewEpoch& keys,
                            const std::vector<Recipient>& recipients) {
  std::vector<ToWrap> wraps;
  for (const Recipient& recipient : recipients) {
    for (const domain::KeyClass key_class : recipient.classes) {
      wraps.push_back({epoch, key_class, &keys.keys.at(key_class), recipient});
    }
  }
  return wraps;
}

std::vector<ToWrap> HalvesOf(const KeyEpochId& epoch, const NewEpoch& keys) {
  std::vector<ToWrap> wraps;
  for (const HalfRecipient& holder : keys.half_holders) {
    for (const auto& [key_class, halves] : keys.halves) {
      const crypto::SecretBytes& half = holder.half == 1 ? halves.first : halves.second;
      wraps.push_back({epoch, key_class, &half, holder.recipient, holder.half});
    }
  }
  return wraps;
}

std::vector<Recipient> RecipientsIn(const domain::Directory& directory,
                                    const domain::FileState& state,
                                    const std::vector<domain::Member>& lines,
                                    std::vector<domain::Member>* unkeyed) {
  return RecipientsOf(directory, state.kind(), lines, unkeyed, state.release().has_value());
}

std::vector<ToWrap> HeldWraps(Core& core, const domain::FileState& state,
                              const std::vector<Recipient>& recipients) {
  std::vector<ToWrap> wraps;
  for (const auto& [epoch, opened] : state.key_epochs()) {
    for (const auto& [key_class, opening] : opened.classes) {
      const auto key = FindClassKey(core, state.id(), epoch, key_class);
      if (!key.ok()) continue;
      for (const Recipient& recipient : recipients) {
        if (recipient.classes.contains(key_class)) {
          wraps.push_back({epoch, key_class, *key, recipient});
        }
      }
    }
  }
  return wraps;
}

std::vector<ToWrap> MissingWraps(Core& core, const domain::FileState& state,
                                 const std::vector<Recipient>& recipients) {
  const std::map<Granted, uint32_t> granted = GrantedIn(state, core.identity.person);
  const std::map<OneKey, std::set<PersonId>> holders = HoldersIn(state);
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  std::vector<ToWrap> wraps;
  for (const auto& [epoch, opened] : state.key_epochs()) {
    const bool for_all = !opened.accepted || (newest != nullptr && newest->id == epoch);
    for (const auto& [key_class, opening] : opened.classes) {
      for (const Recipient& recipient : recipients) {
        if (!recipient.classes.contains(key_class)) continue;
        const auto had = granted.find(NameOf(recipient, epoch, key_class));
        // The recovery key is for the whole file, however late it came; a released plan for who
        // reads the rest of that key epoch.
        const bool released = key_class == domain::KeyClass::kPlan && state.release() &&
                              granted.contains(NameOf(recipient, epoch, kGeneral));
        const bool at_all = for_all || released ||
                            recipient.kind == domain::RecipientKind::kRecovery ||
                            ShiftHas(core, state, holders, recipient, {epoch, key_class});
        const bool lacks = had == granted.end() ? at_all : had->second < recipient.generation;
        if (!lacks) continue;
        const auto key = FindClassKey(core, state.id(), epoch, key_class);
        if (key.ok()) wraps.push_back({epoch, key_class, *key, recipient});
      }
    }
  }
  return wraps;
}

std::vector<Recipient> WithoutNewest(const domain::FileState& state, const PersonId& me,
                                     const std::vector<Recipient>& recipients) {
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  const std::map<Granted, uint32_t> granted = GrantedIn(state, me);
  std::vector<Recipient> without;
  for (const Recipient& recipient : recipients) {
    const bool lacks = std::any_of(
        recipient.classes.begin(), recipient.classes.end(), [&](domain::KeyClass key_class) {
          if (newest == nullptr) return true;
          const auto had = granted.find(NameOf(recipient, newest->id, key_class));
          return had == granted.end() || had->second < recipient.generation;
        });
    if (lacks) without.push_back(recipient);
  }
  return without;
}

absl::Status AddWraps(codec::ChangeWriter& writer, std::vector<ToWrap>& wraps) {
  const codec::WrapContext context{writer.header().deployment, writer.header().file, writer.id()};
  while (!wraps.empty() && writer.writes() < codec::kWritesPerChangeMax) {
    KAPEA_ASSIGN(domain::Wrap wrap,
                 codec::SealWrap(context, TargetOf(wraps.back()), *wraps.back().key));
    writer.Add(std::move(wrap));
    wraps.pop_back();
  }
  return absl::OkStatus();
}

absl::Status AddKeys(codec::ChangeWriter& writer, const NewEpoch& epoch,
                     std::vector<ToWrap>& wraps) {
  std::vector<ToWrap> halves = HalvesOf(writer.id(), epoch);
  KAPEA_TRY(AddWraps(writer, halves));
  if (!halves.empty()) return absl::InternalError("a key epoch has more halves than fit");
  if (wraps.empty()) return absl::OkStatus();
  domain::Decision grants_follow;
  grants_follow.reason = std::string(domain::kGrantsFollow);
  writer.Add(std::move(grants_follow));
  return AddWraps(writer, wraps);
}

absl::Status AddGrants(domain::Header header, const Hash& roster, std::vector<ToWrap>& wraps,
                       std::vector<codec::EncodedChange>& changes) {
  header.roster = roster;
  header.kind = domain::Kind::kGrant;
  while (!wraps.empty()) {
    header.nonce = Nonce();
    ++header.sequence;
    codec::ChangeWriter writer(header);
    KAPEA_TRY(AddWraps(writer, wraps));
    KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  }
  return absl::OkStatus();
}

void AddOpenings(codec::ChangeWriter& writer, domain::FileKind kind, const NewEpoch& epoch,
                 kv::Batch& batch) {
  const domain::Header& header = writer.header();
  for (const auto& [key_class, key] : epoch.keys) {
    domain::KeyOpening opening =
        OpeningOf(key, header.deployment, header.file, writer.id(), key_class);
    NameHalves(epoch, opening);
    writer.Add(std::move(opening));
    if (domain::MayHoldKey(header.role, key_class, kind)) {
      PutClassKey(batch, header.file, writer.id(), key_class, key);
    }
  }
}

bool NeedsEpoch(Core& core, const domain::FileState& state,
                const std::vector<Recipient>& recipients) {
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  if (newest == nullptr) return !recipients.empty();
  for (const Recipient& recipient : recipients) {
    for (const domain::KeyClass key_class : recipient.classes) {
      if (!newest->classes.contains(key_class) ||
          !FindClassKey(core, state.id(), newest->id, key_class).ok()) {
        return true;
      }
    }
  }
  return false;
}

absl::StatusOr<domain::Ref> CommitGrants(Core& core, const domain::Header& header,
                                         std::vector<ToWrap> wraps) {
  domain::Header first = header;
  --first.sequence;  // AddGrants counts on from the last one
  std::vector<codec::EncodedChange> changes;
  KAPEA_TRY(AddGrants(first, header.roster.value_or(Hash()), wraps, changes));
  // What would have no effect is not written, or it would be tried again at each sync.
  KAPEA_ASSIGN(const auto state, core.State(header.file));
  for (const codec::EncodedChange& change : changes) {
    const domain::Verdict verdict =
        state->Judge(*change.change, domain::Directory::kNow, core.Around());
    if (verdict != domain::Verdict::kAccepted) {
      return absl::FailedPreconditionError(
          "the grant would have no effect: " + domain::FileState::Explain(verdict) +
          "; nothing was written");
    }
  }
  const domain::Ref ref{changes[0].change->id, changes[0].change->hash};
  KAPEA_TRY(core.CommitOwn(std::move(changes), {}));
  return ref;
}

absl::StatusOr<domain::Ref> CommitRoster(Core& core, const domain::FileState& state,
                                         const domain::Header& header, RosterAct act) {
  codec::ChangeWriter writer(header);
  const std::vector<domain::Member> after =
      act.lines ? domain::Applied(state.roster(), *act.lines, false) : state.roster();
  if (act.lines) writer.Add(*std::move(act.lines));
  NewEpoch epoch;
  if (act.everyone) {
    epoch = MakeEpoch(*act.everyone);
    MakeHalves(*core.directory, domain::DutyUnitOf(state), after, epoch);
    AddOpenings(writer, state.kind(), epoch, act.batch);
    const std::vector<ToWrap> opened = WrapsOf(writer.id(), epoch, *act.everyone);
    act.wraps.insert(act.wraps.end(), opened.begin(), opened.end());
  }
  KAPEA_TRY(AddKeys(writer, epoch, act.wraps));
  std::vector<codec::EncodedChange> changes;
  KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  const domain::Ref ref{changes[0].change->id, changes[0].change->hash};
  KAPEA_TRY(AddGrants(header, ref.hash, act.wraps, changes));
  KAPEA_TRY(core.CommitOwn(std::move(changes), std::move(act.batch)));
  return ref;
}

}  // namespace kapea::vault
