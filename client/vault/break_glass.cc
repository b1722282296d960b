#include "client/vault/break_glass.h"

#include <algorithm>
#include <map>
#include <utility>

#include "client/vault/core.h"
#include "client/vault/halves.h"
#include "client/vault/keys.h"
#include "client/vault/parts.h"
#include "client/vault/replica.h"
#include "client/vault/tables.h"
#include "common/base/macros.h"
#include "common/codec/note_codec.h"
#include "common/domain/glass.h"
#include "common/domain/roles.h"
#include "common/domain/roster.h"

namespace kapea::vault {
namespace {

using domain::GlassAt;

// Before an agreement: how long ago the server may have been heard of.
constexpr Duration kHeardWithin = Duration::Minutes(15);
using domain::GlassStatus;

// A break-glass Change of this supervisor.
absl::StatusOr<codec::ChangeWriter> Begin(const Core& core, const domain::FileState& state,
                                          std::vector<domain::Ref> refs) {
  for (const domain::RoleAt& held : RolesOf(core.identity, *core.directory)) {
    if (held.role != domain::Role::kSupervisor) continue;
    domain::Header header = BaseHeader(core, held);
    header.file = state.id();
    header.kind = domain::Kind::kBreakGlass;
    header.roster = state.roster_hash();
    header.file_number = core.files.at(state.id()).number;
    header.refs = std::move(refs);
    return codec::ChangeWriter(std::move(header));
  }
  return absl::PermissionDeniedError(
      "only supervisors open a file by break-glass; nothing was written");
}

absl::StatusOr<domain::Ref> CommitJudged(Core& core, const domain::FileState& state,
                                         codec::ChangeWriter writer, kv::Batch batch) {
  KAPEA_ASSIGN(codec::EncodedChange encoded, std::move(writer).Finish());
  const domain::Verdict verdict =
      state.Judge(*encoded.change, domain::Directory::kNow, core.Around());
  if (verdict != domain::Verdict::kAccepted) {
    return absl::PermissionDeniedError(
        "this would have no effect: " + domain::FileState::Explain(verdict) +
        "; nothing was written");
  }
  const domain::Ref ref{encoded.change->id, encoded.change->hash};
  std::vector<codec::EncodedChange> changes;
  changes.push_back(std::move(encoded));
  KAPEA_TRY(core.CommitOwn(std::move(changes), std::move(batch)));
  return ref;
}

absl::StatusOr<const GlassAt*> FindGlass(const domain::FileState& state, const ChangeId& request) {
  for (const GlassAt& glass : state.glasses()) {
    if (glass.request.change == request) return &glass;
  }
  return absl::NotFoundError("nobody asked to open this file under that id; sync, and look again");
}

// To whom the words of a request go: who leads the file, and whoever has a half of its newest
// keys. Each once.
std::vector<Recipient> ReadersOfNotes(const Core& core, const domain::FileState& state) {
  const domain::Directory& directory = *core.directory;
  std::vector<domain::Member> leads;
  for (const domain::Member& line : state.roster()) {
    if (domain::Leads(line)) leads.push_back(line);
  }
  std::map<ChangeId, Recipient> readers;
  for (Recipient& one : RecipientsOf(directory, state.kind(), leads, nullptr)) {
    readers.emplace(one.id, std::move(one));
  }
  const domain::KeyEpoch* newest = state.newest_key_epoch();
  for (const domain::WrapAt& at : state.wraps()) {
    const bool half = at.wrap.recipient_kind == domain::RecipientKind::kHalf && newest != nullptr &&
                      at.wrap.key_epoch == newest->id;
    const PersonId person = PersonId::FromPrefix(at.wrap.recipient.view());
    const domain::PersonEntry* entry = directory.FindPerson(person);
    if (!half || entry == nullptr || directory.KeyEnded(person, entry->generation)) continue;
    Recipient& one = readers[at.wrap.recipient];
    one.kind = domain::RecipientKind::kPerson;
    one.id = at.wrap.recipient;
    one.generation = entry->generation;
    one.public_key = entry->receive_key;
  }
  std::vector<Recipient> all;
  for (auto& [id, one] : readers) all.push_back(std::move(one));
  return all;
}

codec::WrapTarget TargetOf(const Recipient& recipient) {
  codec::WrapTarget target;
  target.recipient_kind = recipient.kind;
  target.recipient = recipient.id;
  target.generation = recipient.generation;
  target.public_key = recipient.public_key;
  return target;
}

absl::StatusOr<codec::ChangeWriter> WithHalves(const Core& core, const domain::FileState& state,
                                               const GlassAt& glass, codec::ChangeWriter writer) {
  const domain::PersonEntry* asks = core.directory->FindPerson(glass.by);
  if (asks == nullptr || asks->generation != glass.generation) {
    return absl::FailedPreconditionError(
        "the key of who asked has changed since; let her ask again. Nothing was handed over");
  }
  codec::WrapTarget target;
  target.recipient_kind = domain::RecipientKind::kPerson;
  target.recipient = ChangeId::FromPrefix(glass.by.view());
  target.generation = glass.generation;
  target.public_key = asks->receive_key;
  const codec::WrapContext context{core.identity.deployment, state.id(), writer.id()};
  // The newest key epochs first: more than one Change holds is left to another request.
  std::vector<const domain::KeyEpoch*> epochs;
  for (const auto& [id, epoch] : state.key_epochs()) epochs.push_back(&epoch);
  std::sort(epochs.begin(), epochs.end(),
            [](const auto* a, const auto* b) { return a->number > b->number; });
  for (const domain::KeyEpoch* epoch : epochs) {
    for (const domain::KeyClass key_class : glass.classes) {
      const auto own = FindHalf(core, state, epoch->id, key_class);
      if (!own || writer.writes() == codec::kWritesPerChangeMax ||
          !domain::HoldsHalf(state, glass.by, epoch->id, key_class, 3 - own->half)) {
        continue;
      }
      target.key_epoch = epoch->id;
      target.key_class = key_class;
      target.half = own->half;
      KAPEA_ASSIGN(domain::Wrap wrap, codec::SealWrap(context, target, own->secret));
      writer.Add(std::move(wrap));
    }
  }
  if (writer.writes() == 1) {
    return absl::FailedPreconditionError(
        "you have no half that completes one of hers: another supervisor has to agree. Nothing "
        "was handed over");
  }
  return writer;
}

// One key of an opening.
struct Joined {
  KeyEpochId epoch;
  domain::KeyClass key_class = domain::KeyClass::kNone;
  crypto::SecretBytes key;
};

absl::StatusOr<Joined> Join(const Core& core, const domain::FileState& state, const GlassAt& glass,
                            const domain::WrapAt& at) {
  const Identity& identity = core.identity;
  const domain::Wrap& wrap = at.wrap;
  const absl::Status unfit = absl::DataLossError("a half of change " + at.change.hex() +
                                                 " is not the one that its key epoch named");
  const auto with = identity.person_keys.find(glass.generation);
  if (with == identity.person_keys.end()) {
    return absl::FailedPreconditionError("this device does not have the key that was asked with");
  }
  const auto epoch = state.key_epochs().find(wrap.key_epoch.value_or(KeyEpochId()));
  if (epoch == state.key_epochs().end()) return unfit;
  const auto opening = epoch->second.classes.find(wrap.key_class);
  if (opening == epoch->second.classes.end()) return unfit;
  const auto theirs =
      codec::OpenWrap({identity.deployment, state.id(), at.change}, wrap, with->second);
  if (!theirs.ok() || !IsHalf(opening->second, wrap.half, *theirs)) return unfit;
  const auto own = FindHalf(core, state, epoch->first, wrap.key_class);
  if (!own || own->half == wrap.half) {
    return absl::FailedPreconditionError("the other half is not on this device");
  }
  Joined joined{epoch->first, wrap.key_class, {}};
  KAPEA_ASSIGN(joined.key, JoinHalves(identity.deployment, state.id(), epoch->first,
                                      opening->second, own->secret, *theirs));
  return joined;
}

absl::Status NotOpen(GlassStatus status) {
  switch (status) {
    case GlassStatus::kWaiting:
      return absl::FailedPreconditionError(
          "no second supervisor has agreed yet, by what this device knows; sync. Nothing was "
          "opened");
    case GlassStatus::kLapsed:
      return absl::FailedPreconditionError(
          "nobody agreed within an hour; ask again. Nothing was opened");
    default:
      return absl::FailedPreconditionError("the 24 hours are over; ask again. Nothing was opened");
  }
}

}  // namespace

Time Core::ServerNow() const {
  const ClockReading now = clock.Read();
  if (!server_time) return now.wall;
  // After a restart of the device: no earlier than what the server said.
  if (server_time->seen.boot != now.boot) return std::max(now.wall, server_time->seen.time);
  return server_time->seen.time + (now.elapsed - server_time->seen.elapsed);
}

bool Core::IsGuarded(const FileId& file) {
  const auto row = files.find(file);
  if (row == files.end() || !row->second.for_halves) return false;
  const auto state = State(file);
  return !state.ok() ||
         domain::SightOf(**state, identity.person, *directory, ServerNow()) != domain::Sight::kAll;
}

absl::StatusOr<domain::Ref> BreakGlass::Request(const GlassRequest& request) {
  KAPEA_ASSIGN(const auto state, core_.State(request.file));
  const PersonId& me = core_.identity.person;
  const domain::PersonEntry* self = core_.directory->FindPerson(me);
  if (self == nullptr || !core_.identity.person_keys.contains(self->generation)) {
    return absl::FailedPreconditionError(
        "your own key is not on this device, so that nothing could be handed to you; use another "
        "device, or ask a registrar. Nothing was written");
  }
  std::vector<domain::KeyClass> classes = request.classes;
  if (classes.empty()) {
    for (const domain::KeyClass one :
         domain::KeyClassesOf(domain::Role::kSupervisor, state->kind())) {
      if (domain::HoldsHalf(*state, me, one)) classes.push_back(one);
    }
  }
  std::sort(classes.begin(), classes.end());
  classes.erase(std::unique(classes.begin(), classes.end()), classes.end());
  if (classes.empty()) {
    return absl::PermissionDeniedError(
        "you have no half of a key of this file; nothing was written");
  }
  KAPEA_ASSIGN(codec::ChangeWriter writer, Begin(core_, *state, {}));
  for (const domain::KeyClass key_class : classes) {
    domain::Decision decision;
    decision.reason = request.reason;
    decision.from = static_cast<uint64_t>(key_class);
    decision.to = self->generation;
    writer.Add(std::move(decision));
  }
  const codec::WrapContext context{core_.identity.deployment, request.file, writer.id()};
  for (const Recipient& reader : ReadersOfNotes(core_, *state)) {
    if (request.why.empty() || writer.writes() == codec::kWritesPerChangeMax) break;
    KAPEA_ASSIGN(domain::SealedNote note, codec::SealNote(context, TargetOf(reader), request.why));
    writer.Add(std::move(note));
  }
  return CommitJudged(core_, *state, std::move(writer), {});
}

absl::StatusOr<domain::Ref> BreakGlass::Approve(const FileId& file, const ChangeId& request) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  KAPEA_ASSIGN(const GlassAt* glass, FindGlass(*state, request));
  if (glass->by == core_.identity.person) {
    return absl::PermissionDeniedError(
        "another supervisor has to agree to what you asked for; nothing was handed over");
  }
  if (glass->approval) {
    return absl::FailedPreconditionError("another supervisor has agreed already");
  }
  // An agreement counts when the server has it within the hour, and what is handed over cannot
  // be taken back.
  const ClockReading now = core_.clock.Read();
  const bool fresh = core_.server_time && core_.server_time->seen.boot == now.boot &&
                     now.elapsed - core_.server_time->seen.elapsed <= kHeardWithin;
  if (!fresh) {
    return absl::FailedPreconditionError(
        "this device has not heard of the server for a while, so that your agreement might come "
        "too "
        "late; sync, then agree. Nothing was handed over");
  }
  if (domain::StatusOf(*glass, core_.ServerNow()) == GlassStatus::kLapsed) {
    return absl::FailedPreconditionError(
        "more than an hour has passed since this was asked; let her ask again. Nothing was handed "
        "over");
  }
  KAPEA_ASSIGN(codec::ChangeWriter writer, Begin(core_, *state, {glass->request}));
  domain::Decision decision;
  decision.reason = std::string(domain::kGlassApproved);
  writer.Add(std::move(decision));
  KAPEA_ASSIGN(writer, WithHalves(core_, *state, *glass, std::move(writer)));
  return CommitJudged(core_, *state, std::move(writer), {});
}

