// Erasure: what a two-person act takes out of a file, and what stays. The Ledger keeps
// every Entry and every leaf's hash, so that all proofs hold; headers stay too: they say
// who wrote and when, and nothing about the person of the file.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/change.h"

namespace kapea::domain {

// One Decision of an erasing Change. Without a record: the whole file.
struct ErasureTarget {
  std::optional<RecordId> record;
  std::string field;  // of that record; empty: the whole record
  // Of a field alone: which Change made the record, and what it pinned, for the record stays
  // and its first write may go.
  std::optional<ChangeId> maker;
  std::optional<FormPin> form;
  std::optional<RecordId> parent;
  friend auto operator<=>(const ErasureTarget&, const ErasureTarget&) = default;
};

// The reason of a Decision by which a device says that it has dropped what was erased.
inline constexpr std::string_view kErasureDone = "done";

// An erasure that took effect.
struct ErasureAt {
  Ref proposal, approval;
  std::vector<ErasureTarget> targets;
  std::string reason;  // a code
  PersonId proposed_by, approved_by;
  uint64_t number = 0;         // of the Entry that completed it
  Time at;                     // when that was received
  std::set<DeviceId> done_by;  // devices that said they have dropped it

  bool whole_file() const;
};

// What the Change, a proposal, asks to erase.
std::vector<ErasureTarget> TargetsOf(const Change& proposal);

// Whether it is the whole file that they cover.
bool CoversWholeFile(const std::vector<ErasureTarget>& targets);

// The attachments that `before` names and `after`, with what was erased withheld, does not.
std::vector<Hash> AttachmentsGone(const Change& before, const Change& after);

// Whether write `index` is covered. Of a whole file everything is but its founding, its
// roster lines, the acts of erasure, disclosures and deliveries; of a record every write to
// it, of a field every write to it and the facts derived from these.
bool Covers(const std::vector<ErasureTarget>& targets, const Change& change, size_t index);

// The Change with what is covered withheld (without the leaf's hash, which a fold does not
// need); the same one where nothing is.
std::shared_ptr<const Change> WithoutErased(std::shared_ptr<const Change> change,
                                            const std::vector<ErasureTarget>& targets);

}  // namespace kapea::domain
