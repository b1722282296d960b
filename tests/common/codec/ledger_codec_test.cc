// Entries, and runs of them under a checkpoint.
#include "common/codec/ledger_codec.h"

#include <gtest/gtest.h>

#include "common/codec/wire.h"
#include "common/ledger/range.h"
#include "tests/common/codec/raw_wire.h"
#include "tests/common/codec/sample_changes.h"
#include "tests/support/memory_nodes.h"

namespace kapea::codec {
namespace {

using absl::StatusCode;

domain::Entry EntryAt(uint64_t sequence) {
  domain::Entry entry;
  entry.sequence = sequence;
  entry.received = Time::FromUnixMs(1'790'000'000'000 + static_cast<int64_t>(sequence));
  entry.device = Fill<DeviceId>('v');
  entry.change = Fill<ChangeId>(static_cast<char>('A' + sequence));
  entry.kind = domain::Kind::kWaiver;
  entry.file = Fill<FileId>('f');
  entry.number = sequence + 1;
  entry.change_hash = Fill<Hash>('c');
  entry.parcel_hash = Fill<Hash>('p');
  entry.verdict = domain::Verdict::kRevoked;
  entry.rules = 3;
  return entry;
}

// A ledger of Entries, and its runs.
struct Log {
  explicit Log(uint64_t size) {
    for (uint64_t i = 0; i < size; ++i) nodes.Append(ledger::LeafHash(EncodeEntry(EntryAt(i))));
  }
  EntryRun Run(uint64_t first, uint64_t count) const {
    EntryRun run{first, {}, ledger::RangeProof(first, count, nodes.size(), nodes).value()};
    for (uint64_t i = first; i < first + count; ++i) run.entries.push_back(EncodeEntry(EntryAt(i)));
    return run;
  }
  StatusCode Verify(const EntryRun& run) const {
    return VerifyRun(run, nodes.size(), nodes.root()).status().code();
  }
  ledger::MemoryNodes nodes;
};

TEST(EntryCodecTest, ComesBackAsItWasWritten) {
  for (const uint64_t sequence : {0u, 1u, 20u}) {
    const domain::Entry entry = EntryAt(sequence);
    const auto read = DecodeEntry(EncodeEntry(entry));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->sequence, entry.sequence);
    EXPECT_EQ(read->received, entry.received);
    EXPECT_EQ(read->device, entry.device);
    EXPECT_EQ(read->change, entry.change);
    EXPECT_EQ(read->kind, entry.kind);
    EXPECT_EQ(read->file, entry.file);
    EXPECT_EQ(read->number, entry.number);
    EXPECT_EQ(read->change_hash, entry.change_hash);
    EXPECT_EQ(read->parcel_hash, entry.parcel_hash);
    EXPECT_EQ(read->verdict, entry.verdict);
    EXPECT_EQ(read->rules, entry.rules);
  }
}

TEST(EntryCodecTest, RefusesNumbersOutOfRangeAndWrongSizes) {
  const auto code = [](const std::function<void(v1::Entry&)>& alter) {
    v1::Entry wire;
    EXPECT_TRUE(wire.ParseFromString(EncodeEntry(EntryAt(3))));
    alter(wire);
    return DecodeEntry(wire.SerializeAsString()).status().code();
  };
  EXPECT_EQ(code([](v1::Entry&) {}), StatusCode::kOk);
  EXPECT_EQ(code([](v1::Entry& e) { e.set_format(2); }), StatusCode::kUnimplemented);
  EXPECT_EQ(code([](v1::Entry& e) { e.set_number(0); }), StatusCode::kInvalidArgument);
  for (const int64_t ms : {int64_t{-1}, INT64_MIN, Time::Max().unix_ms() + 1, INT64_MAX}) {
    EXPECT_EQ(code([&](v1::Entry& e) { e.set_received_ms(ms); }), StatusCode::kInvalidArgument);
  }
  const auto* type = v1::Entry::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* field = type->field(i);
    if (field->type() != google::protobuf::FieldDescriptor::TYPE_BYTES) continue;
    for (const size_t size : {0u, 15u, 17u, 31u, 33u}) {
      EXPECT_EQ(code([&](v1::Entry& e) {
                  e.GetReflection()->SetString(&e, field, std::string(size, 'x'));
                }),
                StatusCode::kInvalidArgument)
          << field->name();
    }
  }
  // A kind of a newer program keeps its number; a verdict of one is none here.
  v1::Entry newer;
  ASSERT_TRUE(newer.ParseFromString(EncodeEntry(EntryAt(3))));
  newer.set_kind(static_cast<v1::Kind>(99));
  newer.set_verdict(static_cast<v1::Verdict>(99));
  const auto read = DecodeEntry(newer.SerializeAsString());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(static_cast<int>(read->kind), 99);
  EXPECT_EQ(read->verdict, domain::Verdict::kNone);
}

