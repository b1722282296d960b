#include "common/codec/ledger_codec.h"

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/wire.h"
#include "common/codec/wire_values.h"
#include "common/ledger/range.h"
#include "kapea/v1/ledger.pb.h"

namespace kapea::codec {

std::string EncodeEntry(const domain::Entry& entry) {
  v1::Entry wire;
  wire.set_format(1);
  wire.set_sequence(entry.sequence);
  wire.set_received_ms(entry.received.unix_ms());
  wire.set_device(entry.device.str());
  wire.set_change(entry.change.str());
  wire.set_kind(static_cast<v1::Kind>(entry.kind));
  wire.set_file(entry.file.str());
  wire.set_number(entry.number);
  wire.set_change_hash(entry.change_hash.str());
  wire.set_parcel_hash(entry.parcel_hash.str());
  wire.set_verdict(static_cast<v1::Verdict>(entry.verdict));
  wire.set_rules(entry.rules);
  return EncodeCanonical(wire);
}

absl::StatusOr<domain::Entry> DecodeEntry(std::string_view bytes) {
  v1::Entry wire;
  KAPEA_TRY(DecodeCanonical(bytes, "entry", wire));
  if (wire.format() != 1) return absl::UnimplementedError("entry: needs a newer program");
  domain::Entry entry;
  entry.sequence = wire.sequence();
  entry.received = Time::FromUnixMs(wire.received_ms());
  KAPEA_TRY(ReadId(wire.device(), entry.device));
  KAPEA_TRY(ReadId(wire.change(), entry.change));
  entry.kind = KindFromWire(wire.kind());
  KAPEA_TRY(ReadId(wire.file(), entry.file));
  entry.number = wire.number();
  KAPEA_TRY(ReadId(wire.change_hash(), entry.change_hash));
  KAPEA_TRY(ReadId(wire.parcel_hash(), entry.parcel_hash));
  entry.verdict = EnumCast(wire.verdict(), domain::Verdict::kPublished);
  entry.rules = wire.rules();
  // No later than Time::Max(), so that nobody's arithmetic with it overflows.
  if (entry.number == 0 || wire.received_ms() < 0 || wire.received_ms() > Time::Max().unix_ms()) {
    return absl::InvalidArgumentError("malformed entry");
  }
  return entry;
}

absl::StatusOr<std::vector<domain::Entry>> VerifyRun(const EntryRun& run, uint64_t tree_size,
                                                     const Hash& root) {
  std::vector<domain::Entry> entries;
  std::vector<Hash> leaves;
  for (const std::string& bytes : run.entries) {
    KAPEA_ASSIGN(domain::Entry entry, DecodeEntry(bytes));
    if (entry.sequence != run.first_sequence + entries.size()) {
      return absl::DataLossError("an entry does not stand where its sequence number says");
    }
    entries.push_back(entry);
    leaves.push_back(ledger::LeafHash(bytes));
  }
  KAPEA_TRY(ledger::VerifyRange(run.first_sequence, leaves, tree_size, run.proof, root));
  return entries;
}

void RunToWire(const EntryRun& run, v1::EntryRun& wire) {
  wire.set_first_sequence(run.first_sequence);
  for (const std::string& entry : run.entries) wire.add_entries(entry);
  for (const Hash& hash : run.proof) wire.add_proof(hash.str());
}

absl::StatusOr<EntryRun> RunFromWire(const v1::EntryRun& wire) {
  EntryRun run;
  run.first_sequence = wire.first_sequence();
  run.entries.assign(wire.entries().begin(), wire.entries().end());
  for (const std::string& hash : wire.proof()) KAPEA_TRY(ReadId(hash, run.proof.emplace_back()));
  return run;
}

}  // namespace kapea::codec
