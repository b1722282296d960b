#include "client/sync/sync_engine.h"

#include <algorithm>

#include "client/sync/limits.h"
#include "client/vault/attachments.h"
#include "client/vault/outbox.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"

namespace kapea::sync {
namespace {

std::string RefusalSentence(const Refusal& refusal) {
  switch (refusal.reason) {
    case RefusalReason::kMalformed:
      return "the server cannot read what this device sends; install the newest program: " +
             refusal.message;
    case RefusalReason::kBadSignature:
      return "the server finds another signature than this device's; enrol the device anew";
    case RefusalReason::kUnknownDevice:
      return "this device is not enrolled at the server, or was revoked; ask a registrar. What "
             "you wrote stays here";
    case RefusalReason::kSequenceGap:
      return "the server lacks earlier changes of this device; they are sent again";
    case RefusalReason::kContradicts:
      return "another copy of this device has sent other changes under the same numbers; ask a "
             "registrar to enrol this device anew. What you wrote stays here";
    case RefusalReason::kOtherDeployment:
      return "the server belongs to another deployment; check the server's address";
    case RefusalReason::kFutureEpoch:
      return "the server is older than what this device has seen; tell a registrar";
    default:
      return "the server does not take what waits here: " + refusal.message;
  }
}

}  // namespace

SyncEngine::SyncEngine(vault::Vault& vault, Transport& transport)
    : vault_(vault), transport_(transport) {}

void SyncEngine::Say(std::string sentence) {
  const auto said = std::find(report_.refusals.begin(), report_.refusals.end(), sentence);
  if (said == report_.refusals.end()) report_.refusals.push_back(std::move(sentence));
}

SyncReport SyncEngine::TakeReport() {
  SyncReport taken = std::move(report_);
  report_ = SyncReport();
  report_.waiting = taken.waiting;
  report_.waiting_attachments = taken.waiting_attachments;
  return taken;
}

void SyncEngine::Poke() { push_at_ = pull_at_ = upload_at_ = Time::Min(); }

void SyncEngine::BackOff(Time now) {
  const uint32_t doublings = std::min(failures_, uint32_t{16});
  const Duration wait = std::min(kBackOffMin * (int64_t{1} << doublings), kBackOffMax);
  ++failures_;
  push_at_ = std::max(push_at_, now + wait);
  pull_at_ = std::max(pull_at_, now + wait);
  upload_at_ = std::max(upload_at_, now + wait);
}

absl::StatusOr<Time> SyncEngine::Step(Time now) {
  absl::Status status;
  bool push = false;
  bool upload = false;
  {
    MutexLock lock(vault_.mutex());
    if (!vault_.replica().stopped().empty()) {
      return absl::DataLossError(vault_.replica().stopped());
    }
    if (push_at_ <= now) KAPEA_TRY(vault_.QueueNotices());
    push = push_at_ <= now && vault_.outbox().waiting() > 0;
    KAPEA_ASSIGN(report_.waiting_attachments, vault_.attachments().Waiting());
    upload = upload_at_ <= now && report_.waiting_attachments > 0;
  }
  if (push) {
    bool refused = false;
    status = Push(&refused);
    if (refused) push_at_ = now + kBackOffMax;
  } else if (pull_at_ <= now) {
    status = Pull();
    if (status.ok()) pull_at_ = now + kIdlePoll;
  } else if (upload) {
    bool more = false;
    status = Upload(&more);
  } else {
    return std::min({push_at_ > now ? push_at_ : now + kIdlePoll, pull_at_,
                     upload_at_ > now ? upload_at_ : now + kIdlePoll});
  }
  MutexLock lock(vault_.mutex());
  report_.waiting = vault_.outbox().waiting();
  KAPEA_ASSIGN(report_.waiting_attachments, vault_.attachments().Waiting());
  if (status.ok()) {
    failures_ = 0;
    return now;
  }
  if (!vault_.replica().stopped().empty()) return status;
  Say(std::string(status.message()));
  BackOff(now);
  return std::min({push_at_, pull_at_, upload_at_});
}

absl::StatusOr<SyncReport> SyncEngine::SyncNow(Time now) {
  Poke();
  failures_ = 0;
  report_ = SyncReport();
  for (;;) {
    KAPEA_ASSIGN(const Time next, Step(now));
    if (next > now) break;
  }
  // Whatever came is on the disk when the person is told so.
  MutexLock lock(vault_.mutex());
  KAPEA_TRY(vault_.replica().Settle());
  return report_;
}

absl::Status SyncEngine::Push(bool* refused) {
  std::vector<codec::Parcel> parcels;
  std::string checkpoint;
  {
    MutexLock lock(vault_.mutex());
    KAPEA_ASSIGN(parcels, vault_.outbox().NextParcels(kPushBytesMax));
    checkpoint = vault_.replica().checkpoint_note();
  }
  if (parcels.empty()) return absl::OkStatus();
  KAPEA_ASSIGN(const PushReply reply, transport_.Push(parcels, checkpoint));
  KAPEA_TRY(TakeReceipts(parcels, reply));
  if (!reply.server_time.empty()) KAPEA_TRY(KeepTime(reply.server_time));
  if (reply.refusal) {
    // Asked twice for the same, it would be asked for ever.
    const uint64_t wanted = reply.refusal->wanted_sequence;
    const bool again = reply.refusal->reason == RefusalReason::kSequenceGap && wanted != last_gap_;
    KAPEA_TRY(TakeRefusal(*reply.refusal));
    *refused = !again;
    last_gap_ = again ? wanted : 0;
  } else if (reply.receipts.size() < parcels.size()) {
    return absl::UnavailableError("the server did not answer for all that was sent");
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeReceipts(const std::vector<codec::Parcel>& parcels,
                                      const PushReply& reply) {
  for (const ParcelReceipts& receipts : reply.receipts) {
    const auto parcel =
        std::find_if(parcels.begin(), parcels.end(),
                     [&receipts](const codec::Parcel& one) { return one.hash == receipts.parcel; });
    if (parcel == parcels.end()) {
      return absl::DataLossError("the server gave a receipt for something that was not sent");
    }
    KAPEA_TRY(TakeParcelReceipts(*parcel, receipts));
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeParcelReceipts(const codec::Parcel& parcel,
                                            const ParcelReceipts& receipts) {
  std::vector<ledger::Checkpoint> trees;
  for (const vault::HeldReceipt& receipt : receipts.receipts) {
    KAPEA_ASSIGN(trees.emplace_back(), Adopt(receipt.checkpoint));
  }
  KAPEA_ASSIGN(const std::vector<domain::Entry> entries,
               VerifyReceipts(parcel, receipts.receipts, trees));
  MutexLock lock(vault_.mutex());
  const uint64_t before = vault_.outbox().waiting();
  KAPEA_TRY(vault_.outbox().KeepReceipts(parcel, receipts.receipts));
  report_.pushed += before - vault_.outbox().waiting();
  for (const domain::Entry& entry : entries) {
    if (entry.verdict != domain::Verdict::kAccepted && entry.verdict != domain::Verdict::kEarly) {
      report_.verdicts.push_back({entry.file, entry.change, entry.verdict});
    }
  }
  return KeepOwn(parcel, entries);
}

// Own Changes whose numbers follow need not come back in a pull.
absl::Status SyncEngine::KeepOwn(const codec::Parcel& parcel,
                                 const std::vector<domain::Entry>& entries) {
  vault::Replica& replica = vault_.replica();
  for (size_t i = 0; i < entries.size(); ++i) {
    const domain::Entry& entry = entries[i];
    if (entry.parcel_hash != parcel.hash) continue;
    if (entry.number != replica.NumberOf(entry.file) + 1) {
      KAPEA_TRY(replica.MarkKnown(entry.file, entry.number));
      continue;
    }
    KAPEA_ASSIGN(vault::Arrived arrived,
                 AsArrived(parcel, static_cast<uint32_t>(i), codec::EncodeEntry(entry)));
    KAPEA_TRY(replica.Ingest({{entry.file, {std::move(arrived)}}}, kv::Durability::kBuffered));
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeRefusal(const Refusal& refusal) {
  Say(RefusalSentence(refusal));
  if (refusal.reason != RefusalReason::kSequenceGap) return absl::OkStatus();
  MutexLock lock(vault_.mutex());
  return vault_.outbox().RewindTo(refusal.wanted_sequence);
}

absl::Status SyncEngine::Upload(bool* more) {
  vault::Upload upload;
  {
    MutexLock lock(vault_.mutex());
    KAPEA_ASSIGN(const std::vector<vault::Upload> uploads, vault_.attachments().Uploads());
    if (uploads.empty()) return absl::OkStatus();
    *more = true;
    upload = uploads.front();
  }
  KAPEA_ASSIGN(const std::vector<bool> have, transport_.BlobHave(upload.file, upload.chunks));
  if (have.size() != upload.chunks.size()) {
    return absl::DataLossError("the server's answer about attachments does not fit the question");
  }
  std::vector<std::string> chunks;
  for (size_t i = 0; i < have.size() && chunks.size() < kChunksPerPut; ++i) {
    if (have[i]) continue;
    MutexLock lock(vault_.mutex());
    KAPEA_ASSIGN(chunks.emplace_back(), vault_.attachments().Chunk(upload.file, upload.chunks[i]));
  }
  if (!chunks.empty()) return transport_.BlobPut(upload.file, chunks);
  MutexLock lock(vault_.mutex());
  KAPEA_TRY(vault_.attachments().FinishUpload(upload));
  ++report_.uploaded;
  return absl::OkStatus();
}

absl::Status SyncEngine::FetchAttachment(const FileId& file, const Hash& manifest) {
  for (;;) {
    std::vector<Hash> missing;
    {
      MutexLock lock(vault_.mutex());
      KAPEA_ASSIGN(missing, vault_.attachments().Missing(file, manifest));
    }
    if (missing.empty()) return absl::OkStatus();
    if (missing.size() > kChunksPerGet) missing.resize(kChunksPerGet);
    KAPEA_ASSIGN(std::vector<std::string> chunks, transport_.BlobGet(file, missing));
    if (chunks.size() != missing.size()) {
      return absl::DataLossError("the server's answer about attachments does not fit the question");
    }
    MutexLock lock(vault_.mutex());
    for (size_t i = 0; i < chunks.size(); ++i) {
      KAPEA_TRY(vault_.attachments().Keep(file, missing[i], std::move(chunks[i])));
    }
  }
}

}  // namespace kapea::sync
