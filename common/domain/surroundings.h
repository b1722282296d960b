// What judging and folding a file need from outside it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "common/base/id.h"
#include "common/domain/directory.h"
#include "common/domain/form.h"

namespace kapea::domain {

// Packs by hash, as far as they stand in the Ledger. Threads: any.
// Limits: a Pack once returned lives as long as every FileState that was given it.
class PackSource {
 public:
  virtual ~PackSource() = default;
  // nullptr: unknown, or published only at or after Entry `at`.
  virtual const Pack* FindPack(const Hash& hash, uint64_t at) const = 0;
  // How many FindPack knows as of `at`: as long as it stays, none has come.
  virtual size_t CountBefore(uint64_t at) const = 0;
};

struct Surroundings {
  const Directory& directory;
  const PackSource& packs;
};

}  // namespace kapea::domain
