// Changes and values from strangers. Whatever is accepted is said again byte by byte,
// or is of a format that is kept unread.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/codec/change_codec.h"

namespace kapea::codec {
namespace {

void Try(std::string_view bytes) {
  if (const auto value = DecodeValue(bytes); value.ok()) {
    KAPEA_CHECK(EncodeValue(*value) == bytes);
  }
  const auto change = DecodeChange(bytes);
  if (!change.ok()) {
    KAPEA_CHECK(absl::IsInvalidArgument(change.status()) ||
                absl::IsResourceExhausted(change.status()));
    return;
  }
  KAPEA_CHECK(bytes.size() <= kChangeBytesMax && change->bytes == bytes);
  const domain::Header& header = change->change->header;
  KAPEA_CHECK(header.writes == change->change->writes.size());
  KAPEA_CHECK(change->change->id ==
              ChangeIdOf(header.deployment, header.device, header.sequence, header.nonce));
  if (header.format != 1) return;
  // What was read can be written by the writer of this program.
  ChangeWriter writer(header);
  for (const domain::Write& write : change->change->writes) {
    if (std::holds_alternative<domain::Withheld>(write.body)) return;
    writer.Add(write.body);
  }
  const auto again = std::move(writer).Finish();
  KAPEA_CHECK(again.ok() || absl::IsResourceExhausted(again.status()));
}

}  // namespace
}  // namespace kapea::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::codec::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
