// Log files of a store after a crash: any bytes are whole, torn at the end or damaged
// inside, and of a whole one no bit can be flipped unnoticed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/macros.h"
#include "common/kv/wal_tail.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using kapea::kv::InspectWal, kapea::kv::WalState;
  constexpr size_t kBlockBytes = 32 * 1024;  // at its end there may be bytes that nobody reads
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const WalState state = InspectWal(bytes);
  KAPEA_CHECK(!bytes.empty() || state == WalState::kIntact);
  if (state != WalState::kIntact || bytes.empty() || size >= kBlockBytes) return 0;
  char& flipped = bytes[data[0] % size];
  flipped = static_cast<char>(flipped ^ 1);
  KAPEA_CHECK(InspectWal(bytes) != WalState::kIntact);
  return 0;
}
