// Records of any form in files of any kind: leads, plans, services, court cases,
// programmes, shelters. What they ask, and until when, is data: nothing here knows a form
// by its name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/field/typed_value.h"
#include "client/vault/vault.h"
#include "common/domain/change.h"

namespace kapea::field {

// Threads: one at a time for all. Errors: as Draft::Commit; NotFound for a record that the
// file does not have.

struct NewFile {
  std::string form;  // of the first record; a top form of `kind`
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  // Beside the author. Empty: the roles of her unit that work on such files.
  std::vector<domain::Member> members;
  std::vector<Entry> entries;
};
struct Written {
  FileId file;
  RecordId record;
  domain::Ref change;  // the last one
};
// Founds the file and writes its first record. InvalidArgument for an entry that cannot be
// read: then nothing was founded. Where the record has no effect for another reason (a
// role, a constraint), the file stands, and the message says its code.
absl::StatusOr<Written> OpenFile(vault::Vault& vault, const NewFile& file);

struct RecordWrite {
  std::optional<RecordId> record;  // a known one; absent: a new one of `form`
  std::string form;
  // Of a new record whose form has a parent. Absent: the only live record of that form.
  std::optional<RecordId> parent;
  std::vector<Entry> entries;
};
// FailedPrecondition where there is no record to stand below, or more than one;
// InvalidArgument for no entries.
absl::StatusOr<Written> WriteRecord(vault::Vault& vault, const FileId& file,
                                    const RecordWrite& write);
// Below which record a new one of this form stands: `named`, or the only live one; absent
// for a top form. NotFound, InvalidArgument and FailedPrecondition in words.
absl::StatusOr<std::optional<RecordId>> ParentFor(const domain::FileState& file,
                                                  const domain::Form& form,
                                                  const std::optional<RecordId>& named);

// Takes a record back, with a reason: it stays, and counts no more. `restore` undoes it.
absl::StatusOr<Written> VoidRecord(vault::Vault& vault, const FileId& file, const RecordId& record,
                                   std::string_view reason_code);
absl::StatusOr<Written> RestoreRecord(vault::Vault& vault, const FileId& file,
                                      const RecordId& record);

// Lets the record go on under the newest version of its form; what was written stays.
// Nothing else does that: a new version never changes work that is open. FailedPrecondition
// where it has the newest one.
absl::StatusOr<Written> RaiseForm(vault::Vault& vault, const FileId& file, const RecordId& record);

// The forms that files of this kind can have, each in its newest version, as packs list them.
std::vector<const domain::Form*> FormsFor(vault::Vault& vault, domain::FileKind kind);

struct RecordLine {
  RecordId record;
  const domain::Form* form = nullptr;  // null: of a pack that is not here
  std::string form_id;
  size_t depth = 0;  // 0: a top record
  Time made;
};
// The live records, each before those below it; siblings by form and time.
std::vector<RecordLine> RecordsIn(const domain::FileState& file);

}  // namespace kapea::field
