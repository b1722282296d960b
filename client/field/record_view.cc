#include "client/field/record_view.h"

#include <algorithm>

#include "client/field/act.h"
#include "client/field/links.h"
#include "client/field/typed_value.h"
#include "common/base/macros.h"
#include "common/domain/evaluate.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using State = FieldView::State;

// The values that a register shows, one for each distinct content.
std::vector<domain::FieldValue> DistinctOf(const domain::Record& record, std::string_view code) {
  std::vector<domain::FieldValue> values;
  const domain::Register* known = record.Find(code);
  if (known == nullptr) return values;
  for (const auto& distinct : known->DistinctValues()) {
    if (!distinct.first->cleared()) values.push_back(*distinct.first);
  }
  return values;
}

void AddField(const domain::Record& record, const domain::Field& field, const std::string& section,
              std::vector<FieldView>& views) {
  FieldView view;
  view.field = &field;
  view.section = section;
  view.values = DistinctOf(record, field.code);
  if (!view.values.empty()) view.state = State::kSealed;
  views.push_back(std::move(view));
}

absl::Status OpenOne(vault::Vault& vault, const vault::ReadNotice* notice, Language language,
                     FieldView& view) {
  for (const domain::FieldValue& value : view.values) {
    if (value.clear) {
      view.state = State::kShown;
      view.texts.push_back(ToText(vault, *view.field, *value.clear, language));
      view.opened.push_back(*value.clear);
      continue;
    }
    if (notice == nullptr || !notice->Covers(view.field->code)) continue;
    auto opened = vault.OpenSealed(*notice, view.field->code, value);
    if (absl::IsFailedPrecondition(opened.status())) {
      if (view.state != State::kShown) view.state = State::kNoKey;
    } else if (absl::IsDataLoss(opened.status())) {
      // Beside a value that opens it is shown as what it is, and hides nothing.
      if (view.state != State::kShown) view.state = State::kBroken;
      view.texts.push_back("(does not open: altered)");
      view.opened.push_back(domain::Answer::kUnknown);
    } else {
      KAPEA_TRY(opened.status());
      view.state = State::kShown;
      view.texts.push_back(ToText(vault, *view.field, *opened, language));
      view.opened.push_back(*std::move(opened));
    }
  }
  return absl::OkStatus();
}

}  // namespace

Opening Opening::Everything() {
  Opening opening;
  for (const domain::KeyClass key_class : domain::kKeyClasses) opening.classes.insert(key_class);
  return opening;
}

absl::StatusOr<std::vector<FieldView>> ViewRecord(vault::Vault& vault, const FileId& file,
                                                  const RecordId& record, const Opening& opening,
                                                  Language language) {
  KAPEA_ASSIGN(const auto state, vault.File(file));
  const domain::Record* found = state->FindRecord(record);
  if (found == nullptr) return absl::NotFoundError("no such record in this file");
  const domain::Form* form = state->FormOf(*found);
  if (form == nullptr) {
    return absl::FailedPreconditionError("the form of this record needs a newer program or pack");
  }
  std::vector<FieldView> views;
  for (const domain::Section& section : form->sections) {
    for (const domain::Field& field : section.fields) {
      AddField(*found, field, section.code, views);
      for (const domain::DerivedFact& fact : field.derived) {
        const domain::Field* derived = form->FindField(fact.code);
        if (derived != nullptr && found->Shown(fact.code) != nullptr) {
          AddField(*found, *derived, section.code, views);
        }
      }
    }
  }
  std::set<domain::KeyClass> mine;
  for (const domain::KeyClass key_class : opening.classes) {
    if (MayHold(vault, *state, key_class)) mine.insert(key_class);
  }
  std::vector<std::string> to_open;
  for (FieldView& view : views) {
    const bool asked =
        std::any_of(view.values.begin(), view.values.end(), [&](const domain::FieldValue& value) {
          return value.sealed && opening.classes.contains(value.sealed->key_class);
        });
    if (asked) view.state = State::kNoKey;
    const bool sealed =
        std::any_of(view.values.begin(), view.values.end(), [&](const domain::FieldValue& value) {
          return value.sealed && mine.contains(value.sealed->key_class);
        });
    if (sealed && view.field->type != domain::FieldType::kAttachment &&
        view.field->type != domain::FieldType::kImage) {
      to_open.push_back(view.field->code);
    }
  }
  std::optional<vault::ReadNotice> notice;
  if (!to_open.empty()) {
    KAPEA_ASSIGN(notice, vault.NoticeReading(file, record, to_open));
  }
  const HeldLinks links(vault);
  for (FieldView& view : views) {
    KAPEA_TRY(OpenOne(vault, notice ? &*notice : nullptr, language, view));
    if (view.field->relevant.empty()) continue;
    const domain::Outcome relevant =
        domain::EvaluateTruth(view.field->relevant, {.file = *state,
                                                     .as_of = vault.clock().Now(),
                                                     .linked = &links,
                                                     .record = found,
                                                     .form = form});
    view.relevant = relevant.unknown() || relevant.holds();
  }
  return views;
}

std::string StateWords(const FieldView& view) {
  switch (view.state) {
    case State::kEmpty:
      return "";
    case State::kShown: {
      std::string all;
      for (const std::string& text : view.texts) all += (all.empty() ? "" : " | ") + text;
      return all;
    }
    case State::kSealed:
      return "(sealed: " + std::string(domain::NameOf(view.field->key_class)) + ")";
    case State::kNoKey:
      return view.field->key_class == domain::KeyClass::kPlan ? "(not released yet)"
                                                              : "(sealed: no key here)";
    case State::kBroken:
      return "(does not open: altered)";
  }
  return "";
}

}  // namespace kapea::field
