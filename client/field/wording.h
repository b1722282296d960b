// Words that put blame on a person, looked for on the device that writes them down.
#pragma once

#include <string_view>
#include <vector>

#include "common/domain/file_state.h"
#include "common/domain/form.h"

namespace kapea::field {

// Whether none of the list's words is in the text: its English labels as whole words,
// whatever their case, its Khmer labels anywhere, for Khmer sets no spaces between words.
// Threads: any; pure.
bool IsPlain(std::string_view text, const domain::CodeList& words);

// A text with such a word, and the code list that has it. Both live as long as the pack.
struct Blaming {
  const domain::Field* field = nullptr;
  std::string_view words;
};
// Texts of a live record, by what the rule "wording" found.
std::vector<Blaming> BlamingIn(const domain::FileState& file, const RecordId& record);

}  // namespace kapea::field