absl::StatusOr<std::vector<domain::KeyClass>> BreakGlass::Open(const FileId& file,
                                                               const ChangeId& request) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  KAPEA_ASSIGN(const GlassAt* glass, FindGlass(*state, request));
  if (glass->by != core_.identity.person) {
    return absl::PermissionDeniedError("this was asked by another supervisor; nothing was opened");
  }
  const GlassStatus status = domain::StatusOf(*glass, core_.ServerNow());
  if (status != GlassStatus::kOpen) return NotOpen(status);
  std::vector<Joined> keys;
  absl::Status unfit;
  for (const domain::WrapAt& at : glass->halves) {
    auto joined = Join(core_, *state, *glass, at);
    if (joined.ok()) {
      keys.push_back(*std::move(joined));
      continue;
    }
    unfit = joined.status();
    if (!absl::IsDataLoss(unfit)) continue;
    KAPEA_TRY(Replica(core_).KeepEvidence(
        {"key", std::string(unfit.message()), {at.change.str(), at.wrap.key_epoch->str()}}));
  }
  if (keys.empty()) return unfit;
  KAPEA_ASSIGN(codec::ChangeWriter writer, Begin(core_, *state, {glass->request}));
  domain::Decision decision;
  decision.reason = std::string(domain::kGlassOpened);
  writer.Add(std::move(decision));
  kv::Batch batch;
  std::set<domain::KeyClass> classes;
  for (const Joined& one : keys) {
    PutClassKey(batch, file, one.epoch, one.key_class, one.key);
    classes.insert(one.key_class);
  }
  // Nothing is opened that the file is not told of.
  KAPEA_TRY(CommitJudged(core_, *state, std::move(writer), std::move(batch)).status());
  return std::vector<domain::KeyClass>(classes.begin(), classes.end());
}

