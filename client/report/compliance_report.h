// The compliance report as text for a screen and as JSON for programs. Both are pure
// functions of the Report: two devices that were asked the same can be compared byte for
// byte. They hold codes and numbers, and nothing about a person.
#pragma once

#include <string>

#include "client/field/compliance.h"
#include "client/field/forms.h"
#include "nlohmann/json.hpp"

namespace kapea::report {

struct TextOptions {
  field::Language language = field::Language::kEnglish;
  size_t columns = 78;
  bool all = false;  // also what does not apply
};

// One block for each file: counts, then a line for each clause:
//   [x] met  [~] met late  [ ] pending  [!] overdue  [w] waived  [-] does not apply
// a "?" behind the mark: by the device's clock alone; a "*": disputed. At the foot the
// ledger that it rests on. Ends in a newline. Threads: any.
std::string ComplianceText(const field::Report& report, const TextOptions& options);

// docs/kapea.md describes the object. Keys are in alphabetical order.
nlohmann::json ComplianceJson(const field::Report& report);

// "met", "overdue by 2h", ... of one line.
std::string StatusWords(const field::ClauseLine& line);
// "[x]", "[!]?" and so on.
std::string MarkOf(const standards::Finding& finding);

}  // namespace kapea::report