TEST(EntryRunTest, EveryRunOfALedgerVerifies) {
  const Log log(11);
  for (uint64_t first = 0; first < 11; ++first) {
    for (uint64_t count = 1; count <= 11 - first; ++count) {
      const EntryRun run = log.Run(first, count);
      const auto entries = VerifyRun(run, 11, log.nodes.root());
      ASSERT_TRUE(entries.ok()) << entries.status();
      ASSERT_EQ(entries->size(), count);
      EXPECT_EQ(entries->front().sequence, first);
      EXPECT_EQ(entries->back().change, EntryAt(first + count - 1).change);
      // And on its way over the network.
      v1::EntryRun wire;
      RunToWire(run, wire);
      const auto read = RunFromWire(wire);
      ASSERT_TRUE(read.ok());
      EXPECT_EQ(log.Verify(*read), StatusCode::kOk);
      EXPECT_EQ(read->first_sequence, first);
    }
  }
}

TEST(EntryRunTest, ATamperedRunIsRefused) {
  const Log log(11);
  const EntryRun run = log.Run(3, 4);
  ASSERT_EQ(log.Verify(run), StatusCode::kOk);
  // Each Entry, said otherwise: still well-formed, with the right number.
  for (size_t i = 0; i < run.entries.size(); ++i) {
    domain::Entry entry = EntryAt(3 + i);
    entry.verdict = domain::Verdict::kAccepted;
    EntryRun other = run;
    other.entries[i] = EncodeEntry(entry);
    EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  }
  for (size_t i = 0; i < run.proof.size(); ++i) {
    EntryRun other = run;
    other.proof.erase(other.proof.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
    other = run;
    other.proof[i] = Fill<Hash>('x');
    EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  }
  EntryRun other = run;
  other.proof.push_back(Fill<Hash>('x'));
  EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  for (const uint64_t first : {uint64_t{0}, uint64_t{2}, uint64_t{4}, UINT64_MAX}) {
    other = run;
    other.first_sequence = first;
    EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  }
  other = run;
  std::swap(other.entries[0], other.entries[1]);
  EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  other = run;
  other.entries.pop_back();
  EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  other.entries.clear();
  EXPECT_EQ(log.Verify(other), StatusCode::kDataLoss);
  EXPECT_FALSE(VerifyRun(run, 6, log.nodes.root()).ok());
  EXPECT_FALSE(VerifyRun(run, 11, Fill<Hash>('x')).ok());
  other = run;
  other.entries[2] += '\0';
  EXPECT_EQ(log.Verify(other), StatusCode::kInvalidArgument);
}

// An Entry that lies about its own number cannot stand anywhere.
TEST(EntryRunTest, AnEntryMustStandAtItsNumber) {
  ledger::MemoryNodes nodes;
  const std::string lying = EncodeEntry(EntryAt(7));
  nodes.Append(ledger::LeafHash(lying));
  EXPECT_EQ(VerifyRun({0, {lying}, {}}, 1, nodes.root()).status().code(), StatusCode::kDataLoss);
}

TEST(EntryRunTest, AHashOfAnotherSizeIsRefused) {
  v1::EntryRun wire;
  RunToWire(Log(11).Run(3, 4), wire);
  wire.mutable_proof(0)->pop_back();
  EXPECT_EQ(RunFromWire(wire).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kapea::codec
