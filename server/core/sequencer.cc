#include "server/core/sequencer.h"

#include "common/base/macros.h"

namespace kapea::server {
namespace {

constexpr size_t kAnsweredAtOnceMax = 2;  // submissions; more are answered beside the next commit

}  // namespace

struct Sequencer::Answers {
  std::vector<std::function<void(SubmissionResult)>> done;
  std::vector<SubmissionResult> results;
  Committed committed;
  std::vector<DeviceId> revoked;
  // What became readable with this group; published before its answers leave.
  std::shared_ptr<const LedgerTip> tip;
  std::shared_ptr<const DirectoryView> directory;
  std::shared_ptr<const codec::PackRegistry> packs;
};

absl::StatusOr<std::unique_ptr<Sequencer>> Sequencer::Open(kv::Store& store, const Clock& clock,
                                                           crypto::NoteSigningKey log_key,
                                                           Published& published,
                                                           const Options& options,
                                                           Listeners listeners) {
  KAPEA_ASSIGN(auto builder, GroupBuilder::Open(store, clock, std::move(log_key)));
  if (builder->tip() == nullptr) {
    return absl::FailedPreconditionError(
        "the store has no genesis: run kapea-admin init first, nothing was changed");
  }
  published.Set(builder->tip(), builder->directory(), builder->packs());
  return std::unique_ptr<Sequencer>(
      new Sequencer(store, published, options, std::move(listeners), std::move(builder)));
}

Sequencer::Sequencer(kv::Store& store, Published& published, const Options& options,
                     Listeners listeners, std::unique_ptr<GroupBuilder> builder)
    : store_(store),
      published_(published),
      options_(options),
      listeners_(std::move(listeners)),
      builder_(std::move(builder)),
      committer_([this] { CommitLoop(); }),
      answerer_([this] { AnswerLoop(); }) {}

Sequencer::~Sequencer() { Drain(); }

void Sequencer::Submit(Submission submission) {
  absl::Status refused;
  {
    MutexLock lock(mutex_);
    if (closed_) {
      refused = absl::UnavailableError("the server is stopping; nothing was taken, try again");
    } else if (waiting_.size() >= options_.queue_max) {
      refused = absl::ResourceExhaustedError("the server is busy; nothing was taken, try again");
    } else {
      waiting_.push_back(std::move(submission));
      work_.NotifyOne();
      return;
    }
  }
  SubmissionResult result;
  result.status = refused;
  submission.done(std::move(result));
}

void Sequencer::Drain() {
  {
    MutexLock lock(mutex_);
    closed_ = true;
    work_.NotifyAll();
  }
  if (committer_.joinable()) committer_.join();
  if (answerer_.joinable()) answerer_.join();
}

Sequencer::Counters Sequencer::counters() const {
  MutexLock lock(mutex_);
  return counters_;
}

std::vector<Submission> Sequencer::TakeGroup() {
  std::vector<Submission> group;
  MutexLock lock(mutex_);
  while (waiting_.empty() && !closed_) work_.WaitFor(mutex_, Duration::Seconds(60));
  size_t changes = 0;
  while (!waiting_.empty() && (group.empty() || changes < options_.group_changes_max)) {
    for (const codec::Parcel& parcel : waiting_.front().parcels) changes += parcel.changes.size();
    group.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return group;
}

void Sequencer::CommitLoop() {
  for (auto group = TakeGroup(); !group.empty(); group = TakeGroup()) {
    builder_->Begin();
    for (size_t i = 0; i < group.size(); ++i) builder_->Add(group[i], i);
    auto batch = builder_->Finish();
    absl::Status status = batch.status();
    if (status.ok() && !batch->empty()) status = store_.Commit(*batch, kv::Durability::kSynced);

    Answers answers;
    for (Submission& submission : group) answers.done.push_back(std::move(submission.done));
    if (status.ok()) {
      builder_->Keep();
      answers.results = builder_->TakeResults();
      answers.committed = {builder_->touched_files(), builder_->readers_changed(),
                           builder_->erased()};
      answers.revoked = builder_->revoked_devices();
    } else {
      const absl::Status discarded = builder_->Discard();
      if (!discarded.ok()) status = discarded;
      answers.results.resize(group.size());
      for (SubmissionResult& result : answers.results) result.status = status;
    }
    answers.tip = builder_->tip();
    answers.directory = builder_->directory();
    answers.packs = builder_->packs();
    const bool small = answers.done.size() <= kAnsweredAtOnceMax;
    bool at_once = false;
    {
      MutexLock lock(mutex_);
      counters_.groups += 1;
      counters_.changes += status.ok() ? builder_->changes() : 0;
      counters_.failed_commits += status.ok() ? 0 : 1;
      for (const SubmissionResult& result : answers.results) {
        counters_.refused += result.refusal ? 1 : 0;
      }
      at_once = small && waiting_.empty() && answers_.empty() && !answering_;
      if (!at_once) {
        answers_.push_back(std::move(answers));
        answer_work_.NotifyOne();
      }
    }
    if (at_once) Answer(std::move(answers));
  }
  MutexLock lock(mutex_);
  committed_all_ = true;
  answer_work_.NotifyAll();
}

void Sequencer::AnswerLoop() {
  MutexLock lock(mutex_);
  for (;;) {
    while (answers_.empty() && !committed_all_) {
      answer_work_.WaitFor(mutex_, Duration::Seconds(60));
    }
    if (answers_.empty()) return;
    Answers answers = std::move(answers_.front());
    answers_.pop_front();
    answering_ = true;
    mutex_.Unlock();
    Answer(std::move(answers));
    mutex_.Lock();
    answering_ = false;
  }
}

void Sequencer::Answer(Answers answers) {
  published_.Set(answers.tip, answers.directory, answers.packs);
  if (!answers.revoked.empty() && listeners_.on_devices_revoked) {
    listeners_.on_devices_revoked(answers.revoked);
  }
  if (!answers.committed.files.empty() && listeners_.on_files_changed) {
    listeners_.on_files_changed(answers.committed);
  }
  for (size_t i = 0; i < answers.done.size(); ++i) {
    answers.done[i](std::move(answers.results[i]));
  }
}

}  // namespace kapea::server
