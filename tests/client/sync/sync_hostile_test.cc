// A server that lies, one lie at a time. Each must be refused, and what proves it kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/crypto/hash.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SyncHostileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(lead_.Sync().ok());
    const auto file = FoundOperation(server_, lead_, {"lead", "officer"});
    ASSERT_TRUE(file.ok()) << file.status();
    file_ = *file;
    for (int i = 0; i < 4; ++i) {
      const auto record = AddRecord(lead_, file_, crypto::RandomId<RecordId>(), i);
      ASSERT_TRUE(record.ok());
      record_ = *record;
    }
    const auto report = lead_.Sync();
    ASSERT_TRUE(report.ok());
    ASSERT_EQ(report->waiting, 0u);
  }
  // Alters the first message that brings Changes of the file, and syncs; what was said.
  std::vector<std::string> SyncAltered(const std::function<void(sync::PulledFile&)>& alter) {
    bool done = false;
    officer_.line.meddle = [&](sync::PullMessage& message) {
      for (sync::PulledFile& pulled : message.files) {
        if (pulled.file != file_ || done) continue;
        done = true;
        alter(pulled);
      }
      return true;
    };
    const auto report = officer_.Sync();
    EXPECT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(done);
    officer_.line.meddle = [](sync::PullMessage&) { return true; };
    return report.ok() ? report->refusals : std::vector<std::string>();
  }
  // After the lie the truth is taken.
  void ExpectRecovery() {
    const auto report = officer_.Sync();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->refusals, IsEmpty());
    EXPECT_EQ(Show(**officer_.vault().File(file_)), Show(*server_.File(file_)));
  }
  size_t Evidence(FakeDevice& device, const std::string& kind) {
    const auto list = device.vault().replica().ListEvidence();
    EXPECT_TRUE(list.ok());
    size_t count = 0;
    for (const vault::Evidence& one : *list) count += one.kind == kind ? 1 : 0;
    return count;
  }

  ManualClock clock_;
  FakeServer server_{clock_};
  FakeDevice lead_{server_, "lead", clock_};
  FakeDevice officer_{server_, "officer", clock_};
  FileId file_;
  RecordId record_;
};

TEST_F(SyncHostileTest, AnAlteredChangeIsRefused) {
  const auto said = SyncAltered([](sync::PulledFile& pulled) {
    std::string& bytes = pulled.changes[1].change;
    bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  });
  EXPECT_THAT(said, Contains(HasSubstr("does not hold")));
  EXPECT_EQ(officer_.vault().replica().NumberOf(file_), 0u);
  EXPECT_EQ(Evidence(officer_, "entry"), 1u);
  ExpectRecovery();
}

TEST_F(SyncHostileTest, AnAlteredEntryIsRefused) {
  const auto said = SyncAltered([](sync::PulledFile& pulled) {
    auto entry = codec::DecodeEntry(pulled.runs[0].entries[0]);
    ASSERT_TRUE(entry.ok());
    entry->verdict = domain::Verdict::kRole;
    pulled.runs[0].entries[0] = codec::EncodeEntry(*entry);
  });
  EXPECT_THAT(said, Contains(HasSubstr("does not hold")));
  EXPECT_EQ(officer_.vault().replica().NumberOf(file_), 0u);
  ExpectRecovery();
}

TEST_F(SyncHostileTest, AnotherSignatureIsRefused) {
  const auto said = SyncAltered([](sync::PulledFile& pulled) {
    pulled.parcels[0].signature[5] = static_cast<char>(pulled.parcels[0].signature[5] ^ 1);
  });
  EXPECT_THAT(said, Contains(HasSubstr("did not sign")));
  EXPECT_EQ(officer_.vault().replica().NumberOf(file_), 0u);
  ExpectRecovery();
}

