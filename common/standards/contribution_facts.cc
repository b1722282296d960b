#include "common/standards/contribution_facts.h"

#include <algorithm>

#include "common/domain/roles.h"

namespace kapea::standards {

std::vector<UnitId> UnitsOf(const domain::FileState& file) {
  std::vector<UnitId> units;
  for (const domain::Member& line : file.roster()) units.push_back(line.unit);
  if (file.custody().holder) units.push_back(*file.custody().holder);
  std::sort(units.begin(), units.end());
  units.erase(std::unique(units.begin(), units.end()), units.end());
  return units;
}

std::vector<std::string> RolesOf(const domain::FileState& file, const PersonId& person) {
  std::vector<std::string> roles;
  const auto take = [&](const domain::Member& member) {
    if (member.person == person) roles.emplace_back(NameOf(member.role));
  };
  for (const domain::Member& member : file.roster()) take(member);
  for (const domain::Departure& departure : file.departures()) take(departure.line);
  if (roles.empty()) roles.emplace_back("not_named");
  return roles;
}

std::vector<std::string> ClassesOf(const domain::FileState& file,
                                   const domain::ReadNotice& notice) {
  std::vector<std::string> classes;
  const domain::Record* record = file.FindRecord(notice.record);
  const domain::Form* form = record != nullptr ? file.FormOf(*record) : nullptr;
  for (const std::string& code : notice.fields) {
    const domain::Field* field = form != nullptr ? form->FindField(code) : nullptr;
    if (field != nullptr) classes.emplace_back(NameOf(field->key_class));
  }
  return classes;
}

std::map<DeviceId, Waited> WaitsByDevice(const domain::FileState& file, Time as_of) {
  std::map<DeviceId, Waited> waits;
  for (const auto& [id, record] : file.records()) {
    for (const auto& [code, answers] : record.fields) {
      for (const auto& [change, value] : answers.current()) {
        const Time end = value.number == 0 ? as_of : value.time.hard.latest;
        const Duration wait = end - value.time.soft.latest;
        auto [at, fresh] = waits.try_emplace(value.device);
        Waited& waited = at->second;
        waited.on = waited.on || value.number == 0;
        waited.doubted = waited.doubted || value.time.clock_doubted;
        if (!fresh && wait <= waited.longest) continue;
        waited.longest = wait;
        waited.at = value.time;
      }
    }
  }
  return waits;
}

}  // namespace kapea::standards
