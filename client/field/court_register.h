// The court register: every charge of every case of a period, as a clerk prints it. Clear
// fields alone: nobody's name stands in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/base/time.h"

namespace kapea::field {

// The forms and fields of common/packs/kh/justice.textproto.
struct RegisterRow {
  std::string case_code;
  std::optional<Time> complaint_at;
  std::string case_class, province, court;  // codes; empty: not recorded
  std::string stage;                        // "L1" to "L13": the furthest that is recorded
  int64_t accused = 0;                      // number in the case; 0: the case has none yet
  std::string sex, age_band, state;
  std::optional<Duration> custody;  // from arrival at the unit to its end
  std::string article, outcome;     // empty: no charge yet, no outcome yet
  std::optional<int64_t> sentence_months;
  std::optional<Time> verdict_at, final_at;
};

struct RegisterRequest {
  std::optional<Time> from, to;  // by the time of the complaint; [from, to)
};
// By the time of the complaint, then case, accused and article. Drills are left out, and
// cases without a complaint's time where a period is asked for. Threads: one at a time.
absl::StatusOr<std::vector<RegisterRow>> CourtRegister(vault::Vault& vault,
                                                       const RegisterRequest& request);

// With a header line; commas separate, times are ISO 8601 in UTC, lines end in "\n". No value
// holds a comma or a quote.
std::string ToCsv(const std::vector<RegisterRow>& rows);

}  // namespace kapea::field
