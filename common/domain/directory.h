// The directory: persons, devices, units and roles, and what it said at any place
// of the Ledger. A fold of the Changes of the directory file.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id.h"
#include "common/domain/change.h"

namespace kapea::domain {

// How long a proposal waits for its approval, by receive time.
inline constexpr Duration kProposalLapses = Duration::Days(7);

// Where the recovery key stands: the entry of a unit with these 16 bytes as its id, which
// no random id ever is. Nobody works there, and no list of units has it. An entry counts when
// it brings the next generation, or ends the one there is: a key that stands is not swapped
// for another of the same number.
UnitId RecoveryPlace();
inline constexpr std::string_view kRecoveryCode = "RECOVERY";  // of that entry

// Whether a directory proposal says something about this person: her entry or that of
// one of her devices. Nobody approves what concerns herself.
bool Concerns(const Change& proposal, const PersonId& person);

// Whether the Change does nothing but offer another receive key: the author's own, or that
// of the unit she acts for. Everybody may offer, for nobody else has the private half. It
// says nothing about the generation, which Directory compares where it takes effect.
struct KeyOffer {
  std::optional<PersonId> person;
  std::optional<UnitId> unit;  // exactly one of the two
  uint32_t generation = 0;
  std::string receive_key;  // 32 bytes
};
class Directory;
// As of just before Entry `at`; nullopt: no offer.
std::optional<KeyOffer> KeyOfferIn(const Change& change, const Directory& directory, uint64_t at);

// Threads: one at a time; reading from several is safe while nobody writes.
class Directory {
 public:
  // Folds one Change of the directory file at its Entry. The caller passes every one
  // in ledger order, whatever its verdict; those without effect are passed over.
  // A directory act is a proposal by one registrar (KIND_DIRECTORY) and the approval
  // of another, and takes effect at the approval's Entry; the genesis at once. A key offer
  // (KeyOfferIn) is proposed by whom it is about and approved by two registrars. Proposer
  // and approver are two Persons on two Devices, both registrars and not revoked at the
  // Entry that completes the act. An approval that came before its proposal completes it
  // at the proposal's Entry. A proposal lapses kProposalLapses after it was received, or
  // when its author withdraws it.
  // An entry takes away no key that stands: of one that names an earlier generation, or the
  // same with another key, everything else counts. A device keeps the keys and the person it
  // began with, and stays revoked.
  void Append(const Change& change, const Entry& entry);
  // How many acts took effect before Entry `at`.
  size_t ActsBefore(uint64_t at) const;

  const std::optional<Genesis>& genesis() const { return genesis_; }
  FileId file() const { return file_; }

