#include "client/link/wire.h"

#include <utility>

#include "common/base/macros.h"
#include "common/codec/wire.h"

namespace kapea::link {
namespace {

absl::Status Broken() {
  return absl::DataLossError("the server's answer cannot be read; install the newest program");
}

// Takes the Changes out of the message.
absl::StatusOr<sync::PulledFile> FileFrom(v1::PulledFile& wire) {
  sync::PulledFile file;
  auto id = FileId::FromBytes(wire.file());
  if (!id.ok()) return Broken();
  file.file = *id;
  for (v1::PulledChange& from : *wire.mutable_changes()) {
    sync::PulledChange change;
    change.change = std::move(*from.mutable_change());
    change.parcel = from.parcel();
    change.index = from.index();
    KAPEA_ASSIGN(change.path, ProofFrom(from.path()));
    file.changes.push_back(std::move(change));
  }
  for (const v1::EntryRun& from : wire.runs()) {
    KAPEA_ASSIGN(codec::EntryRun run, codec::RunFromWire(from));
    file.runs.push_back(std::move(run));
  }
  for (const v1::ParcelStub& from : wire.parcels()) {
    file.parcels.push_back({from.header(), from.signature()});
  }
  file.for_halves = wire.for_halves();
  return file;
}

}  // namespace

absl::StatusOr<ledger::Proof> ProofFrom(
    const google::protobuf::RepeatedPtrField<std::string>& hashes) {
  ledger::Proof proof;
  for (const std::string& bytes : hashes) {
    auto hash = Hash::FromBytes(bytes);
    if (!hash.ok()) return Broken();
    proof.push_back(*hash);
  }
  return proof;
}

absl::StatusOr<sync::PullMessage> MessageFrom(v1::PullResponse& wire) {
  sync::PullMessage message;
  if (wire.has_head()) {
    sync::PullHead head;
    head.server_time = wire.head().server_time();
    KAPEA_ASSIGN(head.consistency, ProofFrom(wire.head().consistency()));
    head.cursors_wanted = wire.head().cursors_wanted();
    message.head = std::move(head);
  }
  for (v1::PulledFile& from : *wire.mutable_files()) {
    KAPEA_ASSIGN(sync::PulledFile file, FileFrom(from));
    message.files.push_back(std::move(file));
  }
  message.caught_up = wire.caught_up();
  message.checkpoint = wire.checkpoint();
  return message;
}

absl::StatusOr<sync::PushReply> ReplyFrom(const v1::PushResponse& wire) {
  sync::PushReply reply;
  reply.server_time = wire.server_time();
  for (const v1::ParcelReceipt& from : wire.receipts()) {
    sync::ParcelReceipts parcel;
    auto hash = Hash::FromBytes(from.parcel_hash());
    if (!hash.ok()) return Broken();
    parcel.parcel = *hash;
    for (const v1::Receipt& one : from.receipts()) {
      vault::HeldReceipt receipt;
      KAPEA_ASSIGN(receipt.run, codec::RunFromWire(one.run()));
      receipt.checkpoint = one.checkpoint();
      parcel.receipts.push_back(std::move(receipt));
    }
    reply.receipts.push_back(std::move(parcel));
  }
  if (wire.has_refusal()) {
    const int reason = wire.refusal().reason();
    sync::Refusal refusal;
    refusal.parcel = wire.refusal().parcel();
    refusal.reason = reason >= 0 && reason <= static_cast<int>(sync::RefusalReason::kLimit)
                         ? static_cast<sync::RefusalReason>(reason)
                         : sync::RefusalReason::kNone;
    refusal.wanted_sequence = wire.refusal().wanted_sequence();
    refusal.message = wire.refusal().message();
    reply.refusal = std::move(refusal);
  }
  return reply;
}

}  // namespace kapea::link
