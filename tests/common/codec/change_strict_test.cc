// What decoding refuses: every other spelling of the same meaning, and everything
// beyond a limit.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "common/codec/attachment_codec.h"
#include "common/codec/canonical.h"
#include "common/codec/change_codec.h"
#include "common/codec/field_reader.h"
#include "common/codec/ledger_codec.h"
#include "common/codec/wire_values.h"
#include "kapea/v1/ledger.pb.h"
#include "tests/common/codec/raw_wire.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

const domain::WriteBody kWaiver = domain::Waiver{"C1", "", false};

// All of the mutants are refused, by InvalidArgument; how many there were.
size_t ExpectRefused(const std::string& canonical, const google::protobuf::Descriptor& type,
                     const std::function<absl::Status(const std::string&)>& decode) {
  EXPECT_TRUE(decode(canonical).ok()) << decode(canonical);
  const std::vector<Mutant> mutants = NonCanonical(canonical, type);
  for (const Mutant& mutant : mutants) {
    EXPECT_EQ(decode(mutant.bytes).code(), absl::StatusCode::kInvalidArgument) << mutant.what;
  }
  return mutants.size();
}

TEST(StrictDecodingTest, AHeaderHasOneSpelling) {
  const std::string write = ToWire(kWaiver).SerializeAsString();
  const auto decode = [&](const std::string& header) {
    return DecodeChange(WrapContents(header, {write})).status();
  };
  EXPECT_GT(
      ExpectRefused(HeaderContent(ChangeWith({kWaiver})), *v1::ChangeHeader::descriptor(), decode),
      100u);
  // The same without what may be absent, so that there are defaults to say.
  domain::Header bare = SampleHeader();
  bare.duty = domain::Duty::kNone;
  bare.server_time_note.clear();
  bare.server_time.reset();
  bare.roster.reset();
  bare.pack.reset();
  bare.file_number = 0;
  bare.writes = 1;
  bare.refs.clear();
  bare.clock.wall = bare.clock.wall - Duration::Days(40'000);  // before 1970
  bare.clock.elapsed = Duration();
  EXPECT_GT(
      ExpectRefused(ToWire(bare).SerializeAsString(), *v1::ChangeHeader::descriptor(), decode),
      60u);
}

TEST(StrictDecodingTest, EveryWriteHasOneSpelling) {
  size_t mutants = 0;
  for (const SampleBody& sample : SampleBodies()) {
    SCOPED_TRACE(sample.text);
    mutants += ExpectRefused(
        ToWire(sample.body).SerializeAsString(), *v1::Write::descriptor(),
        [](const std::string& bytes) { return DecodeChange(WrapWrites({bytes})).status(); });
  }
  EXPECT_GT(mutants, 800u);
}

// Usual field writes are read past the message; what is read must be what it says.
TEST(StrictDecodingTest, TheShortWayAgreesWithTheMessage) {
  domain::FieldWrite field;
  field.record = Fill<RecordId>('r');
  field.field = "arrival_at";
  field.replaces = {Fill<ChangeId>('a'), Fill<ChangeId>('b')};
  std::vector<std::string> samples;
  for (const domain::Value& value :
       {domain::Value(true), domain::Value(false), domain::Value(domain::Code{"km"}),
        domain::Value(Time::FromUnixMs(1'795'000'000'000)), domain::Value(Time::FromUnixMs(0)),
        domain::Value(domain::Reference{Fill<ChangeId>('p')})}) {
    field.clear = value;
    samples.push_back(EncodeCanonical(ToWire(domain::WriteBody(field))));
  }
  field.clear.reset();
  field.sealed =
      domain::Sealed{Fill<KeyEpochId>('e'), domain::KeyClass::kIdentity, std::string(112, 'E')};
  samples.push_back(EncodeCanonical(ToWire(domain::WriteBody(field))));
  field.replaces.clear();
  field.of = 0;
  samples.push_back(EncodeCanonical(ToWire(domain::WriteBody(field))));
  for (const std::string& bytes : samples) EXPECT_TRUE(ReadUsualFieldWrite(bytes));

  std::mt19937 random(20'261'126);  // NOLINT(cert-msc51-cpp): the same mutations each time
  size_t read = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes = samples[random() % samples.size()];
    for (size_t times = 1 + random() % 2; times > 0 && !bytes.empty(); --times) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
          break;
        case 1:
          bytes.erase(at, 1 + random() % 18);
          break;
        case 2:
          bytes.insert(at, bytes.substr(random() % bytes.size(), 1 + random() % 18));
          break;
        default:
          bytes[at] = static_cast<char>(random());
      }
    }
    const auto usual = ReadUsualFieldWrite(bytes);
    if (!usual) continue;
    ++read;
    v1::Write message;
    ASSERT_TRUE(DecodeCanonical(bytes, "write", message).ok()) << ToHex(bytes);
    ASSERT_TRUE(FromWire(message).ok()) << ToHex(bytes);
    ASSERT_EQ(EncodeCanonical(ToWire(domain::WriteBody(*usual))), bytes);
  }
  EXPECT_GT(read, 1000u);
}

