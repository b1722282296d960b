#include "client/vault/attachments.h"

#include <algorithm>
#include <bit>

#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/crypto/chunk.h"
#include "common/crypto/hash.h"

namespace kapea::vault {
namespace {

// The last chunk does not show how long the attachment is.
std::string Padded(std::string_view last) {
  std::string padded(last);
  padded.resize(std::max(kChunkPadBytesMin, std::bit_ceil(last.size())), '\0');
  return padded;
}

uint32_t ChunkCount(uint64_t length) {
  return static_cast<uint32_t>((length + crypto::kChunkPlainBytes - 1) / crypto::kChunkPlainBytes);
}

absl::Status Altered() {
  return absl::DataLossError("the attachment is not the one that its record names");
}

}  // namespace

absl::Status Attachments::Add(codec::ChangeWriter& writer, domain::FieldWrite write,
                              const NewAttachment& attachment, domain::KeyClass key_class) {
  const FileId file = writer.header().file;
  const std::string_view bytes = attachment.bytes;
  if (bytes.empty()) return absl::InvalidArgumentError("want an attachment with content, got none");
  if (bytes.size() > size_t{kChunksPerAttachmentMax} * crypto::kChunkPlainBytes) {
    return absl::ResourceExhaustedError("want an attachment of at most 128 MiB, got " +
                                        std::to_string(bytes.size()) + " bytes");
  }
  KAPEA_ASSIGN(const auto state, core_.State(file));
  const domain::KeyEpoch* epoch = state->newest_key_epoch();
  if (epoch == nullptr) return absl::FailedPreconditionError("the file has no keys yet");
  KAPEA_ASSIGN(const crypto::SecretBytes* class_key,
               FindClassKey(core_, file, epoch->id, key_class));
  codec::AttachmentSecret secret;
  secret.key = crypto::SecretBytes::Random(crypto::kAttachmentKeyBytes);
  secret.length = bytes.size();
  secret.media_type = attachment.media_type;
  secret.captured = attachment.captured;
  secret.name = attachment.name;

  kv::Batch batch;
  std::string manifest;
  const uint32_t count = ChunkCount(bytes.size());
  for (uint32_t i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    const std::string_view part =
        bytes.substr(size_t{i} * crypto::kChunkPlainBytes, crypto::kChunkPlainBytes);
    std::string chunk = last ? crypto::SealChunk(secret.key, i, true, Padded(part))
                             : crypto::SealChunk(secret.key, i, false, part);
    const Hash hash = crypto::Sha256(chunk);
    manifest.append(hash.view());
    batch.Put(kChunkTable, FileKey(file, hash.view()), std::move(chunk), kv::AttachmentKeyOf(file));
  }
  secret.manifest = crypto::Sha256(manifest);
  write.clear = domain::Attachment{secret.manifest, count};
  batch.Put(kChunkTable, FileKey(file, secret.manifest.view()), std::move(manifest),
            kv::AttachmentKeyOf(file));
  batch.Put(kUploadTable, FileKey(file, secret.manifest.view()), {}, file);
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
  return writer.AddSealedPlaintext(std::move(write), secret.Encode().view(), epoch->id, key_class,
                                   *class_key);
}

absl::StatusOr<std::vector<Hash>> Attachments::ReadManifest(const FileId& file,
                                                            const Hash& manifest) const {
  KAPEA_ASSIGN(const std::string bytes, Chunk(file, manifest));
  if (crypto::Sha256(bytes) != manifest || bytes.empty() || bytes.size() % Hash::kBytes != 0) {
    return Altered();
  }
  std::vector<Hash> chunks;
  for (size_t at = 0; at < bytes.size(); at += Hash::kBytes) {
    chunks.push_back(Hash::FromPrefix(std::string_view(bytes).substr(at, Hash::kBytes)));
  }
  return chunks;
}

absl::StatusOr<std::vector<Hash>> Attachments::Missing(const FileId& file,
                                                       const Hash& manifest) const {
  const auto chunks = ReadManifest(file, manifest);
  if (absl::IsNotFound(chunks.status())) return std::vector<Hash>{manifest};
  if (!chunks.ok()) return chunks.status();
  std::vector<Hash> missing;
  for (const Hash& chunk : *chunks) {
    KAPEA_ASSIGN(const auto held, core_.store->Find(kChunkTable, FileKey(file, chunk.view())));
    if (!held) missing.push_back(chunk);
  }
  return missing;
}

absl::StatusOr<std::string> Attachments::Get(const FileId& file,
                                             const codec::AttachmentSecret& secret) const {
  KAPEA_ASSIGN(const std::vector<Hash> chunks, ReadManifest(file, secret.manifest));
  if (chunks.size() != ChunkCount(secret.length)) return Altered();
  std::string bytes;
  for (uint32_t i = 0; i < chunks.size(); ++i) {
    KAPEA_ASSIGN(const std::string sealed, Chunk(file, chunks[i]));
    if (crypto::Sha256(sealed) != chunks[i]) return Altered();
    KAPEA_ASSIGN(const std::string part,
                 crypto::OpenChunk(secret.key, i, i + 1 == chunks.size(), sealed));
    bytes.append(part);
  }
  if (bytes.size() < secret.length) return Altered();
  bytes.resize(static_cast<size_t>(secret.length));
  return bytes;
}

absl::StatusOr<std::vector<Upload>> Attachments::Uploads() const {
  std::vector<Upload> uploads;
  KAPEA_TRY(
      core_.store->Scan(kUploadTable, "", "", [&uploads](std::string_view key, std::string_view) {
        uploads.push_back(
            {FileId::FromPrefix(key), Hash::FromPrefix(key.substr(FileId::kBytes)), {}});
        return true;
      }));
  for (Upload& upload : uploads) {
    KAPEA_ASSIGN(upload.chunks, ReadManifest(upload.file, upload.manifest));
    upload.chunks.insert(upload.chunks.begin(), upload.manifest);
  }
  return uploads;
}

absl::StatusOr<uint64_t> Attachments::Waiting() const {
  uint64_t waiting = 0;
  KAPEA_TRY(core_.store->Scan(kUploadTable, "", "", [&](std::string_view, std::string_view) {
    ++waiting;
    return true;
  }));
  return waiting;
}

absl::StatusOr<std::string> Attachments::Chunk(const FileId& file, const Hash& chunk) const {
  return core_.store->Get(kChunkTable, FileKey(file, chunk.view()));
}

absl::Status Attachments::FinishUpload(const Upload& upload) {
  kv::Batch batch;
  batch.Delete(kUploadTable, FileKey(upload.file, upload.manifest.view()));
  return core_.Commit(batch, kv::Durability::kBuffered);
}

absl::Status Attachments::Keep(const FileId& file, const Hash& chunk, std::string ciphertext) {
  if (crypto::Sha256(ciphertext) != chunk) return Altered();
  kv::Batch batch;
  batch.Put(kChunkTable, FileKey(file, chunk.view()), std::move(ciphertext),
            kv::AttachmentKeyOf(file));
  return core_.Commit(batch, kv::Durability::kBuffered);
}

}  // namespace kapea::vault