TEST_F(SyncHostileTest, AnotherPlaceInTheParcelIsRefused) {
  const auto said = SyncAltered([](sync::PulledFile& pulled) {
    std::swap(pulled.changes[1].index, pulled.changes[2].index);
    std::swap(pulled.changes[1].path, pulled.changes[2].path);
  });
  EXPECT_THAT(said, Contains(HasSubstr("another place")));
  ExpectRecovery();
}

TEST_F(SyncHostileTest, TheParcelOfAnotherChangeIsRefused) {
  const auto said = SyncAltered([](sync::PulledFile& pulled) {
    std::string& header = pulled.parcels[0].header;
    auto decoded = codec::ParcelHeader::Decode(header);
    ASSERT_TRUE(decoded.ok());
    decoded->signing.wall = decoded->signing.wall + Duration::Hours(5);
    header = decoded->Encode();
  });
  EXPECT_THAT(said, Contains(HasSubstr("parcel")));
  EXPECT_EQ(officer_.vault().replica().NumberOf(file_), 0u);
  ExpectRecovery();
}

TEST_F(SyncHostileTest, AWithheldNumberIsNoticed) {
  const auto said = SyncAltered([](sync::PulledFile& pulled) {
    pulled.changes.erase(pulled.changes.begin() + 1);
    pulled.runs.erase(pulled.runs.begin() + 1);
  });
  EXPECT_THAT(said, Contains(HasSubstr("left out")));
  EXPECT_EQ(Evidence(officer_, "withheld"), 1u);
  ExpectRecovery();
}

// The server keeps the newest from the officer; the next Change of the lead gives it away.
TEST_F(SyncHostileTest, AWithheldEndShowsOnceAColleagueWrites) {
  ASSERT_TRUE(officer_.Sync().ok());
  ASSERT_TRUE(SetCount(lead_, file_, record_, 50).ok());
  ASSERT_TRUE(lead_.Sync().ok());
  const uint64_t hidden = server_.EntriesOf(file_);
  const auto hide_from = [&](uint64_t number) {
    officer_.line.meddle = [this, number](sync::PullMessage& message) {
      std::erase_if(message.files, [&](const sync::PulledFile& pulled) {
        const auto entry = codec::DecodeEntry(pulled.runs[0].entries[0]);
        return pulled.file == file_ && entry.ok() && entry->number >= number;
      });
      return true;
    };
  };
  hide_from(hidden);
  ASSERT_TRUE(officer_.Sync().ok());
  EXPECT_FALSE(officer_.vault().replica().incomplete(file_));  // nobody can know yet
  // The officer writes too; the receipt names a number that does not follow.
  ASSERT_TRUE(SetCount(officer_, file_, record_, 51).ok());
  const auto report = officer_.Sync();
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(officer_.vault().replica().incomplete(file_));
  EXPECT_THAT(report->incomplete, Contains(file_));
  officer_.line.meddle = [](sync::PullMessage&) { return true; };
  ExpectRecovery();
  EXPECT_FALSE(officer_.vault().replica().incomplete(file_));
}

TEST_F(SyncHostileTest, AForkStopsSyncAndKeepsBothCheckpoints) {
  ASSERT_TRUE(officer_.Sync().ok());
  const auto fork = server_.Fork(server_.size() - 1);
  FakeDevice other(*fork, "supervisor", clock_);
  ASSERT_TRUE(other.Sync().ok());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(FoundOperation(*fork, other, {"supervisor"}).ok());
  ASSERT_TRUE(other.Sync().ok());
  ASSERT_GT(fork->size(), server_.size());
  officer_.line.Connect(*fork);
  const auto report = officer_.Sync();
  EXPECT_EQ(report.status().code(), absl::StatusCode::kDataLoss) << report.status();
  EXPECT_EQ(Evidence(officer_, "fork"), 1u);
  EXPECT_EQ((*officer_.vault().replica().ListEvidence())[0].objects.size(), 2u);
  // It stays stopped, also after unlocking anew and with the true server.
  officer_.line.Connect(server_);
  officer_.Restart();
  EXPECT_EQ(officer_.Sync().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Evidence(officer_, "fork"), 1u);
  // Work goes on.
  EXPECT_TRUE(SetCount(officer_, file_, record_, 60).ok());
  ASSERT_TRUE(officer_.vault().replica().Resume().ok());
  EXPECT_TRUE(officer_.Sync().ok());
}

