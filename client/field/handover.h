// Handing persons over: one unit offers, another answers for each person, and until she
// has signed the first unit has custody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"
#include "common/domain/file_state.h"

namespace kapea::field {

struct HandoverOffer {
  std::vector<FileId> persons;
  UnitId to_unit;
  std::optional<PersonId> to_person;
  std::optional<FileId> operation;
};
// One person in a hand-over.
struct HandoverPerson {
  FileId file;
  bool answered = false;
  bool accepted = false;
  std::string reason;  // code, when declined
  uint32_t counted = 0;
  domain::EventTime offered;
  std::optional<domain::EventTime> at;  // of the answer
};
struct Handover {
  ChangeId id;
  UnitId from, to;
  uint32_t of_persons = 0;              // as offered
  std::vector<HandoverPerson> persons;  // as far as this device holds them
  bool for_me = false;                  // one of my units is asked

  uint32_t open() const;
  uint32_t accepted() const;
  // What does not add up, in short sentences: fewer files here than offered, another
  // number counted, declined ones, open ones.
  std::vector<std::string> differences() const;
};

// Threads: one at a time for all. Errors: as CommitAct.

// For each person: the receiving unit's staff onto the roster, with keys (the file goes
// to a new key epoch, without the giving unit's officers), then the offer. One hand-over
// id for all of them. A person who is offered to that unit already stays in that
// hand-over, so that a call that was cut off can be repeated.
// FailedPrecondition for a person of whom this unit does not have custody.
absl::StatusOr<Handover> OfferPersons(vault::Vault& vault, const HandoverOffer& offer);

struct HandoverAnswer {
  ChangeId handover;
  std::vector<FileId> persons;  // empty: all that are open
  bool accepted = true;
  std::string reason;    // code, for a declined one
  uint32_t counted = 0;  // persons whom the receiver counted; 0: as many as she accepts
};
// A part may be accepted and the rest declined, or left open. FailedPrecondition when
// nothing of it is open here.
absl::StatusOr<Handover> AnswerPersons(vault::Vault& vault, const HandoverAnswer& answer);
// Takes open offers back. Only who made them may.
absl::StatusOr<Handover> WithdrawOffer(vault::Vault& vault, const ChangeId& handover);

// Every hand-over of the files on this device, the newest first.
absl::StatusOr<std::vector<Handover>> ListHandovers(vault::Vault& vault);
// By id in hex or the beginning of it. NotFound.
absl::StatusOr<Handover> FindHandover(vault::Vault& vault, std::string_view name);
// "H-" and the first six characters.
std::string HandoverCode(const ChangeId& id);

}  // namespace kapea::field
