#include "common/domain/condition.h"

#include <limits>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "common/base/macros.h"

namespace kapea::domain {
namespace {

using Op = Expression::Op;

enum class Kind { kEnd, kWord, kSymbol };

struct Token {
  Kind kind = Kind::kEnd;
  std::string text;
  size_t column = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWordChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '-';
}
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

absl::Status Mistake(size_t column, const std::string& what) {
  return absl::InvalidArgumentError("column " + std::to_string(column) + ": " + what);
}

// `base` is the number of characters before `text` in what the author wrote.
absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text, size_t base) {
  std::vector<Token> tokens;
  size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const size_t column = base + at + 1;
    if (IsSpace(c)) {
      ++at;
      continue;
    }
    size_t size = 1;
    Kind kind = Kind::kSymbol;
    // A lone minus is the operator; inside a word it belongs to the name.
    if (IsWordChar(c) && c != '-' && c != '.') {
      kind = Kind::kWord;
      while (at + size < text.size() && IsWordChar(text[at + size])) ++size;
    } else if ((c == '!' || c == '<' || c == '>') && at + 1 < text.size() && text[at + 1] == '=') {
      size = 2;
    } else if (std::string_view("()[],=<>+-").find(c) == std::string_view::npos) {
      const bool printable = c > ' ' && c < 0x7f;
      return Mistake(column, printable ? std::string("want a word or an operator, got '") + c + "'"
                                       : "want a word or an operator, got a byte that is none");
    }
    tokens.push_back({kind, std::string(text.substr(at, size)), column});
    at += size;
  }
  tokens.push_back({Kind::kEnd, "", base + text.size() + 1});
  return tokens;
}

