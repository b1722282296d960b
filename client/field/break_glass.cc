#include "client/field/break_glass.h"

#include <algorithm>
#include <set>

#include "client/field/act.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

// So long after its end a break-glass stays in the inbox of the leads.
constexpr Duration kToldFor = Duration::Days(7);

// Whether this person has a half that completes one of who asked.
bool Completes(const domain::FileState& file, const domain::GlassAt& glass, const PersonId& me) {
  for (const auto& [epoch, opened] : file.key_epochs()) {
    for (const domain::KeyClass key_class : glass.classes) {
      for (const uint32_t half : {1u, 2u}) {
        if (domain::HoldsHalf(file, me, epoch, key_class, half) &&
            domain::HoldsHalf(file, glass.by, epoch, key_class, 3 - half)) {
          return true;
        }
      }
    }
  }
  return false;
}

bool IsOver(const GlassLine& line, Time now) {
  switch (line.status) {
    case domain::GlassStatus::kLapsed:
      return now - line.act.requested > kToldFor;
    case domain::GlassStatus::kExpired:
      return now - line.act.until() > kToldFor;
    default:
      return false;
  }
}

std::string Said(vault::Vault& vault, const GlassLine& line) {
  const domain::GlassAt& act = line.act;
  std::string text =
      PersonName(vault, act.by) + " asked to open this file by break-glass (" + act.reason + ")";
  switch (line.status) {
    case domain::GlassStatus::kWaiting:
      return text + "; nobody has agreed yet";
    case domain::GlassStatus::kLapsed:
      return text + (act.too_late
                         ? "; another agreed too late: she may have what it takes to open it "
                           "all the same, and the file goes to other keys"
                         : "; nobody agreed in time, and nothing was opened");
    default:
      break;
  }
  text += "; " + PersonName(vault, act.approved_by) + " agreed";
  text += act.opened.empty() ? ", it was not opened" : ", it was opened";
  return text + (line.status == domain::GlassStatus::kOpen ? "" : " so far; the time is over");
}

}  // namespace

absl::StatusOr<FileId> FindGlassFile(vault::Vault& vault, std::string_view name) {
  const auto known = FindFile(vault, name);
  if (!absl::IsNotFound(known.status())) return known;
  return FindAmong(vault, vault.break_glass().Guarded(), name);
}

absl::StatusOr<std::vector<FileId>> FilesWithHalves(vault::Vault& vault) {
  std::vector<FileId> all = vault.break_glass().Guarded();
  for (const vault::FileLine& line : vault.Files()) {
    const bool shared =
        line.kind == domain::FileKind::kDirectory || line.kind == domain::FileKind::kStandards;
    if (!shared) all.push_back(line.file);
  }
  std::vector<FileId> files;
  for (const FileId& file : all) {
    KAPEA_ASSIGN(const auto state, vault.File(file));
    const bool has = domain::HoldsHalf(*state, vault.identity().person, domain::KeyClass::kNone);
    if (has) files.push_back(file);
  }
  return files;
}

absl::StatusOr<std::vector<GlassLine>> ListGlass(vault::Vault& vault, const FileId& file) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const PersonId& me = vault.identity().person;
  std::vector<GlassLine> lines;
  for (const domain::GlassAt& glass : state->glasses()) {
    GlassLine& line = lines.emplace_back();
    line.file = file;
    line.kind = state->kind();
    line.act = glass;
    line.status = domain::StatusOf(glass, vault.break_glass().Now());
    line.mine = glass.by == me;
    line.for_me = !line.mine && line.status == domain::GlassStatus::kWaiting &&
                  domain::IsSupervisor(*vault.directory(), me) && Completes(*state, glass, me);
    line.opened_here =
        line.mine && std::any_of(glass.classes.begin(), glass.classes.end(),
                                 [&](domain::KeyClass one) { return vault.HoldsKey(file, one); });
    const auto why = vault.break_glass().Why(file, glass.request.change);
    if (why.ok()) line.why = *why;
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

absl::StatusOr<domain::Ref> AskForGlass(vault::Vault& vault, const vault::GlassRequest& request) {
  if (!domain::IsReasonCode(request.reason)) {
    return absl::InvalidArgumentError(
        "want a reason of a-z, 0-9 and _, such as lead_unreachable; nothing was written");
  }
  if (request.why.empty()) {
    return absl::InvalidArgumentError(
        "say in words why: whoever is asked to agree reads it; nothing was written");
  }
  return vault.break_glass().Request(request);
}

absl::StatusOr<GlassLine> NewestGlass(vault::Vault& vault, const FileId& file, bool mine) {
  KAPEA_ASSIGN(const std::vector<GlassLine> lines, ListGlass(vault, file));
  for (const GlassLine& line : lines) {
    if (mine ? line.mine : line.for_me) return line;
  }
  return absl::NotFoundError(mine ? "you have not asked to open this file"
                                  : "no request of this file waits for you, by what is here; "
                                    "sync, and look again");
}

HalvesKept HalvesOf(const domain::FileState& file, const domain::Directory& directory) {
  std::set<PersonId> first;
  std::set<PersonId> second;
  const domain::KeyEpoch* newest = file.newest_key_epoch();
  for (const domain::WrapAt& at : file.wraps()) {
    const PersonId person = PersonId::FromPrefix(at.wrap.recipient.view());
    if (newest == nullptr || at.wrap.key_epoch != newest->id ||
        at.wrap.recipient_kind != domain::RecipientKind::kHalf ||
        directory.KeyEnded(person, at.wrap.generation) ||
        !domain::IsSupervisor(directory, person)) {
      continue;
    }
    (at.wrap.half == 1 ? first : second).insert(person);
  }
  return {{first.begin(), first.end()}, {second.begin(), second.end()}};
}

absl::Status AddGlassLines(vault::Vault& vault, const FileId& file, std::vector<InboxLine>& lines) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  if (state->glasses().empty()) return absl::OkStatus();
  KAPEA_ASSIGN(const std::vector<GlassLine> all, ListGlass(vault, file));
  const std::string code = CodeOf(file, state->kind());
  const bool leads = LedByMe(vault, *state);
  for (const GlassLine& line : all) {
    if (IsOver(line, vault.break_glass().Now()) || !(leads || line.for_me || line.mine)) continue;
    std::string next = "look at it: break-glass list " + code;
    if (line.for_me) next = "within the hour: break-glass approve " + code;
    const bool open = line.status == domain::GlassStatus::kOpen;
    if (line.mine && open && !line.opened_here) next = "sync, then break-glass open " + code;
    lines.push_back({InboxKind::kBreakGlass, file, code, Said(vault, line), next, 1});
  }
  return absl::OkStatus();
}

}  // namespace kapea::field
