// Tokens of duplicates on the server: what meets, who is told, what one device may try, and
// what goes when.
#include "server/core/match_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/kv/open.h"
#include "server/store/tables.h"
#include "tests/support/manual_clock.h"

namespace kapea::server {
namespace {

using domain::MatchAlias;
using domain::MatchKind;
using domain::MatchToken;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr uint32_t kPerDay = 10;

std::unique_ptr<kv::Store> MemoryStore() {
  static const auto* key = new crypto::SecretBytes(crypto::SecretBytes::Random(32));
  kv::OpenOptions options;
  options.tables = AllTables();
  options.master_key = key;
  options.create_if_missing = true;
  auto store = kv::OpenMemoryStore(options);
  KAPEA_CHECK(store.ok());
  return *std::move(store);
}

class MatchBookTest : public ::testing::Test {
 protected:
  MatchBookTest() { Open({true, true, kPerDay, 60}); }
  void Open(const MatchOptions& options) {
    book_ = std::make_unique<MatchBook>(
        *store_, clock_, options,
        [this](const DeviceId&, uint32_t tokens) { alarms_.push_back(tokens); });
  }
  MatchCaller Caller(const UnitId& unit) {
    MatchCaller caller;
    caller.device = devices_.try_emplace(unit, crypto::RandomId<DeviceId>()).first->second;
    caller.programme = programme_;
    caller.epoch = epoch_;
    caller.units = units_;
    caller.unit = unit;
    caller.files_max = 1000;
    return caller;
  }
  static codec::MatchedFile FileOf(const MatchAlias& alias, std::vector<uint32_t> phones) {
    codec::MatchedFile file{alias, {}};
    for (const uint32_t token : phones) file.tokens.push_back({MatchKind::kPhone, token});
    return file;
  }
  uint32_t Offer(const UnitId& unit, const MatchAlias& alias, std::vector<uint32_t> phones) {
    const auto taken = book_->Offer(Caller(unit), {FileOf(alias, std::move(phones))});
    EXPECT_TRUE(taken.ok()) << taken.status();
    return taken.value_or(0);
  }
  MatchAnswer Check(const UnitId& unit) {
    const auto answer = book_->Check(Caller(unit));
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.value_or(MatchAnswer());
  }
  // Which of its files each other unit possibly knows.
  std::vector<std::pair<MatchAlias, UnitId>> Found(const UnitId& unit) {
    std::vector<std::pair<MatchAlias, UnitId>> found;
    for (const auto& one : Check(unit).found) found.emplace_back(one.alias, one.unit);
    return found;
  }
  size_t Rows() {
    size_t rows = 0;
    EXPECT_TRUE(store_
                    ->Scan(kMatches, "", "",
                           [&](std::string_view key, std::string_view) {
                             rows += key[0] == 'a' || key[0] == 't' || key[0] == 'm' ? 1 : 0;
                             return true;
                           })
                    .ok());
    return rows;
  }
  static MatchAlias Alias() { return crypto::RandomId<MatchAlias>(); }

