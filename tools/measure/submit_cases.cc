#include "tools/measure/submit_cases.h"

#include <algorithm>
#include <thread>

#include "common/base/macros.h"
#include "common/base/mutex.h"
#include "tools/measure/device_load.h"
#include "tools/measure/intake_changes.h"

namespace kapea::bench {
namespace {

constexpr size_t kDevices = 64;
constexpr size_t kRounds = 7;
constexpr size_t kChangesPerFile = 50;  // a person's file in its first weeks
constexpr size_t kSinglesPerRound = 150;
constexpr size_t kParcel = 16;
constexpr size_t kParcelsPerRound = 25;
constexpr size_t kAlonePerRound = 300;

// What is checked while the clock runs: the whole answer is looked at for the last one.
std::string CheckTaken(const v1::PushResponse& response) {
  if (response.has_refusal()) return "refused: " + response.refusal().message();
  return response.receipts_size() == 1 ? "" : "no receipt";
}

class Submitting {
 public:
  Submitting(const BenchDeployment& deployment) {
    for (size_t i = 0; i < kDevices; ++i) {
      devices_.push_back(&deployment.devices()[i]);
      makers_.emplace_back(deployment, *devices_.back());
    }
  }

  absl::Status Connect(const BenchDeployment& deployment) {
    for (const Device* device : devices_) {
      KAPEA_ASSIGN(channels_.emplace_back(), deployment.Open(*device));
    }
    return absl::OkStatus();
  }

  // Changes a second of the first `devices`, each sending `parcels` of `size`.
  absl::StatusOr<LoadResult> Run(size_t devices, size_t parcels, size_t size) {
    const size_t parcels_per_file = std::max<size_t>(kChangesPerFile / size, 1);
    KAPEA_TRY(Found(devices, (parcels + parcels_per_file) / parcels_per_file));
    std::vector<std::vector<v1::PushRequest>> requests(devices);
    std::vector<std::vector<v1::PushRequest>> last(devices);
    KAPEA_TRY(InParallel(devices, [&](size_t i) -> absl::Status {
      for (size_t n = 0; n <= parcels; ++n) {
        KAPEA_ASSIGN(const codec::Parcel parcel, makers_[i].Intake(size));
        (n < parcels ? requests : last)[i].push_back(RequestOf(parcel));
        if ((n + 1) % parcels_per_file == 0) makers_[i].NextFile();
      }
      return absl::OkStatus();
    }));
    if (!said_) {
      said_ = true;
      Say("one intake Change is " + std::to_string(requests[0][0].ByteSizeLong()) +
          " bytes in a push of its own");
    }
    KAPEA_ASSIGN(LoadResult load, RunPushes(channels_, requests, CheckTaken));
    KAPEA_TRY(RunPushes(channels_, last, CheckAccepted).status());
    load.per_second *= static_cast<double>(size);
    return load;
  }

 private:
  // Files for the Changes to come, and a fresh server time for their headers.
  absl::Status Found(size_t devices, size_t files) {
    std::vector<std::vector<v1::PushRequest>> requests(devices);
    KAPEA_TRY(InParallel(devices, [&](size_t i) -> absl::Status {
      KAPEA_ASSIGN(const codec::Parcel parcel, makers_[i].Found(files));
      requests[i].push_back(RequestOf(parcel));
      return absl::OkStatus();
    }));
    std::string note;
    Mutex mutex;
    KAPEA_TRY(RunPushes(channels_, requests, [&](const v1::PushResponse& response) {
                MutexLock lock(mutex);
                note = response.server_time();
                return CheckAccepted(response);
              }).status());
    for (size_t i = 0; i < devices; ++i) KAPEA_TRY(makers_[i].SeeServerTime(note));
    return absl::OkStatus();
  }

  template <typename Work>
  static absl::Status InParallel(size_t count, const Work& work) {
    std::vector<absl::Status> statuses(count);
    std::vector<std::thread> threads;
    const size_t lanes = std::min<size_t>(std::thread::hardware_concurrency(), count);
    for (size_t lane = 0; lane < lanes; ++lane) {
      threads.emplace_back([&, lane] {
        for (size_t i = lane; i < count; i += lanes) statuses[i] = work(i);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const absl::Status& status : statuses) KAPEA_TRY(status);
    return absl::OkStatus();
  }

  std::vector<const Device*> devices_;
  std::vector<ParcelMaker> makers_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  bool said_ = false;
};

// One figure of one round, under the case's name.
class Rounds {
 public:
  Rounds(const std::set<std::string>& wanted, std::vector<Result>& results)
      : wanted_(wanted), results_(results) {}

  template <typename Measure>
  absl::Status Take(const std::string& name, const char* unit, const Measure& measure) {
    if (!wanted_.contains(name)) return absl::OkStatus();
    KAPEA_ASSIGN(const double figure, measure());
    for (Result& result : results_) {
      if (result.name == name) {
        result.runs.push_back(figure);
        return absl::OkStatus();
      }
    }
    results_.push_back({name, unit, {figure}});
    return absl::OkStatus();
  }

 private:
  const std::set<std::string>& wanted_;
  std::vector<Result>& results_;
};

absl::Status RunRound(Floors& floors, Submitting& devices, Rounds& rounds) {
  const auto submit = [&](size_t parcels, size_t size) -> absl::StatusOr<double> {
    KAPEA_ASSIGN(const LoadResult load, devices.Run(kDevices, parcels, size));
    return load.per_second;
  };
  KAPEA_TRY(rounds.Take("floor_echo_64", "1/s", [&] { return floors.Echo64(); }));
  KAPEA_TRY(rounds.Take("floor_c_64", "1/s", [&] { return floors.Composite(); }));
  KAPEA_TRY(rounds.Take("submit_64", "1/s", [&] { return submit(kSinglesPerRound, 1); }));
  KAPEA_TRY(rounds.Take("submit_64x16", "1/s", [&] { return submit(kParcelsPerRound, kParcel); }));
  KAPEA_TRY(rounds.Take("floor_echo_1", "us", [&] { return floors.Echo1(); }));
  KAPEA_TRY(rounds.Take("submit_1", "us", [&]() -> absl::StatusOr<double> {
    KAPEA_ASSIGN(LoadResult load, devices.Run(1, kAlonePerRound, 1));
    return Quantile(load.latencies_us, 0.5);
  }));
  return rounds.Take("floor_rocksdb_sync_64", "1/s", [&] { return floors.RocksSync64(); });
}

}  // namespace

absl::Status RunSubmitCases(BenchDeployment& deployment, const std::string& program,
                            const std::string& folder, const std::set<std::string>& wanted,
                            std::vector<Result>& results) {
  KAPEA_ASSIGN(const auto floors, Floors::Start(program, folder + "/floors", kDevices));
  Submitting devices(deployment);
  KAPEA_TRY(devices.Connect(deployment));
  Rounds rounds(wanted, results);
  for (size_t i = 0; i < kRounds; ++i) {
    Say("round " + std::to_string(i + 1) + " of " + std::to_string(kRounds));
    KAPEA_TRY(RunRound(*floors, devices, rounds));
  }
  if (wanted.contains("memory_load")) {
    results.push_back({"memory_load", "MB", {deployment.server().PeakMb()}});
  }
  return absl::OkStatus();
}

}  // namespace kapea::bench
