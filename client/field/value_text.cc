// Values as people read them.
#include "absl/strings/str_format.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "client/field/typed_value.h"

namespace kapea::field {
namespace {

using domain::FieldType;

std::string LabelOf(const domain::Field& field, const std::string& code, Language language) {
  if (field.code_list == nullptr) return code;
  for (const domain::CodeItem& item : field.code_list->codes) {
    if (item.code == code) return TextOf(item.label, language);
  }
  return code;
}

std::string ReferenceText(vault::Vault& vault, FieldType type, const ChangeId& id) {
  switch (type) {
    case FieldType::kPerson:
      return PersonName(vault, PersonId::FromPrefix(id.view()));
    case FieldType::kUnit:
      return UnitName(vault, UnitId::FromPrefix(id.view()));
    case FieldType::kFile: {
      const auto file = FileId::FromPrefix(id.view());
      for (const vault::FileLine& line : vault.Files()) {
        if (line.file == file) return CodeOf(file, line.kind);
      }
      return CodeOf(file, domain::FileKind::kNone);
    }
    default:
      return CodeOf(RecordId::FromPrefix(id.view()));
  }
}

struct ToTextVisitor {
  vault::Vault& vault;
  const domain::Field& field;
  Language language;

  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(int64_t value) const {
    if (field.type == FieldType::kDuration) return ToText(Duration::Milliseconds(value));
    return std::to_string(value);
  }
  std::string operator()(const domain::Text& value) const { return value.text; }
  std::string operator()(const domain::Code& value) const {
    return LabelOf(field, value.code, language);
  }
  std::string operator()(const domain::Codes& value) const {
    std::string text;
    for (const std::string& code : value.codes) {
      text += (text.empty() ? "" : "; ") + LabelOf(field, code, language);
    }
    return text.empty() ? "none" : text;
  }
  std::string operator()(Time value) const { return ToLocalText(value); }
  std::string operator()(const domain::Date& value) const { return value.text; }
  std::string operator()(const domain::Reference& value) const {
    return ReferenceText(vault, field.type, value.id);
  }
  std::string operator()(const domain::Attachment& value) const {
    return absl::StrFormat("attachment %s", value.manifest.hex().substr(0, 8));
  }
  std::string operator()(domain::Answer value) const {
    return value == domain::Answer::kRefused ? "refused" : "unknown";
  }
  std::string operator()(const domain::Position& value) const {
    return absl::StrFormat("%.5f,%.5f (%dm)", value.latitude_e7 / 1e7, value.longitude_e7 / 1e7,
                           value.accuracy_m);
  }
};

}  // namespace

std::string ToText(vault::Vault& vault, const domain::Field& field, const domain::Value& value,
                   Language language) {
  return std::visit(ToTextVisitor{vault, field, language}, value);
}

}  // namespace kapea::field
