// A secret kept in a file that one or two homes open together: the server's keys.
//
// "H" 0x01 | u8 homes | homes x part | value format (seal.h)
//   part = u8 kind | lp(note) | check (16; not for a passphrase)
//
// One home and a passphrase, or one home alone. The key of the value is
// HKDF(secret of the home || secret of the passphrase); the bytes before the value are bound
// to it. The check says whether a home is the one that was asked at sealing, so that a wrong
// token is not taken for a wrong passphrase. A passphrase has none: it would let whoever
// took the disk try passphrases without the home.
//
// A passphrase alone keeps the older "P" 0x01 | its note | value, under its secret itself.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/crypto/key_home.h"
#include "common/crypto/secret.h"

namespace kapea::crypto {

inline constexpr size_t kKeyBoxBytesMax = 1u << 20;

using Homes = std::span<KeyHome* const>;

// `homes`: one; or one that is no passphrase and then one that is. Aborts otherwise.
// InvalidArgument when it does not fit into kKeyBoxBytesMax; errors of KeyHome::Make.
absl::StatusOr<std::string> SealKeyBox(Homes homes, std::string_view plaintext);

// `homes` may hold more than the box needs: only those are asked, hardware first.
// FailedPrecondition when one is not among them, or is another than the one at sealing.
// Unauthenticated, with a sentence to show, when the passphrase is another one or the box
// was altered (nobody can tell which). InvalidArgument for bytes that are no box. Errors of
// KeyHome::Find.
absl::StatusOr<SecretBytes> OpenKeyBox(Homes homes, std::string_view box);

// What a box needs, hardware first. InvalidArgument for bytes that are no box.
absl::StatusOr<std::vector<HomeKind>> HomesOf(std::string_view box);

// Under a passphrase alone.
absl::StatusOr<std::string> SealWithPassphrase(std::string_view passphrase,
                                               std::string_view plaintext,
                                               const PassphraseParameters& parameters);
absl::StatusOr<SecretBytes> OpenWithPassphrase(std::string_view passphrase, std::string_view box);

}  // namespace kapea::crypto
