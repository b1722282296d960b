// Disclosure control, attacked: every table of a small size is published, and whoever knows
// all that is shown tries to work out what is hidden.
#include "common/standards/suppress.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kapea::standards {
namespace {

using Counts = std::vector<std::vector<uint64_t>>;

std::string Show(const SuppressedTable& table) {
  const auto cell = [](const SuppressedTable::Cell& value) {
    return (value ? std::to_string(*value) : "*") + " ";
  };
  std::string text;
  for (size_t i = 0; i < table.cells.size(); ++i) {
    for (const auto& value : table.cells[i]) text += cell(value);
    text += "| " + cell(table.row_totals[i]) + "\n";
  }
  for (const auto& value : table.column_totals) text += cell(value);
  return text + "| " + cell(table.total);
}

// Tries every table in which hidden counts differ by at most kReach from the true ones. All
// that fit what is published could be the true one for the attacker.
class Attack {
 public:
  static constexpr int kReach = 2;

  Attack(const Counts& truth, const SuppressedTable& shown) : truth_(truth), shown_(shown) {
    for (size_t i = 0; i < truth.size(); ++i) {
      for (size_t j = 0; j < truth[i].size(); ++j) {
        if (!shown.cells[i][j]) free_.push_back({i, j});
      }
    }
    guess_ = truth;
  }
  // Hidden counts, margins too, that can be only one number.
  std::vector<std::string> KnownAnyway() {
    Try(0);
    std::vector<std::string> known;
    for (size_t i = 0; i < truth_.size(); ++i) {
      for (size_t j = 0; j < truth_[i].size(); ++j) Note(shown_.cells[i][j], {i, j}, known);
      Note(shown_.row_totals[i], {i, kMargin}, known);
    }
    for (size_t j = 0; j < truth_[0].size(); ++j)
      Note(shown_.column_totals[j], {kMargin, j}, known);
    Note(shown_.total, {kMargin, kMargin}, known);
    return known;
  }

 private:
  using Place = std::pair<size_t, size_t>;
  static constexpr size_t kMargin = 1000;

  void Note(const SuppressedTable::Cell& cell, const Place& at, std::vector<std::string>& known) {
    if (cell || possible_[at].size() >= 2) return;
    known.push_back(std::to_string(at.first) + "," + std::to_string(at.second));
  }
  void Try(size_t next) {
    if (next == free_.size()) return Keep();
    const auto [i, j] = free_[next];
    for (int by = -kReach; by <= kReach; ++by) {
      if (by < 0 && truth_[i][j] < static_cast<uint64_t>(-by)) continue;
      guess_[i][j] = truth_[i][j] + static_cast<uint64_t>(by);
      Try(next + 1);
    }
    guess_[i][j] = truth_[i][j];
  }
  void Keep() {
    std::vector<uint64_t> rows(guess_.size()), columns(guess_[0].size());
    uint64_t total = 0;
    for (size_t i = 0; i < guess_.size(); ++i) {
      for (size_t j = 0; j < guess_[i].size(); ++j) {
        rows[i] += guess_[i][j];
        columns[j] += guess_[i][j];
        total += guess_[i][j];
      }
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      if (shown_.row_totals[i] && *shown_.row_totals[i] != rows[i]) return;
    }
    for (size_t j = 0; j < columns.size(); ++j) {
      if (shown_.column_totals[j] && *shown_.column_totals[j] != columns[j]) return;
    }
    if (shown_.total && *shown_.total != total) return;
    for (const auto& [i, j] : free_) possible_[{i, j}].insert(guess_[i][j]);
    for (size_t i = 0; i < rows.size(); ++i) possible_[{i, kMargin}].insert(rows[i]);
    for (size_t j = 0; j < columns.size(); ++j) possible_[{kMargin, j}].insert(columns[j]);
    possible_[{kMargin, kMargin}].insert(total);
  }

