// The commands, by room of work. Each adds its subcommands to the parser, and says into
// `chosen` what was asked for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/CLI.hpp"
#include "client/cli/session.h"
#include "client/field/duplicates.h"
#include "client/field/measures.h"
#include "client/field/typed_value.h"
#include "client/link/grpc_transport.h"
#include "client/report/standard_reports.h"

namespace kapea::sync {
struct SyncReport;
}

namespace kapea::cli {

void AddOperationCommands(CLI::App& app, Chosen& chosen);
void AddPersonCommands(CLI::App& app, Chosen& chosen);
void AddIntakeCommands(CLI::App& app, Chosen& chosen);
void AddCaseworkCommands(CLI::App& app, Chosen& chosen);  // lead, case, plan, service, justice ...
void AddHandoverCommands(CLI::App& app, Chosen& chosen);
void AddPackCommands(CLI::App& app, Chosen& chosen);    // form, codes
void AddReviewCommands(CLI::App& app, Chosen& chosen);  // report, ledger, inbox, conflict
void AddQueryCommands(CLI::App& app, Chosen& chosen);   // query, indicator
void AddRecoveryCommands(CLI::App& app, Chosen& chosen);
void AddSearchCommand(CLI::App& app, Chosen& chosen);
void AddDuplicatesCommands(CLI::App& app, Chosen& chosen);
void AddExportCommands(CLI::App& app, Chosen& chosen);
void AddImportCommands(CLI::App& app, Chosen& chosen);
void AddBreakGlassCommands(CLI::App& app, Chosen& chosen);
void AddDeviceCommands(CLI::App& app, Chosen& chosen);  // enrol, unlock, lock, sync, whoami, file

// --- What they share. ---

// `--set CODE=VALUE`, repeatable.
void AddSetOption(CLI::App& app, std::vector<std::string>& sets);
// Which operation is meant.
void AddOperationOption(CLI::App& app, std::string& operation);
// Part of AddOperationCommands, in a source of its own.
void AddOperationRecords(CLI::App& operation, Chosen& chosen);
// Part of AddCaseworkCommands, in a source of its own.
void AddCourtRegister(CLI::App& justice, Chosen& chosen);
// Part of AddCaseworkCommands, in a source of its own: the plan of an operation.
void AddPlanRelease(CLI::App& plan, Chosen& chosen);
// Part of AddCaseworkCommands, in a source of its own; `form` unless another is named.
void AddImport(CLI::App& group, Chosen& chosen, domain::FileKind kind, const char* form);
// Parts of AddDeviceCommands, in sources of their own.
void AddOwnDevices(CLI::App& app, Chosen& chosen);
void AddMemberCommands(CLI::App& file, Chosen& chosen);
void AddErasureCommands(CLI::App& file, Chosen& chosen);
void AddDisclosureCommands(CLI::App& app, Chosen& chosen);
// Part of AddDisclosureCommands, in a source of its own.
void AddMeasureCommand(CLI::App& disclosure, Chosen& chosen);
// Part of AddReviewCommands, in a source of its own.
void AddOverdueReport(CLI::App& report, Chosen& chosen);
void AddStandardReports(CLI::App& report, Chosen& chosen);
void AddPublications(CLI::App& report, Chosen& chosen);
void AddBoard(CLI::App& report, Chosen& chosen);
// What a check of duplicates found, for `sync` too; no text where there is nothing to say.
std::string TextOf(const field::DuplicateCheck& check);
nlohmann::json JsonOf(const field::DuplicateCheck& check);
absl::StatusOr<field::DuplicateCheck> CheckDuplicatesOver(Session& session,
                                                          link::GrpcTransport& transport);
// The last time that the server signed; zero: none.
Time LastServerTime(vault::Vault& vault);
// To the server of the options, else the enrolled one.
absl::StatusOr<std::unique_ptr<link::GrpcTransport>> ConnectTo(Session& session);
// Unavailable, with what the server or the way there said, of a sync that did not catch up.
absl::Status NotInContact(const sync::SyncReport& report);
// UNIT:ROLE[:DUTY,DUTY] or UNIT:ROLE:PERSON[:DUTY,DUTY].
absl::StatusOr<domain::Member> ParseMember(vault::Vault& vault, std::string_view text);
// A known file, which must be of that kind.
absl::StatusOr<FileId> FindFileOf(Session& session, domain::FileKind kind, const std::string& name);
// The one operation that is on this device and not signed off, where `name` is empty.
absl::StatusOr<FileId> FindOperation(vault::Vault& vault, std::string_view name);
absl::StatusOr<domain::Duty> ParseDuty(std::string_view name);
std::string ShortText(std::string_view text, size_t cells);
// Answered by the server, over the files of the units where she is supervisor or analyst.
struct CountedByServer {
  std::vector<field::MeasureAnswered> answers;
  uint64_t ledger_size = 0;
  Hash ledger_root;
};
absl::StatusOr<CountedByServer> CountByServer(Session& session, domain::MeasureKind kind,
                                              const field::MeasureAsk& ask,
                                              const std::string& province, size_t rows);
// The same for a report; a list has at most some rows.
report::Count CountThere(Session& session, const std::string& province);
// What a report is asked for, in the session's language. An empty text says nothing.
absl::StatusOr<report::ReportAsk> ReportAskOf(Session& session, const std::string& period,
                                              const std::string& unit, const std::string& province,
                                              const std::string& as_of);
// Where a report is written, and as what.
struct ReportOut {
  std::string html, pdf, csv, xlsx;  // empty: not
  bool force = false;
};
void AddReportOut(CLI::App& app, ReportOut& out);
// Whether all of it can be written there, as far as can be told without writing.
absl::Status CheckPlaces(const ReportOut& out);
// Every form of it is made before one is written, so that a fault in one leaves nothing behind.
using ReportFiles = std::vector<std::pair<std::string, std::string>>;  // path, bytes
absl::StatusOr<ReportFiles> MakeReportFiles(const report::Document& document,
                                            const std::string& sheet, const ReportOut& out);
// Says in `result` what was written; where nothing is, the document as text.
absl::Status WriteReport(const report::Document& document, const ReportFiles& files, bool force,
                         Result& result);
// How far a table is written, for who watches. Under `kapea unlock` the agent does the work, and
// nobody does.
absl::Status ShowProgress(size_t written, size_t rows);
// A file that who asked alone may read. AlreadyExists, in words, for one that is there, unless
// `force`.
absl::Status WriteOut(const std::string& path, std::string_view bytes, bool force);

}  // namespace kapea::cli
