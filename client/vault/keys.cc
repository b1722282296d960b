#include "client/vault/keys.h"

#include <algorithm>

#include "client/vault/replica.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::vault {
namespace {

std::string ClassKeyKey(const FileId& file, const KeyEpochId& epoch, domain::KeyClass key_class) {
  std::string key = FileKey(file, epoch.view());
  AppendU8(key, static_cast<uint8_t>(key_class));
  return key;
}

absl::Status NoKey(domain::KeyClass key_class) {
  return absl::FailedPreconditionError("no key of class " + std::string(NameOf(key_class)) +
                                       " for this file on this device");
}

// The private key that a wrap of a class key is for; nullptr: not for this device.
const crypto::ReceiveKey* KeyFor(const Identity& identity, const domain::Wrap& wrap) {
  if (wrap.recipient_kind == domain::RecipientKind::kPerson &&
      wrap.recipient.view() == identity.person.view()) {
    const auto found = identity.person_keys.find(wrap.generation);
    return found == identity.person_keys.end() ? nullptr : &found->second;
  }
  if (wrap.recipient_kind == domain::RecipientKind::kUnit) {
    const auto found =
        identity.unit_keys.find({UnitId::FromPrefix(wrap.recipient.view()), wrap.generation});
    return found == identity.unit_keys.end() ? nullptr : &found->second;
  }
  return nullptr;
}

// What this device offered and the directory took; offers of generations that came to other
// keys are of no use any more.
template <typename Owner, typename Put>
bool TakeOffers(std::vector<OfferedKey>& offers, const domain::Directory& directory,
                const Owner& owner, uint32_t newest, const Put& put) {
  const size_t before = offers.size();
  std::erase_if(offers, [&](OfferedKey& offer) {
    if (offer.generation > newest) return false;
    if (directory.ReceiveKeyOf(owner, offer.generation) == offer.key.public_key()) {
      put(offer.generation, std::move(offer.key));
    }
    return true;
  });
  return offers.size() != before;
}

bool TakeOffers(Core& core) {
  Identity& identity = core.identity;
  const domain::Directory& directory = *core.directory;
  bool taken = false;
  if (const auto* unit = directory.FindUnit(identity.unit)) {
    taken = TakeOffers(identity.unit_offers, directory, unit->unit, unit->generation,
                       [&](uint32_t generation, crypto::ReceiveKey key) {
                         identity.unit_keys.insert_or_assign(std::pair(unit->unit, generation),
                                                             std::move(key));
                       });
  }
  if (const auto* self = directory.FindPerson(identity.person)) {
    const bool own = TakeOffers(identity.person_offers, directory, self->person, self->generation,
                                [&](uint32_t generation, crypto::ReceiveKey key) {
                                  identity.person_keys.insert_or_assign(generation, std::move(key));
                                });
    taken = taken || own;
  }
  return taken;
}

absl::StatusOr<bool> TakeWrap(Core& core, const domain::WrapAt& at) {
  const domain::Wrap& wrap = at.wrap;
  Identity& identity = core.identity;
  const crypto::ReceiveKey* with = nullptr;
  const bool is_person_key = wrap.recipient_kind == domain::RecipientKind::kDevice;
  if (wrap.key_epoch || !wrap.wrapped_owner) return false;
  const UnitId unit = UnitId::FromPrefix(wrap.wrapped_owner->view());
  const auto unit_key = std::pair(unit, wrap.wrapped_generation);
  if (is_person_key) {
    if (wrap.recipient.view() != identity.device.view() ||
        wrap.wrapped_owner->view() != identity.person.view() ||
        identity.person_keys.contains(wrap.wrapped_generation)) {
      return false;
    }
    with = &identity.device_key;
  } else {
    with = KeyFor(identity, wrap);
    if (with == nullptr || identity.unit_keys.contains(unit_key)) return false;
  }
  auto secret =
      codec::OpenWrap({identity.deployment, identity.directory_file, at.change}, wrap, *with);
  if (!secret.ok()) return false;  // somebody else's mistake; another wrap may be good
  auto key = crypto::ReceiveKey::FromPrivate(*secret);
  if (!key.ok()) return false;
  // The one of that generation by the directory, whoever says so.
  const std::string_view named =
      is_person_key ? core.directory->ReceiveKeyOf(identity.person, wrap.wrapped_generation)
                    : core.directory->ReceiveKeyOf(unit, wrap.wrapped_generation);
  if (named != key->public_key()) return false;
  if (is_person_key) {
    identity.person_keys.emplace(wrap.wrapped_generation, *std::move(key));
  } else {
    identity.unit_keys.emplace(unit_key, *std::move(key));
  }
  return true;
}

}  // namespace

