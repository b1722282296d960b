#include "client/field/muster.h"

#include <algorithm>
#include <map>

#include "client/field/forms.h"
#include "common/base/macros.h"

namespace kapea::field {
namespace {

template <typename T>
std::optional<T> Clear(const domain::Record& record, std::string_view field) {
  const T* held = record.ShownAs<T>(field);
  return held == nullptr ? std::nullopt : std::optional(*held);
}

std::string CodeOfField(const domain::Record& record, std::string_view field) {
  const auto code = Clear<domain::Code>(record, field);
  return code ? code->code : "";
}

std::string Numbers(const std::vector<int64_t>& numbers) {
  std::string text;
  for (const int64_t number : numbers) {
    text += (text.empty() ? "" : ", ") + (number > 0 ? std::to_string(number) : "(no number)");
  }
  return text;
}

std::string People(int64_t count) {
  return std::to_string(count) + (count == 1 ? " person" : " persons");
}

// The newest by the moment that it counted.
const domain::Record* NewestCount(const Checklist& checklist) {
  const domain::Record* newest = nullptr;
  std::pair<Time, Time> newest_at;
  for (const domain::Record* record :
       checklist.file->ChildrenOf(checklist.record->id, kMusterForm)) {
    const Time made = record->made.soft.latest;
    const std::pair at(Clear<Time>(*record, "counted_at").value_or(made), made);
    if (newest == nullptr || at >= newest_at) {
      newest = record;
      newest_at = at;
    }
  }
  return newest;
}

std::optional<int64_t> PlannedPersons(const Checklist& checklist) {
  for (const auto& [id, record] : checklist.file->records()) {
    if (record.parent != checklist.record->id || record.voided()) continue;
    if (const auto planned = Clear<int64_t>(record, "expected_persons")) return planned;
  }
  return std::nullopt;
}

bool Ended(const Checklist& checklist) {
  for (const auto& [id, record] : checklist.file->records()) {
    if (record.parent != checklist.record->id || record.voided()) continue;
    if (Clear<Time>(record, "ended_at")) return true;
  }
  return false;
}

// What each person's record and file say.
void CountPerson(vault::Vault& vault, const domain::Record& record, Muster& muster,
                 std::vector<int64_t>& unsigned_for) {
  const int64_t number = NumberOf(record).value_or(0);
  ++muster.found;
  if (Clear<Time>(record, "off_at")) ++muster.left_scene;
  const std::string outcome = CodeOfField(record, "outcome");
  bool accepted = false;
  const auto file = Clear<domain::Reference>(record, "person_file");
  if (file) {
    const auto state = vault.File(FileId::FromPrefix(file->id.view()));
    if (!state.ok()) {
      muster.not_held.push_back(number);
    } else {
      if (!(*state)->custody().open.empty()) ++muster.offered;
      for (const auto& step : (*state)->custody().history) {
        accepted = accepted || step.answer.accepted;
      }
    }
  }
  if (accepted) ++muster.accepted;
  if (outcome == "handed_over" || (outcome.empty() && accepted)) {
    ++muster.handed_over;
    if (!accepted && file && (muster.not_held.empty() || muster.not_held.back() != number)) {
      unsigned_for.push_back(number);
    }
  } else if (outcome == "declined") {
    ++muster.declined;
  } else if (outcome == "cleared") {
    ++muster.cleared;
  } else if (outcome == "hospital") {
    ++muster.hospital;
  } else if (outcome == "arrested") {
    ++muster.arrested;
  } else {
    muster.without_outcome.push_back(number);
  }
}

void Compare(const std::optional<int64_t>& a, const std::optional<int64_t>& b,
             const std::string& a_words, const std::string& b_words, Muster& muster) {
  if (!a || !b || *a == *b) return;
  muster.differences.push_back(People(*a) + " " + a_words + ", " + People(*b) + " " + b_words);
}

}  // namespace

absl::StatusOr<Muster> CountPeople(vault::Vault& vault, const FileId& operation) {
  KAPEA_ASSIGN(const Checklist checklist, FindChecklist(vault, operation));
  Muster muster;
  if (const domain::Record* count = NewestCount(checklist)) {
    muster.counted_at = Clear<Time>(*count, "counted_at");
    muster.point = CodeOfField(*count, "point");
    muster.expected = Clear<int64_t>(*count, "expected");
    muster.said_found = Clear<int64_t>(*count, "found");
    muster.in_vehicle = Clear<int64_t>(*count, "in_vehicle");
    muster.arrived = Clear<int64_t>(*count, "arrived");
    muster.admitted = Clear<int64_t>(*count, "admitted");
    const bool explained = count->Shown("difference_reason") != nullptr;
    if (!explained) {
      Compare(muster.expected, muster.said_found, "expected", "found, without a reason", muster);
    }
  } else {
    muster.expected = PlannedPersons(checklist);
  }
  std::map<int64_t, int> uses;
  std::vector<int64_t> unsigned_for;
  for (const domain::Record* record :
       checklist.file->ChildrenOf(checklist.record->id, kOperationPersonForm)) {
    ++uses[NumberOf(*record).value_or(0)];
    CountPerson(vault, *record, muster, unsigned_for);
  }
  Compare(muster.said_found, muster.found, "counted", "with a record", muster);
  Compare(muster.in_vehicle, muster.arrived, "left in vehicles", "arrived", muster);
  Compare(muster.arrived, muster.admitted, "arrived", "admitted", muster);
  for (const auto& [number, times] : uses) {
    if (times < 2) continue;
    muster.differences.push_back("number " + std::to_string(number) + " was given to " +
                                 std::to_string(times) + " persons");
  }
  // Before the hand-over people are still here, and that is no difference.
  const bool over = muster.point == "handover" || muster.point == "close" || Ended(checklist);
  if (over && !muster.without_outcome.empty()) {
    muster.differences.push_back("where they went is not said for number " +
                                 Numbers(muster.without_outcome));
  }
  if (!unsigned_for.empty()) {
    muster.differences.push_back("said to be handed over, but nobody signed for number " +
                                 Numbers(unsigned_for));
  }
  return muster;
}

absl::StatusOr<Counted> TakeMuster(vault::Vault& vault, const FileId& operation,
                                   const std::vector<Entry>& entries) {
  KAPEA_ASSIGN(const Muster before, CountPeople(vault, operation));
  std::vector<Entry> all = entries;
  const auto fill = [&](const char* code, const std::string& text) {
    const bool given = std::any_of(entries.begin(), entries.end(),
                                   [&](const Entry& entry) { return entry.code == code; });
    if (!given) all.push_back({code, text});
  };
  fill("counted_at", "now");
  fill("point", before.left_scene > 0 ? "arrival" : "scene");
  fill("found", std::to_string(before.found));
  if (before.expected) fill("expected", std::to_string(*before.expected));
  Counted counted;
  KAPEA_ASSIGN(counted.edited, EditRecord(vault, operation,
                                          {.form = std::string(kMusterForm),
                                           .number = std::nullopt,
                                           .make_new = true,
                                           .entries = all}));
  KAPEA_ASSIGN(counted.muster, CountPeople(vault, operation));
  return counted;
}

}  // namespace kapea::field
