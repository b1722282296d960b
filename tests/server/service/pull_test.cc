// Pull over mutual TLS: what comes, how fast, and how it ends.
#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <set>
#include <string>
#include <thread>

#include "common/ledger/checkpoint.h"
#include "server/access/readable.h"
#include "server/core/pull.h"
#include "server/store/tables.h"
#include "tests/server/service/service_fixture.h"
#include "tests/support/rounds.h"

namespace kapea::server {
namespace {

using std::chrono::steady_clock;

// An open Pull with `follow`.
class Following {
 public:
  Following(const std::shared_ptr<grpc::Channel>& channel, const v1::PullRequest& request)
      : stub_(v1::Sync::NewStub(channel)), reader_(stub_->Pull(&context_, request)) {}
  ~Following() {
    context_.TryCancel();
    if (!ended_) End();
  }
  bool Read(v1::PullResponse& response) { return reader_->Read(&response); }
  // Until all that was there has come; the numbers of Changes by file.
  std::map<std::string, int> CatchUp() {
    std::map<std::string, int> changes;
    v1::PullResponse response;
    while (Read(response)) {
      for (const auto& file : response.files()) changes[file.file()] += file.changes_size();
      if (response.caught_up()) break;
    }
    return changes;
  }
  grpc::Status End() {
    v1::PullResponse rest;
    while (reader_->Read(&rest)) {
    }
    ended_ = true;
    return reader_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<v1::Sync::Stub> stub_;
  std::unique_ptr<grpc::ClientReader<v1::PullResponse>> reader_;
  bool ended_ = false;
};

v1::PullRequest Follow() {
  v1::PullRequest request;
  request.set_follow(true);
  return request;
}

class PullTest : public ServiceTest {
 protected:
  PullTest() {
    ServerOptions options;
    options.delivery_interval = Duration::Hours(1);
    options.rates.calls_per_second = 100'000;
    options.rates.calls_burst = 100'000;
    world_.StartServer(options);
  }
  void FoundFile(const std::vector<const TestDevice*>& others) {
    const auto founding = world_.Found(world_.lead, file_, others);
    MustPush(world_.lead, {world_.Sign(world_.lead, {founding})});
  }
  void PushEdit(bool sealed) {
    MustPush(world_.lead, {world_.Sign(world_.lead, {world_.Edit(world_.lead, file_, sealed)})});
  }
  void Revoke(const TestDevice& device) {
    domain::DeviceEntry entry = TestDeployment::EntryOf(device);
    entry.revoked = true;
    const auto proposal = world_.Propose(world_.registrar1, {entry});
    MustPush(world_.registrar1, {world_.Sign(world_.registrar1, {proposal})});
    const auto approval = world_.Approve(world_.registrar2, proposal);
    MustPush(world_.registrar2, {world_.Sign(world_.registrar2, {approval})});
  }
  // Delivery Changes that the ledger has for the file.
  std::vector<domain::Delivery> Deliveries() {
    std::vector<domain::Delivery> found;
    EXPECT_TRUE(world_.store
                    ->Scan(kChanges, file_.file.view(), kv::PrefixEnd(file_.file.view()),
                           [&](std::string_view, std::string_view bytes) {
                             const auto row = codec::ChangeRow::Decode(bytes);
                             const auto change = codec::DecodeChange(row->change);
                             for (const auto& write : change->change->writes) {
                               const auto* body = std::get_if<domain::Delivery>(&write.body);
                               if (body != nullptr) found.push_back(*body);
                             }
                             return true;
                           })
                    .ok());
    return found;
  }

