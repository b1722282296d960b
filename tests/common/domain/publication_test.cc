// Publications: who may, for which periods, and that what is hidden stays so, attacked with
// everything that was published.
#include "common/domain/publication.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

constexpr int64_t kMonthMs = int64_t{30} * 24 * 3'600'000;
Time Month(int number) { return Time::FromUnixMs(1'700'000'000'000 + number * kMonthMs); }

Measure Counted(std::string id, MeasureAnswer answer, bool stock = false) {
  Measure measure;
  measure.id = std::move(id);
  measure.kind = MeasureKind::kIndicator;
  measure.answer = answer;
  measure.stock = stock;
  measure.by = {"sex", "age"};
  return measure;
}

using Cells = std::vector<PublishedCell>;
constexpr std::nullopt_t kHid = std::nullopt;

// The figure itself, and what it is made of by sex.
std::vector<PublishedTable> Tables(std::optional<int64_t> all, Cells by_sex = {},
                                   std::string measure = "I-1") {
  std::vector<PublishedTable> tables{{measure, "", 0, {{"", all}}}};
  if (!by_sex.empty()) tables.push_back({measure, "sex", 0, std::move(by_sex)});
  return tables;
}

class PublicationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.pack->measures = {Counted("I-1", MeasureAnswer::kCount),
                             Counted("I-2", MeasureAnswer::kShare),
                             Counted("I-3", MeasureAnswer::kCount, true)};
    ChangeBuilder founding(Kind::kRoster, file_.id(), world_.registrar1);
    founding.Write(Founding{FileKind::kStandards, false}).Write(RosterWrite{});
    ASSERT_EQ(world_.Append(file_, founding.Build()), Verdict::kAccepted);
  }
  Publication Of(int from, int before, std::vector<PublishedTable> tables) const {
    Publication what;
    what.report = "R-PCCT";
    what.from = Month(from);
    what.before = Month(before);
    what.as_of = Month(before) + Duration::Days(3);
    what.scope.unit = world_.lead.unit;
    what.hidden_below = 1;  // what is small is a case of its own
    what.tables = std::move(tables);
    return what;
  }
  std::shared_ptr<const Change> Make(const Publication& what, const Author& by) const {
    return world_.Edit(file_, by, Kind::kPublication).Write(what).Build();
  }
  Verdict Publish(const Publication& what) { return Publish(what, world_.supervisor); }
  Verdict Publish(const Publication& what, const Author& by) {
    return world_.Append(file_, Make(what, by));
  }
  std::string Why(const Publication& what) const {
    const auto found = ObjectionTo(file_.publications(), what, *world_.pack);
    if (!found) return "";
    return std::string(NameOf(found->why)) + " " + found->measure + " " + found->dimension + " " +
           found->code;
  }
  Publication Revising(Publication what, std::string reason = "late_records") const {
    what.revises = file_.publications().back().self.change;
    what.reason = std::move(reason);
    return what;
  }

  TestWorld world_;
  FileState file_{MakeId<FileId>(800)};
};

TEST_F(PublicationTest, IsBySomebodyWhoMayCountAllOfIt) {
  EXPECT_EQ(Publish(Of(0, 3, Tables(40))), Verdict::kAccepted);
  EXPECT_EQ(Publish(Of(3, 6, Tables(40)), world_.lead), Verdict::kRole) << "no supervisor";
  Publication other = Of(3, 6, Tables(40));
  other.scope.unit = world_.intake.unit;
  EXPECT_EQ(Publish(other), Verdict::kRole) << "of another unit";
  other.scope.unit.reset();
  EXPECT_EQ(Publish(other), Verdict::kRole) << "she does not see the shelter's";
  ASSERT_EQ(file_.publications().size(), 1u);
  EXPECT_EQ(file_.publications()[0].by, world_.supervisor.person);
}

TEST_F(PublicationTest, IsOfThePacksMeasures) {
  EXPECT_EQ(Publish(Of(0, 3, Tables(40, {}, "I-9"))), Verdict::kForm);
  auto tables = Tables(40);
  tables.push_back({"I-1", "shoe_size", 0, {{"42", 40}}});
  EXPECT_EQ(Publish(Of(0, 3, tables)), Verdict::kForm);
}

TEST_F(PublicationTest, OneStandsInTheStandardsFileAlone) {
  FileState person{MakeId<FileId>(801)};
  ASSERT_EQ(world_.Append(person, world_.Found(person.id(), FileKind::kPerson, world_.lead,
                                               {TestWorld::Line(world_.supervisor)})),
            Verdict::kAccepted);
  const auto change = world_.Edit(person, world_.supervisor, Kind::kPublication)
                          .Write(Of(0, 3, Tables(40)))
                          .Build();
  EXPECT_EQ(world_.Append(person, change), Verdict::kMalformed);
}

