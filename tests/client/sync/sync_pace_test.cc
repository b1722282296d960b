// What sync does not do: no call, no row and no file more than what changed needs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/sync/verify.h"
#include "client/vault/core.h"
#include "client/vault/head.h"
#include "common/crypto/hash.h"
#include "tests/support/counting_store.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::IsEmpty;

class SyncPaceTest : public ::testing::Test {
 protected:
  // Calls that one sync takes.
  static uint64_t CallsOf(FakeDevice& device) {
    const uint64_t before = device.line.calls();
    const auto report = device.Sync();
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->refusals, IsEmpty());
    EXPECT_EQ(report->waiting, 0u);
    EXPECT_TRUE(report->caught_up);
    return device.line.calls() - before;
  }

  ManualClock clock_;
  FakeServer server_{clock_};
};

TEST_F(SyncPaceTest, NothingToDoIsOneCallThatNamesNoFile) {
  FakeDevice lead(server_, "lead", clock_);
  EXPECT_EQ(CallsOf(lead), 1u);
  EXPECT_FALSE(lead.line.last_pull.cursors.empty());  // a new life trusts nothing
  EXPECT_EQ(CallsOf(lead), 1u);
  EXPECT_THAT(lead.line.last_pull.cursors, IsEmpty());
  EXPECT_EQ(lead.line.last_pull.held_to, server_.size());
  lead.Restart();
  EXPECT_EQ(CallsOf(lead), 1u);
  EXPECT_EQ(lead.line.last_pull.held_to, 0u);
}

// Its receipts prove that the ledger only grew, and that nothing else is new.
TEST_F(SyncPaceTest, APushIsOneCallMore) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  ASSERT_TRUE(AddRecord(lead, *file, crypto::RandomId<RecordId>(), 7).ok());
  EXPECT_EQ(CallsOf(lead), 2u);
  EXPECT_EQ(lead.line.last_pull.held_to, server_.size());
  EXPECT_THAT(lead.line.last_pull.cursors, IsEmpty());
}

// A colleague's Changes come in between: a proof is asked for, and her Changes come.
TEST_F(SyncPaceTest, WhatOthersWroteMeanwhileComesToo) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  const auto record = AddRecord(lead, *file, crypto::RandomId<RecordId>(), 7);
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(officer.Sync().ok());
  const uint64_t held = server_.size();
  ASSERT_TRUE(SetCount(officer, *file, *record, 8).ok());
  ASSERT_TRUE(officer.Sync().ok());
  ASSERT_TRUE(AddRecord(lead, *file, crypto::RandomId<RecordId>(), 9).ok());
  EXPECT_EQ(CallsOf(lead), 3u);                // push, proof, pull
  EXPECT_EQ(lead.line.last_pull.held_to, 0u);  // a number was missing, so with cursors
  EXPECT_EQ(Show(**lead.vault().File(*file)), Show(*server_.File(*file)));
  ASSERT_TRUE(officer.Sync().ok());
  EXPECT_EQ(officer.line.last_pull.held_to, held + 1);
  EXPECT_EQ(Show(**officer.vault().File(*file)), Show(*server_.File(*file)));
}

TEST_F(SyncPaceTest, AFileThatWasOpenedMeanwhileComesWhole) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead"});
  ASSERT_TRUE(AddRecord(lead, *file, crypto::RandomId<RecordId>(), 7).ok());
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_TRUE(officer.Sync().ok());
  domain::RosterWrite addition;
  addition.added = {Line(server_, "officer")};
  ASSERT_TRUE(lead.vault().ChangeRoster(*file, addition).ok());
  ASSERT_TRUE(lead.Sync().ok());
  EXPECT_EQ(CallsOf(officer), 2u);  // once by the size, then with cursors
  EXPECT_EQ(Show(**officer.vault().File(*file)), Show(*server_.File(*file)));
  EXPECT_THAT(*officer.vault().replica().ListEvidence(), IsEmpty());
}

