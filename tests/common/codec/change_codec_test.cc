// Changes as values and as bytes: nothing is lost on the way, and a hash or an id
// depends on all that it should.
#include "common/codec/change_codec.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "common/codec/wire_values.h"
#include "common/crypto/hash.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/common/codec/raw_wire.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

template <typename M>
M FromText(const std::string& text) {
  M message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(Expanded(text), &message)) << text;
  return message;
}

template <typename M>
M Parsed(const std::string& bytes) {
  M message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}

// Which fields of which messages are said, by full name.
void Collect(const Message& message, std::set<std::string>& said) {
  std::vector<const FieldDescriptor*> fields;
  const auto* reflection = message.GetReflection();
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    said.insert(field->full_name());
    if (field->type() != FieldDescriptor::TYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      Collect(reflection->GetMessage(message, field), said);
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      Collect(reflection->GetRepeatedMessage(message, field, i), said);
    }
  }
}
// All there are, the messages within included.
void CollectAll(const google::protobuf::Descriptor& type, std::set<std::string>& all) {
  for (int i = 0; i < type.field_count(); ++i) {
    all.insert(type.field(i)->full_name());
    if (type.field(i)->message_type() != nullptr) CollectAll(*type.field(i)->message_type(), all);
  }
}

TEST(ChangeCodecTest, EveryBodyIsWrittenAsItsMessageAndReadBack) {
  std::set<std::string> said, all;
  for (const SampleBody& sample : SampleBodies()) {
    SCOPED_TRACE(sample.text);
    const EncodedChange change = ChangeWith({sample.body});
    const std::string content = WriteContent(change, 0);
    const auto wire = Parsed<v1::Write>(content);
    std::string difference;
    MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(wire, FromText<v1::Write>(sample.text))) << difference;
    Collect(wire, said);

    const auto read = DecodeChange(change.bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->bytes, change.bytes);
    const domain::WriteBody& body = read->change->writes.at(0).body;
    EXPECT_EQ(body.index(), sample.body.index());
    // Every field of the message is said, so one that reading dropped would be missed here.
    EXPECT_EQ(ToWire(body).SerializeAsString(), content);
  }
  for (const auto& [value, text] : SampleValues()) Collect(ToWire(value), said);
  std::erase_if(said, [](const std::string& name) { return name.starts_with("kapea.v1.Value."); });
  CollectAll(*v1::Write::descriptor(), all);
  std::erase_if(all, [](const std::string& name) { return name.starts_with("kapea.v1.Value."); });
  EXPECT_EQ(said, all);
}

TEST(ChangeCodecTest, EveryValueIsWrittenAsItsMessageAndReadBack) {
  std::set<std::string> said, all;
  for (const auto& [value, text] : SampleValues()) {
    SCOPED_TRACE(text);
    const std::string bytes = EncodeValue(value);
    EXPECT_TRUE(MessageDifferencer::Equals(Parsed<v1::Value>(bytes), FromText<v1::Value>(text)));
    const auto read = DecodeValue(bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, value);
    Collect(ToWire(value), said);
  }
  CollectAll(*v1::Value::descriptor(), all);
  EXPECT_EQ(said, all);
}

