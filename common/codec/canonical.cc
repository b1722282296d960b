#include "common/codec/canonical.h"

#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace kapea::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// Which fields a message of one type has, to look bytes through without reflection: that
// would cost more than parsing them. Constant once made.
struct Shape {
  struct Field {
    bool known = false;
    uint32_t wire_type = 0;
    bool packable = false;
    const Shape* message = nullptr;
  };
  std::vector<Field> fields;  // by number
};

// Threads: any.
class Shapes {
 public:
  static const Shape& Of(const Descriptor* type) {
    static Shapes shapes;
    {
      std::shared_lock lock(shapes.mutex_);
      const auto known = shapes.by_type_.find(type);
      if (known != shapes.by_type_.end()) return *known->second;
    }
    std::unique_lock lock(shapes.mutex_);
    return shapes.Make(type);
  }

 private:
  const Shape& Make(const Descriptor* type) {
    std::unique_ptr<Shape>& shape = by_type_[type];
    if (shape != nullptr) return *shape;  // there already, or on the way
    shape = std::make_unique<Shape>();
    Shape& made = *shape;
    for (int i = 0; i < type->field_count(); ++i) {
      const FieldDescriptor& from = *type->field(i);
      const auto number = static_cast<size_t>(from.number());
      if (made.fields.size() <= number) made.fields.resize(number + 1);
      Shape::Field to;
      to.known = true;
      to.wire_type =
          WireFormatLite::WireTypeForFieldType(static_cast<WireFormatLite::FieldType>(from.type()));
      to.packable = from.is_packable();
      if (from.message_type() != nullptr) to.message = &Make(from.message_type());
      made.fields[number] = to;
    }
    return made;
  }

  std::shared_mutex mutex_;
  std::unordered_map<const Descriptor*, std::unique_ptr<Shape>> by_type_;
};

// Whether these bytes, which protobuf has parsed, hold none but known fields.
bool OnlyKnownFields(CodedInputStream& in, const Shape& shape) {
  for (;;) {
    const uint32_t tag = in.ReadTag();
    if (tag == 0) return true;
    const auto number = static_cast<size_t>(WireFormatLite::GetTagFieldNumber(tag));
    const uint32_t wire_type = WireFormatLite::GetTagWireType(tag);
    if (number >= shape.fields.size() || !shape.fields[number].known) return false;
    const Shape::Field& field = shape.fields[number];
    const bool packed = field.packable && wire_type == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (wire_type != field.wire_type && !packed) return false;
    if (field.message == nullptr) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto outer = in.PushLimit(static_cast<int>(size));
    if (!OnlyKnownFields(in, *field.message)) return false;
    in.PopLimit(outer);
  }
}

bool OnlyKnownFields(std::string_view bytes, const Descriptor* type) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  return OnlyKnownFields(in, Shapes::Of(type));
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
      OnlyKnownFields(bytes, message.GetDescriptor())) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(std::string("malformed ") + what);
}

}  // namespace kapea::codec
