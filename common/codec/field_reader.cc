#include "common/codec/field_reader.h"

#include <string>

#include "common/codec/wire_values.h"
#include "common/crypto/seal.h"

namespace kapea::codec {
namespace {

constexpr int kVarint = 0;
constexpr int kLengthDelimited = 2;

template <typename Id>
bool ReadId(const std::optional<std::string_view>& bytes, Id& id) {
  if (!bytes || bytes->size() != Id::kBytes) return false;
  id = Id::FromPrefix(*bytes);
  return true;
}

std::optional<domain::Value> ReadUsualValue(std::string_view bytes) {
  FieldReader fields(bytes);
  std::optional<domain::Value> value;
  if (const auto boolean = fields.TakeVarint(1)) {
    if (*boolean <= 1) value = domain::Value(*boolean == 1);
  } else if (const auto code = fields.Take(4)) {
    if (IsName(*code)) value = domain::Value(domain::Code{std::string(*code)});
  } else if (const auto time = fields.TakeVarint(6)) {
    if (*time <= static_cast<uint64_t>(Time::Max().unix_ms())) {
      value = domain::Value(Time::FromUnixMs(static_cast<int64_t>(*time)));
    }
  } else if (const auto reference = fields.Take(8)) {
    domain::Reference to;
    if (ReadId(reference, to.id)) value = domain::Value(to);
  }
  return fields.done() ? value : std::nullopt;
}

std::optional<domain::Sealed> ReadSealed(std::string_view bytes) {
  FieldReader fields(bytes);
  domain::Sealed sealed;
  if (!ReadId(fields.Take(1), sealed.key_epoch)) return std::nullopt;
  const auto key_class = fields.TakeVarint(2);
  if (!key_class || *key_class == 0 ||
      *key_class > static_cast<uint64_t>(domain::KeyClass::kPlan)) {
    return std::nullopt;
  }
  sealed.key_class = static_cast<domain::KeyClass>(*key_class);
  const auto envelope = fields.Take(3);
  if (!envelope || !crypto::IsEnvelopeSize(envelope->size()) || !fields.done()) {
    return std::nullopt;
  }
  sealed.envelope = std::string(*envelope);
  return sealed;
}

}  // namespace

bool FieldReader::TakeTag(int number, int wire_type) {
  if (broken_ || rest_.empty() || rest_[0] != static_cast<char>(number << 3 | wire_type)) {
    return false;
  }
  rest_.remove_prefix(1);
  return true;
}

std::optional<uint64_t> FieldReader::TakeNumber() {
  constexpr unsigned kBitsMax = 63;  // more are a negative number or too long
  uint64_t number = 0;
  for (unsigned shift = 0; shift < kBitsMax && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift != 0) break;  // longer than it need be
    return number;
  }
  return Break();
}

std::optional<uint64_t> FieldReader::TakeVarint(int number) {
  if (!TakeTag(number, kVarint)) return std::nullopt;
  return TakeNumber();
}

std::optional<std::string_view> FieldReader::Take(int number) {
  if (!TakeTag(number, kLengthDelimited)) return std::nullopt;
  const auto length = TakeNumber();
  if (!length) return std::nullopt;
  if (*length > rest_.size()) return Break();
  const std::string_view content = rest_.substr(0, *length);
  rest_.remove_prefix(*length);
  return content;
}

std::optional<domain::FieldWrite> ReadUsualFieldWrite(std::string_view write) {
  FieldReader body(write);
  const auto bytes = body.Take(1);
  if (!bytes || !body.done()) return std::nullopt;
  FieldReader fields(*bytes);
  domain::FieldWrite to;
  if (!ReadId(fields.Take(1), to.record)) return std::nullopt;
  const auto code = fields.Take(4);
  if (!code || !IsName(*code)) return std::nullopt;
  to.field = std::string(*code);
  if (const auto clear = fields.Take(5)) {
    to.clear = ReadUsualValue(*clear);
    if (!to.clear) return std::nullopt;
  } else if (const auto sealed = fields.Take(6)) {
    to.sealed = ReadSealed(*sealed);
  }
  if (to.cleared()) return std::nullopt;
  while (const auto replaced = fields.Take(8)) {
    ChangeId id;
    if (!ReadId(replaced, id) || to.replaces.size() == kReplacesMax ||
        (!to.replaces.empty() && !(to.replaces.back() < id))) {
      return std::nullopt;
    }
    to.replaces.push_back(id);
  }
  if (const auto source = fields.TakeVarint(9)) {
    if (*source > UINT32_MAX || !to.replaces.empty()) return std::nullopt;
    to.of = static_cast<uint32_t>(*source);
  }
  return fields.done() ? std::optional(std::move(to)) : std::nullopt;
}

}  // namespace kapea::codec
