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
    kMeasure = 1,      // a measure or dimension that the pack does not have
    kSamePeriod = 2,   // the report was published for it: it takes a revision of that
    kOverlaps = 3,     // the period reaches into a published one, and neither holds the other
    kRevision = 4,     // it revises no newest publication of that report and scope
    kShows = 5,        // a figure that an earlier one hides, for the same files and period
    kTells = 6,        // a hidden figure would follow from what is shown, now and earlier
    kTooMuch = 7,      // to be checked
    kSmall = 8,        // a count that it says it hides, or one below zero
    kContradicts = 9,  // its own figures contradict each other
  };
  Why why = Why::kMeasure;
  std::optional<size_t> earlier;         // of `before`: which one
  std::string measure, dimension, code;  // the figure
};
std::string_view NameOf(Objection::Why why);  // "same_period", "tells"

// A revision may be of another period: so a wrong one is put right.
// Of kTells: everything that was published of the same files and measure, for periods that hang
// together with this one, is put into one system of sums: the parts of a period make up the whole,
// the codes of a dimension make up the figure. What is hidden must not follow from it by
// elimination (with those that were revised, which people still have), nor by what each number can
// be at most and at least, counts being never negative, hidden ones never zero (of this one, and of
// the newest together unless they contradict each other, for late records came in between). Of
// counts alone: shares, sums and medians are not worked with. Files of different scopes
// are not set off against each other, for they overlap. Absent: nothing stands against it. Pure;
// a bounded number of steps. Threads: any.
std::optional<Objection> ObjectionTo(const std::vector<PublicationAt>& before,
                                     const Publication& what, const Pack& pack);

}  // namespace kapea::domain
