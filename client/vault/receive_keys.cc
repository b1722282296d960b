// Vault: the keys that receive keys. A person's goes to her other devices, a unit's to
// everybody who works there, and where one ended the next is offered to the registrars.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "client/vault/parts.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/domain/roles.h"

namespace kapea::vault {
namespace {

// A person's or unit's private key for somebody who should have it too.
struct ToShare {
  codec::WrapTarget target;
  const crypto::ReceiveKey* key;
};

// The person's own keys for those of her other devices that she has confirmed here.
std::vector<ToShare> OwnDevices(const Identity& identity, const domain::Directory& directory) {
  std::vector<ToShare> shares;
  for (const domain::DeviceEntry* device : directory.DevicesOf(identity.person)) {
    if (device->revoked || !identity.confirmed.contains(device->device)) continue;
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

// The role under which this person shares her unit's key now; nullopt: she does not.
std::optional<domain::RoleAt> SharingRole(const Identity& identity,
                                          const domain::Directory& directory) {
  const domain::UnitEntry* unit = directory.FindUnit(identity.unit);
  const domain::PersonEntry* self = directory.FindPerson(identity.person);
  if (unit == nullptr || unit->ended || self == nullptr || self->ended) return std::nullopt;
  for (const domain::RoleAt& held : self->roles) {
    if (held.unit == unit->unit && domain::SharesUnitKey(unit->kind, held.role)) return held;
  }
  return std::nullopt;
}

// The unit's keys that are held here, for everybody else who shares them: the earlier ones
// too, for what was granted to the unit is for its staff of today.
std::vector<ToShare> Colleagues(const Identity& identity, const domain::Directory& directory) {
  std::vector<ToShare> shares;
  for (const domain::PersonEntry* person : directory.Persons()) {
    if (!directory.HasUnitKey(*person, identity.unit) || person->person == identity.person ||
        person->receive_key.empty() || directory.KeyEnded(person->person, person->generation)) {
      continue;
    }
    for (const auto& [of, key] : identity.unit_keys) {
      if (of.first != identity.unit) continue;
      codec::WrapTarget target;
      target.recipient_kind = domain::RecipientKind::kPerson;
      target.recipient = ChangeId::FromPrefix(person->person.view());
      target.generation = person->generation;
      target.public_key = person->receive_key;
      target.wrapped_owner = ChangeId::FromPrefix(identity.unit.view());
      target.wrapped_generation = of.second;
      shares.push_back({std::move(target), &key});
    }
  }
  return shares;
}

// Whether the one who should have it was given it: by me, or by two people. Nobody else can open
// a wrap, so what one colleague alone made may be nothing, and would keep her from the key.
bool IsShared(const domain::FileState& directory_file, const codec::WrapTarget& target,
              const PersonId& me) {
  std::set<PersonId> givers;
  for (const domain::WrapAt& at : directory_file.wraps()) {
    const domain::Wrap& wrap = at.wrap;
    const bool same = wrap.recipient_kind == target.recipient_kind &&
                      wrap.recipient == target.recipient && wrap.generation == target.generation &&
                      wrap.wrapped_owner == target.wrapped_owner &&
                      wrap.wrapped_generation == target.wrapped_generation;
    if (same) givers.insert(at.by);
  }
  return givers.contains(me) || givers.size() >= 2;
}

// Whether the newest own offer still waits: another one is made once it has lapsed, or when the
// directory went on without it.
bool Waits(const std::vector<OfferedKey>& offers, uint32_t newest, Time now) {
  return !offers.empty() && offers.back().generation == newest + 1 &&
         now <= offers.back().made + domain::kProposalLapses;
}

bool ColleagueOffers(const domain::Directory& directory, const UnitId& unit, Time now) {
  const auto open = directory.OpenOffers(now);
  return std::any_of(open.begin(), open.end(),
                     [&unit](const auto& one) { return one.offer.unit == unit; });
}

// The offer and its private half, in one commit.
absl::Status Offer(Core& core, domain::WriteBody entry, std::vector<OfferedKey>& offers,
                   OfferedKey offer) {
  domain::Header header = BaseHeader(core, {core.identity.role, core.identity.unit});
  header.nonce = crypto::RandomId<Nonce>();
  header.file = core.identity.directory_file;
  header.kind = domain::Kind::kDirectory;
  KAPEA_ASSIGN(const auto state, core.State(header.file));
  header.roster = state->roster_hash();
  header.file_number = core.files.at(header.file).number;
  codec::ChangeWriter writer(header);
  writer.Add(std::move(entry));
  KAPEA_ASSIGN(codec::EncodedChange encoded, std::move(writer).Finish());
  std::vector<codec::EncodedChange> changes;
  changes.push_back(std::move(encoded));
  offers.push_back(std::move(offer));
  kv::Batch batch;
  core.PutIdentity(batch);
  const absl::Status done = core.CommitOwn(std::move(changes), std::move(batch));
  if (!done.ok()) {
    offers.pop_back();
  } else if (offers.size() > kOffersMax) {
    offers.erase(offers.begin());
  }
  return done;
}

}  // namespace

absl::Status OfferKeys(Core& core) {
  Identity& identity = core.identity;
  const domain::Directory& directory = *core.directory;
  const Time now = core.clock.Now();
  const domain::DeviceEntry* device = directory.FindDevice(identity.device);
  const domain::PersonEntry* self = directory.FindPerson(identity.person);
  const bool may = device != nullptr && !device->revoked && self != nullptr &&
                   directory.HoldsRole(identity.person, identity.role, identity.unit);
  if (!may) return absl::OkStatus();
  if (directory.KeyEnded(self->person, self->generation) &&
      !Waits(identity.person_offers, self->generation, now)) {
    domain::PersonEntry next = *self;
    ++next.generation;
    OfferedKey offer{crypto::ReceiveKey::Generate(), next.generation, now};
    next.receive_key = offer.key.public_key();
    KAPEA_TRY(Offer(core, std::move(next), identity.person_offers, std::move(offer)));
  }
  const domain::UnitEntry* unit = directory.FindUnit(identity.unit);
  const bool lacks = unit != nullptr && !unit->ended && unit->generation > 0 &&
                     domain::SharesUnitKey(unit->kind, identity.role) &&
                     directory.KeyEnded(unit->unit, unit->generation);
  if (!lacks || Waits(identity.unit_offers, unit->generation, now) ||
      ColleagueOffers(directory, unit->unit, now)) {
    return absl::OkStatus();
  }
  domain::UnitEntry next = *unit;
  ++next.generation;
  OfferedKey offer{crypto::ReceiveKey::Generate(), next.generation, now};
  next.receive_key = offer.key.public_key();
  return Offer(core, std::move(next), identity.unit_offers, std::move(offer));
}

absl::Status Vault::ConfirmDevice(const DeviceId& device) {
  core_->identity.confirmed.insert(device);
  core_->keys_shared_at = 0;
  return core_->SaveIdentity();
}

absl::Status Vault::ShareKeys() {
  const Identity& identity = core_->identity;
  const auto directory_row = core_->files.find(identity.directory_file);
  if (directory_row == core_->files.end()) return absl::OkStatus();
  // Who there is and who has which key stands in the directory alone.
  const uint64_t as_of = directory_row->second.number;
  if (as_of == core_->keys_shared_at) return absl::OkStatus();
  KAPEA_TRY(TakeReceiveKeys(*core_));
  KAPEA_TRY(OfferKeys(*core_));
  KAPEA_ASSIGN(const auto state, core_->State(identity.directory_file));
  std::vector<ToShare> wanted = OwnDevices(identity, *core_->directory);
  std::optional<domain::RoleAt> acting = SharingRole(identity, *core_->directory);
  if (acting) {
    const std::vector<ToShare> colleagues = Colleagues(identity, *core_->directory);
    wanted.insert(wanted.end(), colleagues.begin(), colleagues.end());
  } else {
    const domain::PersonEntry* self = core_->directory->FindPerson(identity.person);
    if (self != nullptr && !self->roles.empty()) acting = self->roles.front();
  }
  std::erase_if(wanted, [&](const ToShare& share) {
    return IsShared(*state, share.target, identity.person);
  });
  if (wanted.empty() || !acting) {
    core_->keys_shared_at = as_of;
    return absl::OkStatus();
  }
  // More than one Change holds goes out with the next sync.
  if (wanted.size() > codec::kWritesPerChangeMax) wanted.resize(codec::kWritesPerChangeMax);
  KAPEA_ASSIGN(
      codec::ChangeWriter writer,
      Begin({.file = identity.directory_file, .kind = domain::Kind::kGrant, .acting = acting}));
  const codec::WrapContext context{identity.deployment, identity.directory_file, writer.id()};
  for (const ToShare& share : wanted) {
    auto wrap = codec::SealWrap(context, share.target, share.key->Private());
    if (absl::IsInvalidArgument(wrap.status())) continue;  // a bad key of one keeps nobody else
    KAPEA_TRY(wrap.status());
    writer.Add(*std::move(wrap));
  }
  if (writer.writes() == 0) {
    core_->keys_shared_at = as_of;
    return absl::OkStatus();
  }
  return Commit(std::move(writer)).status();
}

}  // namespace kapea::vault
