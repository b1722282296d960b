#include "client/field/ledger_check.h"

#include "client/field/names.h"
#include "client/vault/outbox.h"
#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/crypto/signature.h"
#include "common/ledger/checkpoint.h"
#include "common/ledger/tree.h"

namespace kapea::field {
namespace {

constexpr size_t kKeptParcelsBytes = 8 * 1024 * 1024;

std::string_view Said(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

absl::Status CheckReceipt(const vault::HeldReceipt& receipt, const ledger::NoteVerifier& log,
                          const codec::Parcel& parcel) {
  KAPEA_ASSIGN(const ledger::Checkpoint tree, ledger::OpenCheckpoint(receipt.checkpoint, log));
  KAPEA_ASSIGN(const auto entries, codec::VerifyRun(receipt.run, tree.size, tree.root));
  for (const domain::Entry& entry : entries) {
    bool mine = false;
    for (const codec::EncodedChange& change : parcel.changes) {
      mine = mine || change.change->hash == entry.change_hash;
    }
    if (!mine || entry.parcel_hash != parcel.hash) {
      return absl::DataLossError("a receipt is for something else than was sent");
    }
  }
  return absl::OkStatus();
}

// From which number on own parcels are kept: old ones go when no backup needs them.
absl::StatusOr<uint64_t> FirstKept(vault::Vault& vault) {
  uint64_t low = 1;
  uint64_t high = uint64_t{1} << 40;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const auto kept = vault.outbox().Kept(middle, 1);
    if (absl::IsFailedPrecondition(kept.status())) {
      low = middle + 1;
    } else {
      KAPEA_TRY(kept.status());
      high = middle;
    }
  }
  return low;
}

absl::Status CheckReceipts(vault::Vault& vault, const ledger::NoteVerifier& log,
                           LedgerCheck& check) {
  KAPEA_ASSIGN(uint64_t next, FirstKept(vault));
  for (;;) {
    KAPEA_ASSIGN(const auto parcels, vault.outbox().Kept(next, kKeptParcelsBytes));
    const uint64_t before = next;
    for (const codec::Parcel& parcel : parcels) {
      const uint64_t first = parcel.header.first_sequence;
      if (first + parcel.header.changes <= next) continue;  // checked already
      KAPEA_ASSIGN(const auto receipts, vault.outbox().ReceiptsOf(first));
      for (const vault::HeldReceipt& receipt : receipts) {
        const absl::Status holds = CheckReceipt(receipt, log, parcel);
        if (holds.ok()) {
          check.receipts += receipt.run.entries.size();
        } else {
          check.faults.push_back("receipt of entry " + std::to_string(first) + ": " +
                                 std::string(Said(holds)));
        }
      }
      next = first + parcel.header.changes;
    }
    if (next == before) return absl::OkStatus();
  }
}

// The Change in its parcel, and the parcel under its author's key.
absl::Status CheckArrived(const vault::Arrived& arrived, const domain::Directory& directory,
                          bool& known) {
  const domain::Entry& entry = arrived.decoded;
  const domain::Change& change = *arrived.change.change;
  if (entry.change_hash != change.hash || entry.change != change.id) {
    return absl::DataLossError("an entry is of another change");
  }
  if (entry.parcel_hash != arrived.parcel->hash) {
    return absl::DataLossError("an entry names another parcel");
  }
  const auto* device = directory.FindDevice(change.header.device);
  const auto& genesis = directory.genesis();
  const bool by_server = genesis && genesis->server_device == change.header.device;
  known = device != nullptr || by_server;
  if (!known) return absl::OkStatus();
  KAPEA_ASSIGN(
      const crypto::VerifyKey key,
      crypto::VerifyKey::FromBytes(by_server ? genesis->server_signing_key : device->signing_key));
  return codec::VerifyParcelSignature(arrived.parcel->header_bytes, arrived.parcel->signature, key);
}

absl::Status CheckFile(vault::Vault& vault, const vault::FileLine& line, LedgerCheck& check) {
  const auto directory = vault.directory();
  const std::string code = CodeOf(line.file, line.kind);
  uint64_t wanted = 1;
  KAPEA_TRY(vault.replica().Visit(line.file, 1, [&](const vault::Arrived& arrived) {
    bool known = false;
    const absl::Status holds = CheckArrived(arrived, *directory, known);
    if (!holds.ok()) {
      check.faults.push_back(code + " " + std::to_string(wanted) + ": " + std::string(Said(holds)));
    } else if (known) {
      ++check.changes;
    } else {
      ++check.unsigned_yet;
    }
    ++wanted;
    return true;
  }));
  if (line.incomplete) check.faults.push_back(code + ": entries are withheld by the server");
  KAPEA_ASSIGN(const auto disputes, vault.replica().Disputes(line.file));
  for (const vault::Dispute& dispute : disputes) {
    check.faults.push_back(code + " " + std::to_string(dispute.number) +
                           ": the verdict does not follow");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LedgerCheck> VerifyHeldLedger(vault::Vault& vault) {
  LedgerCheck check;
  check.waiting = vault.outbox().waiting();
  if (const auto& checkpoint = vault.replica().checkpoint()) {
    check.origin = checkpoint->origin;
    check.ledger_size = checkpoint->size;
    check.ledger_root = checkpoint->root;
  }
  const auto log = ledger::ParseVerifierKey(vault.identity().log_verifier_key);
  if (log.ok()) {
    const std::string& note = vault.replica().checkpoint_note();
    if (!note.empty()) {
      const auto opened = ledger::OpenCheckpoint(note, *log);
      if (!opened.ok()) check.faults.push_back("the newest checkpoint is not signed by the log");
    }
    KAPEA_TRY(CheckReceipts(vault, *log, check));
  } else {
    check.faults.push_back("the log's key is not readable");
  }
  for (const vault::FileLine& line : vault.Files()) KAPEA_TRY(CheckFile(vault, line, check));
  KAPEA_ASSIGN(const auto evidence, vault.replica().ListEvidence());
  for (const vault::Evidence& one : evidence) {
    check.faults.push_back(one.kind + ": " + one.what);
  }
  if (const std::string& stopped = vault.replica().stopped(); !stopped.empty()) {
    check.faults.push_back("sync stopped: " + stopped);
  }
  return check;
}

}  // namespace kapea::field
