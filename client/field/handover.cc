#include "client/field/handover.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "client/field/act.h"
#include "client/field/names.h"
#include "client/field/random_id.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using domain::Role;

// Who of a unit works on the file of a person in its care.
std::vector<Role> CarersOf(domain::UnitKind kind) {
  switch (kind) {
    case domain::UnitKind::kShelter:
      return {Role::kIntakeOfficer, Role::kCaseManager, Role::kSocialWorker, Role::kHealthWorker,
              Role::kSupervisor};
    case domain::UnitKind::kSocialAffairs:
      return {Role::kSocialWorker, Role::kCaseManager, Role::kIntakeOfficer, Role::kSupervisor};
    case domain::UnitKind::kHealth:
      return {Role::kHealthWorker, Role::kSocialWorker, Role::kSupervisor};
    default:
      return {Role::kUnitLead, Role::kOfficer, Role::kSocialWorker, Role::kSupervisor};
  }
}

bool Has(const std::vector<domain::Member>& roster, const UnitId& unit, Role role) {
  return std::any_of(roster.begin(), roster.end(), [&](const domain::Member& line) {
    return !line.person && line.unit == unit && line.role == role;
  });
}

// What the roster must become before the offer, as one change.
domain::RosterWrite RosterFor(vault::Vault& vault, const domain::FileState& file,
                              const UnitId& to_unit) {
  domain::RosterWrite write;
  const auto directory = vault.directory();
  const auto* unit = directory->FindUnit(to_unit);
  for (const Role role : CarersOf(unit == nullptr ? domain::UnitKind::kNone : unit->kind)) {
    if (!Has(file.roster(), to_unit, role)) {
      write.added.push_back({std::nullopt, to_unit, role, {}});
    }
  }
  if (write.added.empty()) return write;
  // Testimony and health are not the giving unit's to read. Without its officers the file
  // goes to a new key epoch, in which the receiver has the keys of those classes.
  const std::optional<UnitId>& holder = file.custody().holder;
  for (const domain::Member& line : file.roster()) {
    const bool theirs = !line.person && holder && line.unit == *holder &&
                        line.role == Role::kOfficer && line.unit != to_unit;
    if (theirs) write.removed.push_back(line);
  }
  return write;
}

absl::Status OfferOne(vault::Vault& vault, const FileId& file, const domain::CustodyOffer& terms) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const domain::RosterWrite roster = RosterFor(vault, *state, terms.to_unit);
  if (!roster.added.empty()) {
    KAPEA_TRY(vault.ChangeRoster(file, roster).status());
  }
  return CommitAct(vault, {.file = file,
                           .kind = domain::Kind::kCustodyOffer,
                           .body = terms,
                           .refs = {},
                           .acting = std::nullopt})
      .status();
}

const domain::CustodyState::Offer* OpenOffer(const domain::FileState& file, const UnitId& to_unit) {
  for (const auto& [id, offer] : file.custody().open) {
    if (offer.terms.to_unit == to_unit) return &offer;
  }
  return nullptr;
}

// A role of mine at that unit with which the file has me.
std::optional<domain::RoleAt> ActingAt(vault::Vault& vault, const domain::FileState& file,
                                       const UnitId& unit) {
  for (const domain::RoleAt& at : RolesIn(vault, file)) {
    if (at.unit == unit) return at;
  }
  return std::nullopt;
}

bool WorksAt(vault::Vault& vault, const UnitId& unit) {
  const vault::Identity& me = vault.identity();
  if (me.unit == unit) return true;
  const auto directory = vault.directory();
  const auto* entry = directory->FindPerson(me.person);
  return entry != nullptr &&
         std::any_of(entry->roles.begin(), entry->roles.end(),
                     [&unit](const domain::RoleAt& at) { return at.unit == unit; });
}

}  // namespace

