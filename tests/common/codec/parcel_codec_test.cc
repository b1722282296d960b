// Parcels: what one signature holds together, and every way to take it apart.
#include <gtest/gtest.h>

#include <random>

#include "common/codec/wire.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/ledger/tree.h"
#include "tests/common/codec/raw_wire.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

using absl::StatusCode;

Parcel ParcelOf(uint64_t first, int count) {
  std::vector<EncodedChange> changes;
  for (int i = 0; i < count; ++i) changes.push_back(SampleChange(first + static_cast<uint64_t>(i)));
  auto parcel = SignParcel(std::move(changes), Fill<Hash>('P'), SampleClock(), SampleKey());
  EXPECT_TRUE(parcel.ok()) << parcel.status();
  return *std::move(parcel);
}

v1::Parcel MessageOf(const Parcel& parcel) {
  v1::Parcel wire;
  ParcelToWire(parcel, wire);
  return wire;
}

// The message with another header, its root and its signature right again.
v1::Parcel Resigned(v1::Parcel wire, ParcelHeader header) {
  std::vector<Hash> leaves;
  for (const std::string& change : wire.changes()) {
    leaves.push_back(ledger::LeafHash(DecodeChange(change)->change->hash.view()));
  }
  header.root = ledger::RootOf(leaves);
  wire.set_header(header.Encode());
  wire.set_signature(SampleKey().Sign(std::string(crypto::kParcelDomain) + wire.header()));
  return wire;
}

StatusCode CodeOf(const v1::Parcel& wire) {
  const auto read = DecodeParcel(wire.SerializeAsString());
  EXPECT_EQ(ParcelFromWire(wire).status(), read.status());
  return read.status().code();
}

