#include "server/core/deliveries.h"

#include <algorithm>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/store_rows.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr size_t kRangesPerChangeMax = 200;
constexpr size_t kChangesPerFlushMax = 32;  // of about 12 KiB at most: together under 512 KiB

}  // namespace

absl::StatusOr<std::shared_ptr<Deliveries>> Deliveries::Open(const kv::Snapshot& store,
                                                             const Published& published,
                                                             const Clock& clock,
                                                             crypto::SigningKey key,
                                                             Submit submit) {
  const auto view = published.directory();
  const auto& genesis = view->directory.genesis();
  if (!genesis || genesis->server_signing_key != key.verify_key().bytes()) {
    return absl::FailedPreconditionError(
        "the keys file is of another deployment: its device key is not the genesis's");
  }
  std::shared_ptr<Deliveries> deliveries(
      new Deliveries(store, published, clock, std::move(key), std::move(submit)));
  deliveries->self_ = deliveries;
  MutexLock lock(deliveries->mutex_);
  KAPEA_TRY(deliveries->LoadChain());
  return deliveries;
}

absl::Status Deliveries::LoadChain() {
  const auto view = published_.directory();
  KAPEA_ASSIGN(const std::string head_bytes, store_.Get(kMeta, "head"));
  KAPEA_ASSIGN(const codec::LedgerHead head, codec::LedgerHead::Decode(head_bytes));
  epoch_ = head.epoch;
  KAPEA_ASSIGN(const auto row,
               store_.Find(kChains, view->directory.genesis()->server_device.view()));
  codec::ChainHead chain;
  if (row) {
    KAPEA_ASSIGN(chain, codec::ChainHead::Decode(*row));
  }
  last_sequence_ = chain.last_sequence;
  last_parcel_ = chain.parcel;
  return absl::OkStatus();
}

void Deliveries::Insert(std::vector<Range>& ranges, Range range) {
  // Followers get consecutive numbers: nearly always the newest run grows.
  std::vector<Range> merged;
  for (const Range& old : ranges) {
    if (old.last + 1 < range.first || range.last + 1 < old.first) {
      merged.push_back(old);
    } else {
      range = {std::min(old.first, range.first), std::max(old.last, range.last)};
    }
  }
  merged.push_back(range);
  std::sort(merged.begin(), merged.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  ranges = std::move(merged);
}

void Deliveries::Note(const DeviceId& device, const FileId& file, uint64_t first, uint64_t last) {
  MutexLock lock(mutex_);
  Insert(noted_[file][device], {first, last});
}

uint64_t Deliveries::noted() const {
  MutexLock lock(mutex_);
  uint64_t count = 0;
  for (const auto& [file, devices] : noted_) {
    for (const auto& [device, ranges] : devices) count += ranges.size();
  }
  return count;
}

std::vector<codec::EncodedChange> Deliveries::BuildChanges(Noted& taken) {
  std::vector<codec::EncodedChange> changes;
  const auto view = published_.directory();
  const domain::Genesis& genesis = *view->directory.genesis();
  uint64_t sequence = last_sequence_;
  while (!noted_.empty() && changes.size() < kChangesPerFlushMax) {
    const FileId file = noted_.begin()->first;
    auto& devices = noted_.begin()->second;
    domain::Header header;
    header.deployment = genesis.deployment;
    header.epoch = epoch_;
    header.file = file;
    header.device = genesis.server_device;
    header.person = PersonId::FromPrefix(genesis.server_device.view());
    header.unit = UnitId::FromPrefix(genesis.server_device.view());
    header.role = domain::Role::kServer;
    header.sequence = ++sequence;
    header.clock = clock_.Read();
    const auto tip = published_.tip();
    header.server_time_note = tip->checkpoint;
    header.server_time = domain::SeenServerTime{tip->received, tip->size, tip->root,
                                                header.clock.elapsed, header.clock.boot};
    header.kind = domain::Kind::kDelivery;
    codec::ChangeWriter writer(std::move(header));
    while (!devices.empty() && writer.writes() < kRangesPerChangeMax) {
      auto& [device, ranges] = *devices.begin();
      writer.Add(domain::Delivery{device, ranges.back().first, ranges.back().last});
      taken[file][device].push_back(ranges.back());
      ranges.pop_back();
      if (ranges.empty()) devices.erase(devices.begin());
    }
    if (devices.empty()) noted_.erase(noted_.begin());
    auto change = std::move(writer).Finish();
    KAPEA_CHECK(change.ok());  // 200 short writes are far from any limit
    changes.push_back(*std::move(change));
  }
  return changes;
}

absl::StatusOr<codec::Parcel> Deliveries::BuildParcel(Noted& taken) {
  KAPEA_ASSIGN(const codec::Parcel parcel,
               codec::SignParcel(BuildChanges(taken), last_parcel_, clock_.Read(), key_));
  // Through the same checks as everybody's: what we could not read again must never stand
  // in the ledger.
  return codec::DecodeParcel(codec::EncodeParcel(parcel));
}

void Deliveries::PutBack(const Noted& taken) {
  for (const auto& [file, devices] : taken) {
    for (const auto& [device, ranges] : devices) {
      for (const Range& range : ranges) Insert(noted_[file][device], range);
    }
  }
}

bool Deliveries::Settle(const SubmissionResult& result, const codec::Parcel& parcel,
                        const Noted& taken, absl::Status* status) {
  MutexLock lock(mutex_);
  flushing_ = false;
  *status = result.status;
  if (status->ok() && result.refusal) {
    *status = absl::InternalError("a delivery was refused: " + result.refusal->message);
  }
  if (status->ok()) {
    last_sequence_ = parcel.header.first_sequence + parcel.header.changes - 1;
    last_parcel_ = parcel.hash;
    return !noted_.empty();
  }
  PutBack(taken);
  // A commit whose answer was lost may stand: the store knows.
  const absl::Status loaded = LoadChain();
  if (!loaded.ok()) *status = loaded;
  return false;
}

void Deliveries::Flush(std::function<void(absl::Status)> done) {
  if (!done) done = [](absl::Status) {};
  auto taken = std::make_shared<Noted>();
  absl::StatusOr<codec::Parcel> parcel =
      absl::FailedPreconditionError("deliveries are being written");
  bool nothing = false;
  {
    MutexLock lock(mutex_);
    nothing = !flushing_ && noted_.empty();
    if (!flushing_ && !nothing) {
      parcel = BuildParcel(*taken);
      if (parcel.ok()) {
        flushing_ = true;
      } else {
        PutBack(*taken);
      }
    }
  }
  if (nothing) return done(absl::OkStatus());
  if (!parcel.ok()) return done(parcel.status());
  Submission submission;
  submission.parcels.push_back(*parcel);
  submission.done = [self = self_.lock(), taken, parcel = *std::move(parcel),
                     done = std::move(done)](SubmissionResult result) {
    absl::Status status;
    if (self->Settle(result, parcel, *taken, &status)) return self->Flush(done);
    done(status);
  };
  submit_(std::move(submission));
}

}  // namespace kapea::server