TEST(StrictDecodingTest, EveryValueHasOneSpelling) {
  for (const auto& [value, text] : SampleValues()) {
    SCOPED_TRACE(text);
    ExpectRefused(EncodeValue(value), *v1::Value::descriptor(),
                  [](const std::string& bytes) { return DecodeValue(bytes).status(); });
  }
}

TEST(StrictDecodingTest, ChangesParcelHeadersEntriesAndAttachmentsHaveOneSpelling) {
  ExpectRefused(ChangeWith({kWaiver}).bytes, *v1::Change::descriptor(),
                [](const std::string& bytes) { return DecodeChange(bytes).status(); });
  ParcelHeader header;
  header.deployment = Fill<DeploymentId>('d');
  header.device = Fill<DeviceId>('v');
  header.first_sequence = 4;
  header.changes = 2;
  header.signing = SampleClock();
  ExpectRefused(header.Encode(), *v1::ParcelHeader::descriptor(),
                [](const std::string& bytes) { return ParcelHeader::Decode(bytes).status(); });
  domain::Entry entry;  // of sequence 0, before 1970 + 1 ms: with defaults to say
  entry.number = 1;
  ExpectRefused(EncodeEntry(entry), *v1::Entry::descriptor(),
                [](const std::string& bytes) { return DecodeEntry(bytes).status(); });
  AttachmentSecret secret;
  secret.key = crypto::SecretBytes::CopyOf(std::string(32, 'k'));
  ExpectRefused(std::string(secret.Encode().view()), *v1::AttachmentSecret::descriptor(),
                [](const std::string& bytes) { return AttachmentSecret::Decode(bytes).status(); });
}

