// The faces of the core that Vault hands out. Inside this room only.
#pragma once

#include "client/vault/attachments.h"
#include "client/vault/break_glass.h"
#include "client/vault/core.h"
#include "client/vault/name_store.h"
#include "client/vault/outbox.h"
#include "client/vault/replica.h"

namespace kapea::vault {

// Threads: as Vault.
struct Parts {
  explicit Parts(Core& core)
      : outbox(core), replica(core), attachments(core), names(core), break_glass(core) {}
  Outbox outbox;
  Replica replica;
  Attachments attachments;
  NameStore names;
  BreakGlass break_glass;
};

// A sealed value as it was before it was sealed. Without any trace: for Vault, which asks for
// a ReadNotice, and for NameStore. Errors: as Vault::OpenSealed.
absl::StatusOr<crypto::SecretBytes> OpenFieldValue(Core& core, const FileId& file,
                                                   const RecordId& record, std::string_view field,
                                                   const domain::FieldValue& value);

// What the header of every Change of this device says, whatever it does.
domain::Header BaseHeader(const Core& core, const domain::RoleAt& acting);

// The roles of this device's person, her usual one first.
std::vector<domain::RoleAt> RolesOf(const Identity& identity, const domain::Directory& directory);

}  // namespace kapea::vault
