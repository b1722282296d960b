// A server's answers as values. Only their form is checked here: sync verifies what they
// say. Inside this room only.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/sync/transport.h"
#include "common/ledger/tree.h"
#include "kapea/v1/sync.pb.h"

namespace kapea::link {

// DataLoss, in words for the person who holds the device, for an answer of another form.
// Threads: any.
absl::StatusOr<ledger::Proof> ProofFrom(
    const google::protobuf::RepeatedPtrField<std::string>& hashes);
// Takes the Changes out of `wire`.
absl::StatusOr<sync::PullMessage> MessageFrom(v1::PullResponse& wire);
absl::StatusOr<sync::PushReply> ReplyFrom(const v1::PushResponse& wire);

}  // namespace kapea::link
