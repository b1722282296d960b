// Published vectors: a small set frozen beside this file, and the long sets of
// python3-cryptography-vectors where that package is installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "common/base/bytes.h"
#include "common/crypto/evp.h"
#include "common/crypto/hash.h"
#include "common/crypto/hpke.h"
#include "common/crypto/passphrase.h"
#include "common/crypto/signature.h"
#include "tests/common/crypto/vector_file.h"

namespace kapea::crypto {
namespace {

using ::testing::SizeIs;

std::vector<VectorRecord> Published(std::string_view section) {
  return Section(FrozenPath("published.txt"), section);
}

// Leaves the test when the package is not there; the frozen set has run anyway.
#define READ_PACKAGED(records, name)                                            \
  const std::vector<VectorRecord> records = ReadVectorFile(PackagedPath(name)); \
  if (records.empty()) GTEST_SKIP() << "python3-cryptography-vectors is not installed"

void CheckHmac(const VectorRecord& record) {
  EXPECT_EQ(ToHex(HmacSha256(record.Bytes("Key"), record.Bytes("Msg"))), record.Text("MD"));
}

void CheckHkdf(const VectorRecord& record) {
  const SecretBytes key = HkdfExtract(record.Bytes("salt"), record.Bytes("IKM"));
  if (record.Has("PRK")) {
    EXPECT_EQ(ToHex(key.view()), record.Text("PRK"));
  }
  EXPECT_EQ(ToHex(HkdfExpand(key.view(), record.Bytes("info"), record.Number("L")).view()),
            record.Text("OKM"));
}

void CheckNote(const std::string& seed, const std::string& public_key, const std::string& message,
               const std::string& signature) {
  const auto key = NoteSigningKey::FromSeed(SecretBytes::CopyOf(seed));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->public_key(), public_key);
  EXPECT_EQ(key->Sign(message), signature);
  EXPECT_TRUE(VerifyNoteSignature(public_key, message, signature).ok());
}

// True when `record` (with CT, Tag and, unless it must fail, PT) behaves as it says.
void CheckGcmOpen(const VectorRecord& record, bool fails) {
  const std::string sealed = record.Bytes("CT") + record.Bytes("Tag");
  std::string opened(record.Bytes("CT").size(), '?');
  const bool ok = internal::GcmOpen(record.Bytes("Key"), record.Bytes("IV"), record.Bytes("AAD"),
                                    sealed, reinterpret_cast<unsigned char*>(opened.data()));
  EXPECT_EQ(ok, !fails);
  EXPECT_EQ(opened, fails ? std::string(opened.size(), '\0') : record.Bytes("PT"));
}

void CheckGcmSeal(const VectorRecord& record) {
  const std::string plaintext = record.Bytes("PT");
  std::string sealed(plaintext.size() + internal::kGcmTagBytes, '?');
  internal::GcmSeal(record.Bytes("Key"), record.Bytes("IV"), record.Bytes("AAD"), plaintext,
                    reinterpret_cast<unsigned char*>(sealed.data()));
  EXPECT_EQ(ToHex(sealed), record.Text("CT") + record.Text("Tag"));
}

bool IsOurGcm(const VectorRecord& record) {
  return record.Text("[IVlen]") == "96" && record.Text("[Taglen]") == "128";
}

void CheckHpke(const std::string& ephemeral, const std::string& private_key,
               const std::string& public_key, const std::string& encapsulated,
               const std::string& info, const std::string& associated_data,
               const std::string& plaintext, const std::string& ciphertext) {
  const auto key = ReceiveKey::FromPrivate(SecretBytes::CopyOf(private_key));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->public_key(), public_key);
  const auto sealed = InsecureHpkeSealWithEphemeral(SecretBytes::CopyOf(ephemeral), public_key,
                                                    info, associated_data, plaintext);
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_EQ(sealed->encapsulated, encapsulated);
  EXPECT_EQ(ToHex(sealed->ciphertext), ToHex(ciphertext));
  const auto opened = HpkeOpen(*key, encapsulated, info, associated_data, ciphertext);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->view(), plaintext);
}

TEST(FrozenVectors, Sha256) {
  const auto records = Published("SHA256");
  ASSERT_THAT(records, SizeIs(5));
  for (const VectorRecord& record : records) {
    EXPECT_EQ(Sha256(record.Bytes("Msg")).hex(), record.Text("MD"));
  }
}

TEST(FrozenVectors, Hmac) {
  const auto records = Published("HMAC");
  ASSERT_THAT(records, SizeIs(6));
  for (const VectorRecord& record : records) CheckHmac(record);
}

TEST(FrozenVectors, Hkdf) {
  const auto records = Published("HKDF");
  ASSERT_THAT(records, SizeIs(3));
  for (const VectorRecord& record : records) CheckHkdf(record);
}