TEST(ParcelCodecTest, ComesBackAsItWasSigned) {
  for (const int count : {1, 2, 3, 7, 256}) {
    const Parcel parcel = ParcelOf(5, count);
    const std::string bytes = EncodeParcel(parcel);
    const auto read = DecodeParcel(bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(EncodeParcel(*read), bytes);
    EXPECT_EQ(read->hash, parcel.hash);
    EXPECT_EQ(read->hash, crypto::Sha256("kapea/parcel/v1" + parcel.header_bytes));
    EXPECT_EQ(read->signature, parcel.signature);
    EXPECT_EQ(read->header.Encode(), parcel.header_bytes);
    EXPECT_EQ(read->header.deployment, Fill<DeploymentId>('d'));
    EXPECT_EQ(read->header.device, Fill<DeviceId>('v'));
    EXPECT_EQ(read->header.first_sequence, 5u);
    EXPECT_EQ(read->header.changes, static_cast<uint32_t>(count));
    EXPECT_EQ(read->header.previous, Fill<Hash>('P'));
    EXPECT_EQ(read->header.signing.wall, SampleClock().wall);
    EXPECT_EQ(read->header.signing.elapsed, SampleClock().elapsed);
    EXPECT_EQ(read->header.signing.boot, SampleClock().boot);
    ASSERT_EQ(read->changes.size(), static_cast<size_t>(count));
    for (size_t i = 0; i < read->changes.size(); ++i) {
      EXPECT_EQ(read->changes[i].bytes, parcel.changes[i].bytes);
      EXPECT_EQ(read->changes[i].change->hash, parcel.changes[i].change->hash);
    }
    EXPECT_TRUE(
        VerifyParcelSignature(read->header_bytes, read->signature, SampleKey().verify_key()).ok());
  }
}

TEST(ParcelCodecTest, TheSignatureIsOfOneKeyOverOneHeader) {
  const Parcel parcel = ParcelOf(5, 2);
  const auto verify = [&](std::string_view header, std::string_view signature,
                          const crypto::SigningKey& key) {
    return VerifyParcelSignature(header, signature, key.verify_key()).code();
  };
  const auto key = SampleKey();
  EXPECT_EQ(verify(parcel.header_bytes, parcel.signature, key), StatusCode::kOk);
  EXPECT_EQ(verify(parcel.header_bytes, parcel.signature, crypto::SigningKey::Generate()),
            StatusCode::kUnauthenticated);
  for (size_t i = 0; i < parcel.header_bytes.size(); ++i) {
    std::string other = parcel.header_bytes;
    other[i] ^= 1;
    EXPECT_EQ(verify(other, parcel.signature, key), StatusCode::kUnauthenticated);
  }
  for (size_t i = 0; i < 64; ++i) {
    std::string other = parcel.signature;
    other[i] ^= 1;
    EXPECT_EQ(verify(parcel.header_bytes, other, key), StatusCode::kUnauthenticated);
  }
  // Signed without the domain, or under that of something else.
  EXPECT_EQ(verify(parcel.header_bytes, key.Sign(parcel.header_bytes), key),
            StatusCode::kUnauthenticated);
  EXPECT_EQ(verify(parcel.header_bytes, key.Sign("kapea/pack/v1" + parcel.header_bytes), key),
            StatusCode::kUnauthenticated);
}

TEST(ParcelCodecTest, SigningWantsOneDevicesConsecutiveChanges) {
  const auto sign = [](std::vector<EncodedChange> changes) {
    return SignParcel(std::move(changes), {}, SampleClock(), SampleKey()).status().code();
  };
  EXPECT_EQ(sign({}), StatusCode::kResourceExhausted);
  EXPECT_EQ(sign({SampleChange(5), SampleChange(6)}), StatusCode::kOk);
  EXPECT_EQ(sign({SampleChange(5), SampleChange(7)}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(sign({SampleChange(5), SampleChange(5)}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(sign({SampleChange(6), SampleChange(5)}), StatusCode::kFailedPrecondition);
  const auto of = [](const std::function<void(domain::Header&)>& alter) {
    domain::Header header = SampleHeader(6);
    alter(header);
    ChangeWriter writer(header);
    writer.Add(domain::Waiver{"C1", "", false});
    return *std::move(writer).Finish();
  };
  EXPECT_EQ(sign({SampleChange(5), of([](auto& h) { h.device = Fill<DeviceId>('x'); })}),
            StatusCode::kFailedPrecondition);
  EXPECT_EQ(sign({SampleChange(5), of([](auto& h) { h.deployment = Fill<DeploymentId>('x'); })}),
            StatusCode::kFailedPrecondition);
  std::vector<EncodedChange> many;
  for (uint64_t i = 1; i <= 257; ++i) many.push_back(SampleChange(i));
  EXPECT_EQ(sign(many), StatusCode::kResourceExhausted);
}

// Full Changes: eight of them make a parcel of more than 512 KiB.
TEST(ParcelCodecTest, NobodySignsAParcelThatNobodyTakes) {
  std::vector<EncodedChange> changes;
  for (uint64_t i = 1; i <= 9; ++i) {
    ChangeWriter writer(SampleHeader(i));
    writer.Add(domain::PackPart{Fill<Hash>('p'), "pack", 1, 0, 1, std::string(60'000, 'x')});
    changes.push_back(*std::move(writer).Finish());
  }
  EXPECT_EQ(SignParcel(changes, {}, SampleClock(), SampleKey()).status().code(),
            StatusCode::kResourceExhausted);
  changes.pop_back();
  const auto parcel = SignParcel(changes, {}, SampleClock(), SampleKey());
  ASSERT_TRUE(parcel.ok());
  EXPECT_TRUE(DecodeParcel(EncodeParcel(*parcel)).ok());
  v1::Parcel wire = MessageOf(*parcel);
  wire.add_changes(std::string(wire.changes(0)));
  ASSERT_GT(wire.ByteSizeLong(), kParcelBytesMax);
  EXPECT_EQ(CodeOf(wire), StatusCode::kResourceExhausted);
}

TEST(ParcelCodecTest, DecodingRefusesWhatTheHeaderDoesNotSay) {
  const Parcel parcel = ParcelOf(5, 3);
  const v1::Parcel wire = MessageOf(parcel);
  ASSERT_EQ(CodeOf(Resigned(wire, parcel.header)), StatusCode::kOk);
  const auto with = [&](const std::function<void(ParcelHeader&)>& alter) {
    ParcelHeader header = parcel.header;
    alter(header);
    return CodeOf(Resigned(wire, header));
  };
  EXPECT_EQ(with([](auto& h) { h.first_sequence = 6; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(with([](auto& h) { h.first_sequence = 0; }), StatusCode::kInvalidArgument);
  EXPECT_EQ(with([](auto& h) { h.device = Fill<DeviceId>('x'); }), StatusCode::kInvalidArgument);
  EXPECT_EQ(with([](auto& h) { h.deployment = Fill<DeploymentId>('x'); }),
            StatusCode::kInvalidArgument);
  for (const uint32_t changes : {0u, 2u, 4u, 257u, UINT32_MAX}) {
    EXPECT_EQ(with([&](auto& h) { h.changes = changes; }), StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(with([](auto& h) { h.format = 2; }), StatusCode::kUnimplemented);
  EXPECT_EQ(with([](auto& h) { h.signing.wall = Time::Max() + Duration::Milliseconds(1); }),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(with([](auto& h) { h.signing.elapsed = Duration::Milliseconds(-1); }),
            StatusCode::kInvalidArgument);
  // A right header over a wrong root.
  ParcelHeader header = parcel.header;
  header.root = Fill<Hash>('x');
  v1::Parcel wrong_root = wire;
  wrong_root.set_header(header.Encode());
  EXPECT_EQ(CodeOf(wrong_root), StatusCode::kInvalidArgument);
  // The Changes of a parcel: out of order, one too few, one put in another's place.
  v1::Parcel other = wire;
  other.mutable_changes()->SwapElements(0, 1);
  EXPECT_EQ(CodeOf(other), StatusCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(Resigned(other, parcel.header)), StatusCode::kInvalidArgument);
  other = wire;
  other.mutable_changes()->RemoveLast();
  EXPECT_EQ(CodeOf(other), StatusCode::kInvalidArgument);
  other = wire;
  other.set_changes(1, SampleChange(6).bytes);
  EXPECT_EQ(CodeOf(other), StatusCode::kInvalidArgument);
  for (const size_t size : {0u, 1u, 63u, 65u, 70u}) {
    other = wire;
    other.set_signature(std::string(size, 's'));
    EXPECT_EQ(CodeOf(other), StatusCode::kInvalidArgument);
  }
}

// A parcel whose author's Changes may be seen in part: the leaf's hash does.
TEST(ParcelCodecTest, AWithheldWriteKeepsTheParcel) {
  const Parcel parcel = ParcelOf(5, 2);
  v1::Parcel wire = MessageOf(parcel);
  v1::Change change = MessageOf(parcel.changes[1]);
  v1::Leaf& leaf = *change.mutable_writes(0);
  const Hash hash = crypto::Sha256({std::string_view("\0", 1), leaf.salt(), leaf.content()});
  leaf.Clear();
  leaf.set_hash(hash.str());
  wire.set_changes(1, change.SerializeAsString());
  const auto read = DecodeParcel(wire.SerializeAsString());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->hash, parcel.hash);
  EXPECT_TRUE(std::holds_alternative<domain::Withheld>(read->changes[1].change->writes.at(0).body));
  // What is kept of it can be read again.
  EXPECT_TRUE(DecodeChange(read->changes[1].bytes).ok());
}

TEST(ParcelCodecTest, NothingHidesInTheWrapper) {
  const std::string bytes = EncodeParcel(ParcelOf(5, 2));
  const std::string unknown = RawBytes(1000, "smuggled");
  EXPECT_EQ(DecodeParcel(bytes + unknown).status().code(), StatusCode::kInvalidArgument);
  std::vector<RawField> fields = SplitFields(bytes);
  ASSERT_EQ(fields.back().number, 3u);
  const auto with_change = [&](const std::string& change) {
    std::vector<RawField> all = fields;
    all.back().content = change;
    return DecodeParcel(JoinFields(all)).status().code();
  };
  const std::string change = fields.back().content;
  EXPECT_EQ(with_change(change), StatusCode::kOk);
  EXPECT_EQ(with_change(change + unknown), StatusCode::kInvalidArgument);
  std::vector<RawField> leaves = SplitFields(change);
  for (RawField& leaf : leaves) {
    const std::string content = leaf.content;
    leaf.content += unknown;
    EXPECT_EQ(with_change(JoinFields(leaves)), StatusCode::kInvalidArgument);
    leaf.content = content;
  }
}

// Whatever is done to the bytes: no crash, and what is accepted under the same hash and
// the author's signature says the same.
TEST(ParcelCodecTest, NoMutationPassesForTheParcel) {
  const Parcel parcel = ParcelOf(5, 3);
  const std::string bytes = EncodeParcel(parcel);
  const auto key = SampleKey();
  std::mt19937 random(20'261'123);  // NOLINT(cert-msc51-cpp): the same mutations each time
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string other = bytes;
    for (size_t times = 1 + below(3); times > 0 && !other.empty(); --times) {
      const size_t at = below(other.size());
      switch (below(6)) {
        case 0:
          other[at] = static_cast<char>(other[at] ^ (1 << below(8)));
          break;
        case 1:
          other.resize(at);
          break;
        case 2:
          other.erase(at, 1 + below(40));
          break;
        case 3:
          other.insert(at, 1 + below(3), static_cast<char>(below(256)));
          break;
        case 4:
          other.insert(at, other.substr(below(other.size()), 1 + below(200)));
          break;
        default:
          other[at] = static_cast<char>(below(256));
      }
    }
    const auto read = DecodeParcel(other);
    if (!read.ok()) {
      ASSERT_TRUE(read.status().code() == StatusCode::kInvalidArgument ||
                  read.status().code() == StatusCode::kUnimplemented)
          << read.status();
      continue;
    }
    ++accepted;
    if (read->hash != parcel.hash ||
        !VerifyParcelSignature(read->header_bytes, read->signature, key.verify_key()).ok()) {
      ASSERT_FALSE(
          VerifyParcelSignature(read->header_bytes, read->signature, key.verify_key()).ok());
      continue;
    }
    // The same text again, at most spelt otherwise around the hashed bytes.
    ASSERT_EQ(EncodeParcel(*read), bytes);
  }
  // A flipped bit of the signature or of the hash before is for the key to find.
  EXPECT_GT(accepted, 0);
}

TEST(ParcelCodecTest, NoiseAndTruncationsAreRefused) {
  const std::string bytes = EncodeParcel(ParcelOf(5, 2));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeParcel(bytes.substr(0, size)).ok()) << size;
  }
  for (int round = 0; round < 2000; ++round) {
    const auto noise = crypto::SecretBytes::Random(1 + static_cast<size_t>(round));
    EXPECT_FALSE(DecodeParcel(noise.view()).ok());
    EXPECT_FALSE(DecodeChange(noise.view()).ok());
  }
  // Messages within messages, deeper than any of ours.
  std::string nested;
  while (nested.size() < 4000) nested = RawBytes(3, nested);
  EXPECT_FALSE(DecodeParcel(nested).ok());
  EXPECT_FALSE(DecodeChange(nested).ok());
  EXPECT_FALSE(DecodeParcel(std::string(kParcelBytesMax + 1, '\0')).ok());
}

}  // namespace
}  // namespace kapea::codec
