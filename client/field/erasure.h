// Erasing: what two people decide together, what the rules of a pack ask for, and what can be
// said of it afterwards.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/erasure.h"
#include "common/domain/file_state.h"

namespace kapea::field {

// What is to be erased. Without a record: the whole file. Of a record also all that stand
// below it.
struct ErasureRequest {
  FileId file;
  std::optional<RecordId> record;
  std::string field;   // of that record alone
  std::string reason;  // a code of a-z, 0-9 and _
};

// Threads: one at a time. Errors of all: as Vault.
// PermissionDenied for who does not lead the file; FailedPrecondition while a hold keeps it;
// NotFound for a record or field that is not there; InvalidArgument for a reason that is no
// code. Nothing is erased before a second person approves.
absl::StatusOr<domain::Ref> ProposeErasure(vault::Vault& vault, const ErasureRequest& request);

struct ProposedErasure {
  domain::Ref proposal;
  std::vector<domain::ErasureTarget> targets;
  std::string reason;
  PersonId by;
  bool mine = false;
};
absl::StatusOr<std::vector<ProposedErasure>> ProposedErasures(vault::Vault& vault,
                                                              const FileId& file);
// PermissionDenied for the person who proposed it, for who does not lead the file, and where
// neither is a supervisor. It takes effect when the server has received it.
absl::StatusOr<domain::Ref> ApproveErasure(vault::Vault& vault, const FileId& file,
                                           const ChangeId& proposal);
absl::StatusOr<domain::Ref> WithdrawErasure(vault::Vault& vault, const FileId& file,
                                            const ChangeId& proposal);

// One that took effect, as a certificate of it says.
struct ErasureRecord {
  domain::ErasureAt act;
  uint64_t entry = 0;     // in the ledger, of the approval
  uint64_t withheld = 0;  // writes of the file that are gone, by all its erasures together
  // Devices to which the server says it gave something of the file before, and whether each
  // has said that it dropped it; this device too.
  struct Holder {
    DeviceId device;
    PersonId person;  // zero: the directory does not know the device
    bool done = false;
  };
  std::vector<Holder> holders;
};
absl::StatusOr<std::vector<ErasureRecord>> Erasures(vault::Vault& vault, const FileId& file);

// Rules of the file's pack by which it should be decided now whether to erase it.
struct RetentionDue {
  std::string rule;
  Time since;
  bool held = false;  // by a hold of the pack
};
std::vector<RetentionDue> RetentionsDue(const domain::FileState& file, Time now);

}  // namespace kapea::field
