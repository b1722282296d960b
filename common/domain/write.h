// What the writes of a Change say: one body each, as proto/kapea/v1/change.proto and
// membership.proto describe them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/id.h"
#include "common/domain/value.h"
#include "common/domain/vocabulary.h"

namespace kapea::domain {

struct Ref {
  ChangeId change;
  Hash hash;
  friend auto operator<=>(const Ref&, const Ref&) = default;
};

struct FormPin {
  std::string form;
  uint32_t version = 0;
  friend auto operator<=>(const FormPin&, const FormPin&) = default;
};

struct Cleared {
  friend auto operator<=>(const Cleared&, const Cleared&) = default;
};

struct FieldWrite {
  RecordId record;
  std::optional<FormPin> form;     // on the record's first write
  std::optional<RecordId> parent;  // on a child record's first write
  std::string field;
  std::optional<Value> clear;    // both clear and sealed: an attachment
  std::optional<Sealed> sealed;  // neither: cleared
  std::vector<ChangeId> replaces;
  std::optional<uint32_t> of;  // a derived fact of that write

  bool cleared() const { return !clear && !sealed; }
};

struct Founding {
  FileKind kind = FileKind::kNone;
  bool drill = false;
};
struct Member {
  std::optional<PersonId> person;  // absent: everyone with the role at the unit
  UnitId unit;
  Role role = Role::kNone;
  std::vector<Duty> duties;
  friend auto operator<=>(const Member&, const Member&) = default;
};
struct RosterWrite {
  std::vector<Member> added, removed, changed;
};
struct KeyOpening {
  KeyClass key_class = KeyClass::kNone;
  Hash commitment;
  std::optional<Hash> half_a, half_b;
};
struct Wrap {
  std::optional<KeyEpochId> key_epoch;  // of a class key
  KeyClass key_class = KeyClass::kNone;
  uint32_t half = 0;
  RecipientKind recipient_kind = RecipientKind::kNone;
  ChangeId recipient;  // person, unit or device id
  uint32_t generation = 0;
  Hash recipient_key;                     // SHA-256 of its public key
  std::string encapsulated;               // 32 bytes
  std::string ciphertext;                 // 48 bytes
  std::optional<ChangeId> wrapped_owner;  // a person's or unit's key: whose
  uint32_t wrapped_generation = 0;
};
struct RoleAt {
  Role role = Role::kNone;
  UnitId unit;
  friend auto operator<=>(const RoleAt&, const RoleAt&) = default;
};
struct PersonEntry {
  PersonId person;
  uint32_t generation = 0;
  std::string receive_key;  // 32 bytes, or empty
  std::vector<RoleAt> roles;
  bool ended = false;
};
struct DeviceEntry {
  DeviceId device;
  PersonId person;
  std::string signing_key;  // 65 bytes
  std::string receive_key;  // 32 bytes
  bool revoked = false;
};
struct UnitEntry {
  UnitId unit;
  UnitKind kind = UnitKind::kNone;
  std::string code;
  uint32_t generation = 0;
  std::string receive_key;  // 32 bytes, or empty
  bool ended = false;
  std::string province = {};  // two digits of the national code, or empty
  // SHA-256 of the key; zeros without one. No part of the bytes: codec works it out.
  Hash receive_key_hash = {};
};
struct Genesis {
  DeploymentId deployment;
  std::string log_key;  // 32 bytes
  Hash root_certificate;
  DeviceId server_device;
  std::string server_signing_key;  // 65 bytes
  std::vector<PersonId> registrars;
  std::vector<std::string> pack_owners;  // 65 bytes each
};
struct CustodyOffer {
  ChangeId handover;  // random
  UnitId to_unit;
  std::optional<PersonId> to_person;
  uint32_t of_persons = 0;
  std::optional<FileId> operation;
};
struct CustodyAnswer {
  ChangeId handover;
  bool accepted = false;
  std::string reason;
  uint32_t counted = 0;
};
struct LinkWrite {
  std::string relation;
  ChangeId link_id;  // random
  std::optional<FileId> other_file;
  std::optional<Ref> proposal;
  bool ended = false;
};
struct Waiver {
  std::string clause;
  std::string reason;
  bool ended = false;
};
struct ReadNotice {
  RecordId record;
  std::vector<std::string> fields;
  uint32_t times = 0;
};
struct Delivery {
  DeviceId device;
  uint64_t first = 0, last = 0;
};
struct PackPart {
  Hash pack;
  std::string pack_id;
  uint32_t version = 0;
  uint32_t part = 0, parts = 0;
  std::string content;
};
struct Decision {
  std::string reason;
  std::string subject;  // 16 bytes, or empty
  std::string field;
  uint64_t from = 0, to = 0;
  // Of an erasure of one field: what made its record, and what that pinned.
  std::optional<ChangeId> maker = {};
  std::optional<FormPin> form = {};
  std::optional<RecordId> parent = {};
};
inline constexpr size_t kDisclosedFieldsMax = 256;
struct DisclosedField {
  RecordId record;
  std::string field;
  friend auto operator<=>(const DisclosedField&, const DisclosedField&) = default;
};
struct Disclosure {
  std::vector<DisclosedField> fields;  // ascending, unique
  std::optional<UnitId> to_unit;
  std::string to_body;  // a code; exactly one of the two
  std::string purpose;
  Time expires;
  std::string because;  // a code; empty: by consent
};
struct PublishedCell {
  std::string code;              // empty: none said, or the figure itself
  std::optional<int64_t> value;  // absent: hidden
  friend bool operator==(const PublishedCell&, const PublishedCell&) = default;
};
struct PublishedTable {
  std::string measure;
  std::string dimension;  // empty: the figure itself
  uint32_t decimals = 0;
  std::vector<PublishedCell> cells;  // ascending by code
};
struct PublishedScope {
  std::optional<UnitId> unit;  // absent, and no province: all files
  std::string province;
  friend bool operator==(const PublishedScope&, const PublishedScope&) = default;
};
inline constexpr size_t kPublishedTablesMax = 1024;
inline constexpr size_t kPublishedCellsMax = 2048;
inline constexpr uint32_t kRoundedToMax = 1000;
// Figures that left the house as a report.
struct Publication {
  std::string report;  // a code
  Time from, before;   // the period
  PublishedScope scope;
  Time as_of;                 // when they were counted
  uint64_t ledger_size = 0;   // then
  uint32_t hidden_below = 0;  // counts from 1 to one less are hidden
  uint32_t rounded_to = 0;    // 0: not
  std::vector<PublishedTable> tables;
  std::optional<ChangeId> revises;
  std::string reason;  // of a revision
};
// A few words, sealed to one recipient.
struct SealedNote {
  RecipientKind recipient_kind = RecipientKind::kNone;  // a person or a unit
  ChangeId recipient;
  uint32_t generation = 0;
  Hash recipient_key;        // SHA-256 of its public key
  std::string encapsulated;  // 32 bytes
  std::string ciphertext;
};
struct Withheld {  // only the leaf's hash is known
  Hash leaf;
};

using WriteBody =
    std::variant<Withheld, FieldWrite, Founding, RosterWrite, KeyOpening, Wrap, PersonEntry,
                 DeviceEntry, UnitEntry, Genesis, CustodyOffer, CustodyAnswer, LinkWrite, Waiver,
                 ReadNotice, Delivery, PackPart, Decision, Disclosure, SealedNote, Publication>;

struct Write {
  Salt salt;
  WriteBody body;
};

}  // namespace kapea::domain
