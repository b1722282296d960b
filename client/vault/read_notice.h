// The proof that an opening is written down. Apart from vault.h, which hands it out.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/id.h"

namespace kapea::vault {

// Proof that these fields' opening is written down, durably, to be told to the file's
// people. Only Vault makes one, so that opening without a trace does not compile.
class ReadNotice {
 public:
  const FileId& file() const { return file_; }
  const RecordId& record() const { return record_; }
  bool Covers(std::string_view field) const;

 private:
  friend class Vault;
  ReadNotice(FileId file, RecordId record, std::vector<std::string> fields)
      : file_(file), record_(record), fields_(std::move(fields)) {}
  FileId file_;
  RecordId record_;
  std::vector<std::string> fields_;
};

}  // namespace kapea::vault