  const Counts& truth_;
  const SuppressedTable& shown_;
  std::vector<Place> free_;
  Counts guess_;
  std::map<Place, std::set<uint64_t>> possible_;
};

void ExpectSafe(const Counts& counts, uint64_t k, const HiddenCells& also = {}) {
  const auto table = Suppress(counts, k, also);
  ASSERT_TRUE(table.ok()) << table.status();
  for (size_t i = 0; i < counts.size(); ++i) {
    for (size_t j = 0; j < counts[i].size(); ++j) {
      const auto& shown = table->cells[i][j];
      if (shown) {
        ASSERT_EQ(*shown, counts[i][j]);
        ASSERT_TRUE(*shown == 0 || *shown >= k) << Show(*table);
      }
    }
  }
  Attack attack(counts, *table);
  const auto known = attack.KnownAnyway();
  ASSERT_TRUE(known.empty()) << known[0] << " can be worked out of\n" << Show(*table);
}

// Every table of that size with counts up to `most`.
void ExpectAllSafe(size_t rows, size_t columns, uint64_t most, uint64_t k) {
  size_t all = 1;
  for (size_t i = 0; i < rows * columns; ++i) all *= most + 1;
  for (size_t number = 0; number < all; ++number) {
    Counts counts(rows, std::vector<uint64_t>(columns));
    size_t rest = number;
    for (auto& row : counts) {
      for (uint64_t& count : row) {
        count = rest % (most + 1);
        rest /= most + 1;
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSafe(counts, k));
  }
}

TEST(SuppressTest, NoHiddenCountOfAnySmallTableCanBeWorkedOut) {
  ExpectAllSafe(1, 1, 6, 3);
  ExpectAllSafe(1, 3, 4, 3);
  ExpectAllSafe(3, 1, 4, 3);
  ExpectAllSafe(2, 2, 5, 3);
  ExpectAllSafe(2, 2, 5, 4);
  ExpectAllSafe(2, 3, 3, 2);
  ExpectAllSafe(2, 3, 3, 3);
}

TEST(SuppressTest, NorOfLargerOnes) {
  std::mt19937_64 random(20261127);
  for (int round = 0; round < 300; ++round) {
    Counts counts(3, std::vector<uint64_t>(3));
    for (auto& row : counts) {
      // Mostly zeros and large ones, so that few counts are hidden and the attack ends.
      for (uint64_t& count : row) count = random() % 4 == 0 ? random() % 11 : random() % 2 * 50;
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSafe(counts, 11));
  }
}

TEST(SuppressTest, NorWhatIsHiddenForAnotherReason) {
  std::mt19937_64 random(20261128);
  for (size_t round = 0; round < 300; ++round) {
    Counts counts(3, std::vector<uint64_t>(round % 2 + 1));
    HiddenCells also;
    for (size_t i = 0; i < counts.size(); ++i) {
      for (size_t j = 0; j < counts[i].size(); ++j) {
        counts[i][j] = random() % 3 * 20;
        if (counts[i][j] > 0 && random() % 3 == 0) also.emplace_back(i, j);
      }
    }
    ASSERT_NO_FATAL_FAILURE(ExpectSafe(counts, 11, also));
    const auto table = Suppress(counts, 11, also);
    for (const auto& [i, j] : also) EXPECT_FALSE(table->cells[i][j].has_value());
  }
  // A zero that is hidden is taken for somebody, so it needs as much beside it.
  const auto zero = Suppress({{40}, {0}, {20}}, 11, {{1, 0}});
  ASSERT_TRUE(zero.ok());
  EXPECT_EQ(zero->cells[0][0], 40u) << Show(*zero);
  EXPECT_FALSE(zero->cells[1][0].has_value());
  EXPECT_FALSE(zero->cells[2][0].has_value());
  EXPECT_FALSE(Suppress({{40}, {0}}, 11, {{2, 0}}).ok());
  EXPECT_FALSE(Suppress({{40}, {0}}, 11, {{0, 1}}).ok());
}

TEST(SuppressTest, HidesAsLittleAsItTakes) {
  const auto table = Suppress({{3, 40, 50}, {60, 70, 80}, {90, 20, 30}}, 11);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->primary, 1u);
  EXPECT_EQ(table->secondary, 3u) << Show(*table);
  EXPECT_EQ(table->total, 443u) << "margins stay where they can";
  for (const auto& total : table->row_totals) EXPECT_TRUE(total.has_value());
  const auto nothing = Suppress({{11, 0}, {0, 12}}, 11);
  EXPECT_EQ(nothing->primary + nothing->secondary, 0u);
  const auto one_row = Suppress({{5, 30, 40}}, 11);
  EXPECT_FALSE(one_row->cells[0][0].has_value());
  EXPECT_GE(one_row->secondary, 1u);
}

TEST(SuppressTest, RefusesWhatIsNoTable) {
  EXPECT_FALSE(Suppress({}, 11).ok());
  EXPECT_FALSE(Suppress({{}}, 11).ok());
  EXPECT_FALSE(Suppress({{1, 2}, {3}}, 11).ok());
  EXPECT_FALSE(Suppress({{1}}, 0).ok());
  EXPECT_FALSE(Suppress({{~uint64_t{0}, 1}}, 11).ok());
}

TEST(SuppressTest, RoundsToTheNearest) {
  EXPECT_EQ(Rounded(12, 5), 10u);
  EXPECT_EQ(Rounded(13, 5), 15u);
  EXPECT_EQ(Rounded(5, 10), 10u);
  EXPECT_EQ(Rounded(7, 0), 7u);
  EXPECT_EQ(Rounded(7, 1), 7u);
}

}  // namespace
}  // namespace kapea::standards
