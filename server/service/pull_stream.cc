#include "server/service/pull_stream.h"

#include <algorithm>
#include <utility>

#include "common/base/macros.h"
#include "common/ledger/checkpoint.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

constexpr char kMethod[] = "Sync/Pull";

// The checkpoint that the client holds, if this ledger's log signed it.
absl::StatusOr<uint64_t> SizeOf(const std::string& note, const LedgerTip& tip,
                                const DirectoryView& directory) {
  if (note.empty()) return uint64_t{0};
  if (note == tip.checkpoint) return tip.size;
  const std::string origin = tip.checkpoint.substr(0, tip.checkpoint.find('\n'));
  const auto opened =
      ledger::OpenCheckpoint(note, {origin, directory.directory.genesis()->log_key});
  if (opened.ok()) return opened->size;
  return WithDetail(
      absl::FailedPreconditionError(
          "the checkpoint is not of this ledger's present epoch: pull without one, and keep it"),
      "other_checkpoint");
}

}  // namespace

PullStream::PullStream(const Parts& parts, Caller caller, Wanted wanted)
    : parts_(parts),
      caller_(std::move(caller)),
      wanted_(std::move(wanted)),
      cursor_(parts.store, parts.published, parts.clock, caller_.principal, wanted_.held,
              &parts.opened) {}

PullStream* PullStream::Start(const Parts& parts, Caller caller, Wanted wanted) {
  auto stream = std::make_shared<PullStream>(parts, std::move(caller), std::move(wanted));
  {
    MutexLock lock(stream->mutex_);
    stream->self_ = stream;
  }
  // Before the first reading: from here on nothing that is committed goes unnoticed.
  const uint64_t number = parts.followers.Add(stream->caller_.principal.device, stream);
  Step step;
  {
    MutexLock lock(stream->mutex_);
    stream->number_ = number;
    step = stream->Decide();
  }
  stream->Do(step);
  return stream.get();
}

PullStream::Step PullStream::Decide() {
  if (finished_ || reading_ || sending_) return Step::kNone;
  if (end_) {
    finished_ = true;
    return Step::kFinish;
  }
  if (ready_) {
    ready_ = false;
    sending_ = true;
    if (!caught_up_ || wanted_.follow) return Step::kSend;
    finished_ = true;
    return Step::kSendLast;
  }
  if (caught_up_ && !wanted_.follow) {
    end_ = EndOfAll();
    finished_ = true;
    return Step::kFinish;
  }
  if (!wanted_more_) return Step::kNone;
  wanted_more_ = false;
  reading_ = true;
  return Step::kRead;
}

void PullStream::Do(Step step) {
  switch (step) {
    case Step::kNone:
      return;
    case Step::kSend:
      StartWrite(&message_);
      return;
    case Step::kSendLast:
      NoteStreamEnd(parts_, kMethod, EndOfAll());
      StartWriteAndFinish(&message_, grpc::WriteOptions(), ToWireStatus(EndOfAll()));
      return;
    case Step::kFinish: {
      absl::Status status;
      {
        MutexLock lock(mutex_);
        status = *end_;
      }
      NoteStreamEnd(parts_, kMethod, status);
      Finish(ToWireStatus(status));
      return;
    }
    case Step::kRead:
      if (IsQuick()) return Read();
      if (!parts_.workers.Submit([self = shared_from_this()] { self->Read(); })) {
        {
          MutexLock lock(mutex_);
          reading_ = false;
        }
        End(WithDetail(absl::ResourceExhaustedError("the server is busy; try again"), "busy",
                       Duration::Seconds(1), "workers"));
      }
      return;
  }
}

// All that may leave has left.
absl::Status PullStream::EndOfAll() const {
  const size_t passed_over = cursor_.passed_over().size();
  if (passed_over == 0) return absl::OkStatus();
  return TooManyFiles(parts_.opened.options().per_day, passed_over);
}

bool PullStream::IsQuick() const {
  const auto tip = parts_.published.tip();
  return !head_sent_ && wanted_.held.ledger == tip->size && wanted_.checkpoint == tip->checkpoint;
}

