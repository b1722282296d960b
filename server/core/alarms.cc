#include "server/core/alarms.h"

#include <algorithm>
#include <set>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr int64_t kDayMs = 24 * 3600 * 1000;
constexpr size_t kKeyBytes = sizeof(uint32_t) + 1 + DeviceId::kBytes + FileId::kBytes;
constexpr size_t kRowBytes = 2 * sizeof(uint64_t) + sizeof(uint32_t);

std::string DayKey(Time at) {
  std::string key;
  const int64_t day = std::clamp<int64_t>(at.unix_ms() / kDayMs, 0, UINT32_MAX);
  AppendU32(key, static_cast<uint32_t>(day));
  return key;
}

std::string KeyOf(const Alarm& alarm, Time at) {
  std::string key = DayKey(at);
  AppendU8(key, static_cast<uint8_t>(alarm.kind));
  key.append(alarm.device.view());
  key.append(alarm.file.view());
  return key;
}

std::string RowOf(const Alarm& alarm) {
  std::string row;
  AppendU64(row, static_cast<uint64_t>(alarm.first.unix_ms()));
  AppendU64(row, static_cast<uint64_t>(alarm.last.unix_ms()));
  AppendU32(row, alarm.times);
  return row;
}

absl::StatusOr<Alarm> Read(std::string_view key, std::string_view row) {
  if (key.size() != kKeyBytes || row.size() != kRowBytes) {
    return absl::DataLossError("a row of the alarms cannot be read; nothing else is concerned");
  }
  Alarm alarm;
  key.remove_prefix(sizeof(uint32_t));
  alarm.kind = static_cast<AlarmKind>(key[0]);
  alarm.device = DeviceId::FromPrefix(key.substr(1));
  alarm.file = FileId::FromPrefix(key.substr(1 + DeviceId::kBytes));
  alarm.first = Time::FromUnixMs(static_cast<int64_t>(ReadU64(row)));
  alarm.last = Time::FromUnixMs(static_cast<int64_t>(ReadU64(row.substr(sizeof(uint64_t)))));
  alarm.times = ReadU32(row.substr(2 * sizeof(uint64_t)));
  return alarm;
}

// Which alarms somebody may see.
class Sight {
 public:
  Sight(const domain::Directory& directory, const PersonId& by) : directory_(directory) {
    all_ =
        directory.IsRegistrar(by) || HoldsRoleAnywhere(directory, by, domain::Role::kAdministrator);
    const domain::PersonEntry* person = directory.FindPerson(by);
    if (person == nullptr) return;
    for (const domain::RoleAt& at : person->roles) {
      if (at.role == domain::Role::kSupervisor) units_.insert(at.unit);
    }
  }
  bool none() const { return !all_ && units_.empty(); }
  bool Has(const Alarm& alarm) const {
    if (all_) return true;
    // Which files are canaries is nobody's to know who might want to leave them alone.
    if (alarm.kind == AlarmKind::kCanaryHandedOut || alarm.kind == AlarmKind::kCanaryTouched) {
      return false;
    }
    const domain::DeviceEntry* device = directory_.FindDevice(alarm.device);
    const domain::PersonEntry* person =
        device == nullptr ? nullptr : directory_.FindPerson(device->person);
    if (person == nullptr) return false;
    return std::any_of(person->roles.begin(), person->roles.end(),
                       [this](const domain::RoleAt& at) { return units_.contains(at.unit); });
  }

 private:
  const domain::Directory& directory_;
  bool all_ = false;
  std::set<UnitId> units_;
};

}  // namespace

absl::Status Alarms::Raise(AlarmKind kind, const DeviceId& device, const FileId& file) {
  MutexLock lock(mutex_);
  const Time now = clock_.Now();
  Alarm alarm{kind, device, file, now, now, 0};
  const std::string key = KeyOf(alarm, now);
  KAPEA_ASSIGN(const auto row, store_.Find(kAlarms, key));
  if (row) {
    KAPEA_ASSIGN(alarm, Read(key, *row));
  }
  alarm.last = now;
  ++alarm.times;
  kv::Batch batch;
  batch.Put(kAlarms, key, RowOf(alarm));
  return store_.Commit(batch, kv::Durability::kSynced);
}

absl::StatusOr<AlarmPage> Alarms::List(const Principal& by, Time since, size_t page_size,
                                       const std::string& page_token) const {
  const auto view = published_.directory();
  const Sight sight(view->directory, by.person);
  if (sight.none()) {
    return absl::PermissionDeniedError(
        "only registrars, administrators and supervisors list alarms");
  }
  std::string from = DayKey(since);
  if (!page_token.empty()) {
    KAPEA_ASSIGN(std::string last, FromHex(page_token));
    if (last.size() != kKeyBytes) return absl::InvalidArgumentError("page_token: want one of ours");
    from = std::max(from, last + '\0');  // what follows it
  }
  AlarmPage page;
  absl::Status failed;
  std::string last;
  KAPEA_TRY(store_.Scan(kAlarms, from, "", [&](std::string_view key, std::string_view row) {
    const auto alarm = Read(key, row);
    failed = alarm.status();
    if (!failed.ok()) return false;
    if (!sight.Has(*alarm)) return true;
    if (page.alarms.size() == page_size) {
      page.next_page_token = ToHex(last);
      return false;
    }
    page.alarms.push_back(*alarm);
    last = std::string(key);
    return true;
  }));
  KAPEA_TRY(failed);
  return page;
}

}  // namespace kapea::server
