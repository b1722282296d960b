// Vault: rosters, key epochs and grants.
#include <algorithm>

#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "client/vault/parts.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::vault {
namespace {

// One class key for one recipient.
struct ToWrap {
  KeyEpochId epoch;
  domain::KeyClass key_class;
  const crypto::SecretBytes* key;
  Recipient recipient;
};

codec::WrapTarget TargetOf(const ToWrap& wrap) {
  codec::WrapTarget target;
  target.key_epoch = wrap.epoch;
  target.key_class = wrap.key_class;
  target.recipient_kind = wrap.recipient.kind;
  target.recipient = wrap.recipient.id;
  target.generation = wrap.recipient.generation;
  target.public_key = wrap.recipient.public_key;
  return target;
}

std::vector<ToWrap> WrapsOf(const KeyEpochId& epoch, const NewEpoch& keys,
                            const std::vector<Recipient>& recipients) {
  std::vector<ToWrap> wraps;
  for (const Recipient& recipient : recipients) {
    for (const domain::KeyClass key_class : recipient.classes) {
      wraps.push_back({epoch, key_class, &keys.keys.at(key_class), recipient});
    }
  }
  return wraps;
}

// Every key held here that the recipients may have, of all the file's key epochs.
std::vector<ToWrap> HeldWraps(Core& core, const domain::FileState& state,
                              const std::vector<Recipient>& recipients) {
  std::vector<ToWrap> wraps;
  for (const auto& [epoch, opened] : state.key_epochs()) {
    for (const auto& [key_class, opening] : opened.classes) {
      const auto key = FindClassKey(core, state.id(), epoch, key_class);
      if (!key.ok()) continue;
      for (const Recipient& recipient : recipients) {
        if (recipient.classes.contains(key_class)) {
          wraps.push_back({epoch, key_class, *key, recipient});
        }
      }
    }
  }
  return wraps;
}

// Adds wraps to `writer` until the Change is full; the rest stays in `wraps`.
absl::Status AddWraps(codec::ChangeWriter& writer, std::vector<ToWrap>& wraps) {
  const codec::WrapContext context{writer.header().deployment, writer.header().file, writer.id()};
  while (!wraps.empty() && writer.writes() < codec::kWritesPerChangeMax) {
    KAPEA_ASSIGN(domain::Wrap wrap,
                 codec::SealWrap(context, TargetOf(wraps.back()), *wraps.back().key));
    writer.Add(std::move(wrap));
    wraps.pop_back();
  }
  return absl::OkStatus();
}

// The Changes that carry what did not fit, each standing on roster `roster`.
absl::Status AddGrants(domain::Header header, const Hash& roster, std::vector<ToWrap>& wraps,
                       std::vector<codec::EncodedChange>& changes) {
  header.roster = roster;
  header.kind = domain::Kind::kGrant;
  while (!wraps.empty()) {
    header.nonce = Nonce();
    ++header.sequence;
    codec::ChangeWriter writer(header);
    KAPEA_TRY(AddWraps(writer, wraps));
    KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  }
  return absl::OkStatus();
}

// The openings of a new key epoch. Whoever opens a class that she may not read forgets
// its key again: only what the acting role may hold goes into the store.
void AddOpenings(codec::ChangeWriter& writer, domain::FileKind kind, const NewEpoch& epoch,
                 kv::Batch& batch) {
  const domain::Header& header = writer.header();
  for (const auto& [key_class, key] : epoch.keys) {
    writer.Add(OpeningOf(key, header.deployment, header.file, writer.id(), key_class));
    if (domain::MayHoldKey(header.role, key_class, kind)) {
      PutClassKey(batch, header.file, writer.id(), key_class, key);
    }
  }
}

// Whether some recipient may have a class that the newest key epoch lacks, or whose key
// is not held here.
bool NeedsEpoch(Core& core, const domain::FileState& state,
                const std::vector<Recipient>& recipients) {
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  if (newest == nullptr) return !recipients.empty();
  for (const Recipient& recipient : recipients) {
    for (const domain::KeyClass key_class : recipient.classes) {
      if (!newest->classes.contains(key_class) ||
          !FindClassKey(core, state.id(), newest->id, key_class).ok()) {
        return true;
      }
    }
  }
  return false;
}

// A person's or unit's private key for somebody who should have it too.
struct ToShare {
  codec::WrapTarget target;
  const crypto::ReceiveKey* key;
};

// The person's own keys for her other devices.
std::vector<ToShare> OwnDevices(const Identity& identity, const domain::Directory& directory) {
  std::vector<ToShare> shares;
  for (const domain::DeviceEntry* device : directory.DevicesOf(identity.person)) {
    if (device->revoked || device->device == identity.device) continue;
    for (const auto& [generation, key] : identity.person_keys) {
      codec::WrapTarget target;
      target.recipient_kind = domain::RecipientKind::kDevice;
      target.recipient = ChangeId::FromPrefix(device->device.view());
      target.public_key = device->receive_key;
      target.wrapped_owner = ChangeId::FromPrefix(identity.person.view());
      target.wrapped_generation = generation;
      shares.push_back({std::move(target), &key});
    }
  }
  return shares;
}

// The unit's newest key, where it is held here, for everybody else who works there.
std::vector<ToShare> Colleagues(const Identity& identity, const domain::Directory& directory) {
  std::vector<ToShare> shares;
  const domain::UnitEntry* unit = directory.FindUnit(identity.unit);
  if (unit == nullptr) return shares;
  const auto key = identity.unit_keys.find({unit->unit, unit->generation});
  if (key == identity.unit_keys.end()) return shares;
  for (const domain::PersonEntry* person : directory.Persons()) {
    const bool staff =
        std::any_of(person->roles.begin(), person->roles.end(),
                    [unit](const domain::RoleAt& held) { return held.unit == unit->unit; });
    if (!staff || person->ended || person->person == identity.person ||
        person->receive_key.empty()) {
      continue;
    }
    codec::WrapTarget target;
    target.recipient_kind = domain::RecipientKind::kPerson;
    target.recipient = ChangeId::FromPrefix(person->person.view());
    target.generation = person->generation;
    target.public_key = person->receive_key;
    target.wrapped_owner = ChangeId::FromPrefix(unit->unit.view());
    target.wrapped_generation = unit->generation;
    shares.push_back({std::move(target), &key->second});
  }
  return shares;
}

bool IsShared(const domain::FileState& directory_file, const codec::WrapTarget& target) {
  return std::any_of(directory_file.wraps().begin(), directory_file.wraps().end(),
                     [&target](const domain::WrapAt& at) {
                       return at.wrap.recipient_kind == target.recipient_kind &&
                              at.wrap.recipient == target.recipient &&
                              at.wrap.generation == target.generation &&
                              at.wrap.wrapped_owner == target.wrapped_owner &&
                              at.wrap.wrapped_generation == target.wrapped_generation;
                     });
}

}  // namespace

