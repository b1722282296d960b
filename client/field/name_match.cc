#include "client/field/name_match.h"

#include <algorithm>
#include <array>
#include <optional>

namespace kapea::field {
namespace {

using text::SearchWord;

// Shorter beginnings fit too much.
constexpr size_t kPrefixLettersMin = 2;
// A word of three letters with one of them changed is another name.
constexpr size_t kCloseLettersMin = 4;
constexpr size_t kCloseKhmerLettersMin = 3;
constexpr size_t kCloseSoundsMin = 4;
constexpr size_t kSoundsMin = 2;
// Consonants alone are little to go by: of all words together.
constexpr size_t kBonesMin = 3;
// Ways that are tried before the best so far counts: names of many equal words have
// very many.
constexpr size_t kStepsMax = 2000;

// How a word of the query fits one of the name: the better the smaller.
enum Grade : uint8_t { kSame, kBegins, kAlike, kBare, kNear, kAcross, kNot };

bool IsNear(const SearchWord& a, const SearchWord& b) {
  const size_t least = a.khmer ? kCloseKhmerLettersMin : kCloseLettersMin;
  if (std::min(a.letters, b.letters) >= least && text::WithinOneEdit(a.text, b.text)) return true;
  return std::min(a.sound.size(), b.sound.size()) >= kCloseSoundsMin &&
         text::WithinOneEdit(a.sound, b.sound);
}

// `by_bones`: whether the query has consonants enough to go by them alone.
Grade GradeOf(const SearchWord& asked, const SearchWord& has, bool by_bones) {
  const bool same_bones = by_bones && !asked.bones.empty() && asked.bones == has.bones;
  if (asked.khmer != has.khmer) return same_bones ? kAcross : kNot;
  if (has.text == asked.text) return kSame;
  if (asked.letters >= kPrefixLettersMin && has.text.starts_with(asked.text)) return kBegins;
  if (asked.sound.size() >= kSoundsMin && asked.sound == has.sound) return kAlike;
  if (asked.khmer && same_bones) return kBare;
  return IsNear(asked, has) ? kNear : kNot;
}

size_t BonesIn(const std::vector<SearchWord>& query) {
  size_t bones = 0;
  for (const SearchWord& word : query) bones += word.bones.size();
  return bones;
}

// One word of the name for each of the query, by their places; the cheapest of all ways.
// Few words fit at all, so that trying every way is short; where many do, the best so far
// counts.
class Pairing {
 public:
  Pairing(const std::vector<SearchWord>& query, const std::vector<NamedWord>& name)
      : query_(query), name_(name) {}

  // False where a word of the query has none.
  bool Find() {
    const bool by_bones = BonesIn(query_) >= kBonesMin;
    grades_.resize(query_.size() * name_.size());
    for (size_t q = 0; q < query_.size(); ++q) {
      bool any = false;
      for (size_t n = 0; n < name_.size(); ++n) {
        const Grade grade = GradeOf(query_[q], name_[n].word, by_bones);
        grades_[q * name_.size() + n] = grade;
        any = any || grade != kNot;
      }
      if (!any) return false;
    }
    LeastOfTheRest();
    taken_.resize(name_.size());
    places_.resize(query_.size());
    Place(0, 0);
    return best_.has_value();
  }
  const std::vector<size_t>& places() const { return best_places_; }
  uint32_t cost() const { return *best_; }
  Grade WorstGrade() const {
    Grade worst = kSame;
    for (size_t q = 0; q < query_.size(); ++q) worst = std::max(worst, At(q, best_places_[q]));
    return worst;
  }

