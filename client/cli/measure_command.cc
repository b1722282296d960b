// kapea disclosure measure: of any table, without a vault
#include <algorithm>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/cli/commands.h"
#include "client/cli/exit_code.h"
#include "client/report/k_anonymity.h"
#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr size_t kCsvBytesMax = 256u << 20;
constexpr size_t kClassesShownMax = 20;
constexpr size_t kLinesShownMax = 10;

struct MeasureArgs {
  std::string csv;
  std::vector<std::string> quasi;
  size_t k = report::kUsualK;
};

// Only lines are shown, never what stands in them: the table is about people.
std::string Words(const report::Anonymity& found, size_t want_k) {
  std::string text = absl::StrFormat("rows %d, classes %d, k = %d (wanted %d)\n", found.rows,
                                     found.classes, found.k, want_k);
  size_t rows = 0;
  for (const report::AnonymityClass& one : found.violating) rows += one.lines.size();
  if (found.violating.empty()) return text + "every row has as many like it as wanted\n";
  absl::StrAppendFormat(&text, "%d rows in %d classes have fewer like them than wanted:\n", rows,
                        found.violating.size());
  for (size_t i = 0; i < found.violating.size() && i < kClassesShownMax; ++i) {
    const std::vector<size_t>& lines = found.violating[i].lines;
    const std::vector<size_t> some(
        lines.begin(),
        lines.begin() + static_cast<std::ptrdiff_t>(std::min(lines.size(), kLinesShownMax)));
    absl::StrAppendFormat(&text, "  %d alike: line %s%s\n", lines.size(), absl::StrJoin(some, ", "),
                          lines.size() > some.size() ? " ..." : "");
  }
  if (found.violating.size() > kClassesShownMax) text += "  ... (--json has all)\n";
  return text;
}

json ToJson(const report::Anonymity& found, size_t want_k) {
  json classes = json::array();
  for (const report::AnonymityClass& one : found.violating) {
    classes.push_back({{"rows", one.lines.size()}, {"lines", one.lines}});
  }
  return {{"rows", found.rows},
          {"classes", found.classes},
          {"k", found.k},
          {"wanted_k", want_k},
          {"violating", classes}};
}

int RunMeasure(const Options& options, const MeasureArgs& args) {
  const auto found = [&]() -> absl::StatusOr<report::Anonymity> {
    KAPEA_ASSIGN(const std::string csv, ReadFile(args.csv, kCsvBytesMax));
    return report::MeasureAnonymity(csv, args.quasi, args.k);
  }();
  if (!found.ok()) {
    if (options.json) std::cout << ToLine(ErrorJson(found.status(), false));
    std::cerr << ErrorText(found.status(), false);
    return ExitCodeFor(found.status(), false);
  }
  std::cout << (options.json ? ToLine(ToJson(*found, args.k)) : Words(*found, args.k));
  // As a check in a script: not good enough is an answer of its own.
  return found->violating.empty() ? kExitOk : kExitRefused;
}

}  // namespace

void AddMeasureCommand(CLI::App& disclosure, Chosen& chosen) {
  const auto args = std::make_shared<MeasureArgs>();
  CLI::App* one = disclosure.add_subcommand(
      "measure", "How far a table tells people apart; leaves with 4 where it is too far");
  one->add_option("--csv", args->csv, "The table; its first line names the columns")->required();
  one->add_option("--quasi", args->quasi, "Columns that somebody may know of a person: A,B,...")
      ->required()
      ->delimiter(',');
  one->add_option("--k", args->k, "How many have to be alike; default 11");
  one->callback([args, &chosen] {
    chosen.alone = [args](const Options& options) { return RunMeasure(options, *args); };
  });
}

}  // namespace kapea::cli