TEST(StrictDecodingTest, AWriteHasOneBodyAndAValueOneKind) {
  const auto decode = [](const std::string& bytes) {
    return DecodeChange(WrapWrites({bytes})).status().code();
  };
  const std::string waiver = ToWire(kWaiver).SerializeAsString();
  const std::string notice =
      ToWire(domain::ReadNotice{Fill<RecordId>('r'), {"a"}, 1}).SerializeAsString();
  EXPECT_EQ(decode(waiver + notice), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(decode(notice + waiver), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(decode(""), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(DecodeValue("").ok());
  EXPECT_FALSE(DecodeValue(RawNumber(1, 1) + RawBytes(4, "F")).ok());
}

TEST(StrictDecodingTest, TextIsUtf8) {
  for (const char* text : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe1\x9e"}) {
    EXPECT_FALSE(DecodeValue(RawBytes(3, text)).ok());
  }
  EXPECT_TRUE(DecodeValue(RawBytes(3, "\xe1\x9e\x80")).ok());
}

// A header with these fields in place of the sample's.
absl::Status DecodeHeaderWith(const std::function<void(v1::ChangeHeader&)>& alter) {
  domain::Header header = SampleHeader();
  header.writes = 1;
  v1::ChangeHeader wire = ToWire(header);
  alter(wire);
  return DecodeChange(WrapContents(wire.SerializeAsString(), {ToWire(kWaiver).SerializeAsString()}))
      .status();
}

TEST(LimitTest, HeaderFieldsHaveTheirSizes) {
  using google::protobuf::FieldDescriptor;
  const auto* type = v1::ChangeHeader::descriptor();
  int checked = 0;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->type() != FieldDescriptor::TYPE_BYTES || field->is_repeated() ||
        field->name() == "server_time") {
      continue;
    }
    const bool optional = field->name() == "roster" || field->name() == "pack";
    for (const size_t size : {0u, 1u, 15u, 16u, 17u, 31u, 32u, 33u, 64u}) {
      const size_t want = optional ? 32 : 16;
      const auto status = DecodeHeaderWith([&](v1::ChangeHeader& wire) {
        wire.GetReflection()->SetString(&wire, field, std::string(size, 'x'));
      });
      EXPECT_EQ(status.ok(), size == want || (optional && size == 0)) << field->name() << size;
    }
    ++checked;
  }
  EXPECT_EQ(checked, 10);
}

TEST(LimitTest, HeaderFieldsStayWithinTheirBounds) {
  const auto ok = [](const std::function<void(v1::ChangeHeader&)>& alter) {
    const absl::Status status = DecodeHeaderWith(alter);
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument) << status;
    return status.ok();
  };
  using H = v1::ChangeHeader;
  EXPECT_TRUE(ok([](H&) {}));
  EXPECT_FALSE(ok([](H& h) { h.set_epoch(0); }));
  EXPECT_FALSE(ok([](H& h) { h.set_sequence(0); }));
  for (const uint32_t writes : {0u, 2u, 257u, UINT32_MAX}) {
    EXPECT_FALSE(ok([&](H& h) { h.set_writes(writes); })) << writes;
  }
  EXPECT_TRUE(ok([](H& h) { h.set_elapsed_ms(uint64_t{1} << 53); }));
  EXPECT_FALSE(ok([](H& h) { h.set_elapsed_ms((uint64_t{1} << 53) + 1); }));
  EXPECT_FALSE(ok([](H& h) { h.set_elapsed_ms(UINT64_MAX); }));
  EXPECT_FALSE(ok([](H& h) { h.set_server_elapsed_ms(UINT64_MAX); }));
  for (const int64_t ms :
       {INT64_MIN, Time::Min().unix_ms() - 1, Time::Max().unix_ms() + 1, INT64_MAX}) {
    EXPECT_FALSE(ok([&](H& h) { h.set_wall_ms(ms); })) << ms;
  }
  EXPECT_TRUE(ok([](H& h) { h.set_wall_ms(Time::Min().unix_ms()); }));
  // The note: none, no checkpoint, one without a time, one that is too long.
  EXPECT_FALSE(ok([](H& h) { h.clear_server_time(); }));
  EXPECT_FALSE(ok([](H& h) { h.set_server_time("no note"); }));
  EXPECT_FALSE(ok([](H& h) { h.set_server_time("no note\n\n"); }));
  EXPECT_FALSE(ok([](H& h) {
    std::string note = h.server_time();
    const size_t line = note.find("time ");
    h.set_server_time(note.erase(line, note.find('\n', line) + 1 - line));
  }));
  EXPECT_FALSE(ok([](H& h) { h.mutable_server_time()->append(4096, 'x'); }));
  const auto refs = [&](int count) {
    return ok([&](H& h) {
      h.clear_refs();
      for (int i = 0; i < count; ++i) {
        h.add_refs()->set_change(std::string(16, 'c'));
        h.mutable_refs(i)->set_hash(std::string(32, 'h'));
      }
    });
  };
  EXPECT_TRUE(refs(64));
  EXPECT_FALSE(refs(65));
  EXPECT_FALSE(ok([](H& h) { h.mutable_refs(0)->set_hash("short"); }));
  EXPECT_FALSE(ok([](H& h) { h.add_refs(); }));
  const auto epochs = [&](const std::string& first_bytes) {
    return ok([&](H& h) {
      for (const char c : first_bytes) h.add_key_epochs(std::string(16, c));
    });
  };
  EXPECT_TRUE(epochs("ab"));
  EXPECT_FALSE(epochs("ba"));
  EXPECT_FALSE(epochs("aa"));
  EXPECT_TRUE(epochs("abcdefghijklmnop"));
  EXPECT_FALSE(epochs("abcdefghijklmnopq"));
}

