// Disclosure bundles from strangers (common/codec/disclosure_codec.h), and lists of erasures
// (erasure_list.h): what decodes encodes to the same, and nobody guesses a signature.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/codec/disclosure_codec.h"
#include "common/codec/erasure_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kapea;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static const domain::Directory directory;
  static const crypto::ReceiveKey key = crypto::ReceiveKey::Generate();
  (void)codec::RecipientOf(bytes).ok();
  KAPEA_CHECK(!codec::OpenDisclosure(bytes, key, {}, directory).ok());
  KAPEA_CHECK(!codec::ReadBundle(bytes, {}, {}, directory).ok());
  const auto list = codec::ErasureList::Decode(bytes);
  if (list.ok()) {
    const auto again = codec::ErasureList::Decode(list->Encode());
    KAPEA_CHECK(again.ok() && again->Encode() == list->Encode());
  }
  return 0;
}
