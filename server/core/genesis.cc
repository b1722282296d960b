#include "server/core/genesis.h"

#include "common/base/macros.h"
#include "server/core/group.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

template <typename Body>
const Body* FindBody(const domain::Change& change, const auto& wanted) {
  for (const domain::Write& write : change.writes) {
    const auto* body = std::get_if<Body>(&write.body);
    if (body != nullptr && wanted(*body)) return body;
  }
  return nullptr;
}

absl::Status Incomplete(const char* what) {
  return absl::InvalidArgumentError(std::string("the genesis is not whole: ") + what);
}

absl::Status CheckGenesis(const codec::Parcel& parcel, const crypto::NoteSigningKey& log_key) {
  if (parcel.changes.size() != 1 || parcel.header.first_sequence != 1) {
    return Incomplete("want a parcel of one change, the device's first");
  }
  const domain::Change& change = *parcel.changes[0].change;
  const auto any = [](const auto&) { return true; };
  const auto* genesis = FindBody<domain::Genesis>(change, any);
  if (change.header.kind != domain::Kind::kGenesis || genesis == nullptr) {
    return Incomplete("it is of another kind");
  }
  if (genesis->deployment != change.header.deployment) return Incomplete("another deployment");
  if (genesis->log_key != log_key.public_key()) return Incomplete("another log key");
  for (const PersonId& registrar : genesis->registrars) {
    const auto is_person = [&](const domain::PersonEntry& e) { return e.person == registrar; };
    const auto is_device = [&](const domain::DeviceEntry& e) { return e.person == registrar; };
    if (FindBody<domain::PersonEntry>(change, is_person) == nullptr ||
        FindBody<domain::DeviceEntry>(change, is_device) == nullptr) {
      return Incomplete("a registrar has no entry or no device");
    }
  }
  const auto is_author = [&](const domain::DeviceEntry& e) {
    return e.device == change.header.device && e.person == change.header.person;
  };
  const auto* author = FindBody<domain::DeviceEntry>(change, is_author);
  if (author == nullptr) return Incomplete("its author's device is not in it");
  KAPEA_ASSIGN(const crypto::VerifyKey key, crypto::VerifyKey::FromBytes(author->signing_key));
  return codec::VerifyParcelSignature(parcel.header_bytes, parcel.signature, key);
}

}  // namespace

absl::Status InstallGenesis(kv::Store& store, const Clock& clock,
                            const crypto::NoteSigningKey& log_key, const codec::Parcel& genesis) {
  KAPEA_ASSIGN(const auto head, store.Find(kMeta, "head"));
  if (head) {
    return absl::AlreadyExistsError("the store has a ledger already; nothing was changed");
  }
  KAPEA_TRY(CheckGenesis(genesis, log_key));
  KAPEA_ASSIGN(crypto::NoteSigningKey key, crypto::NoteSigningKey::FromSeed(log_key.Seed()));
  KAPEA_ASSIGN(auto builder, GroupBuilder::Open(store, clock, std::move(key)));
  builder->BeginDeployment(genesis.header.deployment);
  builder->Begin();
  Submission submission;
  submission.parcels.push_back(genesis);
  builder->Add(submission, 0);
  KAPEA_ASSIGN(const kv::Batch batch, builder->Finish());
  const std::vector<SubmissionResult> results = builder->TakeResults();
  KAPEA_TRY(results.at(0).status);
  if (results[0].refusal) return absl::InvalidArgumentError(results[0].refusal->message);
  if (builder->directory()->directory.genesis() == std::nullopt) {
    return Incomplete("the directory did not take it");
  }
  return store.Commit(batch, kv::Durability::kSynced);
}

}  // namespace kapea::server
