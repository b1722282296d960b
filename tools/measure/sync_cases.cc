#include "tools/measure/sync_cases.h"

#include <chrono>
#include <thread>

#include "client/vault/core.h"
#include "client/vault/head.h"
#include "client/vault/keys.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/base/mutex.h"
#include "tools/measure/sync_pair.h"
#include "tools/measure/wire_bytes.h"

namespace kapea::bench {
namespace {

constexpr size_t kMany = 10'000;
constexpr size_t kFew = 10;
constexpr size_t kFewRuns = 30;
constexpr size_t kNoops = 100;
constexpr size_t kHops = 60;
constexpr size_t kOpenings = 7;
constexpr double kHopMicrosMax = 20e6;

class SyncCases {
 public:
  SyncCases(BenchDeployment& deployment, size_t first_device, const std::string& folder,
            const std::set<std::string>& wanted, std::vector<Result>& results)
      : deployment_(deployment),
        first_device_(first_device),
        folder_(folder),
        wanted_(wanted),
        results_(results) {}

  absl::Status Run() {
    KAPEA_TRY(ManyChanges());
    KAPEA_TRY(FewChanges());
    KAPEA_TRY(Noop());
    KAPEA_TRY(AToB());
    return OpenVault();
  }

 private:
  bool Wants(const char* name) const { return wanted_.contains(name); }
  void Keep(const char* name, const char* unit, std::vector<double> runs) {
    if (Wants(name) && !runs.empty()) results_.push_back({name, unit, std::move(runs)});
  }
  // Microseconds that `work` takes.
  template <typename Work>
  static absl::StatusOr<double> Time(const Work& work) {
    const double began = NowMicros();
    KAPEA_TRY(work());
    return NowMicros() - began;
  }

  // Each run has a pair of people of its own; the last pair stays for the other cases.
  absl::Status ManyChanges() {
    const bool repeat = Wants("push_10k") || Wants("pull_10k");
    std::vector<double> push, pull;
    for (size_t i = 0; i < (repeat ? kSyncRuns : 1); ++i) {
      Say("10,000 Changes, run " + std::to_string(i + 1));
      const auto& devices = deployment_.devices();
      KAPEA_ASSIGN(pair_, SyncPair::Make(deployment_, devices[first_device_ + 2 * i],
                                         devices[first_device_ + 2 * i + 1],
                                         folder_ + "/pair" + std::to_string(i)));
      const size_t held = HeldBy(pair_->reader());
      KAPEA_TRY(pair_->WriteMany(kMany));
      KAPEA_ASSIGN(const double out, Time([&] { return pair_->writer().Sync(); }));
      KAPEA_ASSIGN(const double in, Time([&] { return pair_->reader().Sync(); }));
      if (HeldBy(pair_->reader()) - held != kMany) {
        return absl::DataLossError("the reader did not get 10,000 Changes");
      }
      push.push_back(out / 1e6);
      pull.push_back(in / 1e6);
    }
    Keep("push_10k", "s", std::move(push));
    Keep("pull_10k", "s", std::move(pull));
    return absl::OkStatus();
  }
  static size_t HeldBy(Client& client) {
    size_t held = 0;
    for (const vault::FileLine& line : client.vault->Files()) held += line.number;
    return held;
  }

  absl::Status FewChanges() {
    if (!Wants("delta_10") && !Wants("delta_10_pull") && !Wants("delta_10_bytes_ratio")) {
      return absl::OkStatus();
    }
    std::vector<double> out, in, ratio;
    for (size_t i = 0; i < kFewRuns; ++i) {
      KAPEA_ASSIGN(const std::vector<FileId> files, pair_->WriteMore(kFew));
      const uint64_t before = WireBytes(deployment_.facts().server);
      KAPEA_ASSIGN(const double push, Time([&] { return pair_->writer().Sync(); }));
      const uint64_t sent = WireBytes(deployment_.facts().server) - before;
      KAPEA_ASSIGN(const double pull, Time([&] { return pair_->reader().Sync(); }));
      KAPEA_ASSIGN(const uint64_t stored, pair_->StoredBytes(files));
      out.push_back(push / 1e3);
      in.push_back(pull / 1e3);
      ratio.push_back(static_cast<double>(sent) / static_cast<double>(stored));
    }
    Keep("delta_10", "ms", std::move(out));
    Keep("delta_10_pull", "ms", std::move(in));
    Keep("delta_10_bytes_ratio", "ratio", std::move(ratio));
    return absl::OkStatus();
  }

  absl::Status Noop() {
    if (!Wants("noop")) return absl::OkStatus();
    std::vector<double> runs;
    for (size_t i = 0; i < kNoops; ++i) {
      KAPEA_ASSIGN(const double took, Time([&] { return pair_->writer().Sync(); }));
      runs.push_back(took / 1e3);
    }
    Keep("noop", "ms", std::move(runs));
    return absl::OkStatus();
  }

