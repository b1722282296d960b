#include "tests/common/standards/naive_indicators.h"

#include "common/domain/roles.h"

namespace kapea::standards {

using domain::FileKind;

std::optional<Number> Naive::Victims(const std::string& id) const {
  const Test victim = Is("trafficking_status", {"possible", "actual"});
  const Moment arrival = At("arrival_at");
  const Moment written = [this](const Row&) { return start_; };
  const auto received = [&](const Test& test) {
    return Persons({Rows("KH-VICTIM-INTAKE", arrival, Both(victim, test))});
  };
  const Test scene = IsNot("presumptive_status", {"not_victim"});
  if (id == "I-V01") return Found(Rows("KH-OP-PERSON", At("off_at"), scene));
  if (id == "I-V02") return Persons({Rows("KH-VICTIM-INTAKE", written, victim)});
  if (id == "I-V03" || id == "I-V04") return received(Any());
  if (id == "I-V05") return received(Is("sex", {"M"}));
  if (id == "I-V06") return received(Is("age_estimate_band", {"A_0_14", "A_15_17"}));
  if (id == "I-V07") return Found(Rows("KH-OP-PERSON", At("handed_over_at"), Any()));
  if (id == "I-V08") return Persons({Rows("KH-REPATRIATION", At("travel_at"), Any())});
  if (id == "I-V09") return Persons({Rows("KH-REFERRAL", At("sent_at"), Any())});
  if (id == "I-V10") return Persons({Rows("KH-VICTIM-INTAKE", arrival, Any())});
  if (id == "I-J12") {
    return Found(Rows("KH-OP-PERSON", written, Both(Is("outcome", {"arrested"}), scene)));
  }
  return std::nullopt;
}

// Of each person the first stay in a centre that ended, and of which the beginning is known.
Number Naive::Stays() const {
  std::map<int, std::pair<Time, int64_t>> first;
  for (const Row* row : Rows("KH-DEPARTURE", At("left_at"), Any())) {
    const Row& root = RootOf(*row);
    const auto arrival = TimeOf(root, "arrival_at");
    if (CodeOf(root, "placement_type") != "ngo_shelter" || !arrival) continue;
    const Time left = *TimeOf(*row, "left_at");
    const std::pair<Time, int64_t> stay{left, (left - *arrival).milliseconds()};
    const auto [at, fresh] = first.try_emplace(Person(row->file), stay);
    if (!fresh && left < at->second.first) at->second = stay;
  }
  std::vector<int64_t> lengths;
  for (const auto& [person, stay] : first) lengths.push_back(stay.second);
  return Median(lengths);
}

std::optional<Number> Naive::Assistance(const std::string& id) const {
  const auto legal = Rows("KH-LEGAL-AID", At("taken_at"), Any());
  const auto jobs = Rows("KH-JOB", At("began_at"), Any());
  const auto courses = Rows("KH-VOCATIONAL", At("began_at"), Any());
  const auto grants = [&](Set kinds) {
    return Rows("KH-SCHOLARSHIP", At("granted_at"), Is("kind", std::move(kinds)));
  };
  const auto served = Rows("KH-SERVICE", At("given_at"), IsNot("result", {"refused"}));
  if (id == "I-A01" || id == "I-A12") {
    return Persons({served, legal, Rows("KH-SCHOLARSHIP", At("granted_at"), Any()), courses, jobs});
  }
  if (id == "I-A02") return Persons({Services({"SV_REINT"})});
  if (id == "I-A03") return Persons({Rows("KH-REINTEGRATION", At("returned_at"), Any())});
  if (id == "I-A04") return Persons({grants({"survivor_or_at_risk_woman"})});
  if (id == "I-A05") return Persons({grants({"girl_secondary", "child_at_risk"})});
  if (id == "I-A06") return Persons({jobs});
  if (id == "I-A07") return Persons({courses});
  if (id == "I-A08") return Persons({Services({"SV_CAREER"})});
  if (id == "I-A09") {
    const Test stays = Is("placement_type", {"ngo_shelter"});
    return Persons({Rows("KH-VICTIM-INTAKE", At("arrival_at"), stays), legal, courses,
                    Services({"SV_SHELTER", "SV_PSY", "SV_REINT", "SV_VOC"})});
  }
  if (id == "I-A10a") return Persons({Services({"SV_PSY"})});
  if (id == "I-A10b") return Records(Rows("KH-SUPPORT", At("given_at"), Is("kind", {"technical"})));
  if (id == "I-A11") return Persons({legal});
  if (id == "I-A13a") return Stays();
  if (id == "I-A13b") return Sum(Rows("KH-OCCUPANCY", At("counted_at"), Any()), {"taken"});
  if (id == "I-A13c") return Sum(Rows("KH-OCCUPANCY", At("counted_at"), Any()), {"places"});
  if (id == "I-A14b") {
    Number share{0, 0};
    for (const Row* row : Rows("KH-FOLLOWUP", At("visited_at"), Any())) {
      if (TruthOf(*row, "reached") != true) continue;
      ++share.second;
      if (TruthOf(*row, "problem") == false) ++share.first;
    }
    return share;
  }
  if (id == "I-A15") {
    return Persons({Rows("KH-REOPENING", At("reopened_at"), Is("reason", {"new_harm"}))});
  }
  return std::nullopt;
}

std::optional<Number> Naive::Courts(const std::string& id) const {
  const auto cases = [&](const char* field, const Test& test) {
    return Rows("KH-JUSTICE-CASE", At(field), test);
  };
  const auto accused = [&](const char* field) {
    return Records(Rows("KH-ACCUSED", RootAt(field), Any()));
  };
  const Test referred = Is("source", {"referral"});
  if (id == "I-J02") return Files(cases("complaint_at", Any()));
  if (id == "I-J03a") return Records(Rows("KH-ACCUSED", At("arrested_at"), Any()));
  if (id == "I-J03b") {
    const Test there = IsNot("state", {"at_large", "deceased"});
    return Records(Rows("KH-ACCUSED", RootAt("prosecutor_at"), there));
  }
  if (id == "I-J04a") return Files(cases("complaint_at", referred));
  if (id == "I-J06a") {
    int64_t open = 0;
    for (const Row* row : All("KH-JUSTICE-CASE")) {
      if (Come(TimeOf(*row, "prosecutor_at")) && !Come(TimeOf(*row, "final_at"))) ++open;
    }
    return Number{open, 0};
  }
  if (id == "I-J06b") return Files(cases("prosecutor_at", Any()));
  if (id == "I-J06c" || id == "I-J08b") return accused("charged_at");
  if (id == "I-J07") return Records(Rows("KH-VICTIM-PARTY", RootAt("verdict_at"), Any()));
  if (id == "I-J08a") return accused("inquiry_at");
  return std::nullopt;
}

Number Naive::CasesWithResult() const {
  int64_t with = 0;
  for (const Row* root : All("KH-JUSTICE-CASE")) {
    std::vector<const Row*> charges;
    for (const Row* charge : All("KH-CHARGE")) {
      if (charge->file == root->file) charges.push_back(charge);
    }
    const bool convicted = std::any_of(charges.begin(), charges.end(), [](const Row* charge) {
      return CodeOf(*charge, "outcome") == "convicted";
    });
    std::optional<Time> awarded;
    for (const Row* award : All("KH-AWARD")) {
      const auto at = TimeOf(*award, "ordered_at");
      const bool counts = award->file == root->file && CodeOf(*award, "kind") == "compensation";
      if (counts && at && (!awarded || *at < *awarded)) awarded = at;
    }
    if (!convicted && !Come(awarded)) continue;
    auto first = Convicted(charges);
    if (!Come(first) || (Come(awarded) && *awarded < *first))
      first = Come(awarded) ? awarded : first;
    if (In(first)) ++with;
  }
  return {with, 0};
}

std::optional<Number> Naive::Outcomes(const std::string& id) const {
  const Test compensation = Is("kind", {"compensation"});
  const Moment written = [this](const Row&) { return start_; };
  if (id == "I-J01") {
    int64_t ended = 0;
    for (const Row* root : All("KH-RESCUE-OP")) ended += In(EndOf(root->file)) ? 1 : 0;
    return Number{ended, 0};
  }
  if (id == "I-J04b") return Records(ConvictedPersons("referral", false));
  if (id == "I-J05") {
    return Persons({Rows("KH-LEGAL-AID", written, Is("outcome", {"convicted"}))});
  }
  if (id == "I-J06d") return Records(ConvictedPersons("", true));
  if (id == "I-J08c") return Records(ConvictedPersons("", false));
  if (id == "I-J08d") {
    std::vector<int64_t> months;
    for (const Row* row : Rows("KH-CHARGE", At("decided_at"), Is("outcome", {"convicted"}))) {
      if (row->fields.contains("sentence_months"))
        months.push_back(NumberOf(*row, "sentence_months"));
    }
    return Median(months);
  }
  if (id == "I-J09") {
    const auto charges =
        Rows("KH-CHARGE", At("decided_at"), Is("outcome", {"acquitted", "dropped"}));
    const auto cases =
        Rows("KH-JUSTICE-CASE", At("closing_order_at"), Is("closing_order", {"dismissal"}));
    return Number{static_cast<int64_t>(charges.size() + cases.size()), 0};
  }
  if (id == "I-J10a") return Sum(Rows("KH-AWARD", At("ordered_at"), compensation), {"amount"});
  if (id == "I-J10b") return Sum(Rows("KH-AWARD", At("paid_at"), compensation), {"paid_amount"});
  if (id == "I-J10c") return CasesWithResult();
  return std::nullopt;
}

std::optional<Number> Naive::Capacity(const std::string& id) const {
  const Moment held = At("held_at");
  const std::vector<std::string> everybody = {"women", "men", "girls", "boys"};
  const Test shows = Is("kind", {"theatre_concert"});
  if (id == "I-C01") return Trained({"police"});
  if (id == "I-C02") return Trained({"responders", "police", "social_workers"}, {"identification"});
  if (id == "I-C03") return Trained({}, {"safe_migration"});
  if (id == "I-C04a") return Trained({"police", "lawyers"});
  if (id == "I-C04b") return Trained({"social_workers", "shelter_staff"});
  if (id == "I-C05") return Trained({"teachers"});
  if (id == "I-S05") return Trained({"shelter_staff"}, {"minimum_standards"});
  if (id == "I-C06") return Records(Rows("KH-NETWORK", At("formed_at"), Any()));
  if (id == "I-C07") {
    const auto forums = Rows("KH-CAMPAIGN", held, Is("kind", {"village_meeting"}));
    return Number{Trained({"public"}).first + Sum(forums, everybody).first, 0};
  }
  if (id == "I-C08a") return Sum(Rows("KH-CAMPAIGN", held, Any()), {"reached"});
  if (id == "I-C08b") {
    std::vector<int64_t> sizes;
    for (const Row* row : Rows("KH-CAMPAIGN", held, shows))
      sizes.push_back(Sum({row}, everybody).first);
    return Median(sizes);
  }
  if (id == "I-C10") return Records(Rows("KH-SUPPORT", At("given_at"), Is("kind", {"sub_grant"})));
  if (id == "I-C11") return Records(Rows("KH-MIGRATION", At("month_from"), Any()));
  if (id == "I-C12") return Records(Rows("KH-CAMPAIGN", held, Is("kind", {"media"})));
  return std::nullopt;
}

std::optional<Time> Naive::EndOf(int file) const {
  for (const Row* row : All("KH-OP-RESULT")) {
    if (row->file == file) return TimeOf(*row, "ended_at");  // the oldest one speaks
  }
  return std::nullopt;
}

namespace {

std::optional<Time> MomentOf(const Finding& finding) {
  const auto& at = finding.due ? finding.due : finding.done;
  return at ? std::optional<Time>(at->soft.latest) : std::nullopt;
}

bool Has(const Set& statuses, const Finding& finding) {
  return statuses.contains(std::string(domain::NameOf(finding.status)));
}

}  // namespace

Number Naive::Weighted() const {
  Number share{0, 0};
  for (const auto& [file, findings] : findings_) {
    const FileKind kind = KindOf(file);
    if (IsDrill(file) || (kind != FileKind::kPerson && kind != FileKind::kOperation)) continue;
    for (const Finding& finding : findings) {
      if (!Has({"met", "met_late", "overdue"}, finding) || !In(MomentOf(finding))) continue;
      const int64_t weight = finding.severity == domain::Severity::kMust     ? 3
                             : finding.severity == domain::Severity::kShould ? 1
                                                                             : 0;
      share.second += weight;
      if (Has({"met"}, finding)) share.first += weight;
    }
  }
  return share;
}

Number Naive::FilesInOrder(FileKind kind, const Wanted& wanted, const Set& of, bool by_end) const {
  std::map<int, bool> in_order;
  for (const auto& [file, findings] : findings_) {
    if (IsDrill(file) || KindOf(file) != kind) continue;
    for (const Finding& finding : findings) {
      if (!wanted(finding) || !Has(of, finding)) continue;
      if (!In(by_end ? EndOf(file) : MomentOf(finding))) continue;
      const int key = kind == FileKind::kPerson ? Person(file) : file;
      const bool met = Has(by_end ? Set{"met", "met_late"} : Set{"met"}, finding);
      in_order[key] = in_order.try_emplace(key, true).first->second && met;
    }
  }
  Number share{0, static_cast<int64_t>(in_order.size())};
  for (const auto& [key, met] : in_order) share.first += met ? 1 : 0;
  return share;
}

std::optional<Number> Naive::Kept(const std::string& id) const {
  const Set judged = {"met", "met_late", "overdue"};
  if (id == "I-A14a") {
    Number share{0, 0};
    for (const auto& [file, findings] : findings_) {
      for (const Finding& finding : findings) {
        const bool asked = !IsDrill(file) && finding.code.starts_with("P5.1");
        if (!asked || !Has(judged, finding) || !In(MomentOf(finding))) continue;
        ++share.second;
        share.first += Has({"overdue"}, finding) ? 0 : 1;
      }
    }
    return share;
  }
  if (id == "I-S01") return Weighted();
  if (id == "I-S02") {
    const Wanted received = [](const Finding& finding) { return finding.code == "P1.5"; };
    return FilesInOrder(FileKind::kPerson, received, judged, false);
  }
  if (id == "I-S03") {
    const Wanted critical = [](const Finding& finding) { return finding.critical; };
    return FilesInOrder(FileKind::kOperation, critical,
                        {"met", "met_late", "pending", "overdue", "waived"}, true);
  }
  if (id == "I-S04") {
    Number share{0, 0};
    for (const Row* root : All("KH-ACTOR")) {
      if (CodeOf(*root, "kind") != "shelter") continue;
      ++share.second;
      bool seen = false;
      for (const Row* row : All("KH-INSPECTION")) {
        seen = seen || (row->file == root->file && Come(TimeOf(*row, "inspected_at")));
      }
      share.first += seen ? 1 : 0;
    }
    return share;
  }
  return std::nullopt;
}

std::optional<Number> Naive::Count(const std::string& id) const {
  for (const auto part : {&Naive::Victims, &Naive::Assistance, &Naive::Courts, &Naive::Outcomes,
                          &Naive::Capacity, &Naive::Kept}) {
    if (const auto number = (this->*part)(id)) return number;
  }
  return std::nullopt;
}

}  // namespace kapea::standards
