// Field writes against the form that their record pins.
#include <algorithm>

#include "common/domain/judge.h"

namespace kapea::domain {
namespace {

bool IsAttachment(FieldType type) {
  return type == FieldType::kAttachment || type == FieldType::kImage;
}

// The class a field is sealed under; kNone: it is clear. The secret half of an
// attachment is always sealed.
KeyClass ClassOf(const Field& field) {
  if (!field.sealed() && IsAttachment(field.type)) return KeyClass::kGeneral;
  return field.key_class;
}

Verdict CodeFits(const Field& field, const std::string& code) {
  if (field.code_list == nullptr) return Verdict::kForm;
  const auto& codes = field.code_list->codes;
  const auto known = std::find_if(codes.begin(), codes.end(),
                                  [&code](const CodeItem& item) { return item.code == code; });
  // A retired code stays readable, but nobody writes it any more.
  return known == codes.end() || known->retired ? Verdict::kForm : Verdict::kAccepted;
}

Verdict Fits(bool fits) { return fits ? Verdict::kAccepted : Verdict::kType; }

Verdict IntegerFits(const Field& field, const Value& value) {
  const auto* number = std::get_if<int64_t>(&value);
  if (number == nullptr) return Verdict::kType;
  return Fits((!field.min || *number >= *field.min) && (!field.max || *number <= *field.max));
}

Verdict ItemFits(const Value& value) {
  const auto* code = std::get_if<Code>(&value);
  return Fits(code != nullptr && (code->code == kItemDone || code->code == kItemNotDone ||
                                  code->code == kItemNotApplicable));
}

// A clear value against its field's type.
Verdict ValueFits(const Field& field, const Value& value) {
  if (const auto* answer = std::get_if<Answer>(&value)) {
    return Fits(*answer != Answer::kNone && !field.record_key);
  }
  switch (field.type) {
    case FieldType::kBoolean:
      return Fits(std::holds_alternative<bool>(value));
    case FieldType::kInteger:
      return IntegerFits(field, value);
    case FieldType::kDuration: {
      const auto* length = std::get_if<int64_t>(&value);
      return Fits(length != nullptr && *length >= 0);
    }
    case FieldType::kCode: {
      const auto* code = std::get_if<Code>(&value);
      return code == nullptr ? Verdict::kType : CodeFits(field, code->code);
    }
    case FieldType::kCodes: {
      const auto* codes = std::get_if<Codes>(&value);
      if (codes == nullptr) return Verdict::kType;
      for (const std::string& code : codes->codes) {
        if (const Verdict fits = CodeFits(field, code); fits != Verdict::kAccepted) return fits;
      }
      return Verdict::kAccepted;
    }
    case FieldType::kItem:
      return ItemFits(value);
    case FieldType::kTime:
      return Fits(std::holds_alternative<Time>(value));
    case FieldType::kDate:
      return Fits(std::holds_alternative<Date>(value));
    case FieldType::kPerson:
    case FieldType::kUnit:
    case FieldType::kFile:
    case FieldType::kRecord:
      return Fits(std::holds_alternative<Reference>(value));
    case FieldType::kAttachment:
    case FieldType::kImage:
      return Fits(std::holds_alternative<Attachment>(value));
    default:
      return Verdict::kType;  // text and its like are never clear
  }
}

// A field of an earlier version stays writable after a colleague's repin: what was
// written offline under the old form is no fault of its author.
const Field* FindField(const Form& form, const Pack* pack, std::string_view code) {
  if (const Field* field = form.FindField(code)) return field;
  for (uint32_t version = form.version; pack != nullptr && version > 1; --version) {
    const Form* earlier = pack->FindForm(form.id, version - 1);
    if (earlier == nullptr) return nullptr;
    if (const Field* field = earlier->FindField(code)) return field;
  }
  return nullptr;
}

}  // namespace

Verdict Judgement::CheckFields() {
  if (!header_.pack) return Verdict::kForm;
  for (size_t i = 0; i < change_.writes.size(); ++i) {
    if (!std::holds_alternative<FieldWrite>(change_.writes[i].body)) continue;
    if (const Verdict verdict = CheckField(i); verdict != Verdict::kAccepted) return verdict;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckField(size_t index) {
  const auto& write = std::get<FieldWrite>(change_.writes[index].body);
  const Record* record = state_.FindRecord(write.record);
  const NewRecord* made = FindNew(write.record);
  const Form* form = nullptr;
  if (record != nullptr) {
    if (made != nullptr) return Verdict::kForm;  // the record has its first write already
    form = pack_->FindForm(record->form.form, record->form.version);
    // A newer pack need not repeat the forms that open records still pin.
    if (form == nullptr) form = record->definition;
  } else {
    form = made->form;
    if (made->first == &write) {
      if (const Verdict verdict = CheckNewRecord(*made); verdict != Verdict::kAccepted) {
        return verdict;
      }
    }
  }
  if (form == nullptr) return Verdict::kForm;
  if (!write.field.empty() && write.field[0] == '@') return CheckRecordAct(write, record, *form);
  const Field* field = FindField(*form, pack_, write.field);
  if (field == nullptr) return Verdict::kForm;
  if (const Verdict verdict = CheckWriter(*field); verdict != Verdict::kAccepted) return verdict;
  if (!write.cleared()) {
    if (const Verdict verdict = CheckValue(*field, write); verdict != Verdict::kAccepted) {
      return verdict;
    }
  }
  return CheckFacts(*field, index, *form);
}

Verdict Judgement::CheckNewRecord(const NewRecord& record) {
  if (record.form == nullptr || record.form->file_kind != state_.kind_) return Verdict::kForm;
  const auto& parent = record.first->parent;
  if (record.form->parent.empty() != !parent) return Verdict::kForm;
  if (!parent) return Verdict::kAccepted;
  const NewRecord* made = FindNew(*parent);
  const Record* known = state_.FindRecord(*parent);
  const std::string& form = known != nullptr ? known->form.form : made->first->form->form;
  return form == record.form->parent ? Verdict::kAccepted : Verdict::kForm;
}

Verdict Judgement::CheckRecordAct(const FieldWrite& write, const Record* record, const Form& form) {
  if (write.sealed) return Verdict::kClass;
  if (write.of) return Verdict::kForm;
  if (write.field == kVoidField) {
    const auto* why = write.clear ? std::get_if<Code>(&*write.clear) : nullptr;
    return Fits(write.cleared() || (why != nullptr && !why->code.empty()));
  }
  if (write.field != kPinField) return Verdict::kForm;
  const auto* version = write.clear ? std::get_if<int64_t>(&*write.clear) : nullptr;
  if (version == nullptr) return Verdict::kType;
  const uint32_t pinned = record != nullptr ? record->form.version : form.version;
  const bool raises = *version > pinned && *version <= int64_t{UINT32_MAX};
  if (!raises || pack_->FindForm(form.id, static_cast<uint32_t>(*version)) == nullptr) {
    return Verdict::kForm;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckWriter(const Field& field) {
  // Who an admitted Change's author was is what the admission is about.
  if (admitted_) return Verdict::kAccepted;
  if (!field.writers.empty() &&
      std::find(field.writers.begin(), field.writers.end(), header_.role) == field.writers.end()) {
    return Verdict::kRole;
  }
  if (!field.item || field.item->duties.empty()) return Verdict::kAccepted;
  const auto& asked = field.item->duties;
  if (std::find(asked.begin(), asked.end(), header_.duty) == asked.end()) return Verdict::kDuty;
  const auto held = state_.DutiesOf(header_.person, header_.unit, header_.role);
  return std::find(held.begin(), held.end(), header_.duty) != held.end() ? Verdict::kAccepted
                                                                         : Verdict::kDuty;
}

Verdict Judgement::CheckValue(const Field& field, const FieldWrite& write) {
  const KeyClass key_class = ClassOf(field);
  if (key_class == KeyClass::kNone) {
    if (write.sealed) return Verdict::kClass;
    return ValueFits(field, *write.clear);
  }
  // Of sealed fields, attachments alone have a clear half; "refused" and "unknown" in
  // the clear would tell what is sealed elsewhere.
  if (!write.sealed) return Verdict::kClass;
  if (write.clear) {
    if (!IsAttachment(field.type)) return Verdict::kClass;
    if (!std::holds_alternative<Attachment>(*write.clear)) return Verdict::kType;
  }
  return CheckSeal(field, write);
}

Verdict Judgement::CheckSeal(const Field& field, const FieldWrite& write) {
  if (write.sealed->key_class != ClassOf(field)) return Verdict::kClass;
  const auto epoch = state_.key_epochs_.find(write.sealed->key_epoch);
  const bool opened =
      epoch != state_.key_epochs_.end() && epoch->second.classes.contains(write.sealed->key_class);
  return opened ? Verdict::kAccepted : Verdict::kKeyEpoch;
}

Verdict Judgement::CheckFacts(const Field& field, size_t index, const Form& form) {
  const auto& write = std::get<FieldWrite>(change_.writes[index].body);
  if (write.of) {
    const auto* source = std::get_if<FieldWrite>(&change_.writes[*write.of].body);
    if (source == nullptr) return Verdict::kAccepted;  // withheld
    const bool its_own = !field.derived_from.empty() && field.derived_from == source->field;
    return its_own ? Verdict::kAccepted : Verdict::kMissingFact;
  }
  if (!field.derived_from.empty() && form.FindField(field.derived_from) != nullptr) {
    return Verdict::kMissingFact;  // a fact without its source
  }
  if (write.cleared()) return Verdict::kAccepted;
  for (const DerivedFact& fact : field.derived) {
    const bool given =
        std::any_of(change_.writes.begin(), change_.writes.end(), [&](const Write& candidate) {
          const auto* derived = std::get_if<FieldWrite>(&candidate.body);
          return derived != nullptr && derived->of == index && derived->field == fact.code;
        });
    if (!given) return Verdict::kMissingFact;
  }
  return Verdict::kAccepted;
}

}  // namespace kapea::domain