  TestFile file_;
};

TEST_F(PullTest, BeginsWithAServerTimeAndAConsistencyProof) {
  const std::string old = world_.server().published().tip()->checkpoint;
  FoundFile({});
  v1::PullRequest request;
  request.set_checkpoint(old);
  grpc::ClientContext context;
  SetDeadline(context);
  const auto stub = v1::Sync::NewStub(Channel(world_.lead));
  const auto reader = stub->Pull(&context, request);
  v1::PullResponse head;
  ASSERT_TRUE(reader->Read(&head));
  const ledger::NoteVerifier verifier{ledger::OriginOf(world_.deployment, 1),
                                      world_.log_key.public_key()};
  const auto before = ledger::OpenCheckpoint(old, verifier);
  const auto now = ledger::OpenCheckpoint(head.head().server_time(), verifier);
  ASSERT_TRUE(before.ok() && now.ok());
  EXPECT_TRUE(now->time.has_value());
  ledger::Proof proof;
  for (const auto& hash : head.head().consistency()) proof.push_back(*Hash::FromBytes(hash));
  EXPECT_TRUE(
      ledger::VerifyConsistency(before->size, now->size, before->root, now->root, proof).ok());
  int changes = 0;
  v1::PullResponse batch;
  while (reader->Read(&batch)) {
    for (const auto& file : batch.files()) changes += file.changes_size();
  }
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(changes, 2);  // the genesis and the founding
}

TEST_F(PullTest, SendsAStrangerNothingOfTheFile) {
  FoundFile({&world_.officer});
  Following officer(Channel(world_.officer), Follow());
  Following intake(Channel(world_.intake), Follow());
  EXPECT_EQ(officer.CatchUp()[file_.file.str()], 1);
  EXPECT_EQ(intake.CatchUp().count(file_.file.str()), 0u);
}

TEST_F(PullTest, ACommittedChangeReachesFollowersAtOnce) {
  FoundFile({&world_.officer});
  Following officer(Channel(world_.officer), Follow());
  officer.CatchUp();
  for (int i = 0; i < 20; ++i) {
    SCOPED_TRACE(i);
    const auto sent = steady_clock::now();
    PushEdit(false);
    v1::PullResponse response;
    ASSERT_TRUE(officer.Read(response));
    EXPECT_LT(steady_clock::now() - sent, std::chrono::seconds(1));
    ASSERT_EQ(response.files_size(), 1);
    EXPECT_EQ(response.files(0).changes_size(), 1);
  }
}

// A stream is read only when there may be something on it.
// More than a batch in one commit: a follower that had caught up got the first batch alone,
// and the rest when something else was committed.
TEST_F(PullTest, AFollowerGetsAllOfACommitThatIsLargerThanABatch) {
  constexpr int kChanges = 150;
  FoundFile({&world_.officer});
  Following officer(Channel(world_.officer), Follow());
  officer.CatchUp();
  std::vector<codec::EncodedChange> edits;
  for (int i = 0; i < kChanges; ++i) edits.push_back(world_.Edit(world_.lead, file_, false));
  MustPush(world_.lead, {world_.Sign(world_.lead, std::move(edits))});
  int got = 0;
  v1::PullResponse response;
  while (got < kChanges && officer.Read(response)) {
    for (const auto& file : response.files()) got += file.changes_size();
  }
  EXPECT_EQ(got, kChanges);
}

TEST_F(PullTest, WhatADeviceMayNotOpenTodayIsSaidAfterAllTheRest) {
  world_.StopServer();
  ServerOptions options;
  options.opened.per_day = 2;
  world_.StartServer(options);
  const auto found = [this] {
    TestFile file;
    const auto founding = world_.Found(world_.lead, file, {&world_.officer});
    std::vector<codec::EncodedChange> changes = {founding};
    for (int i = 0; i < 60; ++i) changes.push_back(world_.Edit(world_.lead, file, true));
    MustPush(world_.lead, {world_.Sign(world_.lead, std::move(changes))});
    changes.clear();
    // More than one batch holds: passing it over must not mean reading it for ever.
    for (int i = 0; i < 60; ++i) changes.push_back(world_.Edit(world_.lead, file, true));
    MustPush(world_.lead, {world_.Sign(world_.lead, std::move(changes))});
    return file.file;
  };
  struct Pulled {
    std::set<std::string> files;
    grpc::Status status;
  };
  const auto pull = [this](const TestDevice& device, const v1::PullRequest& request) {
    Pulled pulled;
    grpc::ClientContext context;
    SetDeadline(context);
    const auto stub = v1::Sync::NewStub(Channel(device));
    const auto reader = stub->Pull(&context, request);
    for (v1::PullResponse response; reader->Read(&response);) {
      for (const auto& file : response.files()) pulled.files.insert(file.file());
    }
    pulled.status = reader->Finish();
    return pulled;
  };
  const FileId first = found();
  EXPECT_TRUE(pull(world_.officer, {}).status.ok()) << "the first day is free";
  world_.clock->Advance(Duration::Days(1));
  std::set<std::string> more;
  while (more.size() < 4) more.insert(found().str());
  const Pulled pulled = pull(world_.officer, {});
  EXPECT_EQ(pulled.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_NE(pulled.status.error_message().find("2 files today"), std::string::npos)
      << pulled.status.error_message();
  EXPECT_EQ(pulled.files.count(first.str()), 1u) << "what it has goes on";
  EXPECT_EQ(pulled.files.count(world_.directory_file.str()), 1u);
  size_t new_ones = 0;
  for (const std::string& file : more) new_ones += pulled.files.count(file);
  EXPECT_EQ(new_ones, 2u);
  EXPECT_TRUE(pull(world_.lead, {}).status.ok()) << "she founded them";
  EXPECT_NE(world_.metrics.Text().find("kapea_alarms_total{what=\"files_per_day\"} 1"),
            std::string::npos);
  world_.clock->Advance(Duration::Days(1));
  EXPECT_TRUE(pull(world_.officer, {}).status.ok());
}

TEST_F(PullTest, AFollowerIsNotWokenForAFileThatItsPersonCannotRead) {
  FoundFile({&world_.officer});
  PullCursor cursor(*world_.store, world_.server().published(), *world_.clock,
                    {world_.officer.device, world_.officer.person}, {});
  ASSERT_TRUE(cursor.Next().value().caught_up);
  TestFile other;
  const auto founding = world_.Found(world_.lead, other);
  MustPush(world_.lead, {world_.Sign(world_.lead, {founding})});
  EXPECT_TRUE(cursor.Concerns({{file_.file}, false, {}}));
  EXPECT_TRUE(cursor.Concerns({{other.file, file_.file}, false, {}}));
  EXPECT_FALSE(cursor.Concerns({{other.file}, false, {}}));
  EXPECT_TRUE(cursor.Concerns({{other.file}, true, {}}));  // it may have been opened to her
  const PulledBatch nothing = cursor.Next().value();
  EXPECT_TRUE(nothing.files.empty());
  EXPECT_TRUE(nothing.caught_up);
}

TEST_F(PullTest, AFileThatIsOpenedToAFollowerComesFromItsFirstNumber) {
  FoundFile({});
  PushEdit(false);
  Following officer(Channel(world_.officer), Follow());
  EXPECT_EQ(officer.CatchUp().count(file_.file.str()), 0u);
  domain::RosterWrite roster;
  roster.added = {TestDeployment::Line(world_.officer)};
  const auto change = world_.RosterChange(world_.lead, file_, roster);
  MustPush(world_.lead, {world_.Sign(world_.lead, {change})});
  v1::PullResponse response;
  ASSERT_TRUE(officer.Read(response));
  ASSERT_EQ(response.files_size(), 1);
  EXPECT_EQ(response.files(0).changes_size(), 3);
}

// What a client gets that names a ledger size in place of its files.
class HeldToTest : public PullTest {
 protected:
  // By what the person of `device` held of the ledger as it is now.
  v1::PullRequest HeldNow() {
    v1::PullRequest request;
    request.set_held_to(world_.size());
    request.set_checkpoint(world_.server().published().tip()->checkpoint);
    return request;
  }
  std::vector<v1::PullResponse> Pull(const TestDevice& device, const v1::PullRequest& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    const auto stub = v1::Sync::NewStub(Channel(device));
    const auto reader = stub->Pull(&context, request);
    std::vector<v1::PullResponse> messages;
    v1::PullResponse message;
    while (reader->Read(&message)) messages.push_back(message);
    status_ = reader->Finish();
    return messages;
  }
  grpc::Status status_;
};

TEST_F(HeldToTest, OneMessageSaysThatNothingIsNew) {
  FoundFile({&world_.officer});
  const auto messages = Pull(world_.officer, HeldNow());
  EXPECT_TRUE(status_.ok()) << status_.error_message();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].has_head());
  EXPECT_TRUE(messages[0].caught_up());
  EXPECT_EQ(messages[0].files_size(), 0);
  EXPECT_FALSE(messages[0].head().cursors_wanted());
}

TEST_F(HeldToTest, WhatIsNewComesFromWhereTheLedgerWas) {
  FoundFile({&world_.officer});
  TestFile other;
  const auto founding = world_.Found(world_.lead, other, {&world_.officer});
  MustPush(world_.lead, {world_.Sign(world_.lead, {founding})});
  const v1::PullRequest held = HeldNow();
  PushEdit(false);
  TestFile newest;
  const auto last = world_.Found(world_.lead, newest, {&world_.officer});
  MustPush(world_.lead, {world_.Sign(world_.lead, {last})});
  std::map<std::string, int> changes;
  for (const auto& message : Pull(world_.officer, held)) {
    for (const auto& file : message.files()) changes[file.file()] += file.changes_size();
  }
  EXPECT_EQ(changes, (std::map<std::string, int>{{file_.file.str(), 1}, {newest.file.str(), 1}}));
  // A stranger to both gets nothing, and is told that this is all.
  const auto none = Pull(world_.intake, held);
  ASSERT_EQ(none.size(), 1u);
  EXPECT_TRUE(none[0].caught_up());
  EXPECT_EQ(none[0].files_size(), 0);
}

TEST_F(HeldToTest, CursorsAreWantedWhenAFileWasOpenedOrTheDirectoryChanged) {
  FoundFile({});
  v1::PullRequest held = HeldNow();
  domain::RosterWrite roster;
  roster.added = {TestDeployment::Line(world_.officer)};
  const auto change = world_.RosterChange(world_.lead, file_, roster);
  MustPush(world_.lead, {world_.Sign(world_.lead, {change})});
  auto messages = Pull(world_.officer, held);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].head().cursors_wanted());
  EXPECT_FALSE(messages[0].caught_up());
  held = HeldNow();
  Revoke(world_.intake);
  messages = Pull(world_.officer, held);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0].head().cursors_wanted());
}

