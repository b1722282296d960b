#include "common/domain/form.h"

#include <algorithm>

namespace kapea::domain {

bool CodeList::Has(std::string_view code) const {
  return std::any_of(codes.begin(), codes.end(),
                     [code](const CodeItem& item) { return item.code == code; });
}

const Field* Form::FindField(std::string_view code) const {
  const auto found = by_code.find(code);
  return found == by_code.end() ? nullptr : found->second;
}

const Form* Pack::FindForm(std::string_view form, uint32_t form_version) const {
  for (const auto& candidate : forms) {
    if (candidate->version == form_version && candidate->id == form) return candidate.get();
  }
  return nullptr;
}

const CodeList* Pack::FindCodeList(std::string_view list) const {
  for (const auto& candidate : code_lists) {
    if (candidate->id == list) return candidate.get();
  }
  return nullptr;
}

const Form* Pack::FindNewestForm(std::string_view form) const {
  const Form* newest = nullptr;
  for (const auto& candidate : forms) {
    if (candidate->id != form) continue;
    if (newest == nullptr || candidate->version > newest->version) newest = candidate.get();
  }
  return newest;
}

const Export* Pack::FindExport(std::string_view export_id) const {
  for (const Export& candidate : exports) {
    if (candidate.id == export_id) return &candidate;
  }
  return nullptr;
}

std::string ExportSource::Of(std::string_view code) const {
  const auto line = codes.find(code);
  if (line != codes.end()) return line->second;
  return same_codes ? std::string(code) : rest.value_or("");
}

std::string ExportSource::Back(std::string_view code) const {
  const auto line = back.find(code);
  if (line != back.end()) return line->second;
  return same_codes && !codes.contains(code) ? std::string(code) : "";
}

const Measure* Pack::FindMeasure(std::string_view measure) const {
  for (const Measure& candidate : measures) {
    if (candidate.id == measure) return &candidate;
  }
  return nullptr;
}

const Dimension* Pack::FindDimension(std::string_view dimension) const {
  for (const Dimension& candidate : dimensions) {
    if (candidate.id == dimension) return &candidate;
  }
  return nullptr;
}

std::string_view Pack::OfficialNumber(std::string_view standard, std::string_view clause) const {
  const auto numbers = official_numbers.find(standard);
  if (numbers == official_numbers.end()) return {};
  const auto found = numbers->second.find(clause);
  return found == numbers->second.end() ? std::string_view() : found->second;
}

}  // namespace kapea::domain
