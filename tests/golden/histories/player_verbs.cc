// The verbs of a history.
#include <algorithm>

#include "client/field/casework.h"
#include "client/field/conflict.h"
#include "client/field/handover.h"
#include "client/field/intake.h"
#include "client/field/muster.h"
#include "client/field/names.h"
#include "client/field/record_view.h"
#include "client/field/waive.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "tests/golden/histories/player.h"

namespace kapea::golden {
namespace {

// Words that are no CODE=VALUE, and the values of those that are.
struct Split {
  std::vector<std::string> plain;
  std::vector<std::string> sets;
  explicit Split(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      (word.find('=') == std::string::npos ? plain : sets).push_back(word);
    }
  }
  bool Take(const std::string& word) {
    const auto at = std::find(plain.begin(), plain.end(), word);
    if (at == plain.end()) return false;
    plain.erase(at);
    return true;
  }
  // The word after `word`, both taken out; empty: it is not there.
  std::string TakeAfter(const std::string& word) {
    const auto at = std::find(plain.begin(), plain.end(), word);
    if (at == plain.end() || at + 1 == plain.end()) return "";
    std::string after = *(at + 1);
    plain.erase(at, at + 2);
    return after;
  }
};

absl::Status Want(const std::string& what) { return absl::InvalidArgumentError("want " + what); }

vault::NewAttachment Evidence(const std::string& type) {
  return {"An invented piece of evidence.", type, "", Time()};
}

domain::FileKind KindOf(const std::string& name) {
  for (const auto kind : {domain::FileKind::kPerson, domain::FileKind::kJustice,
                          domain::FileKind::kLead, domain::FileKind::kProgramme}) {
    if (domain::NameOf(kind) == name) return kind;
  }
  return domain::FileKind::kNone;
}

}  // namespace

Player::Verb Player::FindVerb(std::string_view name) {
  static const std::map<std::string_view, Verb> kVerbs = {
      {"operation", &Player::Operation}, {"tick", &Player::Tick},
      {"not-done", &Player::NotDone},    {"fact", &Player::Fact},
      {"found", &Player::Found},         {"edit", &Player::EditOperation},
      {"intake", &Player::Intake},       {"open", &Player::Open},
      {"write", &Player::Write},         {"void", &Player::Void},
      {"restore", &Player::Restore},     {"read", &Player::Read},
      {"waive", &Player::Waive},         {"end-waiver", &Player::EndWaiver},
      {"offer", &Player::Offer},         {"accept", &Player::Answer},
      {"decline", &Player::Answer},      {"resolve", &Player::Resolve},
      {"offline", &Player::Offline},     {"online", &Player::Online},
      {"reboot", &Player::Reboot}};
  const auto at = kVerbs.find(name);
  return at == kVerbs.end() ? nullptr : at->second;
}

// operation OP [drill] [variant V] [FACT ...]; lead has LEAD, EXH and COMMS,
// officer JPO, VLO, EXH, SW and MED, supervisor SUP.
absl::Status Player::Operation(const std::string& who, const Words& words) {
  Split said(words);
  field::NewOperation plan;
  plan.drill = said.Take("drill");
  plan.variant = said.TakeAfter("variant");
  if (said.plain.empty()) return Want("a name of the operation");
  plan.facts.assign(said.plain.begin() + 1, said.plain.end());
  using domain::Duty;
  plan.members = {MemberOf("lead", {Duty::kLead, Duty::kExh, Duty::kComms}),
                  MemberOf("officer", {Duty::kJpo, Duty::kVlo, Duty::kExh, Duty::kSw, Duty::kMed}),
                  MemberOf("supervisor", {Duty::kSup})};
  KAPEA_ASSIGN(const auto opened, field::OpenOperation(VaultOf(who), plan));
  files_[said.plain[0]] = opened.file;
  return absl::OkStatus();
}

// tick OP ITEM ... [for N] [document] [photo]
absl::Status Player::Tick(const std::string& who, const Words& words) {
  Split said(words);
  const std::string number = said.TakeAfter("for");
  const bool document = said.Take("document");
  const bool photo = said.Take("photo");
  if (said.plain.size() < 2) return Want("tick FILE ITEM ...");
  KAPEA_ASSIGN(const FileId file, FileNamed(said.plain[0]));
  for (size_t i = 1; i < said.plain.size(); ++i) {
    field::ItemAnswer answer;
    answer.item = said.plain[i];
    if (!number.empty()) answer.number = std::stoll(number);
    if (photo) answer.evidence = Evidence("image/jpeg");
    if (document) (photo ? answer.document : answer.evidence) = Evidence("text/plain");
    KAPEA_TRY(field::AnswerItem(VaultOf(who), file, answer).status());
  }
  return absl::OkStatus();
}

