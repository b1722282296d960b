// What several commands share.
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "client/cli/commands.h"
#include "client/field/names.h"
#include "client/sync/sync_engine.h"
#include "client/vault/replica.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/text/width.h"

namespace kapea::cli {
void AddSetOption(CLI::App& app, std::vector<std::string>& sets) {
  app.add_option("--set", sets, "CODE=VALUE of a field; repeatable; an empty VALUE clears it")
      ->take_all()
      ->allow_extra_args(false)
      ->type_name("CODE=VALUE");
}

absl::Status NotInContact(const sync::SyncReport& report) {
  std::string said = "not in contact with the server";
  for (const std::string& sentence : report.refusals) absl::StrAppend(&said, "\n  ", sentence);
  return absl::UnavailableError(said);
}

absl::Status ShowProgress(size_t written, size_t rows) {
  if (::isatty(STDERR_FILENO) != 0) {
    std::cerr << absl::StrFormat("\r%d of %d rows%s", written, rows, written == rows ? "\n" : "");
  }
  return absl::OkStatus();
}

void AddOperationOption(CLI::App& app, std::string& operation) {
  app.add_option("--op", operation, "Operation, by its code; the only one here if left out")
      ->type_name("OP-CODE");
}

absl::StatusOr<domain::Duty> ParseDuty(std::string_view name) {
  if (name.empty()) return domain::Duty::kNone;
  const domain::Duty duty = domain::DutyNamed(name);
  if (duty == domain::Duty::kNone) {
    return absl::InvalidArgumentError(
        "want a duty (LEAD, JPO, VLO, EXH, SW, MED, INT, SHELTER, SUP, COMMS), got '" +
        std::string(name) + "'");
  }
  return duty;
}

absl::StatusOr<domain::Member> ParseMember(vault::Vault& vault, std::string_view text) {
  const std::vector<std::string> parts = absl::StrSplit(std::string(text), ':');
  if (parts.size() < 2 || parts.size() > 4) {
    return absl::InvalidArgumentError(
        "want UNIT:ROLE, UNIT:ROLE:DUTY,DUTY or UNIT:ROLE:PERSON:DUTY,DUTY, got '" +
        std::string(text) + "'");
  }
  domain::Member member;
  KAPEA_ASSIGN(member.unit, field::FindUnit(vault, parts[0]));
  member.role = domain::RoleNamed(parts[1]);
  if (member.role == domain::Role::kNone) {
    return absl::InvalidArgumentError("want a role such as officer or intake_officer, got '" +
                                      parts[1] + "'");
  }
  // The third part is duties where it names one, else a person.
  size_t duties_at = 2;
  if (parts.size() > 2) {
    const std::vector<std::string> names = absl::StrSplit(parts[2], ',');
    if (parts.size() == 4 || domain::DutyNamed(names[0]) == domain::Duty::kNone) {
      KAPEA_ASSIGN(member.person, field::FindPerson(vault, parts[2]));
      duties_at = 3;
    }
  }
  if (duties_at < parts.size()) {
    const std::vector<std::string> names = absl::StrSplit(parts[duties_at], ',');
    for (const std::string& name : names) {
      KAPEA_ASSIGN(const domain::Duty duty, ParseDuty(name));
      if (duty != domain::Duty::kNone) member.duties.push_back(duty);
    }
    std::sort(member.duties.begin(), member.duties.end());
    member.duties.erase(std::unique(member.duties.begin(), member.duties.end()),
                        member.duties.end());
  }
  return member;
}

absl::StatusOr<FileId> FindFileOf(Session& session, domain::FileKind kind,
                                  const std::string& name) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, name));
  KAPEA_ASSIGN(const auto state, session.vault.File(file));
  if (state->kind() == kind) return file;
  return absl::InvalidArgumentError("want a " + std::string(domain::NameOf(kind)) +
                                    " file, got another kind");
}

absl::StatusOr<FileId> FindOperation(vault::Vault& vault, std::string_view name) {
  if (!name.empty()) return field::FindFile(vault, name);
  std::vector<FileId> operations;
  for (const vault::FileLine& line : vault.Files()) {
    if (line.kind == domain::FileKind::kOperation) operations.push_back(line.file);
  }
  if (operations.size() == 1) return operations[0];
  if (operations.empty()) return absl::NotFoundError("no operation on this device");
  return absl::FailedPreconditionError("more than one operation is here: say which");
}

Time LastServerTime(vault::Vault& vault) {
  const auto& checkpoint = vault.replica().checkpoint();
  return checkpoint && checkpoint->time ? *checkpoint->time : Time();
}

absl::StatusOr<std::unique_ptr<link::GrpcTransport>> ConnectTo(Session& session) {
  vault::Vault& vault = session.vault;
  vault::Identity identity = vault.identity().Copy();
  if (!session.options.server.empty()) identity.server = session.options.server;
  return link::GrpcTransport::Connect(identity, vault.clock(), LastServerTime(vault));
}

std::string ShortText(std::string_view text, size_t cells) {
  return text::PadTo(text::CutTo(text, cells), cells);
}

absl::Status WriteOut(const std::string& path, std::string_view bytes, bool force) {
  if (force) return WriteFileAtomically(path, bytes, kPrivateFileMode);
  const absl::Status written = CreateFileAtomically(path, bytes, kPrivateFileMode);
  if (!absl::IsAlreadyExists(written)) return written;
  return absl::AlreadyExistsError(path +
                                  " is there and was left as it is: name another file, or say "
                                  "--force to replace it");
}

}  // namespace kapea::cli
