#include "client/field/links.h"

#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/codec/ledger_codec.h"

namespace kapea::field {

absl::StatusOr<std::shared_ptr<const domain::FileState>> FileAt(vault::Vault& vault,
                                                                const FileId& file,
                                                                std::optional<Time> as_of) {
  if (!as_of) return vault.File(file);
  KAPEA_ASSIGN(const auto now, vault.File(file));
  auto state = std::make_shared<domain::FileState>(file, now->erased());
  const domain::Surroundings around = vault.around();
  KAPEA_TRY(vault.replica().Visit(file, 1, [&](const vault::Arrived& arrived) {
    if (arrived.decoded.received > *as_of) return false;
    state->Append({arrived.change.change, arrived.decoded, arrived.parcel->header.signing}, around);
    return true;
  }));
  if (!state->founded()) return absl::NotFoundError("the file was not there at that time");
  return state;
}

std::vector<const domain::FileState*> HeldLinks::Find(const domain::FileState& from,
                                                      std::string_view relation) const {
  std::vector<const domain::FileState*> found;
  for (const FileId& file : domain::LinkedIds(from, relation)) {
    auto [known, is_new] = held_.try_emplace(file);
    if (is_new) {
      if (auto state = FileAt(vault_, file, as_of_); state.ok()) known->second = *std::move(state);
    }
    found.push_back(known->second.get());
  }
  return found;
}

}  // namespace kapea::field