absl::Status DecodeBody(const v1::Write& body) {
  const absl::Status status = DecodeChange(WrapWrites({body.SerializeAsString()})).status();
  EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kInvalidArgument) << status;
  return status;
}
// The first sample of that body, altered.
bool Accepts(v1::Write::BodyCase which, const std::function<void(v1::Write&)>& alter) {
  for (const SampleBody& sample : SampleBodies()) {
    v1::Write body = ToWire(sample.body);
    if (body.body_case() != which) continue;
    alter(body);
    return DecodeBody(body).ok();
  }
  ADD_FAILURE() << "no sample";
  return false;
}

// Every field of bytes in every body, one byte longer and shorter than the sample's.
void SpoilSizes(const google::protobuf::Message& whole, const google::protobuf::Message& part,
                const std::function<google::protobuf::Message*(google::protobuf::Message&)>& find,
                int* checked) {
  using google::protobuf::FieldDescriptor;
  const auto* reflection = part.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(part, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->type() == FieldDescriptor::TYPE_MESSAGE && !field->is_repeated()) {
      SpoilSizes(
          whole, reflection->GetMessage(part, field),
          [&](google::protobuf::Message& root) {
            auto* parent = find(root);
            return parent->GetReflection()->MutableMessage(parent, field);
          },
          checked);
    }
    // The content of a pack's part is of any size.
    if (field->type() != FieldDescriptor::TYPE_BYTES || field->name() == "content") continue;
    for (const int by : {-1, 1}) {
      std::unique_ptr<google::protobuf::Message> copy(whole.New());
      copy->CopyFrom(whole);
      auto* target = find(*copy);
      std::string bytes = field->is_repeated() ? reflection->GetRepeatedString(part, field, 0)
                                               : reflection->GetString(part, field);
      by < 0 ? bytes.pop_back() : bytes.push_back(bytes.back());
      if (field->is_repeated()) {
        reflection->SetRepeatedString(target, field, 0, bytes);
      } else {
        reflection->SetString(target, field, bytes);
      }
      EXPECT_FALSE(DecodeBody(static_cast<const v1::Write&>(*copy)).ok())
          << field->full_name() << " by " << by;
      ++*checked;
    }
  }
}

TEST(LimitTest, IdsHashesAndKeysHaveTheirSizes) {
  int checked = 0;
  for (const SampleBody& sample : SampleBodies()) {
    SCOPED_TRACE(sample.text);
    const v1::Write body = ToWire(sample.body);
    SpoilSizes(
        body, body, [](google::protobuf::Message& root) { return &root; }, &checked);
  }
  EXPECT_GT(checked, 100);
}

TEST(LimitTest, AFieldIsClearSealedOrCleared) {
  const auto write = [](bool clear, bool attachment, bool sealed, bool cleared) {
    domain::FieldWrite body;
    body.record = Fill<RecordId>('r');
    body.field = "a";
    v1::Write wire = ToWire(body);
    v1::FieldWrite& to = *wire.mutable_field();
    to.set_cleared(cleared);
    if (clear) to.mutable_clear()->set_boolean(false);
    if (attachment) {
      to.mutable_clear()->mutable_attachment()->set_manifest_hash(std::string(32, 'm'));
      to.mutable_clear()->mutable_attachment()->set_chunks(1);
    }
    if (sealed) {
      to.mutable_sealed()->set_key_epoch(std::string(16, 'e'));
      to.mutable_sealed()->set_key_class(1);
      to.mutable_sealed()->set_envelope(std::string(112, 'E'));
    }
    return DecodeBody(wire).ok();
  };
  EXPECT_TRUE(write(true, false, false, false));
  EXPECT_TRUE(write(false, true, false, false));
  EXPECT_TRUE(write(false, false, true, false));
  EXPECT_TRUE(write(false, false, false, true));
  EXPECT_TRUE(write(false, true, true, false));  // an attachment alone has both halves
  EXPECT_FALSE(write(true, false, true, false));
  EXPECT_FALSE(write(false, false, false, false));
  EXPECT_FALSE(write(true, false, false, true));
  EXPECT_FALSE(write(false, false, true, true));
  EXPECT_FALSE(write(false, true, true, true));
}

