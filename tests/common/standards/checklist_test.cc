// Checklists: what makes an item done, and items that are asked per person.
#include <gtest/gtest.h>

#include "tests/common/standards/test_bench.h"

namespace kapea::standards {
namespace {

using domain::KeyClass;

const RecordId kChild = MakeId<RecordId>(601);
const RecordId kAdult = MakeId<RecordId>(602);

struct Operation : Bench {
  void Seal(std::string_view field, int64_t minutes) {
    Put(operation,
        By(lead, operation)
            .Seal(checklist, field, operation.newest_key_epoch()->id, KeyClass::kGeneral),
        minutes);
  }
  void Attach(std::string_view field, int64_t minutes) {
    domain::FieldWrite write;
    write.record = checklist;
    write.field = field;
    write.clear = domain::Attachment{MakeId<Hash>(77), 1};
    write.sealed =
        domain::Sealed{operation.newest_key_epoch()->id, KeyClass::kGeneral, std::string(96, 'x')};
    Put(operation, By(lead, operation).Write(write), minutes);
  }
  void Answer(std::string_view item, const char* answer, int64_t minutes) {
    Put(operation, By(lead, operation, Duty::kLead).Set(checklist, item, Code{answer}), minutes);
  }
  bool Says(const Finding& finding, Reason reason) const {
    for (const Part& part : finding.parts) {
      if (part.reason == reason) return true;
    }
    return false;
  }
};

TEST(ChecklistTest, ATickIsDoneAndStartsTheClockOfOthers) {
  Operation op;
  EXPECT_EQ(op.Item("E-2", 100).status, FindingStatus::kPending);
  op.Tick("E-1", 10);
  EXPECT_EQ(op.Item("E-1", 11).status, FindingStatus::kMet);
  EXPECT_TRUE(op.Item("E-1", 11).critical);
  EXPECT_EQ(op.Item("E-1", 11).record, op.checklist);
  EXPECT_EQ(op.Item("E-2", 40).status, FindingStatus::kPending);
  EXPECT_EQ(op.Item("E-2", 41).status, FindingStatus::kOverdue);
  op.Tick("E-2", 50);
  EXPECT_EQ(op.Item("E-2", 60).status, FindingStatus::kMetLate);
}

TEST(ChecklistTest, BeforeTheEntryMeansBefore) {
  Operation op;
  op.Tick("E-3", 5);
  EXPECT_EQ(op.Item("E-3", 6).status, FindingStatus::kMet);
  op.Tick("E-1", 5);
  EXPECT_EQ(op.Item("E-3", 6).status, FindingStatus::kMetLate);
  EXPECT_TRUE(op.Item("E-3", 6).certain);
}

TEST(ChecklistTest, ATickWithoutItsDocumentIsNotDone) {
  Operation op;
  op.Tick("E-1", 10);
  op.Tick("E-4", 20);
  EXPECT_EQ(op.Item("E-4", 30).status, FindingStatus::kPending);
  EXPECT_TRUE(op.Says(op.Item("E-4", 30), Reason::kEvidenceMissing));
  op.Attach("E-4.evidence", 90);
  // Done since the document came, which was too late.
  EXPECT_EQ(op.Item("E-4", 100).status, FindingStatus::kMetLate);
  EXPECT_EQ(op.Item("E-4", 100).done->soft, TimeInterval::At(op.At(90)));
}

TEST(ChecklistTest, PhotoAndDocumentAreTwo) {
  Operation op;
  op.Tick("E-7", 20);
  op.Attach("E-7.evidence", 21);
  EXPECT_EQ(op.Item("E-7", 30).status, FindingStatus::kPending);
  op.Attach("E-7.document", 22);
  EXPECT_EQ(op.Item("E-7", 30).status, FindingStatus::kMet);
}

TEST(ChecklistTest, TwoSignaturesAreOfTwoPersons) {
  Operation op;
  op.Tick("E-1", 0);
  op.Tick("E-5", 10);
  EXPECT_TRUE(op.Says(op.Item("E-5", 30), Reason::kSignatureMissing));
  op.Tick("E-5", 11);  // the same person once more
  EXPECT_EQ(op.Item("E-5", 30).status, FindingStatus::kPending);
  op.Put(op.operation,
         op.By(op.officer, op.operation, Duty::kLead).Set(op.checklist, "E-5", Code{"done"}), 50);
  const Finding finding = op.Item("E-5", 60);
  EXPECT_EQ(finding.status, FindingStatus::kMet);
  EXPECT_EQ(finding.done->soft, TimeInterval::At(op.At(50)));
  const auto signatures =
      op.Truth("signatures(E-5) >= 2", op.operation, 60, op.operation.FindRecord(op.checklist));
  EXPECT_TRUE(signatures.truth);
  EXPECT_EQ(signatures.time.soft, TimeInterval::At(op.At(50)));
}

TEST(ChecklistTest, NotDoneAndNotApplicableNeedAReason) {
  Operation op;
  op.Tick("E-1", 10);
  op.Answer("E-2", "not_applicable", 20);
  EXPECT_EQ(op.Item("E-2", 30).status, FindingStatus::kPending);
  EXPECT_TRUE(op.Says(op.Item("E-2", 30), Reason::kReasonMissing));
  op.Seal("E-2.reason", 25);
  EXPECT_EQ(op.Item("E-2", 30).status, FindingStatus::kNotApplicable);
  op.Answer("E-4", "not_done", 20);
  op.Put(op.operation,
         op.By(op.lead, op.operation).Set(op.checklist, "E-4.reason_code", Code{"other"}), 21);
  EXPECT_EQ(op.Item("E-4", 30).status, FindingStatus::kPending);
  EXPECT_TRUE(op.Says(op.Item("E-4", 30), Reason::kAnsweredNotDone));
  EXPECT_EQ(op.Item("E-4", 71).status, FindingStatus::kOverdue);
  const auto* record = op.operation.FindRecord(op.checklist);
  EXPECT_TRUE(op.Truth("not_done(E-4) and answered(E-2)", op.operation, 30, record).truth);
  EXPECT_FALSE(op.Truth("done(E-4) or answered(E-5)", op.operation, 30, record).truth);
}

TEST(ChecklistTest, AnItemAppliesOnceItsFactIsTrue) {
  Operation op;
  EXPECT_EQ(op.Item("E-6", 10).status, FindingStatus::kNotApplicable);
  op.Put(op.operation, op.By(op.lead, op.operation).Set(op.checklist, "fact.foreign", true), 20);
  EXPECT_EQ(op.Item("E-6", 30).status, FindingStatus::kPending);
}

TEST(ChecklistTest, ItemsPerPersonAreAskedOfEachAndKnowHerFacts) {
  Operation op;
  EXPECT_TRUE(op.Items("PP-1", 10).empty());
  const auto found = [&](const RecordId& id, int64_t minutes, bool child) {
    op.Put(op.operation,
           op.By(op.lead, op.operation)
               .Set(id, "met_at", op.At(minutes))
               .Pin("OP-PERSON", 1, op.checklist)
               .Set(id, "presumed_child", child),
           minutes);
  };
  found(kChild, 10, true);
  found(kAdult, 20, false);
  op.Put(op.operation, op.By(op.lead, op.operation, Duty::kLead).Set(kAdult, "PP-1", Code{"done"}),
         30);
  const auto findings = op.Items("PP-1", 75);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].record, kChild);
  EXPECT_EQ(findings[0].source, "OP");
  EXPECT_EQ(findings[0].status, FindingStatus::kOverdue);
  EXPECT_EQ(findings[0].due->soft, TimeInterval::At(op.At(70)));
  EXPECT_EQ(findings[1].record, kAdult);
  EXPECT_EQ(findings[1].status, FindingStatus::kMet);
  EXPECT_EQ(findings[1].due->soft, TimeInterval::At(op.At(140)));
  const auto* record = op.operation.FindRecord(op.checklist);
  EXPECT_FALSE(op.Truth("all(OP-PERSON, done(PP-1))", op.operation, 75, record).truth);
  EXPECT_TRUE(op.Truth("count(OP-PERSON, done(PP-1)) = 1", op.operation, 75, record).truth);
  op.Put(op.operation, op.By(op.lead, op.operation).Set(kChild, domain::kVoidField, Code{"other"}),
         80);
  EXPECT_EQ(op.Items("PP-1", 90).size(), 1u);
}

TEST(ChecklistTest, WhatWasDueBeforeAnEventIsLateOnceTheEventComes) {
  Operation op;
  op.Tick("E-8", 60);
  EXPECT_EQ(op.Item("E-8", 70).status, FindingStatus::kMet);
  EXPECT_FALSE(op.Item("E-8", 70).certain);
  op.Tick("E-1", 25 * 60);
  EXPECT_EQ(op.Item("E-8", 26 * 60).status, FindingStatus::kMet);
  EXPECT_TRUE(op.Item("E-8", 26 * 60).certain);
  Operation hasty;
  hasty.Tick("E-8", 60);
  hasty.Tick("E-1", 24 * 60);
  EXPECT_EQ(hasty.Item("E-8", 26 * 60).status, FindingStatus::kMetLate);
}

TEST(ChecklistTest, ConflictingAnswersAreDisputed) {
  Operation op;
  op.Tick("E-1", 10);
  op.Put(op.operation,
         op.By(op.officer, op.operation, Duty::kLead).Set(op.checklist, "E-1", Code{"not_done"}),
         20);
  EXPECT_TRUE(op.Item("E-1", 30).disputed);
}

}  // namespace
}  // namespace kapea::standards
