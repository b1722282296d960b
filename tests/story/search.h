// What must not be found on a server, in the forms in which it could lie there, and
// where to look for it.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace kapea::story {

// Texts to be looked for, each as it is, in UTF-16, in hexadecimal digits, and in base64
// wherever it may begin there. What was compressed or encrypted is not seen: open it first.
class Search {
 public:
  explicit Search(const std::vector<std::string>& texts);
  // "TEXT as FORM" of all that stand somewhere in the bytes; no bytes of it are changed.
  std::set<std::string> In(std::string_view bytes) const;
  size_t longest() const { return longest_; }

 private:
  std::vector<std::pair<std::string, std::string>> needles_;  // what it is called, its bytes
  size_t longest_ = 0;
};

// "PATH: TEXT as FORM" of all names and contents of files below the folder; how many files
// there are. Unavailable where one cannot be read.
struct SearchedFiles {
  std::set<std::string> found;
  size_t files = 0;
};
absl::StatusOr<SearchedFiles> SearchFiles(const std::string& folder, const Search& search);

// What of the process's memory holds one of the texts: everything it can write to.
// PermissionDenied where this user may not read another process.
absl::StatusOr<std::set<std::string>> SearchMemory(pid_t process, const Search& search);

}  // namespace kapea::story
