// Handing sealed fields to somebody outside of the file, by one signed decision.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/codec/disclosure_codec.h"
#include "common/domain/disclosure.h"

namespace kapea::field {

struct DisclosureRequest {
  FileId file;
  std::vector<domain::DisclosedField> fields;
  std::optional<UnitId> to_unit;
  std::string to_body;  // else: a code for a body that is not in the directory
  std::string purpose;  // a code, as the consents have it
  Time expires;
  std::string because;  // a code: without a consent, for two roles to decide
};

struct DisclosureLine {
  domain::DisclosureAt act;
  domain::DisclosureStatus status = domain::DisclosureStatus::kWaiting;
};

// Threads: one at a time. Errors of all: as Vault.
// FailedPrecondition where the person has not agreed and no reason is given; PermissionDenied
// where the role may not read the fields; InvalidArgument for a request that is none. Nothing
// leaves the device by this.
absl::StatusOr<domain::Ref> Disclose(vault::Vault& vault, const DisclosureRequest& request);
// The second role of one without consent.
absl::StatusOr<domain::Ref> ApproveDisclosure(vault::Vault& vault, const FileId& file,
                                              const ChangeId& disclosure);
absl::StatusOr<domain::Ref> TakeBackDisclosure(vault::Vault& vault, const FileId& file,
                                               const ChangeId& disclosure);
// The newest first.
absl::StatusOr<std::vector<DisclosureLine>> ListDisclosures(vault::Vault& vault,
                                                            const FileId& file);

// What is disclosed, for its recipient: sealed to the unit's key (docs/protocol.md). Writes a
// read notice of the fields. FailedPrecondition unless the disclosure is in force, its values
// and itself are in the ledger, and the unit has a key.
absl::StatusOr<std::string> ExportDisclosure(vault::Vault& vault, const FileId& file,
                                             const ChangeId& disclosure);
// The same in clear, for a body that has no key here.
absl::StatusOr<std::vector<codec::OpenedValue>> ReadDisclosure(vault::Vault& vault,
                                                               const FileId& file,
                                                               const ChangeId& disclosure);
// At the recipient. PermissionDenied for who is not of the unit or after it has expired;
// else as codec::OpenDisclosure.
absl::StatusOr<codec::OpenedDisclosure> OpenDisclosure(vault::Vault& vault, std::string_view bytes);

}  // namespace kapea::field
