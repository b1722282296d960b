#include "common/codec/change_codec.h"

#include <array>
#include <set>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/field_reader.h"
#include "common/codec/wire.h"
#include "common/codec/wire_values.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/ledger/tree.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "kapea/v1/change.pb.h"

namespace kapea::codec {
namespace {

using google::protobuf::Arena;

Hash LeafHashOf(std::string_view salt, std::string_view content) {
  static constexpr char kLeafPrefix = 0;
  return crypto::Sha256({std::string_view(&kLeafPrefix, 1), salt, content});
}

absl::Status Malformed(const char* what) {
  return absl::InvalidArgumentError(std::string("malformed ") + what);
}

absl::Status TooLong(size_t size) {
  return absl::ResourceExhaustedError("want a change of at most 65,536 bytes, got " +
                                      std::to_string(size));
}

bool HasUnknownFields(const google::protobuf::Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

// A leaf and a Change as they lie in their bytes. They are read by hand: a message would
// copy each leaf twice, and there are twenty in a usual Change.
struct LeafView {
  std::string_view salt, content, hash;
};
struct ChangeView {
  LeafView header;
  std::vector<LeafView> writes;
};

bool ReadLeaf(std::string_view bytes, LeafView& leaf) {
  FieldReader fields(bytes);
  std::string_view* const members[] = {&leaf.salt, &leaf.content, &leaf.hash};
  int number = 0;
  for (std::string_view* member : members) {
    const auto content = fields.Take(++number);
    if (content && content->empty()) return false;  // left out when empty
    *member = content.value_or(std::string_view());
  }
  return fields.done();
}

absl::StatusOr<ChangeView> ReadChange(std::string_view bytes) {
  ChangeView change;
  FieldReader fields(bytes);
  const auto header = fields.Take(1);
  if (!header || !ReadLeaf(*header, change.header)) return Malformed("change");
  while (const auto write = fields.Take(2)) {
    if (!ReadLeaf(*write, change.writes.emplace_back())) return Malformed("change");
  }
  if (!fields.done()) return Malformed("change");
  return change;
}

// The hash of a leaf that may be withheld; fills salt and content where it is not.
absl::StatusOr<Hash> HashOfLeaf(const LeafView& leaf, Salt* salt, bool* withheld) {
  *withheld = !leaf.hash.empty();
  if (*withheld) {
    if (!leaf.salt.empty() || !leaf.content.empty()) return Malformed("leaf");
    return Hash::FromBytes(leaf.hash);
  }
  KAPEA_TRY(ReadId(leaf.salt, *salt));
  return LeafHashOf(leaf.salt, leaf.content);
}

// A header of another format version is read as far as it goes.
absl::StatusOr<domain::Header> DecodeHeader(std::string_view bytes, Arena& arena) {
  auto& wire = *Arena::CreateMessage<v1::ChangeHeader>(&arena);
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Malformed("header");
  }
  if (wire.format() == 1) KAPEA_TRY(DecodeCanonical(bytes, "header", wire));
  return FromWire(wire);
}

absl::StatusOr<domain::WriteBody> DecodeWrite(const domain::Header& header, std::string_view bytes,
                                              const Hash& leaf, Arena& arena) {
  // What a newer format says cannot be judged here; the hash still holds it fast.
  if (header.format != 1) return domain::WriteBody(domain::Withheld{leaf});
  if (auto usual = ReadUsualFieldWrite(bytes)) return domain::WriteBody(*std::move(usual));
  auto& wire = *Arena::CreateMessage<v1::Write>(&arena);
  KAPEA_TRY(DecodeCanonical(bytes, "write", wire));
  return FromWire(wire);
}

absl::StatusOr<domain::Change> FromView(const ChangeView& view) {
  domain::Change change;
  // Of the parsed parts, freed at once; those of most Changes need no more.
  alignas(8) std::array<char, 4096> first_block;
  Arena arena(first_block.data(), first_block.size());
  std::vector<Hash> leaves;
  leaves.reserve(1 + view.writes.size());
  Salt salt;
  bool withheld = false;
  KAPEA_ASSIGN(const Hash first, HashOfLeaf(view.header, &salt, &withheld));
  if (withheld) return Malformed("change: its header is withheld");
  leaves.push_back(first);
  KAPEA_ASSIGN(change.header, DecodeHeader(view.header.content, arena));
  if (change.header.writes != view.writes.size() || view.writes.empty() ||
      change.header.writes > kWritesPerChangeMax) {
    return Malformed("change: number of writes");
  }
  change.writes.reserve(change.header.writes);
  for (const LeafView& leaf : view.writes) {
    domain::Write& write = change.writes.emplace_back();
    KAPEA_ASSIGN(const Hash hash, HashOfLeaf(leaf, &write.salt, &withheld));
    leaves.push_back(hash);
    if (withheld) {
      write.body = domain::Withheld{hash};
    } else {
      KAPEA_ASSIGN(write.body, DecodeWrite(change.header, leaf.content, hash, arena));
    }
  }
  change.hash = ledger::RootOf(leaves);
  change.id = ChangeIdOf(change.header.deployment, change.header.device, change.header.sequence,
                         change.header.nonce);
  return change;
}

}  // namespace

ChangeId ChangeIdOf(const DeploymentId& deployment, const DeviceId& device, uint64_t sequence,
                    const Nonce& nonce) {
  std::string number;
  AppendU64(number, sequence);
  return ChangeId::FromPrefix(crypto::Sha256({crypto::kChangeIdDomain, deployment.view(),
                                              device.view(), number, nonce.view()})
                                  .view());
}

FileId FileIdOf(const DeploymentId& deployment, const DeviceId& device, const Nonce& nonce) {
  return FileId::FromPrefix(
      crypto::Sha256({crypto::kFileIdDomain, deployment.view(), device.view(), nonce.view()})
          .view());
}

std::string EncodeValue(const domain::Value& value) { return EncodeCanonical(ToWire(value)); }

absl::StatusOr<domain::Value> DecodeValue(std::string_view bytes) {
  v1::Value wire;
  KAPEA_TRY(DecodeCanonical(bytes, "value", wire));
  return FromWire(wire);
}

crypto::FieldContext SealContext(const domain::Header& header, const ChangeId& change,
                                 uint32_t index, const Salt& salt, const RecordId& record,
                                 std::string_view field, const domain::Sealed& sealed) {
  crypto::FieldContext context;
  context.deployment = header.deployment;
  context.file = header.file;
  context.key_epoch = sealed.key_epoch;
  context.key_class = static_cast<uint8_t>(sealed.key_class);
  context.change = change;
  context.write_index = index;
  context.record = record;
  context.field_code = std::string(field);
  context.leaf_salt = salt;
  return context;
}

ChangeWriter::ChangeWriter(domain::Header header) : header_(std::move(header)) {
  if (header_.nonce.is_zero()) header_.nonce = crypto::RandomId<Nonce>();
  id_ = ChangeIdOf(header_.deployment, header_.device, header_.sequence, header_.nonce);
}

void ChangeWriter::Add(domain::WriteBody body) {
  auto* unit = std::get_if<domain::UnitEntry>(&body);
  if (unit != nullptr && !unit->receive_key.empty()) {
    unit->receive_key_hash = crypto::Sha256(unit->receive_key);
  }
  writes_.push_back({crypto::RandomId<Salt>(), std::move(body)});
}

absl::Status ChangeWriter::AddSealed(domain::FieldWrite write, const domain::Value& value,
                                     const KeyEpochId& key_epoch, domain::KeyClass key_class,
                                     const crypto::SecretBytes& class_key) {
  std::string plaintext = EncodeValue(value);
  const absl::Status added =
      AddSealedPlaintext(std::move(write), plaintext, key_epoch, key_class, class_key);
  crypto::Wipe(plaintext);
  return added;
}

absl::Status ChangeWriter::AddSealedPlaintext(domain::FieldWrite write, std::string_view plaintext,
                                              const KeyEpochId& key_epoch,
                                              domain::KeyClass key_class,
                                              const crypto::SecretBytes& class_key) {
  const Salt salt = crypto::RandomId<Salt>();
  domain::Sealed sealed{key_epoch, key_class, {}};
  const crypto::FieldContext context =
      SealContext(header_, id_, writes(), salt, write.record, write.field, sealed);
  auto envelope = crypto::SealField(crypto::FieldSecret(class_key, context), context, plaintext);
  if (!envelope.ok()) return envelope.status();
  sealed.envelope = *std::move(envelope);
  write.sealed = std::move(sealed);
  writes_.push_back({salt, std::move(write)});
  return absl::OkStatus();
}

absl::StatusOr<EncodedChange> ChangeWriter::Finish() && {
  if (writes_.empty()) return absl::InvalidArgumentError("a change needs at least one write");
  if (writes_.size() > kWritesPerChangeMax) {
    return absl::ResourceExhaustedError("want at most 256 writes in a change, got " +
                                        std::to_string(writes_.size()));
  }
  header_.writes = writes();
  std::set<KeyEpochId> key_epochs;
  for (const domain::Write& write : writes_) {
    const auto* field = std::get_if<domain::FieldWrite>(&write.body);
    if (field != nullptr && field->sealed) key_epochs.insert(field->sealed->key_epoch);
  }
  header_.key_epochs.assign(key_epochs.begin(), key_epochs.end());

  v1::Change wire;
  std::vector<Hash> leaves;
  const Salt header_salt = crypto::RandomId<Salt>();
  wire.mutable_header()->set_salt(header_salt.str());
  wire.mutable_header()->set_content(EncodeCanonical(ToWire(header_)));
  leaves.push_back(LeafHashOf(header_salt.view(), wire.header().content()));
  for (const domain::Write& write : writes_) {
    v1::Leaf& leaf = *wire.add_writes();
    leaf.set_salt(write.salt.str());
    leaf.set_content(EncodeCanonical(ToWire(write.body)));
    leaves.push_back(LeafHashOf(write.salt.view(), leaf.content()));
  }
  auto change = std::make_shared<domain::Change>();
  change->id = id_;
  change->hash = ledger::RootOf(leaves);
  change->header = std::move(header_);
  change->writes = std::move(writes_);
  EncodedChange encoded{EncodeCanonical(wire), std::move(change)};
  if (encoded.bytes.size() > kChangeBytesMax) {
    return TooLong(encoded.bytes.size());
  }
  return encoded;
}

absl::StatusOr<EncodedChange> DecodeChange(std::string_view bytes) {
  if (bytes.size() > kChangeBytesMax) {
    return TooLong(bytes.size());
  }
  KAPEA_ASSIGN(const ChangeView view, ReadChange(bytes));
  KAPEA_ASSIGN(domain::Change change, FromView(view));
  return EncodedChange{std::string(bytes),
                       std::make_shared<const domain::Change>(std::move(change))};
}

std::string ParcelHeader::Encode() const {
  v1::ParcelHeader wire;
  wire.set_format(format);
  wire.set_deployment(deployment.str());
  wire.set_device(device.str());
  wire.set_first_sequence(first_sequence);
  wire.set_changes(changes);
  wire.set_previous(previous.str());
  wire.set_wall_ms(signing.wall.unix_ms());
  wire.set_elapsed_ms(static_cast<uint64_t>(signing.elapsed.milliseconds()));
  wire.set_boot(signing.boot.str());
  wire.set_root(root.str());
  return EncodeCanonical(wire);
}

absl::StatusOr<ParcelHeader> ParcelHeader::Decode(std::string_view bytes) {
  v1::ParcelHeader wire;
  KAPEA_TRY(DecodeCanonical(bytes, "parcel header", wire));
  if (wire.format() != 1) return absl::UnimplementedError("parcel: needs a newer program");
  ParcelHeader header;
  KAPEA_TRY(ReadId(wire.deployment(), header.deployment));
  KAPEA_TRY(ReadId(wire.device(), header.device));
  header.first_sequence = wire.first_sequence();
  header.changes = wire.changes();
  KAPEA_TRY(ReadId(wire.previous(), header.previous));
  KAPEA_TRY(ReadId(wire.boot(), header.signing.boot));
  KAPEA_TRY(ReadId(wire.root(), header.root));
  constexpr uint64_t kElapsedMsMax = uint64_t{1} << 53;
  if (header.first_sequence == 0 || header.changes == 0 || header.changes > kChangesPerParcelMax ||
      wire.elapsed_ms() > kElapsedMsMax || wire.wall_ms() < Time::Min().unix_ms() ||
      wire.wall_ms() > Time::Max().unix_ms()) {
    return Malformed("parcel header");
  }
  header.signing.wall = Time::FromUnixMs(wire.wall_ms());
  header.signing.elapsed = Duration::Milliseconds(static_cast<int64_t>(wire.elapsed_ms()));
  return header;
}

Hash ParcelHashOf(std::string_view header_bytes) {
  return crypto::Sha256({crypto::kParcelDomain, header_bytes});
}

namespace {

std::string SignedBytes(std::string_view header_bytes) {
  std::string message(crypto::kParcelDomain);
  message.append(header_bytes);
  return message;
}

Hash RootOfChanges(const std::vector<EncodedChange>& changes) {
  std::vector<Hash> leaves;
  for (const EncodedChange& encoded : changes) {
    leaves.push_back(ledger::LeafHash(encoded.change->hash.view()));
  }
  return ledger::RootOf(leaves);
}

// Whether the changes are the run that the header says.
bool IsRun(const ParcelHeader& header, const std::vector<EncodedChange>& changes) {
  if (changes.size() != header.changes) return false;
  for (size_t i = 0; i < changes.size(); ++i) {
    const domain::Header& change = changes[i].change->header;
    if (change.deployment != header.deployment || change.device != header.device ||
        change.sequence != header.first_sequence + i) {
      return false;
    }
  }
  return true;
}

absl::Status CheckParcelSize(size_t size) {
  return size <= kParcelBytesMax
             ? absl::OkStatus()
             : absl::ResourceExhaustedError("want a parcel of at most 524,288 bytes, got " +
                                            std::to_string(size));
}

// What EncodeParcel will need, without doing it: fields 1 to 3 have a tag of one byte.
size_t EncodedSize(const Parcel& parcel) {
  const auto field = [](size_t length) {
    return 1 + google::protobuf::io::CodedOutputStream::VarintSize64(length) + length;
  };
  size_t size = field(parcel.header_bytes.size()) + field(parcel.signature.size());
  for (const EncodedChange& encoded : parcel.changes) size += field(encoded.bytes.size());
  return size;
}

}  // namespace

absl::StatusOr<Parcel> SignParcel(std::vector<EncodedChange> changes, const Hash& previous,
                                  const ClockReading& signing, const crypto::SigningKey& key) {
  if (changes.empty() || changes.size() > kChangesPerParcelMax) {
    return absl::ResourceExhaustedError("want 1 to 256 changes in a parcel, got " +
                                        std::to_string(changes.size()));
  }
  Parcel parcel;
  const domain::Header& first = changes.front().change->header;
  parcel.header.deployment = first.deployment;
  parcel.header.device = first.device;
  parcel.header.first_sequence = first.sequence;
  parcel.header.changes = static_cast<uint32_t>(changes.size());
  parcel.header.previous = previous;
  parcel.header.signing = signing;
  parcel.header.root = RootOfChanges(changes);
  if (!IsRun(parcel.header, changes)) {
    return absl::FailedPreconditionError("a parcel holds one device's consecutive changes");
  }
  parcel.header_bytes = parcel.header.Encode();
  parcel.hash = ParcelHashOf(parcel.header_bytes);
  parcel.signature = key.Sign(SignedBytes(parcel.header_bytes));
  parcel.changes = std::move(changes);
  KAPEA_TRY(CheckParcelSize(EncodedSize(parcel)));
  return parcel;
}

absl::Status VerifyParcelSignature(std::string_view header_bytes, std::string_view signature,
                                   const crypto::VerifyKey& key) {
  return key.Verify(SignedBytes(header_bytes), signature);
}

void ParcelToWire(const Parcel& parcel, v1::Parcel& wire) {
  wire.set_header(parcel.header_bytes);
  wire.set_signature(parcel.signature);
  for (const EncodedChange& encoded : parcel.changes) wire.add_changes(encoded.bytes);
}

std::string EncodeParcel(const Parcel& parcel) {
  // The Changes are encoded already, and their bytes are the canonical ones.
  std::string bytes;
  bytes.reserve(EncodedSize(parcel));
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream out(&stream);
  const auto field = [&out](int number, const std::string& content) {
    constexpr int kLengthDelimited = 2;
    out.WriteTag(static_cast<uint32_t>(number << 3 | kLengthDelimited));
    out.WriteVarint64(content.size());
    out.WriteString(content);
  };
  field(v1::Parcel::kHeaderFieldNumber, parcel.header_bytes);
  field(v1::Parcel::kSignatureFieldNumber, parcel.signature);
  for (const EncodedChange& change : parcel.changes) {
    field(v1::Parcel::kChangesFieldNumber, change.bytes);
  }
  out.Trim();
  return bytes;
}

absl::StatusOr<Parcel> DecodeParcel(std::string_view bytes) {
  KAPEA_TRY(CheckParcelSize(bytes.size()));
  v1::Parcel wire;
  if (!wire.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Malformed("parcel");
  }
  return ParcelFromWire(wire);
}

absl::StatusOr<Parcel> ParcelFromWire(const v1::Parcel& wire) {
  KAPEA_TRY(CheckParcelSize(wire.ByteSizeLong()));
  if (HasUnknownFields(wire)) return Malformed("parcel");
  Parcel parcel;
  parcel.header_bytes = wire.header();
  KAPEA_ASSIGN(parcel.header, ParcelHeader::Decode(parcel.header_bytes));
  parcel.hash = ParcelHashOf(parcel.header_bytes);
  parcel.signature = wire.signature();
  if (parcel.signature.size() != 64) return Malformed("parcel: signature");
  if (static_cast<uint32_t>(wire.changes_size()) != parcel.header.changes) {
    return Malformed("parcel: number of changes");
  }
  parcel.changes.reserve(parcel.header.changes);
  for (const std::string& bytes : wire.changes()) {
    KAPEA_ASSIGN(parcel.changes.emplace_back(), DecodeChange(bytes));
  }
  if (!IsRun(parcel.header, parcel.changes)) return Malformed("parcel: not one device's run");
  if (RootOfChanges(parcel.changes) != parcel.header.root) return Malformed("parcel: root");
  return parcel;
}

}  // namespace kapea::codec
