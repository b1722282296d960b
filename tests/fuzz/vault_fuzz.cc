// The vault's head and rows as a damaged disk, or a program of an earlier version, may hand
// them back: each is read or is DataLoss, and what was read is written to what reads the same.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "client/vault/core.h"
#include "client/vault/head.h"
#include "client/vault/identity.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::vault {
namespace {

template <typename Row>
absl::StatusOr<Row> TryRow(std::string_view bytes) {
  auto row = Row::Decode(bytes);
  KAPEA_CHECK(row.ok() || absl::IsDataLoss(row.status()));
  return row;
}

void TryRows(std::string_view bytes) {
  if (const auto file = TryRow<FileRow>(bytes); file.ok()) {
    const std::string written = file->Encode();
    const auto again = FileRow::Decode(written);
    KAPEA_CHECK(again.ok() && again->Encode() == written);
  }
  if (const auto placed = TryRow<PlacedRow>(bytes); placed.ok()) {
    const auto decoded = placed->ToPlaced();
    KAPEA_CHECK(!decoded.ok() || decoded->change != nullptr);
  }
  if (const auto identity = TryRow<Identity>(bytes); identity.ok()) {
    const auto again = Identity::Decode(identity->Encode().view());
    KAPEA_CHECK(again.ok() && again->Encode().view() == identity->Encode().view());
  }
}

void TryHead(const std::string& bytes) {
  static const std::string path = "/dev/shm/kapea-fuzz-head-" + std::to_string(::getpid());
  KAPEA_CHECK(WriteFileAtomically(path, bytes, kPrivateFileMode).ok());
  if (const auto head = Head::Read(path); head.ok()) {
    KAPEA_CHECK(head->Write(path).ok());
    const auto again = ReadFile(path, 2 * bytes.size());
    KAPEA_CHECK(again.ok() && *again == bytes);
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace kapea::vault

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  kapea::vault::TryRows(bytes);
  // With a right sum, to get past it.
  if (bytes.find("KAPEAVLT") == 4) {
    kapea::vault::TryHead(bytes + kapea::crypto::Sha256(bytes).str());
  }
  return 0;
}
