// Acts in a person's file: custody by two signatures, waivers, links, notices.
#include <gtest/gtest.h>

#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

const ChangeId kHandover = MakeId<ChangeId>(801);

struct PersonFile : TestWorld {
  explicit PersonFile(uint32_t number = 1) : file(MakeId<FileId>(number)) {
    Append(file, Found(file.id(), FileKind::kPerson, officer,
                       {Line(supervisor), Line(officer2), Line(intake), Line(intake2)}));
  }
  std::shared_ptr<const Change> Offer(const Author& author, uint32_t persons = 1) const {
    CustodyOffer offer;
    offer.handover = kHandover;
    offer.to_unit = intake.unit;
    offer.of_persons = persons;
    return Edit(file, author, Kind::kCustodyOffer).Write(offer).Build();
  }
  std::shared_ptr<const Change> Answer(const Author& author, const Change& offer, bool accepted,
                                       uint32_t counted = 1) const {
    CustodyAnswer answer{kHandover, accepted, accepted ? "" : "FULL", counted};
    return Edit(file, author, Kind::kCustodyAnswer).Write(answer).Naming(offer).Build();
  }

  FileState file;
};

TEST(CustodyTest, StartsWithTheFoundersUnitAndPassesByTwoSignatures) {
  PersonFile person;
  EXPECT_EQ(person.file.custody().holder, person.officer.unit);
  const auto offer = person.Offer(person.officer);
  ASSERT_EQ(person.Append(person.file, offer), Verdict::kAccepted);
  EXPECT_EQ(person.file.custody().holder, person.officer.unit);
  EXPECT_EQ(person.file.custody().open.size(), 1u);
  ASSERT_EQ(person.Append(person.file, person.Answer(person.intake, *offer, true)),
            Verdict::kAccepted);
  EXPECT_EQ(person.file.custody().holder, person.intake.unit);
  EXPECT_TRUE(person.file.custody().open.empty());
  ASSERT_EQ(person.file.custody().history.size(), 1u);
  EXPECT_EQ(person.file.custody().history[0].giver, person.officer.person);
  EXPECT_EQ(person.file.custody().history[0].receiver, person.intake.person);
}

TEST(CustodyTest, AnAnswerThatComesFirstWaitsForItsOffer) {
  PersonFile person;
  const auto offer = person.Offer(person.officer);
  EXPECT_EQ(person.Append(person.file, person.Answer(person.intake, *offer, true)),
            Verdict::kEarly);
  EXPECT_EQ(person.Append(person.file, offer), Verdict::kAccepted);
  EXPECT_EQ(person.file.custody().holder, person.intake.unit);
}

TEST(CustodyTest, OfAPartialHandOverThoseDeclinedStay) {
  PersonFile first(1), second(2);
  const auto offer1 = first.Offer(first.officer, 2);
  const auto offer2 = second.Offer(second.officer, 2);
  first.Append(first.file, offer1);
  second.Append(second.file, offer2);
  EXPECT_EQ(first.Append(first.file, first.Answer(first.intake, *offer1, true, 1)),
            Verdict::kAccepted);
  EXPECT_EQ(second.Append(second.file, second.Answer(second.intake, *offer2, false, 1)),
            Verdict::kAccepted);
  EXPECT_EQ(first.file.custody().holder, first.intake.unit);
  EXPECT_EQ(second.file.custody().holder, second.officer.unit);
  ASSERT_EQ(second.file.custody().history.size(), 1u);
  EXPECT_EQ(second.file.custody().history[0].answer.reason, "FULL");
  EXPECT_EQ(first.file.custody().history[0].answer.counted, 1u);
  EXPECT_EQ(first.file.custody().history[0].terms.of_persons, 2u);
}

TEST(CustodyTest, RefusesEveryOneButTheOtherSide) {
  PersonFile person;
  // The shelter does not have the person yet.
  EXPECT_EQ(person.Append(person.file, person.Offer(person.intake)), Verdict::kRole);
  CustodyOffer within;
  within.handover = kHandover;
  within.to_unit = person.officer.unit;
  const auto offer =
      person.Edit(person.file, person.officer, Kind::kCustodyOffer).Write(within).Build();
  ASSERT_EQ(person.Append(person.file, offer), Verdict::kAccepted);
  const struct {
    const char* name;
    Author author;
    Verdict want;
  } cases[] = {
      {"the giver herself", person.officer, Verdict::kRole},
      {"another unit", person.intake, Verdict::kRole},
      {"a colleague", person.officer2, Verdict::kAccepted},
      {"a second answer", person.supervisor, Verdict::kRole},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(person.Append(person.file, person.Answer(c.author, *offer, true)), c.want);
  }
}

TEST(CustodyTest, AnOfferToOnePersonIsAnsweredByHer) {
  PersonFile person;
  CustodyOffer terms;
  terms.handover = kHandover;
  terms.to_unit = person.intake.unit;
  terms.to_person = person.intake2.person;
  const auto offer =
      person.Edit(person.file, person.officer, Kind::kCustodyOffer).Write(terms).Build();
  person.Append(person.file, offer);
  EXPECT_EQ(person.Append(person.file, person.Answer(person.intake, *offer, true)), Verdict::kRole);
  EXPECT_EQ(person.Append(person.file, person.Answer(person.intake2, *offer, true)),
            Verdict::kAccepted);
}

