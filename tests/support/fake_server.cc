#include "tests/support/fake_server.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "common/base/macros.h"
#include "common/codec/pack_compiler.h"
#include "common/codec/pack_text.h"
#include "common/crypto/hash.h"
#include "common/ledger/range.h"

namespace kapea::testing {
namespace {

using domain::Role;

constexpr std::string_view kTestPackText = R"(
id: "test-pack" version: 1 owner: "Invented" title { en: "Test pack" }
code_lists {
  id: "CL_CONSENT" label { en: "Consent" } provenance { status: SOURCE_STATUS_PROPOSED }
  codes { code: "sharing" label { en: "Sharing" } }
  codes { code: "yes" label { en: "Yes" } }
  codes { code: "no" label { en: "No" } }
}
forms {
  id: "OP-CONSENT" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_OPERATION
  title { en: "Consent" }
  provenance { status: SOURCE_STATUS_PROPOSED }
  sections {
    code: "S" label { en: "All" }
    fields { code: "purpose" label { en: "For what" } type: FIELD_TYPE_CODE
             code_list: "CL_CONSENT" sensitivity: SENSITIVITY_OPERATIONAL }
    fields { code: "recipient" label { en: "For whom" } type: FIELD_TYPE_UNIT
             sensitivity: SENSITIVITY_OPERATIONAL }
    fields { code: "answer" label { en: "Answer" } type: FIELD_TYPE_CODE
             code_list: "CL_CONSENT" sensitivity: SENSITIVITY_OPERATIONAL }
  }
}
forms {
  id: "OP" version: 1 kind: FORM_KIND_RECORD file_kind: FILE_KIND_OPERATION
  title { en: "Operation" }
  provenance { status: SOURCE_STATUS_PROPOSED }
  sections {
    code: "S" label { en: "All" }
    fields { code: "count" label { en: "Persons" } type: FIELD_TYPE_INTEGER
             sensitivity: SENSITIVITY_OPERATIONAL }
    fields { code: "note" label { en: "Note" } type: FIELD_TYPE_TEXT
             sensitivity: SENSITIVITY_OPERATIONAL }
    fields { code: "name" label { en: "Name" } type: FIELD_TYPE_NAME
             sensitivity: SENSITIVITY_IDENTITY }
    fields { code: "alias" label { en: "Alias" } type: FIELD_TYPE_NAME
             sensitivity: SENSITIVITY_IDENTITY
             derived { code: "alias_given" label { en: "An alias is known" }
                       type: FIELD_TYPE_BOOLEAN rule: "present"
                       reveals: "whether there is an alias" } }
    fields { code: "where" label { en: "Where" } type: FIELD_TYPE_TEXT
             sensitivity: SENSITIVITY_PLAN }
    fields { code: "scan" label { en: "Scan" } type: FIELD_TYPE_ATTACHMENT
             sensitivity: SENSITIVITY_OPERATIONAL }
  }
}
)";

// A mistake of the test's own: nothing to go on with.
template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::fprintf(stderr, "fake server: %s\n", value.status().ToString().c_str());
    std::abort();
  }
  return *std::move(value);
}

}  // namespace

FakeServer::FakeServer(const Clock& clock, std::string pack)
    : clock_(clock), deployment_(crypto::RandomId<DeploymentId>()) {
  MakePeople();
  AppendGenesis();
  if (pack.empty()) pack = Must(codec::PackTextToBytes(kTestPackText, "test.textproto"));
  FoundStandards();
  PublishPack(pack);
}

