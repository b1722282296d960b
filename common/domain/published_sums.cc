#include "common/domain/published_sums.h"

#include <algorithm>
#include <set>

namespace kapea::domain {
namespace {

// More people than there are; far from where sums of it would not fit.
constexpr int64_t kMany = int64_t{1} << 40;
constexpr int kRoundsMax = 64;

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

void PublishedSums::Add(const Span& span, const std::string& dimension,
                        const std::vector<Cell>& cells) {
  tables_.push_back({span, dimension, cells});
}

PublishedSums::Unknown PublishedSums::UnknownOf(size_t stretch, const std::string& dimension,
                                                const std::string& code) {
  return unknowns_.try_emplace({stretch, dimension, code}, unknowns_.size()).first->second;
}

std::vector<PublishedSums::Unknown> PublishedSums::Parts(const Span& span,
                                                         const std::string& dimension,
                                                         const std::string& code) {
  std::vector<Unknown> parts;
  const auto first = std::lower_bound(ends_.begin(), ends_.end(), span.from);
  const auto last = std::lower_bound(ends_.begin(), ends_.end(), span.before);
  for (auto at = first; at != last; ++at) {
    parts.push_back(UnknownOf(static_cast<size_t>(at - ends_.begin()), dimension, code));
  }
  return parts;
}

void PublishedSums::Build() {
  if (built_) return;
  built_ = true;
  std::set<Time> ends;
  std::map<std::string, std::set<std::string>> codes;
  for (const Table& table : tables_) {
    ends.insert(table.span.from);
    ends.insert(table.span.before);
    for (const Cell& cell : table.cells) codes[table.dimension].insert(cell.code);
    codes[table.dimension];
  }
  ends_.assign(ends.begin(), ends.end());
  codes[""] = {""};
  for (const auto& [dimension, set] : codes) codes_[dimension].assign(set.begin(), set.end());
  for (const Table& table : tables_) AddTable(table);
  AddWholes();
}

void PublishedSums::AddTable(const Table& table) {
  for (const std::string& code : codes_[table.dimension]) {
    const std::vector<Unknown> parts = Parts(table.span, table.dimension, code);
    const auto cell = std::find_if(table.cells.begin(), table.cells.end(),
                                   [&code](const Cell& one) { return one.code == code; });
    if (cell == table.cells.end()) {
      sums_.push_back({parts, std::nullopt, 0, 0});
    } else if (cell->low && cell->high) {
      sums_.push_back({parts, std::nullopt, *cell->low, *cell->high});
    } else {
      // A zero is never hidden, so whoever reads it knows that somebody is there.
      sums_.push_back({parts, std::nullopt, 1, kMany});
      hidden_.push_back({{table.span, table.dimension, code}, parts});
    }
  }
}

// In each stretch that a table of a dimension covers, its codes make up the figure.
void PublishedSums::AddWholes() {
  std::set<std::pair<size_t, std::string>> covered;
  for (const Table& table : tables_) {
    if (table.dimension.empty()) continue;
    for (size_t i = 0; i + 1 < ends_.size(); ++i) {
      if (table.span.from <= ends_[i] && ends_[i] < table.span.before) {
        covered.emplace(i, table.dimension);
      }
    }
  }
  for (const auto& [stretch, dimension] : covered) {
    Sum whole{{}, UnknownOf(stretch, "", ""), 0, 0};
    for (const std::string& code : codes_[dimension]) {
      whole.plus.push_back(UnknownOf(stretch, dimension, code));
    }
    sums_.push_back(std::move(whole));
  }
}

uint64_t PublishedSums::Effort() {
  Build();
  const uint64_t unknowns = unknowns_.size();
  return unknowns * unknowns * (sums_.size() + hidden_.size());
}

// True: something is left of it, with a one in front.
bool PublishedSums::Reduce(Row& row) const {
  for (const auto& [lead, other] : basis_) {
    const uint64_t times = row[lead];
    if (times == 0) continue;
    for (size_t i = lead; i < row.size(); ++i) row[i] = Less(row[i], Times(times, other[i]));
  }
  const auto lead = std::find_if(row.begin(), row.end(), [](uint64_t one) { return one != 0; });
  if (lead == row.end()) return false;
  const uint64_t inverse = Inverse(*lead);
  for (auto at = lead; at != row.end(); ++at) *at = Times(*at, inverse);
  return true;
}

void PublishedSums::Eliminate() {
  for (const Sum& sum : sums_) {
    if (sum.low != sum.high) continue;
    Row row(unknowns_.size());
    for (const Unknown one : sum.plus) row[one] = 1;
    if (sum.minus) row[*sum.minus] = kPrime - 1;
    if (!Reduce(row)) continue;
    const auto lead = std::find_if(row.begin(), row.end(), [](uint64_t one) { return one != 0; });
    const auto at = static_cast<size_t>(lead - row.begin());
    const auto place = std::find_if(basis_.begin(), basis_.end(),
                                    [at](const auto& other) { return other.first > at; });
    basis_.insert(place, {at, std::move(row)});
  }
}

bool PublishedSums::Follows(const std::vector<Unknown>& parts) const {
  Row row(unknowns_.size());
  for (const Unknown one : parts) row[one] = 1;
  return !Reduce(row);
}

std::optional<std::vector<PublishedSums::Range>> PublishedSums::Limits() const {
  std::vector<Range> ranges(unknowns_.size(), Range{0, kMany});
  bool changed = true;
  const auto narrow = [&](Unknown one, int64_t low, int64_t high) {
    Range& range = ranges[one];
    changed = changed || low > range.low || high < range.high;
    range.low = std::max(range.low, low);
    range.high = std::min(range.high, high);
    return range.low <= range.high;
  };
  for (int round = 0; round < kRoundsMax && changed; ++round) {
    changed = false;
    for (const Sum& sum : sums_) {
      int64_t least = 0, most = 0;
      for (const Unknown one : sum.plus) {
        least += ranges[one].low;
        most += ranges[one].high;
      }
      if (sum.minus) {
        if (!narrow(*sum.minus, least - sum.high, most - sum.low)) return std::nullopt;
        least -= ranges[*sum.minus].high;
        most -= ranges[*sum.minus].low;
      }
      for (const Unknown one : sum.plus) {
        const Range known = ranges[one];
        const int64_t low = sum.low - (most - known.high);
        const int64_t high = sum.high - (least - known.low);
        if (!narrow(one, low, high)) return std::nullopt;
      }
    }
  }
  return ranges;
}

std::optional<PublishedSums::Hidden> PublishedSums::FindTold() {
  Build();
  if (hidden_.empty()) return std::nullopt;
  Eliminate();
  const auto ranges = Limits();
  for (const auto& [hidden, parts] : hidden_) {
    int64_t low = 0, high = 0;
    for (const Unknown one : parts) {
      low += ranges ? (*ranges)[one].low : 0;
      high += ranges ? (*ranges)[one].high : kMany;
    }
    if (low == high || Follows(parts)) return hidden;
  }
  return std::nullopt;
}

}  // namespace kapea::domain
