#include "client/sync/sync_engine.h"

#include <algorithm>
#include <utility>

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
    push = push_at_ <= now && (vault_.outbox().waiting() > 0 || !sent_.empty());
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

absl::StatusOr<std::vector<codec::Parcel>> SyncEngine::NextParcels(uint64_t after) {
  MutexLock lock(vault_.mutex());
  KAPEA_ASSIGN(std::vector<codec::Parcel> parcels, vault_.outbox().NextParcels(after, push_bytes_));
  if (parcels.size() > kParcelsPerPushMax) {
    parcels.erase(parcels.begin() + kParcelsPerPushMax, parcels.end());
  }
  return parcels;
}

void SyncEngine::Send(std::vector<codec::Parcel> parcels) {
  std::string checkpoint;
  {
    MutexLock lock(vault_.mutex());
    checkpoint = vault_.replica().checkpoint_note();
  }
  transport_.BeginPush(parcels, checkpoint);
  sent_ = std::move(parcels);
}

absl::Status SyncEngine::Push(bool* refused) {
  if (sent_.empty()) {
    KAPEA_ASSIGN(std::vector<codec::Parcel> first, NextParcels(0));
    if (first.empty()) return absl::OkStatus();
    Send(std::move(first));
  }
  const codec::ParcelHeader& last = sent_.back().header;
  auto next = NextParcels(last.first_sequence + last.changes - 1);
  const absl::Status made = next.status();
  const auto reply = transport_.FinishPush();
  std::vector<codec::Parcel> parcels = std::exchange(sent_, {});
  if (!reply.ok()) {
    push_bytes_ = std::max(kPushBytesMin, push_bytes_ / 2);
    return reply.status();
  }
  push_bytes_ = std::min(kPushBytesMax, push_bytes_ * 2);
  const bool all_taken = !reply->refusal && reply->receipts.size() == parcels.size();
  if (all_taken && made.ok() && !next->empty()) Send(*std::move(next));
  KAPEA_TRY(TakeReply(std::move(parcels), *reply, refused));
  return made;
}

absl::Status SyncEngine::TakeReply(std::vector<codec::Parcel> parcels, const PushReply& reply,
                                   bool* refused) {
  const size_t sent = parcels.size();
  KAPEA_TRY(TakeReceipts(std::move(parcels), reply));
  if (!reply.server_time.empty()) KAPEA_TRY(KeepTime(reply.server_time));
  if (reply.refusal) {
    // Asked twice for the same, it would be asked for ever.
    const uint64_t wanted = reply.refusal->wanted_sequence;
    const bool again = reply.refusal->reason == RefusalReason::kSequenceGap && wanted != last_gap_;
    KAPEA_TRY(TakeRefusal(*reply.refusal));
    *refused = !again;
    last_gap_ = again ? wanted : 0;
  } else if (reply.receipts.size() < sent) {
    return absl::UnavailableError("the server did not answer for all that was sent");
  }
  return absl::OkStatus();
}

absl::Status SyncEngine::TakeReceipts(std::vector<codec::Parcel> parcels, const PushReply& reply) {
  std::vector<vault::ReceiptedParcel> receipted;
  absl::Status wrong;
  for (const ParcelReceipts& receipts : reply.receipts) {
    const auto parcel =
        std::find_if(parcels.begin(), parcels.end(),
                     [&receipts](const codec::Parcel& one) { return one.hash == receipts.parcel; });
    if (parcel == parcels.end()) {
      wrong = absl::DataLossError("the server gave a receipt for something that was not sent");
      break;
    }
    auto verified = Verified(std::move(*parcel), receipts);
    parcels.erase(parcel);
    wrong = verified.status();
    if (!wrong.ok()) break;
    receipted.push_back(*std::move(verified));
  }
  KAPEA_TRY(KeepReceipts(receipted));
  return wrong;
}

absl::StatusOr<vault::ReceiptedParcel> SyncEngine::Verified(codec::Parcel parcel,
                                                            const ParcelReceipts& receipts) {
  std::vector<ledger::Checkpoint> trees;
  for (const vault::HeldReceipt& receipt : receipts.receipts) {
    KAPEA_ASSIGN(trees.emplace_back(),
                 Adopt(receipt.checkpoint, [&receipt](const auto& older, const auto& newer) {
                   return Continues(receipt.run, older, newer);
                 }));
  }
  KAPEA_ASSIGN(std::vector<domain::Entry> entries,
               VerifyReceipts(parcel, receipts.receipts, trees));
  return vault::ReceiptedParcel{std::move(parcel), receipts.receipts, std::move(entries)};
}

absl::Status SyncEngine::KeepReceipts(const std::vector<vault::ReceiptedParcel>& receipted) {
  if (receipted.empty()) return absl::OkStatus();
  MutexLock lock(vault_.mutex());
  const uint64_t before = vault_.outbox().waiting();
  KAPEA_TRY(vault_.outbox().KeepReceipts(receipted));
  report_.pushed += before - vault_.outbox().waiting();
  for (const vault::ReceiptedParcel& parcel : receipted) {
    for (const domain::Entry& entry : parcel.entries) {
      came_.insert(entry.file);  // also what the server says of our own is compared
      if (entry.verdict != domain::Verdict::kAccepted && entry.verdict != domain::Verdict::kEarly) {
        report_.verdicts.push_back({entry.file, entry.change, entry.verdict});
      }
    }
  }
  NoteHeld(receipted);
  return absl::OkStatus();
}

void SyncEngine::NoteHeld(const std::vector<vault::ReceiptedParcel>& receipted) {
  if (held_to_ == 0) return;
  for (const vault::ReceiptedParcel& parcel : receipted) {
    for (const domain::Entry& entry : parcel.entries) {
      const bool held = vault_.replica().NumberOf(entry.file) >= entry.number;
      if (entry.sequence != held_to_ || !held) return;
      ++held_to_;
    }
  }
}

absl::Status SyncEngine::TakeRefusal(const Refusal& refusal) {
  Say(RefusalSentence(refusal));
  if (refusal.reason != RefusalReason::kSequenceGap) return absl::OkStatus();
  MutexLock lock(vault_.mutex());
  held_to_ = 0;
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
