// The faces of the core that Vault hands out. Inside this room only.
#pragma once

#include "client/vault/attachments.h"
#include "client/vault/core.h"
#include "client/vault/outbox.h"
#include "client/vault/replica.h"

namespace kapea::vault {

// Threads: as Vault.
struct Parts {
  explicit Parts(Core& core) : outbox(core), replica(core), attachments(core) {}
  Outbox outbox;
  Replica replica;
  Attachments attachments;
};

// What the header of every Change of this device says, whatever it does.
domain::Header BaseHeader(const Core& core, const domain::RoleAt& acting);

// The pack with the highest version, the first by id; nullptr: none.
const domain::Pack* NewestPackOf(const codec::PackRegistry& packs);

}  // namespace kapea::vault