absl::StatusOr<Founded> Vault::Found(const FoundRequest& request) {
  const Identity& identity = core_->identity;
  const domain::RoleAt acting =
      request.acting.value_or(domain::RoleAt{identity.role, identity.unit});
  if (!domain::MayFound(acting.role, request.kind)) {
    return absl::PermissionDeniedError(std::string(NameOf(acting.role)) + " may not found a " +
                                       std::string(NameOf(request.kind)) + " file");
  }
  domain::Header header = BaseHeader(*core_, acting);
  header.nonce = crypto::RandomId<Nonce>();
  header.file = codec::FileIdOf(header.deployment, header.device, header.nonce);
  header.kind = domain::Kind::kRoster;
  // What holds for such files holds from now on, whether anything is written or not.
  if (const domain::Pack* pack = NewestPack()) header.pack = pack->hash;
  codec::ChangeWriter writer(header);
  writer.Add(domain::Founding{request.kind, request.drill});
  domain::RosterWrite roster;
  roster.added = request.members;
  writer.Add(roster);

  Founded founded;
  founded.file = header.file;
  const std::vector<Recipient> recipients =
      RecipientsOf(*core_->directory, request.kind, request.members, &founded.unkeyed);
  const NewEpoch epoch = MakeEpoch(recipients);
  kv::Batch batch;
  AddOpenings(writer, request.kind, epoch, batch);
  std::vector<ToWrap> wraps = WrapsOf(writer.id(), epoch, recipients);
  KAPEA_TRY(AddWraps(writer, wraps));
  std::vector<codec::EncodedChange> changes;
  KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  founded.change = {changes[0].change->id, changes[0].change->hash};
  KAPEA_TRY(AddGrants(header, founded.change.hash, wraps, changes));
  KAPEA_TRY(core_->CommitOwn(std::move(changes), std::move(batch)));
  return founded;
}

