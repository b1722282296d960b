#include "common/codec/canonical.h"

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace kapea::codec {

std::string EncodeCanonical(const google::protobuf::Message& message) {
  // Fields ascend and defaults are left out in any protobuf encoder of C++; our
  // messages have no maps, so "deterministic" costs nothing and says what is meant.
  std::string bytes;
  google::protobuf::io::StringOutputStream sink(&bytes);
  google::protobuf::io::CodedOutputStream out(&sink);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  return bytes;
}

absl::Status DecodeCanonical(std::string_view bytes, const char* what,
                             google::protobuf::Message& message) {
  const auto malformed = [what] {
    return absl::InvalidArgumentError(std::string("malformed ") + what);
  };
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return malformed();
  message.DiscardUnknownFields();
  if (message.ByteSizeLong() != bytes.size() || EncodeCanonical(message) != bytes) {
    return malformed();
  }
  return absl::OkStatus();
}

}  // namespace kapea::codec
