// Rows of a table that others wrote become files of persons, founded by who reads it: the
// export (export.h) backwards.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/import_table.h"
#include "client/vault/vault.h"

namespace kapea::field {

struct ImportRequest {
  std::string id;  // of a table that a pack describes
  std::string_view csv;
  std::optional<UnitId> unit;  // whose carers get the files; absent: this person's unit
  bool write = true;           // false: only check it
};

struct Imported {
  ImportTable table;
  std::vector<FileId> written;  // in the order of their rows
  size_t known = 0;             // rows that are a file on this device already
  bool stopped = false;         // by `progress`, between two rows
};

// Everything is read and judged first, and with one mistake nothing is written. Then each row
// becomes a file with its intake record, and a record that keeps the key of the row: the same
// row becomes no second file here, also when it was cut off, nor on another device that holds
// those files and may open the key. Of two rows that are alike each is a person. What the form
// seals is sealed. `progress` hears before each row and at the end how many are written of how
// many; Cancelled stops there, and whole files alone are left.
// Threads: one at a time. Errors: InvalidArgument as ReadImportTable; PermissionDenied where the
// role may not found such files, or has no key for what a form seals; else as Vault.
using ImportProgress = std::function<absl::Status(size_t written, size_t rows)>;
absl::StatusOr<Imported> ImportFiles(vault::Vault& vault, const ImportRequest& request,
                                     const ImportProgress& progress = nullptr);

}  // namespace kapea::field
