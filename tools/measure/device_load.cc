#include "tools/measure/device_load.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <optional>

#include "common/base/mutex.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/wire.h"
#include "common/crypto/hash.h"
#include "common/domain/roles.h"
#include "kapea/v1/sync_service.grpc.pb.h"
#include "tools/measure/process.h"

namespace kapea::bench {
namespace {

constexpr auto kDeadline = std::chrono::seconds(60);
constexpr Duration kWatch = Duration::Seconds(1);

// What all devices of one run share. Threads: any.
class Run {
 public:
  explicit Run(size_t devices) : busy_(devices) {}

  void Begin() { began_ = NowMicros(); }
  // The measured time is over; what ends later does not count.
  void EndMeasure() {
    double expected = 0;
    ended_.compare_exchange_strong(expected, NowMicros());
  }
  bool measuring() const { return ended_.load() == 0; }
  void Fail(const std::string& why) {
    MutexLock lock(mutex_);
    if (failure_.empty()) failure_ = why;
    EndMeasure();
  }
  bool failed() {
    MutexLock lock(mutex_);
    return !failure_.empty();
  }
  void DeviceDone() {
    MutexLock lock(mutex_);
    --busy_;
    all_done_.NotifyAll();
  }
  void WaitForAll() {
    MutexLock lock(mutex_);
    while (busy_ != 0) all_done_.WaitFor(mutex_, kWatch);
  }
  absl::Status status() {
    MutexLock lock(mutex_);
    return failure_.empty() ? absl::OkStatus() : absl::AbortedError(failure_);
  }
  double seconds() const { return (ended_.load() - began_) / 1e6; }

 private:
  double began_ = 0;
  std::atomic<double> ended_ = 0;
  Mutex mutex_;
  CondVar all_done_;
  size_t busy_ KAPEA_GUARDED_BY(mutex_);
  std::string failure_ KAPEA_GUARDED_BY(mutex_);
};

// One device: Next() starts a call, its end calls Ended(). `Response` is what comes back.
template <typename Response>
class Loop {
 public:
  explicit Loop(Run& run) : run_(run) {}
  virtual ~Loop() = default;

  void Next() {
    context_.emplace();
    context_->set_deadline(std::chrono::system_clock::now() + kDeadline);
    response_.Clear();
    started_ = NowMicros();
    if (!Call(*context_, response_, [this](grpc::Status status) { Ended(status); })) {
      run_.DeviceDone();
    }
  }
  const std::vector<double>& latencies() const { return latencies_; }

 protected:
  // Starts the next call; false: there is none.
  virtual bool Call(grpc::ClientContext& context, Response& response,
                    std::function<void(grpc::Status)> ended) = 0;
  virtual std::string Check(const Response&) { return ""; }
  Run& run_;

 private:
  void Ended(const grpc::Status& status) {
    if (run_.measuring()) latencies_.push_back(NowMicros() - started_);
    const std::string why = status.ok() ? Check(response_) : status.error_message();
    if (!why.empty()) run_.Fail(why);
    if (run_.failed()) {
      run_.DeviceDone();
    } else {
      Next();
    }
  }

  std::optional<grpc::ClientContext> context_;
  Response response_;
  double started_ = 0;
  std::vector<double> latencies_;
};

class PushLoop : public Loop<v1::PushResponse> {
 public:
  PushLoop(Run& run, const std::shared_ptr<grpc::Channel>& channel,
           const std::vector<v1::PushRequest>& requests, const CheckAnswer& check)
      : Loop(run), stub_(v1::Sync::NewStub(channel)), requests_(requests), check_(check) {}

 private:
  bool Call(grpc::ClientContext& context, v1::PushResponse& response,
            std::function<void(grpc::Status)> ended) override {
    if (at_ == requests_.size()) {
      run_.EndMeasure();
      return false;
    }
    stub_->async()->Push(&context, &requests_[at_++], &response, std::move(ended));
    return true;
  }
  std::string Check(const v1::PushResponse& response) override { return check_(response); }

  const std::unique_ptr<v1::Sync::Stub> stub_;
  const std::vector<v1::PushRequest>& requests_;
  const CheckAnswer& check_;
  size_t at_ = 0;
};

class EchoLoop : public Loop<v1::PushResponse> {
 public:
  EchoLoop(Run& run, const std::shared_ptr<grpc::Channel>& channel, size_t bytes)
      : Loop(run), stub_(v1::Sync::NewStub(channel)) {
    request_.set_checkpoint(crypto::RandomBytes(bytes));
  }

