// Acts that are one write of their own kind: links, custody, withdrawals.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/change.h"

namespace kapea::field {

struct Act {
  FileId file;
  domain::Kind kind = domain::Kind::kUnknown;
  domain::WriteBody body;
  std::vector<domain::Ref> refs;
  std::optional<domain::RoleAt> acting;
};

// Judges it as the server will, then commits it. PermissionDenied or FailedPrecondition
// with the reason in words when it would have no effect; else as Vault.
absl::StatusOr<domain::Ref> CommitAct(vault::Vault& vault, const Act& act);

// The roles under which the file has this person, her usual one first.
std::vector<domain::RoleAt> RolesIn(vault::Vault& vault, const domain::FileState& file);
// Whether under one of them she leads the file or supervises it.
bool LedByMe(vault::Vault& vault, const domain::FileState& file);
// Whether one of them, or what she opened by break-glass, may have keys of that class. A unit's key
// opens whatever any of the unit's roles may read, so that the key alone does not say it.
bool MayHold(vault::Vault& vault, const domain::FileState& file, domain::KeyClass key_class);

// As Refusal of what the server would find about a finished writer.
absl::Status CheckWouldCount(vault::Vault& vault, const codec::ChangeWriter& writer);

}  // namespace kapea::field
