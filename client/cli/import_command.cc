// kapea import htcds
#include <signal.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/export.h"
#include "client/field/import.h"
#include "client/field/names.h"
#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr size_t kNotesShownMax = 20;

struct ImportArgs {
  std::string file, unit;
  bool dry_run = false;
};

// A signal's handler may touch nothing else.
volatile sig_atomic_t interrupted = 0;
void Interrupt(int) { interrupted = 1; }

// While it lives, Ctrl-C asks to stop between two rows, in place of ending the program.
class Interruptible {
 public:
  Interruptible() {
    interrupted = 0;
    struct sigaction asking = {};
    asking.sa_handler = Interrupt;
    ::sigaction(SIGINT, &asking, &before_);
  }
  ~Interruptible() { ::sigaction(SIGINT, &before_, nullptr); }
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

 private:
  struct sigaction before_ = {};
};

absl::Status OnRow(size_t written, size_t rows) {
  KAPEA_TRY(ShowProgress(written, rows));
  return interrupted != 0 ? absl::CancelledError("interrupted") : absl::OkStatus();
}

void AddNotes(const std::string& title, const std::vector<field::ImportNote>& notes,
              std::string& text) {
  if (notes.empty()) return;
  absl::StrAppendFormat(&text, "  %s: %d\n", title, notes.size());
  for (size_t i = 0; i < std::min(notes.size(), kNotesShownMax); ++i) {
    const field::ImportNote& note = notes[i];
    absl::StrAppend(&text, "    row ", note.row, note.column.empty() ? "" : ", ", note.column, ": ",
                    note.what, "\n");
  }
  if (notes.size() > kNotesShownMax) absl::StrAppend(&text, "    ... (--json has all)\n");
}

json ToJson(const std::vector<field::ImportNote>& notes) {
  json list = json::array();
  for (const field::ImportNote& note : notes) {
    list.push_back({{"row", note.row},
                    {"column", note.column.empty() ? json() : json(note.column)},
                    {"what", note.what}});
  }
  return list;
}

Result ToResult(const field::Imported& done, bool dry_run) {
  Result result;
  const size_t rows = done.table.rows.size();
  if (dry_run) {
    absl::StrAppendFormat(&result.text,
                          "%d rows, no mistake, %d of them imported already; nothing was written\n",
                          rows, done.known);
  } else {
    absl::StrAppendFormat(&result.text,
                          "%d rows imported, %d skipped: they were imported already\n",
                          done.written.size(), done.known);
  }
  AddNotes("tolerated", done.table.tolerated, result.text);
  AddNotes("not kept", done.table.left_out, result.text);
  std::string unused;
  for (const std::string& column : done.table.unused) absl::StrAppend(&unused, " ", column);
  if (!unused.empty()) absl::StrAppend(&result.text, "  no form has a place for:", unused, "\n");
  json files = json::array();
  for (const FileId& file : done.written) {
    files.push_back(
        {{"file", file.hex()}, {"code", field::CodeOf(file, domain::FileKind::kPerson)}});
  }
  result.json = {{"table", field::kHtcdsExport},
                 {"dry_run", dry_run},
                 {"rows", rows},
                 {"imported", done.written.size()},
                 {"known", done.known},
                 {"files", files},
                 {"tolerated", ToJson(done.table.tolerated)},
                 {"not_kept", ToJson(done.table.left_out)},
                 {"no_place", done.table.unused}};
  return result;
}

absl::StatusOr<Result> RunHtcds(Session& session, const ImportArgs& args) {
  field::ImportRequest request;
  request.id = field::kHtcdsExport;
  request.write = !args.dry_run;
  if (!args.unit.empty()) {
    KAPEA_ASSIGN(request.unit, field::FindUnit(session.vault, args.unit));
  }
  if (args.file.ends_with(".xlsx")) {
    return absl::InvalidArgumentError(
        "want CSV in UTF-8, got a workbook: save its sheet as CSV; nothing was written");
  }
  KAPEA_ASSIGN(const std::string bytes, ReadFile(args.file, field::kImportBytesMax));
  request.csv = bytes;
  const Interruptible interruptible;
  KAPEA_ASSIGN(const field::Imported done, field::ImportFiles(session.vault, request, OnRow));
  if (done.stopped) {
    return absl::CancelledError(absl::StrFormat(
        "stopped: %d of %d rows were imported, each whole; run it again for the others",
        done.written.size(), done.table.rows.size() - done.known));
  }
  return ToResult(done, args.dry_run);
}

}  // namespace

void AddImportCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("import", "Files of persons from a table of others");
  group->require_subcommand(1);
  auto args = std::make_shared<ImportArgs>();
  CLI::App* one = group->add_subcommand("htcds", "One file a row of IOM's HTCDS 2.0");
  one->add_option("table", args->file, "CSV in UTF-8; its first row names HTCDS columns")
      ->required();
  one->add_option("--unit", args->unit,
                  "Whose carers get the files, by its code; yours if left out");
  one->add_flag("--dry-run", args->dry_run, "Only check it");
  one->footer(
      "CSV alone: save a workbook's sheet as CSV first. Every row needs con_Consent TRUE. With a\n"
      "mistake in any row nothing is written, and row and column are named. The known defects of\n"
      "HTCDS's own toolkit are tolerated and told. The same row never becomes a second file: for\n"
      "that, keys of rows that others imported are opened, with a read notice.\n"
      "Ctrl-C stops between two rows; what is imported by then is whole.\n"
      "Examples:\n"
      "  kapea import htcds partner.csv --dry-run\n"
      "  kapea import htcds partner.csv --unit SHELTER");
  one->callback([args, &chosen] {
    chosen.run = [args](Session& session) { return RunHtcds(session, *args); };
  });
}

}  // namespace kapea::cli
