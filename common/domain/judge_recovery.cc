// Recovery: what may be wrapped to the recovery key, and who says that she has keys again.
#include <algorithm>

#include "common/domain/judge.h"
#include "common/domain/roles.h"

namespace kapea::domain {
namespace {

constexpr uint64_t kClassNumberMax = 255;

// One key that came back: its key epoch, its class, and the generation of the recovery key
// that opened it.
bool IsWhole(const Decision& said) {
  return !said.reason.empty() && said.subject.size() == KeyEpochId::kBytes && said.from != 0 &&
         said.from <= kClassNumberMax && said.to != 0 && said.field.empty() && !said.maker &&
         !said.form && !said.parent;
}

}  // namespace

Verdict Judgement::CheckRecoveryShape() {
  if (header_.kind != Kind::kRecovery) return Verdict::kAccepted;
  if (!header_.refs.empty()) return Verdict::kMalformed;
  const bool whole =
      std::all_of(change_.writes.begin(), change_.writes.end(), [](const Write& write) {
        const auto* said = std::get_if<Decision>(&write.body);
        return said == nullptr || IsWhole(*said);
      });
  return whole ? Verdict::kAccepted : Verdict::kMalformed;
}

// The file must have the key, and must have given it to that recovery key: else she says
// something that cannot be.
Verdict Judgement::CheckRecovery() {
  const bool leads =
      state_.MayLead(header_.person, header_.unit, header_.role, around_.directory, at_);
  for (const Write& write : change_.writes) {
    const auto* said = std::get_if<Decision>(&write.body);
    if (said == nullptr) continue;
    const KeyEpochId epoch = KeyEpochId::FromPrefix(said->subject);
    const auto key_class = static_cast<KeyClass>(said->from);
    if (!MayRecover(header_.role, leads, key_class, state_.kind_)) return Verdict::kRole;
    const bool given =
        std::any_of(state_.wraps_.begin(), state_.wraps_.end(), [&](const WrapAt& at) {
          return at.wrap.recipient_kind == RecipientKind::kRecovery && at.wrap.key_epoch == epoch &&
                 at.wrap.key_class == key_class && at.wrap.generation == said->to;
        });
    if (!given) return Verdict::kKeyEpoch;
  }
  return Verdict::kAccepted;
}

// That the key is in the directory at all, CheckWrapsThere has seen.
Verdict Judgement::CheckRecoveryWrap(const Wrap& wrap) const {
  if (wrap.recipient.view() != RecoveryPlace().view()) return Verdict::kMalformed;
  const UnitEntry* key = around_.directory.RecoveryKey(at_);
  const bool stands = key != nullptr && key->generation == wrap.generation &&
                      key->receive_key_hash == wrap.recipient_key;
  return stands ? Verdict::kAccepted : Verdict::kStaleRecipient;
}

void FileState::ApplyRecovery(const Waiting& change) {
  const Change& what = *change.placed.change;
  RecoveryAt recovery{{what.id, what.hash}, what.header.person, {}, 0, 0, change.time};
  for (const Write& write : what.writes) {
    const auto* said = std::get_if<Decision>(&write.body);
    if (said == nullptr) continue;
    ++recovery.keys;
    if (recovery.reason.empty()) recovery.reason = said->reason;
    recovery.generation = std::max(recovery.generation, said->to);
  }
  recoveries_.push_back(std::move(recovery));
}

}  // namespace kapea::domain