void FakeServer::MakePeople() {
  police_ = crypto::RandomId<UnitId>();
  shelter_ = crypto::RandomId<UnitId>();
  registry_ = crypto::RandomId<UnitId>();
  const auto add = [this](const char* name, const UnitId& unit, Role role) {
    vault::Identity& identity = people_[name];
    identity.deployment = deployment_;
    identity.device = crypto::RandomId<DeviceId>();
    identity.person = crypto::RandomId<PersonId>();
    identity.unit = unit;
    identity.role = role;
    identity.person_keys.emplace(1, crypto::ReceiveKey::Generate());
    identity.server = "localhost:1";
    identity.log_verifier_key =
        ledger::ToVerifierKey(ledger::OriginOf(deployment_, 1), log_key_.public_key());
  };
  add("registrar1", registry_, Role::kRegistrar);
  add("registrar2", registry_, Role::kRegistrar);
  add("registrar3", registry_, Role::kRegistrar);
  add("lead", police_, Role::kUnitLead);
  add("officer", police_, Role::kOfficer);
  add("supervisor", police_, Role::kSupervisor);
  add("intake", shelter_, Role::kIntakeOfficer);
  add("intake2", shelter_, Role::kIntakeOfficer);
  add("manager", shelter_, Role::kCaseManager);
  add("nurse", shelter_, Role::kHealthWorker);
  // The shelter has a unit key; its first device holds it.
  people_.at("intake").unit_offers.push_back({crypto::ReceiveKey::Generate(), 1, clock_.Now()});
}

codec::Parcel FakeServer::ParcelOf(const vault::Identity& author, codec::ChangeWriter writer) {
  codec::EncodedChange change = Must(std::move(writer).Finish());
  return Must(codec::SignParcel({std::move(change)}, chains_[author.device].parcel, clock_.Read(),
                                author.signing_key));
}

void FakeServer::AppendGenesis() {
  const vault::Identity& first = people_.at("registrar1");
  domain::Header header;
  header.deployment = deployment_;
  header.device = first.device;
  header.person = first.person;
  header.unit = first.unit;
  header.role = first.role;
  header.sequence = 1;
  header.clock = clock_.Read();
  header.nonce = crypto::RandomId<Nonce>();
  header.file = codec::FileIdOf(deployment_, header.device, header.nonce);
  header.kind = domain::Kind::kGenesis;
  directory_file_ = header.file;
  codec::ChangeWriter writer(header);
  domain::Genesis genesis;
  genesis.deployment = deployment_;
  genesis.log_key = log_key_.public_key();
  genesis.server_device = crypto::RandomId<DeviceId>();
  genesis.server_signing_key = crypto::SigningKey::Generate().verify_key().bytes();
  for (const char* name : {"registrar1", "registrar2", "registrar3"}) {
    genesis.registrars.push_back(people_.at(name).person);
  }
  std::sort(genesis.registrars.begin(), genesis.registrars.end());
  genesis.pack_owners = {pack_owner_.verify_key().bytes()};
  writer.Add(genesis);
  const std::string shelter_key = people_.at("intake").unit_offers[0].key.public_key();
  writer.Add(domain::UnitEntry{police_, domain::UnitKind::kPolice, "POL", 0, "", false});
  writer.Add(domain::UnitEntry{shelter_, domain::UnitKind::kShelter, "SHE", 1, shelter_key, false});
  writer.Add(domain::UnitEntry{registry_, domain::UnitKind::kRegistry, "REG", 0, "", false});
  for (const auto& [name, identity] : people_) {
    writer.Add(domain::PersonEntry{identity.person,
                                   1,
                                   identity.person_keys.at(1).public_key(),
                                   {{identity.role, identity.unit}},
                                   false});
    writer.Add(domain::DeviceEntry{identity.device, identity.person,
                                   identity.signing_key.verify_key().bytes(),
                                   identity.device_key.public_key(), false});
  }
  packs_.SetOwners(genesis.pack_owners);
  const sync::PushReply reply = Push({ParcelOf(first, std::move(writer))});
  KAPEA_CHECK(!reply.refusal && size() == 1);
  genesis_ = ledger::LeafHash(entries_[0]);
}

domain::Header FakeServer::RegistrarsHeader(domain::Kind kind, std::string_view registrar) {
  const vault::Identity& author = people_.at(std::string(registrar));
  domain::Header header;
  header.deployment = deployment_;
  header.device = author.device;
  header.person = author.person;
  header.unit = author.unit;
  header.role = author.role;
  header.sequence = chains_[author.device].last + 1;
  header.clock = clock_.Read();
  header.nonce = crypto::RandomId<Nonce>();
  header.kind = kind;
  return header;
}

