// Private to this room: what somebody can work out who adds and subtracts published counts.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/base/time.h"

namespace kapea::domain {

// Of one measure and one scope. Its unknowns are the counts of each code in each of the
// shortest stretches of time between whose ends nothing begins or ends.
class PublishedSums {
 public:
  struct Span {
    Time from, before;
    friend auto operator<=>(const Span&, const Span&) = default;
  };
  struct Cell {
    std::string code;
    std::optional<int64_t> low, high;  // as shown; both absent: hidden
  };
  struct Hidden {
    std::string dimension, code;
  };
  struct Found {
    std::optional<Hidden> told;  // a hidden count that can be one number alone
    bool contradicts = false;    // the numbers each other: then limits tell nothing
    bool too_much = false;       // it would take more steps than may be taken
    uint64_t steps = 0;          // taken
  };

  // Every code that is not among the cells counts nobody. Dimension "": the figure itself.
  // `revised`: its numbers are of another time, but people have them; they are eliminated with,
  // and put no limits.
  void Add(const Span& span, bool revised, const std::string& dimension, std::vector<Cell> cells);
  // Once, at the end. The same steps on every machine.
  Found Find(uint64_t steps_max);

 private:
  struct Table {
    Span span;
    bool revised;
    std::string dimension;
    std::map<std::string, Cell> cells;
  };
  using Unknown = size_t;
  // The sum of some unknowns less one other lies between two numbers.
  struct Sum {
    std::vector<Unknown> plus;
    std::optional<Unknown> minus;
    int64_t low = 0, high = 0;
    bool revised = false;
  };
  struct Range {
    int64_t low = 0, high = 0;
  };
  struct Kept {
    Hidden name;
    std::vector<Unknown> parts;
  };
  using Row = std::vector<std::pair<Unknown, uint64_t>>;  // ascending; modulo a prime, none zero

  bool Step(uint64_t count);
  bool Build();
  Unknown UnknownOf(size_t stretch, const std::string& dimension, const std::string& code) const;
  std::pair<size_t, size_t> StretchesOf(const Span& span) const;
  void AddTable(const Table& table);
  void AddWholes();
  // By elimination: whether the sum of these follows from the exact ones.
  bool Eliminate();
  bool Reduce(Row& row);
  bool Follows(const std::vector<Unknown>& parts);
  // By limits; absent: the numbers contradict each other, or it was too much.
  std::optional<std::vector<Range>> Limits();
  bool Narrow(const Sum& sum, std::vector<Range>& ranges, bool& changed);

  std::vector<Table> tables_;
  std::vector<Time> ends_;                                 // ascending
  std::map<std::string, std::vector<std::string>> codes_;  // by dimension, ascending
  std::map<std::string, size_t> places_;  // of a dimension's first code within a stretch
  size_t width_ = 0;                      // unknowns of a stretch
  std::vector<Sum> sums_;
  std::vector<Kept> hidden_;
  std::map<Unknown, Row> basis_;  // by its leading unknown
  uint64_t steps_ = 0, steps_max_ = 0;
};

}  // namespace kapea::domain
