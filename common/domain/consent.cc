#include "common/domain/consent.h"

#include <functional>
#include <tuple>

#include "common/domain/evaluate.h"

namespace kapea::domain {
namespace {

constexpr std::string_view kConsentForm = "-CONSENT";

bool IsYes(const Record& consent) {
  const auto* answer = consent.ShownAs<Code>("answer");
  return answer != nullptr && answer->code == "yes";
}

// A "no" that names nobody speaks of all. A yes is for the unit that stood there when it was
// said: a later one is asked for again.
bool SpeaksOf(const Record& consent, const Reference& unit) {
  if (consent.ShownAs<Code>("answer") == nullptr) return false;
  const auto* recipient = consent.ShownAs<Reference>("recipient");
  if (recipient == nullptr) return !IsYes(consent);
  if (*recipient != unit) return false;
  return !IsYes(consent) ||
         consent.Shown("recipient")->time.soft.latest <= consent.Shown("answer")->time.soft.latest;
}

// Whether the form asks, for this purpose, who may have it.
bool AsksForRecipient(const FileState& file, const Record& consent) {
  const Form* form = file.FormOf(consent);
  const Field* recipient = form == nullptr ? nullptr : form->FindField("recipient");
  if (recipient == nullptr) return false;
  return EvaluateTruth(recipient->relevant,
                       {.file = file, .as_of = Time::Max(), .record = &consent, .form = form})
      .holds();
}

const Record* Newest(const FileState& file, std::string_view purpose,
                     const std::function<bool(const Record&)>& speaks) {
  const auto order = [](const Record& record) {
    return std::make_tuple(record.made.soft.earliest, record.made.soft.latest, record.id);
  };
  const Record* newest = nullptr;
  for (const auto& [id, record] : file.records()) {
    const std::string_view form = record.form.form;
    if (record.voided() || !form.ends_with(kConsentForm)) continue;
    const auto* about = record.ShownAs<Code>("purpose");
    if (about == nullptr || about->code != purpose || !speaks(record)) continue;
    if (newest == nullptr || order(record) > order(*newest)) newest = &record;
  }
  return newest;
}

}  // namespace

const Record* NewestConsent(const FileState& file, std::string_view purpose,
                            const std::optional<Reference>& unit) {
  return Newest(file, purpose,
                [&unit](const Record& record) { return !unit || SpeaksOf(record, *unit); });
}

bool Consents(const FileState& file, std::string_view purpose, const std::optional<UnitId>& unit,
              Time at) {
  const Record* newest = Newest(file, purpose, [&](const Record& record) {
    if (record.ShownAs<Code>("answer") == nullptr) return false;
    // A yes for one unit says nothing about the others; every no is heard.
    if (!IsYes(record)) {
      const auto* of = record.ShownAs<Reference>("recipient");
      return of == nullptr || !unit || of->id == ChangeId::FromPrefix(unit->view());
    }
    if (unit && SpeaksOf(record, {ChangeId::FromPrefix(unit->view())})) return true;
    return record.ShownAs<Reference>("recipient") == nullptr && !AsksForRecipient(file, record);
  });
  if (newest == nullptr || !IsYes(*newest)) return false;
  const auto* ends = newest->ShownAs<Time>("ends_at");
  return ends == nullptr || *ends > at;
}

}  // namespace kapea::domain
