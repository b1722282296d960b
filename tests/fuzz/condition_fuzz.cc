// Texts of the condition language. A text is parsed or refused with its column, and
// whatever is parsed can be evaluated over a file without end or harm.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/macros.h"
#include "common/domain/evaluate.h"

namespace kapea::domain {
namespace {

void Try(std::string_view text) {
  static const auto* file = new FileState(FileId::FromPrefix("a file of no one"));
  const Scope scope{*file, Time::FromUnixMs(1'795'000'000'000)};
  const auto condition = Condition::Parse(text);
  if (condition.ok()) {
    const Outcome truth = EvaluateTruth(*condition, scope);
    KAPEA_CHECK(truth.unknown() || truth.kind == Outcome::Type::kTruth);
    const Outcome moment = EvaluateMoment(*condition, scope);
    KAPEA_CHECK(moment.unknown() || moment.kind == Outcome::Type::kMoment ||
                moment.kind == Outcome::Type::kAbsent);
    // The text is kept, and means the same when it is read again.
    const auto again = Condition::Parse(condition->text());
    KAPEA_CHECK(again.ok() && again->empty() == condition->empty());
  } else {
    KAPEA_CHECK(condition.status().message().find("column ") == 0);
  }
  // A deadline without "before" is a condition.
  const auto deadline = Deadline::Parse(text);
  if (deadline.ok() && !deadline->strict()) KAPEA_CHECK(condition.ok());
}

}  // namespace
}  // namespace kapea::domain

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::domain::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
