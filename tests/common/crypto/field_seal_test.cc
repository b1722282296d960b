#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "tests/common/crypto/vector_file.h"

namespace kapea::crypto {
namespace {

// `size` bytes counting up from `first`.
std::string Counting(int first, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(first + static_cast<int>(i));
  return bytes;
}

SecretBytes FrozenClassKey() { return SecretBytes::CopyOf(Counting(0x40, 32)); }

FieldContext FrozenContext() {
  FieldContext context;
  context.deployment = DeploymentId::FromPrefix(Counting(0x10, 16));
  context.file = FileId::FromPrefix(Counting(0x20, 16));
  context.key_epoch = KeyEpochId::FromPrefix(Counting(0x30, 16));
  context.key_class = 2;
  context.change = ChangeId::FromPrefix(Counting(0xa0, 16));
  context.write_index = 3;
  context.record = RecordId::FromPrefix(Counting(0xb0, 16));
  context.field_code = "person.name";
  context.leaf_salt = Salt::FromPrefix(Counting(0xc0, 16));
  return context;
}

template <typename Id>
Id WithBitFlipped(const Id& id, size_t byte) {
  std::string bytes = id.str();
  bytes[byte] ^= 1;
  return Id::FromPrefix(bytes);
}

// The frozen context with each byte of its encoding changed in turn (the length of the
// field code by a longer and a shorter code).
std::vector<FieldContext> OtherContexts() {
  std::vector<FieldContext> others;
  const auto add = [&](const std::function<void(FieldContext&)>& change) {
    FieldContext context = FrozenContext();
    change(context);
    others.push_back(context);
  };
  for (size_t i = 0; i < 16; ++i) {
    add([&](FieldContext& c) { c.deployment = WithBitFlipped(c.deployment, i); });
    add([&](FieldContext& c) { c.file = WithBitFlipped(c.file, i); });
    add([&](FieldContext& c) { c.key_epoch = WithBitFlipped(c.key_epoch, i); });
    add([&](FieldContext& c) { c.change = WithBitFlipped(c.change, i); });
    add([&](FieldContext& c) { c.record = WithBitFlipped(c.record, i); });
    add([&](FieldContext& c) { c.leaf_salt = WithBitFlipped(c.leaf_salt, i); });
  }
  for (int bit = 0; bit < 32; ++bit) {
    add([&](FieldContext& c) { c.write_index ^= uint32_t{1} << bit; });
  }
  add([](FieldContext& c) { c.key_class = 3; });
  for (size_t i = 0; i < FrozenContext().field_code.size(); ++i) {
    add([&](FieldContext& c) { c.field_code[i] ^= 1; });
  }
  add([](FieldContext& c) { c.field_code += 'x'; });
  add([](FieldContext& c) { c.field_code.pop_back(); });
  add([](FieldContext& c) { c.field_code.clear(); });
  return others;
}

TEST(FieldSeal, FrozenEnvelopes) {
  const auto records = Section(FrozenPath("formats.txt"), "FIELD");
  ASSERT_EQ(records.size(), 4u);
  const FieldContext context = FrozenContext();
  for (const VectorRecord& record : records) {
    EXPECT_EQ(ToHex(context.Encode()), record.Text("Context"));
    const SecretBytes secret = FieldSecret(FrozenClassKey(), context);
    EXPECT_EQ(ToHex(secret.view()), record.Text("Secret"));
    const std::string value = record.Bytes("Value");
    const auto opened = OpenField(secret, context, record.Bytes("Envelope"));
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->view(), value);
    // What zstd writes may differ between its versions; what is not compressed may not.
    if (value.size() > 256) continue;
    const auto sealed = SealField(secret, context, value);
    ASSERT_TRUE(sealed.ok()) << sealed.status();
    EXPECT_EQ(ToHex(*sealed), record.Text("Envelope"));
  }
}

TEST(FieldSeal, FrozenClassKeyCommitment) {
  const auto records = Section(FrozenPath("formats.txt"), "CLASSKEY");
  ASSERT_EQ(records.size(), 1u);
  const FieldContext c = FrozenContext();
  EXPECT_EQ(ToHex(ClassKeyCommitment(FrozenClassKey(), c.deployment, c.file, c.key_epoch, 2)),
            records[0].Text("Commitment"));
  const std::string other =
      ToHex(ClassKeyCommitment(FrozenClassKey(), c.deployment, c.file, c.key_epoch, 3));
  EXPECT_NE(other, records[0].Text("Commitment"));
}

TEST(FieldSeal, EveryFlippedBitIsRefused) {
  const FieldContext context = FrozenContext();
  const SecretBytes secret = FieldSecret(FrozenClassKey(), context);
  const auto envelope = SealField(secret, context, "Amina Example");
  ASSERT_TRUE(envelope.ok());
  ASSERT_EQ(envelope->size(), 32u + 64 + 16);
  for (size_t bit = 0; bit < envelope->size() * 8; ++bit) {
    std::string altered = *envelope;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(OpenField(secret, context, altered).status().code(), absl::StatusCode::kDataLoss)
        << bit;
  }
}

TEST(FieldSeal, EveryOtherContextIsRefused) {
  const FieldContext context = FrozenContext();
  const SecretBytes secret = FieldSecret(FrozenClassKey(), context);
  const auto envelope = SealField(secret, context, "Amina Example");
  ASSERT_TRUE(envelope.ok());
  const std::vector<FieldContext> others = OtherContexts();
  ASSERT_EQ(others.size(), 6u * 16 + 32 + 1 + 11 + 3);
  for (const FieldContext& other : others) {
    // Bound twice: by the associated data, should somebody bring the right secret ...
    EXPECT_EQ(OpenField(secret, other, *envelope).status().code(), absl::StatusCode::kDataLoss);
    // ... and by the secret itself.
    EXPECT_EQ(OpenField(FieldSecret(FrozenClassKey(), other), other, *envelope).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

TEST(FieldSeal, AnotherKeyIsRefusedByTheCommitment) {
  const FieldContext context = FrozenContext();
  const auto envelope = SealField(FieldSecret(FrozenClassKey(), context), context, "value");
  ASSERT_TRUE(envelope.ok());
  const auto opened = OpenField(FieldSecret(SecretBytes::Random(32), context), context, *envelope);
  ASSERT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(opened.status().ToString().find("commitment"), std::string::npos);
}

TEST(FieldSeal, OtherSizesAreNoEnvelopes) {
  const FieldContext context = FrozenContext();
  const SecretBytes secret = FieldSecret(FrozenClassKey(), context);
  const auto envelope = SealField(secret, context, "value");
  ASSERT_TRUE(envelope.ok());
  for (size_t size = 0; size < envelope->size(); ++size) {
    EXPECT_EQ(OpenField(secret, context, envelope->substr(0, size)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(OpenField(secret, context, *envelope + '\0').status().code(),
            absl::StatusCode::kInvalidArgument);
  size_t sizes = 0;
  for (size_t size = 0; size < 70'000; ++size) sizes += IsEnvelopeSize(size) ? 1 : 0;
  EXPECT_EQ(sizes, 10u);
  EXPECT_TRUE(IsEnvelopeSize(64 + 48));
  EXPECT_TRUE(IsEnvelopeSize(32'768 + 48));
}

TEST(FieldSeal, SecretsOfAnotherSizeAreNeverUsed) {
  const FieldContext context = FrozenContext();
  const auto envelope = SealField(FieldSecret(FrozenClassKey(), context), context, "value");
  ASSERT_TRUE(envelope.ok());
  for (const size_t size : {0u, 31u, 33u}) {
    const SecretBytes secret(size);
    EXPECT_EQ(OpenField(secret, context, *envelope).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_DEATH(static_cast<void>(SealField(secret, context, "value").ok()), "check failed");
    EXPECT_DEATH(FieldSecret(secret, context), "check failed");
  }
}

TEST(FieldSeal, ValuesOfManySizesComeBack) {
  const FieldContext context = FrozenContext();
  const SecretBytes secret = FieldSecret(FrozenClassKey(), context);
  for (const size_t size : {0u, 1u, 62u, 63u, 256u, 257u, 5000u, 32'766u}) {
    const std::string value = RandomBytes(size);
    const auto envelope = SealField(secret, context, value);
    ASSERT_TRUE(envelope.ok()) << envelope.status();
    EXPECT_TRUE(IsEnvelopeSize(envelope->size()));
    const auto opened = OpenField(secret, context, *envelope);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->view(), value);
  }
  EXPECT_EQ(SealField(secret, context, RandomBytes(32'767)).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kapea::crypto
