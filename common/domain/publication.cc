#include "common/domain/publication.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/domain/form.h"
#include "common/domain/published_sums.h"

namespace kapea::domain {
namespace {

using Span = PublishedSums::Span;

constexpr uint64_t kEffortMax = 300'000'000;  // about a second

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
      if (IsKnown(table)) continue;
      return Because(Objection::Why::kMeasure, table, "");
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
        if (before_[i].revised_by || its != mine) return Because(Objection::Why::kRevision, i);
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
    uint64_t effort = 0;
    for (const PublishedTable& table : what_.tables) {
      const Measure& measure = *pack_.FindMeasure(table.measure);
      if (measure.answer != MeasureAnswer::kCount || !measures.insert(measure.id).second) continue;
      PublishedSums sums = SumsOf(measure);
      effort += sums.Effort();
      if (effort > kEffortMax) return Because(Objection::Why::kTooMuch, table, "");
      const auto told = sums.FindTold();
      if (!told) continue;
      return Objection{Objection::Why::kTells, std::nullopt, measure.id, told->dimension,
                       told->code};
    }
    return std::nullopt;
  }

  // Of all whose periods hang together with this one's.
  PublishedSums SumsOf(const Measure& measure) const {
    std::vector<const Publication*> others;
    for (const PublicationAt& other : before_) {
      if (Stands(other) && other.what.scope == what_.scope && Has(other.what, measure)) {
        others.push_back(&other.what);
      }
    }
    std::vector<const Publication*> together{&what_};
    for (size_t i = 0; i < together.size(); ++i) {
      const Span span = SpanOf(*together[i], measure);
      const auto rest = std::stable_partition(
          others.begin(), others.end(),
          [&](const Publication* other) { return !Meets(SpanOf(*other, measure), span); });
      together.insert(together.end(), rest, others.end());
      others.erase(rest, others.end());
    }
    PublishedSums sums;
    for (const Publication* one : together) AddTo(sums, *one, measure);
    return sums;
  }

  static bool Has(const Publication& what, const Measure& measure) {
    return std::any_of(what.tables.begin(), what.tables.end(),
                       [&](const auto& table) { return table.measure == measure.id; });
  }

  static void AddTo(PublishedSums& sums, const Publication& what, const Measure& measure) {
    for (const PublishedTable& table : what.tables) {
      if (table.measure != measure.id) continue;
      std::vector<PublishedSums::Cell> cells;
      for (const PublishedCell& cell : table.cells) {
        // "values" and "p90" stand beside the figure itself.
        if (table.dimension.empty() && !cell.code.empty()) continue;
        cells.push_back(Known(cell, what.rounded_to));
      }
      sums.Add(SpanOf(what, measure), table.dimension, cells);
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
  }
  return "";
}

std::optional<Objection> ObjectionTo(const std::vector<PublicationAt>& before,
                                     const Publication& what, const Pack& pack) {
  return Objecting(before, what, pack).Find();
}

}  // namespace kapea::domain
