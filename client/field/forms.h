// The forms that the use cases work with, found in the packs that this device holds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/form.h"

namespace kapea::field {

// Forms that a use case asks for by name. Everything else about them is data.
inline constexpr std::string_view kOperationForm = "KH-RESCUE-OP";
inline constexpr std::string_view kOperationPersonForm = "KH-OP-PERSON";
inline constexpr std::string_view kMusterForm = "KH-OP-MUSTER";
inline constexpr std::string_view kIntakeForm = "KH-VICTIM-INTAKE";

// A form with the pack that a Change must name to use it. Lives as long as the vault.
struct PackedForm {
  const domain::Pack* pack = nullptr;
  const domain::Form* form = nullptr;
};

// The highest version of the form over all packs. FailedPrecondition where no pack
// that this device holds has it: what to do is said in the message.
absl::StatusOr<PackedForm> FindForm(vault::Vault& vault, std::string_view id);

// The newest pack that has exactly this form version; the newest of all where none has,
// for a record keeps the definition that it pins. nullptr: no pack at all.
const domain::Pack* PackFor(vault::Vault& vault, const domain::FormPin& pin);

// The child form that answers a checklist's items with that `per`; nullptr: none.
const domain::Form* ChildForm(const domain::Pack& pack, const domain::Form& parent,
                              domain::Per per);

// All fields, in the order of the form; no implied ones.
std::vector<const domain::Field*> FieldsOf(const domain::Form& form);

// In the language, else in English.
enum class Language { kEnglish, kKhmer };
const std::string& TextOf(const domain::Label& label, Language language);

}  // namespace kapea::field