void FakeServer::Approve(std::string_view registrar, const domain::Ref& proposal) {
  domain::Header header = RegistrarsHeader(domain::Kind::kApproval, registrar);
  header.file = directory_file_;
  header.roster = states_.at(directory_file_).roster_hash();
  header.refs = {proposal};
  codec::ChangeWriter writer(header);
  writer.Add(domain::Decision{});
  const auto& author = people_.at(std::string(registrar));
  KAPEA_CHECK(!Push({ParcelOf(author, std::move(writer))}).refusal);
}

void FakeServer::Enter(const std::vector<domain::WriteBody>& entries) {
  domain::Header header = RegistrarsHeader(domain::Kind::kDirectory);
  header.file = directory_file_;
  header.roster = states_.at(directory_file_).roster_hash();
  codec::ChangeWriter writer(header);
  for (const domain::WriteBody& entry : entries) writer.Add(entry);
  codec::Parcel parcel = ParcelOf(people_.at("registrar1"), std::move(writer));
  const domain::Ref proposal{parcel.changes[0].change->id, parcel.changes[0].change->hash};
  KAPEA_CHECK(!Push({std::move(parcel)}).refusal);
  Approve("registrar2", proposal);
}

void FakeServer::Revoke(std::string_view name) {
  domain::DeviceEntry device = *directory_.FindDevice(people_.at(std::string(name)).device);
  device.revoked = true;
  Enter({device});
}

void FakeServer::AddDevice(std::string_view name, std::string_view of) {
  const vault::Identity& person = people_.at(std::string(of));
  vault::Identity identity;
  identity.deployment = deployment_;
  identity.device = crypto::RandomId<DeviceId>();
  identity.person = person.person;
  identity.unit = person.unit;
  identity.role = person.role;
  // As enrolment makes it; the directory goes on with the key that it has.
  identity.person_keys.emplace(1, crypto::ReceiveKey::Generate());
  identity.server = person.server;
  identity.log_verifier_key = person.log_verifier_key;
  Enter({domain::DeviceEntry{identity.device, identity.person,
                             identity.signing_key.verify_key().bytes(),
                             identity.device_key.public_key(), false}});
  people_.insert_or_assign(std::string(name), std::move(identity));
}

void FakeServer::AddPerson(std::string_view name, const UnitId& unit, Role role) {
  vault::Identity identity;
  identity.deployment = deployment_;
  identity.device = crypto::RandomId<DeviceId>();
  identity.person = crypto::RandomId<PersonId>();
  identity.unit = unit;
  identity.role = role;
  identity.person_keys.emplace(1, crypto::ReceiveKey::Generate());
  identity.server = "localhost:1";
  identity.log_verifier_key = people_.at("lead").log_verifier_key;
  Enter({domain::PersonEntry{
             identity.person, 1, identity.person_keys.at(1).public_key(), {{role, unit}}, false},
         domain::DeviceEntry{identity.device, identity.person,
                             identity.signing_key.verify_key().bytes(),
                             identity.device_key.public_key(), false}});
  people_.insert_or_assign(std::string(name), std::move(identity));
}

size_t FakeServer::ApproveOffers() {
  const auto open = directory_.OpenOffers(clock_.Now());
  for (const auto& offer : open) {
    Approve("registrar2", {offer.change, offer.hash});
    Approve("registrar3", {offer.change, offer.hash});
  }
  return open.size();
}

void FakeServer::FoundStandards() {
  domain::Header header = RegistrarsHeader(domain::Kind::kRoster);
  header.file = codec::FileIdOf(deployment_, header.device, header.nonce);
  standards_file_ = header.file;
  codec::ChangeWriter founding(header);
  founding.Add(domain::Founding{domain::FileKind::kStandards, false});
  founding.Add(domain::RosterWrite{});
  KAPEA_CHECK(!Push({ParcelOf(people_.at("registrar1"), std::move(founding))}).refusal);
}

