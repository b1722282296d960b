#include "client/cli/record_text.h"

#include <string>

#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/names.h"
#include "client/field/record_view.h"
#include "client/field/wording.h"
#include "common/base/macros.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

const char* MarkOf(const field::FieldView& view) {
  switch (view.state) {
    case field::FieldView::State::kEmpty:
      return view.field->need.required && view.relevant ? "[ ]" : " - ";
    case field::FieldView::State::kBroken:
      return "[!]";
    default:
      return view.values.size() > 1 ? "[!]" : "[x]";
  }
}

json FieldJson(const field::FieldView& view) {
  constexpr const char* kStates[] = {"empty", "shown", "sealed", "no_key", "broken"};
  return {{"field", view.field->code},
          {"section", view.section},
          {"state", kStates[static_cast<size_t>(view.state)]},
          {"values", view.texts},
          {"required", view.field->need.required},
          {"relevant", view.relevant}};
}

std::string FieldText(const field::FieldView& view, field::Language language) {
  return std::string(MarkOf(view)) + " " +
         ShortText(field::TextOf(view.field->label, language), 34) + "  " +
         text::CutTo(field::StateWords(view), 38) + "\n";
}

}  // namespace

absl::StatusOr<Result> ShowRecord(Session& session, const FileId& file, const RecordId& record,
                                  const ShowOptions& options) {
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  const field::Opening opening =
      options.open ? field::Opening::Everything() : field::Opening::Nothing();
  KAPEA_ASSIGN(const auto views,
               field::ViewRecord(session.vault, file, record, opening, session.options.language));
  Result result;
  const domain::Record& shown = *state->FindRecord(record);
  result.text =
      absl::StrFormat("%s  %s v%d%s\n", field::CodeOf(file, state->kind()), shown.form.form,
                      shown.form.version, state->drill() ? "  DRILL" : "");
  if (options.open) {
    result.text += "Opening is written down and told to the people of this file.\n";
  }
  json fields = json::array();
  std::string section;
  for (const field::FieldView& view : views) {
    const bool hidden = !options.all && view.state == field::FieldView::State::kEmpty &&
                        (!view.relevant || !view.field->need.required);
    fields.push_back(FieldJson(view));
    if (hidden) continue;
    if (view.section != section) {
      section = view.section;
      result.text += "-- " + section + "\n";
    }
    result.text += FieldText(view, session.options.language);
  }
  json children = json::array();
  for (const auto& [id, child] : state->records()) {
    if (child.parent != record || child.voided()) continue;
    result.text += "   + " + child.form.form + "  " + field::CodeOf(id) + "\n";
    children.push_back({{"record", id.hex()}, {"form", child.form.form}});
  }
  result.json = {{"file", file.hex()},      {"record", record.hex()},
                 {"form", shown.form.form}, {"form_version", shown.form.version},
                 {"opened", options.open},  {"fields", fields},
                 {"children", children}};
  return result;
}

void AddWording(Session& session, const FileId& file, const RecordId& record, Result& result) {
  const auto state = session.vault.File(file);
  if (!state.ok()) return;
  json fields = json::array();
  for (const field::Blaming& blaming : field::BlamingIn(**state, record)) {
    fields.push_back(blaming.field->code);
    result.text +=
        absl::StrFormat("%s: kept as written, but has a word that blames (kapea codes %s)\n",
                        blaming.field->code, blaming.words);
  }
  if (!fields.empty()) result.json["wording"] = fields;
}

}  // namespace kapea::cli