TEST_F(PublicationTest, APeriodIsPublishedOnce) {
  ASSERT_EQ(Publish(Of(0, 3, Tables(40))), Verdict::kAccepted);
  EXPECT_EQ(Publish(Of(0, 3, Tables(40))), Verdict::kPublished);
  EXPECT_EQ(Why(Of(0, 3, Tables(40))), "same_period   ");
  EXPECT_EQ(Why(Of(2, 5, Tables(40))), "overlaps   ");
  EXPECT_EQ(Why(Of(3, 6, Tables(40))), "") << "it lies next to it";
  EXPECT_EQ(Why(Of(0, 12, Tables(160))), "") << "it holds it";
  Publication other = Of(2, 5, Tables(40));
  other.report = "R-DONOR";
  EXPECT_EQ(Why(other), "") << "another report has its own periods";
}

TEST_F(PublicationTest, ARevisionTakesThePlaceOfTheNewest) {
  ASSERT_EQ(Publish(Of(0, 3, Tables(40))), Verdict::kAccepted);
  const Publication revision = Revising(Of(0, 3, Tables(42)));
  ASSERT_EQ(Publish(revision), Verdict::kAccepted);
  EXPECT_TRUE(file_.publications()[0].revised_by.has_value());
  EXPECT_EQ(Why(revision), "revision   ") << "the first has been revised";
  EXPECT_EQ(Why(Revising(Of(0, 6, Tables(80)))), "") << "of another period: so a wrong one goes";
  Publication nothing = Of(0, 3, Tables(42));
  nothing.revises = MakeId<ChangeId>(77);
  nothing.reason = "late_records";
  EXPECT_EQ(Why(nothing), "same_period   ");
}

TEST_F(PublicationTest, WhatWasHiddenIsNotShownLater) {
  ASSERT_EQ(Publish(Of(0, 3, Tables(40, {{"f", kHid}, {"m", kHid}}))), Verdict::kAccepted);
  EXPECT_EQ(Why(Revising(Of(0, 3, Tables(52, {{"f", 40}, {"m", 12}})))), "shows I-1 sex f");
  EXPECT_EQ(Why(Revising(Of(0, 3, Tables(52, {{"f", kHid}, {"m", 12}})))), "shows I-1 sex m");
  EXPECT_EQ(Why(Revising(Of(0, 3, Tables(52, {{"f", kHid}, {"m", kHid}})))), "");
  EXPECT_EQ(Why(Revising(Of(0, 3, Tables(40)))), "") << "not by sex at all";
  Publication other = Of(0, 3, Tables(40, {{"f", 31}, {"m", kHid}}));
  other.report = "R-DONOR";
  EXPECT_EQ(Why(other), "shows I-1 sex f") << "nor in another report";
  other.scope.unit = world_.intake.unit;
  EXPECT_EQ(Why(other), "tells I-1 sex m") << "of other files it is another figure, and its own";
}

TEST_F(PublicationTest, TwoPublicationsDoNotTellTogether) {
  // m in the first quarter is hidden; the half year and the second quarter would tell it.
  ASSERT_EQ(Publish(Of(0, 3, Tables(40, {{"f", kHid}, {"m", kHid}}))), Verdict::kAccepted);
  ASSERT_EQ(Publish(Of(3, 6, Tables(60, {{"f", 30}, {"m", 30}}))), Verdict::kAccepted);
  EXPECT_EQ(Why(Of(0, 6, Tables(100, {{"f", 65}, {"m", 35}}))), "tells I-1 sex f");
  EXPECT_EQ(Publish(Of(0, 6, Tables(100, {{"f", 65}, {"m", 35}}))), Verdict::kPublished);
  EXPECT_EQ(Publish(Of(0, 6, Tables(100))), Verdict::kAccepted) << "not by sex";
}

TEST_F(PublicationTest, ASumOfEverybodyTellsToo) {
  ASSERT_EQ(Publish(Of(0, 3, Tables(kHid))), Verdict::kAccepted);
  ASSERT_EQ(Publish(Of(3, 6, Tables(60))), Verdict::kAccepted);
  EXPECT_EQ(Why(Of(0, 6, Tables(67))), "tells I-1  ");
  // By sex alone it would be told as well.
  Publication by_sex = Of(0, 6, {});
  by_sex.tables = {{"I-1", "sex", 0, {{"f", 37}, {"m", 30}}}};
  EXPECT_EQ(Why(by_sex), "tells I-1  ");
  // Rounded, it could be several numbers.
  Publication rounded = Of(0, 6, Tables(70));
  rounded.rounded_to = 10;
  EXPECT_EQ(Why(rounded), "");
}

