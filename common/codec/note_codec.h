// Words of the author of a Change, sealed by HPKE to one recipient: free text never lies in
// clear, and who is asked to decide has no key of the file.
// Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/hpke.h"
#include "common/domain/change.h"

namespace kapea::codec {

inline constexpr size_t kNoteBytesMax = 2000;

// Of `target`, the recipient alone. InvalidArgument for a text that is empty or too long, or a
// public key that is none.
absl::StatusOr<domain::SealedNote> SealNote(const WrapContext& context, const WrapTarget& target,
                                            std::string_view text);
// DataLoss when it does not open with `key`.
absl::StatusOr<std::string> OpenNote(const WrapContext& context, const domain::SealedNote& note,
                                     const crypto::ReceiveKey& key);

}  // namespace kapea::codec
