// An operation file and a person file under a small pack, written to at chosen times.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/standards/evaluate.h"
#include "tests/support/test_world.h"

namespace kapea::standards {

using domain::Author;
using domain::ChangeBuilder;
using domain::Code;
using domain::Duty;
using domain::FileState;
using domain::FindingStatus;
using domain::MakeId;
using domain::Value;

// The pack's text: forms OP (checklist), OP-PERSON, INTAKE, PERSON-CONSENT, VISIT, and
// standard STD. `clauses` is put into the standard, in textproto.
std::string BenchPackText(std::string_view clauses = "");

// What a Change's header and parcel claim about its time.
struct When {
  Time seen;      // the last server time that the device had seen
  Time happened;  // by its elapsed clock; ignored after a reboot
  Time received;
  bool rebooted = false;  // between seen and signing: only seen and received are known
};

// Threads: one at a time.
struct Bench : domain::TestWorld {
  explicit Bench(std::string_view clauses = "");

  // `minutes` after the start of the story.
  Time At(int64_t minutes) const { return start + Duration::Minutes(minutes); }
  static When Exactly(Time time) { return {time, time, time}; }

  // Appends the Change as made then; the test fails unless it is accepted.
  void Put(FileState& file, domain::Change change, const When& when);
  void Put(FileState& file, ChangeBuilder builder, const When& when) {
    Put(file, *builder.Build(), when);
  }
  void Put(FileState& file, const ChangeBuilder& builder, int64_t minutes) {
    Put(file, builder, Exactly(At(minutes)));
  }

  ChangeBuilder By(const Author& author, const FileState& file, Duty duty = Duty::kNone) const;
  // The lead ticks an item of the operation.
  void Tick(std::string_view item, int64_t minutes) { Tick(item, Exactly(At(minutes))); }
  void Tick(std::string_view item, const When& when);
  // Everything founded, with the records OP and INTAKE made at minute 0.
  Finding Clause(std::string_view id, int64_t as_of_minutes,
                 const domain::LinkedFiles* linked = nullptr) const;
  Finding Item(std::string_view code, int64_t as_of_minutes) const;
  std::vector<Finding> Items(std::string_view code, int64_t as_of_minutes) const;
  domain::Outcome Truth(std::string_view text, const FileState& file, int64_t as_of_minutes,
                        const domain::Record* record = nullptr) const;
  domain::Outcome Moment(std::string_view text, const FileState& file, int64_t as_of_minutes) const;

  Time start = Time::FromUnixMs(1'795'000'000'000);
  FileState operation{MakeId<FileId>(1)};
  FileState person{MakeId<FileId>(2)};
  const RecordId checklist = MakeId<RecordId>(501);
  const RecordId intake_record = MakeId<RecordId>(502);
  const domain::Standard* standard = nullptr;
  uint32_t boots = 0;
};

}  // namespace kapea::standards