// not-done OP ITEM REASON-CODE [for N] [not-applicable]
absl::Status Player::NotDone(const std::string& who, const Words& words) {
  Split said(words);
  field::ItemAnswer answer;
  answer.answer = said.Take("not-applicable") ? domain::kItemNotApplicable : domain::kItemNotDone;
  const std::string number = said.TakeAfter("for");
  if (!number.empty()) answer.number = std::stoll(number);
  if (said.plain.size() < 2) return Want("not-done FILE ITEM REASON");
  KAPEA_ASSIGN(const FileId file, FileNamed(said.plain[0]));
  answer.item = said.plain[1];
  if (said.plain.size() > 2) answer.reason_code = said.plain[2];
  return field::AnswerItem(VaultOf(who), file, answer).status();
}

// fact OP CODE [off]
absl::Status Player::Fact(const std::string& who, const Words& words) {
  Split said(words);
  const bool off = said.Take("off");
  if (said.plain.size() != 2) return Want("fact FILE CODE");
  KAPEA_ASSIGN(const FileId file, FileNamed(said.plain[0]));
  return field::SetFact(VaultOf(who), file, said.plain[1], !off).status();
}

// found OP P1 P2 ... [CODE=VALUE ...]: counted, and a file made for each.
absl::Status Player::Found(const std::string& who, const Words& words) {
  Split said(words);
  if (said.plain.size() < 2) return Want("found OP NAME ...");
  KAPEA_ASSIGN(const FileId file, FileNamed(said.plain[0]));
  field::PeopleFound people;
  people.count = static_cast<uint32_t>(said.plain.size() - 1);
  KAPEA_ASSIGN(people.entries, EntriesOf(said.plain[0], said.sets));
  KAPEA_ASSIGN(const auto found, field::AddPeople(VaultOf(who), file, people));
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i].file) return absl::InternalError("no file for a person");
    files_[said.plain[i + 1]] = *found[i].file;
  }
  return absl::OkStatus();
}

// edit OP FORM[#N] CODE=VALUE ...; muster OP is edit OP muster.
absl::Status Player::EditOperation(const std::string& who, const Words& words) {
  Split said(words);
  if (said.plain.size() != 2) return Want("edit FILE FORM#N CODE=VALUE ...");
  KAPEA_ASSIGN(const FileId file, FileNamed(said.plain[0]));
  KAPEA_ASSIGN(auto entries, EntriesOf(said.plain[0], said.sets));
  if (said.plain[1] == "muster") {
    return field::TakeMuster(VaultOf(who), file, entries).status();
  }
  field::RecordEdit edit;
  edit.form = said.plain[1];
  const size_t hash = edit.form.find('#');
  if (hash != std::string::npos) {
    edit.number = std::stoll(edit.form.substr(hash + 1));
    edit.form.resize(hash);
  }
  edit.entries = std::move(entries);
  return field::EditRecord(VaultOf(who), file, edit).status();
}

// intake P [drill] CODE=VALUE ...: starts the record; of somebody without a file, founds it.
absl::Status Player::Intake(const std::string& who, const Words& words) {
  Split said(words);
  field::NewIntake intake;
  intake.drill = said.Take("drill");
  if (said.plain.size() != 1) return Want("intake FILE CODE=VALUE ...");
  const std::string& name = said.plain[0];
  if (files_.contains(name)) intake.person = files_[name];
  KAPEA_ASSIGN(intake.entries, EntriesOf(name, said.sets));
  KAPEA_ASSIGN(const auto started, field::StartIntake(VaultOf(who), intake));
  files_[name] = started.file;
  records_[name + " KH-VICTIM-INTAKE"] = started.record;
  return absl::OkStatus();
}

// open NAME KIND FORM[#N] [drill] CODE=VALUE ...
absl::Status Player::Open(const std::string& who, const Words& words) {
  Split said(words);
  field::NewFile file;
  file.drill = said.Take("drill");
  if (said.plain.size() != 3) return Want("open NAME KIND FORM CODE=VALUE ...");
  file.kind = KindOf(said.plain[1]);
  file.form = said.plain[2].substr(0, said.plain[2].find('#'));
  KAPEA_ASSIGN(file.entries, EntriesOf(said.plain[0], said.sets));
  KAPEA_ASSIGN(const auto opened, field::OpenFile(VaultOf(who), file));
  files_[said.plain[0]] = opened.file;
  records_[said.plain[0] + " " + said.plain[2]] = opened.record;
  return absl::OkStatus();
}

// write FILE FORM[#N] [below FORM[#N]] CODE=VALUE ...: a new record, or the one of that name.
absl::Status Player::Write(const std::string& who, const Words& words) {
  Split said(words);
  const std::string below = said.TakeAfter("below");
  if (said.plain.size() != 2) return Want("write FILE FORM#N CODE=VALUE ...");
  KAPEA_ASSIGN(const FileId file, FileNamed(said.plain[0]));
  field::RecordWrite write;
  write.form = said.plain[1].substr(0, said.plain[1].find('#'));
  if (!below.empty()) {
    KAPEA_ASSIGN(write.parent, RecordNamed(said.plain[0], below));
  }
  const auto known = RecordNamed(said.plain[0], said.plain[1]);
  if (known.ok()) write.record = *known;
  KAPEA_ASSIGN(write.entries, EntriesOf(said.plain[0], said.sets));
  KAPEA_ASSIGN(const auto written, field::WriteRecord(VaultOf(who), file, write));
  records_[said.plain[0] + " " + said.plain[1]] = written.record;
  return absl::OkStatus();
}