// A server that takes the size for an answer and begins a file in its middle: that is
// asked for again, and only what is missing then is held against it.
TEST_F(SyncPaceTest, AGapInAnAnswerToASizeIsAskedForAgain) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  ASSERT_TRUE(AddRecord(lead, *file, crypto::RandomId<RecordId>(), 1).ok());
  ASSERT_TRUE(officer.Sync().ok());
  ASSERT_TRUE(lead.Sync().ok());
  officer.line.meddle = [&](sync::PullMessage& message) {
    for (sync::PulledFile& pulled : message.files) {
      if (officer.line.last_pull.held_to == 0 || pulled.changes.size() < 2) continue;
      pulled.changes.erase(pulled.changes.begin());
      pulled.runs.erase(pulled.runs.begin());
    }
    return true;
  };
  EXPECT_EQ(CallsOf(officer), 2u);
  EXPECT_THAT(*officer.vault().replica().ListEvidence(), IsEmpty());
  EXPECT_EQ(Show(**officer.vault().File(*file)), Show(*server_.File(*file)));
}

// A server that holds one file back until tomorrow, and says so after all the rest.
class LimitedLine : public FakeLine {
 public:
  using FakeLine::FakeLine;
  absl::Status Pull(const sync::PullCall& call, const Visit& visit) override {
    bool passed_over = false;
    KAPEA_TRY(FakeLine::Pull(call, [&](sync::PullMessage message) {
      passed_over |= std::erase_if(message.files, [this](const sync::PulledFile& file) {
                       return file.file == held_back;
                     }) > 0;
      return visit(message);
    }));
    if (!passed_over) return absl::OkStatus();
    return absl::ResourceExhaustedError("30 files today, which is the limit; sync tomorrow");
  }
  FileId held_back;
};

// An engine that lives over midnight once asked by size alone, and the file never came.
TEST_F(SyncPaceTest, AFileThatWasHeldBackTodayComesTomorrow) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  LimitedLine line(server_, server_.person("officer"));
  sync::SyncEngine engine(officer.vault(), line);
  ASSERT_TRUE(lead.Sync().ok());
  const auto held_back = FoundOperation(server_, lead, {"lead", "officer"});
  const auto other = FoundOperation(server_, lead, {"lead", "officer"});
  ASSERT_TRUE(AddRecord(lead, *held_back, crypto::RandomId<RecordId>(), 7).ok());
  ASSERT_TRUE(AddRecord(lead, *other, crypto::RandomId<RecordId>(), 8).ok());
  ASSERT_TRUE(lead.Sync().ok());
  line.held_back = *held_back;
  const auto today = engine.SyncNow(clock_.Now());
  ASSERT_TRUE(today.ok()) << today.status();
  EXPECT_THAT(today->refusals,
              ::testing::ElementsAre("30 files today, which is the limit; sync tomorrow"));
  EXPECT_TRUE(today->caught_up);
  EXPECT_EQ(Show(**officer.vault().File(*other)), Show(*server_.File(*other)));
  EXPECT_FALSE(officer.vault().File(*held_back).ok());
  line.held_back = FileId();
  const auto tomorrow = engine.SyncNow(clock_.Now());
  ASSERT_TRUE(tomorrow.ok()) << tomorrow.status();
  EXPECT_THAT(tomorrow->refusals, IsEmpty());
  EXPECT_EQ(Show(**officer.vault().File(*held_back)), Show(*server_.File(*held_back)));
  EXPECT_THAT(*officer.vault().replica().ListEvidence(), IsEmpty());
}

TEST_F(SyncPaceTest, TheNextPushLeavesBeforeTheLastAnswerIsKept) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead"});
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(AddBigNote(lead, *file).ok());
  std::vector<uint64_t> waiting;  // as each push leaves
  std::vector<size_t> sizes;
  lead.line.on_push = [&](const std::vector<codec::Parcel>& parcels) {
    size_t size = 0;
    for (const codec::Parcel& parcel : parcels) size += codec::EncodeParcel(parcel).size();
    sizes.push_back(size);
    waiting.push_back(lead.vault().outbox().waiting());
  };
  ASSERT_TRUE(lead.Sync().ok());
  ASSERT_GE(waiting.size(), 3u);
  EXPECT_EQ(waiting[0], 71u);
  EXPECT_EQ(waiting[1], 71u);
  EXPECT_LT(waiting[2], 71u);
  // The second was signed before the first one's answer; they grow from then on, and none
  // is over what a message holds.
  EXPECT_LE(sizes[0], sync::kPushBytesFirst);
  EXPECT_GT(sizes[2], sizes[0]);
  for (const size_t size : sizes) EXPECT_LE(size, sync::kPushBytesMax);
  EXPECT_EQ(server_.EntriesOf(*file), 71u);
  EXPECT_EQ(Show(**lead.vault().File(*file)), Show(*server_.File(*file)));
}