std::optional<int64_t> WholeNumber(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  int64_t number = 0;
  for (const char c : digits) {
    if (!IsDigit(c) || number > (std::numeric_limits<int64_t>::max() - 9) / 10) return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

// Milliseconds in one of the unit; 0 for a letter that is no unit.
int64_t UnitMs(char unit) {
  switch (unit) {
    case 'm':
      return Duration::Minutes(1).milliseconds();
    case 'h':
      return Duration::Hours(1).milliseconds();
    case 'd':
      return Duration::Days(1).milliseconds();
    case 'w':
      return Duration::Days(7).milliseconds();
    default:
      return 0;
  }
}

// A hundred years; more can only be a slip, and sums of such never overflow.
constexpr int64_t kDurationMsMax = int64_t{36'525} * 86'400'000;

std::optional<int64_t> DurationMs(std::string_view text) {
  if (text.size() < 2) return std::nullopt;
  const int64_t unit = UnitMs(text.back());
  const auto count = WholeNumber(text.substr(0, text.size() - 1));
  if (unit == 0 || !count || *count > kDurationMsMax / unit) return std::nullopt;
  return *count * unit;
}

bool IsReserved(std::string_view word) {
  return word == "or" || word == "and" || word == "not" || word == "in" || word == "true" ||
         word == "false";
}

std::optional<Op> Comparison(std::string_view symbol) {
  if (symbol == "=") return Op::kEqual;
  if (symbol == "!=") return Op::kNotEqual;
  if (symbol == "<") return Op::kLess;
  if (symbol == "<=") return Op::kLessEqual;
  if (symbol == ">") return Op::kGreater;
  if (symbol == ">=") return Op::kGreaterEqual;
  return std::nullopt;
}

// Recursive descent; `depth` counts brackets and `not`, the only ways to nest.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  absl::StatusOr<Expression> ParseAll() {
    KAPEA_ASSIGN(Expression root, ParseOr(0));
    if (Peek().kind != Kind::kEnd) return Unexpected("the end");
    return root;
  }

 private:
  const Token& Peek() const { return tokens_[next_]; }
  Token Take() { return tokens_[next_++]; }
  bool Is(Kind kind, std::string_view text) const {
    return Peek().kind == kind && Peek().text == text;
  }
  bool TakeIf(Kind kind, std::string_view text) {
    if (!Is(kind, text)) return false;
    ++next_;
    return true;
  }
  absl::Status Unexpected(const std::string& want) const {
    const Token& got = Peek();
    return Mistake(got.column, "want " + want + ", got " +
                                   (got.kind == Kind::kEnd ? "the end" : "'" + got.text + "'"));
  }
  absl::Status Count(const Expression& node) {
    if (++nodes_ <= kConditionNodesMax) return absl::OkStatus();
    return Mistake(node.column, "want at most " + std::to_string(kConditionNodesMax) + " parts");
  }

  // A chain of one operator becomes one node with many args.
  absl::StatusOr<Expression> ParseChain(std::string_view word, Op op, size_t depth) {
    auto next = [&] { return op == Op::kOr ? ParseAnd(depth) : ParseNot(depth); };
    KAPEA_ASSIGN(Expression first, next());
    if (!Is(Kind::kWord, word)) return first;
    Expression chain{op, "", 0, {}, Peek().column};
    KAPEA_TRY(Count(chain));
    chain.args.push_back(std::move(first));
    while (TakeIf(Kind::kWord, word)) {
      KAPEA_ASSIGN(Expression arg, next());
      chain.args.push_back(std::move(arg));
    }
    return chain;
  }
  absl::StatusOr<Expression> ParseOr(size_t depth) { return ParseChain("or", Op::kOr, depth); }
  absl::StatusOr<Expression> ParseAnd(size_t depth) { return ParseChain("and", Op::kAnd, depth); }

  absl::Status CheckDepth(size_t depth, size_t column) const {
    if (depth <= kConditionDepthMax) return absl::OkStatus();
    return Mistake(column, "want at most " + std::to_string(kConditionDepthMax) + " levels");
  }

  absl::StatusOr<Expression> ParseNot(size_t depth) {
    if (!Is(Kind::kWord, "not")) return ParseCompare(depth);
    const Token word = Take();
    KAPEA_TRY(CheckDepth(depth + 1, word.column));
    KAPEA_ASSIGN(Expression arg, ParseNot(depth + 1));
    Expression node{Op::kNot, "", 0, {}, word.column};
    KAPEA_TRY(Count(node));
    node.args.push_back(std::move(arg));
    return node;
  }

  absl::StatusOr<Expression> ParseCompare(size_t depth) {
    KAPEA_ASSIGN(Expression left, ParseSum(depth));
    if (Is(Kind::kWord, "in")) return ParseIn(std::move(left));
    const auto op = Peek().kind == Kind::kSymbol ? Comparison(Peek().text) : std::optional<Op>();
    if (!op) return left;
    Expression node{*op, "", 0, {}, Take().column};
    KAPEA_TRY(Count(node));
    KAPEA_ASSIGN(Expression right, ParseSum(depth));
    if (Peek().kind == Kind::kSymbol && Comparison(Peek().text)) {
      return Mistake(Peek().column, "want one comparison, got a second: use brackets");
    }
    node.args.push_back(std::move(left));
    node.args.push_back(std::move(right));
    return node;
  }

  absl::StatusOr<Expression> ParseIn(Expression left) {
    Expression node{Op::kIn, "", 0, {}, Take().column};
    KAPEA_TRY(Count(node));
    node.args.push_back(std::move(left));
    if (!TakeIf(Kind::kSymbol, "[")) return Unexpected("'['");
    do {
      if (Peek().kind != Kind::kWord) return Unexpected("a code");
      Token code = Take();
      Expression arg{Op::kCode, std::move(code.text), 0, {}, code.column};
      KAPEA_TRY(Count(arg));
      node.args.push_back(std::move(arg));
    } while (TakeIf(Kind::kSymbol, ","));
    if (!TakeIf(Kind::kSymbol, "]")) return Unexpected("',' or ']'");
    return node;
  }

  absl::StatusOr<Expression> ParseSum(size_t depth) {
    KAPEA_ASSIGN(Expression sum, ParsePrimary(depth));
    size_t terms = 0;
    while (Is(Kind::kSymbol, "+") || Is(Kind::kSymbol, "-")) {
      const Token sign = Take();
      // A sum leans left, so each term deepens the tree.
      KAPEA_TRY(CheckDepth(++terms, sign.column));
      Expression node{sign.text == "+" ? Op::kPlus : Op::kMinus, "", 0, {}, sign.column};
      KAPEA_TRY(Count(node));
      KAPEA_ASSIGN(Expression right, ParsePrimary(depth));
      node.args.push_back(std::move(sum));
      node.args.push_back(std::move(right));
      sum = std::move(node);
    }
    return sum;
  }

  absl::StatusOr<Expression> ParsePrimary(size_t depth) {
    if (Is(Kind::kSymbol, "(")) {
      const Token open = Take();
      KAPEA_TRY(CheckDepth(depth + 1, open.column));
      KAPEA_ASSIGN(Expression inner, ParseOr(depth + 1));
      if (!TakeIf(Kind::kSymbol, ")")) return Unexpected("')'");
      return inner;
    }
    if (Peek().kind != Kind::kWord) return Unexpected("a name, a number, a duration or '('");
    Token word = Take();
    Expression node = Literal(word);
    KAPEA_TRY(Count(node));
    if (node.op != Op::kName) return node;
    if (IsReserved(word.text)) {
      return Mistake(word.column, "want a name, got the word '" + word.text + "'");
    }
    if (!Is(Kind::kSymbol, "(")) return node;
    KAPEA_TRY(CheckDepth(depth + 1, word.column));
    node.op = Op::kCall;
    Take();
    if (TakeIf(Kind::kSymbol, ")")) return node;
    do {
      KAPEA_ASSIGN(Expression arg, ParseOr(depth + 1));
      node.args.push_back(std::move(arg));
    } while (TakeIf(Kind::kSymbol, ","));
    if (!TakeIf(Kind::kSymbol, ")")) return Unexpected("',' or ')'");
    return node;
  }

  static Expression Literal(const Token& word) {
    Expression node{Op::kName, word.text, 0, {}, word.column};
    if (word.text == "true" || word.text == "false") {
      node.op = Op::kBoolean;
      node.number = word.text == "true" ? 1 : 0;
    } else if (const auto number = WholeNumber(word.text)) {
      node.op = Op::kNumber;
      node.number = *number;
    } else if (const auto ms = DurationMs(word.text)) {
      node.op = Op::kDuration;
      node.number = *ms;
    }
    return node;
  }

  std::vector<Token> tokens_;  // the last one is kEnd and is never taken
  size_t next_ = 0;
  size_t nodes_ = 0;
};

bool IsBlank(std::string_view text) {
  for (const char c : text) {
    if (!IsSpace(c)) return false;
  }
  return true;
}

// With the "before" of a deadline blanked out, columns stay those of the whole text.
constexpr std::string_view kBefore = "before";

}  // namespace