TEST_F(HeldToTest, IsRefusedBesideCursorsAndToFollow) {
  FoundFile({&world_.officer});
  v1::PullRequest request = HeldNow();
  request.set_follow(true);
  Pull(world_.officer, request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = HeldNow();
  request.add_cursors()->set_file(file_.file.str());
  Pull(world_.officer, request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = HeldNow();
  request.set_held_to(world_.size() + 1);
  Pull(world_.officer, request);
  EXPECT_EQ(status_.error_code(), grpc::StatusCode::OUT_OF_RANGE);
}

// Two devices push at the same moment, so that the second commit often falls into the
// reading or sending of the first; nothing else follows that would wake the stream.
TEST_F(PullTest, NoWakeUpIsLost) {
  const int kRounds = Rounds(200, 4000);
  FoundFile({&world_.officer, &world_.supervisor});
  Following supervisor(Channel(world_.supervisor), Follow());
  supervisor.CatchUp();
  Channel(world_.officer);  // the map of channels is one thread's
  Channel(world_.lead);
  std::atomic<int> received = 0;
  auto reading = std::async(std::launch::async, [&] {
    v1::PullResponse response;
    while (received < 2 * kRounds && supervisor.Read(response)) {
      for (const auto& file : response.files()) received += file.changes_size();
    }
  });
  for (int round = 1; round <= kRounds && !HasFailure(); ++round) {
    const auto other = world_.Sign(world_.officer, {world_.Edit(world_.officer, file_)});
    auto push = std::async(std::launch::async, [&] { MustPush(world_.officer, {other}); });
    PushEdit(false);
    push.get();
    const auto patience = steady_clock::now() + std::chrono::seconds(5);
    while (received < 2 * round && steady_clock::now() < patience) std::this_thread::yield();
    EXPECT_EQ(received, 2 * round) << "a change did not arrive";
  }
  if (HasFailure()) world_.StopServer();  // lets the reader go
  reading.get();
}

TEST_F(PullTest, ARevokedDevicesOpenPullDiesWithinASecond) {
  FoundFile({&world_.officer});
  Following officer(Channel(world_.officer), Follow());
  officer.CatchUp();
  Following lead(Channel(world_.lead), Follow());
  lead.CatchUp();
  auto ended = std::async(std::launch::async, [&] {
    const grpc::Status status = officer.End();
    return std::make_pair(status, steady_clock::now());
  });
  Revoke(world_.officer);
  const auto revoked = steady_clock::now();
  const auto [status, when] = ended.get();
  EXPECT_LT(when - revoked, std::chrono::seconds(1));
  EXPECT_THAT(status.error_code(),
              testing::AnyOf(grpc::StatusCode::UNAUTHENTICATED, grpc::StatusCode::UNAVAILABLE));
  // It does not come back, and others go on.
  v1::PushResponse response;
  EXPECT_FALSE(Push(world_.officer, {}, response).ok());
  PushEdit(false);
  v1::PullResponse news;
  EXPECT_TRUE(lead.Read(news));
}

TEST_F(PullTest, WhatIsHandedOutSealedIsWrittenDown) {
  FoundFile({&world_.officer});
  PushEdit(true);
  Following officer(Channel(world_.officer), Follow());
  officer.CatchUp();
  ASSERT_TRUE(world_.server().FlushDeliveries().ok());
  const auto deliveries = Deliveries();
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].device, world_.officer.device);
  EXPECT_EQ(deliveries[0].first, 1u);
  EXPECT_EQ(deliveries[0].last, 2u);
}