void PutClassKey(kv::Batch& batch, const FileId& file, const KeyEpochId& epoch,
                 domain::KeyClass key_class, const crypto::SecretBytes& key) {
  batch.Put(kClassKeyTable, ClassKeyKey(file, epoch, key_class), std::string(key.view()), file);
}

absl::StatusOr<const crypto::SecretBytes*> FindClassKey(Core& core, const FileId& file,
                                                        const KeyEpochId& epoch,
                                                        domain::KeyClass key_class) {
  const auto name = std::tuple(file, epoch, key_class);
  const auto cached = core.class_keys.find(name);
  if (cached != core.class_keys.end()) return &cached->second;
  KAPEA_ASSIGN(auto stored, core.store->Find(kClassKeyTable, ClassKeyKey(file, epoch, key_class)));
  if (stored) {
    crypto::SecretBytes key = crypto::SecretBytes::CopyOf(*stored);
    crypto::Wipe(*stored);
    return &core.class_keys.emplace(name, std::move(key)).first->second;
  }
  KAPEA_ASSIGN(const auto state, core.State(file));
  const auto opened = state->key_epochs().find(epoch);
  if (opened == state->key_epochs().end()) return NoKey(key_class);
  const auto opening = opened->second.classes.find(key_class);
  if (opening == opened->second.classes.end()) return NoKey(key_class);
  const Identity& identity = core.identity;
  for (const domain::WrapAt& at : state->wraps()) {
    if (at.wrap.key_epoch != epoch || at.wrap.key_class != key_class || at.wrap.half != 0) continue;
    const crypto::ReceiveKey* with = KeyFor(identity, at.wrap);
    if (with == nullptr) continue;
    auto key = codec::OpenWrap({identity.deployment, file, at.change}, at.wrap, *with);
    const bool fits = key.ok() && key->size() == crypto::kClassKeyBytes &&
                      crypto::ClassKeyCommitment(*key, identity.deployment, file, epoch,
                                                 static_cast<uint8_t>(key_class)) ==
                          opening->second.commitment.view();
    if (!fits) {
      KAPEA_TRY(Replica(core).KeepEvidence({"key",
                                            "the key granted by change " + at.change.hex() +
                                                " is not the one that its key epoch committed to",
                                            {at.change.str(), epoch.str()}}));
      continue;
    }
    kv::Batch batch;
    PutClassKey(batch, file, epoch, key_class, *key);
    // Buffered: a key that is lost is opened again from its wrap.
    KAPEA_TRY(core.Commit(batch, kv::Durability::kBuffered));
    return &core.class_keys.emplace(name, *std::move(key)).first->second;
  }
  return NoKey(key_class);
}

absl::Status TakeReceiveKeys(Core& core) {
  Identity& identity = core.identity;
  if (!core.files.contains(identity.directory_file)) return absl::OkStatus();
  bool changed = TakeOffers(core);
  // A second device offered a person key too, but the directory kept the first one's.
  const domain::PersonEntry* self = core.directory->FindPerson(identity.person);
  if (self != nullptr) {
    const auto own = identity.person_keys.find(self->generation);
    if (own != identity.person_keys.end() && own->second.public_key() != self->receive_key) {
      identity.person_keys.erase(own);
      changed = true;
    }
  }
  KAPEA_ASSIGN(const auto state, core.State(identity.directory_file));
  // Person keys first: the unit keys are wrapped to them.
  for (const bool person_keys : {true, false}) {
    for (const domain::WrapAt& at : state->wraps()) {
      if ((at.wrap.recipient_kind == domain::RecipientKind::kDevice) != person_keys) continue;
      KAPEA_ASSIGN(const bool taken, TakeWrap(core, at));
      changed = changed || taken;
    }
  }
  return changed ? core.SaveIdentity() : absl::OkStatus();
}

