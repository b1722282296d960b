// What went wrong, as an exit code and in words: what happened, what is safe, what to do.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"

namespace kapea::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitOther = 1;  // our mistake
inline constexpr int kExitUsage = 2;  // the command line or a value in it
inline constexpr int kExitNotFound = 3;
inline constexpr int kExitRefused = 4;  // by the rules
inline constexpr int kExitLocked = 5;   // locked, or a wrong passphrase
inline constexpr int kExitNoServer = 6;
inline constexpr int kExitDamaged = 7;  // data or disk
inline constexpr int kExitFull = 8;     // the disk, or a limit

// A status may carry what is wrong with each line of a table: JSON, a list of line, field
// (null: the row as a whole) and message. ErrorJson shows it as "mistakes".
inline constexpr char kMistakesPayload[] = "kapea/mistakes";

// `network`: the command asked a server.
int ExitCodeFor(const absl::Status& status, bool network);
// Three lines, and one for each mistake; ends in a newline.
std::string ErrorText(const absl::Status& status, bool network);
nlohmann::json ErrorJson(const absl::Status& status, bool network);
// One line of output. What was typed need not be UTF-8, and JSON must be: bytes that are
// none become U+FFFD.
std::string ToLine(const nlohmann::json& object);
// The page of `kapea help exit-codes`.
std::string ExitCodePage();

}  // namespace kapea::cli
