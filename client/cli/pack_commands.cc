// kapea form, codes: what the packs on this device ask for, and with which codes.
#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/forms.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
namespace {

using domain::FieldType;
using nlohmann::json;

constexpr size_t kFieldCells = 28;

// What a person types for such a field.
std::string_view TypeWord(FieldType type) {
  switch (type) {
    case FieldType::kBoolean:
      return "yes or no";
    case FieldType::kInteger:
      return "number";
    case FieldType::kCode:
      return "code";
    case FieldType::kCodes:
      return "codes";
    case FieldType::kTime:
      return "time";
    case FieldType::kDate:
      return "date";
    case FieldType::kDuration:
      return "duration";
    case FieldType::kItem:
      return "item";
    case FieldType::kAttachment:
      return "attachment";
    case FieldType::kPerson:
      return "person";
    case FieldType::kUnit:
      return "unit";
    case FieldType::kFile:
      return "file";
    case FieldType::kRecord:
      return "record";
    case FieldType::kName:
      return "name";
    case FieldType::kPhone:
      return "phone";
    case FieldType::kAddress:
      return "address";
    case FieldType::kPosition:
      return "position";
    case FieldType::kImage:
      return "image";
    case FieldType::kText:
    case FieldType::kNone:
      break;
  }
  return "text";
}

// --- form ---

std::string NeedWords(const domain::Need& need) {
  if (!need.required) return "";
  std::string words = "; required";
  if (need.within) words += " within " + field::ToText(*need.within);
  if (!need.when.empty()) words += " when " + need.when.text();
  return words;
}

std::string FieldText(const domain::Field& field, field::Language language) {
  std::string words(TypeWord(field.type));
  if (field.code_list != nullptr) words += " of " + field.code_list->id;
  words += NeedWords(field.need);
  if (field.sealed()) words += "; sealed";
  return absl::StrFormat(" %s %s %s  (%s)\n", field.need.required ? "*" : " ",
                         text::PadTo(field.code, kFieldCells), field::TextOf(field.label, language),
                         words);
}

json FieldJson(const domain::Field& field, const domain::Section& section) {
  const domain::Need& need = field.need;
  return {{"field", field.code},
          {"section", section.code},
          {"label", field.label.en},
          {"label_km", field.label.km},
          {"type", TypeWord(field.type)},
          {"code_list", field.code_list != nullptr ? json(field.code_list->id) : json()},
          {"required", need.required},
          {"within_ms", need.within ? json(need.within->milliseconds()) : json()},
          {"when", need.when.empty() ? json() : json(need.when.text())},
          {"relevant", field.relevant.empty() ? json() : json(field.relevant.text())},
          {"sealed", field.sealed()},
          {"guidance", field.guidance.en},
          {"clauses", field.clauses},
          {"source_status", domain::NameOf(field.provenance.status)}};
}

absl::StatusOr<Result> RunForm(Session& session, const std::string& id) {
  KAPEA_ASSIGN(const field::PackedForm packed,
               field::FindForm(session.vault, absl::AsciiStrToUpper(id)));
  const domain::Form& form = *packed.form;
  const field::Language language = session.options.language;
  Result result;
  result.text =
      absl::StrFormat("%s v%u  %s%s\n", form.id, form.version, field::TextOf(form.title, language),
                      form.parent.empty() ? "" : "  (below " + form.parent + ")");
  json fields = json::array();
  for (const domain::Section& section : form.sections) {
    result.text +=
        absl::StrFormat("%s  %s\n", section.code, field::TextOf(section.label, language));
    for (const domain::Field& field : section.fields) {
      result.text += FieldText(field, language);
      fields.push_back(FieldJson(field, section));
    }
  }
  result.text += "* required. The codes of a list: kapea codes LIST\n";
  result.json = {
      {"form", form.id},         {"version", form.version},
      {"pack", packed.pack->id}, {"pack_version", packed.pack->version},
      {"title", form.title.en},  {"parent", form.parent.empty() ? json() : json(form.parent)},
      {"fields", fields}};
  return result;
}

// --- codes ---

using Lists = std::map<std::string, const domain::CodeList*>;

// By the newest version of each pack; the newest pack's where two have a list of that name.
Lists ListsOf(vault::Vault& vault) {
  Lists lists;
  std::map<std::string, uint32_t> versions;
  for (const domain::Pack* pack : vault.packs().All()) {
    for (const auto& list : pack->code_lists) {
      uint32_t& version = versions[list->id];
      if (pack->version < version) continue;
      version = pack->version;
      lists[list->id] = list.get();
    }
  }
  return lists;
}

bool Matches(const domain::CodeItem& item, const std::string& wanted) {
  if (wanted.empty()) return true;
  return absl::AsciiStrToLower(item.code).starts_with(wanted) ||
         absl::AsciiStrToLower(item.label.en).find(wanted) != std::string::npos ||
         item.label.km.find(wanted) != std::string::npos;
}

Result ListsResult(const Lists& lists, field::Language language) {
  Result result;
  json all = json::array();
  for (const auto& [id, list] : lists) {
    result.text += absl::StrFormat("%s %s  (%d)\n", text::PadTo(id, kFieldCells),
                                   field::TextOf(list->label, language), list->codes.size());
    all.push_back({{"code_list", id}, {"label", list->label.en}, {"codes", list->codes.size()}});
  }
  result.json = {{"code_lists", all}};
  return result;
}

struct CodesArgs {
  std::string list;
  std::string find;
};

absl::StatusOr<Result> RunCodes(Session& session, const CodesArgs& args) {
  const Lists lists = ListsOf(session.vault);
  const field::Language language = session.options.language;
  if (args.list.empty()) return ListsResult(lists, language);
  const auto found = lists.find(absl::AsciiStrToUpper(args.list));
  if (found == lists.end()) {
    return absl::NotFoundError("no code list " + args.list +
                               " on this device: kapea codes names them");
  }
  const std::string wanted = absl::AsciiStrToLower(args.find);
  Result result;
  json codes = json::array();
  for (const domain::CodeItem& item : found->second->codes) {
    if (item.retired || !Matches(item, wanted)) continue;
    result.text += absl::StrFormat("%s %s\n", text::PadTo(item.code, kFieldCells),
                                   field::TextOf(item.label, language));
    codes.push_back({{"code", item.code}, {"label", item.label.en}, {"label_km", item.label.km}});
  }
  result.text += absl::StrFormat("%d codes\n", codes.size());
  result.json = {{"code_list", found->first}, {"codes", codes}};
  return result;
}

}  // namespace

void AddPackCommands(CLI::App& app, Chosen& chosen) {
  auto id = std::make_shared<std::string>();
  CLI::App* form = app.add_subcommand("form", "What a form asks: fields, types, what is required");
  form->add_option("form", *id, "Such as KH-SERVICE; `kapea case forms` and the like name them")
      ->required();
  form->callback(
      [id, &chosen] { chosen.run = [id](Session& session) { return RunForm(session, *id); }; });

  auto args = std::make_shared<CodesArgs>();
  CLI::App* codes = app.add_subcommand("codes", "The codes of a list, with what they mean");
  codes->add_option("list", args->list, "Such as CL_SERVICE; every list's name if left out");
  codes->add_option("--find", args->find, "Only codes that begin so, and labels with these words");
  codes->footer("Example: kapea codes CL_PLACE --find battambang");
  codes->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunCodes(session, *args); };
  });
}

}  // namespace kapea::cli
