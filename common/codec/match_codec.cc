#include "common/codec/match_codec.h"

#include <string>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "kapea/v1/duplicates.pb.h"

namespace kapea::codec {
namespace {

using Wire = google::protobuf::RepeatedField<uint32_t>;

absl::Status Read(domain::MatchKind kind, const Wire& wire,
                  std::vector<domain::MatchToken>& tokens) {
  const std::string field = std::string(domain::NameOf(kind)) + "s";
  if (wire.size() > static_cast<int>(domain::kMatchTokensPerKindMax)) {
    return absl::InvalidArgumentError(field + ": want at most 8 tokens of a kind, got " +
                                      std::to_string(wire.size()));
  }
  for (int i = 0; i < wire.size(); ++i) {
    if (i > 0 && wire[i] <= wire[i - 1]) {
      return absl::InvalidArgumentError(field + ": want tokens that ascend, each once");
    }
    tokens.push_back({kind, wire[i]});
  }
  return absl::OkStatus();
}

}  // namespace

Hash MatchDigest(const std::vector<domain::MatchToken>& tokens) {
  std::string bytes;
  for (const domain::MatchToken& token : tokens) {
    AppendU8(bytes, static_cast<uint8_t>(token.kind));
    AppendU32(bytes, token.token);
  }
  return crypto::Sha256(bytes);
}

void MatchedFileToWire(const MatchedFile& file, v1::MatchFile& wire) {
  wire.set_alias(file.alias.str());
  for (const domain::MatchToken& token : file.tokens) {
    switch (token.kind) {
      case domain::MatchKind::kDocument:
        wire.add_documents(token.token);
        break;
      case domain::MatchKind::kPhone:
        wire.add_phones(token.token);
        break;
      case domain::MatchKind::kName:
        wire.add_names(token.token);
        break;
      case domain::MatchKind::kNone:
        break;
    }
  }
}

absl::StatusOr<MatchedFile> MatchedFileFromWire(const v1::MatchFile& wire) {
  MatchedFile file;
  auto alias = domain::MatchAlias::FromBytes(wire.alias());
  if (!alias.ok()) {
    return absl::InvalidArgumentError("alias: " + std::string(alias.status().message()));
  }
  file.alias = *alias;
  KAPEA_TRY(Read(domain::MatchKind::kDocument, wire.documents(), file.tokens));
  KAPEA_TRY(Read(domain::MatchKind::kPhone, wire.phones(), file.tokens));
  KAPEA_TRY(Read(domain::MatchKind::kName, wire.names(), file.tokens));
  return file;
}

}  // namespace kapea::codec
