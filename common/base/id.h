// Typed ids and hashes: fixed runs of bytes that cannot be mixed up. An id is
// random or a hash, and never says anything about a person or a place.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/bytes.h"

namespace kapea {

// `Tag` makes the type; it has a `static constexpr const char* kName` for errors.
template <typename Tag, size_t kSize>
class FixedBytes {
 public:
  static constexpr size_t kBytes = kSize;

  constexpr FixedBytes() = default;  // all zeros: "none"

  // InvalidArgument unless `bytes` has exactly kBytes.
  static absl::StatusOr<FixedBytes> FromBytes(std::string_view bytes) {
    if (bytes.size() != kSize) {
      return absl::InvalidArgumentError(std::string("want ") + std::to_string(kSize) +
                                        " bytes of " + Tag::kName + ", got " +
                                        std::to_string(bytes.size()));
    }
    FixedBytes id;
    std::memcpy(id.bytes_.data(), bytes.data(), kSize);
    return id;
  }
  // As FromBytes, of the first kBytes of something longer that we made ourselves.
  static FixedBytes FromPrefix(std::string_view bytes) {
    FixedBytes id;
    std::memcpy(id.bytes_.data(), bytes.data(), kSize < bytes.size() ? kSize : bytes.size());
    return id;
  }
  static absl::StatusOr<FixedBytes> FromHexText(std::string_view hex) {
    auto bytes = FromHex(hex);
    if (!bytes.ok()) return bytes.status();
    return FromBytes(*bytes);
  }

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }
  std::string str() const { return std::string(view()); }
  std::string hex() const { return ToHex(view()); }
  bool is_zero() const { return *this == FixedBytes(); }

  friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;

 private:
  std::array<uint8_t, kSize> bytes_{};
};

struct DeploymentTag {
  static constexpr const char* kName = "deployment id";
};
struct FileTag {
  static constexpr const char* kName = "file id";
};
struct RecordTag {
  static constexpr const char* kName = "record id";
};
struct DeviceTag {
  static constexpr const char* kName = "device id";
};
struct PersonTag {
  static constexpr const char* kName = "person id";
};
struct UnitTag {
  static constexpr const char* kName = "unit id";
};
struct ChangeTag {
  static constexpr const char* kName = "change id";
};
struct BootTag {
  static constexpr const char* kName = "boot id";
};
struct NonceTag {
  static constexpr const char* kName = "nonce";
};
struct SaltTag {
  static constexpr const char* kName = "salt";
};
struct HashTag {
  static constexpr const char* kName = "hash";
};

using DeploymentId = FixedBytes<DeploymentTag, 16>;
using FileId = FixedBytes<FileTag, 16>;
using RecordId = FixedBytes<RecordTag, 16>;
using DeviceId = FixedBytes<DeviceTag, 16>;
using PersonId = FixedBytes<PersonTag, 16>;
using UnitId = FixedBytes<UnitTag, 16>;
using ChangeId = FixedBytes<ChangeTag, 16>;
// A key epoch has no id of its own: it is named by the Change that opened it.
using KeyEpochId = ChangeId;
using BootId = FixedBytes<BootTag, 16>;
using Nonce = FixedBytes<NonceTag, 16>;
using Salt = FixedBytes<SaltTag, 16>;
// SHA-256.
using Hash = FixedBytes<HashTag, 32>;

}  // namespace kapea

template <typename Tag, size_t kSize>
struct std::hash<kapea::FixedBytes<Tag, kSize>> {
  // The bytes are random or a SHA-256 already; the first eight serve.
  size_t operator()(const kapea::FixedBytes<Tag, kSize>& id) const noexcept {
    size_t value;
    static_assert(kSize >= sizeof(value));
    std::memcpy(&value, id.view().data(), sizeof(value));
    return value;
  }
};
