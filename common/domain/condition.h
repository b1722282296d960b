// Conditions and deadlines as data. A pack writes them as text, the compiler parses
// them once, one evaluator gives them meaning on phone and server alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/time.h"

namespace kapea::domain {

// Longest text, most nodes and deepest nesting of one expression. The packs at hand
// stay below a tenth of each; the limits keep a hostile text from the stack.
inline constexpr size_t kConditionBytesMax = 4096;
inline constexpr size_t kConditionNodesMax = 512;
inline constexpr size_t kConditionDepthMax = 32;

// A node of a parsed expression. The language is described in common/domain/README.md.
struct Expression {
  enum class Op {
    kOr,   // any of args
    kAnd,  // all of args
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,        // args[0] in the codes of args[1..]
    kName,      // a field, fact or event, by `text`; or a code where none has that name
    kCall,      // a function, by `text`
    kCode,      // a code of a list, by `text`
    kBoolean,   // `number` is 0 or 1
    kNumber,    // `number`; `text` as written
    kDuration,  // `number` in ms
    kPlus,
    kMinus,
  };
  Op op = Op::kName;
  std::string text;
  int64_t number = 0;
  std::vector<Expression> args;
  size_t column = 0;  // where it stands in its text, from 1, for errors
};

// A condition (or a moment: an expression with a time). Empty means "always".
// Threads: any; copies share the tree.
class Condition {
 public:
  Condition() = default;
  // InvalidArgument names the column. A blank text is the empty condition.
  static absl::StatusOr<Condition> Parse(std::string_view text);
  bool empty() const { return root_ == nullptr; }
  const Expression& root() const { return *root_; }  // never of an empty one
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::shared_ptr<const Expression> root_;
};

// "T0 + 30m", "before PLAN_OK", "arrival_at + 24h": a moment and whether reaching it
// exactly is still in time. Empty: no clock. Threads: any.
class Deadline {
 public:
  Deadline() = default;
  // Columns in errors count from the start of the whole text.
  static absl::StatusOr<Deadline> Parse(std::string_view text);
  bool empty() const { return at_.empty(); }
  const Condition& at() const { return at_; }
  bool strict() const { return strict_; }  // "before X": at X is too late

 private:
  Condition at_;
  bool strict_ = false;
};

// "30m", "24h", "7d", "2w". InvalidArgument for anything else.
absl::StatusOr<Duration> ParseDuration(std::string_view text);

}  // namespace kapea::domain