void FakeServer::PublishPack(const std::string& bytes) {
  const std::string signed_pack = codec::SignPack(bytes, pack_owner_);
  const size_t before = packs_.All().size();
  const auto parts = Must(codec::SplitPack(signed_pack, {pack_owner_.verify_key().bytes()}));
  for (const domain::PackPart& part : parts) {
    domain::Header header = RegistrarsHeader(domain::Kind::kPack);
    header.file = standards_file_;
    header.roster = states_.at(standards_file_).roster_hash();
    codec::ChangeWriter writer(header);
    writer.Add(part);
    KAPEA_CHECK(!Push({ParcelOf(people_.at("registrar1"), std::move(writer))}).refusal);
  }
  if (packs_.All().size() == before) {
    std::fprintf(stderr, "fake server: the test pack was not accepted\n");
    std::abort();
  }
}

vault::Identity FakeServer::IdentityOf(std::string_view name) const {
  vault::Identity identity = people_.at(std::string(name)).Copy();
  identity.genesis = genesis_;
  identity.directory_file = directory_file_;
  identity.standards_file = standards_file_;
  return identity;
}

std::string FakeServer::Note(bool with_time) const {
  ledger::Checkpoint checkpoint{ledger::OriginOf(deployment_, 1), tree_.size(), tree_.root(), {}};
  if (with_time) checkpoint.time = clock_.Now();
  return ledger::SignCheckpoint(checkpoint, log_key_);
}

std::optional<sync::Refusal> FakeServer::Check(const codec::Parcel& parcel,
                                               uint32_t position) const {
  const auto refuse = [position](sync::RefusalReason reason, uint64_t wanted = 0) {
    return sync::Refusal{position, reason, wanted, "refused by the fake server"};
  };
  const DeviceId& device = parcel.header.device;
  if (!entries_.empty()) {
    const domain::DeviceEntry* entry = directory_.FindDevice(device);
    if (entry == nullptr) return refuse(sync::RefusalReason::kUnknownDevice);
    const auto key = Must(crypto::VerifyKey::FromBytes(entry->signing_key));
    if (!codec::VerifyParcelSignature(parcel.header_bytes, parcel.signature, key).ok()) {
      return refuse(sync::RefusalReason::kBadSignature);
    }
  }
  const auto chain = chains_.find(device);
  const Chain last = chain == chains_.end() ? Chain{} : chain->second;
  if (parcel.header.first_sequence > last.last + 1) {
    return refuse(sync::RefusalReason::kSequenceGap, last.last + 1);
  }
  if (parcel.header.first_sequence <= last.last || parcel.header.previous != last.parcel) {
    return refuse(sync::RefusalReason::kContradicts);
  }
  return std::nullopt;
}

void FakeServer::Append(const codec::Parcel& parcel, uint32_t index) {
  const codec::EncodedChange& change = parcel.changes[index];
  const domain::Header& header = change.change->header;
  std::vector<Hash> leaves;
  for (const codec::EncodedChange& one : parcel.changes) {
    leaves.push_back(ledger::LeafHash(one.change->hash.view()));
  }
  auto state = states_.find(header.file);
  if (state == states_.end()) {
    state = states_.emplace(header.file, domain::FileState(header.file)).first;
    order_.push_back(header.file);
  }
  domain::Entry entry;
  entry.sequence = entries_.size();
  entry.received = clock_.Now();
  entry.device = header.device;
  entry.change = change.change->id;
  entry.kind = header.kind;
  entry.file = header.file;
  entry.number = files_[header.file].size() + 1;
  entry.change_hash = change.change->hash;
  entry.parcel_hash = parcel.hash;
  entry.verdict = state->second.Judge(*change.change, entry.sequence, around());
  const domain::Verdict right = entry.verdict;
  if (judge_otherwise) entry.verdict = judge_otherwise(right);
  entry.rules = domain::kRulesVersion;
  const std::string bytes = codec::EncodeEntry(entry);
  tree_.Append(ledger::LeafHash(bytes));
  entries_.push_back(bytes);
  files_[header.file].push_back({bytes, change, parcel.hash, index,
                                 Must(ledger::InclusionProofOf(leaves, index)), entry.sequence});
  parcels_.at(parcel.hash).sequences.push_back(entry.sequence);
  log_.emplace_back(parcel.hash, index);
  if (header.file == directory_file_) directory_.Append(*change.change, entry);
  if (header.file == standards_file_ && header.kind == domain::Kind::kPack) {
    const std::string fault = packs_.Append(*change.change, entry.sequence);
    if (!fault.empty()) std::fprintf(stderr, "fake server: %s\n", fault.c_str());
  }
  state->second.Append({change.change, entry, parcel.header.signing}, around());
  if (!state->second.erased().empty()) DropErased(header.file);
}

