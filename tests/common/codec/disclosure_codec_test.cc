// What a disclosure's bundle carries, opened as its recipient could: the values that were
// named, and of the Changes that they stand in nothing else.
#include "common/codec/disclosure_codec.h"

#include <gtest/gtest.h>

#include "common/base/bytes.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "kapea/v1/disclosure.pb.h"
#include "tests/common/codec/sample_changes.h"

namespace kapea::codec {
namespace {

domain::FieldWrite Note(std::string_view text) {
  domain::FieldWrite write;
  write.record = Fill<RecordId>('r');
  write.field = "note";
  write.clear = domain::Text{std::string(text)};
  return write;
}

v1::DisclosureBundle Unseal(std::string_view bytes, const crypto::ReceiveKey& key) {
  v1::SealedDisclosure sealed;
  EXPECT_TRUE(sealed.ParseFromString(std::string(bytes)));
  std::string associated = sealed.unit();
  AppendU32(associated, sealed.generation());
  associated.append(crypto::Sha256(key.public_key()).view());
  const auto plain = crypto::HpkeOpen(key, sealed.encapsulated(), crypto::kDisclosureDomain,
                                      associated, sealed.ciphertext());
  v1::DisclosureBundle bundle;
  EXPECT_TRUE(plain.ok() && bundle.ParseFromString(std::string(plain->view())));
  return bundle;
}

TEST(DisclosureBundle, WithholdsEveryWriteThatWasNotNamed) {
  const EncodedChange change = ChangeWith({Note("before"), Note("named"), Note("after")});
  const auto key = crypto::ReceiveKey::Generate();
  std::vector<DisclosedValue> values(1);
  values[0].change.change = change;
  values[0].write = 1;
  values[0].secret = crypto::SecretBytes::CopyOf("a secret of one value");
  ProvenChange act;
  act.change = SampleChange(9);
  const auto sealed = SealDisclosure(Fill<DeploymentId>('d'), act, values,
                                     {Fill<UnitId>('u'), 3, key.public_key()});
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_EQ(sealed->find("named"), std::string::npos);

  const v1::DisclosureBundle bundle = Unseal(*sealed, key);
  ASSERT_EQ(bundle.values_size(), 1);
  const std::string& given = bundle.values(0).change().change();
  EXPECT_NE(given.find("named"), std::string::npos);
  EXPECT_EQ(given.find("before"), std::string::npos);
  EXPECT_EQ(given.find("after"), std::string::npos);
  const auto decoded = DecodeChange(given);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->change->hash, change.change->hash) << "the author's signature still covers it";
}

}  // namespace
}  // namespace kapea::codec
