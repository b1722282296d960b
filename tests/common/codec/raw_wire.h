// Protobuf bytes written by hand, for encodings that no protobuf library would write:
// the same meaning, said another way.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"

namespace kapea::codec {

std::string RawVarint(uint64_t value);
std::string RawNumber(uint32_t field, uint64_t value);
std::string RawBytes(uint32_t field, std::string_view bytes);

// One field of a message as it stands in its encoding.
struct RawField {
  uint32_t number = 0;
  uint32_t wire_type = 0;
  uint64_t value = 0;   // of a varint
  std::string content;  // of a length-delimited field

  std::string Encode() const;
};
// The fields of a well-formed encoding of ours, in their order.
std::vector<RawField> SplitFields(std::string_view bytes);
std::string JoinFields(const std::vector<RawField>& fields);

// An encoding that says the same as another, or more, and is not canonical.
struct Mutant {
  std::string what;
  std::string bytes;
};
// Every way to spoil the canonical encoding of a message of this type, also in the
// messages within it: fields out of order, a singular field twice, explicit defaults,
// tags, lengths and numbers in more bytes than they need, unknown fields, bytes left over.
std::vector<Mutant> NonCanonical(std::string_view bytes, const google::protobuf::Descriptor& type);

}  // namespace kapea::codec
