// Publications: figures that left the house, frozen as they left. A later one may not
// contradict them, and may not tell what they hide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/domain/change.h"

namespace kapea::domain {

struct Pack;

struct PublicationAt {
  Publication what;
  Ref self;
  PersonId by;
  UnitId unit;  // that she acted for
  Role role = Role::kNone;
  EventTime time;
  std::optional<Ref> revised_by;  // another took its place
};

// Why a publication cannot stand beside those before it.
struct Objection {
  enum class Why : uint8_t {
    kMeasure = 1,     // a measure or dimension that the pack does not have
    kSamePeriod = 2,  // the report was published for it: it takes a revision of that
    kOverlaps = 3,    // the period reaches into a published one, and neither holds the other
    kRevision = 4,    // it revises no newest publication of that report, scope and period
    kShows = 5,       // a figure that an earlier one hides, for the same files and period
    kTells = 6,       // a hidden figure would follow from what is shown, now and earlier
    kTooMuch = 7,     // to be checked
  };
  Why why = Why::kMeasure;
  std::optional<size_t> earlier;         // of `before`: which one
  std::string measure, dimension, code;  // the figure
};
std::string_view NameOf(Objection::Why why);  // "same_period", "tells"

// Of kTells: everything that was published of the same files and measure, for periods that hang
// together with this one, is put into one system of sums: the parts of a period make up the whole,
// the codes of a dimension make up the figure. What is hidden must not follow from it by
// elimination, nor by what each number can be at most and at least, counts being never negative,
// hidden ones never zero. Of counts alone: shares, sums and medians are not worked with. Whoever
// counted differs between two moments is taken not to have (late records would only blur it).
// Files of different scopes are not set off against each other, for they overlap. Absent: nothing
// stands against it. Pure. Threads: any.
std::optional<Objection> ObjectionTo(const std::vector<PublicationAt>& before,
                                     const Publication& what, const Pack& pack);

}  // namespace kapea::domain
