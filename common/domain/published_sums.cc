#include "common/domain/published_sums.h"

#include <algorithm>
#include <set>

namespace kapea::domain {
namespace {

// More people than there are; far from where sums of it would not fit.
constexpr int64_t kMany = int64_t{1} << 40;
constexpr int kRoundsMax = 64;
constexpr size_t kUnknownsMax = 20'000;

// Elimination modulo a prime is exact where the true numbers are small fractions, and the same
// on every machine.
constexpr uint64_t kPrime = (uint64_t{1} << 31) - 1;
uint64_t Times(uint64_t a, uint64_t b) { return a * b % kPrime; }
uint64_t Less(uint64_t a, uint64_t b) { return a >= b ? a - b : a + kPrime - b; }
uint64_t Inverse(uint64_t a) {
  uint64_t result = 1;
  for (uint64_t power = kPrime - 2; power != 0; power >>= 1) {
    if ((power & 1) != 0) result = Times(result, a);
    a = Times(a, a);
  }
  return result;
}

}  // namespace

void PublishedSums::Add(const Span& span, bool revised, const std::string& dimension,
                        std::vector<Cell> cells) {
  Table& table = tables_.emplace_back(Table{span, revised, dimension, {}});
  for (Cell& cell : cells) {
    std::string code = cell.code;
    table.cells.insert_or_assign(std::move(code), std::move(cell));
  }
}

// False: that is more than may be taken.
bool PublishedSums::Step(uint64_t count) {
  steps_ += count;
  return steps_ <= steps_max_;
}

PublishedSums::Unknown PublishedSums::UnknownOf(size_t stretch, const std::string& dimension,
                                                const std::string& code) const {
  const std::vector<std::string>& codes = codes_.at(dimension);
  const auto at = std::lower_bound(codes.begin(), codes.end(), code);
  return stretch * width_ + places_.at(dimension) + static_cast<size_t>(at - codes.begin());
}

// The first, and the one behind the last.
std::pair<size_t, size_t> PublishedSums::StretchesOf(const Span& span) const {
  const auto at = [this](Time time) {
    const auto end = std::lower_bound(ends_.begin(), ends_.end(), time);
    return static_cast<size_t>(end - ends_.begin());
  };
  return {at(span.from), at(span.before)};
}

// Before anything is made that could be too large.
bool PublishedSums::Build() {
  std::set<Time> ends;
  std::map<std::string, std::set<std::string>> codes{{"", {""}}};
  for (const Table& table : tables_) {
    ends.insert(table.span.from);
    ends.insert(table.span.before);
    std::set<std::string>& known = codes[table.dimension];
    for (const auto& [code, cell] : table.cells) known.insert(code);
    if (!Step(table.cells.size())) return false;
  }
  ends_.assign(ends.begin(), ends.end());
  for (const auto& [dimension, set] : codes) {
    codes_[dimension].assign(set.begin(), set.end());
    places_[dimension] = width_;
    width_ += set.size();
  }
  if (width_ * ends_.size() > kUnknownsMax) return false;
  for (const Table& table : tables_) {
    const auto [first, last] = StretchesOf(table.span);
    if (!Step(codes_[table.dimension].size() * (last - first))) return false;
  }
  for (const Table& table : tables_) AddTable(table);
  AddWholes();
  return true;
}

void PublishedSums::AddTable(const Table& table) {
  const auto [first, last] = StretchesOf(table.span);
  for (const std::string& code : codes_[table.dimension]) {
    std::vector<Unknown> parts;
    for (size_t i = first; i < last; ++i) parts.push_back(UnknownOf(i, table.dimension, code));
    const auto cell = table.cells.find(code);
    Sum sum{std::move(parts), std::nullopt, 0, 0, table.revised};
    if (cell != table.cells.end() && cell->second.low && cell->second.high) {
      sum.low = *cell->second.low;
      sum.high = *cell->second.high;
    } else if (cell != table.cells.end()) {
      // A zero is never hidden, so whoever reads it knows that somebody is there.
      sum.low = 1;
      sum.high = kMany;
      hidden_.push_back({{table.dimension, code}, sum.plus});
    }
    sums_.push_back(std::move(sum));
  }
}

// In each stretch that a table of a dimension covers, its codes make up the figure.
void PublishedSums::AddWholes() {
  std::map<std::pair<size_t, std::string>, bool> covered;  // by revised ones alone
  for (const Table& table : tables_) {
    if (table.dimension.empty()) continue;
    const auto [first, last] = StretchesOf(table.span);
    for (size_t i = first; i < last; ++i) {
      const auto at = covered.emplace(std::pair(i, table.dimension), table.revised).first;
      at->second = at->second && table.revised;
    }
  }
  for (const auto& [place, revised] : covered) {
    const auto& [stretch, dimension] = place;
    Sum whole{{}, UnknownOf(stretch, "", ""), 0, 0, revised};
    for (const std::string& code : codes_[dimension]) {
      whole.plus.push_back(UnknownOf(stretch, dimension, code));
    }
    sums_.push_back(std::move(whole));
  }
}

// False: it would take too long. What is left of the row has a one in front, or is nothing.
bool PublishedSums::Reduce(Row& row) {
  Row rest;
  size_t at = 0;
  while (at < row.size()) {
    const auto known = basis_.find(row[at].first);
    if (known == basis_.end()) {
      rest.push_back(row[at++]);
      continue;
    }
    // Takes away as often the known row as makes this place a zero.
    const uint64_t times = row[at].second;
    const Row& other = known->second;
    Row next;
    size_t i = at, j = 0;
    while (i < row.size() || j < other.size()) {
      const bool mine = j == other.size() || (i < row.size() && row[i].first < other[j].first);
      const bool both = !mine && i < row.size() && row[i].first == other[j].first;
      const Unknown unknown = mine ? row[i].first : other[j].first;
      uint64_t value = mine || both ? row[i].second : 0;
      if (!mine) value = Less(value, Times(times, other[j].second));
      if (value != 0) next.emplace_back(unknown, value);
      i += mine || both ? 1 : 0;
      j += mine ? 0 : 1;
    }
    if (!Step(row.size() - at + other.size())) return false;
    row = std::move(next);
    at = 0;
  }
  row = std::move(rest);
  if (row.empty()) return true;
  const uint64_t inverse = Inverse(row[0].second);
  for (auto& [unknown, value] : row) value = Times(value, inverse);
  return true;
}

bool PublishedSums::Eliminate() {
  for (const Sum& sum : sums_) {
    if (sum.low != sum.high) continue;
    Row row;
    for (const Unknown one : sum.plus) row.emplace_back(one, 1);
    if (sum.minus) row.emplace_back(*sum.minus, kPrime - 1);
    std::sort(row.begin(), row.end());
    if (!Reduce(row)) return false;
    if (row.empty()) continue;
    const Unknown lead = row[0].first;
    basis_.emplace(lead, std::move(row));
  }
  return true;
}

bool PublishedSums::Follows(const std::vector<Unknown>& parts) {
  Row row;
  for (const Unknown one : parts) row.emplace_back(one, 1);
  return Reduce(row) && row.empty();
}

// False: there is no number left for one of them.
bool PublishedSums::Narrow(const Sum& sum, std::vector<Range>& ranges, bool& changed) {
  const auto narrow = [&](Unknown one, int64_t low, int64_t high) {
    Range& range = ranges[one];
    changed = changed || low > range.low || high < range.high;
    range.low = std::max(range.low, low);
    range.high = std::min(range.high, high);
    return range.low <= range.high;
  };
  int64_t least = 0, most = 0;
  for (const Unknown one : sum.plus) {
    least += ranges[one].low;
    most += ranges[one].high;
  }
  if (sum.minus) {
    if (!narrow(*sum.minus, least - sum.high, most - sum.low)) return false;
    least -= ranges[*sum.minus].high;
    most -= ranges[*sum.minus].low;
  }
  for (const Unknown one : sum.plus) {
    const Range known = ranges[one];
    const int64_t low = sum.low - (most - known.high);
    const int64_t high = sum.high - (least - known.low);
    if (!narrow(one, low, high)) return false;
  }
  return true;
}

std::optional<std::vector<PublishedSums::Range>> PublishedSums::Limits() {
  std::vector<Range> ranges(width_ * ends_.size(), Range{0, kMany});
  bool changed = true;
  for (int round = 0; round < kRoundsMax && changed; ++round) {
    changed = false;
    for (const Sum& sum : sums_) {
      if (sum.revised) continue;
      if (!Step(sum.plus.size()) || !Narrow(sum, ranges, changed)) return std::nullopt;
    }
  }
  return ranges;
}

PublishedSums::Found PublishedSums::Find(uint64_t steps_max) {
  steps_max_ = steps_max;
  Found found;
  found.too_much = !Build() || !Eliminate();
  if (!found.too_much) {
    const auto ranges = Limits();
    found.contradicts = !ranges;
    for (const Kept& hidden : hidden_) {
      int64_t low = 0, high = 0;
      for (const Unknown one : hidden.parts) {
        low += ranges ? (*ranges)[one].low : 0;
        high += ranges ? (*ranges)[one].high : kMany;
      }
      if (low != high && !Follows(hidden.parts)) continue;
      found.told = hidden.name;
      break;
    }
  }
  found.steps = steps_;
  found.too_much = found.too_much || steps_ > steps_max_;
  return found;
}

}  // namespace kapea::domain
