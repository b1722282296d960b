// kapea search ...
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/names.h"
#include "client/field/search.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using field::NameMatch;
using nlohmann::json;

constexpr size_t kNameCells = 40;

struct SearchArgs {
  std::vector<std::string> words;
  size_t limit = field::kSearchHitsDefault;
  bool wide = false;
};

const char* WordsFor(NameMatch match) {
  switch (match) {
    case NameMatch::kExact:
      return "the same";
    case NameMatch::kPrefix:
      return "begins so";
    case NameMatch::kWords:
      return "has these words";
    case NameMatch::kSound:
      return "sounds alike";
    case NameMatch::kSkeleton:
      return "same consonants";
    case NameMatch::kClose:
      return "nearly the same";
    case NameMatch::kOtherScript:
      return "other script, same consonants";
    case NameMatch::kNone:
      break;
  }
  return "";
}

std::string Joined(const std::vector<std::string>& all, const char* between) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : between) + one;
  return text;
}

std::string TextOf(const field::SearchHit& hit) {
  std::vector<std::string> names;
  for (const field::ShownField& shown : hit.shown) names.push_back(shown.text);
  std::string text = absl::StrFormat("%-9s %s %s%s\n", field::CodeOf(hit.file, hit.kind),
                                     ShortText(Joined(names, " "), kNameCells), WordsFor(hit.match),
                                     hit.drill ? "  DRILL" : "");
  const std::string record =
      hit.record.is_zero() ? "" : " " + hit.form + " " + field::CodeOf(hit.record);
  return text + absl::StrFormat("          %s%s: %s\n", std::string(domain::NameOf(hit.kind)),
                                record, Joined(hit.fields, ", "));
}

json JsonOf(const field::SearchHit& hit) {
  json shown = json::array();
  for (const field::ShownField& one : hit.shown) {
    shown.push_back({{"field", one.field}, {"text", one.text}});
  }
  return {{"file", hit.file.hex()},
          {"code", field::CodeOf(hit.file, hit.kind)},
          {"kind", domain::NameOf(hit.kind)},
          {"drill", hit.drill},
          {"record", hit.record.is_zero() ? json() : json(hit.record.hex())},
          {"form", hit.form},
          {"section", hit.section},
          {"match", field::NameOf(hit.match)},
          {"fields", hit.fields},
          {"shown", shown}};
}

absl::StatusOr<Result> RunSearch(Session& session, const SearchArgs& args) {
  field::SearchIndex index(session.vault);
  KAPEA_ASSIGN(const field::SearchAnswer answer,
               index.Search({Joined(args.words, " "), args.limit, args.wide}));
  Result result;
  json hits = json::array();
  for (const field::SearchHit& hit : answer.hits) {
    result.text += TextOf(hit);
    hits.push_back(JsonOf(hit));
  }
  if (answer.hits.empty()) {
    result.text += "no name on this device is like that\n";
  } else {
    result.text += "What is shown here is written down and told to the people of these files.\n";
  }
  if (answer.more) result.text += "There are more: give more words, or a higher --limit.\n";
  if (answer.less_alike) {
    result.text += "There are names that are less alike: --wide shows them too.\n";
  }
  if (answer.files_without_key > 0) {
    result.text +=
        absl::StrFormat("Not searched: names in %d files here that this device has no key for.\n",
                        answer.files_without_key);
  }
  result.json = {
      {"hits", hits}, {"more", answer.more}, {"files_without_key", answer.files_without_key}};
  return result;
}

}  // namespace

void AddSearchCommand(CLI::App& app, Chosen& chosen) {
  auto args = std::make_shared<SearchArgs>();
  CLI::App* search = app.add_subcommand("search", "Find people by name, telephone number or code");
  search->add_option("words", args->words, "Names in any order, Khmer or Latin, or a number")
      ->required();
  search->add_option("--limit", args->limit, "How many at most, 1 to 50")->capture_default_str();
  search->add_flag("--wide", args->wide,
                   "Also names that are merely close, where better ones are found");
  search->footer(
      "Finds other spellings, other orders and one mistake; the best come first. What is\n"
      "shown is opened for it: written down and told to the people of these files.\n"
      "Words of a command line stay in the shell's history; a line of --batch - does not.\n"
      "Examples:\n"
      "  kapea search sok dara\n"
      "  kapea search ដារ៉ា --limit 3\n"
      "  kapea search 012 345 678");
  search->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunSearch(session, *args); };
  });
}

}  // namespace kapea::cli
