// Receiving a person: the intake record, its repeating parts, and what is still missing.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/draft.h"
#include "client/field/typed_value.h"
#include "client/vault/vault.h"
#include "common/standards/evaluate.h"

namespace kapea::field {

// Values of one record that is made together with the intake record, or of that record itself.
struct IntakePart {
  std::string form;  // the intake form, one below it, or another of a person's file
  std::vector<std::pair<std::string, domain::Value>> values;  // by field
};

struct NewIntake {
  // The person's file; absent: somebody who came without an operation, whose file is
  // founded now, with the unit's carers on its roster.
  std::optional<FileId> person;
  bool drill = false;  // of a file that is founded now
  // Whose carers are on the roster of one that is founded now; absent: this person's unit.
  std::optional<UnitId> unit;
  std::vector<Entry> entries;
  std::vector<IntakePart> parts;  // in the same Change
};
struct Intake {
  FileId file;
  RecordId record;
};

// Threads: one at a time for all. Errors: as Draft::Commit.

// Starts the record in the newest version of the form. What the device knows is filled
// in: case code, officer, unit, language, the operation with the temporary number, "draft".
// AlreadyExists when the file has a live intake record.
absl::StatusOr<Intake> StartIntake(vault::Vault& vault, const NewIntake& intake);
// The oldest live intake record. NotFound.
absl::StatusOr<Intake> FindIntake(vault::Vault& vault, const FileId& person);

// Typed values into the intake record, or into a child record of it (a consent, a
// document, a danger ...): a new one, or the one named.
struct IntakeEdit {
  std::string form;                // empty: the intake record itself
  std::optional<RecordId> record;  // a known child
  std::vector<Entry> entries;
};
struct IntakeEdited {
  RecordId record;
  domain::Ref change;
};
absl::StatusOr<IntakeEdited> FillIntake(vault::Vault& vault, const FileId& person,
                                        const IntakeEdit& edit);

// A required field without an answer.
struct MissingField {
  RecordId record;
  std::string form;
  const domain::Field* field = nullptr;
  standards::Finding finding;
  bool no_key = false;  // sealed under a class that this device cannot write
};
// In the order of the forms: the intake record, then its children. The fields that
// completing and verifying write are left out.
absl::StatusOr<std::vector<MissingField>> MissingIn(vault::Vault& vault, const FileId& person);

// Marks it complete. FailedPrecondition lists the missing fields by code.
absl::StatusOr<domain::Ref> CompleteIntake(vault::Vault& vault, const FileId& person);
// A second person confirms it. PermissionDenied for the person who made the record.
absl::StatusOr<domain::Ref> VerifyIntake(vault::Vault& vault, const FileId& person);

}  // namespace kapea::field
