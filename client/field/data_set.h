// A table that another program wrote (CSV) becomes records of one form in one file.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"

namespace kapea::field {

inline constexpr size_t kDataSetBytesMax = 4 * 1024 * 1024;
inline constexpr size_t kDataSetRowsMax = 5000;

struct DataSet {
  FileId file;
  std::string form;
  std::optional<RecordId> parent;  // as RecordWrite
  // The first row names fields of the form; a cell is a value as ParseValue reads it, and
  // says nothing where it is empty. Attachments cannot stand in a table.
  std::string_view csv;
};

struct Mistake {
  size_t line = 0;
  std::string field;  // "column 3" for one that the form does not have; empty: the row
  std::string what;   // never the text of a sealed field
};
struct DataSetWritten {
  std::vector<Mistake> mistakes;  // all of them; with one, nothing is written
  size_t rows = 0;
  std::vector<RecordId> written;  // in the order of their rows
  size_t known = 0;               // written before, from the same bytes into the same place
};

// Reads every row and judges it as if it were written alone; only where all are right (and
// `write`) are they written, in as few Changes as hold them. Cut off in between, it can be
// repeated: this vault remembers which row became which record, so that no row is written
// twice from here. Threads: one at a time. Errors: InvalidArgument for what is no such table at
// all; PermissionDenied and FailedPrecondition as Draft::Commit; else as Vault. `progress` hears
// after each Change how many rows are written, of how many; what it answers but Ok stops the work
// there, and is the answer.
using Progress = std::function<absl::Status(size_t written, size_t rows)>;
absl::StatusOr<DataSetWritten> WriteDataSet(vault::Vault& vault, const DataSet& data, bool write,
                                            const Progress& progress = nullptr);

}  // namespace kapea::field