TEST_F(PullTest, DeliveriesEndAndAreFlushedAtDrain) {
  FoundFile({&world_.officer});
  PushEdit(true);
  {
    Following officer(Channel(world_.officer), Follow());
    officer.CatchUp();
    ASSERT_TRUE(world_.server().FlushDeliveries().ok());
    v1::PullResponse delivery;
    ASSERT_TRUE(officer.Read(delivery));  // the delivery itself is handed out too
    ASSERT_TRUE(world_.server().FlushDeliveries().ok());
    EXPECT_EQ(Deliveries().size(), 1u);  // and is no delivery of sealed data
    PushEdit(true);
    ASSERT_TRUE(officer.Read(delivery));
  }
  world_.StopServer();
  EXPECT_EQ(Deliveries().size(), 2u);
}

TEST_F(PullTest, TheNewestStreamOfADeviceTakesTheOldestsPlace) {
  std::vector<std::unique_ptr<Following>> streams;
  for (int i = 0; i < 5; ++i) {
    streams.push_back(std::make_unique<Following>(Channel(world_.officer), Follow()));
    streams.back()->CatchUp();
  }
  EXPECT_EQ(streams.front()->End().error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(PullTest, EndsWhenTheServerStops) {
  Following lead(Channel(world_.lead), Follow());
  lead.CatchUp();
  auto ended = std::async(std::launch::async, [&] { return lead.End(); });
  world_.StopServer();
  EXPECT_EQ(ended.get().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(PullTest, RefusesACheckpointOfAnotherLog) {
  TestDeployment elsewhere;
  elsewhere.StartServer();
  v1::PullRequest request = Follow();
  request.set_checkpoint(elsewhere.server().published().tip()->checkpoint);
  Following lead(Channel(world_.lead), request);
  EXPECT_EQ(lead.End().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

}  // namespace
}  // namespace kapea::server
