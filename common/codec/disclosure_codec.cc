#include "common/codec/disclosure_codec.h"

#include <algorithm>
#include <utility>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/wire_values.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/ledger/tree.h"
#include "kapea/v1/change.pb.h"
#include "kapea/v1/disclosure.pb.h"

namespace kapea::codec {
namespace {

absl::Status Wrong(const std::string& what) {
  return absl::DataLossError("the disclosure " + what + ": do not use it, and tell who sent it");
}

std::string AssociatedData(const UnitId& unit, uint32_t generation, std::string_view public_key) {
  std::string out = unit.str();
  AppendU32(out, generation);
  out.append(crypto::Sha256(public_key).view());
  return out;
}

// The Change with one write, the rest withheld.
absl::StatusOr<std::string> WithOneWrite(const EncodedChange& change, uint32_t keep) {
  std::set<size_t> others;
  for (size_t i = 0; i < change.change->writes.size(); ++i) {
    if (i != keep) others.insert(i);
  }
  KAPEA_ASSIGN(EncodedChange one, WithholdLeaves(change, others));
  return std::move(one.bytes);
}

void Put(const ProvenChange& from, std::string change, v1::ProvenChange& to) {
  to.set_change(std::move(change));
  to.set_parcel_header(from.parcel_header);
  to.set_signature(from.signature);
  to.set_index(from.index);
  for (const Hash& hash : from.path) to.add_path(hash.str());
}

// Checks that the device which the Change names signed it, at that place of its parcel.
absl::StatusOr<EncodedChange> Prove(const v1::ProvenChange& from, const DeploymentId& deployment,
                                    const domain::Directory& directory) {
  KAPEA_ASSIGN(EncodedChange change, DecodeChange(from.change()));
  KAPEA_ASSIGN(const ParcelHeader parcel, ParcelHeader::Decode(from.parcel_header()));
  const domain::Header& header = change.change->header;
  const domain::DeviceEntry* device = directory.FindDevice(header.device);
  if (device == nullptr || device->person != header.person) {
    return Wrong("is signed by a device that the directory does not have");
  }
  if (device->revoked) return Wrong("is signed by a device that was revoked");
  const auto key = crypto::VerifyKey::FromBytes(device->signing_key);
  if (header.deployment != deployment || parcel.deployment != deployment ||
      parcel.device != header.device || from.index() >= parcel.changes ||
      parcel.first_sequence + from.index() != header.sequence || !key.ok() ||
      !VerifyParcelSignature(from.parcel_header(), from.signature(), *key).ok()) {
    return Wrong("is not signed by the device that it names");
  }
  std::vector<Hash> path;
  for (const std::string& hash : from.path()) KAPEA_TRY(ReadId(hash, path.emplace_back()));
  const absl::Status stands =
      ledger::VerifyInclusion(from.index(), parcel.changes,
                              ledger::LeafHash(change.change->hash.view()), path, parcel.root);
  if (!stands.ok()) return Wrong("has a value that does not stand where it says");
  return change;
}

absl::StatusOr<OpenedValue> Open(const v1::DisclosedValue& from, const domain::Disclosure& terms,
                                 const FileId& file, const DeploymentId& deployment,
                                 const domain::Directory& directory) {
  KAPEA_ASSIGN(const EncodedChange proven, Prove(from.change(), deployment, directory));
  const domain::Change& change = *proven.change;
  const auto* write = from.write() < change.writes.size()
                          ? std::get_if<domain::FieldWrite>(&change.writes[from.write()].body)
                          : nullptr;
  if (write == nullptr || !write->sealed || change.header.file != file) {
    return Wrong("has a value of something else");
  }
  const domain::DisclosedField at{write->record, write->field};
  if (std::find(terms.fields.begin(), terms.fields.end(), at) == terms.fields.end()) {
    return Wrong("has a value that was not disclosed");
  }
  const crypto::FieldContext context =
      SealContext(change.header, change.id, from.write(), change.writes[from.write()].salt,
                  write->record, write->field, *write->sealed);
  const auto plain = crypto::OpenField(crypto::SecretBytes::CopyOf(from.secret()), context,
                                       write->sealed->envelope);
  if (!plain.ok()) return Wrong("has a value that does not open");
  KAPEA_ASSIGN(domain::Value value, DecodeValue(plain->view()));
  return OpenedValue{write->record, write->field, std::move(value), change.header.person,
                     change.header.clock.wall};
}

absl::StatusOr<v1::SealedDisclosure> Parse(std::string_view bytes) {
  if (bytes.size() > kDisclosureBytesMax) {
    return absl::InvalidArgumentError("want a disclosure of at most 16 MiB");
  }
  v1::SealedDisclosure sealed;
  KAPEA_TRY(DecodeCanonical(bytes, "disclosure", sealed));
  if (sealed.format() != 1) {
    return absl::InvalidArgumentError("the disclosure needs a newer program");
  }
  return sealed;
}

}  // namespace

absl::StatusOr<std::string> SealDisclosure(const DeploymentId& deployment, const ProvenChange& act,
                                           const std::vector<DisclosedValue>& values,
                                           const DisclosureRecipient& recipient) {
  v1::DisclosureBundle bundle;
  bundle.set_deployment(deployment.str());
  Put(act, act.change.bytes, *bundle.mutable_act());
  for (const DisclosedValue& from : values) {
    KAPEA_ASSIGN(std::string change, WithOneWrite(from.change.change, from.write));
    v1::DisclosedValue& to = *bundle.add_values();
    Put(from.change, std::move(change), *to.mutable_change());
    to.set_write(from.write);
    to.set_secret(std::string(from.secret.view()));
  }
  std::string plain = bundle.SerializeAsString();
  auto message = crypto::HpkeSeal(
      recipient.public_key, crypto::kDisclosureDomain,
      AssociatedData(recipient.unit, recipient.generation, recipient.public_key), plain);
  crypto::Wipe(plain);
  KAPEA_TRY(message.status());
  v1::SealedDisclosure sealed;
  sealed.set_format(1);
  sealed.set_unit(recipient.unit.str());
  sealed.set_generation(recipient.generation);
  sealed.set_encapsulated(std::move(message->encapsulated));
  sealed.set_ciphertext(std::move(message->ciphertext));
  std::string bytes = sealed.SerializeAsString();
  if (bytes.size() > kDisclosureBytesMax) {
    return absl::ResourceExhaustedError("want a disclosure of at most 16 MiB: disclose less");
  }
  return bytes;
}

absl::StatusOr<DisclosureRecipient> RecipientOf(std::string_view bytes) {
  KAPEA_ASSIGN(const v1::SealedDisclosure sealed, Parse(bytes));
  DisclosureRecipient recipient;
  KAPEA_TRY(ReadId(sealed.unit(), recipient.unit));
  recipient.generation = sealed.generation();
  return recipient;
}

absl::StatusOr<OpenedDisclosure> OpenDisclosure(std::string_view bytes,
                                                const crypto::ReceiveKey& key,
                                                const DeploymentId& deployment,
                                                const domain::Directory& directory) {
  KAPEA_ASSIGN(const v1::SealedDisclosure sealed, Parse(bytes));
  KAPEA_ASSIGN(const DisclosureRecipient recipient, RecipientOf(bytes));
  const auto plain = crypto::HpkeOpen(
      key, sealed.encapsulated(), crypto::kDisclosureDomain,
      AssociatedData(recipient.unit, recipient.generation, key.public_key()), sealed.ciphertext());
  if (!plain.ok()) return Wrong("does not open under this unit's key");
  return ReadBundle(plain->view(), recipient.unit, deployment, directory);
}

absl::StatusOr<OpenedDisclosure> ReadBundle(std::string_view plain, const UnitId& recipient,
                                            const DeploymentId& deployment,
                                            const domain::Directory& directory) {
  v1::DisclosureBundle bundle;
  KAPEA_TRY(DecodeCanonical(plain, "disclosure", bundle));
  KAPEA_ASSIGN(const EncodedChange act, Prove(bundle.act(), deployment, directory));
  const domain::Change& change = *act.change;
  const auto* terms =
      change.writes.empty() ? nullptr : std::get_if<domain::Disclosure>(&change.writes[0].body);
  if (change.header.kind != domain::Kind::kDisclosure || terms == nullptr ||
      terms->to_unit != recipient) {
    return Wrong("is not the one that was decided, or is for another unit");
  }
  OpenedDisclosure opened{.terms = *terms,
                          .file = change.header.file,
                          .by = change.header.person,
                          .from = change.header.unit,
                          .change = change.id,
                          .values = {}};
  for (const v1::DisclosedValue& value : bundle.values()) {
    KAPEA_ASSIGN(opened.values.emplace_back(),
                 Open(value, *terms, opened.file, deployment, directory));
  }
  return opened;
}

}  // namespace kapea::codec