absl::StatusOr<std::string> BreakGlass::Why(const FileId& file, const ChangeId& request) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  KAPEA_ASSIGN(const GlassAt* glass, FindGlass(*state, request));
  const Identity& identity = core_.identity;
  for (const domain::SealedNote& note : glass->why) {
    const crypto::ReceiveKey* with = nullptr;
    if (note.recipient_kind == domain::RecipientKind::kUnit) {
      const auto found =
          identity.unit_keys.find({UnitId::FromPrefix(note.recipient.view()), note.generation});
      if (found != identity.unit_keys.end()) with = &found->second;
    } else if (note.recipient.view() == identity.person.view()) {
      const auto found = identity.person_keys.find(note.generation);
      if (found != identity.person_keys.end()) with = &found->second;
    }
    if (with == nullptr) continue;
    const auto text = codec::OpenNote({identity.deployment, file, request}, note, *with);
    if (text.ok()) return *text;
  }
  return absl::NotFoundError("the request has no words for you");
}

Time BreakGlass::Now() const { return core_.ServerNow(); }

bool BreakGlass::IsGuarded(const FileId& file) { return core_.IsGuarded(file); }

std::vector<FileId> BreakGlass::Guarded() {
  std::vector<FileId> files;
  for (const auto& [file, row] : core_.files) {
    if (core_.IsGuarded(file)) files.push_back(file);
  }
  return files;
}