TEST_F(PublicationTest, LimitsTellAsSumsDo) {
  // f and m are hidden, so each has somebody: of two there is one each.
  EXPECT_EQ(Why(Of(0, 3, Tables(2, {{"f", kHid}, {"m", kHid}}))), "tells I-1 sex f");
  EXPECT_EQ(Why(Of(0, 3, Tables(3, {{"f", kHid}, {"m", kHid}}))), "");
  // A code that is not among the cells is nobody's: then all are f.
  EXPECT_EQ(Why(Of(0, 3, Tables(40, {{"f", kHid}}))), "tells I-1 sex f");
  // Numbers that contradict each other were counted at different times, and tell nothing.
  ASSERT_EQ(Publish(Of(0, 3, Tables(40, {{"f", kHid}, {"m", kHid}}))), Verdict::kAccepted);
  EXPECT_EQ(Why(Of(0, 6, Tables(80, {{"f", 80}}))), "");
  // But what one says by itself is worked out all the same.
  EXPECT_EQ(Why(Of(0, 6, Tables(2, {{"f", kHid}, {"m", kHid}}))), "tells I-1 sex f");
}

TEST_F(PublicationTest, SharesAndStocksAreNoParts) {
  ASSERT_EQ(Publish(Of(0, 3, Tables(kHid, {}, "I-2"))), Verdict::kAccepted);
  ASSERT_EQ(Publish(Of(3, 6, Tables(500, {}, "I-2"))), Verdict::kAccepted);
  EXPECT_EQ(Why(Of(0, 6, Tables(400, {}, "I-2"))), "") << "shares do not add up";
  Publication stock = Of(6, 9, Tables(kHid, {}, "I-3"));
  ASSERT_EQ(Publish(stock), Verdict::kAccepted);
  EXPECT_EQ(Why(Revising(Of(6, 9, Tables(20, {}, "I-3")))), "shows I-3  ") << "at the same moment";
  Publication later = Of(9, 12, Tables(20, {}, "I-3"));
  EXPECT_EQ(Why(later), "") << "how things stand at another moment is another figure";
}

TEST_F(PublicationTest, WhatWasRevisedIsStillKnown) {
  ASSERT_EQ(Publish(Of(0, 6, Tables(27))), Verdict::kAccepted);
  Publication rounded = Revising(Of(0, 6, Tables(30)));
  rounded.rounded_to = 10;
  ASSERT_EQ(Publish(rounded), Verdict::kAccepted);
  ASSERT_EQ(Publish(Of(0, 3, Tables(20))), Verdict::kAccepted);
  EXPECT_EQ(Why(Of(3, 6, Tables(kHid))), "tells I-1  ") << "who kept the first one has it";
}

TEST_F(PublicationTest, SaysWhatItSaysItHides) {
  Publication small = Of(0, 3, Tables(40, {{"f", 35}, {"m", 5}}));
  small.hidden_below = 11;
  EXPECT_EQ(Why(small), "small I-1 sex m");
  EXPECT_EQ(Publish(small), Verdict::kType);
  EXPECT_EQ(Why(Of(0, 3, Tables(-1))), "small I-1  ");
  EXPECT_EQ(Why(Of(0, 3, Tables(40, {{"f", 35}, {"m", 6}}))), "contradicts I-1  ");
  EXPECT_EQ(Publish(Of(0, 3, Tables(40, {{"f", 35}, {"m", 6}}))), Verdict::kType);
  Publication later = Of(0, 3, Tables(40));
  later.ledger_size = 1'000'000;
  EXPECT_EQ(Publish(later), Verdict::kType) << "counted by what the ledger does not hold yet";
}

// What takes long is worked out where the Entry is made, and when the ledger is verified.
TEST_F(PublicationTest, AVerdictThatWasReachedIsNotWorkedOutAgain) {
  ASSERT_EQ(Publish(Of(0, 3, Tables(40, {{"f", kHid}, {"m", kHid}}))), Verdict::kAccepted);
  const auto told = Make(Of(0, 3, Tables(40, {{"f", 20}, {"m", 20}})), world_.supervisor);
  Entry entry = world_.Place(*told, file_.number() + 1);
  entry.verdict = Verdict::kAccepted;  // by a server that lies
  EXPECT_NE(file_.Judge(*told, entry.sequence, world_.around()), Verdict::kAccepted);
  EXPECT_EQ(file_.Append({told, entry, {}}, world_.around()), Verdict::kAccepted);
  const auto by_lead = Make(Of(3, 6, Tables(40)), world_.lead);
  Entry other = world_.Place(*by_lead, file_.number() + 1);
  other.verdict = Verdict::kAccepted;
  EXPECT_EQ(file_.Append({by_lead, other, {}}, world_.around()), Verdict::kRole)
      << "who she is, is looked at";
}

