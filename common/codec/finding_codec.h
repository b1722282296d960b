// Findings as messages, for the rooms that hold messages.
#pragma once

#include "absl/status/statusor.h"
#include "common/codec/open_findings.h"
#include "kapea/v1/view.pb.h"

namespace kapea::codec {

// A Finding as a stranger reads it: times as the device's word has them, `certain` says
// whether that word was needed. The explanation is in English; no personal data.
void FindingToWire(const ToldFinding& told, v1::Finding& wire);
// Back, as far as the message tells: times by the device's word, no parts. DataLoss for
// one that cannot be read.
absl::StatusOr<ToldFinding> FindingFromWire(const v1::Finding& wire);

}  // namespace kapea::codec
