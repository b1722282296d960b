// Canonical bytes read by hand, where a message would cost more than all that is done with
// it. Inside this room only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/domain/write.h"

namespace kapea::codec {

// The fields 1 to 15 of a canonical message, in order. A field that has its tag and cannot
// be read ends it: nothing more is taken, and it is never done. Threads: one at a time; the
// bytes must live longer.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}
  bool done() const { return !broken_ && rest_.empty(); }
  // The content of the next field, if it is bytes, text or a message of that number.
  std::optional<std::string_view> Take(int number);
  // The next field, if it is a varint of that number, in its shortest spelling.
  std::optional<uint64_t> TakeVarint(int number);

 private:
  bool TakeTag(int number, int wire_type);
  std::optional<uint64_t> TakeNumber();
  std::nullopt_t Break() {
    broken_ = true;
    return std::nullopt;
  }

  std::string_view rest_;
  bool broken_ = false;
};

// A kapea.v1.Write that is a field write of the usual kind, of a record that is there
// already. Nullopt says nothing about the bytes: whatever is rare or wrong in any way is
// left to the message and its checks. What is read here passes those, and says the same.
std::optional<domain::FieldWrite> ReadUsualFieldWrite(std::string_view write);

}  // namespace kapea::codec
