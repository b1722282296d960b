// Changes made by hand, for tests of the rooms that take them as values. Nothing here
// is signed or encoded; hashes and ids are counted up.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/domain/change.h"

namespace kapea::domain {

// An id or hash with this number in its first bytes; never zeros for a number over 0.
template <typename Id>
Id MakeId(uint32_t number) {
  std::string bytes;
  AppendU32(bytes, number);
  bytes.resize(Id::kBytes, '\x5a');
  return Id::FromPrefix(bytes);
}

// Somebody at work: a person with her device, acting for a unit under a role.
struct Author {
  PersonId person;
  DeviceId device;
  UnitId unit;
  Role role = Role::kNone;
  friend bool operator==(const Author&, const Author&) = default;
};
// Person `number` with device `number`.
Author MakeAuthor(uint32_t number, uint32_t unit, Role role);

// Puts a Change together. Every Build gives a new id, unless Id was called.
class ChangeBuilder {
 public:
  ChangeBuilder(Kind kind, const FileId& file, const Author& author);

  ChangeBuilder& Id(uint32_t number);
  ChangeBuilder& Roster(const std::optional<Hash>& roster);
  ChangeBuilder& Pack(const Hash& pack);
  ChangeBuilder& Duty(domain::Duty duty);
  ChangeBuilder& Naming(const Change& other);  // a ref
  ChangeBuilder& Naming(const Ref& ref);
  ChangeBuilder& Clock(const ClockReading& clock);
  ChangeBuilder& Sequence(uint64_t sequence);
  ChangeBuilder& Write(WriteBody body);
  // A field write; `replaces` in any order.
  ChangeBuilder& Set(const RecordId& record, std::string_view field, domain::Value value,
                     std::vector<ChangeId> replaces = {});
  ChangeBuilder& Clear(const RecordId& record, std::string_view field,
                       std::vector<ChangeId> replaces = {});
  ChangeBuilder& Seal(const RecordId& record, std::string_view field, const KeyEpochId& epoch,
                      KeyClass key_class, std::vector<ChangeId> replaces = {});
  // The write that was added last pins this form, and stands below `parent`.
  ChangeBuilder& Pin(std::string_view form, uint32_t version,
                     std::optional<RecordId> parent = std::nullopt);
  // The write that was added last is a derived fact of write `index`.
  ChangeBuilder& Of(uint32_t index);

  // Anything else: `alter` gets the Change.
  ChangeBuilder& Alter(const std::function<void(Change&)>& alter);

  std::shared_ptr<const Change> Build();

 private:
  FieldWrite& Last();

  Change change_;
};

}  // namespace kapea::domain
