// What a newer version of a pack may do to an older one.
#include <algorithm>
#include <map>
#include <set>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/pack_compiler.h"
#include "common/codec/pack_compiler_build.h"

namespace kapea::codec {
namespace {

using domain::KeyClass;

struct FieldFace {
  v1::FieldType type;
  KeyClass key_class;
};

// Derived facts count: they are fields, and the server reads them.
std::map<std::string, FieldFace> FieldsOf(const v1::Form& form) {
  std::map<std::string, FieldFace> fields;
  for (const v1::Section& section : form.sections()) {
    for (const v1::Field& field : section.fields()) {
      const KeyClass key_class = KeyClassOf(static_cast<domain::FieldType>(field.type()),
                                            static_cast<domain::Sensitivity>(field.sensitivity()));
      fields[field.code()] = {field.type(), key_class};
      for (const v1::DerivedFact& fact : field.derived()) {
        fields[fact.code()] = {fact.type(), KeyClass::kNone};
      }
    }
  }
  return fields;
}

// Clear, then the class that every member reads, then those of a few.
int Closeness(KeyClass key_class) {
  if (key_class == KeyClass::kNone) return 0;
  return key_class == KeyClass::kGeneral ? 1 : 2;
}

bool LessSealed(KeyClass older, KeyClass newer) {
  if (Closeness(newer) != Closeness(older)) return Closeness(newer) < Closeness(older);
  return older != newer;  // identity, testimony and health open to different people
}

// The items that a checklist lends to its child form, as bytes.
std::string LentItems(const v1::Pack& pack, const v1::Form& child) {
  std::string lent;
  uint32_t version = 0;
  for (const v1::Form& form : pack.forms()) {
    const bool parent = form.id() == child.parent() && form.kind() == v1::FORM_KIND_CHECKLIST;
    if (!parent || form.version() < version || child.per() == v1::PER_UNSPECIFIED) continue;
    version = form.version();
    lent.clear();
    for (const v1::Section& section : form.sections()) {
      for (const v1::Field& field : section.fields()) {
        if (field.item().per() != child.per()) continue;
        lent += field.code() + ":" + std::to_string(field.item().evidence()) + "\n";
      }
    }
  }
  return lent;
}

void CompareField(const std::map<std::string, FieldFace>& before, const std::string& code,
                  const FieldFace& now, const Place& at, Report& report) {
  const auto was = before.find(code);
  if (was == before.end()) return;
  if (was->second.type != now.type) {
    report.Add(at.Part("type"),
               "want the type of older versions, " + v1::FieldType_Name(was->second.type));
  } else if (LessSealed(was->second.key_class, now.key_class)) {
    report.Add(at.Part("sensitivity"), "want a field to stay as sealed as it was");
  }
}

// The fields of a form against those of an older version of it.
void CompareFields(const v1::Form& form, const v1::Form& older, const Place& place,
                   Report& report) {
  const auto before = FieldsOf(older);
  for (int i = 0; i < form.sections_size(); ++i) {
    const v1::Section& section = form.sections(i);
    const Place in = place.At("sections", i, section.code());
    for (int j = 0; j < section.fields_size(); ++j) {
      const v1::Field& field = section.fields(j);
      const Place at = in.At("fields", j, field.code());
      const auto key_class = KeyClassOf(static_cast<domain::FieldType>(field.type()),
                                        static_cast<domain::Sensitivity>(field.sensitivity()));
      CompareField(before, field.code(), {field.type(), key_class}, at, report);
      for (int k = 0; k < field.derived_size(); ++k) {
        const v1::DerivedFact& fact = field.derived(k);
        CompareField(before, fact.code(), {fact.type(), KeyClass::kNone},
                     at.At("derived", k, fact.code()), report);
      }
    }
  }
}

class Comparison {
 public:
  Comparison(const v1::Pack& older, const v1::Pack& newer, Report& report)
      : older_(older), newer_(newer), report_(report) {}

