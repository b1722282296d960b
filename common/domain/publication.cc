#include "common/domain/publication.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/domain/form.h"
#include "common/domain/published_sums.h"

namespace kapea::domain {
namespace {

using Span = PublishedSums::Span;

constexpr uint64_t kStepsMax = 20'000'000;  // of all measures: some tenths of a second

Span SpanOf(const Publication& what, const Measure& measure) {
  // How things stand, they stand at one moment.
  if (measure.stock) return {what.as_of, what.as_of + Duration::Milliseconds(1)};
  return {what.from, what.before};
}

bool Meets(const Span& a, const Span& b) { return a.from < b.before && b.from < a.before; }
bool Holds(const Span& a, const Span& b) { return a.from <= b.from && b.before <= a.before; }

const PublishedCell* FindCell(const PublishedTable& table, const std::string& code) {
  const auto cell = std::find_if(table.cells.begin(), table.cells.end(),
                                 [&code](const PublishedCell& one) { return one.code == code; });
  return cell == table.cells.end() ? nullptr : &*cell;
}

// As whoever reads it knows it: rounded it could have been several numbers.
PublishedSums::Cell Known(const PublishedCell& cell, uint32_t rounded_to) {
  PublishedSums::Cell known{cell.code, cell.value, cell.value};
  if (!cell.value || rounded_to < 2) return known;
  known.low = std::max<int64_t>(0, *cell.value - rounded_to / 2);
  known.high = *cell.value + (rounded_to + 1) / 2 - 1;
  return known;
}

class Objecting {
 public:
  Objecting(const std::vector<PublicationAt>& before, const Publication& what, const Pack& pack)
      : before_(before), what_(what), pack_(pack) {}

  std::optional<Objection> Find() {
    for (const PublishedTable& table : what_.tables) {
      if (!IsKnown(table)) return Because(Objection::Why::kMeasure, table, "");
      if (auto found = OfSmall(table)) return found;
    }
    if (auto found = OfPeriods()) return found;
    for (const PublishedTable& table : what_.tables) {
      if (auto found = OfShown(table)) return found;
    }
    return OfSums();
  }

 private:
  static Objection Because(Objection::Why why, const PublishedTable& table, std::string code) {
    return {why, std::nullopt, table.measure, table.dimension, std::move(code)};
  }
  static Objection Because(Objection::Why why, std::optional<size_t> earlier) {
    return {why, earlier, "", "", ""};
  }

  bool IsKnown(const PublishedTable& table) const {
    const Measure* measure = pack_.FindMeasure(table.measure);
    if (measure == nullptr) return false;
    return table.dimension.empty() ||
           std::find(measure->by.begin(), measure->by.end(), table.dimension) != measure->by.end();
  }

  bool IsCount(const std::string& measure) const {
    return pack_.FindMeasure(measure)->answer == MeasureAnswer::kCount;
  }

  // "values" and "p90" stand beside the figure itself, and are no counts of people.
  static bool IsFigure(const PublishedTable& table, const PublishedCell& cell) {
    return !table.dimension.empty() || cell.code.empty();
  }

  std::optional<Objection> OfSmall(const PublishedTable& table) const {
    if (!IsCount(table.measure)) return std::nullopt;
    for (const PublishedCell& cell : table.cells) {
      if (!IsFigure(table, cell) || !cell.value) continue;
      const bool small = *cell.value < 0 || (*cell.value > 0 && *cell.value < what_.hidden_below);
      if (small) return Because(Objection::Why::kSmall, table, cell.code);
    }
    return std::nullopt;
  }

  // Those that are in force and not replaced by this one.
  bool Stands(const PublicationAt& other) const {
    return !other.revised_by && other.self.change != what_.revises;
  }

  std::optional<Objection> OfPeriods() const {
    const Span mine{what_.from, what_.before};
    bool revised = false;
    for (size_t i = 0; i < before_.size(); ++i) {
      const Publication& other = before_[i].what;
      if (other.report != what_.report || !(other.scope == what_.scope)) continue;
      const Span its{other.from, other.before};
      if (what_.revises == before_[i].self.change) {
        if (before_[i].revised_by) return Because(Objection::Why::kRevision, i);
        revised = true;
      }
      if (!Stands(before_[i])) continue;
      if (its == mine) return Because(Objection::Why::kSamePeriod, i);
      if (Meets(its, mine) && !Holds(its, mine) && !Holds(mine, its)) {
        return Because(Objection::Why::kOverlaps, i);
      }
    }
    if (what_.revises && !revised) return Because(Objection::Why::kRevision, std::nullopt);
    return std::nullopt;
  }