absl::StatusOr<Condition> Condition::Parse(std::string_view text) {
  if (text.size() > kConditionBytesMax) {
    return absl::InvalidArgumentError("column 1: want at most " +
                                      std::to_string(kConditionBytesMax) + " bytes, got " +
                                      std::to_string(text.size()));
  }
  Condition condition;
  if (IsBlank(text)) return condition;
  KAPEA_ASSIGN(std::vector<Token> tokens, Tokenize(text, 0));
  KAPEA_ASSIGN(Expression root, Parser(std::move(tokens)).ParseAll());
  condition.text_ = std::string(text);
  condition.root_ = std::make_shared<const Expression>(std::move(root));
  return condition;
}

absl::StatusOr<Deadline> Deadline::Parse(std::string_view text) {
  Deadline deadline;
  std::string moment(text);
  const size_t start = moment.find_first_not_of(" \t\r\n");
  if (start != std::string::npos && moment.compare(start, kBefore.size(), kBefore) == 0) {
    const size_t after = start + kBefore.size();
    // "before(a, b)" is a call, and "beforehand" a name.
    if (after == moment.size() || IsSpace(moment[after])) {
      deadline.strict_ = true;
      moment.replace(start, kBefore.size(), kBefore.size(), ' ');
      if (IsBlank(moment)) return Mistake(after + 1, "want a moment, got the end");
    }
  }
  KAPEA_ASSIGN(deadline.at_, Condition::Parse(moment));
  return deadline;
}

absl::StatusOr<Duration> ParseDuration(std::string_view text) {
  const auto ms = DurationMs(text);
  if (!ms) {
    return absl::InvalidArgumentError("want a duration such as 30m, 24h, 7d or 2w");
  }
  return Duration::Milliseconds(*ms);
}

}  // namespace kapea::domain
