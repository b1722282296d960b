#include "tests/common/codec/raw_wire.h"

#include "common/base/macros.h"

namespace kapea::codec {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr uint32_t kVarint = 0;
constexpr uint32_t kLength = 2;

uint64_t TakeVarint(std::string_view& bytes) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    KAPEA_CHECK(!bytes.empty() && shift < 64);
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

// One byte longer than it has to be.
std::string PaddedVarint(uint64_t value) {
  std::string bytes = RawVarint(value);
  bytes.back() = static_cast<char>(static_cast<uint8_t>(bytes.back()) | 0x80);
  bytes.push_back('\0');
  return bytes;
}

std::string ExplicitDefault(const FieldDescriptor& field) {
  const auto number = static_cast<uint32_t>(field.number());
  const bool delimited = field.is_repeated() || field.type() == FieldDescriptor::TYPE_BYTES ||
                         field.type() == FieldDescriptor::TYPE_STRING;
  return delimited ? RawBytes(number, "") : RawNumber(number, 0);
}

// `fields` with `bytes` put in place of field `at`.
std::string With(const std::vector<RawField>& fields, size_t at, std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < fields.size(); ++i) out += i == at ? bytes : fields[i].Encode();
  return out;
}

void SpoilOrder(const std::vector<RawField>& fields, const Descriptor& type,
                std::vector<Mutant>& out) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string name = type.full_name() + "." + std::to_string(fields[i].number);
    if (i + 1 < fields.size() && fields[i].number != fields[i + 1].number) {
      std::vector<RawField> swapped = fields;
      std::swap(swapped[i], swapped[i + 1]);
      out.push_back({name + " after its successor", JoinFields(swapped)});
    }
    const auto* field = type.FindFieldByNumber(static_cast<int>(fields[i].number));
    KAPEA_CHECK(field != nullptr);
    if (!field->is_repeated()) {
      out.push_back({name + " twice", With(fields, i, fields[i].Encode() + fields[i].Encode())});
    }
    if (field->is_packed()) {
      std::string_view items = fields[i].content;
      std::string unpacked;
      while (!items.empty()) unpacked += RawNumber(fields[i].number, TakeVarint(items));
      out.push_back({name + " not packed", With(fields, i, unpacked)});
    }
  }
}

void SpoilNumbers(const std::vector<RawField>& fields, const Descriptor& type,
                  std::vector<Mutant>& out) {
  for (size_t i = 0; i < fields.size(); ++i) {
    const RawField& field = fields[i];
    const std::string name = type.full_name() + "." + std::to_string(field.number);
    const uint64_t tag = field.number << 3 | field.wire_type;
    const bool varint = field.wire_type == kVarint;
    const uint64_t number = varint ? field.value : field.content.size();
    out.push_back({name + ": a long tag",
                   With(fields, i, PaddedVarint(tag) + RawVarint(number) + field.content)});
    out.push_back({name + ": a long number",
                   With(fields, i, RawVarint(tag) + PaddedVarint(number) + field.content)});
  }
}

void SpoilDefaults(const std::vector<RawField>& fields, const Descriptor& type,
                   std::vector<Mutant>& out) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    // One that can say that it is there may hold its default; an empty item of a
    // repeated field is no default either, unless the field is packed.
    if (field.has_presence() || (field.is_repeated() && !field.is_packed())) continue;
    const auto number = static_cast<uint32_t>(field.number());
    std::string bytes;
    bool there = false, put = false;
    for (const RawField& other : fields) {
      there = there || other.number == number;
      if (!put && other.number > number) {
        bytes += ExplicitDefault(field);
        put = true;
      }
      bytes += other.Encode();
    }
    if (there) continue;
    if (!put) bytes += ExplicitDefault(field);
    out.push_back({field.full_name() + " said to be its default", bytes});
  }
}

}  // namespace

std::string RawVarint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string RawNumber(uint32_t field, uint64_t value) {
  return RawField{field, kVarint, value, {}}.Encode();
}

std::string RawBytes(uint32_t field, std::string_view bytes) {
  return RawField{field, kLength, 0, std::string(bytes)}.Encode();
}

std::string RawField::Encode() const {
  const std::string tag = RawVarint(number << 3 | wire_type);
  return wire_type == kVarint ? tag + RawVarint(value) : tag + RawVarint(content.size()) + content;
}

std::vector<RawField> SplitFields(std::string_view bytes) {
  std::vector<RawField> fields;
  while (!bytes.empty()) {
    const uint64_t tag = TakeVarint(bytes);
    RawField& field = fields.emplace_back();
    field.number = static_cast<uint32_t>(tag >> 3);
    field.wire_type = static_cast<uint32_t>(tag & 7);
    KAPEA_CHECK(field.wire_type == kVarint || field.wire_type == kLength);
    const uint64_t number = TakeVarint(bytes);
    if (field.wire_type == kVarint) {
      field.value = number;
      continue;
    }
    KAPEA_CHECK(number <= bytes.size());
    field.content = std::string(bytes.substr(0, number));
    bytes.remove_prefix(number);
  }
  return fields;
}

std::string JoinFields(const std::vector<RawField>& fields) {
  std::string bytes;
  for (const RawField& field : fields) bytes += field.Encode();
  return bytes;
}

std::vector<Mutant> NonCanonical(std::string_view bytes, const Descriptor& type) {
  const std::vector<RawField> fields = SplitFields(bytes);
  std::vector<Mutant> out;
  SpoilOrder(fields, type, out);
  SpoilNumbers(fields, type, out);
  SpoilDefaults(fields, type, out);
  const std::string whole(bytes);
  const std::string& name = type.full_name();
  out.push_back({name + ": an unknown number", whole + RawNumber(1000, 1)});
  out.push_back({name + ": unknown bytes", whole + RawBytes(1000, "x")});
  // Tag 1000 with wire type 5 (four bytes) and as a group, which proto3 never writes.
  out.push_back({name + ": unknown four bytes", whole + RawVarint(1000 << 3 | 5) + "1234"});
  out.push_back(
      {name + ": an unknown group", whole + RawVarint(1000 << 3 | 3) + RawVarint(1000 << 3 | 4)});
  out.push_back({name + ": a zero byte left over", whole + std::string(1, '\0')});
  out.push_back({name + ": a tag left over", whole + RawVarint(1000 << 3)});
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto* field = type.FindFieldByNumber(static_cast<int>(fields[i].number));
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    for (const Mutant& inner : NonCanonical(fields[i].content, *field->message_type())) {
      out.push_back({inner.what, With(fields, i, RawBytes(fields[i].number, inner.bytes))});
    }
  }
  return out;
}

}  // namespace kapea::codec