 private:
  static constexpr std::array<uint32_t, 6> kCosts{0, 1, 10, 100, 1000, 10'000};

  Grade At(size_t q, size_t n) const { return grades_[q * name_.size() + n]; }
  // What the words from each one on cost at least.
  void LeastOfTheRest() {
    least_.assign(query_.size() + 1, 0);
    for (size_t q = query_.size(); q-- > 0;) {
      Grade best = kAcross;
      for (size_t n = 0; n < name_.size(); ++n) best = std::min(best, At(q, n));
      least_[q] = least_[q + 1] + kCosts[best];
    }
  }
  void Place(size_t q, uint32_t cost) {
    if (best_ && cost + least_[q] >= *best_) return;
    if (steps_++ >= kStepsMax) return;
    if (q == query_.size()) {
      best_ = cost;
      best_places_ = places_;
      return;
    }
    for (size_t n = 0; n < name_.size(); ++n) {
      if (taken_[n] || At(q, n) == kNot) continue;
      taken_[n] = true;
      places_[q] = n;
      Place(q + 1, cost + kCosts[At(q, n)]);
      taken_[n] = false;
    }
  }

  const std::vector<SearchWord>& query_;
  const std::vector<NamedWord>& name_;
  std::vector<Grade> grades_;
  std::vector<uint32_t> least_;
  size_t steps_ = 0;
  std::vector<bool> taken_;
  std::vector<size_t> places_, best_places_;
  std::optional<uint32_t> best_;
};

std::vector<size_t> FieldsOf(const std::vector<NamedWord>& name,
                             const std::vector<size_t>& places) {
  std::vector<size_t> fields;
  for (const size_t place : places) fields.push_back(name[place].field);
  std::sort(fields.begin(), fields.end());
  fields.erase(std::unique(fields.begin(), fields.end()), fields.end());
  return fields;
}

// Whether nothing else stands in the fields of these words.
bool FillsItsFields(const std::vector<NamedWord>& name, const std::vector<size_t>& places,
                    const std::vector<size_t>& fields) {
  const auto in_fields = std::count_if(name.begin(), name.end(), [&](const NamedWord& word) {
    return std::binary_search(fields.begin(), fields.end(), word.field);
  });
  return static_cast<size_t>(in_fields) == places.size();
}

// Whether they follow each other from the first word of a field on.
bool BeginsAField(const std::vector<NamedWord>& name, const std::vector<size_t>& places) {
  const size_t first = places.front();
  if (first > 0 && name[first - 1].field == name[first].field) return false;
  for (size_t i = 1; i < places.size(); ++i) {
    if (places[i] != places[i - 1] + 1) return false;
  }
  return true;
}

NameMatch MatchOf(const std::vector<NamedWord>& name, const std::vector<size_t>& places,
                  const std::vector<size_t>& fields, Grade worst) {
  switch (worst) {
    case kSame:
      if (!std::is_sorted(places.begin(), places.end())) return NameMatch::kWords;
      if (FillsItsFields(name, places, fields)) return NameMatch::kExact;
      return BeginsAField(name, places) ? NameMatch::kPrefix : NameMatch::kWords;
    case kBegins:
      return NameMatch::kPrefix;
    case kAlike:
      return NameMatch::kSound;
    case kBare:
      return NameMatch::kSkeleton;
    case kNear:
      return NameMatch::kClose;
    case kAcross:
      return NameMatch::kOtherScript;
    case kNot:
      break;
  }
  return NameMatch::kNone;
}

Fit FitWords(const std::vector<SearchWord>& query, const std::vector<NamedWord>& name) {
  if (query.size() > name.size()) return {};
  Pairing pairing(query, name);
  if (!pairing.Find()) return {};
  Fit fit;
  fit.fields = FieldsOf(name, pairing.places());
  fit.cost = pairing.cost() + static_cast<uint32_t>(name.size() - query.size());
  const Grade worst = pairing.WorstGrade();
  fit.match = MatchOf(name, pairing.places(), fit.fields, worst);
  return fit;
}

// Whether `rest` is made of whole words of the name, each used once; those go to `places`.
bool Covers(std::string_view rest, const std::vector<NamedWord>& name, std::string SearchWord::*key,
            std::vector<size_t>& places, size_t& steps) {
  if (rest.empty()) return true;
  if (steps++ >= kStepsMax) return false;
  for (size_t n = 0; n < name.size(); ++n) {
    const std::string& word = name[n].word.*key;
    if (word.empty() || !rest.starts_with(word)) continue;
    if (std::find(places.begin(), places.end(), n) != places.end()) continue;
    places.push_back(n);
    if (Covers(rest.substr(word.size()), name, key, places, steps)) return true;
    places.pop_back();
  }
  return false;
}

// The query without spaces, which people set differently, as whole words of the name.
Fit FitJoined(const std::string& joined, std::string SearchWord::*key, NameMatch otherwise,
              const std::vector<NamedWord>& name) {
  std::vector<size_t> places;
  size_t steps = 0;
  if (joined.empty() || !Covers(joined, name, key, places, steps)) return {};
  Fit fit;
  fit.fields = FieldsOf(name, places);
  fit.cost = static_cast<uint32_t>(name.size());
  const bool exact = key == &SearchWord::text && std::is_sorted(places.begin(), places.end()) &&
                     FillsItsFields(name, places, fit.fields);
  fit.match = exact ? NameMatch::kExact : otherwise;
  return fit;
}

bool IsBetter(const Fit& a, const Fit& b) {
  return a.match != b.match ? a.match < b.match : a.cost < b.cost;
}

}  // namespace

std::string_view NameOf(NameMatch match) {
  switch (match) {
    case NameMatch::kExact:
      return "exact";
    case NameMatch::kPrefix:
      return "prefix";
    case NameMatch::kWords:
      return "words";
    case NameMatch::kSound:
      return "sound";
    case NameMatch::kSkeleton:
      return "skeleton";
    case NameMatch::kClose:
      return "close";
    case NameMatch::kOtherScript:
      return "other_script";
    case NameMatch::kNone:
      break;
  }
  return "";
}

Fit FitName(const std::vector<text::SearchWord>& query, const std::vector<NamedWord>& name) {
  Fit best = FitWords(query, name);
  if (best.match <= NameMatch::kWords) return best;
  std::string text;
  std::string sound;
  bool all_heard = true;
  for (const SearchWord& word : query) {
    text += word.text;
    sound += word.sound;
    all_heard = all_heard && !word.sound.empty();
  }
  const Fit whole = FitJoined(text, &SearchWord::text, NameMatch::kWords, name);
  if (IsBetter(whole, best)) best = whole;
  if (best.match <= NameMatch::kSound || !all_heard) return best;
  const Fit heard = FitJoined(sound, &SearchWord::sound, NameMatch::kSound, name);
  return IsBetter(heard, best) ? heard : best;
}

}  // namespace kapea::field
