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

// Fields of the record whose text has such a word, by what the rule "wording" found.
// They live as long as the form's pack.
std::vector<const domain::Field*> BlamingFields(const domain::FileState& file,
                                                const RecordId& record);

}  // namespace kapea::field
