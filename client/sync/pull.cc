// SyncEngine: what comes in, and the one tree that all of it must stand in.
#include <algorithm>

#include "client/sync/sync_engine.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"

namespace kapea::sync {

Known SyncEngine::WhatIsKnown() const {
  const vault::Identity& identity = vault_.identity();
  return {identity.deployment, identity.genesis, identity.directory_file, vault_.directory()};
}

absl::Status SyncEngine::Pull() {
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
    if (!vault_.replica().stopped().empty()) {
      return absl::DataLossError(vault_.replica().stopped());
    }
    call.cursors = vault_.replica().Cursors();
    call.checkpoint = vault_.replica().checkpoint_note();
  }
  report_.caught_up = false;
  bool first = true;
  const absl::Status pulled =
      transport_.Pull(call, [&](const PullMessage& message) -> absl::Status {
        if (first != message.head.has_value()) {
          return absl::DataLossError("the server's answer does not begin as it should");
        }
        first = false;
        KAPEA_TRY(TakeMessage(message));
        if (!message.files.empty()) arrived();
        return absl::OkStatus();
      });
  KAPEA_TRY(pulled);
  if (!follow && !report_.caught_up) {
    return absl::UnavailableError("the connection broke before everything had come");
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeMessage(const PullMessage& message) {
  if (message.head) KAPEA_TRY(TakeHead(*message.head));
  if (!message.files.empty()) KAPEA_TRY(TakeFiles(message));
  if (message.caught_up) report_.caught_up = true;
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
  consistent_[now.size] = now.root;
  return KeepTime(head.server_time);
}

absl::Status SyncEngine::TakeFiles(const PullMessage& message) {
  KAPEA_ASSIGN(const ledger::Checkpoint checkpoint, Adopt(message.checkpoint));
  std::vector<vault::Arrival> arrivals;
  const auto commit = [this, &arrivals]() -> absl::Status {
    if (arrivals.empty()) return absl::OkStatus();
    vault::Replica& replica = vault_.replica();
    KAPEA_TRY(replica.Ingest(arrivals, kv::Durability::kBuffered));
    for (const vault::Arrival& arrival : arrivals) {
      report_.pulled += arrival.changes.size();
      if (std::find(report_.changed.begin(), report_.changed.end(), arrival.file) ==
          report_.changed.end()) {
        report_.changed.push_back(arrival.file);
      }
    }
    arrivals.clear();
    return absl::OkStatus();
  };
  MutexLock lock(vault_.mutex());
  for (const PulledFile& pulled : message.files) {
    auto arrival = VerifyPulled(pulled, checkpoint, WhatIsKnown());
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
  const std::string what = "the server left out a change: " + std::string(taken.message());
  KAPEA_TRY(vault_.replica().KeepEvidence({"withheld", what, {message.checkpoint}}));
  for (const vault::Arrival& arrival : arrivals) {
    if (arrival.changes.empty()) continue;
    KAPEA_ASSIGN(const domain::Entry last, codec::DecodeEntry(arrival.changes.back().entry));
    KAPEA_TRY(vault_.replica().MarkKnown(arrival.file, last.number));
  }
  return absl::DataLossError(what);
}

// After the last message: what does not follow from what came?
absl::Status SyncEngine::FinishPull() {
  MutexLock lock(vault_.mutex());
  vault::Replica& replica = vault_.replica();
  const auto outside = [this](const FileId& file) {
    return file == vault_.identity().directory_file || file == vault_.identity().standards_file;
  };
  for (const FileId& file : report_.changed) {
    // The directory's own fold is behind itself by design; its acts are checked by their
    // two signatures.
    if (outside(file)) continue;
    KAPEA_ASSIGN(const std::vector<vault::Dispute> disputes, replica.Disputes(file));
    uint64_t& judged = judged_to_[file];
    for (const vault::Dispute& dispute : disputes) {
      if (dispute.number <= judged) continue;
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
  }
  report_.incomplete.clear();
  for (const vault::FileLine& line : vault_.Files()) {
    if (!line.incomplete) continue;
    report_.incomplete.push_back(line.file);
    Say("changes of file " + line.file.hex() + " are missing that a colleague has seen");
  }
  return vault_.ShareKeys();
}

absl::StatusOr<ledger::Checkpoint> SyncEngine::Open(const std::string& note) const {
  KAPEA_ASSIGN(const ledger::NoteVerifier verifier,
               ledger::ParseVerifierKey(vault_.identity().log_verifier_key));
  const auto checkpoint = ledger::OpenCheckpoint(note, verifier);
  if (!checkpoint.ok()) {
    return absl::DataLossError("the server's checkpoint is not signed by this deployment's log");
  }
  return *checkpoint;
}

absl::StatusOr<ledger::Checkpoint> SyncEngine::Adopt(const std::string& note) {
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
    ledger::Proof proof;
    if (from.size != to.size) {
      KAPEA_ASSIGN(proof, transport_.ProveConsistency(from.size, to.size));
    }
    KAPEA_TRY(CheckConsistent(from, to, proof, note));
    if (!newer || from.size == to.size) {
      consistent_[found.size] = found.root;
      return found;
    }
  }
  MutexLock lock(vault_.mutex());
  KAPEA_TRY(vault_.replica().KeepCheckpoint(note, found));
  consistent_[found.size] = found.root;
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
