// The one rule of every signed encoding: bytes must be exactly what encoding their
// meaning again would give. Private to codec: it needs protobuf.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace kapea::codec {

std::string EncodeCanonical(const google::protobuf::Message& message);

// Parses into `message`. InvalidArgument "malformed <what>" unless the bytes are the
// canonical encoding, without fields that this program does not know.
absl::Status DecodeCanonical(std::string_view bytes, const char* what,
                             google::protobuf::Message& message);

}  // namespace kapea::codec
