// Packs from their bytes: checked once, here, so that nothing after has to.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/pack_text.h"
#include "common/crypto/signature.h"
#include "common/domain/form.h"

namespace kapea::codec {

struct CompileResult {
  std::unique_ptr<domain::Pack> pack;  // nullptr where there are mistakes
  std::vector<Mistake> mistakes;       // all of them, in the order of the pack
};

// Resolves code lists and key classes, parses and checks every condition and deadline,
// and adds the implied fields (common/domain/README.md). `bytes` must be the canonical
// encoding. Pure. Threads: any.
CompileResult CompilePack(std::string_view bytes, const Spots& spots = {});

// The same from texts; mistakes of syntax come alone.
CompileResult CompilePackFiles(const std::vector<PackFile>& files);

// The same for a pack that its owner has checked already: InvalidArgument names the
// first mistake.
absl::StatusOr<std::unique_ptr<domain::Pack>> OpenPack(std::string_view bytes);

// The id of a pack, from its canonical bytes. InvalidArgument for bytes that are no pack.
absl::StatusOr<std::string> PackIdOf(std::string_view bytes);

// What a newer version of a pack may not do to an older one: change what a published
// form or standard version says, lower a version, change the type of a field or make
// it less sealed, take a code out of a list.
std::vector<Mistake> CompareVersions(std::string_view older, std::string_view newer,
                                     const Spots& newer_spots = {});

// A SignedPack's bytes. The signature is over "kapea/pack/v1" || pack.
std::string SignPack(std::string_view pack, const crypto::SigningKey& owner);
struct SignedPackBytes {
  std::string pack;
  std::string owner_key;
};
// Unauthenticated when the signature does not verify; PermissionDenied when the key is
// none of `owners` (65 bytes each); InvalidArgument for bytes that are no SignedPack.
absl::StatusOr<SignedPackBytes> OpenSignedPack(std::string_view signed_pack,
                                               const std::vector<std::string>& owners);

}  // namespace kapea::codec
