// Field by field between messages and values. Private to codec.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/domain/change.h"
#include "kapea/v1/change.pb.h"
#include "kapea/v1/value.pb.h"

namespace kapea::codec {

// Enumerations have the same numbers on both sides; one that this program does not
// know becomes the zero value, which callers refuse or keep as their field says.
template <typename To, typename From>
To EnumCast(From value, To last) {
  const int number = static_cast<int>(value);
  return number >= 0 && number <= static_cast<int>(last) ? static_cast<To>(number) : To{};
}

// A kind that this program does not know keeps its number, so that an Entry says it to
// newer programs. Zero, and what no byte holds, is no kind.
inline domain::Kind KindFromWire(v1::Kind wire) {
  const int number = static_cast<int>(wire);
  return number >= 0 && number <= 0xff ? static_cast<domain::Kind>(number) : domain::Kind::kUnknown;
}

// What every reader of codes, field names and reasons asks of them: 1 to 64 printable
// characters of ASCII, no space.
bool IsName(std::string_view text);
// Values that one write may replace.
inline constexpr size_t kReplacesMax = 32;

v1::Value ToWire(const domain::Value& value);
absl::StatusOr<domain::Value> FromWire(const v1::Value& wire);

v1::ChangeHeader ToWire(const domain::Header& header);
// `format` other than 1: what is understood is taken over, the rest left alone.
absl::StatusOr<domain::Header> FromWire(const v1::ChangeHeader& wire);

v1::Write ToWire(const domain::WriteBody& body);
absl::StatusOr<domain::WriteBody> FromWire(const v1::Write& wire);

// Ids on the wire: exactly their size, or (where `Optional`) empty.
template <typename Id>
absl::Status ReadId(std::string_view bytes, Id& id) {
  auto read = Id::FromBytes(bytes);
  if (!read.ok()) return read.status();
  id = *read;
  return absl::OkStatus();
}
template <typename Id>
absl::Status ReadOptionalId(std::string_view bytes, std::optional<Id>& id) {
  if (bytes.empty()) {
    id.reset();
    return absl::OkStatus();
  }
  auto read = Id::FromBytes(bytes);
  if (!read.ok()) return read.status();
  id = *read;
  return absl::OkStatus();
}
template <typename Id>
void WriteOptionalId(const std::optional<Id>& id, std::string* out) {
  if (id) out->assign(id->view());
}

}  // namespace kapea::codec
