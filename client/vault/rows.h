// The rows of the vault's store as bytes: big-endian integers and length-prefixed
// strings. They never leave the device, so a new version of a row is a new table or a
// new first byte, and nothing is signed over them. Inside this room only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/base/bytes.h"
#include "common/base/id.h"
#include "common/base/time.h"

namespace kapea::vault {

// Threads: one at a time.
class RowWriter {
 public:
  void Reserve(size_t bytes) { bytes_.reserve(bytes); }
  RowWriter& U8(uint8_t value) { return AppendU8(bytes_, value), *this; }
  RowWriter& U32(uint32_t value) { return AppendU32(bytes_, value), *this; }
  RowWriter& U64(uint64_t value) { return AppendU64(bytes_, value), *this; }
  RowWriter& Ms(int64_t value) { return U64(static_cast<uint64_t>(value)); }
  RowWriter& Bytes(std::string_view value) {
    U32(static_cast<uint32_t>(value.size()));
    bytes_.append(value);
    return *this;
  }
  template <typename Id>
  RowWriter& Fixed(const Id& id) {
    bytes_.append(id.view());
    return *this;
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Reads what RowWriter wrote. Beyond the end everything reads as zero or empty, and
// Done says DataLoss. Threads: one at a time; the bytes must live longer.
class RowReader {
 public:
  explicit RowReader(std::string_view bytes) : rest_(bytes) {}
  uint8_t U8() {
    const std::string_view raw = Raw(1);
    return raw.empty() ? uint8_t{0} : static_cast<uint8_t>(raw[0]);
  }
  uint32_t U32() {
    const std::string_view raw = Raw(4);
    return raw.empty() ? 0 : ReadU32(raw);
  }
  uint64_t U64() {
    const std::string_view raw = Raw(8);
    return raw.empty() ? 0 : ReadU64(raw);
  }
  int64_t Ms() { return static_cast<int64_t>(U64()); }
  std::string_view Bytes() { return Raw(U32()); }
  std::string Text() { return std::string(Bytes()); }
  template <typename Id>
  Id Fixed() {
    const std::string_view raw = Raw(Id::kBytes);
    return raw.empty() ? Id() : Id::FromPrefix(raw);
  }
  bool failed() const { return failed_; }
  // DataLoss unless everything was there and was read.
  absl::Status Done(const char* what) const {
    if (!failed_ && rest_.empty()) return absl::OkStatus();
    return absl::DataLossError(std::string("the vault's ") + what + " cannot be read");
  }

 private:
  std::string_view Raw(size_t size) {
    if (failed_ || rest_.size() < size) {
      failed_ = true;
      return {};
    }
    const std::string_view raw = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return raw;
  }
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace kapea::vault