// void FILE FORM[#N] REASON
absl::Status Player::Void(const std::string& who, const Words& words) {
  if (words.size() != 3) return Want("void FILE RECORD REASON");
  KAPEA_ASSIGN(const FileId file, FileNamed(words[0]));
  KAPEA_ASSIGN(const RecordId record, RecordNamed(words[0], words[1]));
  return field::VoidRecord(VaultOf(who), file, record, words[2]).status();
}

absl::Status Player::Restore(const std::string& who, const Words& words) {
  if (words.size() != 2) return Want("restore FILE RECORD");
  KAPEA_ASSIGN(const FileId file, FileNamed(words[0]));
  KAPEA_ASSIGN(const RecordId record, RecordNamed(words[0], words[1]));
  return field::RestoreRecord(VaultOf(who), file, record).status();
}

// read FILE FORM[#N] CLASS: opens the sealed fields of that class, with a notice.
absl::Status Player::Read(const std::string& who, const Words& words) {
  if (words.size() != 3) return Want("read FILE RECORD CLASS");
  KAPEA_ASSIGN(const FileId file, FileNamed(words[0]));
  KAPEA_ASSIGN(const RecordId record, RecordNamed(words[0], words[1]));
  field::Opening opening;
  for (const domain::KeyClass one : domain::kKeyClasses) {
    if (domain::NameOf(one) == words[2]) opening.classes.insert(one);
  }
  return field::ViewRecord(VaultOf(who), file, record, opening, field::Language::kEnglish).status();
}

absl::Status Player::Waive(const std::string& who, const Words& words) {
  if (words.size() != 3) return Want("waive FILE CLAUSE REASON");
  KAPEA_ASSIGN(const FileId file, FileNamed(words[0]));
  return field::WaiveClause(VaultOf(who), file, words[1], words[2]).status();
}

absl::Status Player::EndWaiver(const std::string& who, const Words& words) {
  if (words.size() != 2) return Want("end-waiver FILE CLAUSE");
  KAPEA_ASSIGN(const FileId file, FileNamed(words[0]));
  return field::EndWaiver(VaultOf(who), file, words[1]).status();
}

// offer H P1 P2 ...: to the shelter, in one hand-over.
absl::Status Player::Offer(const std::string& who, const Words& words) {
  if (words.size() < 2) return Want("offer NAME FILE ...");
  field::HandoverOffer offer;
  offer.to_unit = server_.shelter();
  for (size_t i = 1; i < words.size(); ++i) {
    KAPEA_ASSIGN(const FileId person, FileNamed(words[i]));
    offer.persons.push_back(person);
  }
  KAPEA_ASSIGN(const auto made, field::OfferPersons(VaultOf(who), offer));
  handovers_[words[0]] = made.id;
  return absl::OkStatus();
}

// accept H P1 ... or decline H P1 ... reason=CODE
absl::Status Player::Answer(const std::string& who, const Words& words) {
  Split said(words);
  if (said.plain.empty() || !handovers_.contains(said.plain[0])) return Want("a hand-over");
  field::HandoverAnswer answer;
  answer.handover = handovers_[said.plain[0]];
  answer.accepted = said.sets.empty();
  if (!answer.accepted) answer.reason = said.sets[0].substr(said.sets[0].find('=') + 1);
  for (size_t i = 1; i < said.plain.size(); ++i) {
    KAPEA_ASSIGN(const FileId person, FileNamed(said.plain[i]));
    answer.persons.push_back(person);
  }
  return field::AnswerPersons(VaultOf(who), answer).status();
}

// resolve FILE FORM[#N] FIELD CHOICE
absl::Status Player::Resolve(const std::string& who, const Words& words) {
  if (words.size() != 4) return Want("resolve FILE RECORD FIELD CHOICE");
  field::Resolution resolution;
  KAPEA_ASSIGN(resolution.file, FileNamed(words[0]));
  KAPEA_ASSIGN(resolution.record, RecordNamed(words[0], words[1]));
  resolution.field = words[2];
  resolution.choice = std::stoul(words[3]);
  return field::ResolveConflict(VaultOf(who), resolution).status();
}

absl::Status Player::Offline(const std::string& who, const Words&) {
  KAPEA_TRY(SyncAll(who));
  offline_.insert(who);
  return absl::OkStatus();
}

absl::Status Player::Online(const std::string& who, const Words&) {
  offline_.erase(who);
  return SyncAll(who);
}

// Every device is restarted: what was seen before says no more how much time went by.
absl::Status Player::Reboot(const std::string&, const Words&) {
  clock_.Reboot(++boots_);
  return absl::OkStatus();
}

}  // namespace kapea::golden
