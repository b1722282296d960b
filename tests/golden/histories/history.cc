#include "tests/golden/histories/history.h"

#include <optional>
#include <sstream>

#include "client/field/calendar.h"

namespace kapea::golden {
namespace {

// Words apart by spaces; "a b" in quotes is part of one word.
std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false;
  bool any = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) words.push_back(std::exchange(word, ""));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) words.push_back(word);
  return words;
}

std::optional<Duration> TimeIn(const std::string& word) {
  if (word.size() < 3 || word[0] != '+') return std::nullopt;
  const auto length = field::ParseLength(std::string_view(word).substr(1));
  if (!length.ok()) return std::nullopt;
  return *length;
}

class Parser {
 public:
  History Take(std::string_view text) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
      ++number_;
      if (line.empty()) continue;
      if (line[0] == '#') {
        comments_ += 1;
        if (history_.title.empty()) history_.title = line.substr(2);
        continue;
      }
      AddStep(line);
    }
    if (comments_ < 2) Mistake("want a title and a reason, as lines that begin with #");
    if (expectations_ == 0) Mistake("nothing is expected");
    return std::move(history_);
  }

 private:
  void Mistake(const std::string& what) {
    history_.mistakes.push_back(std::to_string(number_) + ": " + what);
  }

  void AddStep(const std::string& line) {
    std::vector<std::string> words = WordsOf(line);
    Step step;
    step.line = number_;
    const auto at = words.empty() ? std::nullopt : TimeIn(words[0]);
    if (!at || words.size() < 2) return Mistake("want +TIME and what happens, got " + line);
    step.at = *at;
    size_t next = 1;
    if (words[1] == "expect" || words[1] == "answer") {
      step.verb = words[next++];
      ++expectations_;
    } else {
      if (step.at < last_) Mistake("time falls");
      last_ = step.at;
      step.who = words[next++];
      if (next < words.size() && words[next] == "cannot") {
        step.cannot = true;
        ++next;
      }
      if (next == words.size()) return Mistake("want what " + step.who + " does");
      step.verb = words[next++];
    }
    for (; next < words.size() && words[next] != "because"; ++next) {
      step.words.push_back(words[next]);
    }
    while (++next < words.size()) step.because += (step.because.empty() ? "" : " ") + words[next];
    if (step.expects() == step.because.empty()) {
      Mistake("want a reason (because ...) of every expectation, and of nothing else");
    }
    history_.steps.push_back(std::move(step));
  }

  History history_;
  int number_ = 0;
  int comments_ = 0;
  int expectations_ = 0;
  Duration last_;
};

}  // namespace

History Parse(std::string_view text) { return Parser().Take(text); }

}  // namespace kapea::golden
