#include "common/codec/attachment_codec.h"

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/wire_values.h"
#include "common/crypto/chunk.h"
#include "kapea/v1/value.pb.h"

namespace kapea::codec {

crypto::SecretBytes AttachmentSecret::Encode() const {
  v1::AttachmentSecret wire;
  wire.set_key(std::string(key.view()));
  wire.set_length(length);
  wire.set_media_type(media_type);
  wire.set_manifest_hash(manifest.str());
  wire.set_captured_ms(captured.unix_ms());
  wire.set_name(name);
  std::string bytes = EncodeCanonical(wire);
  crypto::SecretBytes secret = crypto::SecretBytes::CopyOf(bytes);
  crypto::Wipe(bytes);
  crypto::Wipe(*wire.mutable_key());
  return secret;
}

absl::StatusOr<AttachmentSecret> AttachmentSecret::Decode(std::string_view bytes) {
  v1::AttachmentSecret wire;
  KAPEA_TRY(DecodeCanonical(bytes, "attachment", wire));
  if (wire.key().size() != crypto::kAttachmentKeyBytes) {
    return absl::InvalidArgumentError("malformed attachment: key");
  }
  AttachmentSecret secret;
  secret.key = crypto::SecretBytes::CopyOf(wire.key());
  crypto::Wipe(*wire.mutable_key());
  secret.length = wire.length();
  secret.media_type = wire.media_type();
  KAPEA_TRY(ReadId(wire.manifest_hash(), secret.manifest));
  secret.captured = Time::FromUnixMs(wire.captured_ms());
  secret.name = wire.name();
  return secret;
}

}  // namespace kapea::codec
