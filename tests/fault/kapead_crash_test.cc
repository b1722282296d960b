// kapead killed at every stage of a commit, under load, with and without the loss of
// power: every receipt that a device holds is in the ledger at its place, a parcel that
// comes again gets the same receipt, every view equals its rebuild. The program is the
// one that ships; what stands between it and the system is crash_preload.cc.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "client/sync/verify.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/store_rows.h"
#include "common/codec/wire.h"
#include "common/crypto/passphrase.h"
#include "common/kv/open.h"
#include "common/pki/key_file.h"
#include "common/rpc/tls_profile.h"
#include "kapea/v1/sync_service.grpc.pb.h"
#include "server/store/tables.h"
#include "tests/fault/crash_ground.h"
#include "tests/support/rounds.h"
#include "tests/support/test_deployment.h"

namespace kapea::testing {
namespace {

using server::TestDevice;
using server::TestFile;

constexpr int kKills = 50;
constexpr size_t kParcelsPerPushMax = 64;
constexpr int kAnswersPerRoundMax = 2000;
// A start writes, syncs, renames and removes somewhat more often than that.
constexpr int kOpeningOperations = 95;

const std::vector<CrashStage> kStages = {
    CrashStage::kReceived,    CrashStage::kVerified, CrashStage::kGrouped, CrashStage::kBeforeWrite,
    CrashStage::kWithinWrite, CrashStage::kWritten,  CrashStage::kSynced,  CrashStage::kAnswering,
    CrashStage::kOpening,     CrashStage::kAtAnyTime};

// A parcel with what the device was promised about it.
struct Receipted {
  codec::Parcel parcel;
  std::vector<domain::Entry> entries;
};

// A device that pushes: its chain of parcels, and the call that is under way.
struct Pusher {
  TestDevice* device = nullptr;
  std::vector<Receipted> receipted;  // in the order of its chain
  size_t before_this_round = 0;      // so many of them are of rounds before
  std::vector<codec::Parcel> sent;   // signed after those, not receipted

  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<grpc::ClientContext> context;
  v1::PushRequest request;
  v1::PushResponse response;
};

// Calls that have come back. Threads: any.
class Returned {
 public:
  void Put(Pusher* pusher, const grpc::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    calls_.emplace_back(pusher, status);
    more_.notify_one();
  }
  std::pair<Pusher*, grpc::Status> Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    more_.wait(lock, [this] { return !calls_.empty(); });
    auto call = std::move(calls_.front());
    calls_.pop_front();
    return call;
  }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<std::pair<Pusher*, grpc::Status>> calls_;  // guarded by mutex_
};

std::string MakeFolder() {
  std::string folder =
      ::testing::TempDir() + "kapea-crash-" + crypto::RandomId<ChangeId>().hex().substr(0, 12);
  std::filesystem::create_directories(folder + "/store");
  return folder;
}

class KapeadCrash : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rpc::InstallTlsProfile().ok()); }

  KapeadCrash() : folder_(MakeFolder()), world_(folder_ + "/store") {
    crypto::PassphraseParameters parameters;
    parameters.salt = crypto::RandomBytes(crypto::PassphraseParameters::kSaltBytes);
    Write("server.keys", *world_.Keys().Seal("correct horse", parameters));
    Write("passphrase", "correct horse\n");
    Write("root.pem", world_.root_ca.certificate_pem());
    Write("devices.pem", world_.device_ca.certificate_pem());
    EXPECT_TRUE(pki::WritePrivateKey(folder_ + "/devices.key", world_.device_ca.key()).ok());
    const std::string f = "\"" + folder_;
    Write("kapead.textproto",
          "listen: \"127.0.0.1:0\" port_file: " + f + "/port\" data_directory: " + f +
              "/store\" keys { file: " + f + "/server.keys\" passphrase_file: " + f +
              "/passphrase\" } root_certificate_file: " + f +
              "/root.pem\" device_authorities_file: " + f +
              "/devices.pem\" ca { certificate_file: " + f + "/devices.pem\" key_file: " + f +
              "/devices.key\" } log { file: " + f +
              "/log\" } store { write_buffer_mib: 1 block_cache_mib: 4 } limits { "
              "calls_per_second: 100000 calls_burst: 100000 bytes_per_second: 100000000 "
              "bytes_burst: 100000000 }");
    world_.CloseStore();
    ground_ = std::make_unique<CrashGround>(folder_, "kapead", folder_ + "/store");
    for (TestDevice* device : {&world_.lead, &world_.officer, &world_.supervisor, &world_.intake,
                               &world_.registrar1, &world_.registrar2, &world_.registrar3}) {
      pushers_.push_back(std::make_unique<Pusher>());
      pushers_.back()->device = device;
    }
    verifier_ = {ledger::OriginOf(world_.deployment, 1), world_.log_key.public_key()};
  }
  ~KapeadCrash() override {
    kapead_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Write(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE(WriteFileAtomically(folder_ + "/" + name, bytes, kPrivateFileMode).ok());
  }
  std::vector<std::string> Command(const std::string& more = "") const {
    std::vector<std::string> words = {std::string(KAPEA_BIN) + "/kapead", "--config",
                                      folder_ + "/kapead.textproto"};
    if (!more.empty()) words.push_back(more);
    return words;
  }
  void Lost(const std::string& what) {
    losses_.push_back("after kill " + std::to_string(counters_.all()) + ": " + what);
  }

  // False: it died by the plan before it served.
  bool Start();
  void EndRound(CrashStage stage, bool power_cut);
  int Verify() { return Child(Command("--verify"), {}).Wait(); }

  // As a program would that knows other views.
  void LeaveOtherViews();

  // The load.
  void SignMore(Pusher& pusher);
  void Send(Pusher& pusher);
  // True: the device was answered and may go on.
  bool TakeAnswer(Pusher& pusher, const grpc::Status& status);
  void RunUntilKilled(CrashStage stage);
  void Round(CrashStage stage, bool power_cut);

  // What every round ends with, and the whole test once more.
  void CheckReceipts(bool all_of_them);
  void CheckPush(Pusher& pusher, size_t first, size_t count);
  void CheckCheckpoints();

  absl::StatusOr<std::vector<Receipted>> Open(const v1::PushResponse& response,
                                              const std::vector<codec::Parcel>& parcels);
  absl::StatusOr<Receipted> OpenReceipts(const v1::ParcelReceipt& wire,
                                         const codec::Parcel& parcel);
  std::unique_ptr<v1::Sync::Stub> StubOf(const Pusher& pusher) const {
    return v1::Sync::NewStub(pusher.channel);
  }

  const std::string folder_;
  server::TestDeployment world_;
  std::unique_ptr<CrashGround> ground_;
  std::unique_ptr<Child> kapead_;
  std::vector<std::unique_ptr<Pusher>> pushers_;
  ledger::NoteVerifier verifier_;
  std::map<uint64_t, ledger::Checkpoint> checkpoints_;  // of receipts, by size
  uint64_t checked_size_ = 0;  // checkpoints up to here were found consistent
  uint64_t signed_changes_ = 0;
  TestFile file_;  // what this round writes to
  Returned returned_;
  std::mt19937 dice_{20261126};
  CrashCounters counters_;
  std::string last_error_;
  std::vector<std::string> losses_;
};

