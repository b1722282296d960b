// What the bytes alone say: is this a Change that its format allows?
#include <algorithm>
#include <set>

#include "common/domain/judge.h"
#include "common/domain/rekey.h"

namespace kapea::domain {
namespace {

template <typename T, size_t kIndex = 0>
constexpr size_t IndexOf() {
  if constexpr (std::is_same_v<T, std::variant_alternative_t<kIndex, WriteBody>>) {
    return kIndex;
  } else {
    return IndexOf<T, kIndex + 1>();
  }
}

template <typename... T>
constexpr uint32_t Bodies() {
  return ((uint32_t{1} << IndexOf<T>()) | ...);
}

// Which bodies a kind has; `single` where it has exactly one write.
struct KindShape {
  uint32_t bodies = 0;
  bool single = false;
};

KindShape ShapeOf(Kind kind) {
  switch (kind) {
    case Kind::kEdit:
    case Kind::kResolution:
      return {Bodies<FieldWrite>()};
    case Kind::kCustodyOffer:
      return {Bodies<CustodyOffer>(), true};
    case Kind::kCustodyAnswer:
      return {Bodies<CustodyAnswer>(), true};
    case Kind::kRoster:
      return {Bodies<Founding, RosterWrite, KeyOpening, Wrap, Decision>()};
    case Kind::kGrant:
      return {Bodies<Wrap>()};
    case Kind::kDirectory:
      return {Bodies<PersonEntry, DeviceEntry, UnitEntry>()};
    case Kind::kLink:
      return {Bodies<LinkWrite>(), true};
    case Kind::kWaiver:
      return {Bodies<Waiver>()};
    case Kind::kApproval:
    case Kind::kWithdrawal:
    case Kind::kAdmission:
    case Kind::kMismatch:
      return {Bodies<Decision>(), true};
    case Kind::kErase:
    case Kind::kRecovery:
      return {Bodies<Decision>()};
    case Kind::kRelease:
      return {Bodies<Decision>(), true};
    case Kind::kBreakGlass:
      return {Bodies<Decision, Wrap, SealedNote>()};
    case Kind::kDisclosure:
      return {Bodies<Disclosure>(), true};
    case Kind::kPublication:
      return {Bodies<Publication>(), true};
    case Kind::kReadNotice:
      return {Bodies<ReadNotice>()};
    case Kind::kDelivery:
      return {Bodies<Delivery>()};
    case Kind::kGenesis:
      return {Bodies<Genesis, PersonEntry, DeviceEntry, UnitEntry>()};
    case Kind::kPack:
      return {Bodies<PackPart>()};
    default:
      return {};  // comes with a later program
  }
}

// Whether files of this kind have Changes of that kind.
bool Belongs(Kind kind, FileKind file) {
  switch (kind) {
    case Kind::kGenesis:
    case Kind::kDirectory:
      return file == FileKind::kDirectory;
    case Kind::kPack:
    case Kind::kPublication:
      return file == FileKind::kStandards;
    case Kind::kRelease:
      return file == FileKind::kOperation;
    case Kind::kCustodyOffer:
    case Kind::kCustodyAnswer:
      return file == FileKind::kPerson;
    case Kind::kGrant:
    case Kind::kApproval:
    case Kind::kWithdrawal:
    case Kind::kDelivery:
      return file != FileKind::kStandards;
    default:
      return file != FileKind::kDirectory && file != FileKind::kStandards;
  }
}

}  // namespace

Verdict Judgement::CheckFormat() {
  if (header_.format != 1 || ShapeOf(header_.kind).bodies == 0) return Verdict::kNeedsNewer;
  // An approval of what only a newer program knows.
  for (const Ref& ref : header_.refs) {
    const bool unknown =
        header_.kind == Kind::kApproval &&
        std::any_of(state_.without_effect_.begin(), state_.without_effect_.end(),
                    [&ref](const Judged& judged) {
                      return judged.change == ref.change && judged.verdict == Verdict::kNeedsNewer;
                    });
    if (unknown) return Verdict::kNeedsNewer;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckShape() {
  if (header_.file != state_.id_) return Verdict::kMalformed;
  if (founding_ && (state_.founded_ || header_.roster)) return Verdict::kMalformed;
  if (state_.founded_ && !Belongs(header_.kind, state_.kind_)) return Verdict::kMalformed;
  return First({&Judgement::CheckBodies, &Judgement::CheckFieldShapes, &Judgement::CheckRosterShape,
                &Judgement::CheckEraseShape, &Judgement::CheckGlassShape,
                &Judgement::CheckRecoveryShape});
}

Verdict Judgement::CheckBodies() {
  const KindShape shape = ShapeOf(header_.kind);
  if (change_.writes.empty() || (shape.single && change_.writes.size() != 1)) {
    return Verdict::kMalformed;
  }
  for (const Write& write : change_.writes) {
    const size_t index = write.body.index();
    if (index == IndexOf<Withheld>()) continue;
    if ((shape.bodies >> index & 1u) == 0) return Verdict::kMalformed;
  }
  return Verdict::kAccepted;
}

Verdict Judgement::CheckFieldShapes() {
  std::vector<std::pair<RecordId, std::string_view>> fields;
  std::set<RecordId> pinned;
  for (size_t i = 0; i < change_.writes.size(); ++i) {
    const auto* write = std::get_if<FieldWrite>(&change_.writes[i].body);
    if (write == nullptr) continue;
    fields.emplace_back(write->record, write->field);
    if (write->parent && (!write->form || *write->parent == write->record)) {
      return Verdict::kMalformed;
    }
    // The first of a record's writes pins it; a later one may only repeat the pin.
    const NewRecord* made = FindNew(write->record);
    if (made != nullptr && made->first != write) {
      const bool repeats = *made->first->form == write->form.value_or(*made->first->form) &&
                           (!write->form || made->first->parent == write->parent);
      if (!pinned.contains(write->record) || !repeats) return Verdict::kMalformed;
    }
    if (write->form) pinned.insert(write->record);
    if (std::find(write->replaces.begin(), write->replaces.end(), change_.id) !=
        write->replaces.end()) {
      return Verdict::kMalformed;
    }
    if (!write->of) continue;
    if (*write->of >= change_.writes.size() || *write->of == i || !write->replaces.empty()) {
      return Verdict::kMalformed;
    }
    const WriteBody& body = change_.writes[*write->of].body;
    if (std::holds_alternative<Withheld>(body)) continue;
    const auto* source = std::get_if<FieldWrite>(&body);
    if (source == nullptr || source->record != write->record || source->of ||
        (!source->sealed && !source->cleared())) {
      return Verdict::kMalformed;
    }
  }
  std::sort(fields.begin(), fields.end());
  const bool twice = std::adjacent_find(fields.begin(), fields.end()) != fields.end();
  return twice ? Verdict::kMalformed : Verdict::kAccepted;
}

namespace {

// Who is on it, then the keys and their halves, then a mark, and behind it whole keys alone:
// these can be dropped one day, and nothing else be hidden by saying that they were.
size_t PlaceInRoster(const Write& write) {
  if (std::holds_alternative<Founding>(write.body)) return 0;
  if (std::holds_alternative<RosterWrite>(write.body)) return 1;
  if (std::holds_alternative<KeyOpening>(write.body)) return 2;
  if (const auto* wrap = std::get_if<Wrap>(&write.body)) return wrap->half != 0 ? 3 : 5;
  return 4;
}

}  // namespace

Verdict Judgement::CheckRosterShape() {
  if (header_.kind != Kind::kRoster) return Verdict::kAccepted;
  int foundings = 0;
  int rosters = 0;
  int marks = 0;
  uint32_t classes = 0;
  size_t last = 0;
  for (const Write& write : change_.writes) {
    if (std::holds_alternative<Founding>(write.body)) ++foundings;
    if (std::holds_alternative<RosterWrite>(write.body)) ++rosters;
    const size_t place = PlaceInRoster(write);
    if (place < last) return Verdict::kMalformed;
    last = place;
    if (std::holds_alternative<Decision>(write.body) && (marks++ > 0 || !IsGrantsFollow(write))) {
      return Verdict::kMalformed;
    }
    if (const auto* opening = std::get_if<KeyOpening>(&write.body)) {
      const uint32_t bit = uint32_t{1} << static_cast<unsigned>(opening->key_class);
      if (opening->key_class == KeyClass::kNone || (classes & bit) != 0) {
        return Verdict::kMalformed;
      }
      classes |= bit;
    }
  }
  const bool whole = foundings <= 1 && rosters <= 1 && (foundings == 0 || rosters == 1);
  return whole ? Verdict::kAccepted : Verdict::kMalformed;
}

}  // namespace kapea::domain
