#include "client/field/forms.h"

#include <string>

namespace kapea::field {

absl::StatusOr<PackedForm> FindForm(vault::Vault& vault, std::string_view id) {
  PackedForm found;
  for (const domain::Pack* pack : vault.packs().All()) {
    for (const auto& form : pack->forms) {
      if (form->id != id) continue;
      const bool newer =
          found.form == nullptr || form->version > found.form->version ||
          (form->version == found.form->version && pack->version > found.pack->version);
      if (newer) found = {pack, form.get()};
    }
  }
  if (found.form == nullptr) {
    return absl::FailedPreconditionError("the form " + std::string(id) +
                                         " is not on this device yet: sync once");
  }
  return found;
}

const domain::Pack* PackFor(vault::Vault& vault, const domain::FormPin& pin) {
  const domain::Pack* best = nullptr;
  bool best_has = false;
  for (const domain::Pack* pack : vault.packs().All()) {
    const bool has = pack->FindForm(pin.form, pin.version) != nullptr;
    const bool better =
        best == nullptr || (has && !best_has) || (has == best_has && pack->version > best->version);
    if (better) {
      best = pack;
      best_has = has;
    }
  }
  return best;
}

const domain::Form* ChildForm(const domain::Pack& pack, const domain::Form& parent,
                              domain::Per per) {
  const domain::Form* found = nullptr;
  for (const auto& form : pack.forms) {
    if (form->parent != parent.id || form->per != per) continue;
    if (found == nullptr || form->version > found->version) found = form.get();
  }
  return found;
}

std::vector<const domain::Field*> FieldsOf(const domain::Form& form) {
  std::vector<const domain::Field*> fields;
  for (const domain::Section& section : form.sections) {
    for (const domain::Field& field : section.fields) fields.push_back(&field);
  }
  return fields;
}

const std::string& TextOf(const domain::Label& label, Language language) {
  return language == Language::kKhmer && !label.km.empty() ? label.km : label.en;
}

}  // namespace kapea::field
