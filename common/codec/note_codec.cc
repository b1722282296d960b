#include "common/codec/note_codec.h"

#include <algorithm>
#include <utility>

#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"

namespace kapea::codec {
namespace {

std::string AssociatedData(const WrapContext& context, const domain::SealedNote& note) {
  std::string out;
  out.append(context.deployment.view());
  out.append(context.file.view());
  out.append(context.change.view());
  AppendU8(out, static_cast<uint8_t>(note.recipient_kind));
  out.append(note.recipient.view());
  AppendU32(out, note.generation);
  out.append(note.recipient_key.view());
  return out;
}

constexpr size_t kSmallestBytes = 256;
constexpr char kEnd = '\x80';

// So that its length tells little.
crypto::SecretBytes Padded(std::string_view text) {
  size_t size = kSmallestBytes;
  while (size < text.size() + 1) size *= 2;
  crypto::SecretBytes padded(size);
  std::copy(text.begin(), text.end(), padded.data());
  padded.data()[text.size()] = static_cast<unsigned char>(kEnd);
  return padded;
}

absl::StatusOr<std::string> Unpadded(std::string_view padded) {
  const size_t end = padded.find_last_not_of('\0');
  if (end == std::string_view::npos || padded[end] != kEnd) {
    return absl::DataLossError("the note's words do not end as they should");
  }
  return std::string(padded.substr(0, end));
}

}  // namespace

absl::StatusOr<domain::SealedNote> SealNote(const WrapContext& context, const WrapTarget& target,
                                            std::string_view text) {
  if (text.empty() || text.size() > kNoteBytesMax) {
    return absl::InvalidArgumentError("want words of 1 to 2,000 bytes, got " +
                                      std::to_string(text.size()));
  }
  domain::SealedNote note;
  note.recipient_kind = target.recipient_kind;
  note.recipient = target.recipient;
  note.generation = target.generation;
  note.recipient_key = crypto::Sha256(target.public_key);
  KAPEA_ASSIGN(crypto::HpkeMessage message,
               crypto::HpkeSeal(target.public_key, crypto::kNoteDomain,
                                AssociatedData(context, note), Padded(text).view()));
  note.encapsulated = std::move(message.encapsulated);
  note.ciphertext = std::move(message.ciphertext);
  return note;
}

absl::StatusOr<std::string> OpenNote(const WrapContext& context, const domain::SealedNote& note,
                                     const crypto::ReceiveKey& key) {
  if (note.recipient_key != crypto::Sha256(key.public_key())) {
    return absl::DataLossError("the note is not for this key");
  }
  KAPEA_ASSIGN(const crypto::SecretBytes padded,
               crypto::HpkeOpen(key, note.encapsulated, crypto::kNoteDomain,
                                AssociatedData(context, note), note.ciphertext));
  return Unpadded(padded.view());
}

}  // namespace kapea::codec
