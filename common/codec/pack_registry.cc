#include "common/codec/pack_registry.h"

#include <zstd.h>

#include <algorithm>

#include "common/base/macros.h"
#include "common/codec/pack_compiler.h"
#include "common/crypto/hash.h"

namespace kapea::codec {
namespace {

constexpr size_t kSignedPackBytesMax = 8 * 1024 * 1024;
constexpr size_t kPartBytes = 48 * 1024;  // leaves room for the rest of a Change
constexpr int kCompressionLevel = 19;     // published once, read for years

absl::StatusOr<std::string> Decompress(std::string_view bytes) {
  const auto size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
      size > kSignedPackBytesMax) {
    return absl::InvalidArgumentError("the pack is not compressed as it should be");
  }
  std::string out(size, '\0');
  const size_t got = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(got) != 0 || got != out.size()) {
    return absl::InvalidArgumentError("the pack does not decompress");
  }
  return out;
}

// The canonical bytes of the pack that the parts make, signed by one of its owners.
absl::StatusOr<std::string> Assemble(const std::map<uint32_t, std::string>& parts,
                                     const Hash& wanted, const std::vector<std::string>& owners) {
  std::string compressed;
  for (const auto& [index, content] : parts) compressed += content;
  KAPEA_ASSIGN(const std::string signed_pack, Decompress(compressed));
  KAPEA_ASSIGN(SignedPackBytes opened, OpenSignedPack(signed_pack, owners));
  if (crypto::Sha256(opened.pack) != wanted) {
    return absl::InvalidArgumentError("the pack has another hash than its parts name");
  }
  return std::move(opened.pack);
}

}  // namespace

absl::StatusOr<std::vector<domain::PackPart>> SplitPack(std::string_view signed_pack,
                                                        const std::vector<std::string>& owners) {
  KAPEA_ASSIGN(const SignedPackBytes opened, OpenSignedPack(signed_pack, owners));
  KAPEA_ASSIGN(const auto pack, OpenPack(opened.pack));
  std::string compressed(ZSTD_compressBound(signed_pack.size()), '\0');
  const size_t size = ZSTD_compress(compressed.data(), compressed.size(), signed_pack.data(),
                                    signed_pack.size(), kCompressionLevel);
  if (ZSTD_isError(size) != 0) return absl::InternalError("the pack does not compress");
  compressed.resize(size);
  std::vector<domain::PackPart> parts;
  const auto count = static_cast<uint32_t>((compressed.size() + kPartBytes - 1) / kPartBytes);
  for (uint32_t i = 0; i < count; ++i) {
    parts.push_back({pack->hash, pack->id, pack->version, i, count,
                     compressed.substr(i * kPartBytes, kPartBytes)});
  }
  return parts;
}

std::string PackRegistry::Append(const domain::Change& change, uint64_t sequence) {
  std::string trouble;
  for (const domain::Write& write : change.writes) {
    const auto* part = std::get_if<domain::PackPart>(&write.body);
    if (part == nullptr || packs_.contains(part->pack)) continue;
    Assembly& assembly = open_[part->pack];
    if (assembly.wanted == 0) assembly.wanted = part->parts;
    if (assembly.wanted != part->parts) {
      trouble = "the parts of a pack disagree on their number";
      continue;
    }
    assembly.parts.emplace(part->part, part->content);
    if (assembly.parts.size() < assembly.wanted) continue;
    const absl::Status taken = Take(*part, assembly.parts, sequence);
    if (!taken.ok()) trouble = std::string(taken.message());
    open_.erase(part->pack);
  }
  return trouble;
}

absl::Status PackRegistry::Take(const domain::PackPart& last,
                                const std::map<uint32_t, std::string>& parts, uint64_t sequence) {
  KAPEA_ASSIGN(std::string bytes, Assemble(parts, last.pack, owners_));
  KAPEA_ASSIGN(auto pack, OpenPack(bytes));
  const std::vector<Mistake> mistakes = Compare(bytes);
  if (!mistakes.empty()) {
    return absl::FailedPreconditionError("a new version of a pack has no effect: " +
                                         ToText(mistakes.front()));
  }
  packs_[last.pack] = {std::shared_ptr<const domain::Pack>(std::move(pack)),
                       std::make_shared<const std::string>(std::move(bytes)), sequence};
  return absl::OkStatus();
}

std::vector<Mistake> PackRegistry::Compare(std::string_view pack) const {
  const auto id = PackIdOf(pack);
  const Published* older = id.ok() ? NewestOf(*id) : nullptr;
  return older == nullptr ? std::vector<Mistake>() : CompareVersions(*older->bytes, pack);
}

const domain::Pack* PackRegistry::FindPack(const Hash& hash, uint64_t at) const {
  const auto found = packs_.find(hash);
  return found == packs_.end() || found->second.since >= at ? nullptr : found->second.pack.get();
}

size_t PackRegistry::CountBefore(uint64_t at) const {
  return static_cast<size_t>(std::count_if(
      packs_.begin(), packs_.end(), [at](const auto& one) { return one.second.since < at; }));
}

const PackRegistry::Published* PackRegistry::NewestOf(std::string_view id) const {
  const Published* newest = nullptr;
  for (const auto& [hash, published] : packs_) {
    if (published.pack->id != id) continue;
    if (newest == nullptr || published.pack->version > newest->pack->version) {
      newest = &published;
    }
  }
  return newest;
}

const domain::Pack* PackRegistry::Newest() const {
  const domain::Pack* newest = nullptr;
  for (const domain::Pack* pack : All()) {
    if (newest == nullptr || pack->version > newest->version ||
        (pack->version == newest->version && pack->id < newest->id)) {
      newest = pack;
    }
  }
  return newest;
}

const domain::Pack* PackRegistry::Newest(std::string_view id) const {
  const Published* newest = NewestOf(id);
  return newest == nullptr ? nullptr : newest->pack.get();
}

std::vector<const domain::Pack*> PackRegistry::All() const {
  std::vector<const domain::Pack*> all;
  for (const auto& [hash, published] : packs_) all.push_back(published.pack.get());
  return all;
}

bool PackRegistry::IsOwner(std::string_view public_key) const {
  return std::find(owners_.begin(), owners_.end(), public_key) != owners_.end();
}

}  // namespace kapea::codec
