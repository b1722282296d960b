// A small invented deployment for tests of the domain: a police unit, a shelter, a pack
// with two forms, and the people who work there.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "common/domain/file_state.h"
#include "tests/support/change_builder.h"

namespace kapea::domain {

// Packs that stand in the Ledger from an Entry on. Threads: one at a time.
class TestPacks : public PackSource {
 public:
  void Add(std::shared_ptr<const Pack> pack, uint64_t sequence);
  const Pack* FindPack(const Hash& hash, uint64_t at) const override;
  size_t CountBefore(uint64_t at) const override;

 private:
  struct Published {
    std::shared_ptr<const Pack> pack;
    uint64_t sequence;
  };
  std::map<Hash, Published> packs_;
};

// Form "OP" version 1 and 2 (operation files): place (text, sealed general), count
// (integer 0 to 99), outcome (code FOUND, NONE; OLD is retired), T-1 (an item for the
// duty JPO), name (name, sealed identity, with the derived fact name_given), note2
// (integer, version 2 alone), scan (attachment), key (record key, code), by_lead
// (boolean, unit leads alone). Form "OP-ROOM", a child of "OP": number (integer).
// Form "PERSON" (person files): band (code). Standard with clause C1, waived by
// supervisors.
std::shared_ptr<Pack> MakeTestPack();

// Threads: one at a time.
struct TestWorld {
  static constexpr uint32_t kPolice = 1, kShelter = 2, kRegistry = 3;

  TestWorld();

  // Appends the Change as the next Entry of the file; the verdict that it got.
  Verdict Append(FileState& file, const std::shared_ptr<const Change>& change);
  Entry Place(const Change& change, uint64_t number);
  // The same for the directory, which has its own FileState.
  Verdict AppendDirectory(const std::shared_ptr<const Change>& change);
  Surroundings around() const { return {directory, packs}; }

  // A founding Change with these lines and every class opened. The author stands on it.
  std::shared_ptr<const Change> Found(const FileId& file, FileKind kind, const Author& author,
                                      std::vector<Member> others = {},
                                      std::vector<Duty> duties = {}) const;
  static Member Line(const Author& author, std::vector<Duty> duties = {});
  // An edit under the roster in force and the test pack.
  ChangeBuilder Edit(const FileState& file, const Author& author, Kind kind = Kind::kEdit) const;

  Author registrar1 = MakeAuthor(11, kRegistry, Role::kRegistrar);
  Author registrar2 = MakeAuthor(12, kRegistry, Role::kRegistrar);
  Author registrar3 = MakeAuthor(13, kRegistry, Role::kRegistrar);
  Author lead = MakeAuthor(21, kPolice, Role::kUnitLead);
  Author officer = MakeAuthor(22, kPolice, Role::kOfficer);
  Author officer2 = MakeAuthor(23, kPolice, Role::kOfficer);
  Author supervisor = MakeAuthor(24, kPolice, Role::kSupervisor);
  Author supervisor2 = MakeAuthor(25, kPolice, Role::kSupervisor);
  Author supervisor3 = MakeAuthor(26, kPolice, Role::kSupervisor);
  Author intake = MakeAuthor(31, kShelter, Role::kIntakeOfficer);
  Author intake2 = MakeAuthor(32, kShelter, Role::kIntakeOfficer);
  Author nurse = MakeAuthor(33, kShelter, Role::kHealthWorker);
  DeviceId server = MakeId<DeviceId>(99);

  Directory directory;
  FileState directory_file{MakeId<FileId>(9)};
  TestPacks packs;
  std::shared_ptr<Pack> pack = MakeTestPack();
  uint64_t next_sequence = 0;
  Time now = Time::FromUnixMs(1'795'000'000'000);
  std::shared_ptr<const Change> genesis;
};

}  // namespace kapea::domain
