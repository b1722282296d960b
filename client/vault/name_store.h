// The one door through which sealed names are opened for nobody's eyes: for the index of a
// search, which must know ten thousand names to show three. And the index's own rows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/record.h"

namespace kapea::field {
class SearchIndex;
}

namespace kapea::vault {

class Core;
class MatchDoor;

// A name of a record as it is compared; never as it was written.
struct IndexedName {
  RecordId record;
  std::string form, section, field;
  std::string folded;  // text::FoldForSearch
};

// What an index has of a file, and of what moment.
struct IndexedFile {
  uint32_t fold_version = 0;
  uint64_t number = 0;        // of the file: all up to it is indexed
  uint64_t own = 0;           // this device's newest Change of the file that waits; 0: none
  std::string rights;         // a hash of the roles under which its person works
  bool settled = false;       // nothing that comes in another file can change it
  uint64_t surroundings = 0;  // else: of which number of the directory and the standards
  bool lacks_keys = false;    // it has names that this device cannot or may not open
  std::vector<IndexedName> names;
};

// Why it is apart: NoticeReading is how a value is shown, and leaves a trace. Here values are
// opened without one. So only field::SearchIndex can call anything of it (everything is
// private); only fields of the types name and phone open, no testimony and no address; the
// text is handed to a function and wiped when that returns; and whatever a search then shows,
// it opens again through NoticeReading. Rows lie in the vault's store under the data key of
// their file, as sealed as the names themselves, and are gone with that key.
// Threads and errors: as Vault.
class NameStore {
 public:
  explicit NameStore(Core& core) : core_(core) {}

 private:
  friend class field::SearchIndex;
  friend class MatchDoor;  // for the core alone

  using Take = std::function<void(std::string_view text)>;
  // InvalidArgument for a field that by the record's form is of another type;
  // FailedPrecondition where no key to it is held here; DataLoss when it does not open under
  // its committed key. An answer that is no text (unknown, refused) is not handed on.
  absl::Status OpenUnseen(const FileId& file, const RecordId& record, std::string_view field,
                          const domain::FieldValue& value, const Take& take);

  // What IndexedFile::own, surroundings and rights would be now.
  uint64_t OwnOf(const FileId& file) const;
  uint64_t Surroundings() const;
  std::string Rights() const;

  // Rows of another version are passed over.
  absl::Status VisitRows(const std::function<void(const FileId&, IndexedFile)>& visit) const;
  // Buffered: a row that is lost is made again.
  absl::Status PutRows(const std::vector<std::pair<FileId, IndexedFile>>& rows);

  Core& core_;
};

}  // namespace kapea::vault