namespace {

// Clear to the server, so it is a word of a list and never a sentence about somebody.
bool IsReasonCode(const std::string& reason) {
  return !reason.empty() && reason.size() <= 40 &&
         reason.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

}  // namespace

uint32_t Handover::open() const {
  return static_cast<uint32_t>(std::count_if(
      persons.begin(), persons.end(), [](const HandoverPerson& one) { return !one.answered; }));
}

uint32_t Handover::accepted() const {
  return static_cast<uint32_t>(std::count_if(
      persons.begin(), persons.end(), [](const HandoverPerson& one) { return one.accepted; }));
}

std::vector<std::string> Handover::differences() const {
  std::vector<std::string> said;
  const auto held = static_cast<uint32_t>(persons.size());
  if (held < of_persons) {
    said.push_back(std::to_string(of_persons) + " were offered, " + std::to_string(held) +
                   " of their files are on this device");
  }
  if (open() > 0) said.push_back(std::to_string(open()) + " not answered yet");
  const uint32_t declined = held - open() - accepted();
  if (declined > 0) said.push_back(std::to_string(declined) + " declined");
  uint32_t counted = 0;
  for (const HandoverPerson& one : persons) {
    if (one.accepted) counted = std::max(counted, one.counted);
  }
  if (accepted() > 0 && counted != accepted()) {
    said.push_back("the receiver counted " + std::to_string(counted) + " and signed for " +
                   std::to_string(accepted()));
  }
  return said;
}

std::string HandoverCode(const ChangeId& id) { return "H-" + id.hex().substr(0, 6); }

absl::StatusOr<Handover> OfferPersons(vault::Vault& vault, const HandoverOffer& offer) {
  if (offer.persons.empty()) return absl::InvalidArgumentError("want at least one person");
  domain::CustodyOffer terms;
  terms.handover = RandomId<ChangeId>();
  terms.to_unit = offer.to_unit;
  terms.to_person = offer.to_person;
  terms.of_persons = static_cast<uint32_t>(offer.persons.size());
  terms.operation = offer.operation;
  // Everything is checked before the first person is offered.
  std::vector<FileId> wanted;
  for (const FileId& file : offer.persons) {
    KAPEA_ASSIGN(const auto state, vault.File(file));
    const std::string code = CodeOf(file, state->kind());
    if (state->kind() != domain::FileKind::kPerson) {
      return absl::InvalidArgumentError("want persons' files, got " + code);
    }
    if (const auto* open = OpenOffer(*state, offer.to_unit)) {
      terms.handover = open->terms.handover;
      continue;
    }
    if (!state->custody().holder || !ActingAt(vault, *state, *state->custody().holder)) {
      return absl::FailedPreconditionError("your unit does not have custody of " + code);
    }
    wanted.push_back(file);
  }
  for (const FileId& file : wanted) {
    const absl::Status offered = OfferOne(vault, file, terms);
    if (!offered.ok()) {
      return absl::Status(offered.code(), CodeOf(file, domain::FileKind::kPerson) + ": " +
                                              std::string(offered.message()));
    }
  }
  return FindHandover(vault, terms.handover.hex());
}

absl::StatusOr<Handover> AnswerPersons(vault::Vault& vault, const HandoverAnswer& answer) {
  KAPEA_ASSIGN(const Handover before, FindHandover(vault, answer.handover.hex()));
  std::vector<FileId> files = answer.persons;
  if (files.empty()) {
    for (const HandoverPerson& one : before.persons) {
      if (!one.answered) files.push_back(one.file);
    }
  }
  if (files.empty()) return absl::FailedPreconditionError("nothing of this hand-over is open");
  if (!answer.accepted && !IsReasonCode(answer.reason)) {
    return absl::InvalidArgumentError(
        "say why they are declined, with one word such as hospital or full");
  }
  domain::CustodyAnswer body;
  body.handover = answer.handover;
  body.accepted = answer.accepted;
  body.reason = answer.accepted ? "" : answer.reason;
  body.counted = answer.counted != 0 ? answer.counted
                 : answer.accepted   ? static_cast<uint32_t>(files.size())
                                     : 0;
  for (const FileId& file : files) {
    KAPEA_ASSIGN(const auto state, vault.File(file));
    const domain::CustodyState::Offer* offer = nullptr;
    for (const auto& [id, open] : state->custody().open) {
      if (open.terms.handover == answer.handover) offer = &open;
    }
    const std::string code = CodeOf(file, state->kind());
    if (offer == nullptr) {
      return absl::FailedPreconditionError(code + " is not open in this hand-over");
    }
    const auto acting = ActingAt(vault, *state, offer->terms.to_unit);
    if (!acting) {
      return absl::PermissionDeniedError(code + " was offered to another unit than yours");
    }
    const auto committed = CommitAct(vault, {.file = file,
                                             .kind = domain::Kind::kCustodyAnswer,
                                             .body = body,
                                             .refs = {offer->offer},
                                             .acting = acting});
    if (!committed.ok()) {
      return absl::Status(committed.status().code(),
                          code + ": " + std::string(committed.status().message()));
    }
  }
  return FindHandover(vault, answer.handover.hex());
}

absl::StatusOr<Handover> WithdrawOffer(vault::Vault& vault, const ChangeId& handover) {
  KAPEA_ASSIGN(const Handover before, FindHandover(vault, handover.hex()));
  for (const HandoverPerson& one : before.persons) {
    if (one.answered) continue;
    KAPEA_ASSIGN(const auto state, vault.File(one.file));
    for (const auto& [id, offer] : state->custody().open) {
      if (offer.terms.handover != handover) continue;
      KAPEA_TRY(
          CommitAct(vault,
                    {.file = one.file,
                     .kind = domain::Kind::kWithdrawal,
                     .body =
                         domain::Decision{
                             .reason = "withdrawn", .subject = "", .field = "", .from = 0, .to = 0},
                     .refs = {offer.offer},
                     .acting = std::nullopt})
              .status());
      break;
    }
  }
  return before;
}

absl::StatusOr<std::vector<Handover>> ListHandovers(vault::Vault& vault) {
  std::map<ChangeId, Handover> known;
  std::map<ChangeId, Time> newest;
  const auto take = [&](const domain::CustodyOffer& terms, const UnitId& from,
                        HandoverPerson person) {
    Handover& handover = known[terms.handover];
    handover.id = terms.handover;
    handover.from = from;
    handover.to = terms.to_unit;
    handover.of_persons = std::max(handover.of_persons, terms.of_persons);
    handover.for_me = WorksAt(vault, terms.to_unit);
    Time& at = newest.try_emplace(terms.handover, Time::Min()).first->second;
    at = std::max(at, person.offered.soft.latest);
    handover.persons.push_back(std::move(person));
  };
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind != domain::FileKind::kPerson) continue;
    KAPEA_ASSIGN(const auto state, vault.File(line.file));
    for (const auto& step : state->custody().history) {
      take(step.terms, step.from,
           {line.file, true, step.answer.accepted, step.answer.reason, step.answer.counted,
            step.offered, step.answered});
    }
    for (const auto& [id, offer] : state->custody().open) {
      take(offer.terms, offer.from, {line.file, false, false, "", 0, offer.time, std::nullopt});
    }
  }
  std::vector<Handover> all;
  for (auto& [id, handover] : known) all.push_back(std::move(handover));
  std::stable_sort(all.begin(), all.end(), [&](const Handover& a, const Handover& b) {
    return newest.at(a.id) > newest.at(b.id);
  });
  return all;
}

absl::StatusOr<Handover> FindHandover(vault::Vault& vault, std::string_view name) {
  std::string hex(name.starts_with("H-") || name.starts_with("h-") ? name.substr(2) : name);
  std::transform(hex.begin(), hex.end(), hex.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  KAPEA_ASSIGN(const std::vector<Handover> all, ListHandovers(vault));
  const Handover* found = nullptr;
  for (const Handover& handover : all) {
    if (hex.size() < 4 || !handover.id.hex().starts_with(hex)) continue;
    if (found != nullptr) {
      return absl::FailedPreconditionError("more than one hand-over begins with that: give more");
    }
    found = &handover;
  }
  if (found == nullptr) return absl::NotFoundError("no such hand-over on this device");
  return *found;
}

}  // namespace kapea::field
