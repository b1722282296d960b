// The one door through which sealed values become tokens that another agency can compare
// (docs/duplicates.md): for nobody's eyes, under a key that does not leave this room.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/secret.h"
#include "common/domain/match.h"
#include "common/domain/record.h"

namespace kapea::field {
class MatchTokens;
}

namespace kapea::vault {

class Core;
class NameStore;

// Under which key tokens are made: the general class key of a programme file, of one key epoch.
struct MatchScope {
  FileId programme;
  KeyEpochId epoch;
};

// A value of a record as it stands in its file.
struct MatchSource {
  RecordId record;
  std::string field;
  const domain::FieldValue* value = nullptr;  // sealed
};

// Why it is apart: as NameStore, it opens without a notice. So only field::MatchTokens can
// call it, only names, telephone numbers, dates and texts of the identity class open, and what
// comes out is tokens:
// the first 4 bytes of HMAC-SHA256 under HKDF-Expand(class key, "kapea/match/v1" || deployment
// || programme || key epoch || u8 kind, 32). The values are wiped when `words` returns.
// Threads and errors: as Vault; FailedPrecondition where no key of the programme is held here.
class MatchDoor {
 public:
  explicit MatchDoor(NameStore& store);  // which must outlive it

  // What is compared, made of the values: one for each source, in their order; an empty text
  // where a source does not open or has no key here.
  using Words = std::function<std::vector<std::string>(const std::vector<domain::Value>& values)>;

 private:
  friend class field::MatchTokens;

  absl::StatusOr<std::vector<uint32_t>> TokensOf(const MatchScope& scope, domain::MatchKind kind,
                                                 const FileId& file,
                                                 const std::vector<MatchSource>& sources,
                                                 const Words& words);
  // The first 16 bytes of the HMAC of the file's id, under the same key with kind 0.
  absl::StatusOr<domain::MatchAlias> AliasOf(const MatchScope& scope, const FileId& file);

  absl::StatusOr<crypto::SecretBytes> KeyOf(const MatchScope& scope, domain::MatchKind kind);
  absl::StatusOr<domain::Value> Open(const FileId& file, const MatchSource& source);

  Core& core_;
};

}  // namespace kapea::vault
