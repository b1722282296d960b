// Class keys: found in wraps, held sealed, given to recipients. Inside this room only.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/core.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/secret.h"
#include "common/domain/file_state.h"

namespace kapea::vault {

// The class key, from the cache, the store, or a wrap to this person or her unit. A key
// that does not fit the commitment of its key epoch is never used and becomes evidence.
// FailedPrecondition when this device has none. The pointer lives as long as the core.
absl::StatusOr<const crypto::SecretBytes*> FindClassKey(Core& core, const FileId& file,
                                                        const KeyEpochId& epoch,
                                                        domain::KeyClass key_class);

// Person keys wrapped to this device, unit keys wrapped to this person, and the keys that
// this device offered and the directory took: all into the identity.
absl::Status TakeReceiveKeys(Core& core);
// Offers the next generation of this person's key, and of her unit's, where the newest one
// ended (Directory::KeyEnded) and nobody's offer waits for the registrars already.
absl::Status OfferKeys(Core& core);

// A recipient and what it may have of a file.
struct Recipient {
  domain::RecipientKind kind = domain::RecipientKind::kNone;
  ChangeId id;
  uint32_t generation = 0;
  std::string public_key;
  std::set<domain::KeyClass> classes;
  // A person's: the lines of whole units by which she stands there.
  std::vector<domain::RoleAt> shifts = {};
};
// Who gets the keys of these roster lines: a person's key; for a line of a whole unit its key,
// for the classes that all who share it may have (domain::UnitKeyMayHold), and for the others,
// or where the unit has no key (yet, or any more), those of the staff whom the line is for.
// Lines without any go to `unkeyed`. `released`: the plan is for whoever has the general keys.
std::vector<Recipient> RecipientsOf(const domain::Directory& directory, domain::FileKind kind,
                                    const std::vector<domain::Member>& lines,
                                    std::vector<domain::Member>* unkeyed, bool released = false);

// New random keys for a key epoch, with their openings.
struct HalfRecipient {
  Recipient recipient;
  uint32_t half = 0;
};
struct NewEpoch {
  std::map<domain::KeyClass, crypto::SecretBytes> keys;
  // For break-glass; empty: none (halves.h).
  std::map<domain::KeyClass, std::pair<crypto::SecretBytes, crypto::SecretBytes>> halves;
  std::vector<HalfRecipient> half_holders;
};
NewEpoch MakeEpoch(const std::vector<Recipient>& recipients);
domain::KeyOpening OpeningOf(const crypto::SecretBytes& key, const DeploymentId& deployment,
                             const FileId& file, const KeyEpochId& epoch,
                             domain::KeyClass key_class);

// Puts a class key into the batch, and after its commit into the cache.
void PutClassKey(kv::Batch& batch, const FileId& file, const KeyEpochId& epoch,
                 domain::KeyClass key_class, const crypto::SecretBytes& key);

}  // namespace kapea::vault
