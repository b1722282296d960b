// Who works on a file: its roster, the keys that its members hold, and who opened what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/recovery.h"
#include "client/vault/vault.h"
#include "common/domain/change.h"
#include "common/domain/file_state.h"

namespace kapea::field {

struct MemberLine {
  domain::Member member;
  bool leads = false;
  std::vector<domain::KeyClass> may;   // what her role may read
  std::vector<domain::KeyClass> keys;  // of these, the newest key that she, or her unit, was given
};
struct Membership {
  std::vector<MemberLine> lines;  // in the order of the roster
  size_t key_epochs = 0;
  bool rekey_due = false;  // domain/rekey.h
  bool led_by_me = false;
  RecoveryReach recovery;
  size_t first_halves = 0, second_halves = 0;  // supervisors who have them (break_glass.h)
};

// Whether somebody of the unit, or the unit itself, is on the file's roster.
bool HasLineOf(const domain::FileState& file, const UnitId& unit);
// Whether the unit has to do with the file: it has a line of it, or holds it.
bool IsOfUnit(const domain::FileState& file, const UnitId& unit);

// Threads: one at a time. Errors of all: as Vault.
absl::StatusOr<Membership> ViewMembership(vault::Vault& vault, const FileId& file);

// AlreadyExists for a line that is there, InvalidArgument for a person who does not have
// that role at that unit; PermissionDenied for who does not lead the file. All or nothing.
absl::StatusOr<vault::Founded> AddMembers(vault::Vault& vault, const FileId& file,
                                          const std::vector<domain::Member>& members,
                                          vault::History history);
// Opens a new key epoch for those who stay. NotFound for a line that is not there,
// FailedPrecondition where nobody would be left who leads the file; PermissionDenied.
absl::StatusOr<vault::Founded> RemoveMembers(vault::Vault& vault, const FileId& file,
                                             const std::vector<domain::Member>& members);

// One opening of sealed fields, as the device that did it told.
struct ReadLine {
  PersonId by;
  domain::EventTime time;  // when it was told: what was read before it
  RecordId record;
  std::string form;  // empty: the record is not here
  std::vector<std::string> fields;
  uint32_t times = 0;
};
// The newest first. PermissionDenied for who does not lead the file.
absl::StatusOr<std::vector<ReadLine>> ListReads(vault::Vault& vault, const FileId& file);

}  // namespace kapea::field
