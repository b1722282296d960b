// Putting class keys into wraps: which there are to make, and the Changes that carry them.
// Inside this room only.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "common/codec/change_codec.h"
#include "common/crypto/secret.h"
#include "common/domain/file_state.h"

namespace kapea::vault {

// One class key for one recipient. `key` belongs to the core or to a NewEpoch.
struct ToWrap {
  KeyEpochId epoch;
  domain::KeyClass key_class;
  const crypto::SecretBytes* key;
  Recipient recipient;
  uint32_t half = 0;  // 0: the whole key
};

// As RecipientsOf, with the plan's key for the whole team where it was released.
std::vector<Recipient> RecipientsIn(const domain::Directory& directory,
                                    const domain::FileState& state,
                                    const std::vector<domain::Member>& lines,
                                    std::vector<domain::Member>* unkeyed);
// Every key of the new epoch for whoever may have it.
std::vector<ToWrap> WrapsOf(const KeyEpochId& epoch, const NewEpoch& keys,
                            const std::vector<Recipient>& recipients);
// Its halves, for the supervisors on duty.
std::vector<ToWrap> HalvesOf(const KeyEpochId& epoch, const NewEpoch& keys);
// Every key held here that the recipients may have, of all the file's key epochs.
std::vector<ToWrap> HeldWraps(Core& core, const domain::FileState& state,
                              const std::vector<Recipient>& recipients);
// Of these, what the recipients should have without being asked for and have not: the newest
// key epoch; older ones which an earlier generation of the same recipient had, or, by a line of
// a whole unit, one of its staff of now or before; and those that nobody was granted, for their
// roster got a verdict. The recovery key: all of them.
std::vector<ToWrap> MissingWraps(Core& core, const domain::FileState& state,
                                 const std::vector<Recipient>& recipients);
// Those of the recipients who lack a key of the newest key epoch that they may have, by what
// leads, `me` or two others granted.
std::vector<Recipient> WithoutNewest(const domain::FileState& state, const PersonId& me,
                                     const std::vector<Recipient>& recipients);

// Adds wraps to `writer` until the Change is full; the rest stays in `wraps`.
absl::Status AddWraps(codec::ChangeWriter& writer, std::vector<ToWrap>& wraps);
// The halves of the key epoch that `writer` opens, and then as many of the wraps as fit, behind
// the mark that what follows may be dropped one day (domain::kGrantsFollow).
absl::Status AddKeys(codec::ChangeWriter& writer, const NewEpoch& epoch,
                     std::vector<ToWrap>& wraps);
// The Changes that carry what did not fit, each standing on roster `roster`. The first has
// the sequence number after the header's.
absl::Status AddGrants(domain::Header header, const Hash& roster, std::vector<ToWrap>& wraps,
                       std::vector<codec::EncodedChange>& changes);
// A grant of all of them, of as many Changes as it takes; the first. FailedPrecondition where one
// would have no effect.
absl::StatusOr<domain::Ref> CommitGrants(Core& core, const domain::Header& header,
                                         std::vector<ToWrap> wraps);
// The openings of a new key epoch. Whoever opens a class that she may not read forgets
// its key again: only what the acting role may hold goes into the store.
void AddOpenings(codec::ChangeWriter& writer, domain::FileKind kind, const NewEpoch& epoch,
                 kv::Batch& batch);
// Whether some recipient may have a class that the newest key epoch lacks, or whose key
// is not held here.
bool NeedsEpoch(Core& core, const domain::FileState& state,
                const std::vector<Recipient>& recipients);

// What one roster Change does.
struct RosterAct {
  std::optional<domain::RosterWrite> lines;        // absent: it opens keys alone
  std::vector<ToWrap> wraps;                       // of earlier key epochs
  std::optional<std::vector<Recipient>> everyone;  // present: a new key epoch, for these
  kv::Batch batch;                                 // whatever belongs into the same commit
};
// That Change, and the grants that did not fit into it, in one commit.
absl::StatusOr<domain::Ref> CommitRoster(Core& core, const domain::FileState& state,
                                         const domain::Header& header, RosterAct act);

}  // namespace kapea::vault
