#include "client/vault/recovery.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "client/vault/parts.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/codec/recovery_codec.h"
#include "common/crypto/fingerprint.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "common/domain/roles.h"

namespace kapea::vault {
namespace {

std::vector<Recipient> WithKey(const domain::Directory& directory,
                               std::vector<Recipient> recipients,
                               std::set<domain::KeyClass> classes) {
  const domain::UnitEntry* key = directory.RecoveryKey();
  if (key == nullptr || classes.empty()) return recipients;
  recipients.push_back({domain::RecipientKind::kRecovery,
                        ChangeId::FromPrefix(domain::RecoveryPlace().view()), key->generation,
                        key->receive_key, std::move(classes)});
  return recipients;
}

std::string RequestMark(const Hash& request) { return "recovery request " + request.hex(); }

// The newest wrap of that key to a recovery key; nullptr: it was never given to one.
const domain::WrapAt* NewestFor(const domain::FileState& state, const KeyEpochId& epoch,
                                domain::KeyClass key_class) {
  const domain::WrapAt* newest = nullptr;
  for (const domain::WrapAt& at : state.wraps()) {
    const domain::Wrap& wrap = at.wrap;
    if (wrap.recipient_kind != domain::RecipientKind::kRecovery || wrap.key_epoch != epoch ||
        wrap.key_class != key_class || wrap.half != 0) {
      continue;
    }
    if (newest == nullptr || wrap.generation > newest->wrap.generation) newest = &at;
  }
  return newest;
}

// The first of the person's roles under which she may take that key.
std::optional<domain::RoleAt> RoleFor(Core& core, const domain::FileState& state,
                                      domain::KeyClass key_class) {
  const domain::Directory& directory = *core.directory;
  const PersonId& person = core.identity.person;
  for (const domain::RoleAt& held : RolesOf(core.identity, directory)) {
    if (!state.IsMember(person, held.unit, held.role, directory)) continue;
    const bool leads = state.MayLead(person, held.unit, held.role, directory);
    if (domain::MayRecover(held.role, leads, key_class, state.kind())) return held;
  }
  return std::nullopt;
}

// Whether some role of hers may read the class at all.
bool IsHers(Core& core, const domain::FileState& state, domain::KeyClass key_class) {
  const std::vector<domain::RoleAt> roles = RolesOf(core.identity, *core.directory);
  return std::any_of(roles.begin(), roles.end(), [&](const domain::RoleAt& held) {
    return domain::MayHoldKey(held.role, key_class, state.kind()) &&
           state.IsMember(core.identity.person, held.unit, held.role, *core.directory);
  });
}

// Adds what the file lacks to the request.
absl::Status AskFor(Core& core, const FileId& file, codec::RecoveryRequest& request,
                    RecoveryAsked& asked) {
  KAPEA_ASSIGN(const auto state, core.State(file));
  if (state->erased_wholly()) return absl::OkStatus();
  const size_t before = request.wanted.size();
  for (const auto& [epoch, opened] : state->key_epochs()) {
    for (const auto& [key_class, opening] : opened.classes) {
      if (!IsHers(core, *state, key_class)) continue;
      const auto held = FindClassKey(core, file, epoch, key_class);
      if (held.ok()) continue;
      if (!absl::IsFailedPrecondition(held.status())) return held.status();
      const domain::WrapAt* at = NewestFor(*state, epoch, key_class);
      if (at == nullptr) {
        ++asked.never_had;
      } else if (!RoleFor(core, *state, key_class)) {
        ++asked.others;
      } else {
        request.wanted.push_back({file, at->change, at->wrap, opening.commitment});
      }
    }
  }
  if (request.wanted.size() > before) ++asked.files;
  return absl::OkStatus();
}

// The person's key that an answer is to be sealed to; nullptr: none that stands.
const crypto::ReceiveKey* OwnKey(const Core& core, uint32_t& generation) {
  const domain::PersonEntry* self = core.directory->FindPerson(core.identity.person);
  if (self == nullptr || core.directory->KeyEnded(self->person, self->generation)) return nullptr;
  const auto own = core.identity.person_keys.find(self->generation);
  if (own == core.identity.person_keys.end() || own->second.public_key() != self->receive_key) {
    return nullptr;
  }
  generation = self->generation;
  return &own->second;
}

absl::Status Altered() {
  return absl::DataLossError(
      "the answer holds a key that is not the one its file committed to: it was altered, or is "
      "not for you; nothing was taken");
}

}  // namespace

std::vector<Recipient> ForNewEpoch(const domain::Directory& directory,
                                   std::vector<Recipient> recipients) {
  std::set<domain::KeyClass> classes;
  for (const Recipient& recipient : recipients) {
    classes.insert(recipient.classes.begin(), recipient.classes.end());
  }
  return WithKey(directory, std::move(recipients), std::move(classes));
}

std::vector<Recipient> WithRecovery(const domain::Directory& directory,
                                    std::vector<Recipient> recipients) {
  return WithKey(directory, std::move(recipients),
                 {std::begin(domain::kKeyClasses), std::end(domain::kKeyClasses)});
}

bool RecoveryNeedsEpoch(Core& core, const domain::FileState& state) {
  const domain::UnitEntry* key = core.directory->RecoveryKey();
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  if (key == nullptr || newest == nullptr) return false;
  return std::any_of(newest->classes.begin(), newest->classes.end(), [&](const auto& one) {
    const domain::WrapAt* at = NewestFor(state, newest->id, one.first);
    const bool has = at != nullptr && at->wrap.generation >= key->generation;
    return !has && !FindClassKey(core, state.id(), newest->id, one.first).ok();
  });
}

absl::StatusOr<RecoveryAsked> KeyRecovery::Ask(const std::vector<FileId>& files,
                                               const std::string& reason) {
  if (!domain::IsReasonCode(reason)) {
    return absl::InvalidArgumentError(
        "want a reason of a-z, 0-9 and _, such as phones_lost; nothing was written");
  }
  codec::RecoveryRequest request;
  const crypto::ReceiveKey* own = OwnKey(core_, request.generation);
  if (own == nullptr) {
    return absl::FailedPreconditionError(
        "this device has no key of yours that the directory names: sync, have two registrars "
        "approve the one it offers (kapea whoami), and sync again; nothing was written");
  }
  request.deployment = core_.identity.deployment;
  request.person = core_.identity.person;
  request.receive_key = own->public_key();
  request.reason = reason;
  std::vector<FileId> wanted = files;
  if (wanted.empty()) {
    for (const auto& [file, row] : core_.files) wanted.push_back(file);
  }
  RecoveryAsked asked;
  for (const FileId& file : wanted) {
    if (!core_.IsShared(file)) KAPEA_TRY(AskFor(core_, file, request, asked));
  }
  asked.keys = request.wanted.size();
  if (asked.keys == 0) {
    return absl::FailedPreconditionError(
        asked.never_had + asked.others == 0
            ? "this device has every key that it may have: there is nothing to recover"
            : "none of the keys that this device lacks can be asked for: " +
                  std::to_string(asked.never_had) + " were never given to a recovery key, " +
                  std::to_string(asked.others) + " are for a lead or supervisor to ask for");
  }
  if (asked.keys > codec::kRecoveryKeysMax) {
    return absl::ResourceExhaustedError("more than 65,536 keys: name the files, in parts");
  }
  asked.bytes = codec::EncodeRecoveryRequest(request);
  asked.number = crypto::Fingerprint(request.receive_key);
  std::string note;
  AppendU32(note, request.generation);
  KAPEA_TRY(vault_.PutSetting(RequestMark(crypto::Sha256(asked.bytes)), note + reason));
  return asked;
}

// A key that came back, where it belongs, and under which role it is hers.
struct KeyRecovery::Said {
  FileId file;
  KeyEpochId epoch;
  domain::KeyClass key_class;
  uint32_t generation;
  domain::RoleAt acting;
  crypto::SecretBytes key;
};

absl::StatusOr<RecoveryTaken> KeyRecovery::Take(std::string_view answer_bytes) {
  KAPEA_ASSIGN(const codec::RecoveryAnswer answer, codec::DecodeRecoveryAnswer(answer_bytes));
  KAPEA_ASSIGN(const auto note, vault_.FindSetting(RequestMark(answer.request)));
  const uint32_t generation = note && note->size() > 4 ? ReadU32(*note) : 0;
  const auto own = core_.identity.person_keys.find(generation);
  if (!note || own == core_.identity.person_keys.end()) {
    return absl::FailedPreconditionError(
        "this is no answer to a request that was made on this device; nothing was taken");
  }
  const codec::Asker asker{core_.identity.deployment, core_.identity.person, generation,
                           own->second};
  RecoveryTaken taken;
  std::vector<Said> all;
  for (const codec::RecoveredKey& one : answer.keys) {
    KAPEA_ASSIGN(const auto state, core_.State(one.file));
    const auto opened = state->key_epochs().find(one.key_epoch);
    if (opened == state->key_epochs().end()) return Altered();
    const auto opening = opened->second.classes.find(one.key_class);
    if (opening == opened->second.classes.end()) return Altered();
    auto key = codec::OpenRecovered(answer, one, asker);
    if (!key.ok() || crypto::ClassKeyCommitment(*key, asker.deployment, one.file, one.key_epoch,
                                                static_cast<uint8_t>(one.key_class)) !=
                         opening->second.commitment.view()) {
      return Altered();
    }
    if (FindClassKey(core_, one.file, one.key_epoch, one.key_class).ok()) {
      ++taken.held;
      continue;
    }
    const auto acting = RoleFor(core_, *state, one.key_class);
    if (!acting) {
      return absl::FailedPreconditionError(
          "your role in one of the files does not have these keys any more; nothing was taken");
    }
    all.push_back(
        {one.file, one.key_epoch, one.key_class, one.generation, *acting, *std::move(key)});
  }
  taken.keys = all.size();
  if (all.empty()) return taken;
  KAPEA_ASSIGN(std::vector<codec::EncodedChange> changes, Changes(all, note->substr(4)));
  kv::Batch batch;
  std::set<FileId> files;
  for (const Said& said : all) {
    PutClassKey(batch, said.file, said.epoch, said.key_class, said.key);
    files.insert(said.file);
  }
  KAPEA_TRY(core_.CommitOwn(std::move(changes), std::move(batch)));
  for (Said& said : all) {
    core_.class_keys.insert_or_assign(std::tuple(said.file, said.epoch, said.key_class),
                                      std::move(said.key));
  }
  // What colleagues lack of it is granted when this device next looks after its files.
  for (const FileId& file : files) {
    core_.tended.erase(file);
    core_.to_tend.insert(file);
  }
  taken.files.assign(files.begin(), files.end());
  return taken;
}

absl::StatusOr<std::vector<codec::EncodedChange>> KeyRecovery::Changes(const std::vector<Said>& all,
                                                                       const std::string& reason) {
  std::map<std::pair<FileId, domain::RoleAt>, std::vector<const Said*>> grouped;
  for (const Said& said : all) grouped[{said.file, said.acting}].push_back(&said);
  std::vector<codec::EncodedChange> changes;
  uint64_t sequence = core_.last_sequence;
  for (const auto& [where, group] : grouped) {
    for (size_t from = 0; from < group.size(); from += codec::kWritesPerChangeMax) {
      KAPEA_ASSIGN(domain::Header header, vault_.HeaderFor({.file = where.first,
                                                            .kind = domain::Kind::kRecovery,
                                                            .acting = where.second}));
      header.sequence = ++sequence;
      codec::ChangeWriter writer(std::move(header));
      const size_t to = std::min(group.size(), from + codec::kWritesPerChangeMax);
      for (size_t i = from; i < to; ++i) {
        domain::Decision said;
        said.reason = reason;
        said.subject = group[i]->epoch.str();
        said.from = static_cast<uint64_t>(group[i]->key_class);
        said.to = group[i]->generation;
        writer.Add(std::move(said));
      }
      KAPEA_ASSIGN(codec::EncodedChange change, std::move(writer).Finish());
      KAPEA_ASSIGN(const auto state, core_.State(where.first));
      const domain::Verdict found =
          state->Judge(*change.change, domain::Directory::kNow, core_.Around());
      if (found != domain::Verdict::kAccepted) {
        return absl::FailedPreconditionError(
            "the change that says it would have no effect: " + domain::FileState::Explain(found) +
            "; nothing was taken");
      }
      changes.push_back(std::move(change));
    }
  }
  return changes;
}

}  // namespace kapea::vault
