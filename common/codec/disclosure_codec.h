// Disclosure bundles: what the recipient of a disclosure gets, sealed to its unit's key, and
// what she can make sure of. proto/kapea/v1/disclosure.proto.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/codec/change_codec.h"
#include "common/crypto/hpke.h"
#include "common/crypto/secret.h"
#include "common/domain/change.h"
#include "common/domain/directory.h"

namespace kapea::codec {

inline constexpr size_t kDisclosureBytesMax = 16u << 20;

// A Change with its place in its author's parcel.
struct ProvenChange {
  EncodedChange change;
  std::string parcel_header;  // encoded
  std::string signature;
  uint32_t index = 0;
  std::vector<Hash> path;
};
struct DisclosedValue {
  ProvenChange change;  // whole: what is not disclosed is withheld by SealDisclosure
  uint32_t write = 0;
  crypto::SecretBytes secret;  // crypto::FieldSecret
};

struct DisclosureRecipient {
  UnitId unit;
  uint32_t generation = 0;
  std::string public_key;  // 32 bytes
};
// Names nothing but its recipient. InvalidArgument for a bad key; ResourceExhausted over
// kDisclosureBytesMax.
absl::StatusOr<std::string> SealDisclosure(const DeploymentId& deployment, const ProvenChange& act,
                                           const std::vector<DisclosedValue>& values,
                                           const DisclosureRecipient& recipient);

// For whom it is. InvalidArgument for bytes that are no bundle.
absl::StatusOr<DisclosureRecipient> RecipientOf(std::string_view bytes);  // without its key

struct OpenedValue {
  RecordId record;
  std::string field;
  domain::Value value;
  PersonId author;
  Time written;  // by the author's device
};
struct OpenedDisclosure {
  domain::Disclosure terms;
  FileId file;
  PersonId by;
  UnitId from;
  ChangeId change;
  std::vector<OpenedValue> values;
};
// Opens it, and takes nothing at its word: the act and each value are signed by a device of
// this deployment that was not revoked, stand in the parcels that say so, are of one file,
// and each value is one that the act names and opens under its own secret. It does not know
// whether the server let the act in. DataLoss "the disclosure ..." when any of it is not so;
// InvalidArgument for bytes that are no bundle.
absl::StatusOr<OpenedDisclosure> OpenDisclosure(std::string_view bytes,
                                                const crypto::ReceiveKey& key,
                                                const DeploymentId& deployment,
                                                const domain::Directory& directory);
// The same, once the seal is open.
absl::StatusOr<OpenedDisclosure> ReadBundle(std::string_view plain, const UnitId& recipient,
                                            const DeploymentId& deployment,
                                            const domain::Directory& directory);

}  // namespace kapea::codec