TEST(LimitTest, FieldWritesStayWithinTheirBounds) {
  const auto accepts = [](const std::function<void(v1::FieldWrite&)>& alter) {
    return Accepts(v1::Write::kField, [&](v1::Write& write) { alter(*write.mutable_field()); });
  };
  using F = v1::FieldWrite;
  const auto replaces = [&](int count) {
    return accepts([&](F& f) {
      f.clear_replaces();
      for (int i = 0; i < count; ++i) f.add_replaces(std::string(16, static_cast<char>('0' + i)));
    });
  };
  EXPECT_TRUE(replaces(32));
  EXPECT_FALSE(replaces(33));
  EXPECT_FALSE(accepts([](F& f) { f.mutable_replaces()->SwapElements(0, 1); }));
  EXPECT_FALSE(accepts([](F& f) { *f.mutable_replaces(1) = f.replaces(0); }));
  EXPECT_FALSE(accepts([](F& f) { f.set_of(0); }));  // a derived fact that replaces
  EXPECT_TRUE(accepts([](F& f) {
    f.clear_replaces();
    f.set_of(0);
  }));
  EXPECT_TRUE(accepts([](F& f) { f.set_field(std::string(64, 'x')); }));
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a b"),
                                 std::string("\xe1\x9e\x80"), std::string("a\n")}) {
    EXPECT_FALSE(accepts([&](F& f) { f.set_field(bad); })) << bad;
    EXPECT_FALSE(accepts([&](F& f) { f.mutable_form()->set_form(bad); })) << bad;
  }
  EXPECT_FALSE(accepts([](F& f) { f.mutable_form()->set_version(0); }));
  for (const uint32_t key_class : {0u, 6u, 256u + 1, UINT32_MAX}) {
    EXPECT_FALSE(accepts([&](F& f) {
      f.clear_clear();
      f.mutable_sealed()->set_key_epoch(std::string(16, 'e'));
      f.mutable_sealed()->set_key_class(key_class);
      f.mutable_sealed()->set_envelope(std::string(112, 'E'));
    })) << key_class;
  }
}

TEST(LimitTest, RostersAndLinesStayWithinTheirBounds) {
  const auto members = [](int count, auto list) {
    return Accepts(v1::Write::kRoster, [&](v1::Write& write) {
      auto* lines = (write.mutable_roster()->*list)();
      const v1::Member line = lines->Get(0);
      lines->Clear();
      for (int i = 0; i < count; ++i) *lines->Add() = line;
    });
  };
  using R = v1::RosterWrite;
  using List = google::protobuf::RepeatedPtrField<v1::Member>* (R::*)();
  for (const List list :
       {static_cast<List>(&R::mutable_added), static_cast<List>(&R::mutable_removed),
        static_cast<List>(&R::mutable_changed)}) {
    EXPECT_TRUE(members(256, list));
    EXPECT_FALSE(members(257, list));
  }
  const auto line = [](const std::function<void(v1::Member&)>& alter) {
    return Accepts(v1::Write::kRoster,
                   [&](v1::Write& write) { alter(*write.mutable_roster()->mutable_added(0)); });
  };
  EXPECT_TRUE(line([](v1::Member&) {}));
  EXPECT_FALSE(line([](v1::Member& m) { m.mutable_duties()->SwapElements(0, 1); }));
  EXPECT_FALSE(line([](v1::Member& m) { m.add_duties(v1::DUTY_EXH); }));
  EXPECT_FALSE(line([](v1::Member& m) { m.add_duties(static_cast<v1::Duty>(11)); }));
  EXPECT_FALSE(line([](v1::Member& m) { m.set_role(v1::ROLE_UNSPECIFIED); }));
  EXPECT_FALSE(line([](v1::Member& m) { m.set_role(static_cast<v1::Role>(16)); }));
  EXPECT_FALSE(line([](v1::Member& m) { m.set_role(static_cast<v1::Role>(256 + 2)); }));
  EXPECT_FALSE(line([](v1::Member& m) { m.clear_unit(); }));
}