void PullStream::Read() {
  absl::Status status = parts_.door.Recheck(caller_);
  bool something = true;
  if (status.ok()) {
    auto read = ReadBatch();
    status = read.status();
    something = read.ok() && *read;
  }
  Step step;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!status.ok()) {
      if (!end_) end_ = status;
    } else {
      ready_ = something;
      const bool all = told_caught_up_ && (!something || message_.caught_up());
      if (all || cursor_.cursors_wanted()) caught_up_ = true;
      // A sweep has one tip: what was committed since it began may have been for us, and
      // its wake went into one that the sweep's own batches used up.
      const bool behind = wanted_.follow && cursor_.read_to() < parts_.published.tip()->size;
      if ((!all || behind) && !cursor_.cursors_wanted()) wanted_more_ = true;
    }
    step = Decide();
  }
  Do(step);
}

absl::Status PullStream::AddHead(const LedgerTip& tip) {
  const auto directory = parts_.published.directory();
  KAPEA_ASSIGN(const uint64_t size, SizeOf(wanted_.checkpoint, tip, *directory));
  KAPEA_ASSIGN(const ledger::Proof proof, ConsistencyFrom(parts_.store, size, tip));
  auto* head = message_.mutable_head();
  head->set_server_time(tip.checkpoint);
  for (const Hash& hash : proof) head->add_consistency(hash.str());
  head_sent_ = true;
  return absl::OkStatus();
}

absl::StatusOr<bool> PullStream::ReadBatch() {
  message_.Clear();
  if (!head_sent_ && wanted_.held.ledger == 0) {
    KAPEA_TRY(AddHead(*parts_.published.tip()));
    return true;
  }
  const auto batch = cursor_.Next();
  if (!batch.ok()) {
    if (!cursor_.cursors_wanted() || head_sent_) return batch.status();
    KAPEA_TRY(AddHead(*parts_.published.tip()));
    message_.mutable_head()->set_cursors_wanted(true);
    return true;
  }
  // Proven under one tip, what comes with the head needs no other proof.
  const bool head = !head_sent_;
  if (head) KAPEA_TRY(AddHead(*batch->tip));
  BatchToWire(*batch, message_);
  const bool news = head || (batch->caught_up && !told_caught_up_);
  told_caught_up_ = told_caught_up_ || batch->caught_up;
  if (batch->files.empty()) return news;
  // Before it leaves: what was sent and not noted could never be accounted for.
  NoteDeliveries(*batch);
  uint64_t changes = 0;
  for (const PulledFile& file : batch->files) changes += file.changes.size();
  parts_.metrics.Pulled(changes, message_.ByteSizeLong());
  return true;
}

void PullStream::NoteDeliveries(const PulledBatch& batch) {
  for (const PulledFile& file : batch.files) {
    if (!file.has_sealed || file.changes.empty()) continue;
    parts_.deliveries.Note(caller_.principal.device, file.file, file.first_number,
                           file.first_number + file.changes.size() - 1);
  }
}

void PullStream::OnCommitted(const Committed& committed) {
  Step step;
  {
    MutexLock lock(mutex_);
    // While a batch is being read the cursor is not ours to ask.
    if (reading_ || cursor_.Concerns(committed)) wanted_more_ = true;
    step = Decide();
  }
  Do(step);
}

void PullStream::End(const absl::Status& status) {
  Step step;
  {
    MutexLock lock(mutex_);
    if (!end_) end_ = status;
    step = Decide();
  }
  Do(step);
}

void PullStream::OnWriteDone(bool ok) {
  Step step;
  {
    MutexLock lock(mutex_);
    sending_ = false;
    v1::PullResponse().Swap(&message_);  // thousands of idle streams keep no memory of it
    if (!ok && !end_) end_ = absl::CancelledError("the client went away");
    step = Decide();
  }
  Do(step);
}

void PullStream::OnCancel() { End(absl::CancelledError("the client went away")); }

void PullStream::OnDone() {
  std::shared_ptr<PullStream> self;
  uint64_t number = 0;
  {
    MutexLock lock(mutex_);
    self = std::move(self_);
    number = number_;
  }
  parts_.followers.Remove(number);
}

}  // namespace kapea::server
