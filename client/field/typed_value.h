// What people type into fields, as values: "--set sex=F", "--set met_at=-10m".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/draft.h"
#include "client/vault/vault.h"
#include "common/domain/form.h"
#include "common/domain/value.h"

namespace kapea::field {

// The largest file that `@file` reads.
inline constexpr size_t kAttachmentBytesMax = 64 * 1024 * 1024;

// One `CODE=VALUE`. An empty value clears the field.
struct Entry {
  std::string code;
  std::string text;
};
// InvalidArgument without a code, and for a code given twice.
absl::StatusOr<std::vector<Entry>> ParseEntries(const std::vector<std::string>& texts);

// The value of a field from text, by the field's type:
//   boolean            yes, no, true, false
//   integer            digits, within the field's bounds
//   code, codes        a code of the list; a,b
//   time               now, -10m, +2h, 08:31, 2026-11-23 08:31, 2026-11-23T01:31:00Z
//   date               today, 2009, 2009-09, 2009-09-28
//   duration           30m, 1h30m, 7d
//   item               done, not_done, not_applicable
//   person, unit       me or an id; a unit's code or id
//   file, record       its code or id
//   position           latitude,longitude[,metres]
//   text, name, phone, address   the text, in NFC
// `unknown` and `refused` are answers to every field that is no record key, except where
// a code list has such a code; `answer:unknown` is always the answer, and `text:...`
// always the text. Attachments and images are not values: see ReadAttachment.
// InvalidArgument "CODE: want ..., got '...'"; the text of a sealed field is never
// repeated. NotFound for a name that this device does not know.
absl::StatusOr<domain::Value> ParseValue(vault::Vault& vault, const domain::FileState& file,
                                         const domain::Field& field, std::string_view text);

// `@file` for an attachment: its bytes, with the media type that its first bytes say.
absl::StatusOr<vault::NewAttachment> ReadAttachment(std::string_view text);

// Puts the entries into the draft as fields of `record`, whose form is `form`.
absl::Status SetAll(vault::Vault& vault, const domain::FileState& file, const domain::Form& form,
                    const RecordId& record, const std::vector<Entry>& entries, Draft& draft);

// A value as people read it: codes with their labels, times of Cambodia.
std::string ToText(vault::Vault& vault, const domain::Field& field, const domain::Value& value,
                   Language language);

}  // namespace kapea::field