bool KapeadCrash::Start() {
  std::filesystem::remove(folder_ + "/port");
  ground_->SetServing(false);
  kapead_ = std::make_unique<Child>(Command(), ground_->Environment());
  if (!kapead_->AwaitFile(folder_, "port", Duration::Seconds(30))) {
    if (ground_->died_at() == CrashStage::kNone) Lost("it does not start again");
    return false;
  }
  ground_->SetServing(true);
  const auto address = ReadFile(folder_ + "/port", 100);
  KAPEA_CHECK(address.ok());
  for (const auto& pusher : pushers_) {
    pusher->channel = world_.OpenAt(address->substr(0, address->size() - 1),
                                    pusher->device->chain_pem, pusher->device->tls);
  }
  return true;
}

void KapeadCrash::SignMore(Pusher& pusher) {
  TestDevice& device = *pusher.device;
  for (auto parcels = 1 + dice_() % 3; parcels > 0; --parcels) {
    std::vector<codec::EncodedChange> changes;
    for (auto count = 1 + dice_() % 4; count > 0; --count) {
      changes.push_back(world_.Edit(device, file_, dice_() % 2 == 0));
    }
    signed_changes_ += changes.size();
    pusher.sent.push_back(world_.Sign(device, std::move(changes)));
  }
}

void KapeadCrash::Send(Pusher& pusher) {
  pusher.request.Clear();
  pusher.response.Clear();
  for (const codec::Parcel& parcel : pusher.sent) {
    codec::ParcelToWire(parcel, *pusher.request.add_parcels());
  }
  pusher.context = std::make_unique<grpc::ClientContext>();
  pusher.context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  StubOf(pusher)->async()->Push(
      pusher.context.get(), &pusher.request, &pusher.response,
      [this, &pusher](const grpc::Status& status) { returned_.Put(&pusher, status); });
}

