#include "client/field/act.h"

#include "client/field/draft.h"
#include "common/base/macros.h"

namespace kapea::field {

absl::Status CheckWouldCount(vault::Vault& vault, const codec::ChangeWriter& writer) {
  codec::ChangeWriter copy = writer;
  KAPEA_ASSIGN(const codec::EncodedChange encoded, std::move(copy).Finish());
  KAPEA_ASSIGN(const auto state, vault.File(encoded.change->header.file));
  return Refusal(state->Judge(*encoded.change, domain::Directory::kNow, vault.around()));
}

absl::StatusOr<domain::Ref> CommitAct(vault::Vault& vault, const Act& act) {
  vault::Intent intent;
  intent.file = act.file;
  intent.kind = act.kind;
  intent.refs = act.refs;
  intent.acting = act.acting;
  KAPEA_ASSIGN(codec::ChangeWriter writer, vault.Begin(intent));
  writer.Add(act.body);
  KAPEA_TRY(CheckWouldCount(vault, writer));
  return vault.Commit(std::move(writer));
}

}  // namespace kapea::field
