// A Change in the making: typed values of one file's records, and what belongs to them
// by the form (seals, derived facts, what they replace), committed at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/vault/attachments.h"
#include "client/vault/vault.h"
#include "common/domain/change.h"

namespace kapea::field {

// One field as it will be written.
struct Assignment {
  RecordId record;
  std::string field;
  std::optional<domain::Value> value;              // absent: cleared
  std::optional<vault::NewAttachment> attachment;  // instead of a value
};

// Threads: one at a time. Owns nothing of the vault; nothing is written before Commit.
class Draft {
 public:
  explicit Draft(const FileId& file, domain::Kind kind = domain::Kind::kEdit)
      : file_(file), kind_(kind) {}

  // A new record. Its first field pins the form; without a field only the pin is written.
  RecordId Make(const PackedForm& form, std::optional<RecordId> parent = std::nullopt);
  // The same, under an id that was drawn before.
  void Make(const RecordId& id, const PackedForm& form, std::optional<RecordId> parent);
  // The last of two values for one field counts.
  void Set(const RecordId& record, std::string_view field, domain::Value value);
  void SetAttachment(const RecordId& record, std::string_view field,
                     vault::NewAttachment attachment);
  void Clear(const RecordId& record, std::string_view field);
  // Under which duty the items among them are answered. Without it, the first duty that
  // an item asks for and the person has in this file.
  void SetDuty(domain::Duty duty) { duty_ = duty; }
  void AddRef(const domain::Ref& ref) { refs_.push_back(ref); }

  bool empty() const { return assignments_.empty() && made_.empty(); }

  // Everything in one Change, durably. Before that the Change is judged as the server
  // will judge it, and the constraints of the form are checked on the file as it would be.
  // PermissionDenied or FailedPrecondition with the reason in words when it would have no
  // effect; InvalidArgument with the form's own sentence for a broken constraint, with
  // the code for a field that the form does not have; else as Vault.
  absl::StatusOr<domain::Ref> Commit(vault::Vault& vault) const;
  // What Commit would say, and nothing is written.
  absl::Status Check(vault::Vault& vault) const;

 private:
  struct Made {
    RecordId record;
    PackedForm form;
    std::optional<RecordId> parent;
  };
  struct Writing;  // what one attempt works on

  void Put(Assignment assignment);
  absl::StatusOr<Writing> Prepare(vault::Vault& vault) const;
  const domain::Pack* PackOf(vault::Vault& vault, const domain::FileState& state) const;
  absl::StatusOr<const domain::Form*> FormOf(const Writing& writing, const RecordId& record) const;
  absl::StatusOr<domain::Duty> DutyFor(const Writing& writing) const;
  absl::Status WriteAll(Writing& writing) const;
  absl::Status Write(Writing& writing, const Assignment& assignment) const;
  absl::Status WriteSealed(Writing& writing, const domain::Field& field, domain::FieldWrite write,
                           const Assignment& assignment) const;
  absl::Status CheckEffect(const Writing& writing) const;

  FileId file_;
  domain::Kind kind_;
  domain::Duty duty_ = domain::Duty::kNone;
  std::vector<domain::Ref> refs_;
  std::vector<Made> made_;
  std::vector<Assignment> assignments_;
};

// What a verdict other than accepted means for who is about to write: exit code 4.
absl::Status Refusal(domain::Verdict verdict);

// The ids that a new value of this field must list. Equal answers of other persons to one
// item are signatures, and stay beside it.
std::vector<ChangeId> Replaced(const domain::Record& record, const domain::Field* field,
                               std::string_view code, const std::optional<domain::Value>& value,
                               const PersonId& author);

}  // namespace kapea::field