absl::StatusOr<Receipted> KapeadCrash::OpenReceipts(const v1::ParcelReceipt& wire,
                                                    const codec::Parcel& parcel) {
  std::vector<vault::HeldReceipt> held;
  std::vector<ledger::Checkpoint> trees;
  for (const v1::Receipt& receipt : wire.receipts()) {
    KAPEA_ASSIGN(codec::EntryRun run, codec::RunFromWire(receipt.run()));
    KAPEA_ASSIGN(ledger::Checkpoint tree, ledger::OpenCheckpoint(receipt.checkpoint(), verifier_));
    checkpoints_.emplace(tree.size, tree);
    if (checkpoints_.at(tree.size).root != tree.root) {
      return absl::DataLossError("two trees of one size were signed");
    }
    held.push_back({std::move(run), receipt.checkpoint()});
    trees.push_back(std::move(tree));
  }
  KAPEA_ASSIGN(auto entries, sync::VerifyReceipts(parcel, held, trees));
  return Receipted{parcel, std::move(entries)};
}

absl::StatusOr<std::vector<Receipted>> KapeadCrash::Open(
    const v1::PushResponse& response, const std::vector<codec::Parcel>& parcels) {
  if (response.has_refusal())
    return absl::DataLossError("refused: " + response.refusal().message());
  if (static_cast<size_t>(response.receipts_size()) != parcels.size()) {
    return absl::DataLossError("another number of receipts than of parcels");
  }
  std::vector<Receipted> opened;
  for (size_t i = 0; i < parcels.size(); ++i) {
    KAPEA_ASSIGN(Receipted one, OpenReceipts(response.receipts(static_cast<int>(i)), parcels[i]));
    opened.push_back(std::move(one));
  }
  return opened;
}

bool KapeadCrash::TakeAnswer(Pusher& pusher, const grpc::Status& status) {
  if (!status.ok()) {
    last_error_ = status.error_message();  // nearly always: the connection is gone
    return false;
  }
  auto opened = Open(pusher.response, pusher.sent);
  if (!opened.ok()) {
    Lost("under load: " + std::string(opened.status().message()));
    return false;
  }
  std::move(opened->begin(), opened->end(), std::back_inserter(pusher.receipted));
  pusher.sent.clear();
  return true;
}

// The server is under load from every device until it dies.
void KapeadCrash::RunUntilKilled(CrashStage stage) {
  const int wanted = 1 + static_cast<int>(dice_() % 40);
  ground_->Plan(stage, stage == CrashStage::kAtAnyTime ? 1 : wanted);
  for (const auto& pusher : pushers_) {
    SignMore(*pusher);
    Send(*pusher);
  }
  int answers = 0;
  for (size_t calls = pushers_.size(); calls > 0;) {
    const auto [pusher, status] = returned_.Take();
    if (TakeAnswer(*pusher, status)) {
      ++answers;
      SignMore(*pusher);
      Send(*pusher);
    } else {
      --calls;
    }
    const bool enough =
        stage == CrashStage::kAtAnyTime ? answers == wanted : answers == kAnswersPerRoundMax;
    if (enough) kapead_->Kill();
  }
  if (!kapead_->AwaitEnd(Duration::Seconds(20))) {
    Lost("it lives and answers nobody: " + last_error_);
    kapead_->Kill();
  }
  EXPECT_EQ(kapead_->Wait(), -SIGKILL);
}

// Parcels `first` and on of the chain, receipted and then sent: what has a receipt gets
// the same one, what was under way is taken now, if it was not.
void KapeadCrash::CheckPush(Pusher& pusher, size_t first, size_t count) {
  std::vector<codec::Parcel> parcels;
  for (size_t i = first; i < first + count; ++i) {
    const bool held = i < pusher.receipted.size();
    parcels.push_back(held ? pusher.receipted[i].parcel : pusher.sent[i - pusher.receipted.size()]);
  }
  v1::PushRequest request;
  v1::PushResponse response;
  for (const codec::Parcel& parcel : parcels) codec::ParcelToWire(parcel, *request.add_parcels());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  const grpc::Status status = StubOf(pusher)->Push(&context, request, &response);
  if (!status.ok()) return Lost("push again: " + status.error_message());
  auto opened = Open(response, parcels);
  if (!opened.ok()) return Lost("push again: " + std::string(opened.status().message()));
  for (size_t i = 0; i < count && first + i < pusher.receipted.size(); ++i) {
    const auto& held = pusher.receipted[first + i].entries;
    for (size_t n = 0; n < held.size(); ++n) {
      if (codec::EncodeEntry((*opened)[i].entries[n]) == codec::EncodeEntry(held[n])) continue;
      Lost("the ledger has another entry than a receipt at " + std::to_string(held[n].sequence));
    }
  }
  for (size_t i = 0; i < count; ++i) {
    if (first + i < pusher.receipted.size()) continue;
    pusher.receipted.push_back(std::move((*opened)[i]));
    pusher.sent.erase(pusher.sent.begin());
  }
}

