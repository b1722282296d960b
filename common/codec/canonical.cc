#include "common/codec/canonical.h"

#include <vector>

namespace kapea::codec {
namespace {

// Whether a field that this program does not know stands anywhere in the message. Looks
// without touching: dropping what is unknown would first make room for it everywhere.
bool HasUnknownFields(const google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (!reflection.GetUnknownFields(message).empty()) return true;
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownFields(reflection.GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      if (HasUnknownFields(reflection.GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

}  // namespace

// Fields ascend and defaults are left out in any protobuf encoder of C++, and our
// messages have no maps, whose order alone would be open.
std::string EncodeCanonical(const google::protobuf::Message& message) {
  std::string bytes(message.ByteSizeLong(), '\0');
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(bytes.data()));
  return bytes;
}

absl::Status DecodeCanonical(std::string_view bytes, const char* what,
                             google::protobuf::Message& message) {
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
      message.ByteSizeLong() == bytes.size() && EncodeCanonical(message) == bytes &&
      !HasUnknownFields(message)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(std::string("malformed ") + what);
}

}  // namespace kapea::codec
