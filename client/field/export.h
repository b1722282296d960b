// The person files of this device as one table, in the columns that a pack describes: what
// leaves the house in a shape that others have agreed on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/export.h"

namespace kapea::field {

// Tables that a use case asks for by name. Everything else about them is data.
inline constexpr std::string_view kHtcdsExport = "HTCDS";
inline constexpr std::string_view kDeidentifiedExport = "CTDC";

// What the newest pack that has it says of a table. FailedPrecondition where none has.
absl::StatusOr<const domain::Export*> FindExport(vault::Vault& vault, const std::string& id);

struct ExportRequest {
  std::string id;
  std::optional<UnitId> unit;  // files whose roster or custody has it; absent: all
  // Who gets it: a unit, or a code for a body that is not in the directory. Neither: nobody
  // yet, and nothing sealed is opened (but for an anonymous table).
  std::optional<UnitId> to_unit;
  std::string to_body;
  std::string purpose;  // a code, as the consents have it
  bool identities = false;
};

struct ExportTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // as wide as `columns`
};

// Persons who do not stand in the table, by the first reason that holds.
struct LeftOut {
  size_t drills = 0;
  size_t role = 0;         // she neither leads nor supervises the file, or may not disclose it
  size_t not_counted = 0;  // not whom the table is about
  size_t no_consent = 0;
  size_t same_person = 0;  // stands there from another file that is linked to this one
};

struct Exported {
  const domain::Export* what = nullptr;  // lives as long as the vault
  ExportTable table;
  LeftOut left_out;
  size_t disclosed = 0;  // files of which sealed fields stand in it
  size_t closed = 0;     // sealed answers that would have a place in it and were not opened
};

// One row for each person who agreed to that purpose and recipient (domain/consent.h) and whose
// file this person leads or supervises. Sealed fields are opened under a read notice, and only
// after a disclosure of them to that recipient is signed in the file or in force there, for
// kExportDays; an anonymous table discloses nobody's, and needs none. Fields of class identity:
// with `identities` alone, which wants a recipient and a purpose that allows it.
// Threads: one at a time. Errors: FailedPrecondition where no pack has that table;
// InvalidArgument for a request that is none; PermissionDenied for a unit that has ended; else
// as Vault. Nothing leaves the device by this.
inline constexpr int64_t kExportDays = 30;
absl::StatusOr<Exported> ReadExport(vault::Vault& vault, const ExportRequest& request);

}  // namespace kapea::field