TEST(LimitTest, OtherBodiesStayWithinTheirBounds) {
  using W = v1::Write;
  const auto no = [](W::BodyCase which, const std::function<void(W&)>& alter) {
    EXPECT_TRUE(Accepts(which, [](W&) {}));
    EXPECT_FALSE(Accepts(which, alter)) << which;
  };
  no(W::kFounding, [](W& w) { w.mutable_founding()->set_kind(static_cast<v1::FileKind>(8)); });
  no(W::kFounding, [](W& w) { w.mutable_founding()->clear_kind(); });
  no(W::kKeyOpening, [](W& w) { w.mutable_key_opening()->set_key_class(6); });
  no(W::kWrap, [](W& w) { w.mutable_wrap()->set_half(3); });
  no(W::kWrap, [](W& w) { w.mutable_wrap()->clear_key_epoch(); });
  no(W::kWrap, [](W& w) { w.mutable_wrap()->clear_key_class(); });
  no(W::kWrap, [](W& w) { w.mutable_wrap()->set_key_class(6); });
  no(W::kWrap, [](W& w) { w.mutable_wrap()->set_wrapped_person(std::string(16, 'w')); });
  no(W::kWrap, [](W& w) {
    w.mutable_wrap()->clear_key_epoch();
    w.mutable_wrap()->set_key_class(6);  // none that this format knows, and no class key
    w.mutable_wrap()->set_wrapped_person(std::string(16, 'w'));
  });
  no(W::kPerson, [](W& w) { w.mutable_person()->clear_generation(); });
  no(W::kPerson, [](W& w) { w.mutable_person()->clear_receive_key(); });
  no(W::kPerson, [](W& w) {
    for (int i = 0; i < 64; ++i) w.mutable_person()->add_roles()->CopyFrom(w.person().roles(0));
  });
  no(W::kUnit, [](W& w) { w.mutable_unit()->set_code("lower"); });
  no(W::kUnit, [](W& w) { w.mutable_unit()->set_code(std::string(25, 'A')); });
  no(W::kUnit, [](W& w) { w.mutable_unit()->set_kind(static_cast<v1::UnitKind>(9)); });
  no(W::kGenesis, [](W& w) { w.mutable_genesis()->mutable_registrars()->RemoveLast(); });
  no(W::kGenesis, [](W& w) {
    for (int i = 0; i < 14; ++i) w.mutable_genesis()->add_registrars(std::string(16, 'r'));
  });
  no(W::kGenesis, [](W& w) {
    for (int i = 0; i < 16; ++i) w.mutable_genesis()->add_pack_owners(std::string(65, 'o'));
  });
  no(W::kCustodyAnswer, [](W& w) { w.mutable_custody_answer()->set_reason("a b"); });
  no(W::kLink, [](W& w) { w.mutable_link()->clear_relation(); });
  no(W::kWaiver, [](W& w) { w.mutable_waiver()->clear_clause(); });
  no(W::kReadNotice, [](W& w) { w.mutable_read_notice()->clear_times(); });
  no(W::kReadNotice, [](W& w) { w.mutable_read_notice()->clear_fields(); });
  no(W::kReadNotice, [](W& w) { w.mutable_read_notice()->mutable_fields()->SwapElements(0, 1); });
  no(W::kReadNotice, [](W& w) {
    for (int i = 0; i < 255; ++i)
      w.mutable_read_notice()->add_fields("c" + std::to_string(1000 + i));
  });
  no(W::kDelivery, [](W& w) { w.mutable_delivery()->set_first_number(10); });
  no(W::kDelivery, [](W& w) { w.mutable_delivery()->clear_first_number(); });
  no(W::kPackPart, [](W& w) { w.mutable_pack_part()->set_part(3); });
  no(W::kPackPart, [](W& w) { w.mutable_pack_part()->set_parts(1025); });
  no(W::kPackPart, [](W& w) { w.mutable_pack_part()->clear_version(); });
  no(W::kDecision, [](W& w) { w.mutable_decision()->set_field(std::string(65, 'f')); });
}

