// kapea TOPIC import: a table of another program becomes records of a file.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/cli/exit_code.h"
#include "client/field/data_set.h"
#include "client/field/names.h"
#include "client/field/wording.h"
#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

struct ImportArgs {
  std::string file;
  std::string table;
  std::string form;
  std::string below;
  bool check = false;
};

// All of them, as text and for programs.
absl::Status Refused(const std::string& table, const std::vector<field::Mistake>& mistakes) {
  std::string text =
      absl::StrFormat("%d mistakes in %s, so none of it was written", mistakes.size(), table);
  json list = json::array();
  for (const field::Mistake& mistake : mistakes) {
    const std::string& field = mistake.field.empty() ? "row" : mistake.field;
    absl::StrAppend(&text, "\n  ", table, ":", mistake.line, ": ", field, ": ", mistake.what);
    list.push_back({{"line", mistake.line},
                    {"field", mistake.field.empty() ? json() : json(mistake.field)},
                    {"message", mistake.what}});
  }
  absl::Status status = absl::InvalidArgumentError(text);
  status.SetPayload(kMistakesPayload, absl::Cord(ToLine(list)));
  return status;
}

// How many of the rows have a word of blame: they are kept as written, and it is said.
absl::Status AddWording(Session& session, const FileId& file, const std::vector<RecordId>& records,
                        Result& result) {
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  size_t rows = 0;
  std::string words;
  for (const RecordId& record : records) {
    const auto blaming = field::BlamingIn(*state, record);
    if (blaming.empty()) continue;
    ++rows;
    words = blaming[0].words;
  }
  if (rows > 0) {
    result.text += absl::StrFormat(
        "%d of them kept as written, but with a word that blames (kapea codes %s)\n", rows, words);
  }
  result.json["with_blame"] = rows;
  return absl::OkStatus();
}

absl::StatusOr<Result> RunImport(Session& session, domain::FileKind kind, const ImportArgs& args) {
  field::DataSet data;
  KAPEA_ASSIGN(data.file, FindFileOf(session, kind, args.file));
  data.form = args.form;
  if (!args.below.empty()) {
    KAPEA_ASSIGN(const auto state, session.vault.File(data.file));
    KAPEA_ASSIGN(data.parent, field::FindRecord(*state, args.below));
  }
  KAPEA_ASSIGN(const std::string bytes, ReadFile(args.table, field::kDataSetBytesMax));
  data.csv = bytes;
  KAPEA_ASSIGN(const field::DataSetWritten done,
               field::WriteDataSet(session.vault, data, !args.check, ShowProgress));
  if (!done.mistakes.empty()) return Refused(args.table, done.mistakes);
  Result result;
  const std::string code = field::CodeOf(data.file, kind);
  result.text = args.check ? absl::StrFormat("%s  %d rows, no mistake; nothing was written\n", code,
                                             done.rows)
                           : absl::StrFormat("%s  %d rows written, %d were there before\n", code,
                                             done.written.size(), done.known);
  result.json = {{"file", data.file.hex()},
                 {"code", code},
                 {"form", data.form},
                 {"rows", done.rows},
                 {"written", done.written.size()},
                 {"known", done.known}};
  KAPEA_TRY(AddWording(session, data.file, done.written, result));
  return result;
}

}  // namespace

void AddImport(CLI::App& group, Chosen& chosen, domain::FileKind kind, const char* form) {
  auto args = std::make_shared<ImportArgs>();
  args->form = form;
  CLI::App* one =
      group.add_subcommand("import", "Write the rows of a table (CSV) as records of a file");
  one->add_option("file", args->file, "The file, by its code")->required();
  one->add_option("table", args->table, "CSV; its first row names fields of the form")->required();
  one->add_option("--form", args->form, "Which form")->capture_default_str();
  one->add_option("--below", args->below, "The record that they belong to, by its id");
  one->add_flag("--check", args->check, "Only say what is wrong with it");
  one->footer(
      "With a mistake in any row nothing is written, and every mistake is named. Run again\n"
      "after a power cut it goes on; the same table is never written twice.");
  one->callback([args, kind, &chosen] {
    chosen.run = [args, kind](Session& session) { return RunImport(session, kind, *args); };
  });
}

}  // namespace kapea::cli
