#include "tests/common/standards/generated_history.h"

#include <algorithm>
#include <random>
#include <sstream>

#include "tests/support/change_builder.h"

namespace kapea::standards {
namespace {

using domain::FileKind;

constexpr Shape kRoots[] = {
    {FileKind::kPerson, "KH-VICTIM-INTAKE", "",
     "arrival_at:t first_contact_at:t sex:c=F|M trafficking_status:c=possible|actual|not_victim "
     "age_estimate_band:c=A_0_14|A_15_17|A_18_24 placement_type:c=ngo_shelter|family "
     "brought_by:c=police|ngo"},
    {FileKind::kJustice, "KH-JUSTICE-CASE", "",
     "complaint_at:t inquiry_at:t prosecutor_at:t charged_at:t verdict_at:t final_at:t "
     "closing_order_at:t closing_order:c=indictment|dismissal source:c=referral|report"},
    {FileKind::kProgramme, "KH-ACTOR", "", "kind:c=shelter|office authorised_until:t"},
    {FileKind::kOperation, "KH-RESCUE-OP", "", "fact.child:b"}};
constexpr Shape kShapes[] = {
    {FileKind::kPerson, "KH-SERVICE", "",
     "given_at:t service:c=SV_MED|SV_PSY|SV_REINT|SV_CAREER|SV_SHELTER|SV_VOC "
     "result:c=given|refused"},
    {FileKind::kPerson, "KH-LEGAL-AID", "", "taken_at:t outcome:c=convicted|acquitted"},
    {FileKind::kPerson, "KH-SCHOLARSHIP", "",
     "granted_at:t kind:c=survivor_or_at_risk_woman|girl_secondary|child_at_risk"},
    {FileKind::kPerson, "KH-VOCATIONAL", "", "began_at:t completed:b"},
    {FileKind::kPerson, "KH-JOB", "", "began_at:t"},
    {FileKind::kPerson, "KH-REINTEGRATION", "", "returned_at:t"},
    {FileKind::kPerson, "KH-REPATRIATION", "", "travel_at:t"},
    {FileKind::kPerson, "KH-REOPENING", "", "reopened_at:t reason:c=new_harm|court"},
    {FileKind::kPerson, "KH-DEPARTURE", "", "left_at:t"},
    {FileKind::kPerson, "KH-FOLLOWUP", "", "visited_at:t occasion:c=w1|m1 reached:b problem:b"},
    {FileKind::kPerson, "KH-REFERRAL", "KH-VICTIM-INTAKE", "sent_at:t service:c=health|legal"},
    {FileKind::kJustice, "KH-ACCUSED", "KH-JUSTICE-CASE",
     "arrested_at:t state:c=at_large|custody|deceased"},
    {FileKind::kJustice, "KH-CHARGE", "KH-ACCUSED",
     "outcome:c=convicted|acquitted|dropped decided_at:t sentence_months:n"},
    {FileKind::kJustice, "KH-AWARD", "KH-JUSTICE-CASE",
     "kind:c=compensation|restitution ordered_at:t amount:n paid_at:t paid_amount:n"},
    {FileKind::kJustice, "KH-VICTIM-PARTY", "KH-JUSTICE-CASE", "number:n"},
    {FileKind::kProgramme, "KH-PROGRAMME", "", "began_at:t"},
    {FileKind::kProgramme, "KH-TRAINING", "KH-PROGRAMME",
     "held_at:t topic:c=identification|safe_migration|minimum_standards women:n men:n "
     "audience:c=police|responders|social_workers|shelter_staff|teachers|lawyers|public"},
    {FileKind::kProgramme, "KH-CAMPAIGN", "KH-PROGRAMME",
     "held_at:t kind:c=media|village_meeting|theatre_concert women:n men:n girls:n boys:n "
     "reached:n"},
    {FileKind::kProgramme, "KH-NETWORK", "KH-PROGRAMME", "formed_at:t"},
    {FileKind::kProgramme, "KH-SUPPORT", "KH-PROGRAMME", "given_at:t kind:c=technical|sub_grant"},
    {FileKind::kProgramme, "KH-MIGRATION", "KH-PROGRAMME", "month_from:t"},
    {FileKind::kProgramme, "KH-OCCUPANCY", "KH-ACTOR", "counted_at:t taken:n places:n"},
    {FileKind::kProgramme, "KH-INSPECTION", "KH-ACTOR", "inspected_at:t"},
    {FileKind::kOperation, "KH-OP-PERSON", "KH-RESCUE-OP",
     "off_at:t handed_over_at:t presumptive_status:c=possible|not_victim "
     "outcome:c=handed_over|arrested person_file:p"},
    {FileKind::kOperation, "KH-OP-RESULT", "KH-RESCUE-OP", "ended_at:t"}};

constexpr int64_t kMinutesMax = 60 * 24 * 150;

class Maker {
 public:
  Maker(const std::vector<uint32_t>& seeds, Time start) : start_(start) {
    for (int file = 0; file < kFiles; ++file) {
      Add(file, kRoots[file / 3], seeds.empty() ? 0 : seeds.front());
    }
    for (const uint32_t seed : seeds) {
      std::mt19937 dice(seed);
      const Shape& shape = kShapes[dice() % std::size(kShapes)];
      const int first = static_cast<int>(std::find_if(std::begin(kRoots), std::end(kRoots),
                                                      [&](const Shape& root) {
                                                        return root.kind == shape.kind;
                                                      }) -
                                         std::begin(kRoots)) *
                        3;
      Add(first + static_cast<int>(dice() % 3), shape, dice());
      const int one = static_cast<int>(dice() % 3);
      const int other = static_cast<int>(dice() % 3);
      if (one != other && dice() % 8 == 0) history_.same.emplace_back(one, other);
    }
  }
  History Take() { return std::move(history_); }

