#include "client/cli/exit_code.h"

namespace kapea::cli {
namespace {

struct Advice {
  int exit;
  const char* name;
  const char* safe;
  const char* next;
};

constexpr Advice kAdvice[] = {
    {kExitOther, "other", "everything committed before is on this device",
     "try again; if it stays, tell whoever looks after this program"},
    {kExitUsage, "usage", "nothing was changed", "correct it; --help shows examples"},
    {kExitNotFound, "not_found", "nothing was changed", "look with: kapea file list"},
    {kExitRefused, "refused", "nothing was changed", ""},
    {kExitLocked, "locked", "nothing was changed, nothing is deleted",
     "unlock again with the right passphrase"},
    {kExitNoServer, "no_server", "everything you wrote is on this device and will be sent",
     "go on working; sync again when there is signal"},
    {kExitDamaged, "damaged", "nothing is deleted because of it",
     "stop using this device, keep it, tell a supervisor"},
    {kExitFull, "full", "nothing was changed; what was written before is safe",
     "free some space, then repeat it"},
};

const Advice& AdviceFor(int exit) {
  for (const Advice& advice : kAdvice) {
    if (advice.exit == exit) return advice;
  }
  return kAdvice[0];
}

std::string Words(const absl::Status& status) { return std::string(status.message()); }

}  // namespace

int ExitCodeFor(const absl::Status& status, bool network) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return kExitOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kExitUsage;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kAborted:
      return kExitRefused;
    case absl::StatusCode::kUnauthenticated:
      return kExitLocked;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
      return network ? kExitNoServer : kExitDamaged;
    case absl::StatusCode::kDataLoss:
      return kExitDamaged;
    case absl::StatusCode::kResourceExhausted:
      return kExitFull;
    default:
      return kExitOther;
  }
}

std::string ErrorText(const absl::Status& status, bool network) {
  const Advice& advice = AdviceFor(ExitCodeFor(status, network));
  std::string text = "kapea: " + Words(status) + "\n";
  text += std::string("  safe: ") + advice.safe + "\n";
  if (*advice.next != '\0') text += std::string("  next: ") + advice.next + "\n";
  return text;
}

nlohmann::json ErrorJson(const absl::Status& status, bool network) {
  const Advice& advice = AdviceFor(ExitCodeFor(status, network));
  nlohmann::json error = {{"exit_code", advice.exit},
                          {"name", advice.name},
                          {"message", Words(status)},
                          {"safe", advice.safe},
                          {"next", advice.next}};
  if (const auto mistakes = status.GetPayload(kMistakesPayload)) {
    error["mistakes"] = nlohmann::json::parse(std::string(*mistakes), nullptr, false);
  }
  return {{"error", error}};
}

std::string ToLine(const nlohmann::json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ExitCodePage() {
  return "Exit codes of kapea\n\n"
         "  0  done, and on the disk\n"
         "  1  a mistake of the program itself\n"
         "  2  the command line, or a value in it, cannot be understood\n"
         "  3  no such file, item, number, record or hand-over on this device\n"
         "  4  refused by the rules: role, duty, roster, a gate that is not met yet\n"
         "  5  locked: no passphrase, a wrong one, or another program has the vault open\n"
         "  6  no server: what was written is safe here, and is sent later\n"
         "  7  data damaged, or the disk fails\n"
         "  8  the disk is full, or a limit is reached\n\n"
         "After every code but 0 nothing was changed by the command that failed; what was\n"
         "printed before it is done.\n";
}

}  // namespace kapea::cli
