// Attachments as chunks: cut, sealed and kept here before the Change that names them is
// committed; uploaded by sync when there is time; fetched when somebody looks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/codec/attachment_codec.h"
#include "common/codec/change_codec.h"
#include "common/domain/change.h"

namespace kapea::vault {

class Core;

// 128 MiB. The manifest travels as a chunk of its own, named by its hash like the others,
// so it must fit into one.
inline constexpr uint32_t kChunksPerAttachmentMax = 2048;
// The last chunk is padded to a power of two from here up.
inline constexpr size_t kChunkPadBytesMin = 1024;

struct NewAttachment {
  std::string bytes;
  std::string media_type;  // "image/jpeg"
  std::string name;        // may be empty
  Time captured;           // zero: not said
};

// An attachment whose chunks the server does not have for certain.
struct Upload {
  FileId file;
  Hash manifest;
  std::vector<Hash> chunks;  // the manifest itself first
};

// Threads: as Vault. Errors: as Vault.
class Attachments {
 public:
  explicit Attachments(Core& core) : core_(core) {}

  // Seals the chunks, keeps them (synced) and adds the field write with both halves.
  // ResourceExhausted over kChunksPerAttachmentMax chunks; FailedPrecondition without a
  // key of that class; InvalidArgument when it is empty.
  absl::Status Add(codec::ChangeWriter& writer, domain::FieldWrite write,
                   const NewAttachment& attachment, domain::KeyClass key_class);
  // The bytes, once `secret` was opened by Vault::OpenPlaintext and every chunk is here.
  // NotFound: chunks are missing (see Missing). DataLoss: they are not those.
  absl::StatusOr<std::string> Get(const FileId& file, const codec::AttachmentSecret& secret) const;
  // What has to be fetched before Get: the manifest alone while that is missing, then
  // the chunks that are. Empty: all is here.
  absl::StatusOr<std::vector<Hash>> Missing(const FileId& file, const Hash& manifest) const;

  // --- For sync. ---
  absl::StatusOr<std::vector<Upload>> Uploads() const;
  // How many attachments wait for upload.
  absl::StatusOr<uint64_t> Waiting() const;
  absl::StatusOr<std::string> Chunk(const FileId& file, const Hash& chunk) const;
  absl::Status FinishUpload(const Upload& upload);
  // A chunk that was fetched. DataLoss when its hash is another.
  absl::Status Keep(const FileId& file, const Hash& chunk, std::string ciphertext);

 private:
  absl::StatusOr<std::vector<Hash>> ReadManifest(const FileId& file, const Hash& manifest) const;

  Core& core_;
};

}  // namespace kapea::vault