TEST_F(SyncHostileTest, AShorterLedgerStopsSync) {
  ASSERT_TRUE(officer_.Sync().ok());
  const auto past = server_.Fork(server_.size() - 2);
  officer_.line.Connect(*past);
  EXPECT_EQ(officer_.Sync().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Evidence(officer_, "fork"), 1u);
}

TEST_F(SyncHostileTest, AForkInAReceiptStopsSync) {
  ASSERT_TRUE(officer_.Sync().ok());
  const auto fork = server_.Fork(server_.size() - 1);
  officer_.line.Connect(*fork);
  ASSERT_TRUE(SetCount(officer_, file_, record_, 70).ok());
  EXPECT_EQ(officer_.Sync().status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(officer_.vault().outbox().waiting(), 1u);
}

TEST_F(SyncHostileTest, AReceiptForSomethingElseIsNone) {
  ASSERT_TRUE(SetCount(lead_, file_, record_, 80).ok());
  lead_.line.meddle_reply = [this](sync::PushReply& reply) {
    // The proof is good, of an older Entry.
    const auto proof = server_.File(file_)->number();
    ASSERT_GT(proof, 0u);
    auto entry = codec::DecodeEntry(reply.receipts[0].receipts[0].run.entries[0]);
    ASSERT_TRUE(entry.ok());
    entry->verdict = domain::Verdict::kErased;
    reply.receipts[0].receipts[0].run.entries[0] = codec::EncodeEntry(*entry);
  };
  const auto report = lead_.Sync();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->waiting, 1u);
  lead_.line.meddle_reply = [](sync::PushReply&) {};
  const auto again = lead_.Sync();
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->waiting, 0u);
  EXPECT_EQ(Show(**lead_.vault().File(file_)), Show(*server_.File(file_)));
}

TEST_F(SyncHostileTest, AnotherGenesisIsRefused) {
  FakeServer stranger(clock_);
  vault::Identity identity = server_.IdentityOf("supervisor");
  identity.genesis = Hash::FromPrefix(crypto::RandomBytes(32));
  TempFolder folder;
  auto vault = vault::Vault::Create(folder / "vault", kPassphrase, std::move(identity), clock_, 0);
  ASSERT_TRUE(vault.ok());
  FakeLine line(server_, server_.person("supervisor"));
  sync::SyncEngine engine(**vault, line);
  const auto report = engine.SyncNow(clock_.Now());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->refusals, Contains(HasSubstr("enrolment code pinned")));
  EXPECT_FALSE((*vault)->directory()->genesis());
}

// The one lie that stands in the ledger itself: kept as evidence, told, and not believed.
TEST_F(SyncHostileTest, AWrongVerdictIsEvidence) {
  server_.judge_otherwise = [](domain::Verdict) { return domain::Verdict::kNotMember; };
  ASSERT_TRUE(SetCount(lead_, file_, record_, 90).ok());
  ASSERT_TRUE(lead_.Sync().ok());
  server_.judge_otherwise = nullptr;
  EXPECT_EQ(Evidence(lead_, "verdict"), 1u) << "the author sees it at once";
  const auto report = officer_.Sync();
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->refusals, Contains(HasSubstr("judged change")));
  EXPECT_EQ(Evidence(officer_, "verdict"), 1u);
  const auto state = officer_.vault().File(file_);
  EXPECT_EQ(*(*state)->FindRecord(record_)->Shown("count")->clear, domain::Value(int64_t{90}));
  // Once is enough.
  ASSERT_TRUE(officer_.Sync().ok());
  EXPECT_EQ(Evidence(officer_, "verdict"), 1u);
}

}  // namespace
}  // namespace kapea::testing
