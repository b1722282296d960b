#include "server/core/receive.h"

#include <optional>
#include <utility>

namespace kapea::server {
namespace {

std::optional<Refusal> Check(const codec::Parcel& parcel, const DirectoryView& directory) {
  const auto& genesis = directory.directory.genesis();
  if (!genesis || parcel.header.deployment != genesis->deployment) {
    return Refusal{RefusalReason::kOtherDeployment, 0, "the parcel is of another deployment"};
  }
  const auto key = directory.keys.find(parcel.header.device);
  if (key == directory.keys.end()) {
    return Refusal{RefusalReason::kUnknownDevice, 0,
                   "the directory has no such device, or not yet"};
  }
  if (!codec::VerifyParcelSignature(parcel.header_bytes, parcel.signature, key->second).ok()) {
    return Refusal{RefusalReason::kBadSignature, 0,
                   "the parcel is not signed by the device that it names"};
  }
  // Only what was erased is withheld, and that was sent whole.
  for (const codec::EncodedChange& change : parcel.changes) {
    if (change.change->header.format != 1) continue;
    for (const domain::Write& write : change.change->writes) {
      if (std::holds_alternative<domain::Withheld>(write.body)) {
        return Refusal{RefusalReason::kMalformed, 0, "a change came without some of its writes"};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

Submission Receive(std::vector<codec::Parcel> parcels, const DirectoryView& directory) {
  Submission submission;
  for (codec::Parcel& parcel : parcels) {
    submission.refused_after = Check(parcel, directory);
    if (submission.refused_after) break;
    submission.parcels.push_back(std::move(parcel));
  }
  return submission;
}

}  // namespace kapea::server
