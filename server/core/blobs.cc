#include "server/core/blobs.h"

#include <set>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "server/access/readable.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr int kPutTries = 8;  // only Puts of one file can come between

// How many bytes of chunks a file has: the row under its id alone, before its chunks.
absl::StatusOr<uint64_t> BytesOf(const std::optional<std::string>& row) {
  if (!row) return uint64_t{0};
  if (row->size() != sizeof(uint64_t)) {
    return absl::DataLossError("a file's count of attachment bytes cannot be read");
  }
  return ReadU64(*row);
}

}  // namespace

absl::Status Blobs::CheckReader(const Principal& caller, const FileId& file, bool to_write) const {
  const auto directory = published_.directory();
  bool may = false;
  if (to_write) {
    KAPEA_ASSIGN(may, MayReadFile(store_, directory->directory, caller.person, file));
  } else {
    KAPEA_ASSIGN(const domain::Sight sight,
                 SightOfFile(store_, directory->directory, caller.person, file, clock_.Now()));
    may = sight == domain::Sight::kAll;
  }
  if (may) return absl::OkStatus();
  return absl::PermissionDeniedError(
      "you are not on this file's roster, or the file has not arrived yet");
}

absl::StatusOr<std::vector<bool>> Blobs::Have(const Principal& caller, const FileId& file,
                                              const std::vector<Hash>& chunks) const {
  if (chunks.size() > kChunksAskedMax) {
    return absl::InvalidArgumentError("want at most 4,096 chunks in one question, got " +
                                      std::to_string(chunks.size()));
  }
  KAPEA_TRY(CheckReader(caller, file, false));
  const auto snapshot = store_.TakeSnapshot();
  std::vector<bool> have;
  have.reserve(chunks.size());
  for (const Hash& chunk : chunks) {
    KAPEA_ASSIGN(const auto row, snapshot->Find(kBlobs, BlobKey(file, chunk)));
    have.push_back(row.has_value());
  }
  return have;
}

absl::Status Blobs::Put(const Principal& caller, const FileId& file,
                        std::vector<std::string> chunks) {
  size_t bytes = 0;
  for (const std::string& chunk : chunks) {
    if (chunk.empty() || chunk.size() > kChunkBytesMax) {
      return absl::InvalidArgumentError("want chunks of 1 to 65,552 bytes, got " +
                                        std::to_string(chunk.size()));
    }
    bytes += chunk.size();
  }
  if (bytes > kChunkBytesPerPutMax) {
    return absl::InvalidArgumentError("want at most 1 MiB of chunks at once, got " +
                                      std::to_string(bytes));
  }
  KAPEA_TRY(CheckReader(caller, file, true));
  absl::Status status;
  for (int i = 0; i < kPutTries; ++i) {
    status = TryPut(file, chunks);
    if (!absl::IsAborted(status)) return status;
  }
  return status;
}

absl::Status Blobs::TryPut(const FileId& file, const std::vector<std::string>& chunks) {
  KAPEA_ASSIGN(const auto row, store_.Find(kBlobs, file.view()));
  KAPEA_ASSIGN(uint64_t total, BytesOf(row));
  kv::Batch batch;
  std::set<Hash> named;
  for (const std::string& chunk : chunks) {
    const Hash name = crypto::Sha256(chunk);
    if (!named.insert(name).second) continue;
    KAPEA_ASSIGN(const auto there, store_.Find(kBlobs, BlobKey(file, name)));
    if (there) continue;
    total += chunk.size();
    batch.Put(kBlobs, BlobKey(file, name), chunk, kv::AttachmentKeyOf(file));
  }
  if (batch.empty()) return absl::OkStatus();  // every commit before it was synced
  if (total > bytes_per_file_max_) {
    return absl::ResourceExhaustedError("want at most " + std::to_string(bytes_per_file_max_) +
                                        " bytes of attachments in a file");
  }
  std::string count;
  AppendU64(count, total);
  batch.Require(kBlobs, file.view(), row);
  batch.Put(kBlobs, file.view(), std::move(count), kv::AttachmentKeyOf(file));
  return store_.Commit(batch, kv::Durability::kSynced);
}

absl::StatusOr<std::vector<std::string>> Blobs::Get(const Principal& caller, const FileId& file,
                                                    const std::vector<Hash>& chunks) const {
  if (chunks.size() > kChunksGottenMax) {
    return absl::InvalidArgumentError("want at most 12 chunks in one answer, got " +
                                      std::to_string(chunks.size()));
  }
  KAPEA_TRY(CheckReader(caller, file, false));
  std::vector<std::string> out;
  for (const Hash& chunk : chunks) {
    KAPEA_ASSIGN(auto row, store_.Find(kBlobs, BlobKey(file, chunk)));
    if (!row) return absl::NotFoundError("a chunk is not there, or not any more");
    out.push_back(*std::move(row));
  }
  return out;
}

}  // namespace kapea::server
