// Questions and indicators of the pack, answered over the files that this device holds.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/vault/vault.h"
#include "common/domain/form.h"
#include "common/standards/measure_answer.h"

namespace kapea::field {

struct MeasureAsk {
  std::vector<std::string> measures;  // "Q05", or "I-J08" for I-J08a, I-J08b and so on
  std::optional<UnitId> unit;         // as in standards::MeasureRequest
  std::optional<Time> as_of;  // by what the ledger held then; absent: now, with what waits here
  std::optional<standards::Period> period;
  std::map<std::string, std::string> codes;
  std::vector<std::string> by;
};

// Clear data alone: a file is named by its code, and nobody is.
struct MeasureAnswered {
  const domain::Measure* measure = nullptr;  // as long as the vault's packs
  standards::MeasureResult result;           // empty where nothing in the files answers it
  size_t files = 0;                          // looked at
  Time as_of;
  // By which rules: a figure is worth as much as the text that it was counted by.
  std::string pack;
  uint32_t pack_version = 0;
  Hash pack_hash;
};

// Threads and errors of all below: one at a time; as Vault.

// In the order of the newest pack. FailedPrecondition without a pack.
absl::StatusOr<std::vector<const domain::Measure*>> ListMeasures(vault::Vault& vault,
                                                                 domain::MeasureKind kind);

// One for each measure that the codes name, in the order of the pack. NotFound where one names
// none; InvalidArgument as standards::Answer.
absl::StatusOr<std::vector<MeasureAnswered>> AnswerMeasures(vault::Vault& vault,
                                                            domain::MeasureKind kind,
                                                            const MeasureAsk& ask);

// What a code of a dimension is called: by its code list, or as people call units.
std::string CodeText(vault::Vault& vault, std::string_view dimension, const std::string& code,
                     Language language);

// "2026", "2026-03", "2026-03-09", "today": from the first moment of the one to the last of the
// other; an empty text is open on that side. InvalidArgument for another text, or a period that
// ends before it begins.
absl::StatusOr<standards::Period> ParsePeriod(std::string_view from, std::string_view to, Time now);

}  // namespace kapea::field
