#include "client/field/membership.h"

#include <algorithm>

#include "client/field/act.h"
#include "client/field/break_glass.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/rekey.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::field {
namespace {

bool Has(const std::vector<domain::Member>& roster, const domain::Member& line) {
  return std::any_of(roster.begin(), roster.end(), [&line](const domain::Member& known) {
    return domain::SameLine(known, line);
  });
}

std::string LineName(vault::Vault& vault, const domain::Member& line) {
  std::string name = UnitName(vault, line.unit) + ":" + std::string(domain::NameOf(line.role));
  if (line.person) name += ":" + PersonName(vault, *line.person);
  return name;
}

// Whether a wrap of the newest key epoch is for this line: its person, its unit, or, where
// the unit had no key, somebody of its staff.
bool IsFor(const domain::Wrap& wrap, const domain::Member& line,
           const domain::Directory& directory) {
  if (wrap.recipient_kind == domain::RecipientKind::kUnit) {
    return !line.person && wrap.recipient.view() == line.unit.view() &&
           !directory.KeyEnded(line.unit, wrap.generation);
  }
  if (wrap.recipient_kind != domain::RecipientKind::kPerson) return false;
  const PersonId person = PersonId::FromPrefix(wrap.recipient.view());
  return domain::Covers(line, person, line.unit, line.role, directory, domain::Directory::kNow) &&
         !directory.KeyEnded(person, wrap.generation);
}

MemberLine ViewLine(const domain::FileState& file, const domain::Directory& directory,
                    const domain::Member& member) {
  MemberLine line;
  line.member = member;
  line.leads = domain::Leads(member);
  for (const domain::KeyClass one : domain::kKeyClasses) {
    if (file.MayHaveKey(member, one, file.kind())) line.may.push_back(one);
  }
  const domain::KeyEpoch* newest = file.newest_key_epoch();
  for (const domain::KeyClass key_class : line.may) {
    const bool given =
        std::any_of(file.wraps().begin(), file.wraps().end(), [&](const domain::WrapAt& at) {
          return newest != nullptr && at.wrap.key_epoch == newest->id &&
                 at.wrap.key_class == key_class && at.wrap.half == 0 &&
                 IsFor(at.wrap, member, directory);
        });
    if (given) line.keys.push_back(key_class);
  }
  return line;
}

}  // namespace

bool HasLineOf(const domain::FileState& file, const UnitId& unit) {
  return std::any_of(file.roster().begin(), file.roster().end(),
                     [&unit](const domain::Member& line) { return line.unit == unit; });
}

bool IsOfUnit(const domain::FileState& file, const UnitId& unit) {
  return file.custody().holder == unit || HasLineOf(file, unit);
}

absl::StatusOr<Membership> ViewMembership(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const auto directory = vault.directory();
  Membership view;
  for (const domain::Member& member : state->roster()) {
    view.lines.push_back(ViewLine(*state, *directory, member));
  }
  view.key_epochs = state->key_epochs().size();
  view.rekey_due = domain::RekeyDue(*state, *directory, vault.break_glass().Now());
  const HalvesKept halves = HalvesOf(*state, *directory);
  view.first_halves = halves.first.size();
  view.second_halves = halves.second.size();
  view.led_by_me = LedByMe(vault, *state);
  view.recovery = ReachOfRecovery(*state, *directory);
  return view;
}

absl::StatusOr<vault::Founded> AddMembers(vault::Vault& vault, const FileId& file,
                                          const std::vector<domain::Member>& members,
                                          vault::History history) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  domain::RosterWrite write;
  for (const domain::Member& member : members) {
    const std::string name = LineName(vault, member);
    if (Has(state->roster(), member) || Has(write.added, member)) {
      return absl::AlreadyExistsError(name + " works on this file already; nothing was changed");
    }
    const auto directory = vault.directory();
    if (member.person && !directory->HoldsRole(*member.person, member.role, member.unit)) {
      return absl::InvalidArgumentError(name +
                                        ": the directory does not give this person that role "
                                        "there; nothing was changed");
    }
    write.added.push_back(member);
  }
  if (write.added.empty()) return absl::InvalidArgumentError("want at least one member");
  return vault.ChangeRoster(file, write, history);
}

absl::StatusOr<vault::Founded> RemoveMembers(vault::Vault& vault, const FileId& file,
                                             const std::vector<domain::Member>& members) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  domain::RosterWrite write;
  for (const domain::Member& member : members) {
    if (!Has(state->roster(), member)) {
      return absl::NotFoundError(LineName(vault, member) +
                                 " is no line of this file's roster; nothing was changed");
    }
    if (!Has(write.removed, member)) write.removed.push_back(member);
  }
  if (write.removed.empty()) return absl::InvalidArgumentError("want at least one member");
  const auto after = domain::Applied(state->roster(), write, false);
  if (std::none_of(after.begin(), after.end(), domain::Leads)) {
    return absl::FailedPreconditionError(
        "nobody would be left who leads this file: add a lead or supervisor first; nothing was "
        "changed");
  }
  return vault.ChangeRoster(file, write);
}

absl::StatusOr<std::vector<ReadLine>> ListReads(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (!LedByMe(vault, *state)) {
    return absl::PermissionDeniedError(
        "who opened what is for the leads and supervisors of the file");
  }
  std::vector<ReadLine> lines;
  for (const domain::ReadAt& read : state->reads()) {
    const domain::Record* record = state->FindRecord(read.notice.record);
    lines.push_back({read.by, read.time, read.notice.record,
                     record == nullptr ? std::string() : record->form.form, read.notice.fields,
                     read.notice.times});
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace kapea::field