TEST(LimitTest, ValuesStayWithinTheirBounds) {
  const auto ok = [](const domain::Value& value) {
    const auto read = DecodeValue(EncodeValue(value));
    EXPECT_TRUE(!read.ok() || *read == value);
    return read.ok();
  };
  EXPECT_TRUE(ok(domain::Text{std::string(8192, 'x')}));
  EXPECT_FALSE(ok(domain::Text{std::string(8193, 'x')}));
  EXPECT_TRUE(ok(domain::Code{std::string(64, 'x')}));
  for (const char* code : {"", "a b", "a\t", "\x7f", "\xe1\x9e\x80"}) {
    EXPECT_FALSE(ok(domain::Code{code})) << code;
  }
  EXPECT_FALSE(ok(domain::Code{std::string(65, 'x')}));
  domain::Codes codes;
  for (int i = 0; i < 64; ++i) codes.codes.push_back(std::to_string(100 + i));
  EXPECT_TRUE(ok(codes));
  codes.codes.push_back("999");
  EXPECT_FALSE(ok(codes));
  EXPECT_FALSE(ok(domain::Codes{{"b", "a"}}));
  EXPECT_FALSE(ok(domain::Codes{{"a", "a"}}));
  EXPECT_FALSE(ok(domain::Codes{{""}}));
  for (const char* date : {"2009", "2009-12", "2009-12-31"}) EXPECT_TRUE(ok(domain::Date{date}));
  for (const char* date : {"", "209", "2009-", "2009-13", "2009-00", "2009-12-32", "2009-12-00",
                           "2009/12", "2009-1-1", "20091231", "2009-12-31 ", "x009"}) {
    EXPECT_FALSE(ok(domain::Date{date})) << date;
  }
  EXPECT_TRUE(ok(Time::Max()));
  EXPECT_FALSE(ok(Time::FromUnixMs(-1)));
  EXPECT_FALSE(ok(Time::FromUnixMs(Time::Max().unix_ms() + 1)));
  for (const uint32_t chunks : {0u, 4097u}) {
    EXPECT_FALSE(ok(domain::Attachment{Fill<Hash>('m'), chunks}));
  }
  for (const uint64_t answer : {0u, 3u, 256u + 1u})
    EXPECT_FALSE(DecodeValue(RawNumber(10, answer)).ok());
  EXPECT_FALSE(DecodeValue(RawBytes(8, std::string(15, 'x'))).ok());
}

TEST(LimitTest, AChangeStaysWithinItsBounds) {
  const std::string waiver = ToWire(kWaiver).SerializeAsString();
  EXPECT_TRUE(DecodeChange(WrapWrites(std::vector<std::string>(256, waiver))).ok());
  EXPECT_EQ(DecodeChange(WrapWrites(std::vector<std::string>(257, waiver))).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(DecodeChange(WrapWrites({})).ok());
  EXPECT_FALSE(DecodeChange("").ok());
  const auto with_size = [](size_t size) {
    return WrapBody(domain::PackPart{Fill<Hash>('p'), "pack", 1, 0, 1, std::string(size, 'x')});
  };
  const size_t rest = with_size(60'000).size() - 60'000;
  EXPECT_TRUE(DecodeChange(with_size(kChangeBytesMax - rest)).ok());
  EXPECT_EQ(DecodeChange(with_size(kChangeBytesMax - rest + 1)).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace kapea::codec
