// The server's own word on whom it handed sealed data to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/codec/change_codec.h"
#include "common/crypto/signature.h"
#include "common/kv/store.h"
#include "server/core/published.h"
#include "server/core/submission.h"

namespace kapea::server {

// Collects what Pull hands out, and lets the server's own device sign it: one
// KIND_DELIVERY Change per file and interval, with a line for each run of numbers that
// a device got. They go the way of everybody's Changes, so that an auditor who knows of
// a delivery which stands in no Change has evidence against the server.
// A power cut loses what was not flushed: at most one interval.
// Threads: any.
class Deliveries {
 public:
  using Submit = std::function<void(Submission)>;
  // Continues the chain of the server's device as the store has it; `key` must be the
  // one that the genesis names (FailedPrecondition). `submit` is Sequencer::Submit.
  static absl::StatusOr<std::shared_ptr<Deliveries>> Open(const kv::Snapshot& store,
                                                          const Published& published,
                                                          const Clock& clock,
                                                          crypto::SigningKey key, Submit submit);

  // Numbers [first, last] of the file are about to leave for the device.
  void Note(const DeviceId& device, const FileId& file, uint64_t first, uint64_t last);

  // Submits what was noted; `done`, if given, is called once with how it went, on the
  // sequencer's answering thread or, when there is nothing to do, here. What could not
  // be written is kept for the next time. One at a time: while one runs, FailedPrecondition.
  void Flush(std::function<void(absl::Status)> done = nullptr);

  uint64_t noted() const;  // runs that wait

 private:
  struct Range {
    uint64_t first = 0, last = 0;
  };
  // By file, then device: runs that do not touch, ascending.
  using Noted = std::map<FileId, std::map<DeviceId, std::vector<Range>>>;

  Deliveries(const kv::Snapshot& store, const Published& published, const Clock& clock,
             crypto::SigningKey key, Submit submit)
      : store_(store),
        published_(published),
        clock_(clock),
        key_(std::move(key)),
        submit_(std::move(submit)) {}

  static void Insert(std::vector<Range>& ranges, Range range);
  absl::Status LoadChain() KAPEA_REQUIRES(mutex_);
  // Takes runs out of noted_ until a parcel is full.
  std::vector<codec::EncodedChange> BuildChanges(Noted& taken) KAPEA_REQUIRES(mutex_);
  absl::StatusOr<codec::Parcel> BuildParcel(Noted& taken) KAPEA_REQUIRES(mutex_);
  void PutBack(const Noted& taken) KAPEA_REQUIRES(mutex_);
  // After an answer: whether more waits.
  bool Settle(const SubmissionResult& result, const codec::Parcel& parcel, const Noted& taken,
              absl::Status* status);

  // Constant after construction.
  const kv::Snapshot& store_;
  const Published& published_;
  const Clock& clock_;
  const crypto::SigningKey key_;
  const Submit submit_;
  std::weak_ptr<Deliveries> self_;

  mutable Mutex mutex_;
  Noted noted_ KAPEA_GUARDED_BY(mutex_);
  bool flushing_ KAPEA_GUARDED_BY(mutex_) = false;
  uint64_t last_sequence_ KAPEA_GUARDED_BY(mutex_) = 0;
  Hash last_parcel_ KAPEA_GUARDED_BY(mutex_);
  uint32_t epoch_ KAPEA_GUARDED_BY(mutex_) = 1;
};

}  // namespace kapea::server