std::vector<Recipient> RecipientsOf(const domain::Directory& directory, domain::FileKind kind,
                                    const std::vector<domain::Member>& lines,
                                    std::vector<domain::Member>* unkeyed, bool released) {
  std::map<std::pair<domain::RecipientKind, ChangeId>, Recipient> found;
  const auto add = [&found](domain::RecipientKind recipient_kind, const ChangeId& id,
                            const auto& entry, const std::vector<domain::KeyClass>& classes) {
    if (entry.generation == 0 || entry.receive_key.empty()) return false;
    Recipient& recipient = found[{recipient_kind, id}];
    recipient.kind = recipient_kind;
    recipient.id = id;
    recipient.generation = entry.generation;
    recipient.public_key = entry.receive_key;
    recipient.classes.insert(classes.begin(), classes.end());
    return true;
  };
  const auto add_person = [&](const PersonId& person, const auto& classes) {
    const domain::PersonEntry* entry = directory.FindPerson(person);
    return entry != nullptr && !directory.KeyEnded(person, entry->generation) &&
           add(domain::RecipientKind::kPerson, ChangeId::FromPrefix(person.view()), *entry,
               classes);
  };
  // To the unit's key what all who share it may have; the rest to those the line is for.
  const auto add_unit = [&](const domain::Member& line,
                            const std::vector<domain::KeyClass>& classes) {
    const domain::UnitEntry* unit = directory.FindUnit(line.unit);
    const bool has_key = unit != nullptr && !directory.KeyEnded(line.unit, unit->generation) &&
                         domain::SharesUnitKey(unit->kind, line.role);
    std::vector<domain::KeyClass> to_unit;
    std::vector<domain::KeyClass> to_persons;
    for (const domain::KeyClass one : classes) {
      const bool shared = has_key && domain::UnitKeyMayHold(unit->kind, one, kind);
      (shared ? to_unit : to_persons).push_back(one);
    }
    bool keyed = !to_unit.empty() && add(domain::RecipientKind::kUnit,
                                         ChangeId::FromPrefix(line.unit.view()), *unit, to_unit);
    if (!keyed) to_persons = classes;  // the unit has no key yet
    if (to_persons.empty()) return keyed;
    for (const PersonId& person : directory.StaffOf(line.unit, line.role)) {
      if (!add_person(person, to_persons)) continue;
      found[{domain::RecipientKind::kPerson, ChangeId::FromPrefix(person.view())}].shifts.push_back(
          {line.role, line.unit});
      keyed = true;
    }
    return keyed;
  };
  for (const domain::Member& line : lines) {
    std::vector<domain::KeyClass> classes = domain::KeyClassesOf(line.role, kind);
    // As FileState::MayHaveKey: leads by duty have the plan too, and after its release the team.
    const bool plan = kind == domain::FileKind::kOperation && (released || domain::Leads(line)) &&
                      domain::MayHoldKey(line.role, domain::KeyClass::kGeneral, kind);
    if (plan) classes.push_back(domain::KeyClass::kPlan);
    if (classes.empty()) continue;
    // A line of somebody who lost the role by the directory gives her nothing.
    const bool keyed = line.person ? directory.HoldsRole(*line.person, line.role, line.unit) &&
                                         add_person(*line.person, classes)
                                   : add_unit(line, classes);
    if (!keyed && unkeyed != nullptr) unkeyed->push_back(line);
  }
  std::vector<Recipient> recipients;
  for (auto& [id, recipient] : found) recipients.push_back(std::move(recipient));
  return recipients;
}

NewEpoch MakeEpoch(const std::vector<Recipient>& recipients) {
  NewEpoch epoch;
  for (const Recipient& recipient : recipients) {
    for (const domain::KeyClass key_class : recipient.classes) {
      if (!epoch.keys.contains(key_class)) {
        epoch.keys.emplace(key_class, crypto::SecretBytes::Random(crypto::kClassKeyBytes));
      }
    }
  }
  return epoch;
}

domain::KeyOpening OpeningOf(const crypto::SecretBytes& key, const DeploymentId& deployment,
                             const FileId& file, const KeyEpochId& epoch,
                             domain::KeyClass key_class) {
  domain::KeyOpening opening;
  opening.key_class = key_class;
  opening.commitment = Hash::FromPrefix(
      crypto::ClassKeyCommitment(key, deployment, file, epoch, static_cast<uint8_t>(key_class)));
  return opening;
}

}  // namespace kapea::vault
