// Changes that came before what they stand on: each is looked at when that came.
#include <gtest/gtest.h>

#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

// Counts how often somebody asks.
class CountingPacks : public PackSource {
 public:
  explicit CountingPacks(const TestPacks& packs) : packs_(packs) {}
  const Pack* FindPack(const Hash& hash, uint64_t at) const override {
    ++asked;
    return packs_.FindPack(hash, at);
  }
  size_t CountBefore(uint64_t at) const override { return packs_.CountBefore(at); }
  mutable size_t asked = 0;

 private:
  const TestPacks& packs_;
};

struct Operation : TestWorld {
  Operation() { Append(file, Found(file.id(), FileKind::kOperation, lead, {Line(officer)})); }
  ChangeBuilder New(uint32_t record) const {
    return Edit(file, officer).Set(MakeId<RecordId>(record), "count", int64_t{1}).Pin("OP", 1);
  }
  FileState file{MakeId<FileId>(1)};
};

TEST(EarlyTest, EachWaitsForWhatItNamesAndComesInLedgerOrder) {
  Operation op;
  const auto first = op.New(1).Build();
  const auto third = op.Edit(op.file, op.officer)
                         .Set(MakeId<RecordId>(2), "count", int64_t{3})
                         .Naming(*first)
                         .Build();
  const auto second = op.New(2).Naming(*first).Build();
  EXPECT_EQ(op.Append(op.file, third), Verdict::kEarly);
  EXPECT_EQ(op.Append(op.file, second), Verdict::kEarly);
  EXPECT_EQ(op.file.waiting().size(), 2u);
  EXPECT_EQ(op.Append(op.file, first), Verdict::kAccepted);
  EXPECT_TRUE(op.file.waiting().empty());
  EXPECT_EQ(op.file.records().size(), 2u);
  // The third waited for the record of the second, which the first let in.
  EXPECT_EQ(op.file.FindRecord(MakeId<RecordId>(2))->Find("count")->current().size(), 2u);
}

TEST(EarlyTest, WhatARefusedChangeLacksIsThereForThoseThatNameIt) {
  Operation op;
  Author posing = op.officer2;  // not on the roster
  const auto refused =
      op.Edit(op.file, posing).Set(MakeId<RecordId>(3), "count", int64_t{1}).Build();
  const auto waits = op.New(4).Naming(*refused).Build();
  EXPECT_EQ(op.Append(op.file, waits), Verdict::kEarly);
  op.Append(op.file, op.New(3).Build());
  EXPECT_EQ(op.Append(op.file, refused), Verdict::kNotMember);
  EXPECT_TRUE(op.file.waiting().empty());
}

TEST(EarlyTest, APackThatComesIsSeenAtTheNextEntry) {
  Operation op;
  auto later = MakeTestPack();
  later->hash = MakeId<Hash>(71);
  EXPECT_EQ(op.Append(op.file, op.New(5).Pack(later->hash).Build()), Verdict::kEarly);
  op.packs.Add(later, op.next_sequence++);
  EXPECT_EQ(op.file.waiting().size(), 1u);
  op.Append(op.file, op.New(6).Build());
  EXPECT_TRUE(op.file.waiting().empty());
  EXPECT_NE(op.file.FindRecord(MakeId<RecordId>(5)), nullptr);
}

// Somebody who sends thousands that can never take effect must not make every Entry dear.
TEST(EarlyTest, HoweverManyWaitAnEntryAsksForItselfAlone) {
  Operation op;
  const CountingPacks packs(op.packs);
  const Surroundings around{op.directory, packs};
  uint64_t number = op.file.number();
  const auto append = [&](ChangeBuilder change) {
    const auto built = change.Build();
    return op.file.Append({built, op.Place(*built, ++number), {}}, around);
  };
  constexpr uint32_t kMany = 400;
  for (uint32_t i = 0; i < kMany; ++i) {
    EXPECT_EQ(append(op.New(1000 + i).Pack(MakeId<Hash>(5000 + i))), Verdict::kEarly);
    EXPECT_EQ(append(op.New(2000 + i).Naming(Ref{MakeId<ChangeId>(7000 + i), Hash()})),
              Verdict::kEarly);
  }
  EXPECT_EQ(op.file.waiting().size(), 2u * kMany);
  EXPECT_LT(packs.asked, 2 * kMany * 8) << "the square would be " << kMany * kMany;
}

}  // namespace
}  // namespace kapea::domain
