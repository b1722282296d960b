// The Change that is measured: what an intake officer writes at the door of a shelter.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/codec/change_codec.h"
#include "tools/measure/deployment.h"

namespace kapea::bench {

// One intake record as it goes from Change to Change: the first writes it, each later one
// replaces all of what the one before wrote.
struct IntakeRecord {
  RecordId record;
  std::optional<ChangeId> last;
};

struct LifeRecord;  // life.h

using Seal = std::function<absl::Status(codec::ChangeWriter&, domain::FieldWrite,
                                        const domain::Value&, domain::KeyClass)>;
// Adds the writes of KH-VICTIM-INTAKE, names sealed, codes and times clear, and remembers
// the Change as the record's last.
absl::Status AddIntake(IntakeRecord& record, const Device& by, const UnitId& unit, Time now,
                       const Seal& seal, codec::ChangeWriter& writer);

// Signs a device's parcels without a vault: prepared before the clock starts.
// Threads: one at a time.
class ParcelMaker {
 public:
  // The deployment must outlive it.
  ParcelMaker(const BenchDeployment& deployment, const Device& device)
      : deployment_(deployment), device_(device) {}

  // The newest ServerTime that the device saw; its Changes carry it from now on.
  absl::Status SeeServerTime(const std::string& note);
  // A parcel that founds `files` person files, which the next Changes go to in turn.
  absl::StatusOr<codec::Parcel> Found(size_t files);
  // A parcel of `changes` intake Changes, all into one of the files.
  absl::StatusOr<codec::Parcel> Intake(size_t changes);
  // A parcel that founds one person's file and writes these records into it, one Change each.
  absl::StatusOr<codec::Parcel> Life(const std::vector<LifeRecord>& records, Time arrival);
  // The next Intake goes to the next file.
  void NextFile() { ++at_; }

 private:
  struct File {
    FileId file;
    KeyEpochId key_epoch;
    crypto::SecretBytes key;  // one for both classes: who reads is not measured here
    Hash roster;
    uint64_t number = 0;
    IntakeRecord record;
  };
  domain::Header HeaderFor(domain::Kind kind);
  domain::Header EditOf(File& file);
  static Seal SealOf(const File& file);  // as long as the file
  absl::StatusOr<codec::EncodedChange> FoundOne();
  absl::StatusOr<codec::Parcel> Sign(std::vector<codec::EncodedChange> changes);

  const BenchDeployment& deployment_;
  const Device& device_;
  uint64_t sequence_ = 0;
  Hash parcel_;
  std::string note_;
  std::optional<domain::SeenServerTime> seen_;
  std::vector<File> files_;
  size_t at_ = 0;
};

}  // namespace kapea::bench
