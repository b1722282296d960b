// kapea export htcds, deidentified
#include <sys/stat.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/export.h"
#include "client/field/names.h"
#include "client/report/anonymous.h"
#include "client/report/k_anonymity.h"
#include "client/report/table_file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

// What is agreed to by who is not asked about a recipient.
constexpr char kUsualPurpose[] = "statistics";

struct ExportArgs {
  std::string out, unit, to, to_body, purpose;
  size_t k = report::kUsualK;
  bool identities = false;
  bool force = false;
};

// Before anything is opened: a read notice for a table that cannot be written helps nobody.
absl::Status CheckTarget(const ExportArgs& args) {
  struct stat there;
  if (args.force || ::lstat(args.out.c_str(), &there) != 0) return absl::OkStatus();
  return absl::AlreadyExistsError(args.out +
                                  " is there and was left as it is: name another file, or say "
                                  "--force to replace it");
}

absl::StatusOr<std::string> BytesOf(const ExportArgs& args, const field::ExportTable& table,
                                    const std::string& name) {
  if (!args.out.ends_with(".xlsx")) return report::ToCsv(table);
  const size_t slash = args.out.rfind('/');
  return report::ToXlsx(table, name,
                        slash == std::string::npos ? "." : args.out.substr(0, slash + 1));
}

absl::Status Write(const ExportArgs& args, const field::ExportTable& table,
                   const std::string& name) {
  KAPEA_ASSIGN(const std::string bytes, BytesOf(args, table, name));
  return WriteOut(args.out, bytes, args.force);
}

std::string Words(const field::LeftOut& left_out) {
  return absl::StrFormat(
      "left out: %d without consent, %d by your role, %d not counted, %d there from another file, "
      "%d drills",
      left_out.no_consent, left_out.role, left_out.not_counted, left_out.same_person,
      left_out.drills);
}

json ToJson(const field::LeftOut& left_out) {
  return {{"no_consent", left_out.no_consent},
          {"role", left_out.role},
          {"not_counted", left_out.not_counted},
          {"same_person", left_out.same_person},
          {"drills", left_out.drills}};
}

absl::StatusOr<field::Exported> Read(Session& session, const ExportArgs& args,
                                     std::string_view id) {
  if (args.purpose.empty() && !(args.to.empty() && args.to_body.empty())) {
    return absl::InvalidArgumentError(
        "want --purpose where somebody gets it: the persons agreed to one and not to all; nothing "
        "was written");
  }
  KAPEA_TRY(CheckTarget(args));
  field::ExportRequest request;
  request.id = id;
  if (!args.unit.empty()) {
    KAPEA_ASSIGN(request.unit, field::FindUnit(session.vault, args.unit));
  }
  if (!args.to.empty()) {
    KAPEA_ASSIGN(request.to_unit, field::FindUnit(session.vault, args.to));
  }
  request.to_body = args.to_body;
  request.identities = args.identities;
  request.purpose = args.purpose;
  if (request.purpose.empty()) request.purpose = kUsualPurpose;
  KAPEA_ASSIGN(field::Exported done, field::ReadExport(session.vault, request));
  if (done.table.rows.empty()) {
    return absl::FailedPreconditionError(
        "nobody can stand in the table, and nothing was written; " + Words(done.left_out));
  }
  return done;
}

