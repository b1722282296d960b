// Search on the device over names that are sealed: as they are written, misspelt, romanised
// in another way, in either order and either script.
//
// Reading leaves a trace, and so does a search, for exactly what it shows. To find three of
// ten thousand names all ten thousand must be opened; a notice for each would bury those
// that tell something. So the index is made through vault::NameStore, which opens names for
// nobody's eyes and for this class alone; it has them folded, and hands none out. What a
// search shows it opens again like anybody, with a ReadNotice that is on the disk before.
// All hits up to the limit are shown, so that nobody can ask whether a name is here without
// leaving a notice in the file that has it; of further ones it says that they exist, not
// how many or where. Names that are merely close are left out where better ones are found, unless
// asked for: what nobody looks for is not opened.
//
// Which fields: names and telephone numbers of live records, and the codes of files. Names
// of one section of one record are taken for those of one person.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/name_match.h"
#include "client/vault/name_store.h"
#include "client/vault/vault.h"
#include "common/domain/record.h"

namespace kapea::field {

inline constexpr size_t kSearchHitsDefault = 10;
inline constexpr size_t kSearchHitsMax = 50;
inline constexpr size_t kSearchWordsMax = 8;
inline constexpr size_t kSearchLettersMin = 2;

struct SearchRequest {
  std::string words;  // in any script, as typed
  size_t limit = kSearchHitsDefault;
  bool wide = false;  // also what is doubtful (kSkeleton on) where there are better ones
};

struct ShownField {
  std::string field;
  std::string text;  // several values of a Conflict stand beside each other: " | "
};
struct SearchHit {
  FileId file;
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  RecordId record;  // this and the next two are empty for a hit by the file's code
  std::string form, section;
  NameMatch match = NameMatch::kNone;
  std::vector<std::string> fields;  // in which the words were found; "code": the file's code
  std::vector<ShownField> shown;    // those, and the other names of the same section
};
struct SearchAnswer {
  std::vector<SearchHit> hits;   // the best first; order of equals is fixed
  bool more = false;             // there are others beyond the limit
  bool less_alike = false;       // there are others that only a wide search shows
  size_t files_without_key = 0;  // with names that this device cannot or may not open
};

// Threads: one at a time, as the vault. Owns: folded names in memory, wiped at destruction.
// The vault must outlive it. One that lives as long as the vault answers fastest; each new
// one reads the vault's rows once.
// Limits: linear in the names here; docs/search.md has figures.
class SearchIndex {
 public:
  explicit SearchIndex(vault::Vault& vault) : vault_(vault) {}
  ~SearchIndex();
  SearchIndex(const SearchIndex&) = delete;
  SearchIndex& operator=(const SearchIndex&) = delete;

  // Takes in what changed since the last time, here or in the vault's rows: only those files
  // are folded. Errors: as Vault.
  absl::Status Refresh();
  // How many files the last Refresh folded and indexed anew.
  size_t refreshed() const { return refreshed_; }
  // Refreshes, finds, writes the notices (one commit), opens what is shown.
  // InvalidArgument for fewer than kSearchLettersMin letters, more than kSearchWordsMax
  // words, a limit of 0 or above kSearchHitsMax, or no text; else as Vault.
  absl::StatusOr<SearchAnswer> Search(const SearchRequest& request);

 private:
  // Names of one section of one record.
  struct Group {
    RecordId record;
    std::string form, section;
    std::vector<std::string> fields;
    std::vector<NamedWord> words;
  };
  struct Indexed {
    vault::IndexedFile moment;  // without its names
    std::vector<Group> groups;
  };
  struct Candidate {
    FileId file;
    const Group* group = nullptr;
    Fit fit;
  };
  // A hit before it is opened.
  struct Showing {
    SearchHit hit;
    vault::Vault::Reading sealed;
    std::vector<std::pair<std::string, std::vector<domain::FieldValue>>> values;
  };

  absl::Status Load();
  absl::Status AddNames(const domain::FileState& state, vault::IndexedFile& row);
  absl::Status AddRecord(const domain::FileState& state, const domain::Record& record,
                         const domain::Form& form, vault::IndexedFile& row);
  absl::Status AddValue(const domain::FileState& state, const domain::Record& record,
                        const domain::Field& field, const domain::FieldValue& value,
                        vault::IndexedName name, vault::IndexedFile& row);
  void Hold(const FileId& file, vault::IndexedFile row);
  std::vector<Candidate> Find(const std::vector<text::SearchWord>& query) const;
  absl::Status AddByCode(const std::string& words, SearchAnswer& answer);
  // Those to be shown, not opened yet; says in `answer` what is left out.
  absl::StatusOr<std::vector<Showing>> Choose(const SearchRequest& request,
                                              const std::vector<Candidate>& candidates,
                                              SearchAnswer& answer);
  // NotFound where the device may not show it any more.
  absl::StatusOr<Showing> Prepare(const Candidate& candidate);
  absl::Status Show(const vault::ReadNotice& notice, Showing& showing);

  vault::Vault& vault_;
  bool loaded_ = false;
  size_t refreshed_ = 0;
  std::map<FileId, Indexed> files_;
};

}  // namespace kapea::field