  // What was hidden stays hidden, also where a revision would count enough to show it: the two
  // together say how many came to it.
  std::optional<Objection> OfShown(const PublishedTable& table) const {
    const Measure& measure = *pack_.FindMeasure(table.measure);
    for (size_t i = 0; i < before_.size(); ++i) {
      const Publication& other = before_[i].what;
      if (!(other.scope == what_.scope) || SpanOf(other, measure) != SpanOf(what_, measure)) {
        continue;
      }
      for (const PublishedTable& its : other.tables) {
        if (its.measure != table.measure || its.dimension != table.dimension) continue;
        for (const PublishedCell& cell : its.cells) {
          if (cell.value) continue;
          const PublishedCell* mine = FindCell(table, cell.code);
          if (mine != nullptr && !mine->value) continue;
          Objection found = Because(Objection::Why::kShows, table, cell.code);
          found.earlier = i;
          return found;
        }
      }
    }
    return std::nullopt;
  }

  std::optional<Objection> OfSums() const {
    std::set<std::string> measures;
    uint64_t steps = 0;
    for (const PublishedTable& table : what_.tables) {
      if (!IsCount(table.measure) || !measures.insert(table.measure).second) continue;
      const Measure& measure = *pack_.FindMeasure(table.measure);
      // By itself, which is of one moment, and with all that it hangs together with.
      for (const bool alone : {true, false}) {
        PublishedSums sums = alone ? SumsOfThis(measure) : SumsOf(measure);
        const PublishedSums::Found found = sums.Find(kStepsMax - steps);
        steps += found.steps;
        if (found.too_much) return Because(Objection::Why::kTooMuch, table, "");
        if (alone && found.contradicts) return Because(Objection::Why::kContradicts, table, "");
        if (!found.told) continue;
        return Objection{Objection::Why::kTells, std::nullopt, measure.id, found.told->dimension,
                         found.told->code};
      }
    }
    return std::nullopt;
  }

  PublishedSums SumsOfThis(const Measure& measure) const {
    PublishedSums sums;
    AddTo(sums, what_, false, measure);
    return sums;
  }

  // Of all whose periods hang together with this one's.
  PublishedSums SumsOf(const Measure& measure) const {
    struct Other {
      const Publication* what;
      bool stands;
    };
    std::vector<Other> others;
    for (const PublicationAt& other : before_) {
      if (other.what.scope == what_.scope && Has(other.what, measure)) {
        others.push_back({&other.what, Stands(other)});
      }
    }
    std::vector<Other> together{{&what_, true}};
    for (size_t i = 0; i < together.size(); ++i) {
      const Span span = SpanOf(*together[i].what, measure);
      const auto rest = std::stable_partition(
          others.begin(), others.end(),
          [&](const Other& other) { return !Meets(SpanOf(*other.what, measure), span); });
      together.insert(together.end(), rest, others.end());
      others.erase(rest, others.end());
    }
    PublishedSums sums;
    for (const Other& one : together) {
      AddTo(sums, *one.what, !one.stands, measure);
    }
    return sums;
  }

  static bool Has(const Publication& what, const Measure& measure) {
    return std::any_of(what.tables.begin(), what.tables.end(),
                       [&](const auto& table) { return table.measure == measure.id; });
  }

  static void AddTo(PublishedSums& sums, const Publication& what, bool revised,
                    const Measure& measure) {
    for (const PublishedTable& table : what.tables) {
      if (table.measure != measure.id) continue;
      std::vector<PublishedSums::Cell> cells;
      for (const PublishedCell& cell : table.cells) {
        if (IsFigure(table, cell)) cells.push_back(Known(cell, what.rounded_to));
      }
      sums.Add(SpanOf(what, measure), revised, table.dimension, std::move(cells));
    }
  }

  const std::vector<PublicationAt>& before_;
  const Publication& what_;
  const Pack& pack_;
};

}  // namespace

std::string_view NameOf(Objection::Why why) {
  switch (why) {
    case Objection::Why::kMeasure:
      return "measure";
    case Objection::Why::kSamePeriod:
      return "same_period";
    case Objection::Why::kOverlaps:
      return "overlaps";
    case Objection::Why::kRevision:
      return "revision";
    case Objection::Why::kShows:
      return "shows";
    case Objection::Why::kTells:
      return "tells";
    case Objection::Why::kTooMuch:
      return "too_much";
    case Objection::Why::kSmall:
      return "small";
    case Objection::Why::kContradicts:
      return "contradicts";
  }
  return "";
}

std::optional<Objection> ObjectionTo(const std::vector<PublicationAt>& before,
                                     const Publication& what, const Pack& pack) {
  return Objecting(before, what, pack).Find();
}

}  // namespace kapea::domain