// What the server's CarryOut does.
void FakeServer::DropErased(const FileId& file) {
  const std::vector<domain::ErasureTarget> targets = states_.at(file).erased();
  for (Stored& one : files_.at(file)) one.change = Must(codec::Withhold(one.change, targets));
  if (states_.at(file).must_drop()) states_.at(file) = *Fold(file, Time::Max());
}

codec::EntryRun FakeServer::RunOf(uint64_t first, uint64_t count) const {
  codec::EntryRun run;
  run.first_sequence = first;
  for (uint64_t i = 0; i < count; ++i) run.entries.push_back(entries_[first + i]);
  run.proof = Must(ledger::RangeProof(first, count, tree_.size(), tree_));
  return run;
}

sync::ParcelReceipts FakeServer::ReceiptsFor(const Sent& sent) const {
  // Every entry with a proof of its own when they are no run.
  sync::ParcelReceipts receipts{sent.parcel.hash, {}};
  const uint64_t first = sent.sequences.front();
  const bool is_run = sent.sequences.back() == first + sent.sequences.size() - 1;
  if (is_run) {
    receipts.receipts.push_back({RunOf(first, sent.sequences.size()), Note(true)});
    return receipts;
  }
  for (const uint64_t sequence : sent.sequences) {
    receipts.receipts.push_back({RunOf(sequence, 1), Note(true)});
  }
  return receipts;
}

sync::PushReply FakeServer::Push(const std::vector<codec::Parcel>& parcels) {
  sync::PushReply reply;
  for (uint32_t i = 0; i < parcels.size(); ++i) {
    const codec::Parcel& parcel = parcels[i];
    const auto known = parcels_.find(parcel.hash);
    if (known == parcels_.end()) {
      reply.refusal = Check(parcel, i);
      if (reply.refusal) break;
      parcels_[parcel.hash] = {{parcel.header_bytes, parcel.signature}, parcel, {}};
      chains_[parcel.header.device] = {parcel.header.first_sequence + parcel.header.changes - 1,
                                       parcel.hash};
      for (uint32_t index = 0; index < parcel.header.changes; ++index) Append(parcel, index);
    }
    reply.receipts.push_back(ReceiptsFor(parcels_.at(parcel.hash)));
  }
  reply.server_time = Note(true);
  return reply;
}

std::optional<std::map<FileId, uint64_t>> FakeServer::NumbersAt(uint64_t size) const {
  std::map<FileId, uint64_t> numbers;
  for (const FileId& file : order_) {
    const std::vector<Stored>& stored = files_.at(file);
    uint64_t& number = numbers[file];
    while (number < stored.size() && stored[number].sequence < size) ++number;
    for (uint64_t i = number; i < stored.size(); ++i) {
      const bool opens = file == directory_file_ ||
                         (stored[i].change.change->header.kind == domain::Kind::kRoster && i > 0);
      if (opens) return std::nullopt;
    }
  }
  return numbers;
}

