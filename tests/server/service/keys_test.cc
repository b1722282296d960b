// Secrets under a passphrase.
#include <gmock/gmock.h>

#include "common/codec/server_keys.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_box.h"

namespace kapea {
namespace {

crypto::PassphraseParameters Cheap() {
  crypto::PassphraseParameters parameters;
  parameters.salt = crypto::RandomBytes(crypto::PassphraseParameters::kSaltBytes);
  return parameters;
}

TEST(PassphraseBoxTest, OpensUnderItsPassphraseAlone) {
  const auto box = crypto::SealWithPassphrase("correct horse", "secret", Cheap());
  ASSERT_TRUE(box.ok()) << box.status();
  EXPECT_EQ(crypto::OpenWithPassphrase("correct horse", *box)->view(), "secret");
  const auto wrong = crypto::OpenWithPassphrase("correct hors", *box);
  EXPECT_TRUE(absl::IsUnauthenticated(wrong.status()));
  EXPECT_THAT(std::string(wrong.status().message()), testing::HasSubstr("passphrase is another"));
}

// Each byte is bound: parameters, salt, commitment, ciphertext. (Every sixteenth, because each
// try costs a derivation.)
TEST(PassphraseBoxTest, NoAlteredByteOpens) {
  const auto box = crypto::SealWithPassphrase("correct horse", "secret", Cheap());
  ASSERT_TRUE(box.ok());
  for (size_t i = 0; i < box->size(); i += 16) {
    SCOPED_TRACE(i);
    std::string altered = *box;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(crypto::OpenWithPassphrase("correct horse", altered).ok());
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      crypto::OpenWithPassphrase("correct horse", box->substr(0, 40)).status()));
}

TEST(ServerKeysTest, ComeBackWholeOrNotAtAll) {
  codec::ServerKeys keys;
  keys.store_master_key = crypto::SecretBytes::Random(32);
  keys.log_seed = crypto::SecretBytes::Random(32);
  keys.device_scalar = crypto::SecretBytes::Random(32);
  keys.tls_key_pem = crypto::SecretBytes::CopyOf("key");
  EXPECT_TRUE(absl::IsInvalidArgument(keys.Seal("passphrase", Cheap()).status()));
  keys.tls_chain_pem = "chain";
  const auto sealed = keys.Seal("passphrase", Cheap());
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  const auto opened = codec::ServerKeys::Open("passphrase", *sealed);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->store_master_key, keys.store_master_key);
  EXPECT_EQ(opened->log_seed, keys.log_seed);
  EXPECT_EQ(opened->device_scalar, keys.device_scalar);
  EXPECT_EQ(opened->tls_key_pem, keys.tls_key_pem);
  EXPECT_EQ(opened->tls_chain_pem, "chain");
  EXPECT_TRUE(absl::IsUnauthenticated(codec::ServerKeys::Open("other", *sealed).status()));
}

}  // namespace
}  // namespace kapea
