// Parcels from strangers. What is accepted is written again to a parcel that is accepted
// as the same one.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/codec/change_codec.h"

namespace kapea::codec {
namespace {

void Try(std::string_view bytes) {
  if (const auto header = ParcelHeader::Decode(bytes); header.ok()) {
    KAPEA_CHECK(header->Encode() == bytes);
  }
  const auto parcel = DecodeParcel(bytes);
  if (!parcel.ok()) return;
  KAPEA_CHECK(parcel->changes.size() == parcel->header.changes);
  KAPEA_CHECK(parcel->hash == ParcelHashOf(parcel->header_bytes));
  for (const EncodedChange& change : parcel->changes) {
    const auto again = DecodeChange(change.bytes);
    KAPEA_CHECK(again.ok() && again->change->hash == change.change->hash);
  }
  const std::string written = EncodeParcel(*parcel);
  const auto again = DecodeParcel(written);
  KAPEA_CHECK(again.ok() && again->hash == parcel->hash && EncodeParcel(*again) == written);
}

}  // namespace
}  // namespace kapea::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::codec::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