TEST_F(PublicationTest, TooMuchIsNotWaitedFor) {
  Cells many;
  for (int i = 0; i < 2000; ++i) many.push_back({std::to_string(10'000 + i), 20});
  EXPECT_EQ(Why(Of(0, 3, Tables(40'000, many))), "") << "a large table is none yet";
  std::vector<PublicationAt> before;
  for (int i = 0; i < 12; ++i) {
    Cells others;
    for (int j = 0; j < 2000; ++j) others.push_back({std::to_string(10'000 + 2000 * i + j), 20});
    before.push_back({Of(i, i + 1, Tables(40'000, others)), {}, {}, {}, Role::kSupervisor, {}, {}});
  }
  for (PublishedCell& cell : many) cell.value = 240;
  const auto found = ObjectionTo(before, Of(0, 12, Tables(480'000, many)), *world_.pack);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->why, Objection::Why::kTooMuch);
}

// Everything that fits what was published, tried out: small numbers, two quarters, their half
// year and two sexes. What can be one number alone must have been objected to; and where
// nothing follows, nothing may be objected.
class Attack {
 public:
  explicit Attack(const std::vector<Publication>& published) : published_(published) {
    for (int f1 = 0; f1 <= kMax; ++f1)
      for (int m1 = 0; m1 <= kMax; ++m1)
        for (int f2 = 0; f2 <= kMax; ++f2)
          for (int m2 = 0; m2 <= kMax; ++m2) Try({{f1, m1}, {f2, m2}});
  }
  bool TellsSomething() const {
    for (const auto& [cell, numbers] : numbers_) {
      if (numbers.size() == 1) return true;
    }
    return false;
  }

 private:
  static constexpr int kMax = 7;
  using Counts = int[2][2];  // quarter, sex

  static int Of(const Counts& counts, const Publication& what, const std::string& code) {
    int sum = 0;
    for (int quarter = 0; quarter < 2; ++quarter) {
      const Time begin = Month(3 * quarter);
      if (begin < what.from || begin >= what.before) continue;
      sum += code == "f"   ? counts[quarter][0]
             : code == "m" ? counts[quarter][1]
                           : counts[quarter][0] + counts[quarter][1];
    }
    return sum;
  }
  void Try(const Counts& counts) {
    std::map<std::string, int> hidden;
    for (size_t i = 0; i < published_.size(); ++i) {
      for (const PublishedTable& table : published_[i].tables) {
        for (const PublishedCell& cell : table.cells) {
          const int count = Of(counts, published_[i], cell.code);
          if (cell.value ? *cell.value != count : count == 0) return;
          if (!cell.value) hidden[std::to_string(i) + cell.code] = count;
        }
      }
    }
    for (const auto& [cell, count] : hidden) numbers_[cell].insert(count);
  }

  const std::vector<Publication>& published_;
  std::map<std::string, std::set<int>> numbers_;
};

TEST_F(PublicationTest, NobodyWorksAnythingOutThatWasNotObjectedTo) {
  std::mt19937 random(20261128);
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  int told = 0, quiet = 0, false_alarms = 0;
  for (int round = 0; round < 600; ++round) {
    const int counts[2][2] = {{pick(4), pick(4)}, {pick(4), pick(4)}};
    std::vector<Publication> published;
    std::vector<PublicationAt> before;
    bool objected = false;
    for (const auto& [from, to] : {std::pair(0, 1), std::pair(1, 2), std::pair(0, 2)}) {
      int f = 0, m = 0;
      for (int quarter = from; quarter < to; ++quarter) {
        f += counts[quarter][0];
        m += counts[quarter][1];
      }
      // Some of it is hidden, by whatever rule; a zero never is.
      const auto cell = [&](std::string code, int count) {
        const bool hide = count > 0 && pick(2) == 0;
        return PublishedCell{std::move(code), hide ? std::nullopt : std::optional<int64_t>(count)};
      };
      Cells by_sex{cell("f", f), cell("m", m)};
      std::vector<PublishedTable> tables{{"I-1", "", 0, {cell("", f + m)}}};
      if (pick(4) != 0) tables.push_back({"I-1", "sex", 0, by_sex});
      const Publication what = Of(3 * from, 3 * to, tables);
      objected = objected || ObjectionTo(before, what, *world_.pack).has_value();
      published.push_back(what);
      before.push_back({what, {}, {}, {}, Role::kSupervisor, {}, {}});
    }
    const bool tells = Attack(published).TellsSomething();
    EXPECT_TRUE(objected || !tells) << "round " << round;
    ++(tells ? told : quiet);
    false_alarms += objected && !tells ? 1 : 0;
  }
  EXPECT_GT(told, 100);
  EXPECT_GT(quiet, 50);
  EXPECT_EQ(false_alarms, 0);
}

}  // namespace
}  // namespace kapea::domain