absl::StatusOr<std::vector<sync::PullMessage>> FakeServer::Pull(const PersonId& reader,
                                                                const sync::PullCall& call) const {
  std::vector<sync::PullMessage> messages(1);
  sync::PullHead head;
  head.server_time = Note(true);
  if (!call.checkpoint.empty()) {
    const ledger::NoteVerifier verifier{ledger::OriginOf(deployment_, 1), log_key_.public_key()};
    KAPEA_ASSIGN(const ledger::Checkpoint held, ledger::OpenCheckpoint(call.checkpoint, verifier));
    if (held.size <= tree_.size()) {
      KAPEA_ASSIGN(head.consistency, ledger::ConsistencyProof(held.size, tree_.size(), tree_));
    }
  }
  std::map<FileId, uint64_t> held(call.cursors.begin(), call.cursors.end());
  if (call.held_to != 0) {
    const auto numbers = NumbersAt(call.held_to);
    if (!numbers) {
      head.cursors_wanted = true;
      messages[0].head = std::move(head);
      return messages;
    }
    held = *numbers;
  }
  messages[0].head = std::move(head);
  for (const FileId& file : order_) {
    const bool open = file == directory_file_ || file == standards_file_;
    domain::Sight sight = open
                              ? domain::Sight::kAll
                              : domain::SightOf(states_.at(file), reader, directory_, clock_.Now());
    if (show_otherwise && !open) sight = show_otherwise(sight);
    if (sight == domain::Sight::kNone) continue;
    uint64_t number = held[file];
    const std::vector<Stored>& stored = files_.at(file);
    while (number < stored.size()) {
      sync::PulledFile part;
      part.file = file;
      part.for_halves = sight == domain::Sight::kKeys;
      for (uint64_t i = 0; i < changes_per_message && number < stored.size(); ++i, ++number) {
        const Stored& one = stored[number];
        const bool whole =
            !part.for_halves || domain::ShownToHalfHolders(one.change.change->header.kind);
        part.changes.push_back(
            {whole ? one.change.bytes : Must(codec::WithholdWrites(one.change.bytes)),
             static_cast<uint32_t>(part.parcels.size()), one.index, one.path});
        part.parcels.push_back(parcels_.at(one.parcel).stub);
        part.runs.push_back(RunOf(one.sequence, 1));
      }
      sync::PullMessage& message = messages.emplace_back();
      message.files.push_back(std::move(part));
      message.checkpoint = Note(false);
    }
  }
  messages.emplace_back().caught_up = true;
  messages.back().checkpoint = Note(false);
  return messages;
}

absl::StatusOr<ledger::Proof> FakeServer::ProveConsistency(uint64_t from, uint64_t to) const {
  if (to > tree_.size()) return absl::OutOfRangeError("the tree is shorter");
  return ledger::ConsistencyProof(from, to, tree_);
}

const domain::FileState* FakeServer::File(const FileId& file) const {
  const auto found = states_.find(file);
  return found == states_.end() ? nullptr : &found->second;
}

std::shared_ptr<domain::FileState> FakeServer::Fold(const FileId& file, Time as_of) const {
  const domain::FileState* known = File(file);
  auto state = std::make_shared<domain::FileState>(
      file, known == nullptr ? std::vector<domain::ErasureTarget>() : known->erased());
  const auto stored = files_.find(file);
  if (stored == files_.end()) return state;
  for (const Stored& one : stored->second) {
    const domain::Entry entry = Must(codec::DecodeEntry(one.entry));
    if (entry.received > as_of) break;
    const codec::Parcel& parcel = parcels_.at(one.parcel).parcel;
    state->Append({one.change.change, entry, parcel.header.signing}, around());
  }
  return state;
}

size_t FakeServer::EntriesOf(const FileId& file) const {
  const auto found = files_.find(file);
  return found == files_.end() ? 0 : found->second.size();
}

std::unique_ptr<FakeServer> FakeServer::Fork(uint64_t size) const {
  auto fork = std::make_unique<FakeServer>(clock_);
  // The same keys and people; what the constructor appended is thrown away.
  fork->deployment_ = deployment_;
  auto log_key = crypto::NoteSigningKey::FromSeed(log_key_.Seed());
  fork->log_key_ = Must(std::move(log_key));
  fork->directory_file_ = directory_file_;
  fork->standards_file_ = standards_file_;
  fork->genesis_ = genesis_;
  fork->people_.clear();
  for (const auto& [name, identity] : people_) fork->people_[name] = identity.Copy();
  fork->police_ = police_;
  fork->shelter_ = shelter_;
  fork->entries_.clear();
  fork->tree_ = ledger::MemoryNodes();
  fork->files_.clear();
  fork->states_.clear();
  fork->order_.clear();
  fork->directory_ = domain::Directory();
  fork->packs_ = packs_;
  fork->parcels_.clear();
  fork->chains_.clear();
  fork->log_.clear();
  for (const auto& [hash, index] : log_) {
    if (fork->entries_.size() == size) break;
    const Sent& sent = parcels_.at(hash);
    if (!fork->parcels_.contains(hash)) {
      fork->parcels_[hash] = {sent.stub, sent.parcel, {}};
      fork->chains_[sent.parcel.header.device] = {
          sent.parcel.header.first_sequence + sent.parcel.header.changes - 1, hash};
    }
    fork->Append(sent.parcel, index);
  }
  return fork;
}

