#include "common/domain/erasure.h"

#include <algorithm>
#include <utility>

namespace kapea::domain {
namespace {

// Acts of erasure tell for ever who decided it; deliveries, disclosures and break-glass, who
// has a copy.
bool StaysWithTheFile(const Change& change, const WriteBody& body) {
  if (std::holds_alternative<Founding>(body) || std::holds_alternative<RosterWrite>(body) ||
      std::holds_alternative<Delivery>(body) || std::holds_alternative<Disclosure>(body)) {
    return true;
  }
  const Kind kind = change.header.kind;
  return std::holds_alternative<Decision>(body) &&
         (kind == Kind::kErase || kind == Kind::kApproval || kind == Kind::kWithdrawal ||
          kind == Kind::kBreakGlass);
}

bool CoversField(const ErasureTarget& target, const Change& change, const FieldWrite& write) {
  if (target.record != write.record) return false;
  if (target.field.empty() || target.field == write.field) return true;
  if (!write.of || *write.of >= change.writes.size()) return false;
  const auto* source = std::get_if<FieldWrite>(&change.writes[*write.of].body);
  return source != nullptr && source->field == target.field;
}

}  // namespace

std::vector<ErasureTarget> TargetsOf(const Change& proposal) {
  std::vector<ErasureTarget> targets;
  for (const Write& write : proposal.writes) {
    const auto* decision = std::get_if<Decision>(&write.body);
    if (decision == nullptr) continue;
    ErasureTarget& target = targets.emplace_back();
    if (decision->subject.size() == RecordId::kBytes) {
      target.record = RecordId::FromPrefix(decision->subject);
    }
    target.field = decision->field;
    target.maker = decision->maker;
    target.form = decision->form;
    target.parent = decision->parent;
  }
  return targets;
}

bool CoversWholeFile(const std::vector<ErasureTarget>& targets) {
  return std::any_of(targets.begin(), targets.end(),
                     [](const ErasureTarget& target) { return !target.record; });
}

bool ErasureAt::whole_file() const { return CoversWholeFile(targets); }

std::vector<Hash> AttachmentsGone(const Change& before, const Change& after) {
  std::vector<Hash> manifests;
  for (size_t i = 0; i < before.writes.size(); ++i) {
    const auto* write = std::get_if<FieldWrite>(&before.writes[i].body);
    if (write == nullptr || !write->clear) continue;
    const auto* attachment = std::get_if<Attachment>(&*write->clear);
    const bool gone = std::holds_alternative<Withheld>(after.writes[i].body);
    if (attachment != nullptr && gone) manifests.push_back(attachment->manifest);
  }
  return manifests;
}

bool Covers(const std::vector<ErasureTarget>& targets, const Change& change, size_t index) {
  const WriteBody& body = change.writes[index].body;
  if (std::holds_alternative<Withheld>(body)) return false;
  const auto* field = std::get_if<FieldWrite>(&body);
  const auto* notice = std::get_if<ReadNotice>(&body);
  const auto* decision = std::get_if<Decision>(&body);
  return std::any_of(targets.begin(), targets.end(), [&](const ErasureTarget& target) {
    if (!target.record) return !StaysWithTheFile(change, body);
    if (field != nullptr) return CoversField(target, change, *field);
    // What was opened, and what was found wrong, of a record that is gone.
    if (notice != nullptr) return target.field.empty() && notice->record == *target.record;
    return decision != nullptr && change.header.kind == Kind::kMismatch && target.field.empty() &&
           decision->subject == target.record->view();
  });
}

std::shared_ptr<const Change> WithoutErased(std::shared_ptr<const Change> change,
                                            const std::vector<ErasureTarget>& targets) {
  std::shared_ptr<Change> without;
  for (size_t i = 0; i < change->writes.size(); ++i) {
    if (!Covers(targets, *change, i)) continue;
    if (without == nullptr) without = std::make_shared<Change>(*change);
    without->writes[i] = {Salt(), Withheld{}};
  }
  return without == nullptr ? std::move(change) : without;
}

}  // namespace kapea::domain
