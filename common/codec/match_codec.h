// Tokens of duplicates between messages and values.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/match.h"

namespace kapea::v1 {
class MatchFile;
}

namespace kapea::codec {

// SHA-256 of u8 kind || u32 token of each, in their order. Threads: any, as all here.
Hash MatchDigest(const std::vector<domain::MatchToken>& tokens);

struct MatchedFile {
  domain::MatchAlias alias;
  std::vector<domain::MatchToken> tokens;  // ascending, each once
};
void MatchedFileToWire(const MatchedFile& file, v1::MatchFile& wire);
// InvalidArgument, naming the field, for what the message forbids.
absl::StatusOr<MatchedFile> MatchedFileFromWire(const v1::MatchFile& wire);

}  // namespace kapea::codec
