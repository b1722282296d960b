// The recovery key as a recipient of class keys, and the way back: what a device that lost
// its keys asks for, and what it does with the answer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "client/vault/vault.h"
#include "common/domain/file_state.h"

namespace kapea::vault {

// With the recovery key of the directory beside the others, if there is one: for a new key
// epoch, every class that somebody gets.
std::vector<Recipient> ForNewEpoch(const domain::Directory& directory,
                                   std::vector<Recipient> recipients);
// The same for key epochs that are there already: every class that they have.
std::vector<Recipient> WithRecovery(const domain::Directory& directory,
                                    std::vector<Recipient> recipients);
// Whether the recovery key lacks a class of the newest key epoch whose key is not held here:
// then only a new key epoch gives it one.
bool RecoveryNeedsEpoch(Core& core, const domain::FileState& state);

// What is written into the request's file.
struct RecoveryAsked {
  std::string bytes;
  std::string number;    // fingerprint of the asker's key, to be read to those with the sheets
  size_t files = 0;      // of which something is asked for
  size_t keys = 0;       // that are asked for
  size_t never_had = 0;  // that are not here and were never given to a recovery key
  size_t others = 0;     // that are not here and are not for her role to ask for
};
// What the answer brought.
struct RecoveryTaken {
  std::vector<FileId> files;  // that have keys on this device which they had not
  size_t keys = 0;            // new ones
  size_t held = 0;            // that were here already
};

// Threads and errors: as Vault.
class KeyRecovery {
 public:
  explicit KeyRecovery(Vault& vault) : vault_(vault), core_(*vault.core_) {}

  // A request for the keys of these files (none named: of all on this device) that this
  // person's roles may have and this device has not. It is noted here, so that its answer
  // is known again. FailedPrecondition: she has no key in the directory, or nothing is to be
  // asked for. InvalidArgument: a reason that is no code. ResourceExhausted: more than one
  // request holds.
  absl::StatusOr<RecoveryAsked> Ask(const std::vector<FileId>& files, const std::string& reason);

  // Takes the keys of an answer, each compared with what its key epoch committed to, and
  // says so in every file, in one commit: all, or nothing. FailedPrecondition: no answer to
  // a request of this device, or its person's role went meanwhile. DataLoss: some key in it
  // is not the right one.
  absl::StatusOr<RecoveryTaken> Take(std::string_view answer);

 private:
  struct Said;
  absl::StatusOr<std::vector<codec::EncodedChange>> Changes(const std::vector<Said>& all,
                                                            const std::string& reason);

  Vault& vault_;
  Core& core_;
};

}  // namespace kapea::vault
