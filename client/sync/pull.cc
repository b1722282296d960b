// SyncEngine: what comes in, and the one tree that all of it must stand in.
#include <utility>

#include "client/sync/sync_engine.h"
#include "client/vault/break_glass.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"

namespace kapea::sync {

Known SyncEngine::WhatIsKnown() const {
  const vault::Identity& identity = vault_.identity();
  return {identity.deployment, identity.genesis, identity.directory_file, vault_.directory()};
}

absl::Status SyncEngine::Pull() {
  KAPEA_TRY(RunPull(false, [] {}));
  // What may be had whole by now, and was withheld, is pulled anew.
  std::vector<FileId> anew;
  {
    MutexLock lock(vault_.mutex());
    KAPEA_ASSIGN(anew, vault_.break_glass().Forget(came_));
  }
  if (anew.empty()) return FinishPull();
  for (const FileId& file : anew) judged_to_.erase(file);
  held_to_ = 0;
  KAPEA_TRY(RunPull(false, [] {}));
  return FinishPull();
}

absl::Status SyncEngine::Follow(const std::function<void()>& arrived) {
  const absl::Status status = RunPull(true, arrived);
  MutexLock lock(vault_.mutex());
  KAPEA_TRY(vault_.replica().Settle());
  return status;
}

absl::Status SyncEngine::RunPull(bool follow, const std::function<void()>& arrived) {
  PullCall call;
  call.follow = follow;
  {
    MutexLock lock(vault_.mutex());
    const vault::Replica& replica = vault_.replica();
    if (!replica.stopped().empty()) return absl::DataLossError(replica.stopped());
    if (!follow && replica.incomplete().empty()) call.held_to = held_to_;
    if (call.held_to == 0) call.cursors = replica.Cursors();
    call.checkpoint = replica.checkpoint_note();
  }
  // Held again only when this pull has come to its end.
  held_to_ = 0;
  asked_by_size_ = call.held_to != 0;
  report_.caught_up = false;
  bool first = true;
  const absl::Status pulled =
      transport_.Pull(call, [&](const PullMessage& message) -> absl::Status {
        if (first != message.head.has_value()) {
          return absl::DataLossError("the server's answer does not begin as it should");
        }
        first = false;
        KAPEA_TRY(TakeMessage(message));
        if (follow) KAPEA_TRY(CompareVerdicts());
        if (!message.files.empty()) arrived();
        return absl::OkStatus();
      });
  // With cursors there is nothing left that a server could not tell.
  if (absl::IsAborted(pulled) && asked_by_size_) return RunPull(follow, arrived);
  if (!pulled.ok()) {
    // Files were passed over, or came and were not taken: the size says no more what is held.
    held_to_ = 0;
    // All that may come today has come. The rest is not lost, and no reason to come back soon.
    if (absl::IsResourceExhausted(pulled) && report_.caught_up) {
      Say(std::string(pulled.message()));
      return absl::OkStatus();
    }
    return pulled;
  }
  if (!follow && !report_.caught_up) {
    return absl::UnavailableError("the connection broke before everything had come");
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeMessage(const PullMessage& message) {
  if (message.head) {
    KAPEA_TRY(TakeHead(*message.head));
    if (message.head->cursors_wanted) return absl::AbortedError("the server wants cursors");
  }
  if (!message.files.empty()) KAPEA_TRY(TakeFiles(message));
  if (message.caught_up) {
    KAPEA_ASSIGN(const ledger::Checkpoint all, Adopt(message.checkpoint));
    report_.caught_up = true;
    held_to_ = all.size;
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeHead(const PullHead& head) {
  KAPEA_ASSIGN(const ledger::Checkpoint now, Open(head.server_time));
  std::optional<ledger::Checkpoint> last;
  {
    MutexLock lock(vault_.mutex());
    last = vault_.replica().checkpoint();
  }
  if (last) {
    if (now.size < last->size) {
      return Forked("the server shows a shorter ledger than before", head.server_time);
    }
    KAPEA_TRY(CheckConsistent(*last, now, head.consistency, head.server_time));
  }
  {
    MutexLock lock(vault_.mutex());
    KAPEA_TRY(vault_.replica().KeepCheckpoint(head.server_time, now));
  }
  Remember(now);
  return KeepTime(head.server_time);
}

absl::Status SyncEngine::TakeFiles(const PullMessage& message) {
  KAPEA_ASSIGN(const ledger::Checkpoint checkpoint,
               Adopt(message.checkpoint, [&message](const auto& older, const auto& newer) {
                 for (const PulledFile& file : message.files) {
                   for (const codec::EntryRun& run : file.runs) {
                     if (Continues(run, older, newer)) return true;
                   }
                 }
                 return false;
               }));
  std::vector<vault::Arrival> arrivals;
  const auto commit = [this, &arrivals]() -> absl::Status {
    if (arrivals.empty()) return absl::OkStatus();
    vault::Replica& replica = vault_.replica();
    KAPEA_TRY(replica.Ingest(arrivals, kv::Durability::kBuffered));
    for (const vault::Arrival& arrival : arrivals) {
      report_.pulled += arrival.changes.size();
      report_.changed.insert(arrival.file);
      came_.insert(arrival.file);
    }
    arrivals.clear();
    return absl::OkStatus();
  };
  MutexLock lock(vault_.mutex());
  for (const PulledFile& pulled : message.files) {
    auto arrival = VerifyPulled(pulled, checkpoint, WhatIsKnown(), parcels_);
    if (!arrival.ok()) {
      KAPEA_TRY(commit());
      KAPEA_TRY(vault_.replica().KeepEvidence(
          {"entry", std::string(arrival.status().message()), {message.checkpoint}}));
      return arrival.status();
    }
    if (arrival->changes.empty()) continue;
    const bool directory = pulled.file == vault_.identity().directory_file;
    arrivals.push_back(*std::move(arrival));
    // What follows is signed by devices that this may name.
    if (directory) KAPEA_TRY(commit());
  }
  const absl::Status taken = commit();
  if (!absl::IsOutOfRange(taken)) return taken;
  // A file that was opened to this device begins with its first number, if it says so.
  if (asked_by_size_) return absl::AbortedError("the server cannot know what is missing");
  const std::string what = "the server left out a change: " + std::string(taken.message());
  KAPEA_TRY(vault_.replica().KeepEvidence({"withheld", what, {message.checkpoint}}));
  for (const vault::Arrival& arrival : arrivals) {
    KAPEA_TRY(vault_.replica().MarkKnown(arrival.file, arrival.changes.back().decoded.number));
  }
  return absl::DataLossError(what);
}

absl::Status SyncEngine::CompareVerdicts() {
  MutexLock lock(vault_.mutex());
  vault::Replica& replica = vault_.replica();
  const vault::Identity& identity = vault_.identity();
  for (const FileId& file : std::exchange(came_, {})) {
    // The directory's own fold is behind itself by design; its acts are checked by their
    // two signatures.
    if (file == identity.directory_file || file == identity.standards_file) continue;
    uint64_t& judged = judged_to_[file];
    KAPEA_ASSIGN(const std::vector<vault::Dispute> disputes, replica.Disputes(file, judged));
    for (const vault::Dispute& dispute : disputes) {
      const std::string what = "the server judged change " + std::to_string(dispute.number) +
                               " of file " + file.hex() +
                               " otherwise than its rules say; tell a supervisor";
      KAPEA_TRY(replica.KeepEvidence({"verdict",
                                      what,
                                      {std::string(1, static_cast<char>(dispute.given)),
                                       std::string(1, static_cast<char>(dispute.follows))}}));
      Say(what);
    }
    judged = replica.NumberOf(file);
    KAPEA_ASSIGN(const auto state, vault_.File(file));
    // Who has halves of a file gets headers by design.
    const bool headers = vault_.break_glass().IsGuarded(file);
    if (state->content_missing() && state->erasures().empty() && !headers) {
      const std::string what = "the server gave entries of file " + file.hex() +
                               " without their content, though nobody erased it; tell a supervisor";
      KAPEA_TRY(replica.KeepEvidence({"withheld", what, {}}));
      Say(what);
    }
  }
  return absl::OkStatus();
}

// After the last message: what does not follow from what came?
absl::Status SyncEngine::FinishPull() {
  std::set<FileId> came = came_;
  KAPEA_TRY(CompareVerdicts());
  {
    MutexLock lock(vault_.mutex());
    report_.incomplete.clear();
    for (const FileId& file : vault_.replica().incomplete()) {
      report_.incomplete.push_back(file);
      Say("changes of file " + file.hex() + " are missing that a colleague has seen");
    }
    KAPEA_ASSIGN(const std::vector<FileId> dropped, vault_.DropErased());
    for (const FileId& file : dropped) {
      Say("what was erased of file " + file.hex() + " has been dropped from this device");
    }
    KAPEA_TRY(vault_.ShareKeys());
  }
  for (bool done = false; !done;) {
    MutexLock lock(vault_.mutex());
    KAPEA_ASSIGN(done, vault_.TendAllKeys(came));
    came.clear();  // told once: what is left of them, the vault remembers
  }
  return absl::OkStatus();
}

absl::StatusOr<ledger::Checkpoint> SyncEngine::Open(const std::string& note) {
  // One answer, and often the next, names one note many times.
  if (opened_ && note == opened_note_) return *opened_;
  KAPEA_ASSIGN(const ledger::NoteVerifier verifier,
               ledger::ParseVerifierKey(vault_.identity().log_verifier_key));
  const auto checkpoint = ledger::OpenCheckpoint(note, verifier);
  if (!checkpoint.ok()) {
    return absl::DataLossError("the server's checkpoint is not signed by this deployment's log");
  }
  opened_note_ = note;
  opened_ = *checkpoint;
  return *checkpoint;
}

void SyncEngine::Remember(const ledger::Checkpoint& checkpoint) {
  if (consistent_.size() >= kCheckpointsRememberedMax) consistent_.clear();
  consistent_[checkpoint.size] = checkpoint.root;
}

absl::StatusOr<ledger::Checkpoint> SyncEngine::Adopt(const std::string& note,
                                                     const Continuation& continues) {
  KAPEA_ASSIGN(const ledger::Checkpoint found, Open(note));
  const auto proven = consistent_.find(found.size);
  if (proven != consistent_.end() && proven->second == found.root) return found;
  std::optional<ledger::Checkpoint> last;
  {
    MutexLock lock(vault_.mutex());
    last = vault_.replica().checkpoint();
  }
  if (last) {
    const bool newer = found.size >= last->size;
    const ledger::Checkpoint& from = newer ? *last : found;
    const ledger::Checkpoint& to = newer ? found : *last;
    const bool known = from.size < to.size && from.origin == to.origin && continues(from, to);
    if (!known) {
      ledger::Proof proof;
      if (from.size != to.size) {
        KAPEA_ASSIGN(proof, transport_.ProveConsistency(from.size, to.size));
      }
      KAPEA_TRY(CheckConsistent(from, to, proof, note));
    }
    if (!newer || from.size == to.size) {
      Remember(found);
      return found;
    }
  }
  MutexLock lock(vault_.mutex());
  KAPEA_TRY(vault_.replica().KeepCheckpoint(note, found));
  Remember(found);
  return found;
}

absl::Status SyncEngine::CheckConsistent(const ledger::Checkpoint& older,
                                         const ledger::Checkpoint& newer,
                                         const ledger::Proof& proof, const std::string& note) {
  if (older.origin != newer.origin) {
    return Forked("the server began another ledger, which no registrar has announced", note);
  }
  if (older.size == newer.size) {
    if (older.root == newer.root) return absl::OkStatus();
    return Forked("the server shows two different ledgers of the same length", note);
  }
  if (ledger::VerifyConsistency(older.size, newer.size, older.root, newer.root, proof).ok()) {
    return absl::OkStatus();
  }
  return Forked("the server's ledger is not the one that it showed before", note);
}

absl::Status SyncEngine::Forked(const std::string& what, const std::string& note) {
  const std::string why = what +
                          "; sync has stopped. Both are kept as evidence: tell a supervisor, and "
                          "do not reset this device";
  MutexLock lock(vault_.mutex());
  vault::Replica& replica = vault_.replica();
  KAPEA_TRY(replica.KeepEvidence({"fork", why, {replica.checkpoint_note(), note}}));
  KAPEA_TRY(replica.Stop(why));
  return absl::DataLossError(why);
}

absl::Status SyncEngine::KeepTime(const std::string& note) {
  KAPEA_ASSIGN(const ledger::Checkpoint time, Adopt(note));
  if (!time.time) return absl::OkStatus();
  MutexLock lock(vault_.mutex());
  return vault_.replica().KeepServerTime(note, time, vault_.clock().Read());
}

}  // namespace kapea::sync
