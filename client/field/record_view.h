// A record field by field, as a screen shows it. Sealed values stay closed unless they
// are asked for, and asking leaves a read notice.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/vault/vault.h"
#include "common/domain/record.h"

namespace kapea::field {

struct FieldView {
  enum class State {
    kEmpty,   // no answer
    kShown,   // `texts` has it; more than one: a Conflict
    kSealed,  // answered, not opened
    kNoKey,   // answered, sealed under a class that this device has no key of
    kBroken,  // does not open under its committed key
  };
  const domain::Field* field = nullptr;
  std::string section;
  State state = State::kEmpty;
  std::vector<std::string> texts;
  bool relevant = true;
  std::vector<domain::FieldValue> values;  // the distinct ones
  std::vector<domain::Value> opened;       // in the order of `texts`
};

// Which sealed classes to open; none: nothing is opened and nobody is told.
struct Opening {
  std::set<domain::KeyClass> classes;
  static Opening Nothing() { return {}; }
  static Opening Everything();
};

// All fields of the record's form, and of its derived facts those that have a value.
// Threads: one at a time. Errors: as Vault::NoticeReading; FailedPrecondition for a form
// that this program does not know.
absl::StatusOr<std::vector<FieldView>> ViewRecord(vault::Vault& vault, const FileId& file,
                                                  const RecordId& record, const Opening& opening,
                                                  Language language);

// "[x] ", "sealed (identity)" and the like, without opening: the word for the state.
std::string StateWords(const FieldView& view);

}  // namespace kapea::field
