// Wraps: what is bound to them, byte by byte.
#include "common/codec/wrap_codec.h"

#include <gtest/gtest.h>

#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

const WrapContext kContext{Fill<DeploymentId>('d'), Fill<FileId>('f'), Fill<ChangeId>('c')};

crypto::SecretBytes ClassKey() { return crypto::SecretBytes::CopyOf(std::string(32, 'k')); }

WrapTarget TargetOf(const crypto::ReceiveKey& key) {
  WrapTarget target;
  target.key_epoch = Fill<KeyEpochId>('e');
  target.key_class = domain::KeyClass::kIdentity;
  target.recipient_kind = domain::RecipientKind::kPerson;
  target.recipient = Fill<ChangeId>('p');
  target.generation = 3;
  target.public_key = key.public_key();
  return target;
}

TEST(WrapCodecTest, OpensForItsRecipientInItsPlace) {
  const auto key = crypto::ReceiveKey::Generate();
  const auto wrap = SealWrap(kContext, TargetOf(key), ClassKey());
  ASSERT_TRUE(wrap.ok()) << wrap.status();
  EXPECT_EQ(wrap->encapsulated.size(), 32u);
  EXPECT_EQ(wrap->ciphertext.size(), 48u);
  const auto opened = OpenWrap(kContext, *wrap, key);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(*opened == ClassKey());
  EXPECT_EQ(OpenWrap(kContext, *wrap, crypto::ReceiveKey::Generate()).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(WrapCodecTest, TheAssociatedDataStandsAsItsCommentSays) {
  const auto key = crypto::ReceiveKey::Generate();
  const auto wrap = SealWrap(kContext, TargetOf(key), ClassKey());
  ASSERT_TRUE(wrap.ok());
  EXPECT_EQ(WrapAssociatedData(kContext, *wrap),
            std::string(16, 'd') + std::string(16, 'f') + std::string(16, 'e') +
                std::string("\x02\x00\x01", 3) + std::string(16, 'p') +
                std::string("\0\0\0\x03", 4) + crypto::Sha256(key.public_key()).str() +
                std::string(16, 'c'));
}

// The seal under every associated data that differs in one byte.
TEST(WrapCodecTest, EveryByteOfTheContextIsBound) {
  const auto key = crypto::ReceiveKey::Generate();
  const auto wrap = SealWrap(kContext, TargetOf(key), ClassKey());
  ASSERT_TRUE(wrap.ok());
  const std::string data = WrapAssociatedData(kContext, *wrap);
  const auto open = [&](const std::string& associated) {
    return crypto::HpkeOpen(key, wrap->encapsulated, crypto::kWrapDomain, associated,
                            wrap->ciphertext)
        .ok();
  };
  EXPECT_TRUE(open(data));
  for (size_t i = 0; i < data.size(); ++i) {
    std::string other = data;
    other[i] ^= 1;
    EXPECT_FALSE(open(other)) << i;
  }
}

TEST(WrapCodecTest, AWrapThatWasMovedOrChangedDoesNotOpen) {
  const auto key = crypto::ReceiveKey::Generate();
  const auto wrap = SealWrap(kContext, TargetOf(key), ClassKey());
  ASSERT_TRUE(wrap.ok());
  const auto refused = [&](const WrapContext& context, const domain::Wrap& other) {
    return OpenWrap(context, other, key).status().code() == absl::StatusCode::kDataLoss;
  };
  WrapContext context = kContext;
  context.deployment = Fill<DeploymentId>('x');
  EXPECT_TRUE(refused(context, *wrap));
  context = kContext;
  context.file = Fill<FileId>('x');
  EXPECT_TRUE(refused(context, *wrap));
  context = kContext;
  context.change = Fill<ChangeId>('x');
  EXPECT_TRUE(refused(context, *wrap));
  const auto with = [&](const std::function<void(domain::Wrap&)>& alter) {
    domain::Wrap other = *wrap;
    alter(other);
    return refused(kContext, other);
  };
  using W = domain::Wrap;
  EXPECT_TRUE(with([](W& w) { w.key_epoch = Fill<KeyEpochId>('x'); }));
  EXPECT_TRUE(with([](W& w) { w.key_epoch.reset(); }));
  EXPECT_TRUE(with([](W& w) { w.key_class = domain::KeyClass::kHealth; }));
  EXPECT_TRUE(with([](W& w) { w.half = 1; }));
  EXPECT_TRUE(with([](W& w) { w.half = 256; }));  // would be 0 in one byte
  EXPECT_TRUE(with([](W& w) { w.recipient_kind = domain::RecipientKind::kUnit; }));
  EXPECT_TRUE(with([](W& w) { w.recipient = Fill<ChangeId>('x'); }));
  EXPECT_TRUE(with([](W& w) { w.generation = 4; }));
  EXPECT_TRUE(with([](W& w) { w.recipient_key = Fill<Hash>('x'); }));
  for (size_t i = 0; i < 32; ++i) EXPECT_TRUE(with([&](W& w) { w.encapsulated[i] ^= 1; })) << i;
  for (size_t i = 0; i < 48; ++i) EXPECT_TRUE(with([&](W& w) { w.ciphertext[i] ^= 1; })) << i;
  EXPECT_TRUE(with([](W& w) { w.encapsulated.pop_back(); }));
  EXPECT_TRUE(with([](W& w) { w.ciphertext.clear(); }));
}

TEST(WrapCodecTest, WrapsKeysOf32BytesToKeysThatAreSome) {
  const auto key = crypto::ReceiveKey::Generate();
  for (const size_t size : {0u, 16u, 31u, 33u, 64u}) {
    EXPECT_EQ(SealWrap(kContext, TargetOf(key), crypto::SecretBytes(size)).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const std::string& bad : {std::string(), std::string(31, 'x'), std::string(32, '\0')}) {
    WrapTarget target = TargetOf(key);
    target.public_key = bad;
    EXPECT_EQ(SealWrap(kContext, target, ClassKey()).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
}

// A person's key goes without epoch, class and half, and keeps its own generation.
TEST(WrapCodecTest, APersonsKeyTravelsToHerDevice) {
  const auto key = crypto::ReceiveKey::Generate();
  WrapTarget target;
  target.recipient_kind = domain::RecipientKind::kDevice;
  target.recipient = Fill<ChangeId>('v');
  target.public_key = key.public_key();
  target.wrapped_owner = Fill<ChangeId>('p');
  target.wrapped_generation = 2;
  const auto wrap = SealWrap(kContext, target, ClassKey());
  ASSERT_TRUE(wrap.ok());
  EXPECT_TRUE(DecodeChange(WrapBody(*wrap)).ok());
  EXPECT_EQ(WrapAssociatedData(kContext, *wrap).substr(32, 18), std::string(18, '\0'));
  EXPECT_EQ(wrap->wrapped_owner, Fill<ChangeId>('p'));
  EXPECT_TRUE(*OpenWrap(kContext, *wrap, key) == ClassKey());
}

}  // namespace
}  // namespace kapea::codec
