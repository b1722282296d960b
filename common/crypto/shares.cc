#include "common/crypto/shares.h"

#include <openssl/rand.h>

extern "C" {  // its header is C alone
#include <libgfshare.h>
}

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "common/base/macros.h"
#include "common/crypto/hash.h"

namespace kapea::crypto {
namespace {

// The library draws its coefficients here, and overwrites what it frees with it. Its own
// ready-made source is random(). It cannot be told that there are none: so we stop.
void FillRandom(unsigned char* out, unsigned int size) {
  KAPEA_CHECK(RAND_priv_bytes(out, static_cast<int>(size)) == 1);
}

void UseOurRandom() {
  static const bool once = [] {
    gfshare_fill_rand = FillRandom;
    return true;
  }();
  KAPEA_CHECK(once);
}

struct FreeContext {
  void operator()(gfshare_ctx* context) const { gfshare_ctx_free(context); }
};
using Context = std::unique_ptr<gfshare_ctx, FreeContext>;

std::string Counted(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Whether each can be a share, and no two are the same one.
absl::Status CheckEach(const std::vector<const Share*>& shares) {
  if (shares.empty()) return absl::InvalidArgumentError("want shares, got none");
  std::set<uint8_t> seen;
  for (const Share* share : shares) {
    if (share->index == 0 || share->bytes.size() != kShareBytes) {
      return absl::InvalidArgumentError("want a share with a number from 1 and 32 bytes");
    }
    if (!seen.insert(share->index).second) {
      return absl::InvalidArgumentError("share " + std::to_string(share->index) +
                                        " is there twice: want different ones");
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string ShareKeyName(std::string_view public_key) {
  return Sha256(public_key).str().substr(0, kShareKeyNameBytes);
}

absl::StatusOr<std::vector<Share>> SplitKey(const ReceiveKey& key, uint8_t threshold,
                                            uint8_t count) {
  if (threshold < kSharesMin || threshold > count || count > kSharesMax) {
    return absl::InvalidArgumentError("want at least 2 of at most 16 shares, got " +
                                      std::to_string(threshold) + " of " + std::to_string(count));
  }
  UseOurRandom();
  std::vector<unsigned char> indices;
  for (uint8_t i = 1; i <= count; ++i) indices.push_back(i);
  const Context context(gfshare_ctx_init_enc(indices.data(), count, threshold, kShareBytes));
  KAPEA_CHECK(context != nullptr);
  SecretBytes secret = key.Private();
  KAPEA_CHECK(secret.size() == kShareBytes);
  gfshare_ctx_enc_setsecret(context.get(), secret.data());
  std::vector<Share> shares;
  for (uint8_t i = 0; i < count; ++i) {
    Share& share = shares.emplace_back();
    share.index = indices[i];
    share.threshold = threshold;
    share.count = count;
    share.key_name = ShareKeyName(key.public_key());
    share.bytes = SecretBytes(kShareBytes);
    gfshare_ctx_enc_getshare(context.get(), i, share.bytes.data());
  }
  return shares;
}

absl::StatusOr<SecretBytes> InsecureJoinShares(const std::vector<const Share*>& shares) {
  KAPEA_TRY(CheckEach(shares));
  UseOurRandom();
  std::vector<unsigned char> indices;
  for (const Share* share : shares) indices.push_back(share->index);
  const Context context(
      gfshare_ctx_init_dec(indices.data(), static_cast<unsigned int>(indices.size()), kShareBytes));
  KAPEA_CHECK(context != nullptr);
  for (size_t i = 0; i < shares.size(); ++i) {
    SecretBytes bytes = shares[i]->bytes.Copy();  // the library wants it writable
    gfshare_ctx_dec_giveshare(context.get(), static_cast<unsigned char>(i), bytes.data());
  }
  SecretBytes secret(kShareBytes);
  gfshare_ctx_dec_extract(context.get(), secret.data());
  return secret;
}

absl::StatusOr<ReceiveKey> RebuildKey(const std::vector<const Share*>& shares) {
  KAPEA_TRY(CheckEach(shares));
  const Share& first = *shares.front();
  for (const Share* share : shares) {
    if (share->key_name != first.key_name || share->threshold != first.threshold ||
        share->count != first.count) {
      return absl::FailedPreconditionError("shares " + std::to_string(first.index) + " and " +
                                           std::to_string(share->index) +
                                           " are of different keys; nothing was opened");
    }
  }
  if (shares.size() < first.threshold) {
    return absl::FailedPreconditionError(Counted(shares.size(), "share is", "shares are") +
                                         " not enough: want " + std::to_string(first.threshold) +
                                         " of the " + std::to_string(first.count) +
                                         "; nothing was opened");
  }
  KAPEA_ASSIGN(const SecretBytes secret, InsecureJoinShares(shares));
  KAPEA_ASSIGN(ReceiveKey key, ReceiveKey::FromPrivate(secret));
  if (ShareKeyName(key.public_key()) != first.key_name) {
    return absl::DataLossError(
        "these shares rebuild another key than the one they are of: at least one was altered; "
        "nothing was opened");
  }
  return key;
}

}  // namespace kapea::crypto
