// Share sheets that somebody typed, and the files that travel between a device and the
// machine on which a recovery key is put together: what is read is what is written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/macros.h"
#include "common/codec/recovery_codec.h"
#include "common/crypto/share_sheet.h"
#include "tools/admin/recovery.h"

namespace kapea {
namespace {

void TrySheet(std::string_view text) {
  const auto share = crypto::ParseSheet(text);
  if (!share.ok()) {
    KAPEA_CHECK(!share.status().message().empty());
    return;
  }
  const crypto::SecretBytes lines = crypto::SheetLines(*share);
  const auto again = crypto::ParseSheet(lines.view());
  KAPEA_CHECK(again.ok() && again->bytes == share->bytes && again->index == share->index);
  KAPEA_CHECK(again->threshold == share->threshold && again->count == share->count);
  // One share alone is never a key: each wants at least two.
  KAPEA_CHECK(!crypto::RebuildKey({&*share}).ok());
}

// A share of anybody's making prints and reads.
void TryShare(std::string_view bytes) {
  constexpr size_t kAll = 3 + crypto::kShareKeyNameBytes + crypto::kShareBytes;
  if (bytes.size() < kAll) return;
  crypto::Share share;
  share.count = static_cast<uint8_t>(2 + static_cast<unsigned char>(bytes[0]) % 15);
  share.threshold =
      static_cast<uint8_t>(2 + static_cast<unsigned char>(bytes[1]) % (share.count - 1));
  share.index = static_cast<uint8_t>(1 + static_cast<unsigned char>(bytes[2]) % share.count);
  share.key_name = std::string(bytes.substr(3, crypto::kShareKeyNameBytes));
  share.bytes = crypto::SecretBytes::CopyOf(
      bytes.substr(3 + crypto::kShareKeyNameBytes, crypto::kShareBytes));
  const auto read = crypto::ParseSheet(crypto::SheetLines(share).view());
  KAPEA_CHECK(read.ok() && read->bytes == share.bytes && read->key_name == share.key_name);
}

void TryFiles(std::string_view bytes) {
  static const auto* key = new crypto::ReceiveKey(
      *crypto::ReceiveKey::FromPrivate(crypto::SecretBytes::CopyOf(std::string(32, 'k'))));
  if (const auto request = codec::DecodeRecoveryRequest(bytes); request.ok()) {
    KAPEA_CHECK(codec::EncodeRecoveryRequest(*request) == bytes);
    (void)codec::AnswerRecovery(*request, bytes, *key).ok();
  }
  if (const auto answer = codec::DecodeRecoveryAnswer(bytes); answer.ok()) {
    KAPEA_CHECK(codec::EncodeRecoveryAnswer(*answer) == bytes);
    const codec::Asker asker{DeploymentId(), PersonId(), 1, *key};
    for (const codec::RecoveredKey& one : answer->keys) {
      (void)codec::OpenRecovered(*answer, one, asker).ok();
    }
  }
  if (const auto half = admin::RecoveryPublic::Decode(bytes); half.ok()) {
    KAPEA_CHECK(half->Encode() == bytes);
  }
}

}  // namespace
}  // namespace kapea

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kapea::TrySheet(bytes);
  kapea::TryShare(bytes);
  kapea::TryFiles(bytes);
  // What only a careful reader gets past: the line that says what a file is.
  for (const char* line :
       {"KAPEA RECOVERY REQUEST 1\n", "KAPEA RECOVERY ANSWER 1\n", "KAPEA RECOVERY KEY 1\n"}) {
    kapea::TryFiles(std::string(line) + std::string(bytes));
  }
  return 0;
}