TEST(CustodyTest, TheGiverMustBeEntitledWhereItCompletesElseASupervisorAdmitsIt) {
  PersonFile person;
  const auto offer = person.Offer(person.officer);
  person.Append(person.file, offer);
  RosterWrite removal{{}, {TestWorld::Line(person.officer)}, {}};
  ASSERT_EQ(person.Append(
                person.file,
                person.Edit(person.file, person.supervisor, Kind::kRoster).Write(removal).Build()),
            Verdict::kAccepted);
  const auto answer = person.Answer(person.intake, *offer, true);
  EXPECT_EQ(person.Append(person.file, answer), Verdict::kRole);
  EXPECT_EQ(person.file.custody().holder, person.officer.unit);
  EXPECT_EQ(person.Append(person.file, person.Edit(person.file, person.supervisor, Kind::kAdmission)
                                           .Write(Decision{})
                                           .Naming(*answer)
                                           .Build()),
            Verdict::kAccepted);
  EXPECT_EQ(person.file.custody().holder, person.intake.unit);
}

TEST(CustodyTest, AWithdrawnOfferCannotBeAccepted) {
  PersonFile person;
  const auto offer = person.Offer(person.officer);
  person.Append(person.file, offer);
  const auto withdraw = [&person, &offer](const Author& author) {
    return person.Edit(person.file, author, Kind::kWithdrawal)
        .Write(Decision{})
        .Naming(*offer)
        .Build();
  };
  EXPECT_EQ(person.Append(person.file, withdraw(person.officer2)), Verdict::kRole);
  EXPECT_EQ(person.Append(person.file, withdraw(person.officer)), Verdict::kAccepted);
  EXPECT_EQ(person.Append(person.file, person.Answer(person.intake, *offer, true)), Verdict::kRole);
}

TEST(WaiverTest, AClauseIsWaivedByTheRolesItNamesUntilItIsTakenBack) {
  PersonFile person;
  const auto waive = [&person](const Author& author, std::string clause, bool ended = false) {
    return person.Edit(person.file, author, Kind::kWaiver)
        .Write(Waiver{std::move(clause), "NO_NEED", ended})
        .Build();
  };
  EXPECT_EQ(person.Append(person.file, waive(person.officer, "C1")), Verdict::kRole);
  EXPECT_EQ(person.Append(person.file, waive(person.supervisor, "C9")), Verdict::kForm);
  EXPECT_EQ(person.Append(person.file, waive(person.supervisor, "C1")), Verdict::kAccepted);
  ASSERT_TRUE(person.file.waivers().contains("C1"));
  EXPECT_EQ(person.file.waivers().at("C1").by, person.supervisor.person);
  EXPECT_EQ(person.Append(person.file, waive(person.supervisor, "C1", true)), Verdict::kAccepted);
  EXPECT_TRUE(person.file.waivers().empty());
}

TEST(WaiverTest, NeedsTheRosterInForce) {
  PersonFile person;
  const auto late = person.Edit(person.file, person.supervisor, Kind::kWaiver)
                        .Write(Waiver{"C1", "NO_NEED", false})
                        .Build();
  RosterWrite addition{{TestWorld::Line(person.nurse)}, {}, {}};
  person.Append(person.file,
                person.Edit(person.file, person.officer, Kind::kRoster).Write(addition).Build());
  EXPECT_EQ(person.Append(person.file, late), Verdict::kStaleRoster);
}

TEST(LinkTest, IsProposedApprovedAndTakenBack) {
  PersonFile person;
  LinkWrite proposal;
  proposal.relation = "same_person";
  proposal.link_id = MakeId<ChangeId>(900);
  proposal.other_file = MakeId<FileId>(2);
  const auto link = [&person](const Author& author, LinkWrite write) {
    return person.Edit(person.file, author, Kind::kLink).Write(std::move(write)).Build();
  };
  const auto proposed = link(person.officer, proposal);
  EXPECT_EQ(person.Append(person.file, proposed), Verdict::kAccepted);
  LinkWrite approval = proposal;
  approval.proposal = Ref{MakeId<ChangeId>(901), MakeId<Hash>(901)};
  EXPECT_EQ(person.Append(person.file, link(person.officer, approval)), Verdict::kAccepted);
  EXPECT_EQ(person.file.links().size(), 2u);

  LinkWrite odd = proposal;
  odd.relation = "cousin";
  EXPECT_EQ(person.Append(person.file, link(person.officer, odd)), Verdict::kForm);
  odd = proposal;
  odd.other_file = person.file.id();
  EXPECT_EQ(person.Append(person.file, link(person.officer, odd)), Verdict::kMalformed);
  odd = proposal;
  odd.proposal = Ref{proposed->id, proposed->hash};
  EXPECT_EQ(person.Append(person.file, link(person.officer, odd)), Verdict::kMalformed);

  LinkWrite ended = proposal;
  ended.ended = true;
  EXPECT_EQ(person.Append(person.file, link(person.officer, ended)), Verdict::kAccepted);
  ASSERT_EQ(person.file.links().size(), 1u);
  EXPECT_TRUE(person.file.links()[0].link.ended);
}

TEST(NoticeTest, ReadsAndDeliveriesAreKept) {
  PersonFile person;
  ReadNotice notice;
  notice.fields = {"name"};
  notice.times = 2;
  EXPECT_EQ(person.Append(
                person.file,
                person.Edit(person.file, person.intake, Kind::kReadNotice).Write(notice).Build()),
            Verdict::kAccepted);
  ASSERT_EQ(person.file.reads().size(), 1u);
  EXPECT_EQ(person.file.reads()[0].by, person.intake.person);
  const Author server{PersonId(), person.server, UnitId(), Role::kServer};
  EXPECT_EQ(person.Append(person.file, ChangeBuilder(Kind::kDelivery, person.file.id(), server)
                                           .Write(Delivery{person.intake.device, 1, 2})
                                           .Build()),
            Verdict::kAccepted);
  ASSERT_EQ(person.file.deliveries().size(), 1u);
  EXPECT_EQ(person.file.deliveries()[0].received, person.now);
}

}  // namespace
}  // namespace kapea::domain
