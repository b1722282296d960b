// Packs as text and as bytes. Whatever compiles from text compiles from its bytes to
// the same hash; whatever does not says why.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/codec/pack_compiler.h"

namespace kapea::codec {
namespace {

void Try(std::string_view input) {
  const PackSource source = ParsePackFiles({{"fuzz", std::string(input)}});
  KAPEA_CHECK(source.mistakes.empty() || source.bytes.empty());
  if (source.mistakes.empty()) {
    const CompileResult compiled = CompilePack(source.bytes, source.spots);
    KAPEA_CHECK((compiled.pack == nullptr) == !compiled.mistakes.empty());
    KAPEA_CHECK(OpenPack(source.bytes).ok() == (compiled.pack != nullptr));
    // A pack differs from itself in nothing but its version.
    if (compiled.pack != nullptr) {
      for (const Mistake& mistake : CompareVersions(source.bytes, source.bytes)) {
        KAPEA_CHECK(mistake.element == "version");
      }
    }
  }
  const CompileResult binary = CompilePack(input);
  KAPEA_CHECK((binary.pack == nullptr) == !binary.mistakes.empty());
  KAPEA_CHECK(!OpenSignedPack(input, {}).ok());
}

}  // namespace
}  // namespace kapea::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::codec::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