// Each checkpoint under which a receipt stands is a prefix of the ledger as it is now.
void KapeadCrash::CheckCheckpoints() {
  KAPEA_CHECK(!checkpoints_.empty());
  const ledger::Checkpoint newest = checkpoints_.rbegin()->second;
  const auto stub = v1::Ledger::NewStub(pushers_.front()->channel);
  for (auto at = checkpoints_.upper_bound(checked_size_); at != checkpoints_.end(); ++at) {
    v1::ProveRequest request;
    request.mutable_consistency()->set_from_size(at->first);
    v1::ProveResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    const grpc::Status status = stub->Prove(&context, request, &response);
    if (!status.ok()) {
      Lost("consistency from " + std::to_string(at->first) + ": " + status.error_message());
      continue;
    }
    const auto now = ledger::OpenCheckpoint(response.checkpoint(), verifier_);
    if (!now.ok() || now->size < newest.size) {
      Lost("the ledger is shorter than a checkpoint of " + std::to_string(newest.size));
      continue;
    }
    ledger::Proof proof;
    for (const std::string& hash : response.proof()) proof.push_back(Hash::FromPrefix(hash));
    const bool follows =
        at->first == now->size
            ? at->second.root == now->root
            : ledger::VerifyConsistency(at->first, now->size, at->second.root, now->root, proof)
                  .ok();
    if (!follows) Lost("no prefix of the ledger: checkpoint " + std::to_string(at->first));
  }
  checked_size_ = newest.size;
}

void KapeadCrash::CheckReceipts(bool all_of_them) {
  for (const auto& pusher : pushers_) {
    const size_t end = pusher->receipted.size() + pusher->sent.size();
    for (size_t at = all_of_them ? 0 : pusher->before_this_round; at < end;) {
      const size_t count = std::min(kParcelsPerPushMax, end - at);
      CheckPush(*pusher, at, count);
      at += count;
    }
    pusher->before_this_round = pusher->receipted.size();
  }
  if (!checkpoints_.empty()) CheckCheckpoints();
}

void KapeadCrash::EndRound(CrashStage stage, bool power_cut) {
  counters_.Count(stage, power_cut);
  kapead_.reset();
  if (power_cut) ground_->CutPower(dice_);
}

// Start, look whether all is there, and go on until the kill.
void KapeadCrash::Round(CrashStage stage, bool power_cut) {
  const bool opening = stage == CrashStage::kOpening;
  ground_->Plan(opening ? stage : CrashStage::kNone,
                1 + static_cast<int>(dice_() % kOpeningOperations));
  if (!Start()) {
    kapead_->Wait();
    return EndRound(stage, power_cut);
  }
  if (opening) stage = CrashStage::kAtAnyTime;  // it took fewer operations this time
  CheckReceipts(false);
  if (!losses_.empty()) return;
  Pusher& lead = *pushers_.front();
  std::vector<const TestDevice*> others;
  for (const auto& pusher : pushers_) {
    if (pusher->device != lead.device) others.push_back(pusher->device);
  }
  lead.sent.push_back(world_.Sign(*lead.device, {world_.Found(*lead.device, file_, others)}));
  ++signed_changes_;
  RunUntilKilled(stage);
  if (stage != CrashStage::kAtAnyTime) {
    EXPECT_EQ(ground_->died_at(), stage) << "want it to reach: " << NameOf(stage);
  }
  EndRound(stage, power_cut);
}