absl::StatusOr<Result> RunHtcds(Session& session, const ExportArgs& args) {
  KAPEA_ASSIGN(const field::Exported done, Read(session, args, field::kHtcdsExport));
  KAPEA_TRY(Write(args, done.table, done.what->id));
  const std::string recipient = !args.to.empty() ? args.to : args.to_body;
  const std::string purpose = args.purpose.empty() ? kUsualPurpose : args.purpose;
  Result result;
  absl::StrAppendFormat(&result.text, "%s  %d persons, for %s%s\n", args.out,
                        done.table.rows.size(), purpose,
                        recipient.empty() ? ", nothing sealed in it" : ", for " + recipient);
  absl::StrAppend(&result.text, "  ", Words(done.left_out), "\n");
  if (done.closed > 0) {
    absl::StrAppendFormat(&result.text, "  %d sealed answers stay closed and are not in it\n",
                          done.closed);
  }
  if (done.disclosed > 0) {
    absl::StrAppendFormat(&result.text,
                          "  %d files say that sealed fields were disclosed; sync tells it\n"
                          "  IN CLEAR: whoever has this file reads it. Destroy it when it was "
                          "handed over\n",
                          done.disclosed);
  }
  result.json = {{"out", args.out},
                 {"table", done.what->id},
                 {"rows", done.table.rows.size()},
                 {"purpose", purpose},
                 {"recipient", recipient.empty() ? json() : json(recipient)},
                 {"identities", args.identities},
                 {"disclosed", done.disclosed},
                 {"closed", done.closed},
                 {"left_out", ToJson(done.left_out)}};
  return result;
}

absl::StatusOr<Result> RunDeidentified(Session& session, const ExportArgs& args) {
  if (args.k < report::kUsualK) {
    return absl::InvalidArgumentError(
        absl::StrCat("want a k of at least ", report::kUsualK, "; nothing was written"));
  }
  KAPEA_ASSIGN(field::Exported done, Read(session, args, field::kDeidentifiedExport));
  const size_t persons = done.table.rows.size();
  KAPEA_ASSIGN(const report::Anonymised made,
               report::MakeAnonymous(*done.what, std::move(done.table), args.k));
  KAPEA_TRY(Write(args, made.table, done.what->id));
  Result result;
  absl::StrAppendFormat(&result.text, "%s  %d of %d persons, k = %d (wanted %d)\n", args.out,
                        made.table.rows.size(), persons, made.k, args.k);
  absl::StrAppendFormat(&result.text,
                        "  so that nobody is told apart: %d values coarser, %d values suppressed, "
                        "%d rows left out\n  %s\n",
                        made.coarser, made.suppressed, made.rows_left_out, Words(done.left_out));
  result.json = {{"out", args.out},
                 {"table", done.what->id},
                 {"persons", persons},
                 {"rows", made.table.rows.size()},
                 {"k", made.k},
                 {"wanted_k", args.k},
                 {"values_coarser", made.coarser},
                 {"values_suppressed", made.suppressed},
                 {"rows_left_out", made.rows_left_out},
                 {"closed", done.closed},
                 {"left_out", ToJson(done.left_out)}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const ExportArgs&);

CLI::App* Add(CLI::App& group, Chosen& chosen, const std::shared_ptr<ExportArgs>& args,
              const char* name, const char* help, Runner runner) {
  CLI::App* one = group.add_subcommand(name, help);
  one->add_option("--out", args->out, "The file to write: CSV, or a workbook if it ends in .xlsx")
      ->required();
  one->add_option("--unit", args->unit, "Files of a unit, by its code");
  one->add_option("--purpose", args->purpose, "As the persons' consents name it");
  one->add_flag("--force", args->force, "Replace a file of that name");
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
  return one;
}

}  // namespace

void AddExportCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("export", "Tables of persons for others, as far as agreed");
  group->require_subcommand(1);
  group->footer(
      "Who did not agree to the purpose (and the recipient), drills, and files that you neither\n"
      "lead nor supervise are left out and counted. What is opened leaves a read notice.");
  const auto args = std::make_shared<ExportArgs>();
  CLI::App* htcds = Add(*group, chosen, args, "htcds",
                        "One row a person in the columns of IOM's HTCDS 2.0", RunHtcds);
  htcds->add_option("--recipient", args->to, "The unit that gets it: sealed fields come too");
  htcds->add_option("--recipient-body", args->to_body,
                    "Or a body that is not in the directory, as a code");
  htcds->add_flag("--identities", args->identities,
                  "Names, birth dates and documents too; wants a recipient");
  Add(*group, chosen, args, "deidentified",
      "In the manner of the CTDC, made so that nobody is told from fewer than k", RunDeidentified)
      ->add_option("--k", args->k, "How many have to be alike; default 11, never less");
}

}  // namespace kapea::cli
