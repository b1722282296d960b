#include "tools/measure/life.h"

#include <sstream>

#include "client/field/derive.h"
#include "common/base/macros.h"

namespace kapea::bench {
namespace {

using domain::FieldType;
using domain::Value;

constexpr uint32_t kFormVersion = 1;

// FORM [<RECORD] CODE=VALUE ...; the record it stands below by its place, from 1. A number
// with + is hours from arrival. A line that begins with a digit is missing from the lives
// of that number.
constexpr const char* kLife[] = {
    R"(KH-VICTIM-INTAKE arrival_at=+0 brought_by=ngo referral_source_category=ngo case_code=B-1
       placement_type=ngo_shelter housing_separate=yes centre_valid_until=+17520 language=km
       interpreter_used=no rights_explained_at=+2 rights_repeated_at=+100 rules_explained_at=+2
       complaint_channel_given_at=+2 wishes=Invented services_conditional=no contact_ban=no sex=F
       family_name_latin=Invented given_name_latin=Person age_estimate_band=A_30_PLUS
       age_basis=self_statement danger_from=none threat_level=low
       medical_exam_offered_at=+3 same_sex_escort_offered=yes same_sex_examiner_offered=yes
       psychosocial_first_contact=+20 body_searched_by_staff=no belongings_signed=yes
       form_of_exploitation=forced_labour presumptive_status=possible formal_status=recognised
       id_forms_received=F-ID-S-SOC mosvy_number=B-1 legal_info_given_at=+30
       wants_legal_action=no compensation_wish=no debt_amount=0)",
    R"(KH-NEED <1 kind=food met_at=+1)",
    R"(KH-NEED <1 kind=water met_at=+1)",
    R"(KH-NEED <1 kind=clothes met_at=+2)",
    R"(KH-NEED <1 kind=hygiene met_at=+2)",
    R"(KH-NEED <1 kind=rest met_at=+3)",
    R"(KH-CONSENT <1 purpose=services answer=yes given_at=+2 explained=yes)",
    R"(1 KH-REFERRAL <1 service=health urgency=d3 sent_at=+5 accepted_at=+20 consent_given_at=+4)",
    R"(0 KH-REFERRAL <1 service=legal urgency=d1 sent_at=+5 consent_given_at=+4)",
    R"(KH-INTERVIEW held_at=+40 full_account=yes)",
    R"(2 KH-INCIDENT happened_at=+50 kind=threat supervisor_notified_at=+51)",
    R"(3 KH-INCIDENT happened_at=+60 kind=health supervisor_notified_at=+61)",
    R"(KH-CONFERENCE held_at=+400)",
    R"(4 KH-ASSESSMENT assessed_at=+200 scale=adult occasion=first)",
    R"(5 KH-PLAN made_at=+500 client_goal=Invented status=approved approved_at=+510
       client_signed_at=+505)",
    R"(KH-SERVICE given_at=+520 service=SV_VOC result=completed)",
    R"(KH-SERVICE given_at=+620 service=SV_PSY result=completed)",
    R"(KH-SERVICE given_at=+720 service=SV_LEGAL result=completed)",
    R"(6 KH-FEEDBACK asked_at=+1000 occasion=stay satisfied=yes)",
    R"(KH-DEPARTURE left_at=+2200 kind=transfer to=independent safety_advice_at=+2200)",
    R"(KH-TRACING began_at=+1000 done_at=+1500 result=found_safe)",
    R"(KH-REINTEGRATION returned_at=+2210 place_type=independent province=12 family_work=held
       pre_form_at=+2200 form_at=+2212 package_at=+2212)",
    R"(7 KH-FOLLOWUP visited_at=+2300 occasion=w1 means=visit reached=yes problem=no)",
    R"(KH-FOLLOWUP visited_at=+2900 occasion=m1 means=visit reached=yes problem=no)",
};

absl::StatusOr<Value> ValueOf(const domain::Field& field, const std::string& text, const Device& by,
                              Time arrival) {
  switch (field.type) {
    case FieldType::kBoolean:
      return Value(text == "yes");
    case FieldType::kInteger:
      return Value(int64_t{std::stoll(text)});
    case FieldType::kCode:
      return Value(domain::Code{text});
    case FieldType::kCodes:
      return Value(domain::Codes{{text}});
    case FieldType::kTime:
      return Value(arrival + Duration::Hours(std::stoll(text)));
    case FieldType::kPerson:
      return Value(domain::Reference{ChangeId::FromPrefix(by.person.view())});
    case FieldType::kText:
    case FieldType::kName:
      return Value(domain::Text{text});
    default:
      return absl::InvalidArgumentError(field.code + ": no value of that type is written here");
  }
}

}  // namespace

absl::StatusOr<std::vector<LifeRecord>> LifeOf(const domain::Pack& pack, size_t which) {
  std::vector<LifeRecord> records;
  for (const std::string text : kLife) {
    std::istringstream words(text);
    std::string word;
    words >> word;
    if (word.size() == 1) {
      if (which % kLives == static_cast<size_t>(word[0] - '0')) continue;
      words >> word;
    }
    LifeRecord& record = records.emplace_back();
    record.form = pack.FindForm(word, kFormVersion);
    if (record.form == nullptr) return absl::InvalidArgumentError("no form " + word);
    while (words >> word) {
      if (word[0] == '<') {
        record.parent = std::stoul(word.substr(1));
        continue;
      }
      const size_t equals = word.find('=');
      const domain::Field* field = record.form->FindField(word.substr(0, equals));
      if (field == nullptr) return absl::InvalidArgumentError("no field " + word);
      record.fields.emplace_back(field, word.substr(equals + 1));
    }
  }
  return records;
}

absl::Status AddLifeRecord(const LifeRecord& record, const RecordId& id,
                           const std::optional<RecordId>& parent, const Device& by, Time arrival,
                           const Seal& seal, codec::ChangeWriter& writer) {
  bool first = true;
  const auto next = [&](const std::string& code) {
    domain::FieldWrite write;
    write.record = id;
    write.field = code;
    if (std::exchange(first, false)) {
      write.form = domain::FormPin{record.form->id, record.form->version};
      write.parent = parent;
    }
    return write;
  };
  for (const auto& [field, text] : record.fields) {
    KAPEA_ASSIGN(Value value, ValueOf(*field, text, by, arrival));
    domain::FieldWrite write = next(field->code);
    if (!field->sealed()) {
      write.clear = std::move(value);
      writer.Add(std::move(write));
      continue;
    }
    const uint32_t source = writer.writes();
    KAPEA_TRY(seal(writer, std::move(write), value, field->key_class));
    for (const domain::DerivedFact& fact : field->derived) {
      domain::FieldWrite derived = next(fact.code);
      KAPEA_ASSIGN(derived.clear, field::DeriveFact(fact, nullptr, value, arrival));
      derived.of = source;
      writer.Add(std::move(derived));
    }
  }
  return absl::OkStatus();
}

}  // namespace kapea::bench