void KapeadCrash::LeaveOtherViews() {
  kv::OpenOptions options;
  options.directory = folder_ + "/store";
  options.tables = server::AllTables();
  options.master_key = &world_.master_key;
  const auto store = kv::OpenRocksStore(options);
  KAPEA_CHECK(store.ok());
  auto head = codec::LedgerHead::Decode(*(*store)->Get(server::kMeta, "head"));
  KAPEA_CHECK(head.ok());
  head->views += 1;
  kv::Batch batch;
  batch.Put(server::kMeta, "head", head->Encode());
  KAPEA_CHECK((*store)
                  ->Scan(server::kViews, "", "",
                         [&batch](std::string_view file, std::string_view) {
                           batch.Put(server::kViews, file, "another view");
                           batch.Put(server::kReaders, "z" + std::string(file), "");
                           return batch.operations().size() < 20;
                         })
                  .ok());
  KAPEA_CHECK((*store)->Commit(batch, kv::Durability::kSynced).ok());
}

TEST_F(KapeadCrash, LosesNothingThatItGaveAReceiptFor) {
  const int kills = Rounds(kKills, 10 * kKills);
  for (int round = 0; counters_.all() < kills && losses_.empty() && !HasFailure(); ++round) {
    const auto stages = static_cast<int>(kStages.size());
    Round(kStages[static_cast<size_t>(round % stages)], (round + round / stages) % 2 == 0);
    if (round % 25 == 24 && losses_.empty()) {
      EXPECT_EQ(Verify(), 0) << "round " << round;
    }
  }
  ground_->Plan(CrashStage::kNone, 1);
  if (losses_.empty() && Start()) {
    CheckReceipts(true);
    // Every Change stands once: the genesis, and each that was signed.
    EXPECT_EQ(checkpoints_.rbegin()->first, 1 + signed_changes_);
    kapead_.reset();
  }
  ASSERT_EQ(losses_, std::vector<std::string>());
  EXPECT_EQ(Verify(), 0) << "want every view to be as its rebuild";
  std::printf("%s%llu changes in the ledger, %zu checkpoints held\n",
              counters_.Table(kStages).c_str(), static_cast<unsigned long long>(signed_changes_),
              checkpoints_.size());
  for (const CrashStage stage : kStages) EXPECT_GT(counters_.at(stage), 0) << NameOf(stage);
  EXPECT_GE(2 * counters_.power_cuts(), counters_.all() - 1);
}

// Views of another version are built anew at start, and killed there it begins again.
TEST_F(KapeadCrash, BuildsViewsAnewHoweverOftenItIsKilled) {
  constexpr int kFiles = 500;  // of five rows: three batches
  ground_->Plan(CrashStage::kNone, 1);
  ASSERT_TRUE(Start());
  Pusher& lead = *pushers_.front();
  for (int i = 0; i < kFiles; ++i) {
    const auto founding =
        world_.Found(*lead.device, file_, {&world_.officer, &world_.supervisor, &world_.intake});
    lead.sent.push_back(world_.Sign(*lead.device, {founding}));
  }
  CheckReceipts(false);
  kapead_.reset();
  LeaveOtherViews();
  ground_->Settle();
  ASSERT_EQ(Verify(), 4) << "want it to see other views";
  const std::pair<CrashStage, int> kills[] = {
      {CrashStage::kBeforeWrite, 1}, {CrashStage::kWithinWrite, 1}, {CrashStage::kBeforeWrite, 2},
      {CrashStage::kWithinWrite, 2}, {CrashStage::kBeforeWrite, 3}, {CrashStage::kWithinWrite, 3},
      {CrashStage::kWritten, 1},     {CrashStage::kSynced, 1}};
  for (const auto& [stage, n] : kills) {
    ground_->Plan(stage, n);
    ASSERT_FALSE(Start()) << NameOf(stage) << " " << n;
    kapead_->Wait();
    EXPECT_EQ(ground_->died_at(), stage) << n;
    EndRound(stage, true);
  }
  ground_->Plan(CrashStage::kNone, 1);
  ASSERT_TRUE(Start());
  kapead_.reset();
  EXPECT_EQ(losses_, std::vector<std::string>());
  EXPECT_EQ(Verify(), 0);
}

// That the first test can fail: a disk that says "synced" and does nothing is what a
// server looks like that acknowledges before it syncs.
TEST_F(KapeadCrash, NoticesAnAcknowledgementBeforeTheSync) {
  ground_->SetLying(true);
  for (int round = 0; round < 3 && losses_.empty(); ++round) Round(CrashStage::kAnswering, true);
  ASSERT_FALSE(losses_.empty());
  std::printf("%s\n", losses_.front().c_str());
}

}  // namespace
}  // namespace kapea::testing
