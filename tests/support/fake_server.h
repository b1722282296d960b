// A deployment in one process, for tests of the client: invented people with their keys,
// and a server that keeps a real ledger (tree, entries, verdicts, receipts, signed
// checkpoints) without disk or network. A transport in between loses, repeats and alters.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "client/sync/transport.h"
#include "client/vault/identity.h"
#include "common/base/clock.h"
#include "common/codec/pack_registry.h"
#include "common/domain/directory.h"
#include "common/domain/file_state.h"
#include "common/ledger/checkpoint.h"
#include "tests/support/memory_nodes.h"

namespace kapea::testing {

// Threads: one at a time.
class FakeServer {
 public:
  // With a genesis that has everybody in it, and a pack published: these canonical bytes,
  // or without them the test pack.
  explicit FakeServer(const Clock& clock, std::string pack = {});

  // One more device of a person of the deployment; her keys go with it.
  vault::Identity IdentityOf(std::string_view name) const;
  UnitId police() const { return police_; }
  UnitId shelter() const { return shelter_; }
  PersonId person(std::string_view name) const { return people_.at(std::string(name)).person; }

  // A directory act of two registrars.
  void Enter(const std::vector<domain::WriteBody>& entries);
  // The device of that name is lost.
  void Revoke(std::string_view name);
  // Another device of `of`, in the directory, with keys of its own alone.
  void AddDevice(std::string_view name, std::string_view of);
  // Another person with one device.
  void AddPerson(std::string_view name, const UnitId& unit, domain::Role role);
  // Two registrars approve every key that is offered; how many there were.
  size_t ApproveOffers();
  const domain::Directory& directory() const { return directory_; }

  // Canonical bytes of one more pack, signed by the owner.
  void PublishPack(const std::string& pack);

  sync::PushReply Push(const std::vector<codec::Parcel>& parcels);
  // All messages of one pull by that person.
  absl::StatusOr<std::vector<sync::PullMessage>> Pull(const PersonId& reader,
                                                      const sync::PullCall& call) const;
  absl::StatusOr<ledger::Proof> ProveConsistency(uint64_t from, uint64_t to) const;

  const domain::FileState* File(const FileId& file) const;
  // As the ledger had it at that moment; not founded for one that was not there yet.
  std::shared_ptr<domain::FileState> Fold(const FileId& file, Time as_of) const;
  uint64_t size() const { return entries_.size(); }
  size_t EntriesOf(const FileId& file) const;
  std::map<std::pair<FileId, Hash>, std::string>& chunks() { return chunks_; }
  std::string Note(bool with_time) const;
  // A server with the same past up to `size` entries, and another future: a fork.
  std::unique_ptr<FakeServer> Fork(uint64_t size) const;

  // Verdicts to be given in place of the right ones.
  std::function<domain::Verdict(domain::Verdict)> judge_otherwise;
  // What somebody is shown in place of what is hers.
  std::function<domain::Sight(domain::Sight)> show_otherwise;
  uint64_t changes_per_message = 3;

 private:
  struct Stored {
    std::string entry;
    codec::EncodedChange change;
    Hash parcel;
    uint32_t index = 0;
    ledger::Proof path;
    uint64_t sequence = 0;
  };
  struct Sent {
    sync::ParcelStub stub;
    codec::Parcel parcel;
    std::vector<uint64_t> sequences;
  };
  struct Chain {
    uint64_t last = 0;
    Hash parcel;
  };
  void MakePeople();
  void AppendGenesis();
  void FoundStandards();
  domain::Header RegistrarsHeader(domain::Kind kind, std::string_view registrar = "registrar1");
  // An approval in the directory.
  void Approve(std::string_view registrar, const domain::Ref& proposal);
  void Append(const codec::Parcel& parcel, uint32_t index);
  void DropErased(const FileId& file);
  std::optional<sync::Refusal> Check(const codec::Parcel& parcel, uint32_t position) const;
  sync::ParcelReceipts ReceiptsFor(const Sent& sent) const;
  codec::EntryRun RunOf(uint64_t first, uint64_t count) const;
  // The number of each file that somebody has who holds all up to that ledger size;
  // nullopt where that does not say it.
  std::optional<std::map<FileId, uint64_t>> NumbersAt(uint64_t size) const;
  codec::Parcel ParcelOf(const vault::Identity& author, codec::ChangeWriter writer);
  domain::Surroundings around() const { return {directory_, packs_}; }

  const Clock& clock_;
  DeploymentId deployment_;
  crypto::NoteSigningKey log_key_ = crypto::NoteSigningKey::Generate();
  crypto::SigningKey pack_owner_ = crypto::SigningKey::Generate();
  UnitId police_, shelter_, registry_;
  std::map<std::string, vault::Identity> people_;
  FileId directory_file_, standards_file_;
  Hash genesis_;
  std::vector<std::string> entries_;
  ledger::MemoryNodes tree_;
  std::map<FileId, std::vector<Stored>> files_;
  std::map<FileId, domain::FileState> states_;
  std::vector<FileId> order_;
  domain::Directory directory_;
  codec::PackRegistry packs_;
  std::map<Hash, Sent> parcels_;
  std::vector<std::pair<Hash, uint32_t>> log_;  // what was appended, in order
  std::map<DeviceId, Chain> chains_;
  std::map<std::pair<FileId, Hash>, std::string> chunks_;
};

// The line between one device and the server. Threads: one at a time.
class FakeLine : public sync::Transport {
 public:
  FakeLine(FakeServer& server, const PersonId& person) : server_(&server), person_(person) {}

  void BeginPush(const std::vector<codec::Parcel>& parcels, const std::string& checkpoint) override;
  absl::StatusOr<sync::PushReply> FinishPush() override;
  absl::Status Pull(const sync::PullCall& call, const Visit& visit) override;
  absl::StatusOr<ledger::Proof> ProveConsistency(uint64_t from_size, uint64_t to_size) override;
  absl::StatusOr<std::vector<bool>> BlobHave(const FileId& file,
                                             const std::vector<Hash>& chunks) override;
  absl::Status BlobPut(const FileId& file, const std::vector<std::string>& chunks) override;
  absl::StatusOr<std::vector<std::string>> BlobGet(const FileId& file,
                                                   const std::vector<Hash>& chunks) override;
  void Cancel() override {}

  // What becomes of call number n (from 0): cut before the server has it, or after.
  enum class Fate { kGood, kCutBefore, kCutAfter };
  std::function<Fate(uint64_t call)> fate = [](uint64_t) { return Fate::kGood; };
  // Changes a message on its way; false: it is lost, and the line with it.
  std::function<bool(sync::PullMessage&)> meddle = [](sync::PullMessage&) { return true; };
  std::function<void(sync::PushReply&)> meddle_reply = [](sync::PushReply&) {};
  // Sees a push as it leaves, before the server has it.
  std::function<void(const std::vector<codec::Parcel>&)> on_push = [](const auto&) {};
  sync::PullCall last_pull;
  bool repeat_messages = false;
  void Connect(FakeServer& server) { server_ = &server; }
  uint64_t calls() const { return calls_; }

 private:
  absl::StatusOr<sync::PushReply> Deliver(const std::vector<codec::Parcel>& parcels);

  FakeServer* server_;
  const PersonId person_;
  uint64_t calls_ = 0;
  std::optional<absl::StatusOr<sync::PushReply>> reply_;  // of the push that was begun
};

}  // namespace kapea::testing