 private:
  void Add(int file, const Shape& shape, size_t seed) {
    std::mt19937 dice(static_cast<uint32_t>(seed) * 2654435761u + static_cast<uint32_t>(file));
    Row row{file, &shape, ParentOf(file, shape.parent), dice() % 10 == 0, {}};
    if (*shape.parent != '\0' && row.parent < 0) return;
    if (&shape >= std::begin(kRoots) && &shape < std::end(kRoots)) row.voided = false;
    std::istringstream specs{shape.fields};
    for (std::string spec; specs >> spec;) {
      if (dice() % 4 == 0 && !row.fields.empty()) continue;
      const std::string name = spec.substr(0, spec.find(':'));
      row.fields[name] = ValueOf(spec.substr(name.size() + 1), dice);
    }
    history_.rows.push_back(std::move(row));
  }

  domain::Value ValueOf(const std::string& type, std::mt19937& dice) const {
    if (type == "t") return start_ + Duration::Minutes(static_cast<int64_t>(dice() % kMinutesMax));
    if (type == "n") return 1 + static_cast<int64_t>(dice() % 49);
    if (type == "b") return dice() % 2 == 0;
    if (type == "p") {
      return domain::Reference{ChangeId::FromPrefix(IdOf(static_cast<int>(dice() % 3)).view())};
    }
    std::vector<std::string> codes;
    std::istringstream words(type.substr(2));
    for (std::string word; std::getline(words, word, '|');) codes.push_back(word);
    return domain::Code{codes[dice() % codes.size()]};
  }

  // A row below one that was taken back would not be found from it: parents stay.
  int ParentOf(int file, const std::string& form) {
    for (size_t i = history_.rows.size(); i > 0; --i) {
      Row& row = history_.rows[i - 1];
      if (row.file != file || row.shape->form != form) continue;
      row.voided = false;
      return static_cast<int>(i) - 1;
    }
    return -1;
  }

  Time start_;
  History history_;
};

}  // namespace

FileId IdOf(int file) { return domain::MakeId<FileId>(static_cast<uint32_t>(1000 + file)); }
FileKind KindOf(int file) { return kRoots[file / 3].kind; }

History MakeHistory(const std::vector<uint32_t>& seeds, Time start) {
  return Maker(seeds, start).Take();
}

}  // namespace kapea::standards