namespace {

absl::Status Cut() { return absl::UnavailableError("no connection to the fake server"); }

}  // namespace

// The server has them at once, while the device still writes and signs: the worst of
// what can be when the line is cut before the answer.
void FakeLine::BeginPush(const std::vector<codec::Parcel>& parcels, const std::string&) {
  on_push(parcels);
  reply_ = Deliver(parcels);
}

absl::StatusOr<sync::PushReply> FakeLine::FinishPush() {
  KAPEA_CHECK(reply_.has_value());
  return *std::exchange(reply_, std::nullopt);
}

absl::StatusOr<sync::PushReply> FakeLine::Deliver(const std::vector<codec::Parcel>& parcels) {
  const Fate what = fate(calls_++);
  if (what == Fate::kCutBefore) return Cut();
  // As bytes, like on a line.
  std::vector<codec::Parcel> received;
  for (const codec::Parcel& parcel : parcels) {
    KAPEA_ASSIGN(received.emplace_back(), codec::DecodeParcel(codec::EncodeParcel(parcel)));
  }
  sync::PushReply reply = server_->Push(received);
  if (what == Fate::kCutAfter) return Cut();
  meddle_reply(reply);
  return reply;
}

absl::Status FakeLine::Pull(const sync::PullCall& call, const Visit& visit) {
  last_pull = call;
  const Fate what = fate(calls_++);
  if (what == Fate::kCutBefore) return Cut();
  KAPEA_ASSIGN(std::vector<sync::PullMessage> messages, server_->Pull(person_, call));
  for (size_t i = 0; i < messages.size(); ++i) {
    if (what == Fate::kCutAfter && i + 1 == messages.size()) return Cut();
    if (!meddle(messages[i])) return Cut();
    const bool again = repeat_messages && !messages[i].head;
    if (again) KAPEA_TRY(visit(messages[i]));
    KAPEA_TRY(visit(std::move(messages[i])));
  }
  return absl::OkStatus();
}

absl::StatusOr<ledger::Proof> FakeLine::ProveConsistency(uint64_t from_size, uint64_t to_size) {
  if (fate(calls_++) != Fate::kGood) return Cut();
  return server_->ProveConsistency(from_size, to_size);
}

absl::StatusOr<std::vector<bool>> FakeLine::BlobHave(const FileId& file,
                                                     const std::vector<Hash>& chunks) {
  if (fate(calls_++) != Fate::kGood) return Cut();
  std::vector<bool> have;
  for (const Hash& chunk : chunks) have.push_back(server_->chunks().contains({file, chunk}));
  return have;
}

absl::Status FakeLine::BlobPut(const FileId& file, const std::vector<std::string>& chunks) {
  const Fate what = fate(calls_++);
  if (what == Fate::kCutBefore) return Cut();
  for (const std::string& chunk : chunks) server_->chunks()[{file, crypto::Sha256(chunk)}] = chunk;
  return what == Fate::kGood ? absl::OkStatus() : Cut();
}

absl::StatusOr<std::vector<std::string>> FakeLine::BlobGet(const FileId& file,
                                                           const std::vector<Hash>& chunks) {
  if (fate(calls_++) != Fate::kGood) return Cut();
  std::vector<std::string> found;
  for (const Hash& chunk : chunks) {
    const auto at = server_->chunks().find({file, chunk});
    if (at == server_->chunks().end()) return absl::NotFoundError("no such chunk");
    found.push_back(at->second);
  }
  return found;
}

}  // namespace kapea::testing