absl::StatusOr<domain::Ref> Vault::Grant(const FileId& file, const domain::Member& member) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  std::vector<domain::Member> unkeyed;
  const std::vector<Recipient> recipients =
      RecipientsOf(*core_->directory, state->kind(), {member}, &unkeyed);
  if (recipients.empty()) {
    return absl::FailedPreconditionError("the member has no key in the directory yet");
  }
  std::vector<ToWrap> wraps = HeldWraps(*core_, *state, recipients);
  if (wraps.empty()) {
    return absl::FailedPreconditionError("no key that this member may have is held here");
  }
  KAPEA_ASSIGN(domain::Header header, HeaderFor({.file = file, .kind = domain::Kind::kGrant}));
  const Hash roster = header.roster.value_or(Hash());
  --header.sequence;  // AddGrants counts on from the last one
  std::vector<codec::EncodedChange> changes;
  KAPEA_TRY(AddGrants(header, roster, wraps, changes));
  const domain::Ref ref{changes[0].change->id, changes[0].change->hash};
  KAPEA_TRY(core_->CommitOwn(std::move(changes), {}));
  return ref;
}

absl::StatusOr<Founded> Vault::ChangeRoster(const FileId& file, const domain::RosterWrite& roster) {
  KAPEA_ASSIGN(const auto state, core_->State(file));
  KAPEA_ASSIGN(const domain::Header header,
               HeaderFor({.file = file, .kind = domain::Kind::kRoster}));
  const domain::Directory& directory = *core_->directory;
  Founded result;
  result.file = file;
  const std::vector<domain::Member> after = domain::Applied(state->roster(), roster, false);
  const std::vector<Recipient> newcomers =
      RecipientsOf(directory, state->kind(), roster.added, &result.unkeyed);
  const std::vector<Recipient> everyone = RecipientsOf(directory, state->kind(), after, nullptr);

  codec::ChangeWriter writer(header);
  writer.Add(roster);
  std::vector<ToWrap> wraps = HeldWraps(*core_, *state, newcomers);
  NewEpoch epoch;
  kv::Batch batch;
  // Who left must not read what is written from now on; who came may need a class that
  // nobody had.
  if (!roster.removed.empty() || NeedsEpoch(*core_, *state, newcomers)) {
    epoch = MakeEpoch(everyone);
    AddOpenings(writer, state->kind(), epoch, batch);
    const std::vector<ToWrap> opened = WrapsOf(writer.id(), epoch, everyone);
    wraps.insert(wraps.end(), opened.begin(), opened.end());
  }
  KAPEA_TRY(AddWraps(writer, wraps));
  std::vector<codec::EncodedChange> changes;
  KAPEA_ASSIGN(changes.emplace_back(), std::move(writer).Finish());
  result.change = {changes[0].change->id, changes[0].change->hash};
  KAPEA_TRY(AddGrants(header, result.change.hash, wraps, changes));
  KAPEA_TRY(core_->CommitOwn(std::move(changes), std::move(batch)));
  return result;
}

absl::Status Vault::ShareKeys() {
  const Identity& identity = core_->identity;
  const auto directory_row = core_->files.find(identity.directory_file);
  if (directory_row == core_->files.end()) return absl::OkStatus();
  // Who there is and who has which key stands in the directory alone.
  const uint64_t as_of = directory_row->second.number;
  if (as_of == core_->keys_shared_at) return absl::OkStatus();
  KAPEA_TRY(TakeReceiveKeys(*core_));
  KAPEA_ASSIGN(const auto state, core_->State(identity.directory_file));
  std::vector<ToShare> wanted = OwnDevices(identity, *core_->directory);
  const std::vector<ToShare> colleagues = Colleagues(identity, *core_->directory);
  wanted.insert(wanted.end(), colleagues.begin(), colleagues.end());
  std::erase_if(wanted, [&state](const ToShare& share) { return IsShared(*state, share.target); });
  if (wanted.empty()) {
    core_->keys_shared_at = as_of;
    return absl::OkStatus();
  }
  // More than one Change holds goes out with the next sync.
  if (wanted.size() > codec::kWritesPerChangeMax) wanted.resize(codec::kWritesPerChangeMax);
  KAPEA_ASSIGN(codec::ChangeWriter writer,
               Begin({.file = identity.directory_file,
                      .kind = domain::Kind::kGrant,
                      .acting = domain::RoleAt{identity.role, identity.unit}}));
  const codec::WrapContext context{identity.deployment, identity.directory_file, writer.id()};
  for (const ToShare& share : wanted) {
    KAPEA_ASSIGN(domain::Wrap wrap, codec::SealWrap(context, share.target, share.key->Private()));
    writer.Add(std::move(wrap));
  }
  return Commit(std::move(writer)).status();
}

}  // namespace kapea::vault
