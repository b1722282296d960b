// The names of the closed lists.
#include <string>

#include "common/domain/file_state.h"
#include "common/domain/roles.h"

namespace kapea::domain {
namespace {

template <typename T>
struct Name {
  T value;
  std::string_view name;
};

constexpr Name<Role> kRoles[] = {
    {Role::kUnitLead, "unit_lead"},
    {Role::kOfficer, "officer"},
    {Role::kSocialWorker, "social_worker"},
    {Role::kIntakeOfficer, "intake_officer"},
    {Role::kCaseManager, "case_manager"},
    {Role::kHealthWorker, "health_worker"},
    {Role::kLawyer, "lawyer"},
    {Role::kInterpreter, "interpreter"},
    {Role::kCourtClerk, "court_clerk"},
    {Role::kSupervisor, "supervisor"},
    {Role::kAnalyst, "analyst"},
    {Role::kCommuneOfficer, "commune_officer"},
    {Role::kRegistrar, "registrar"},
    {Role::kAdministrator, "administrator"},
    {Role::kServer, "server"},
};
// Duties keep the capitals in which checklists write them.
constexpr Name<Duty> kDuties[] = {
    {Duty::kLead, "LEAD"},   {Duty::kJpo, "JPO"},         {Duty::kVlo, "VLO"},
    {Duty::kExh, "EXH"},     {Duty::kSw, "SW"},           {Duty::kMed, "MED"},
    {Duty::kInt, "INT"},     {Duty::kShelter, "SHELTER"}, {Duty::kSup, "SUP"},
    {Duty::kComms, "COMMS"},
};
constexpr Name<FileKind> kFileKinds[] = {
    {FileKind::kOperation, "operation"}, {FileKind::kPerson, "person"},
    {FileKind::kJustice, "justice"},     {FileKind::kLead, "lead"},
    {FileKind::kProgramme, "programme"}, {FileKind::kDirectory, "directory"},
    {FileKind::kStandards, "standards"},
};
constexpr Name<UnitKind> kUnitKinds[] = {
    {UnitKind::kPolice, "police"},       {UnitKind::kSocialAffairs, "social_affairs"},
    {UnitKind::kShelter, "shelter"},     {UnitKind::kHealth, "health"},
    {UnitKind::kLegal, "legal"},         {UnitKind::kCourt, "court"},
    {UnitKind::kCommittee, "committee"}, {UnitKind::kRegistry, "registry"},
};
constexpr Name<Kind> kKinds[] = {
    {Kind::kEdit, "edit"},
    {Kind::kCustodyOffer, "custody_offer"},
    {Kind::kCustodyAnswer, "custody_answer"},
    {Kind::kRoster, "roster"},
    {Kind::kGrant, "grant"},
    {Kind::kDirectory, "directory"},
    {Kind::kLink, "link"},
    {Kind::kWaiver, "waiver"},
    {Kind::kApproval, "approval"},
    {Kind::kReadNotice, "read_notice"},
    {Kind::kResolution, "resolution"},
    {Kind::kMismatch, "mismatch"},
    {Kind::kRelease, "release"},
    {Kind::kDelivery, "delivery"},
    {Kind::kGap, "gap"},
    {Kind::kErase, "erase"},
    {Kind::kEpoch, "epoch"},
    {Kind::kGenesis, "genesis"},
    {Kind::kPack, "pack"},
    {Kind::kWithdrawal, "withdrawal"},
    {Kind::kAdmission, "admission"},
    {Kind::kBreakGlass, "break_glass"},
    {Kind::kRecovery, "recovery"},
    {Kind::kDisclosure, "disclosure"},
    {Kind::kPublication, "publication"},
};
struct VerdictName {
  Verdict value;
  std::string_view name;
  std::string_view words;
};
constexpr VerdictName kVerdicts[] = {
    {Verdict::kAccepted, "accepted", "accepted"},
    {Verdict::kEarly, "early",
     "it stands on something that has not arrived yet, and takes effect by itself once it has"},
    {Verdict::kNotMember, "not_member", "the author was not on the file's roster at that time"},
    {Verdict::kRole, "role", "the author does not hold that role, or the role may not do this"},
    {Verdict::kDuty, "duty", "the item asks for another duty than the author had"},
    {Verdict::kForm, "form", "the form, its version, the field or the code is not known"},
    {Verdict::kType, "type", "the value is of another type than the field, or out of its range"},
    {Verdict::kClass, "class",
     "the field was sealed under another class, or is clear where it must be sealed"},
    {Verdict::kStaleRoster, "stale_roster",
     "the roster had changed meanwhile; it must be offered again under the roster in force"},
    {Verdict::kRevoked, "revoked", "the author's device or account had ended before it arrived"},
    {Verdict::kMissingFact, "missing_fact",
     "a sealed answer came without the clear facts that its form declares, or a fact alone"},
    {Verdict::kStaleRecipient, "stale_recipient", "it grants to a key that has been replaced"},
    {Verdict::kErased, "erased", "what it writes to was erased"},
    {Verdict::kForked, "forked",
     "the device had signed something else in its place: it may have been copied or restored"},
    {Verdict::kNeedsNewer, "needs_newer", "it needs a newer program; nothing of it is lost"},
    {Verdict::kMalformed, "malformed", "its content breaks the format"},
    {Verdict::kKeyEpoch, "key_epoch", "it is sealed under a key that the file does not have"},
    {Verdict::kNoConsent, "no_consent",
     "the person has not agreed to it; two roles may decide it together, with a reason"},
    {Verdict::kPublished, "published", "what was published before stands against it"},
    {Verdict::kOnHold, "on_hold",
     "a hold keeps the file: nothing of it may be erased until it ends"},
};
constexpr Name<KeyClass> kKeyClassNames[] = {
    {KeyClass::kGeneral, "general"},     {KeyClass::kIdentity, "identity"},
    {KeyClass::kTestimony, "testimony"}, {KeyClass::kHealth, "health"},
    {KeyClass::kPlan, "plan"},
};
constexpr Name<FindingStatus> kFindingStatuses[] = {
    {FindingStatus::kMet, "met"},
    {FindingStatus::kMetLate, "met_late"},
    {FindingStatus::kPending, "pending"},
    {FindingStatus::kOverdue, "overdue"},
    {FindingStatus::kNotApplicable, "not_applicable"},
    {FindingStatus::kWaived, "waived"},
};
constexpr Name<Severity> kSeverities[] = {
    {Severity::kMust, "must"}, {Severity::kShould, "should"}, {Severity::kInfo, "info"}};
constexpr Name<SourceStatus> kSourceStatuses[] = {{SourceStatus::kDocumented, "documented"},
                                                  {SourceStatus::kUnverified, "unverified"},
                                                  {SourceStatus::kProposed, "proposed"}};

template <typename Table, typename T>
std::string_view NameIn(const Table& table, T value) {
  for (const auto& line : table) {
    if (line.value == value) return line.name;
  }
  return "none";
}

template <typename T, size_t kSize>
T Named(const Name<T> (&table)[kSize], std::string_view name) {
  for (const auto& line : table) {
    if (line.name == name) return line.value;
  }
  return T{};
}

}  // namespace

std::string_view NameOf(Role role) { return NameIn(kRoles, role); }
std::string_view NameOf(Duty duty) { return NameIn(kDuties, duty); }
std::string_view NameOf(FileKind kind) { return NameIn(kFileKinds, kind); }
std::string_view NameOf(UnitKind kind) { return NameIn(kUnitKinds, kind); }
std::string_view NameOf(Kind kind) { return NameIn(kKinds, kind); }
std::string_view NameOf(Verdict verdict) { return NameIn(kVerdicts, verdict); }
std::string_view NameOf(KeyClass key_class) { return NameIn(kKeyClassNames, key_class); }
std::string_view NameOf(FindingStatus status) { return NameIn(kFindingStatuses, status); }
std::string_view NameOf(Severity severity) { return NameIn(kSeverities, severity); }
std::string_view NameOf(SourceStatus status) { return NameIn(kSourceStatuses, status); }

Role RoleNamed(std::string_view name) { return Named(kRoles, name); }
Duty DutyNamed(std::string_view name) { return Named(kDuties, name); }
FileKind FileKindNamed(std::string_view name) { return Named(kFileKinds, name); }
FindingStatus FindingStatusNamed(std::string_view name) { return Named(kFindingStatuses, name); }
bool IsProvinceCode(std::string_view code) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return code.size() == 2 && digit(code[0]) && digit(code[1]);
}
bool IsReasonCode(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}
UnitKind UnitKindNamed(std::string_view name) { return Named(kUnitKinds, name); }

std::string FileState::Explain(Verdict verdict) {
  for (const VerdictName& line : kVerdicts) {
    if (line.value == verdict) return std::string(line.words);
  }
  return "it has not been judged yet";
}

}  // namespace kapea::domain
