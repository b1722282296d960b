// What stands in a person's file after a year: every record that the minimum standards ask
// for, written as text so that it can be read beside the pack.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/time.h"
#include "common/codec/change_codec.h"
#include "common/domain/form.h"
#include "tools/measure/deployment.h"
#include "tools/measure/intake_changes.h"

namespace kapea::bench {

struct LifeRecord {
  const domain::Form* form = nullptr;
  size_t parent = 0;  // record below which it stands, by its place; 0: none
  std::vector<std::pair<const domain::Field*, std::string>> fields;
};

// Different lives: one was never assessed, one has no plan, one was not followed up, and so
// on; each lacks one thing. InvalidArgument for a form or field that the pack does not have.
inline constexpr size_t kLives = 8;
absl::StatusOr<std::vector<LifeRecord>> LifeOf(const domain::Pack& pack, size_t which);

// Adds the writes of one record. Times of its text count in hours from `arrival`.
absl::Status AddLifeRecord(const LifeRecord& record, const RecordId& id,
                           const std::optional<RecordId>& parent, const Device& by, Time arrival,
                           const Seal& seal, codec::ChangeWriter& writer);

}  // namespace kapea::bench
