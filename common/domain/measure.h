// Questions and indicators as a pack defines them: what counts, in which files, and when.
// common/standards answers them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/domain/condition.h"
#include "common/domain/label.h"
#include "common/domain/vocabulary.h"

namespace kapea::domain {

struct Standard;

enum class MeasureKind : uint8_t { kNone = 0, kQuestion = 1, kIndicator = 2 };
enum class MeasureAnswer : uint8_t {
  kNone = 0,  // by nothing in the files: `answered_by` says why, or external figures alone
  kList = 1,
  kCount = 2,
  kSum = 3,
  kMedian = 4,
  kShare = 5,
};
enum class MeasureOnce : uint8_t { kNone = 0, kRecord = 1, kFile = 2, kPerson = 3 };
enum class MeasureOver : uint8_t {
  kNone = 0,
  kRecords = 1,
  kFindings = 2,
  kNeeds = 3,
  kWaivers = 4,
  kReads = 5,
  kVersions = 6,
  kDevices = 7,
};
enum class FigureKind : uint8_t { kNone = 0, kBaseline = 1, kTarget = 2, kExternal = 3 };

std::string_view NameOf(MeasureKind kind);      // "question", "indicator"
std::string_view NameOf(MeasureAnswer answer);  // "list", "count", "sum", "median", "share"
std::string_view NameOf(MeasureOnce once);      // "record", "file", "person"
std::string_view NameOf(FigureKind kind);       // "baseline", "target", "external"

// Dimensions that no expression says: what a line is made of knows them.
inline constexpr std::string_view kByUnit = "unit";        // who has the person; else the founder's
inline constexpr std::string_view kByFounder = "founder";  // the unit that founded the file
inline constexpr std::string_view kByMonth = "month";      // "2026-03", in Cambodia
inline constexpr std::string_view kByPart = "part";
inline constexpr std::string_view kByClause = "clause";  // or item, or field
inline constexpr std::string_view kByStatus = "status";
inline constexpr std::string_view kBySeverity = "severity";
inline constexpr std::string_view kByCritical = "critical";  // yes, no
inline constexpr std::string_view kByRole = "role";          // who waived
inline constexpr std::string_view kByReason = "reason";      // of a waiver, an opening, a recovery
inline constexpr std::string_view kByForm = "form";          // with its version
inline constexpr std::string_view kByBehind = "behind";      // yes: the pack has a newer version
inline constexpr std::string_view kByDevice = "device";      // beginning of its id
inline constexpr std::string_view kByClock = "clock";        // sound, doubted
inline constexpr std::string_view kByClass = "class";        // of the sealed fields that were read
bool IsBuiltInDimension(std::string_view code);

struct DimensionValue {
  FileKind file_kind = FileKind::kNone;
  std::string form;     // of the record at hand; empty: about the file
  Condition value;      // a code, or a truth
  Condition when;       // else nothing is said
  bool moment = false;  // yes once it has come, no before
};
struct Dimension {
  std::string id;
  Label label;
  std::string code_list;
  std::vector<DimensionValue> values;  // the first that fits and has a code
  Provenance provenance;
};

struct FindingFilter {
  std::vector<std::string> codes;  // "P5.1*": all that begin so; empty: all
  std::vector<FindingStatus> statuses, of_statuses;
  std::vector<Severity> severities;
  bool critical = false;
  bool or_not_done = false;
  bool weighted = false;

  bool Names(std::string_view code) const;
};
struct MeasurePart {
  std::string code;
  FileKind file_kind = FileKind::kNone;
  MeasureOver over = MeasureOver::kNone;
  std::string per;                     // form; empty: the file
  const Standard* standard = nullptr;  // whose events are names; lives in the same Pack
  Condition of, when;
  Condition at;                          // of records, or of the file
  bool at_due = false, at_done = false;  // of findings instead: when they are due, were done
  Condition value, limit;
  bool span = false;   // values are ms of a span of time
  std::string person;  // field of `per`; empty: the file's own person, or the record
  FindingFilter findings;
};
struct Figure {
  FigureKind kind = FigureKind::kNone;
  int64_t number = 0;
  std::string period;
  std::string source;
  std::string note;
  bool at_least = false;
};
struct Measure {
  std::string id;
  MeasureKind kind = MeasureKind::kNone;
  Label label;
  MeasureAnswer answer = MeasureAnswer::kNone;
  MeasureOnce once = MeasureOnce::kNone;
  bool stock = false;  // how things stand at a moment
  std::vector<MeasurePart> parts;
  std::vector<std::string> by;  // dimensions of the pack, or built-in ones
  Label unit;
  std::vector<Figure> figures;
  std::string answered_by;
  std::string limits;
  Provenance provenance;
};

}  // namespace kapea::domain
