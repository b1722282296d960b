#include "common/kv/wal_tail.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

namespace kapea::kv {
namespace {

// RocksDB's log format: blocks of 32 KiB; in them fragments of masked CRC-32C (4,
// little-endian) over type and bytes, length (2), type (1), bytes. A record is one
// full fragment, or a first, some middle and a last one.
constexpr size_t kBlockBytes = 32 * 1024;
constexpr size_t kHeaderBytes = 7;
constexpr size_t kLengthOffset = 4;
constexpr size_t kTypeOffset = 6;
// A record is a batch: sequence number (8), number of rows (4), rows.
constexpr size_t kBatchHeaderBytes = 12;
constexpr size_t kRowCountOffset = 8;
constexpr uint8_t kFull = 1;
constexpr uint8_t kFirst = 2;

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
    table[i] = crc;
  }
  return table;
}

uint32_t MaskedCrc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeCrcTable();
  uint32_t crc = 0xffffffff;
  for (const char c : bytes) crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

uint32_t LittleEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i)
    value = (value << 8) | static_cast<uint8_t>(bytes[i - 1]);
  return value;
}

uint8_t TypeOf(std::string_view fragment) { return static_cast<uint8_t>(fragment[kTypeOffset]); }

// Its whole size when an intact fragment starts `bytes`, else 0.
size_t IntactFragment(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || TypeOf(bytes) == 0) return 0;
  const size_t length = LittleEndian(bytes.substr(kLengthOffset, 2));
  if (kHeaderBytes + length > bytes.size()) return 0;
  const uint32_t crc = LittleEndian(bytes.substr(0, kLengthOffset));
  if (crc != MaskedCrc32c(bytes.substr(kTypeOffset, 1 + length))) return 0;
  return kHeaderBytes + length;
}

// The start of a record somewhere in `bytes`. Every place is tried, as the damage may
// have hit the length that leads to the next one.
bool HoldsRecordStart(std::string_view bytes) {
  for (; bytes.size() >= kHeaderBytes; bytes.remove_prefix(1)) {
    const uint8_t type = TypeOf(bytes);
    if ((type == kFull || type == kFirst) && IntactFragment(bytes) > 0) return true;
  }
  return false;
}

// Whether the log has nothing but batches without rows, and perhaps a torn end. That is
// what RocksDB writes into the new log while it recovers from a torn one.
bool HoldsNoCommit(std::string_view bytes) {
  for (size_t size = 0; (size = IntactFragment(bytes)) > 0; bytes.remove_prefix(size)) {
    const std::string_view batch = bytes.substr(kHeaderBytes, size - kHeaderBytes);
    if (TypeOf(bytes) != kFull || batch.size() != kBatchHeaderBytes) return false;
    if (LittleEndian(batch.substr(kRowCountOffset)) != 0) return false;
  }
  return !HoldsRecordStart(bytes);
}

absl::StatusOr<std::string> ReadAll(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file.good() && !file.eof()) return absl::UnavailableError("cannot read a log file");
  return bytes;
}

}  // namespace

WalState InspectWal(std::string_view bytes) {
  bool damaged = false;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kBlockBytes))) {
    std::string_view block = bytes.substr(0, kBlockBytes);
    // Of a full block fewer bytes than a header are left over.
    const size_t rest_max = block.size() == kBlockBytes ? kHeaderBytes - 1 : 0;
    while (!damaged && block.size() > rest_max) {
      const size_t size = IntactFragment(block);
      if (size == 0) {
        damaged = true;
        block.remove_prefix(1);  // what begins here is the damaged one
      } else {
        block.remove_prefix(size);
      }
    }
    if (damaged && HoldsRecordStart(block)) return WalState::kDamagedInside;
  }
  return damaged ? WalState::kTornTail : WalState::kIntact;
}

absl::StatusOr<bool> OnlyTailIsTorn(const std::string& directory) {
  std::vector<std::filesystem::path> logs;
  std::error_code error;
  for (std::filesystem::directory_iterator file(directory, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().extension() == ".log") logs.push_back(file->path());
  }
  if (error) return absl::UnavailableError("cannot list the store: " + error.message());
  // The names are numbers of six digits at least: the longer, then the greater is newer.
  std::sort(logs.begin(), logs.end(), [](const auto& a, const auto& b) {
    const std::string x = a.filename().string();
    const std::string y = b.filename().string();
    return x.size() != y.size() ? x.size() < y.size() : x < y;
  });
  bool torn = false;
  for (const std::filesystem::path& log : logs) {
    absl::StatusOr<std::string> bytes = ReadAll(log);
    if (!bytes.ok()) return std::move(bytes).status();
    if (torn && !HoldsNoCommit(*bytes)) return false;
    const WalState state = InspectWal(*bytes);
    if (state == WalState::kDamagedInside) return false;
    torn = torn || state == WalState::kTornTail;
  }
  return torn;
}

}  // namespace kapea::kv