  ManualClock clock_{Time::FromUnixMs(1'795'000'000'000)};
  std::unique_ptr<kv::Store> store_ = MemoryStore();
  std::unique_ptr<MatchBook> book_;
  std::vector<uint32_t> alarms_;
  std::map<UnitId, DeviceId> devices_;
  const FileId programme_ = crypto::RandomId<FileId>();
  KeyEpochId epoch_ = crypto::RandomId<KeyEpochId>();
  const UnitId a_ = crypto::RandomId<UnitId>(), b_ = crypto::RandomId<UnitId>(),
               c_ = crypto::RandomId<UnitId>();
  std::set<UnitId> units_ = {a_, b_, c_};
};

TEST_F(MatchBookTest, TellsBothOfAnEqualTokenAndNobodyElse) {
  const MatchAlias ours = Alias(), theirs = Alias();
  EXPECT_EQ(Offer(a_, ours, {1, 7}), 1u);
  EXPECT_EQ(Offer(c_, Alias(), {8}), 1u);
  EXPECT_THAT(Found(a_), IsEmpty());
  clock_.Advance(Duration::Days(1));
  EXPECT_EQ(Offer(b_, theirs, {7, 9}), 1u);
  EXPECT_THAT(Found(b_), ElementsAre(std::pair(theirs, a_)));
  EXPECT_THAT(Found(a_), ElementsAre(std::pair(ours, b_)));
  EXPECT_THAT(Found(c_), IsEmpty());
  const auto told = Check(a_).found.at(0);
  EXPECT_EQ(told.kind, MatchKind::kPhone);
  EXPECT_EQ(told.day, clock_.Now().unix_ms() / (24 * 3600 * 1000)) << "since both have it";
}

TEST_F(MatchBookTest, TokensOfDifferentKindsNeverMeet) {
  Offer(a_, Alias(), {7});
  codec::MatchedFile file{Alias(), {{MatchKind::kDocument, 7}}};
  ASSERT_TRUE(book_->Offer(Caller(b_), {file}).ok());
  EXPECT_THAT(Found(a_), IsEmpty());
  EXPECT_THAT(Found(b_), IsEmpty());
}

TEST_F(MatchBookTest, OneFileThatTwoUnitsHaveIsNoMatch) {
  const MatchAlias shared = Alias();
  Offer(a_, shared, {7});
  Offer(b_, shared, {7});
  EXPECT_THAT(Found(a_), IsEmpty());
  EXPECT_THAT(Found(b_), IsEmpty());
  // A third unit's file meets it for both.
  const MatchAlias other = Alias();
  Offer(c_, other, {7});
  EXPECT_THAT(Found(c_), SizeIs(2));
  EXPECT_THAT(Found(a_), ElementsAre(std::pair(shared, c_)));
}

TEST_F(MatchBookTest, WhoTriesValuesLeavesANoticeThatTakingBackDoesNotTakeBack) {
  const MatchAlias ours = Alias(), probe = Alias();
  Offer(a_, ours, {7});
  Offer(b_, probe, {7});
  EXPECT_THAT(Found(b_), SizeIs(1));
  EXPECT_EQ(*book_->Withdraw(Caller(b_), {probe}), 1u);
  EXPECT_THAT(Found(b_), IsEmpty());
  EXPECT_THAT(Check(b_).held, IsEmpty());
  EXPECT_THAT(Found(a_), ElementsAre(std::pair(ours, b_)));
  // Nor does offering something else under the same alias.
  Offer(b_, probe, {7});
  Offer(b_, probe, {8});
  EXPECT_THAT(Found(a_), SizeIs(1));
  // What it has no more meets nothing more.
  Offer(c_, Alias(), {7});
  EXPECT_THAT(Found(c_), ElementsAre(::testing::Pair(::testing::_, a_)));
}

TEST_F(MatchBookTest, ADeviceOffersSoManyNewTokensADay) {
  std::vector<MatchAlias> aliases;
  for (uint32_t i = 0; i < 12; ++i) {
    aliases.push_back(Alias());
    EXPECT_EQ(Offer(a_, aliases[i], {100 + i}), i < kPerDay ? 1u : 0u) << i;
  }
  EXPECT_THAT(alarms_, ElementsAre(kPerDay)) << "told once";
  EXPECT_EQ(Check(a_).tokens_left, 0u);
  EXPECT_EQ(Offer(a_, aliases[3], {103}), 1u) << "what is there costs nothing";
  EXPECT_EQ(Offer(a_, aliases[3], {999}), 0u) << "another value does";
  EXPECT_EQ(*book_->Withdraw(Caller(a_), {aliases[0]}), 1u);
  EXPECT_EQ(Offer(a_, aliases[0], {100}), 0u) << "taking back gives nothing back";
  Open({true, true, kPerDay, 60});
  EXPECT_EQ(Offer(a_, aliases[11], {111}), 0u) << "a restart changes nothing";
  clock_.Advance(Duration::Days(1));
  EXPECT_EQ(Check(a_).tokens_left, kPerDay);
  EXPECT_EQ(Offer(a_, aliases[11], {111}), 1u);
}

TEST_F(MatchBookTest, TakesFromTheFirstAsManyAsTheDayAllows) {
  std::vector<codec::MatchedFile> files;
  for (uint32_t i = 0; i < 5; ++i)
    files.push_back(FileOf(Alias(), {10 * i, 10 * i + 1, 10 * i + 2}));
  EXPECT_EQ(*book_->Offer(Caller(a_), files), 3u);
  EXPECT_THAT(Check(a_).held, SizeIs(3));
}

TEST_F(MatchBookTest, AUnitHasNoMoreAliasesThanFiles) {
  MatchCaller caller = Caller(a_);
  caller.files_max = 2;
  const MatchAlias first = Alias();
  EXPECT_EQ(*book_->Offer(caller, {FileOf(first, {1}), FileOf(Alias(), {2})}), 2u);
  EXPECT_TRUE(absl::IsResourceExhausted(book_->Offer(caller, {FileOf(Alias(), {3})}).status()));
  EXPECT_TRUE(book_->Offer(caller, {FileOf(first, {3})}).ok());
}

TEST_F(MatchBookTest, ANewKeyEpochDropsWhatWasMadeUnderTheOld) {
  Offer(a_, Alias(), {7});
  Offer(b_, Alias(), {7});
  EXPECT_GT(Rows(), 0u);
  epoch_ = crypto::RandomId<KeyEpochId>();
  EXPECT_THAT(Check(a_).held, IsEmpty());
  EXPECT_THAT(Found(b_), IsEmpty());
  EXPECT_EQ(Rows(), 0u);
}

TEST_F(MatchBookTest, AUnitThatLeftLosesItsTokens) {
  const MatchAlias ours = Alias();
  Offer(a_, ours, {7});
  Offer(b_, Alias(), {7});
  units_.erase(b_);
  EXPECT_THAT(Found(a_), IsEmpty()) << "who takes no part is not named";
  Offer(c_, Alias(), {7});
  EXPECT_THAT(Found(c_), ElementsAre(std::pair(Check(c_).held.at(0).alias, a_)));
}

TEST_F(MatchBookTest, WhatIsNotOfferedAgainGoes) {
  const MatchAlias kept = Alias();
  Offer(a_, kept, {7});
  Offer(a_, Alias(), {8});
  clock_.Advance(Duration::Days(40));
  Offer(a_, kept, {7});
  clock_.Advance(Duration::Days(40));
  const MatchAnswer answer = Check(a_);
  ASSERT_THAT(answer.held, SizeIs(1));
  EXPECT_EQ(answer.held[0].alias, kept);
  Offer(b_, Alias(), {8});
  EXPECT_THAT(Found(b_), IsEmpty());
}

TEST_F(MatchBookTest, DropsAllOfAUnit) {
  Offer(a_, Alias(), {7});
  Offer(a_, Alias(), {8});
  EXPECT_EQ(*book_->WithdrawAll(Caller(a_)), 2u);
  EXPECT_EQ(Rows(), 0u);
}

TEST_F(MatchBookTest, RefusesWhatIsOff) {
  const codec::MatchedFile name{Alias(), {{MatchKind::kName, 7}}};
  Open({true, false, kPerDay, 60});
  EXPECT_TRUE(absl::IsInvalidArgument(book_->Offer(Caller(a_), {name}).status()));
  EXPECT_FALSE(Check(a_).names);
  Open(MatchOptions());
  EXPECT_TRUE(absl::IsFailedPrecondition(book_->Check(Caller(a_)).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(book_->Offer(Caller(a_), {name}).status()));
  EXPECT_EQ(Rows(), 0u);
}

}  // namespace
}  // namespace kapea::server
