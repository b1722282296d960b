// Chunks of attachments: ciphertext that the server only stores.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/published.h"

namespace kapea::server {

inline constexpr size_t kChunkBytesMax = 64 * 1024 + 16;  // of ciphertext, with its tag
inline constexpr size_t kChunksAskedMax = 4096;           // in one Have
inline constexpr size_t kChunksGottenMax = 12;            // in one Get: they fit a message
inline constexpr size_t kChunkBytesPerPutMax = 1u << 20;

// Named by the SHA-256 of their ciphertext within one file, and sealed under that
// file's key: the same name in another file gives nothing. Of every call the file must
// be one that the caller may read, by the same rows that Pull goes by; PermissionDenied
// otherwise, whether there is such a file or not.
// Threads: any.
class Blobs {
 public:
  Blobs(kv::Store& store, const Published& published, const Clock& clock,
        uint64_t bytes_per_file_max)
      : store_(store),
        published_(published),
        clock_(clock),
        bytes_per_file_max_(bytes_per_file_max) {}

  // Which of them are there, in the order asked.
  absl::StatusOr<std::vector<bool>> Have(const Principal& caller, const FileId& file,
                                         const std::vector<Hash>& chunks) const;
  // Synced when it returns. Chunks that are there already cost nothing.
  // InvalidArgument: an empty or oversized chunk; ResourceExhausted: the file's share
  // is used up.
  absl::Status Put(const Principal& caller, const FileId& file, std::vector<std::string> chunks);
  // NotFound when one is missing.
  absl::StatusOr<std::vector<std::string>> Get(const Principal& caller, const FileId& file,
                                               const std::vector<Hash>& chunks) const;

 private:
  // Of the file, or, to read alone, come in by break-glass.
  absl::Status CheckReader(const Principal& caller, const FileId& file, bool to_write) const;
  // Aborted: another Put of the same file came between.
  absl::Status TryPut(const FileId& file, const std::vector<std::string>& chunks);

  kv::Store& store_;
  const Published& published_;
  const Clock& clock_;
  const uint64_t bytes_per_file_max_;
};

}  // namespace kapea::server
