// Ids that nobody can guess, for records and hand-overs.
#pragma once

#include "common/codec/change_codec.h"

namespace kapea::field {

// A writer draws a fresh nonce from the machine's randomness; one that writes nothing is
// the way to such bytes from this room, which uses no cryptography of its own.
template <typename Id>
Id RandomId() {
  static_assert(Id::kBytes == Nonce::kBytes);
  return Id::FromPrefix(codec::ChangeWriter(domain::Header()).header().nonce.view());
}

}  // namespace kapea::field