  // What B's follower sees, and when.
  struct Seen {
    Mutex mutex;
    CondVar changed;
    SyncPair::Written awaited KAPEA_GUARDED_BY(mutex);
    double at KAPEA_GUARDED_BY(mutex) = 0;
    bool ended KAPEA_GUARDED_BY(mutex) = false;
  };

  // Called after each message: can B's person read the awaited Change's value now?
  void Look(Seen& seen) {
    MutexLock lock(seen.mutex);
    if (seen.at != 0) return;
    MutexLock vault_lock(pair_->reader().vault->mutex());
    const auto file = pair_->reader().vault->File(seen.awaited.file);
    if (!file.ok()) return;
    const domain::Record* record = (*file)->FindRecord(seen.awaited.record);
    const domain::FieldValue* value = record == nullptr ? nullptr : record->Shown("arrival_at");
    if (value == nullptr || value->change != seen.awaited.change) return;
    seen.at = NowMicros();
    seen.changed.NotifyAll();
  }

  absl::StatusOr<double> Hop(Seen& seen) {
    const double began = NowMicros();
    {
      // B's look waits until it is known what to look for.
      MutexLock lock(seen.mutex);
      MutexLock vault_lock(pair_->writer().vault->mutex());
      KAPEA_ASSIGN(seen.awaited, pair_->WriteOne());
      seen.at = 0;
    }
    pair_->writer().engine->Poke();
    KAPEA_TRY(pair_->writer().engine->Step(deployment_.clock().Now()).status());
    MutexLock lock(seen.mutex);
    while (seen.at == 0 && !seen.ended && NowMicros() - began < kHopMicrosMax) {
      seen.changed.WaitFor(seen.mutex, Duration::Seconds(1));
    }
    if (seen.at == 0) return absl::UnavailableError("B did not see what A wrote");
    return seen.at - began;
  }

  absl::Status AToB() {
    if (!Wants("a_to_b")) return absl::OkStatus();
    Seen seen;
    absl::Status followed;
    std::thread follower([&] {
      followed = pair_->reader().engine->Follow([&] { Look(seen); });
      MutexLock lock(seen.mutex);
      seen.ended = true;
      seen.changed.NotifyAll();
    });
    std::vector<double> runs;
    absl::Status failed;
    for (size_t i = 0; i < kHops && failed.ok(); ++i) {
      const auto took = Hop(seen);
      failed = took.status();
      if (took.ok() && i > 0) runs.push_back(*took / 1e3);  // the first one connects
    }
    pair_->reader().transport->Cancel();
    follower.join();
    KAPEA_TRY(failed);
    Keep("a_to_b", "ms", std::move(runs));
    return absl::OkStatus();
  }

  absl::Status OpenVault() {
    if (!Wants("vault_open_10k")) return absl::OkStatus();
    Client& client = pair_->reader();
    client.Close();
    std::vector<double> runs;
    for (size_t i = 0; i < kOpenings; ++i) {
      KAPEA_ASSIGN(const double took, OpenOnce(client));
      runs.push_back(took / 1e3);
    }
    Keep("vault_open_10k", "ms", std::move(runs));
    return absl::OkStatus();
  }

  // As Vault::Open, with a clock between the key and the rest; then the list of files.
  absl::StatusOr<double> OpenOnce(const Client& client) {
    const std::string head_path = client.directory + "/head";
    KAPEA_ASSIGN(vault::Head head, vault::Head::Read(head_path));
    KAPEA_ASSIGN(const crypto::SecretBytes key,
                 head.Unlock(head_path, client.passphrase, deployment_.clock()));
    const double began = NowMicros();
    vault::Core core(deployment_.clock(), client.directory);
    KAPEA_TRY(core.Open(key, client.directory + "/store"));
    KAPEA_TRY(vault::TakeReceiveKeys(core));
    std::vector<std::pair<FileId, uint64_t>> list;
    for (const auto& [file, row] : core.files) list.emplace_back(file, row.number);
    const double took = NowMicros() - began;
    if (list.empty()) return absl::DataLossError("the opened vault has no files");
    return took;
  }

  BenchDeployment& deployment_;
  const size_t first_device_;
  const std::string folder_;
  const std::set<std::string>& wanted_;
  std::vector<Result>& results_;
  std::unique_ptr<SyncPair> pair_;
};

}  // namespace

absl::Status RunSyncCases(BenchDeployment& deployment, size_t first_device,
                          const std::string& folder, const std::set<std::string>& wanted,
                          std::vector<Result>& results) {
  return SyncCases(deployment, first_device, folder, wanted, results).Run();
}

}  // namespace kapea::bench
