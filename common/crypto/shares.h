// A secret in parts: n people each hold a share, any m of them together rebuild it, and
// fewer learn nothing at all about it. Shamir's scheme over GF(2^8) (polynomial 0x11d), by
// libgfshare; each byte of the secret by itself, so a share is as long as the secret.
//
// Shares carry no proof of their own: too few, or shares of different keys, rebuild some
// other key without any sign of it. So a share names the public key that its secret belongs
// to, and RebuildKey compares.
// Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/hpke.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

inline constexpr uint8_t kSharesMin = 2;   // one alone must open nothing
inline constexpr uint8_t kSharesMax = 16;  // each is a person who has to be found
inline constexpr size_t kShareBytes = 32;  // of an X25519 private key
inline constexpr size_t kShareKeyNameBytes = 8;

struct Share {
  uint8_t index = 0;  // from 1: the share of index 0 would be the secret itself
  uint8_t threshold = 0;
  uint8_t count = 0;
  std::string key_name;  // first 8 bytes of SHA-256 of the public key
  SecretBytes bytes;     // kShareBytes
};

// What a share calls its key.
std::string ShareKeyName(std::string_view public_key);

// The private half of `key` in `count` shares, any `threshold` of which rebuild it.
// InvalidArgument unless kSharesMin <= threshold <= count <= kSharesMax.
absl::StatusOr<std::vector<Share>> SplitKey(const ReceiveKey& key, uint8_t threshold,
                                            uint8_t count);

// The key of which these are shares. InvalidArgument when one stands twice or is none,
// FailedPrecondition when they are too few or not all of one key, DataLoss when what they
// make is another key than they say: one of them was altered.
absl::StatusOr<ReceiveKey> RebuildKey(const std::vector<const Share*>& shares);

// The same without asking how many there have to be and what comes out: for tests of the
// scheme alone.
absl::StatusOr<SecretBytes> InsecureJoinShares(const std::vector<const Share*>& shares);

}  // namespace kapea::crypto
