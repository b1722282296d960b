#include "client/field/wording.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"

namespace kapea::field {
namespace {

bool IsLetter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// `text` and `word` in lower case.
bool HasWord(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsLetter(text[at - 1]);
    if (begins && (end == text.size() || !IsLetter(text[end]))) return true;
  }
  return false;
}

}  // namespace

bool IsPlain(std::string_view text, const domain::CodeList& words) {
  const std::string lower = absl::AsciiStrToLower(std::string(text));
  return std::none_of(words.codes.begin(), words.codes.end(), [&](const domain::CodeItem& word) {
    if (word.retired) return false;
    const bool english =
        !word.label.en.empty() && HasWord(lower, absl::AsciiStrToLower(word.label.en));
    return english || (!word.label.km.empty() && text.find(word.label.km) != std::string::npos);
  });
}

std::vector<Blaming> BlamingIn(const domain::FileState& file, const RecordId& id) {
  std::vector<Blaming> found;
  const domain::Record* record = file.FindRecord(id);
  const domain::Form* form = record == nullptr ? nullptr : file.FormOf(*record);
  if (form == nullptr || record->voided()) return found;
  for (const domain::Section& section : form->sections) {
    for (const domain::Field& field : section.fields) {
      for (const domain::DerivedFact& fact : field.derived) {
        if (fact.rule != "wording") continue;
        const bool* plain = record->ShownAs<bool>(fact.code);
        if (plain != nullptr && !*plain) found.push_back({&field, fact.code_list});
      }
    }
  }
  return found;
}

}  // namespace kapea::field
