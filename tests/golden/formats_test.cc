// Frozen bytes of every signed and sealed format. They were made once by this program
// (KAPEA_WRITE_GOLDEN=1) and must be read the same way for ever. docs/protocol.md walks
// through them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>

#include "common/base/bytes.h"
#include "common/codec/change_codec.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/hash.h"
#include "common/crypto/hpke.h"
#include "common/ledger/checkpoint.h"

namespace kapea {
namespace {

const char kPath[] = KAPEA_SOURCE "/tests/golden/formats.txt";

template <typename Id>
Id Fill(char c) {
  return *Id::FromBytes(std::string(Id::kBytes, c));
}

crypto::SigningKey GoldenKey() {
  return *crypto::SigningKey::FromScalar(crypto::SecretBytes::CopyOf(std::string(32, '\x11')));
}
crypto::NoteSigningKey GoldenLogKey() {
  return *crypto::NoteSigningKey::FromSeed(crypto::SecretBytes::CopyOf(std::string(32, '\x22')));
}
crypto::SecretBytes GoldenClassKey() {
  return crypto::SecretBytes::CopyOf(std::string(32, '\x33'));
}
crypto::ReceiveKey GoldenReceiveKey() {
  return *crypto::ReceiveKey::FromPrivate(crypto::SecretBytes::CopyOf(std::string(32, '\x44')));
}
const ClockReading kClock{Time::FromUnixMs(1'790'000'000'000), Duration::Seconds(3600),
                          Fill<BootId>('b')};

std::string GoldenServerTime() {
  const ledger::Checkpoint checkpoint{ledger::OriginOf(Fill<DeploymentId>('d'), 1), 42,
                                      Fill<Hash>('r'), Time::FromUnixMs(1'789'999'000'000)};
  return ledger::SignCheckpoint(checkpoint, GoldenLogKey());
}

domain::Header GoldenHeader(uint64_t sequence, domain::Kind kind) {
  domain::Header header;
  header.deployment = Fill<DeploymentId>('d');
  header.nonce = Fill<Nonce>('n');
  header.file = Fill<FileId>('f');
  header.device = Fill<DeviceId>('v');
  header.person = Fill<PersonId>('p');
  header.unit = Fill<UnitId>('u');
  header.role = domain::Role::kIntakeOfficer;
  header.sequence = sequence;
  header.clock = kClock;
  header.server_time_note = GoldenServerTime();
  header.server_time = {Time::FromUnixMs(1'789'999'000'000), 42, Fill<Hash>('r'),
                        Duration::Seconds(2600), Fill<BootId>('b')};
  header.roster = Fill<Hash>('o');
  header.file_number = 7;
  header.pack = Fill<Hash>('k');
  header.refs = {{Fill<ChangeId>('c'), Fill<Hash>('h')}};
  header.kind = kind;
  return header;
}

codec::EncodedChange MakeEdit() {
  codec::ChangeWriter writer(GoldenHeader(8, domain::Kind::kEdit));
  domain::FieldWrite clear;
  clear.record = Fill<RecordId>('R');
  clear.form = domain::FormPin{"KH-VICTIM-INTAKE", 1};
  clear.field = "sex";
  clear.clear = domain::Value(domain::Code{"F"});
  writer.Add(clear);
  domain::FieldWrite sealed;
  sealed.record = Fill<RecordId>('R');
  sealed.field = "birth_date";
  sealed.replaces = {Fill<ChangeId>('q')};
  EXPECT_TRUE(writer
                  .AddSealed(sealed, domain::Value(domain::Date{"2009-05"}), Fill<KeyEpochId>('e'),
                             domain::KeyClass::kIdentity, GoldenClassKey())
                  .ok());
  domain::FieldWrite derived;
  derived.record = Fill<RecordId>('R');
  derived.field = "age_group";
  derived.clear = domain::Value(domain::Code{"A_15_17"});
  derived.of = 1;
  writer.Add(derived);
  return *std::move(writer).Finish();
}

codec::EncodedChange MakeRoster() {
  domain::Header header = GoldenHeader(9, domain::Kind::kRoster);
  header.roster.reset();
  header.file = codec::FileIdOf(header.deployment, header.device, header.nonce);
  codec::ChangeWriter writer(header);
  writer.Add(domain::Founding{domain::FileKind::kPerson, true});
  domain::RosterWrite roster;
  roster.added.push_back({Fill<PersonId>('p'),
                          Fill<UnitId>('u'),
                          domain::Role::kUnitLead,
                          {domain::Duty::kLead, domain::Duty::kJpo}});
  roster.added.push_back({std::nullopt, Fill<UnitId>('s'), domain::Role::kIntakeOfficer, {}});
  writer.Add(roster);
  domain::KeyOpening opening;
  opening.key_class = domain::KeyClass::kIdentity;
  opening.commitment = *Hash::FromBytes(
      crypto::ClassKeyCommitment(GoldenClassKey(), header.deployment, header.file, writer.id(),
                                 static_cast<uint8_t>(domain::KeyClass::kIdentity)));
  writer.Add(opening);
  return *std::move(writer).Finish();
}

codec::EncodedChange MakeGrant() {
  codec::ChangeWriter writer(GoldenHeader(10, domain::Kind::kGrant));
  codec::WrapTarget target;
  target.key_epoch = Fill<KeyEpochId>('e');
  target.key_class = domain::KeyClass::kIdentity;
  target.recipient_kind = domain::RecipientKind::kPerson;
  target.recipient = Fill<ChangeId>('p');
  target.generation = 1;
  target.public_key = GoldenReceiveKey().public_key();
  auto wrap = codec::SealWrap({writer.header().deployment, writer.header().file, writer.id()},
                              target, GoldenClassKey());
  EXPECT_TRUE(wrap.ok()) << wrap.status();
  writer.Add(*std::move(wrap));
  return *std::move(writer).Finish();
}

domain::Entry GoldenEntry(const domain::Change& change) {
  domain::Entry entry;
  entry.sequence = 42;
  entry.received = Time::FromUnixMs(1'790'000'060'000);
  entry.device = change.header.device;
  entry.change = change.id;
  entry.kind = change.header.kind;
  entry.file = change.header.file;
  entry.number = 8;
  entry.change_hash = change.hash;
  entry.parcel_hash = Fill<Hash>('P');
  entry.verdict = domain::Verdict::kAccepted;
  entry.rules = 1;
  return entry;
}

using Golden = std::map<std::string, std::string>;  // name -> bytes

void Write(const std::string& path) {
  const codec::EncodedChange edit = MakeEdit();
  const codec::EncodedChange roster = MakeRoster();
  const codec::EncodedChange grant = MakeGrant();
  const codec::Parcel parcel =
      *codec::SignParcel({edit, roster, grant}, Fill<Hash>('z'), kClock, GoldenKey());
  std::ofstream out(path);
  out << "# Made once; see formats_test.cc. Each line: name, colon, bytes in hex.\n";
  const Golden golden = {
      {"change_edit", edit.bytes},
      {"change_edit_id", edit.change->id.str()},
      {"change_edit_hash", edit.change->hash.str()},
      {"change_roster", roster.bytes},
      {"change_roster_hash", roster.change->hash.str()},
      {"change_grant", grant.bytes},
      {"change_grant_hash", grant.change->hash.str()},
      {"parcel", codec::EncodeParcel(parcel)},
      {"parcel_hash", parcel.hash.str()},
      {"entry", codec::EncodeEntry(GoldenEntry(*edit.change))},
      {"entry_leaf_hash", ledger::LeafHash(codec::EncodeEntry(GoldenEntry(*edit.change))).str()},
      {"server_time", GoldenServerTime()},
  };
  for (const auto& [name, bytes] : golden) out << name << ": " << ToHex(bytes) << "\n";
}

const Golden& Frozen() {
  static const Golden golden = [] {
    if (std::getenv("KAPEA_WRITE_GOLDEN") != nullptr) Write(kPath);
    Golden read;
    std::ifstream in(kPath);
    for (std::string line; std::getline(in, line);) {
      const auto colon = line.find(": ");
      if (line.starts_with("#") || colon == std::string::npos) continue;
      read[line.substr(0, colon)] = *FromHex(line.substr(colon + 2));
    }
    return read;
  }();
  return golden;
}

std::string At(const std::string& name) {
  const auto found = Frozen().find(name);
  EXPECT_NE(found, Frozen().end()) << name;
  return found == Frozen().end() ? std::string() : found->second;
}

TEST(GoldenFormatsTest, ReadsAnEditWithClearSealedAndDerivedWrites) {
  const auto encoded = codec::DecodeChange(At("change_edit"));
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  const domain::Change& change = *encoded->change;
  EXPECT_EQ(change.id.str(), At("change_edit_id"));
  EXPECT_EQ(change.hash.str(), At("change_edit_hash"));
  EXPECT_EQ(change.header.sequence, 8u);
  EXPECT_EQ(change.header.key_epochs, std::vector{Fill<KeyEpochId>('e')});
  ASSERT_TRUE(change.header.server_time.has_value());
  EXPECT_EQ(change.header.server_time->time, Time::FromUnixMs(1'789'999'000'000));
  ASSERT_EQ(change.writes.size(), 3u);
  const auto& clear = std::get<domain::FieldWrite>(change.writes[0].body);
  EXPECT_EQ(*clear.clear, domain::Value(domain::Code{"F"}));
  const auto& derived = std::get<domain::FieldWrite>(change.writes[2].body);
  EXPECT_EQ(derived.of, 1u);

  const auto& sealed = std::get<domain::FieldWrite>(change.writes[1].body);
  ASSERT_TRUE(sealed.sealed.has_value());
  const auto context = codec::SealContext(change.header, change.id, 1, change.writes[1].salt,
                                          sealed.record, sealed.field, *sealed.sealed);
  const auto opened = crypto::OpenField(crypto::FieldSecret(GoldenClassKey(), context), context,
                                        sealed.sealed->envelope);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*codec::DecodeValue(opened->view()), domain::Value(domain::Date{"2009-05"}));
}

TEST(GoldenFormatsTest, ReadsAFoundingRosterWithItsKeyEpoch) {
  const auto encoded = codec::DecodeChange(At("change_roster"));
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  const domain::Change& change = *encoded->change;
  EXPECT_EQ(change.hash.str(), At("change_roster_hash"));
  EXPECT_EQ(change.header.file,
            codec::FileIdOf(change.header.deployment, change.header.device, change.header.nonce));
  EXPECT_TRUE(std::get<domain::Founding>(change.writes[0].body).drill);
  const auto& roster = std::get<domain::RosterWrite>(change.writes[1].body);
  ASSERT_EQ(roster.added.size(), 2u);
  EXPECT_FALSE(roster.added[1].person.has_value());
  const auto& opening = std::get<domain::KeyOpening>(change.writes[2].body);
  EXPECT_EQ(
      opening.commitment.str(),
      crypto::ClassKeyCommitment(GoldenClassKey(), change.header.deployment, change.header.file,
                                 change.id, static_cast<uint8_t>(domain::KeyClass::kIdentity)));
}

TEST(GoldenFormatsTest, OpensAGrant) {
  const auto encoded = codec::DecodeChange(At("change_grant"));
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  const domain::Change& change = *encoded->change;
  EXPECT_EQ(change.hash.str(), At("change_grant_hash"));
  const auto& wrap = std::get<domain::Wrap>(change.writes[0].body);
  const codec::WrapContext context{change.header.deployment, change.header.file, change.id};
  const auto key = codec::OpenWrap(context, wrap, GoldenReceiveKey());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_TRUE(*key == GoldenClassKey());
}

TEST(GoldenFormatsTest, ReadsAParcelAndItsSignature) {
  const auto parcel = codec::DecodeParcel(At("parcel"));
  ASSERT_TRUE(parcel.ok()) << parcel.status();
  EXPECT_EQ(parcel->hash.str(), At("parcel_hash"));
  EXPECT_EQ(parcel->header.first_sequence, 8u);
  ASSERT_EQ(parcel->changes.size(), 3u);
  EXPECT_TRUE(codec::VerifyParcelSignature(parcel->header_bytes, parcel->signature,
                                           GoldenKey().verify_key())
                  .ok());
  EXPECT_EQ(codec::EncodeParcel(*parcel), At("parcel"));
}

TEST(GoldenFormatsTest, ReadsAnEntryAndAServerTime) {
  const auto entry = codec::DecodeEntry(At("entry"));
  ASSERT_TRUE(entry.ok()) << entry.status();
  EXPECT_EQ(codec::EncodeEntry(*entry), At("entry"));
  EXPECT_EQ(ledger::LeafHash(At("entry")).str(), At("entry_leaf_hash"));
  EXPECT_EQ(At("server_time"), GoldenServerTime());  // Ed25519 has no randomness
  const auto checkpoint = ledger::OpenCheckpoint(
      At("server_time"),
      {ledger::OriginOf(Fill<DeploymentId>('d'), 1), GoldenLogKey().public_key()});
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->time, Time::FromUnixMs(1'789'999'000'000));
}

TEST(GoldenFormatsTest, RefusesEveryOtherEncodingOfTheSame) {
  // One byte more, one less, one altered: none of it is a Change any more, or it has
  // another hash.
  const std::string bytes = At("change_edit");
  const std::string hash = At("change_edit_hash");
  int other_hash = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string altered = bytes;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    const auto change = codec::DecodeChange(altered);
    if (change.ok()) {
      ++other_hash;
      EXPECT_NE(change->change->hash.str(), hash) << i;
    }
    EXPECT_FALSE(codec::DecodeChange(bytes.substr(0, i)).ok()) << i;
  }
  EXPECT_GT(other_hash, 100);  // ids, salts and texts may be anything
  EXPECT_FALSE(codec::DecodeChange(bytes + std::string("\x1a\x00", 2)).ok());
}

}  // namespace
}  // namespace kapea