  // As of just before Entry `at` (use kNow for the newest).
  static constexpr uint64_t kNow = ~uint64_t{0};
  const PersonEntry* FindPerson(const PersonId& person, uint64_t at = kNow) const;
  const DeviceEntry* FindDevice(const DeviceId& device, uint64_t at = kNow) const;
  const UnitEntry* FindUnit(const UnitId& unit, uint64_t at = kNow) const;
  const UnitEntry* FindUnitByCode(std::string_view code) const;
  bool HoldsRole(const PersonId& person, Role role, const UnitId& unit, uint64_t at = kNow) const;
  // Now, or at any time before.
  bool EverHeldRole(const PersonId& person, Role role, const UnitId& unit) const;
  bool IsRegistrar(const PersonId& person, uint64_t at = kNow) const;
  // Whether she works for the unit in a role that shares its key.
  bool HasUnitKey(const PersonEntry& person, const UnitId& unit, uint64_t at = kNow) const;
  // Whether nothing should be wrapped to that generation of the receive key any more: there
  // is a newer one, its owner ended, or since it began a device that had it was revoked (one
  // of the person's; for a unit, one of anybody who shares its key) or somebody who shared it left.
  // True for a generation that the directory does not have.
  bool KeyEnded(const PersonId& person, uint32_t generation, uint64_t at = kNow) const;
  bool KeyEnded(const UnitId& unit, uint32_t generation, uint64_t at = kNow) const;
  // The public half of that generation of the key; empty: there was none.
  std::string_view ReceiveKeyOf(const PersonId& person, uint32_t generation) const;
  std::string_view ReceiveKeyOf(const UnitId& unit, uint32_t generation) const;
  // The recovery key; nullptr: there is none, or it was ended without a next one.
  const UnitEntry* RecoveryKey(uint64_t at = kNow) const;
  // Whether nothing should be wrapped to that generation of it (any more).
  bool RecoveryKeyEnded(uint32_t generation, uint64_t at = kNow) const;
  // The last Entry at which any key began or ended; 0: none but the genesis.
  uint64_t keys_changed_at() const { return keys_changed_at_; }
  // Offers that wait for an approval and have not lapsed.
  struct OpenOffer {
    ChangeId change{};
    Hash hash{};  // of the Change
    KeyOffer offer;
    PersonId by;
    Time received;
    size_t approvals = 0;
  };
  std::vector<OpenOffer> OpenOffers(Time now) const;
  // Everyone who holds `role` at `unit` now.
  std::vector<PersonId> StaffOf(const UnitId& unit, Role role) const;
  std::vector<const PersonEntry*> Persons() const;
  std::vector<const DeviceEntry*> Devices() const;
  // Without the recovery key's place.
  std::vector<const UnitEntry*> Units(uint64_t at = kNow) const;
  std::vector<const DeviceEntry*> DevicesOf(const PersonId& person) const;

 private:
  template <typename T>
  struct Version {
    uint64_t sequence;  // Entry at which it took effect
    T entry;
  };
  template <typename Id, typename T>
  using History = std::map<Id, std::vector<Version<T>>>;
  template <typename Id, typename T>
  static const T* Find(const History<Id, T>& history, const Id& id, uint64_t at);
  template <typename Id, typename T>
  static std::string_view KeyOf(const History<Id, T>& history, const Id& id, uint32_t generation);
  template <typename Id, typename T>
  static std::vector<const T*> Newest(const History<Id, T>& history);

  struct Approval {
    Ref proposal;
    PersonId person;
    DeviceId device;
    Time received;
  };
  struct Proposal {
    std::shared_ptr<const Change> change;
    Time received;
    bool done = false;                // completed or withdrawn
    std::vector<Approval> approvals;  // of an offer: the first, while the second is awaited
  };
  template <typename Id, typename T>
  static bool Ended(const History<Id, T>& history,
                    const std::map<Id, std::vector<uint64_t>>& losses, const Id& id,
                    uint32_t generation, uint64_t at);
  void NoteLosses(const DeviceEntry& entry, uint64_t sequence);
  void NoteLosses(const PersonEntry& entry, uint64_t sequence);
  bool SecondApproves(Proposal& proposal, const Approval& approval, uint64_t sequence);
  void Apply(const Change& change, uint64_t sequence);
  void Propose(const Change& change, const Entry& entry);
  // Completes the proposal at Entry `sequence` if this approval may.
  void Approve(const Approval& approval, uint64_t sequence);
  bool MayAct(const PersonId& person, const DeviceId& device, uint64_t at) const;

  std::optional<Genesis> genesis_;
  FileId file_;
  History<PersonId, PersonEntry> persons_;
  History<DeviceId, DeviceEntry> devices_;
  History<UnitId, UnitEntry> units_;
  std::map<ChangeId, Proposal> proposals_;
  std::multimap<ChangeId, Approval> early_approvals_;  // by the proposal they wait for
  // Entries at which a device was lost that had the keys, or somebody left.
  std::map<PersonId, std::vector<uint64_t>> person_losses_;
  std::map<UnitId, std::vector<uint64_t>> unit_losses_;
  uint64_t keys_changed_at_ = 0;
  std::vector<uint64_t> acts_;  // Entries at which one took effect, in order
};

}  // namespace kapea::domain