// At each call in turn, before the server has it and after, with and without a restart.
TEST_F(SyncPaceTest, ACutInTheMiddleOfManyPushesLosesAndDoublesNothing) {
  FakeDevice lead(server_, "lead", clock_);
  FakeDevice officer(server_, "officer", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead", "officer"});
  uint64_t written = 1;
  for (const FakeLine::Fate kind : {FakeLine::Fate::kCutBefore, FakeLine::Fate::kCutAfter}) {
    for (uint64_t cut = 0; cut < 4; ++cut) {
      SCOPED_TRACE(::testing::Message() << "cut at call " << cut);
      for (int i = 0; i < 40; ++i) ASSERT_TRUE(AddBigNote(lead, *file).ok());
      written += 40;
      const uint64_t start = lead.line.calls();
      lead.line.fate = [=](uint64_t call) {
        return call == start + cut ? kind : FakeLine::Fate::kGood;
      };
      ASSERT_TRUE(lead.Sync().ok());
      lead.line.fate = [](uint64_t) { return FakeLine::Fate::kGood; };
      if (cut % 2 == 1) lead.Restart();
      const auto report = lead.Sync();
      ASSERT_TRUE(report.ok()) << report.status();
      EXPECT_THAT(report->refusals, IsEmpty());
      EXPECT_EQ(report->waiting, 0u);
      EXPECT_EQ(server_.EntriesOf(*file), written);
    }
  }
  ASSERT_TRUE(officer.Sync().ok());
  for (FakeDevice* device : {&lead, &officer}) {
    EXPECT_EQ(Show(**device->vault().File(*file)), Show(*server_.File(*file)));
    EXPECT_THAT(*device->vault().replica().ListEvidence(), IsEmpty());
  }
}

// The device is locked while a push is on the wire.
TEST_F(SyncPaceTest, APushWhoseAnswerNobodyTookIsSentAgain) {
  FakeDevice lead(server_, "lead", clock_);
  ASSERT_TRUE(lead.Sync().ok());
  const auto file = FoundOperation(server_, lead, {"lead"});
  for (int i = 0; i < 70; ++i) ASSERT_TRUE(AddBigNote(lead, *file).ok());
  lead.engine().Poke();
  ASSERT_TRUE(lead.engine().Step(clock_.Now()).ok());
  ASSERT_GT(server_.EntriesOf(*file), 70u - lead.vault().outbox().waiting() + 1);
  lead.Restart();
  const auto report = lead.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->refusals, IsEmpty());
  EXPECT_EQ(server_.EntriesOf(*file), 71u);
  EXPECT_EQ(Show(**lead.vault().File(*file)), Show(*server_.File(*file)));
}