TEST(FrozenVectors, Gcm) {
  const auto records = Published("GCM");
  ASSERT_THAT(records, SizeIs(12));
  for (const VectorRecord& record : records) {
    CheckGcmSeal(record);
    CheckGcmOpen(record, /*fails=*/false);
  }
}

TEST(FrozenVectors, Ed25519) {
  const auto records = Published("ED25519");
  ASSERT_THAT(records, SizeIs(3));
  for (const VectorRecord& record : records) {
    CheckNote(record.Bytes("Seed"), record.Bytes("Public"), record.Bytes("Msg"),
              record.Bytes("Sig"));
  }
}

TEST(FrozenVectors, Ecdsa) {
  const auto records = Published("ECDSA");
  ASSERT_THAT(records, SizeIs(2));
  for (const VectorRecord& record : records) {
    const auto key = SigningKey::FromScalar(SecretBytes::CopyOf(record.Bytes("Scalar")));
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->verify_key().bytes(), record.Bytes("Point"));
    const auto verify = VerifyKey::FromBytes(record.Bytes("Point"));
    ASSERT_TRUE(verify.ok()) << verify.status();
    EXPECT_TRUE(verify->Verify(record.Bytes("Msg"), record.Bytes("Sig")).ok());
    EXPECT_EQ(verify->Verify(record.Bytes("Msg") + "x", record.Bytes("Sig")).code(),
              absl::StatusCode::kUnauthenticated);
  }
}

TEST(FrozenVectors, X25519PublicKey) {
  const auto records = Published("X25519");
  ASSERT_THAT(records, SizeIs(1));
  const auto key = ReceiveKey::FromPrivate(SecretBytes::CopyOf(records[0].Bytes("Private")));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(ToHex(key->public_key()), records[0].Text("Public"));
}

TEST(FrozenVectors, Hpke) {
  const auto records = Published("HPKE");
  ASSERT_THAT(records, SizeIs(1));
  const VectorRecord& record = records[0];
  CheckHpke(record.Bytes("skEm"), record.Bytes("skRm"), record.Bytes("pkRm"), record.Bytes("enc"),
            record.Bytes("info"), record.Bytes("aad"), record.Bytes("pt"), record.Bytes("ct"));
}

TEST(FrozenVectors, Argon2id) {
  const auto records = Published("ARGON2ID");
  ASSERT_THAT(records, SizeIs(1));
  PassphraseParameters parameters;
  parameters.salt = records[0].Bytes("Salt");
  parameters.memory_bytes = records[0].Number("Memory");
  parameters.passes = records[0].Number("Passes");
  const auto key = DeriveFromPassphrase(records[0].Bytes("Passphrase"), parameters);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(ToHex(key->view()), records[0].Text("Key"));
}

TEST(PackagedVectors, Sha256) {
  for (const char* name : {"hashes/SHA2/SHA256ShortMsg.rsp", "hashes/SHA2/SHA256LongMsg.rsp"}) {
    READ_PACKAGED(records, name);
    for (const VectorRecord& record : records) {
      const std::string message = record.Bytes("Msg").substr(0, record.Number("Len") / 8);
      EXPECT_EQ(Sha256(message).hex(), record.Text("MD"));
      const size_t half = message.size() / 2;
      EXPECT_EQ(Sha256({message.substr(0, half), message.substr(half)}).hex(), record.Text("MD"));
    }
  }
}

TEST(PackagedVectors, Hmac) {
  READ_PACKAGED(records, "HMAC/rfc-4231-sha256.txt");
  for (const VectorRecord& record : records) CheckHmac(record);
}

TEST(PackagedVectors, Hkdf) {
  READ_PACKAGED(records, "KDF/rfc-5869-HKDF-SHA256.txt");
  for (const VectorRecord& record : records) CheckHkdf(record);
}

TEST(PackagedVectors, GcmSeal) {
  READ_PACKAGED(records, "ciphers/AES/GCM/gcmEncryptExtIV256.rsp");
  size_t checked = 0;
  for (const VectorRecord& record : records) {
    if (!IsOurGcm(record)) continue;
    CheckGcmSeal(record);
    ++checked;
  }
  EXPECT_GE(checked, 300u);
}

TEST(PackagedVectors, GcmOpen) {
  READ_PACKAGED(records, "ciphers/AES/GCM/gcmDecrypt256.rsp");
  size_t refused = 0;
  for (const VectorRecord& record : records) {
    if (!IsOurGcm(record)) continue;
    CheckGcmOpen(record, record.Has("FAIL"));
    if (record.Has("FAIL")) ++refused;
  }
  EXPECT_GE(refused, 100u);
}

