// Lines of a batch: split into words and parsed as a command, and what is said about a
// mistake can be printed, as text and as JSON.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/program.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

void Try(std::string_view line) {
  const auto words = SplitWords(line);
  if (!words.ok()) {
    KAPEA_CHECK(absl::IsInvalidArgument(words.status()));
    return;
  }
  for (const std::string& word : *words) KAPEA_CHECK(word.size() <= line.size());
  const absl::Status refused = absl::InvalidArgumentError("want a word, got " + std::string(line));
  KAPEA_CHECK(!ErrorText(refused, false).empty());
  KAPEA_CHECK(nlohmann::json::accept(ToLine(ErrorJson(refused, false))));
  Chosen chosen;
  Outcome outcome;
  if (ParseLine(*words, chosen, outcome)) {
    KAPEA_CHECK(chosen.run || chosen.alone || !chosen.options.batch.empty());
  } else {
    KAPEA_CHECK(!outcome.out.empty() || !outcome.err.empty());
  }
}

}  // namespace
}  // namespace kapea::cli

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::cli::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