// The rows that a push of ten Changes and a pull of ten touch, with `held` Changes here.
struct Touched {
  StoreCounts push, pull;
};
Touched TouchedByTen(size_t held) {
  ManualClock clock;
  FakeServer server(clock);
  server.changes_per_message = 100;
  FakeDevice lead(server, "lead", clock);
  FakeDevice officer(server, "officer", clock);
  KAPEA_CHECK(lead.Sync().ok());
  const FileId file = *FoundOperation(server, lead, {"lead", "officer"});
  for (size_t i = 0; i < held; ++i) {
    KAPEA_CHECK(AddRecord(lead, file, crypto::RandomId<RecordId>(), 1).ok());
  }
  KAPEA_CHECK(lead.Sync().ok() && officer.Sync().ok());
  for (int i = 0; i < 10; ++i) {
    KAPEA_CHECK(AddRecord(lead, file, crypto::RandomId<RecordId>(), 2).ok());
  }
  const auto open = [&clock](FakeDevice& device, vault::Core& core) -> StoreCounts& {
    device.Close();
    auto head = vault::Head::Read(device.path() + "/head");
    KAPEA_CHECK(head.ok());
    const auto key = head->Unlock(device.path() + "/head", kPassphrase, clock);
    KAPEA_CHECK(key.ok() && core.Open(*key, device.path() + "/store").ok());
    return CountingStore::Wrap(core.store);
  };
  Touched touched;
  {
    vault::Core core(clock, lead.path());
    StoreCounts& counts = open(lead, core);
    KAPEA_CHECK(core.State(file).ok());
    counts = {};
    vault::Outbox outbox(core);
    const auto parcels = outbox.NextParcels(0, sync::kPushBytesMax);
    KAPEA_CHECK(parcels.ok() && !parcels->empty());
    const sync::PushReply reply = server.Push(*parcels);
    const auto log = ledger::ParseVerifierKey(core.identity.log_verifier_key);
    std::vector<vault::ReceiptedParcel> receipted;
    for (size_t i = 0; i < parcels->size(); ++i) {
      const std::vector<vault::HeldReceipt>& receipts = reply.receipts[i].receipts;
      std::vector<ledger::Checkpoint> trees;
      for (const auto& one : receipts) {
        trees.push_back(ledger::OpenCheckpoint(one.checkpoint, *log).value());
      }
      const codec::Parcel& parcel = (*parcels)[i];
      auto entries = sync::VerifyReceipts(parcel, receipts, trees);
      receipted.push_back({parcel, receipts, entries.value()});
    }
    KAPEA_CHECK(outbox.KeepReceipts(receipted).ok());
    KAPEA_CHECK(outbox.waiting() == 0);
    KAPEA_CHECK(core.State(file).ok() && vault::Replica(core).Settle().ok());
    touched.push = counts;
  }
  vault::Core core(clock, officer.path());
  StoreCounts& counts = open(officer, core);
  KAPEA_CHECK(core.State(file).ok());
  counts = {};
  vault::Replica replica(core);
  const PersonId reader = core.identity.person;
  sync::PullCall call;
  call.cursors = replica.Cursors();
  const sync::Known known{core.identity.deployment, core.identity.genesis,
                          core.identity.directory_file, core.directory};
  sync::SeenParcels parcels;
  const auto messages = server.Pull(reader, call);
  for (const sync::PullMessage& message : messages.value()) {
    for (const sync::PulledFile& pulled : message.files) {
      const auto log = ledger::ParseVerifierKey(core.identity.log_verifier_key);
      const auto tree = ledger::OpenCheckpoint(message.checkpoint, *log);
      const auto arrival = sync::VerifyPulled(pulled, *tree, known, parcels);
      KAPEA_CHECK(arrival.ok());
      KAPEA_CHECK(replica.Ingest({*arrival}, kv::Durability::kBuffered).ok());
    }
  }
  KAPEA_CHECK(replica.Disputes(file)->empty() && replica.NumberOf(file) == held + 11);
  touched.pull = counts;
  return touched;
}

TEST(SyncRowsTest, TenChangesTouchAsManyRowsWhateverIsHeld) {
  const Touched few = TouchedByTen(20);
  const Touched many = TouchedByTen(400);
  for (const auto& [one, other] :
       {std::pair(few.push, many.push), std::pair(few.pull, many.pull)}) {
    EXPECT_EQ(one.read, other.read);
    EXPECT_EQ(one.written, other.written);
    EXPECT_EQ(one.commits, other.commits);
  }
  EXPECT_EQ(many.push.read, 0u);
  EXPECT_EQ(many.pull.read, 0u);
  // A row of the replica and one of the outbox for each; parcel, chain, stub, receipt,
  // file, and the checkpoint that settles them.
  EXPECT_LE(many.push.written, 2 * 10u + 8);
  EXPECT_EQ(many.push.commits, 3u);
  EXPECT_LE(many.pull.written, 2 * 10u + 8);
  EXPECT_EQ(many.pull.commits, 1u);
}

}  // namespace
}  // namespace kapea::testing