// The fields of a header as a message; its server time note is compared apart.
TEST(ChangeCodecTest, EveryFieldOfTheHeaderIsWrittenAndReadBack) {
  domain::FieldWrite sealed;
  sealed.record = Fill<RecordId>('r');
  sealed.field = "name";
  sealed.sealed = {Fill<KeyEpochId>('z'), domain::KeyClass::kIdentity, std::string(112, 'E')};
  domain::FieldWrite other = sealed;
  other.sealed->key_epoch = Fill<KeyEpochId>('e');
  const EncodedChange change = ChangeWith({sealed, other, sealed});
  auto wire = Parsed<v1::ChangeHeader>(HeaderContent(change));
  std::set<std::string> said, all;
  Collect(wire, said);
  CollectAll(*v1::ChangeHeader::descriptor(), all);
  EXPECT_EQ(said, all);
  EXPECT_EQ(wire.server_time(), SampleHeader().server_time_note);
  wire.clear_server_time();
  EXPECT_TRUE(MessageDifferencer::Equals(
      wire, FromText<v1::ChangeHeader>(
                "format: 1 deployment: '$d' epoch: 2 nonce: '$n' writes: 3 file: '$f' device: '$v' "
                "person: '$p' unit: '$u' role: ROLE_INTAKE_OFFICER duty: DUTY_SHELTER sequence: 8 "
                "wall_ms: 1790000000000 elapsed_ms: 3600000 boot: '$b' server_elapsed_ms: 2600000 "
                "server_boot: '$o' roster: '$$r' file_number: 7 key_epochs: '$e' key_epochs: '$z' "
                "pack: '$$k' refs { change: '$c' hash: '$$h' } refs { change: '$a' hash: '$$g' } "
                "kind: KIND_EDIT")));

  const auto read = DecodeChange(change.bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  const domain::Header& header = read->change->header;
  EXPECT_EQ(ToWire(header).SerializeAsString(), HeaderContent(change));
  // What a reader takes from the note itself.
  ASSERT_TRUE(header.server_time.has_value());
  EXPECT_EQ(*header.server_time, *SampleHeader().server_time);
  EXPECT_EQ(read->change->id, change.change->id);
  EXPECT_EQ(read->change->hash, change.change->hash);
}

TEST(ChangeCodecTest, AHeaderWithoutItsOptionalPartsComesBackWithoutThem) {
  domain::Header header = SampleHeader(1, domain::Kind::kRoster);
  header.duty = domain::Duty::kNone;
  header.server_time_note.clear();
  header.server_time.reset();
  header.roster.reset();
  header.pack.reset();
  header.refs.clear();
  header.file_number = 0;
  ChangeWriter writer(header);
  writer.Add(domain::Founding{domain::FileKind::kPerson, false});
  const auto change = std::move(writer).Finish();
  ASSERT_TRUE(change.ok());
  const auto read = DecodeChange(change->bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  const domain::Header& got = read->change->header;
  EXPECT_FALSE(got.server_time || got.roster || got.pack);
  EXPECT_TRUE(got.refs.empty() && got.key_epochs.empty() && got.server_time_note.empty());
  EXPECT_EQ(ToWire(got).SerializeAsString(), HeaderContent(*change));
}

// Enumerations are cast by number, so the two lists must be one.
template <typename Wire, typename Domain>
void ExpectOneList(Domain last) {
  const auto* list = google::protobuf::GetEnumDescriptor<Wire>();
  EXPECT_EQ(list->value_count(), static_cast<int>(last) + 1) << list->full_name();
  for (int i = 0; i < list->value_count(); ++i) EXPECT_EQ(list->value(i)->number(), i);
}
TEST(ChangeCodecTest, EnumerationsHaveTheSameNumbersOnBothSides) {
  ExpectOneList<v1::Kind>(domain::Kind::kPublication);
  ExpectOneList<v1::Role>(domain::Role::kServer);
  ExpectOneList<v1::Duty>(domain::Duty::kComms);
  ExpectOneList<v1::FileKind>(domain::FileKind::kStandards);
  ExpectOneList<v1::UnitKind>(domain::UnitKind::kRegistry);
  ExpectOneList<v1::KeyClass>(domain::KeyClass::kPlan);
  ExpectOneList<v1::Answer>(domain::Answer::kRefused);
  ExpectOneList<v1::RecipientKind>(domain::RecipientKind::kDevice);
}

TEST(ChangeCodecTest, ASealOpensUnderTheContextThatAReaderBuilds) {
  const auto key = crypto::SecretBytes::CopyOf(std::string(32, 'k'));
  const auto epoch = Fill<KeyEpochId>('e');
  const domain::Value value = domain::Text{"the blue gate"};
  domain::FieldWrite write;
  write.record = Fill<RecordId>('r');
  write.field = "place";
  ChangeWriter writer(SampleHeader());
  writer.Add(domain::Waiver{"C1", "", false});
  ASSERT_TRUE(writer.AddSealed(write, value, epoch, domain::KeyClass::kGeneral, key).ok());
  const auto change = DecodeChange(std::move(writer).Finish()->bytes);
  ASSERT_TRUE(change.ok());
  const domain::Write& got = change->change->writes.at(1);
  const auto& field = std::get<domain::FieldWrite>(got.body);
  const auto open = [&](uint32_t index, const Salt& salt, const std::string& code) {
    const auto context = SealContext(change->change->header, change->change->id, index, salt,
                                     field.record, code, *field.sealed);
    return crypto::OpenField(crypto::FieldSecret(key, context), context, field.sealed->envelope);
  };
  const auto opened = open(1, got.salt, "place");
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(DecodeValue(opened->view()).value(), value);
  EXPECT_FALSE(open(0, got.salt, "place").ok());
  EXPECT_FALSE(open(1, Fill<Salt>('x'), "place").ok());
  EXPECT_FALSE(open(1, got.salt, "name").ok());

  ChangeWriter too_long(SampleHeader());
  std::string noise;  // that no compressor makes shorter
  while (noise.size() < 40'000) noise += crypto::SecretBytes::Random(32).view();
  const auto refused =
      too_long.AddSealedPlaintext(write, noise, epoch, domain::KeyClass::kGeneral, key);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(too_long.writes(), 0u);
}

TEST(ChangeCodecTest, IdsDependOnEachOfTheirInputs) {
  const auto d = Fill<DeploymentId>('d');
  const auto v = Fill<DeviceId>('v');
  const auto n = Fill<Nonce>('n');
  std::set<ChangeId> ids = {ChangeIdOf(d, v, 8, n),
                            ChangeIdOf(Fill<DeploymentId>('x'), v, 8, n),
                            ChangeIdOf(d, Fill<DeviceId>('x'), 8, n),
                            ChangeIdOf(d, v, 9, n),
                            ChangeIdOf(d, v, 8 + (uint64_t{1} << 56), n),
                            ChangeIdOf(d, v, 8, Fill<Nonce>('x'))};
  EXPECT_EQ(ids.size(), 6u);
  const std::set<FileId> files = {FileIdOf(d, v, n), FileIdOf(Fill<DeploymentId>('x'), v, n),
                                  FileIdOf(d, Fill<DeviceId>('x'), n),
                                  FileIdOf(d, v, Fill<Nonce>('x'))};
  EXPECT_EQ(files.size(), 4u);
  // And on nothing else.
  EXPECT_EQ(ChangeWith({domain::Waiver{"C1", "", false}}).change->id, ChangeIdOf(d, v, 8, n));
}

TEST(ChangeCodecTest, AZeroNonceIsReplacedByANewOne) {
  EXPECT_NE(SampleChange(3).change->id, SampleChange(3).change->id);
}

TEST(ChangeCodecTest, TheHashDependsOnEverySaltAndEveryContent) {
  const EncodedChange change =
      ChangeWith({domain::Waiver{"C1", "", false}, domain::Waiver{"C2", "", false}});
  const v1::Change message = MessageOf(change);
  std::set<Hash> hashes = {change.change->hash};
  const auto add = [&](const v1::Change& other) {
    const auto read = DecodeChange(other.SerializeAsString());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(hashes.insert(read->change->hash).second) << other.ShortDebugString();
  };
  for (int leaf = -1; leaf < 2; ++leaf) {
    for (size_t byte = 0; byte < 16; ++byte) {
      v1::Change other = message;
      v1::Leaf& spoilt = leaf < 0 ? *other.mutable_header() : *other.mutable_writes(leaf);
      (*spoilt.mutable_salt())[byte] ^= 1;
      add(other);
    }
  }
  v1::Change swapped = message;
  swapped.mutable_writes()->SwapElements(0, 1);
  add(swapped);
  v1::Change said_otherwise = message;
  std::string& content = *said_otherwise.mutable_writes(1)->mutable_content();
  content[content.find("C2") + 1] = '3';
  add(said_otherwise);
  EXPECT_EQ(hashes.size(), 51u);
}

TEST(ChangeCodecTest, AWithheldLeafKeepsIdAndHash) {
  const EncodedChange change =
      ChangeWith({domain::Waiver{"C1", "", false}, domain::Waiver{"C2", "", false},
                  domain::Founding{domain::FileKind::kLead, false}});
  const v1::Change message = MessageOf(change);
  const auto leaf_hash = [](const v1::Leaf& leaf) {
    return crypto::Sha256({std::string_view("\0", 1), leaf.salt(), leaf.content()});
  };
  for (unsigned withheld = 1; withheld < 8; ++withheld) {
    v1::Change other = message;
    for (int i = 0; i < 3; ++i) {
      if ((withheld >> i & 1) == 0) continue;
      const Hash hash = leaf_hash(message.writes(i));
      other.mutable_writes(i)->Clear();
      other.mutable_writes(i)->set_hash(hash.str());
    }
    const auto read = DecodeChange(other.SerializeAsString());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->change->hash, change.change->hash);
    EXPECT_EQ(read->change->id, change.change->id);
    for (size_t i = 0; i < 3; ++i) {
      const auto* gone = std::get_if<domain::Withheld>(&read->change->writes.at(i).body);
      ASSERT_EQ(gone != nullptr, (withheld >> i & 1) != 0);
      if (gone != nullptr) {
        EXPECT_EQ(gone->leaf, leaf_hash(message.writes(static_cast<int>(i))));
      }
    }
  }
}

TEST(ChangeCodecTest, AHeaderCannotBeWithheldAndALeafIsOneThingOrTheOther) {
  const v1::Change message = MessageOf(SampleChange(3));
  const auto refused = [](const v1::Change& change) {
    return DecodeChange(change.SerializeAsString()).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  v1::Change headless = message;
  headless.mutable_header()->Clear();
  EXPECT_TRUE(refused(headless));
  headless.mutable_header()->set_hash(std::string(32, 'h'));
  EXPECT_TRUE(refused(headless));
  v1::Change none = message;
  none.clear_header();
  EXPECT_TRUE(refused(none));
  v1::Change both = message;
  both.mutable_writes(0)->set_hash(std::string(32, 'h'));
  EXPECT_TRUE(refused(both));
  both.mutable_writes(0)->clear_content();  // salt and hash
  EXPECT_TRUE(refused(both));
  for (const size_t size : {1u, 16u, 31u, 33u, 64u}) {
    v1::Change short_hash = message;
    short_hash.mutable_writes(0)->Clear();
    short_hash.mutable_writes(0)->set_hash(std::string(size, 'h'));
    EXPECT_TRUE(refused(short_hash)) << size;
  }
  for (const size_t size : {0u, 15u, 17u, 32u}) {
    v1::Change salty = message;
    salty.mutable_writes(0)->set_salt(std::string(size, 's'));
    EXPECT_TRUE(refused(salty)) << size;
    salty = message;
    salty.mutable_header()->set_salt(std::string(size, 's'));
    EXPECT_TRUE(refused(salty)) << size;
  }
}

TEST(ChangeCodecTest, AnotherFormatIsKeptWithItsWritesUnread) {
  const EncodedChange change = ChangeWith({domain::Waiver{"C1", "", false}});
  std::vector<RawField> fields = SplitFields(HeaderContent(change));
  fields.at(0).value = 2;
  // What version 2 may add: fields of the header, bodies of writes that are no Write.
  const std::string header = JoinFields(fields) + RawBytes(77, "of version two");
  const auto read = DecodeChange(WrapContents(header, {"no write of ours \xff"}));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->change->header.format, 2u);
  EXPECT_EQ(read->change->header.sequence, 8u);
  EXPECT_EQ(read->change->id, change.change->id);
  const auto* body = std::get_if<domain::Withheld>(&read->change->writes.at(0).body);
  ASSERT_NE(body, nullptr);
  EXPECT_EQ(body->leaf, crypto::Sha256({std::string_view("\0", 1), std::string(16, 'T'),
                                        "no write of ours \xff"}));
  // Both still hang on the hash.
  const auto other = DecodeChange(WrapContents(header, {"no write of ours \xfe"}));
  ASSERT_TRUE(other.ok());
  EXPECT_NE(other->change->hash, read->change->hash);
  fields.at(0).value = 0;
  EXPECT_FALSE(DecodeChange(WrapContents(JoinFields(fields), {"x"})).ok());
}

TEST(ChangeCodecTest, AnUnknownKindIsKept) {
  std::vector<RawField> fields =
      SplitFields(HeaderContent(ChangeWith({domain::Waiver{"C1", "", false}})));
  ASSERT_EQ(fields.back().number, 24u);
  const std::string write =
      ToWire(domain::WriteBody(domain::Waiver{"C1", "", false})).SerializeAsString();
  // By its number, so that an Entry can say it to a newer program; what no byte holds is none.
  for (const uint64_t kind : {0u, 24u, 255u, 256u + 1u, 0x7fffffffu}) {
    std::vector<RawField> of_kind = fields;
    of_kind.back().value = kind;
    if (kind == 0) of_kind.pop_back();
    const std::string bytes = WrapContents(JoinFields(of_kind), {write});
    const auto read = DecodeChange(bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(static_cast<uint64_t>(read->change->header.kind), kind > 255 ? 0 : kind);
    EXPECT_EQ(read->bytes, bytes);
    EXPECT_TRUE(std::holds_alternative<domain::Waiver>(read->change->writes.at(0).body));
  }
}

TEST(ChangeCodecTest, WithholdsWhatIsErasedUnderTheSameHash) {
  const auto record = Fill<RecordId>('r');
  const auto write = [](const RecordId& of, std::string field) {
    domain::FieldWrite one;
    one.record = of;
    one.field = std::move(field);
    one.clear = domain::Value(int64_t{7});
    return one;
  };
  const EncodedChange change =
      ChangeWith({write(record, "a"), write(record, "b"), write(Fill<RecordId>('o'), "a")});
  const domain::ErasureTarget all_of_it{record, "", {}, {}, {}};
  const domain::ErasureTarget field{record, "b", {}, {}, {}};
  const struct {
    std::vector<domain::ErasureTarget> targets;
    std::vector<bool> gone;
  } cases[] = {
      {{}, {false, false, false}},
      {{field}, {false, true, false}},
      {{all_of_it}, {true, true, false}},
      {{domain::ErasureTarget()}, {true, true, true}},
  };
  for (const auto& one : cases) {
    const auto kept = Withhold(change, one.targets);
    ASSERT_TRUE(kept.ok()) << kept.status();
    EXPECT_EQ(kept->change->hash, change.change->hash);
    EXPECT_EQ(kept->change->id, change.change->id);
    for (size_t i = 0; i < one.gone.size(); ++i) {
      const auto& body = kept->change->writes[i].body;
      EXPECT_EQ(std::holds_alternative<domain::Withheld>(body), one.gone[i]) << i;
    }
    const auto again = Withhold(*kept, one.targets);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->bytes, kept->bytes);
  }
  const auto salt = change.change->writes[0].salt.str();
  EXPECT_NE(change.bytes.find(salt), std::string::npos);
  EXPECT_EQ(Withhold(change, {all_of_it})->bytes.find(salt), std::string::npos);
}

TEST(ChangeCodecTest, TheWriterKeepsTheLimits) {
  ChangeWriter none(SampleHeader());
  EXPECT_EQ(std::move(none).Finish().status().code(), absl::StatusCode::kInvalidArgument);
  for (const uint32_t writes : {256u, 257u}) {
    ChangeWriter many(SampleHeader());
    for (uint32_t i = 0; i < writes; ++i) many.Add(domain::Waiver{"C1", "", false});
    const auto change = std::move(many).Finish();
    EXPECT_EQ(change.status().code(),
              writes == 256 ? absl::StatusCode::kOk : absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(change.ok() && DecodeChange(change->bytes).ok(), writes == 256);
  }
  // The largest Change that fits, and one byte more.
  const auto with_content = [](size_t size) {
    ChangeWriter writer(SampleHeader());
    writer.Add(domain::PackPart{Fill<Hash>('p'), "pack", 1, 0, 1, std::string(size, 'x')});
    return std::move(writer).Finish();
  };
  const size_t rest = with_content(60'000)->bytes.size() - 60'000;
  const auto full = with_content(kChangeBytesMax - rest);
  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->bytes.size(), kChangeBytesMax);
  EXPECT_TRUE(DecodeChange(full->bytes).ok());
  EXPECT_EQ(with_content(kChangeBytesMax - rest + 1).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace kapea::codec
