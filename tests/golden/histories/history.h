// Golden histories as text: what happened, and what must be found, worked out by hand.
//
//   # Title
//   # Why, in a sentence or more.
//   +2h  intake  write P KH-INCIDENT happened_at=-3h kind=threat
//   +2h  lead    cannot waive P R01.1 not_possible
//   +3h  expect  P R01.6 overdue because nobody told the supervisor within two hours
//
// Times count from 2026-03-02 08:00 in Cambodia and never fall, except those of `expect`,
// which may lie in the past: then it is what the ledger held at that moment. README.md has
// the verbs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/time.h"

namespace kapea::golden {

struct Step {
  int line = 0;
  Duration at;  // since the beginning
  std::string who;
  bool cannot = false;  // it must be refused
  std::string verb;     // "expect" and "answer" too; `who` is empty then
  std::vector<std::string> words;
  std::string because;  // of an expectation

  bool expects() const { return verb == "expect" || verb == "answer"; }
};

struct History {
  std::string title;
  std::vector<Step> steps;
  std::vector<std::string> mistakes;  // "12: want a time ..."
};

// Every mistake, with its line. No title, no reason and no expectation are mistakes too.
History Parse(std::string_view text);

}  // namespace kapea::golden