absl::StatusOr<std::vector<FileId>> BreakGlass::Forget(const std::set<FileId>& came) {
  const auto directory_row = core_.files.find(core_.identity.directory_file);
  const uint64_t directory = directory_row == core_.files.end() ? 0 : directory_row->second.number;
  const bool all = std::exchange(core_.sights_as_of, directory) != directory;
  std::vector<FileId> files;
  for (const auto& [file, row] : core_.files) {
    if (row.for_halves && (all || came.contains(file)) && !core_.IsGuarded(file)) {
      files.push_back(file);
    }
  }
  for (const FileId& file : files) {
    FileRow row = core_.files.at(file);
    row.number = 0;
    row.for_halves = false;
    kv::Batch batch;
    batch.DeleteRange(kReplicaTable, file.view(), kv::PrefixEnd(file.view()));
    batch.Delete(kNameTable, FileKey(file));
    batch.Delete(kSettingTable, FactsMark(core_, file));
    batch.Put(kFileTable, FileKey(file), row.Encode());
    KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
    core_.SetRow(file, row);
    core_.Unfold(file);
  }
  return files;
}

absl::Status BreakGlass::Close(const FileId& file) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  const PersonId& me = core_.identity.person;
  if (!domain::CameByGlass(*state, me)) return absl::OkStatus();
  const Time now = core_.ServerNow();
  for (const GlassAt& glass : state->glasses()) {
    if (glass.by == me && domain::StatusOf(glass, now) == GlassStatus::kOpen) {
      return absl::OkStatus();
    }
  }
  // Who stands on the roster opens hers again from the wraps that are for her.
  kv::Batch batch;
  batch.DeleteRange(kClassKeyTable, file.view(), kv::PrefixEnd(file.view()));
  FileRow row = core_.files.at(file);
  if (!state->MayRead(me, *core_.directory)) {
    row.for_halves = true;
    batch.Delete(kNameTable, FileKey(file));
    batch.Put(kFileTable, FileKey(file), row.Encode());
  }
  KAPEA_TRY(core_.Commit(batch, kv::Durability::kSynced));
  core_.SetRow(file, row);
  std::erase_if(core_.class_keys,
                [&file](const auto& held) { return std::get<0>(held.first) == file; });
  return absl::OkStatus();
}

}  // namespace kapea::vault
