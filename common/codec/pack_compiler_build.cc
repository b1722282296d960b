#include "common/codec/pack_compiler_build.h"

#include <algorithm>

namespace kapea::codec {

using domain::FieldType;
using domain::KeyClass;
using domain::Sensitivity;

KeyClass KeyClassOf(FieldType type, Sensitivity sensitivity) {
  switch (sensitivity) {
    case Sensitivity::kIdentity:
      return KeyClass::kIdentity;
    case Sensitivity::kTestimony:
      return KeyClass::kTestimony;
    case Sensitivity::kHealth:
      return KeyClass::kHealth;
    case Sensitivity::kPlan:
      return KeyClass::kPlan;
    default:
      break;
  }
  switch (type) {
    case FieldType::kAttachment:
    case FieldType::kText:
    case FieldType::kName:
    case FieldType::kPhone:
    case FieldType::kAddress:
    case FieldType::kPosition:
    case FieldType::kImage:
      return KeyClass::kGeneral;
    default:
      return KeyClass::kNone;
  }
}

domain::Label BuildOptionalLabel(const v1::Label& label, const Place& place, Report& report) {
  if (label.en().empty() && !label.km().empty()) {
    report.Add(place.Part("en"), "want an English label");
  }
  if (!label.km().empty() && label.translation() == v1::TRANSLATION_UNSPECIFIED) {
    report.Add(place.Part("translation"), "want TRANSLATION_DRAFT or TRANSLATION_SIGNED");
  }
  if (label.km().empty() && label.translation() != v1::TRANSLATION_UNSPECIFIED) {
    report.Add(place.Part("km"), "want a Khmer label where a translation is claimed");
  }
  return {label.en(), label.km(), static_cast<domain::Translation>(label.translation())};
}

domain::Label BuildLabel(const v1::Label& label, const Place& place, Report& report) {
  if (label.en().empty() && label.km().empty()) {
    report.Add(place.Part("en"), "want an English label");
  }
  return BuildOptionalLabel(label, place, report);
}

void CheckSource(const std::string& key, const Place& place, const PackBuild& build) {
  const auto& known = build.pack.sources;
  const bool found = std::any_of(known.begin(), known.end(),
                                 [&](const auto& source) { return source.key == key; });
  if (!found) build.report.Add(place, "want a source of the pack's list");
}

domain::Provenance BuildProvenance(const v1::Provenance& provenance, const Place& place,
                                   const PackBuild& build) {
  if (provenance.status() == v1::SOURCE_STATUS_UNSPECIFIED) {
    build.report.Add(place.Part("status"), "want how sure the sources are");
  }
  if (provenance.status() == v1::SOURCE_STATUS_DOCUMENTED && provenance.sources().empty()) {
    build.report.Add(place.Part("sources"), "want a source for what is called documented");
  }
  for (int i = 0; i < provenance.sources_size(); ++i) {
    CheckSource(provenance.sources(i), place.At("sources", i, provenance.sources(i)), build);
  }
  return {static_cast<domain::SourceStatus>(provenance.status()),
          {provenance.sources().begin(), provenance.sources().end()},
          provenance.note()};
}

domain::Condition BuildCondition(const std::string& text, const Place& place, Report& report) {
  auto condition = domain::Condition::Parse(text);
  if (condition.ok()) return *std::move(condition);
  report.Add(place, std::string(condition.status().message()));
  return {};
}

domain::Deadline BuildDeadline(const std::string& text, const Place& place, Report& report) {
  auto deadline = domain::Deadline::Parse(text);
  if (deadline.ok()) return *std::move(deadline);
  report.Add(place, std::string(deadline.status().message()));
  return {};
}

bool Fits(std::string_view text, const CodeShape& shape) {
  const auto fits = [&](char c) {
    return (c >= '0' && c <= '9') || (shape.upper && c >= 'A' && c <= 'Z') ||
           (shape.lower && c >= 'a' && c <= 'z') || shape.also.find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= shape.max && std::all_of(text.begin(), text.end(), fits);
}

void TakeCode(const std::string& code, const CodeShape& shape, std::set<std::string>& seen,
              const Place& place, Report& report) {
  if (!Fits(code, shape)) {
    report.Add(place, "want a code of 1 to " + std::to_string(shape.max) + " characters of " +
                          (shape.upper ? "A-Z" : "") + (shape.lower ? "a-z" : "") + "0-9" +
                          std::string(shape.also) + ", got '" + code + "'");
  } else if (!seen.insert(code).second) {
    report.Add(place, "want a code once, got '" + code + "' again");
  }
}

}  // namespace kapea::codec
