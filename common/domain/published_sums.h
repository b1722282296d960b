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
    Span span;
    std::string dimension, code;
  };

  // Every code that is not among the cells counts nobody. Dimension "": the figure itself.
  void Add(const Span& span, const std::string& dimension, const std::vector<Cell>& cells);
  // How long FindTold may take, in steps.
  uint64_t Effort();
  // A hidden count that can be one number alone.
  std::optional<Hidden> FindTold();

 private:
  struct Table {
    Span span;
    std::string dimension;
    std::vector<Cell> cells;
  };
  using Unknown = size_t;
  // The sum of some unknowns less one other lies between two numbers.
  struct Sum {
    std::vector<Unknown> plus;
    std::optional<Unknown> minus;
    int64_t low = 0, high = 0;
  };
  struct Range {
    int64_t low = 0, high = 0;
  };
  using Row = std::vector<uint64_t>;  // modulo a prime

  void Build();
  Unknown UnknownOf(size_t stretch, const std::string& dimension, const std::string& code);
  std::vector<Unknown> Parts(const Span& span, const std::string& dimension,
                             const std::string& code);
  void AddTable(const Table& table);
  void AddWholes();
  // By elimination: whether the sum of these follows from the exact ones.
  void Eliminate();
  bool Follows(const std::vector<Unknown>& parts) const;
  // By limits; absent: the numbers contradict each other, for they were counted at other times.
  std::optional<std::vector<Range>> Limits() const;
  bool Reduce(Row& row) const;

  std::vector<Table> tables_;
  bool built_ = false;
  std::vector<Time> ends_;  // ascending
  std::map<std::tuple<size_t, std::string, std::string>, Unknown> unknowns_;
  std::map<std::string, std::vector<std::string>> codes_;  // by dimension, ascending
  std::vector<Sum> sums_;
  std::vector<std::pair<Hidden, std::vector<Unknown>>> hidden_;
  std::vector<std::pair<size_t, Row>> basis_;  // by its leading unknown
};

}  // namespace kapea::domain
