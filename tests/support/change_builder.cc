#include "tests/support/change_builder.h"

#include <algorithm>
#include <atomic>

#include "common/base/macros.h"

namespace kapea::domain {
namespace {

// Ids of tests that choose their own stay below.
std::atomic<uint32_t> next_change{1'000'000};

}  // namespace

Author MakeAuthor(uint32_t number, uint32_t unit, Role role) {
  return {MakeId<PersonId>(number), MakeId<DeviceId>(number), MakeId<UnitId>(unit), role};
}

ChangeBuilder::ChangeBuilder(Kind kind, const FileId& file, const Author& author) {
  const uint32_t number = next_change.fetch_add(1);
  Id(number);
  Header& header = change_.header;
  header.kind = kind;
  header.file = file;
  header.person = author.person;
  header.device = author.device;
  header.unit = author.unit;
  header.role = author.role;
  header.sequence = number;
}

ChangeBuilder& ChangeBuilder::Id(uint32_t number) {
  change_.id = MakeId<ChangeId>(number);
  change_.hash = MakeId<Hash>(number);
  return *this;
}

ChangeBuilder& ChangeBuilder::Roster(const std::optional<Hash>& roster) {
  change_.header.roster = roster;
  return *this;
}

ChangeBuilder& ChangeBuilder::Pack(const Hash& pack) {
  change_.header.pack = pack;
  return *this;
}

ChangeBuilder& ChangeBuilder::Duty(domain::Duty duty) {
  change_.header.duty = duty;
  return *this;
}

ChangeBuilder& ChangeBuilder::Naming(const Change& other) {
  return Naming(Ref{other.id, other.hash});
}

ChangeBuilder& ChangeBuilder::Naming(const Ref& ref) {
  change_.header.refs.push_back(ref);
  return *this;
}

ChangeBuilder& ChangeBuilder::Clock(const ClockReading& clock) {
  change_.header.clock = clock;
  return *this;
}

ChangeBuilder& ChangeBuilder::Sequence(uint64_t sequence) {
  change_.header.sequence = sequence;
  return *this;
}

ChangeBuilder& ChangeBuilder::Write(WriteBody body) {
  const auto salt = MakeId<Salt>(static_cast<uint32_t>(change_.writes.size() + 1));
  change_.writes.push_back({salt, std::move(body)});
  change_.header.writes = static_cast<uint32_t>(change_.writes.size());
  return *this;
}

ChangeBuilder& ChangeBuilder::Set(const RecordId& record, std::string_view field,
                                  domain::Value value, std::vector<ChangeId> replaces) {
  Clear(record, field, std::move(replaces));
  Last().clear = std::move(value);
  return *this;
}

ChangeBuilder& ChangeBuilder::Clear(const RecordId& record, std::string_view field,
                                    std::vector<ChangeId> replaces) {
  std::sort(replaces.begin(), replaces.end());
  FieldWrite write;
  write.record = record;
  write.field = std::string(field);
  write.replaces = std::move(replaces);
  return Write(std::move(write));
}

ChangeBuilder& ChangeBuilder::Seal(const RecordId& record, std::string_view field,
                                   const KeyEpochId& epoch, KeyClass key_class,
                                   std::vector<ChangeId> replaces) {
  Clear(record, field, std::move(replaces));
  Last().sealed = Sealed{epoch, key_class, std::string(112, '\x17')};
  return *this;
}

ChangeBuilder& ChangeBuilder::Pin(std::string_view form, uint32_t version,
                                  std::optional<RecordId> parent) {
  Last().form = FormPin{std::string(form), version};
  Last().parent = parent;
  return *this;
}

ChangeBuilder& ChangeBuilder::Of(uint32_t index) {
  Last().of = index;
  return *this;
}

ChangeBuilder& ChangeBuilder::Alter(const std::function<void(Change&)>& alter) {
  alter(change_);
  return *this;
}

std::shared_ptr<const Change> ChangeBuilder::Build() {
  return std::make_shared<const Change>(change_);
}

FieldWrite& ChangeBuilder::Last() {
  KAPEA_CHECK(!change_.writes.empty());
  return std::get<FieldWrite>(change_.writes.back().body);
}

}  // namespace kapea::domain
