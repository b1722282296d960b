// Two people wrote different things: both are kept until somebody decides.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "client/field/forms.h"
#include "client/vault/vault.h"
#include "common/domain/record.h"

namespace kapea::field {

struct ConflictValue {
  ChangeId change;   // of its first author
  std::string text;  // as people read it; a sealed one closed
  bool sealed = false;
  PersonId by;
  domain::Role role = domain::Role::kNone;
  domain::EventTime time;
};
struct ConflictView {
  FileId file;
  RecordId record;
  std::string form;
  std::string field;
  domain::Label label;
  std::vector<ConflictValue> values;  // the earliest first
};

// Threads: one at a time. Errors: as Vault.
absl::StatusOr<std::vector<ConflictView>> ListConflicts(vault::Vault& vault,
                                                        std::optional<FileId> file,
                                                        Language language);

struct Resolution {
  FileId file;
  RecordId record;
  std::string field;
  size_t choice = 1;  // which of its values, from 1
};
// Writes the chosen value again in place of all of them. A sealed one is opened for
// that, with a read notice. NotFound when there is no such Conflict (any more);
// FailedPrecondition for an attachment, whose author has to attach it again.
absl::StatusOr<domain::Ref> ResolveConflict(vault::Vault& vault, const Resolution& resolution);

}  // namespace kapea::field