 private:
  bool Call(grpc::ClientContext& context, v1::PushResponse& response,
            std::function<void(grpc::Status)> ended) override {
    if (!run_.measuring()) return false;
    stub_->async()->Push(&context, &request_, &response, std::move(ended));
    return true;
  }
  std::string Check(const v1::PushResponse& response) override {
    return response.server_time().size() == request_.checkpoint().size() ? "" : "no echo";
  }

  const std::unique_ptr<v1::Sync::Stub> stub_;
  v1::PushRequest request_;
};

class DurableLoop : public Loop<v1::BlobPutResponse> {
 public:
  DurableLoop(Run& run, const std::shared_ptr<grpc::Channel>& channel, size_t bytes)
      : Loop(run), stub_(v1::Blob::NewStub(channel)) {
    request_.add_chunks(crypto::RandomBytes(bytes));
  }

 private:
  bool Call(grpc::ClientContext& context, v1::BlobPutResponse& response,
            std::function<void(grpc::Status)> ended) override {
    if (!run_.measuring()) return false;
    stub_->async()->Put(&context, &request_, &response, std::move(ended));
    return true;
  }

  const std::unique_ptr<v1::Blob::Stub> stub_;
  v1::BlobPutRequest request_;
};

template <typename OneLoop>
absl::StatusOr<LoadResult> Finish(Run& run, std::vector<std::unique_ptr<OneLoop>>& loops) {
  run.WaitForAll();
  if (absl::Status status = run.status(); !status.ok()) return status;
  LoadResult result;
  for (const auto& loop : loops) {
    result.latencies_us.insert(result.latencies_us.end(), loop->latencies().begin(),
                               loop->latencies().end());
  }
  result.per_second = static_cast<double>(result.latencies_us.size()) / run.seconds();
  return result;
}

template <typename OneLoop>
absl::StatusOr<LoadResult> RunFor(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                  size_t bytes, double seconds) {
  Run run(channels.size());
  std::vector<std::unique_ptr<OneLoop>> loops;
  for (const auto& channel : channels) {
    loops.push_back(std::make_unique<OneLoop>(run, channel, bytes));
  }
  run.Begin();
  for (const auto& loop : loops) loop->Next();
  const double until = NowMicros() + seconds * 1e6;
  Mutex mutex;
  CondVar timer;
  {
    MutexLock lock(mutex);
    while (run.measuring() && NowMicros() < until) {
      const auto left = static_cast<int64_t>((until - NowMicros()) / 1e3) + 1;
      timer.WaitFor(mutex, Duration::Milliseconds(left));
    }
  }
  run.EndMeasure();
  return Finish(run, loops);
}

}  // namespace

v1::PushRequest RequestOf(const codec::Parcel& parcel) {
  v1::PushRequest request;
  codec::ParcelToWire(parcel, *request.add_parcels());
  return request;
}

std::string CheckAccepted(const v1::PushResponse& response) {
  if (response.has_refusal()) return "refused: " + response.refusal().message();
  if (response.receipts_size() == 0) return "no receipt";
  for (const auto& parcel : response.receipts()) {
    for (const auto& receipt : parcel.receipts()) {
      for (const std::string& bytes : receipt.run().entries()) {
        const auto entry = codec::DecodeEntry(bytes);
        if (!entry.ok()) return "an entry that cannot be read";
        if (entry->verdict != domain::Verdict::kAccepted) {
          return "entry " + std::to_string(entry->number) +
                 " of a file has a verdict: " + std::string(domain::NameOf(entry->verdict));
        }
      }
    }
  }
  return "";
}

absl::StatusOr<LoadResult> RunPushes(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                     const std::vector<std::vector<v1::PushRequest>>& requests,
                                     const CheckAnswer& check) {
  Run run(requests.size());
  std::vector<std::unique_ptr<PushLoop>> loops;
  for (size_t i = 0; i < requests.size(); ++i) {
    loops.push_back(std::make_unique<PushLoop>(run, channels[i], requests[i], check));
  }
  run.Begin();
  for (const auto& loop : loops) loop->Next();
  return Finish(run, loops);
}

absl::StatusOr<LoadResult> RunFloor(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                    bool durable, size_t bytes, double seconds) {
  if (durable) return RunFor<DurableLoop>(channels, bytes, seconds);
  return RunFor<EchoLoop>(channels, bytes, seconds);
}

}  // namespace kapea::bench