TEST(PackagedVectors, Ed25519) {
  std::ifstream file(PackagedPath("asymmetric/Ed25519/sign.input"));
  if (!file) GTEST_SKIP() << "python3-cryptography-vectors is not installed";
  size_t checked = 0;
  // seed and public key : public key : message : signature and message, in hex.
  for (std::string line; std::getline(file, line); ++checked) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    const size_t third = line.find(':', second + 1);
    const auto seed = FromHex(line.substr(0, 64));
    const auto public_key = FromHex(line.substr(first + 1, 64));
    const auto message = FromHex(line.substr(second + 1, third - second - 1));
    const auto signature = FromHex(line.substr(third + 1, 128));
    ASSERT_TRUE(seed.ok() && public_key.ok() && message.ok() && signature.ok());
    CheckNote(*seed, *public_key, *message, *signature);
  }
  EXPECT_EQ(checked, 1024u);
}

// Zeros in front, to 64 digits or, if it is longer, to whole bytes.
std::string Hex64(const std::string& hex) {
  const size_t size = hex.size() <= 64 ? 64 : hex.size() + hex.size() % 2;
  return std::string(size - hex.size(), '0') + hex;
}

std::string Padded32(std::string bytes) { return std::string(32 - bytes.size(), '\0') + bytes; }

TEST(PackagedVectors, EcdsaVerify) {
  READ_PACKAGED(records, "asymmetric/ECDSA/FIPS_186-3/SigVer.rsp");
  size_t good = 0;
  size_t bad = 0;
  for (const VectorRecord& record : records) {
    if (record.Text("[]") != "P-256,SHA-256") continue;
    const auto key =
        VerifyKey::FromBytes("\x04" + Padded32(record.Bytes("Qx")) + Padded32(record.Bytes("Qy")));
    ASSERT_TRUE(key.ok()) << key.status();
    const absl::Status status =
        key->Verify(record.Bytes("Msg"), Padded32(record.Bytes("R")) + Padded32(record.Bytes("S")));
    const bool want = record.Text("Result")[0] == 'P';
    EXPECT_EQ(status.ok(), want) << status;
    ++(want ? good : bad);
  }
  EXPECT_GE(good, 3u);
  EXPECT_GE(bad, 8u);
}

TEST(PackagedVectors, EcdsaPoints) {
  READ_PACKAGED(records, "asymmetric/ECDSA/FIPS_186-3/PKV.rsp");
  size_t good = 0;
  size_t bad = 0;
  for (const VectorRecord& record : records) {
    if (record.Text("[]") != "P-256") continue;
    const bool want = record.Text("Result")[0] == 'P';
    ++(want ? good : bad);
    // A coordinate out of range may be longer than the wire form allows.
    const auto point = FromHex("04" + Hex64(record.Text("Qx")) + Hex64(record.Text("Qy")));
    ASSERT_TRUE(point.ok()) << point.status();
    EXPECT_EQ(VerifyKey::FromBytes(*point).ok(), want);
  }
  EXPECT_GE(good, 3u);
  EXPECT_GE(bad, 5u);
}

TEST(PackagedVectors, X25519PublicKey) {
  READ_PACKAGED(records, "asymmetric/X25519/rfc7748.txt");
  size_t checked = 0;
  for (const VectorRecord& record : records) {
    if (record.Bytes("INPUT_U") != "\x09" + std::string(31, '\0')) continue;
    const auto key = ReceiveKey::FromPrivate(SecretBytes::CopyOf(record.Bytes("INPUT_SCALAR")));
    ASSERT_TRUE(key.ok());
    EXPECT_EQ(ToHex(key->public_key()), record.Text("OUTPUT_U"));
    ++checked;
  }
  EXPECT_GE(checked, 1u);
}

// The whole published file, of which one context is of our suite and mode.
TEST(PackagedVectors, Hpke) {
  std::ifstream file(std::string(KAPEA_SHARED) + "/vectors/hpke_v08_x25519_p256_hkdfsha256.json");
  if (!file) GTEST_SKIP() << "the HPKE vectors are not beside the project";
  size_t checked = 0;
  for (const auto& context : nlohmann::json::parse(file)) {
    if (context["mode"] != 0 || context["kem_id"] != 0x20 || context["kdf_id"] != 1 ||
        context["aead_id"] != 2) {
      continue;
    }
    const auto bytes = [](const nlohmann::json& hex) { return *FromHex(hex.get<std::string>()); };
    const auto& first = context["encryptions"][0];
    CheckHpke(bytes(context["skEm"]), bytes(context["skRm"]), bytes(context["pkRm"]),
              bytes(context["enc"]), bytes(context["info"]), bytes(first["aad"]),
              bytes(first["plaintext"]), bytes(first["ciphertext"]));
    ++checked;
  }
  EXPECT_EQ(checked, 1u);
}

}  // namespace
}  // namespace kapea::crypto