  void Run() {
    if (older_.id() != newer_.id()) {
      report_.Add(Place().Part("id"), "want the id of the older version, '" + older_.id() + "'");
    }
    if (newer_.version() <= older_.version()) {
      report_.Add(Place().Part("version"),
                  "want a version over " + std::to_string(older_.version()));
    }
    for (int i = 0; i < newer_.forms_size(); ++i) {
      const v1::Form& form = newer_.forms(i);
      CompareForm(form, Place().At("forms", i, form.id()));
    }
    for (int i = 0; i < newer_.standards_size(); ++i) {
      const v1::Standard& standard = newer_.standards(i);
      CompareStandard(standard, Place().At("standards", i, standard.id()));
    }
    for (const v1::CodeList& list : older_.code_lists()) CompareCodes(list);
  }

 private:
  void CompareForm(const v1::Form& form, const Place& place) {
    uint32_t highest_older = 0;
    uint32_t highest_newer = 0;
    for (const v1::Form& other : newer_.forms()) {
      if (other.id() == form.id()) highest_newer = std::max(highest_newer, other.version());
    }
    for (const v1::Form& other : older_.forms()) {
      if (other.id() != form.id()) continue;
      highest_older = std::max(highest_older, other.version());
      if (other.version() < form.version()) CompareFields(form, other, place, report_);
      if (other.version() != form.version()) continue;
      if (EncodeCanonical(other) != EncodeCanonical(form)) {
        report_.Add(place, "want a higher version of the form for what has changed in it");
      } else if (LentItems(older_, other) != LentItems(newer_, form)) {
        report_.Add(place, "want a higher version of the form, as its checklist's items changed");
      }
    }
    if (highest_newer < highest_older) {
      report_.Add(place.Part("version"),
                  "want a version of at least " + std::to_string(highest_older));
    }
  }

  void CompareStandard(const v1::Standard& standard, const Place& place) {
    for (const v1::Standard& other : older_.standards()) {
      if (other.id() != standard.id()) continue;
      if (other.version() > standard.version()) {
        report_.Add(place.Part("version"),
                    "want a version of at least " + std::to_string(other.version()));
      } else if (other.version() == standard.version() &&
                 EncodeCanonical(other) != EncodeCanonical(standard)) {
        report_.Add(place, "want a higher version of the standard for what has changed in it");
      }
    }
  }

  void CompareCodes(const v1::CodeList& list) {
    for (int i = 0; i < newer_.code_lists_size(); ++i) {
      const v1::CodeList& now = newer_.code_lists(i);
      if (now.id() != list.id()) continue;
      std::set<std::string> codes;
      for (const v1::Code& code : now.codes()) codes.insert(code.code());
      for (const v1::Code& code : list.codes()) {
        if (codes.contains(code.code())) continue;
        report_.Add(Place().At("code_lists", i, now.id()),
                    "want code '" + code.code() + "' kept, as retired if it is no longer offered");
      }
    }
  }

  const v1::Pack& older_;
  const v1::Pack& newer_;
  Report& report_;
};

}  // namespace

void CheckFieldHistories(const PackBuild& build) {
  const v1::Pack& pack = build.message;
  for (int i = 0; i < pack.forms_size(); ++i) {
    const v1::Form& form = pack.forms(i);
    for (const v1::Form& older : pack.forms()) {
      if (older.id() != form.id() || older.version() >= form.version()) continue;
      CompareFields(form, older, Place().At("forms", i, form.id()), build.report);
    }
  }
}

absl::StatusOr<std::string> PackIdOf(std::string_view bytes) {
  v1::Pack pack;
  KAPEA_TRY(DecodeCanonical(bytes, "pack", pack));
  return pack.id();
}

std::vector<Mistake> CompareVersions(std::string_view older, std::string_view newer,
                                     const Spots& newer_spots) {
  Report report(newer_spots);
  v1::Pack before;
  v1::Pack now;
  for (const auto& [bytes, message] : {std::pair(older, &before), std::pair(newer, &now)}) {
    const auto status = DecodeCanonical(bytes, "pack", *message);
    if (!status.ok()) report.Add({}, std::string(status.message()));
  }
  if (report.mistakes().empty()) Comparison(before, now, report).Run();
  return report.Take();
}

}  // namespace kapea::codec
