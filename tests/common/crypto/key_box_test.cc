// Boxes that a home, a passphrase, or both open.
#include "common/crypto/key_box.h"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/crypto/hash.h"
#include "tests/common/crypto/vector_file.h"

namespace kapea::crypto {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kWords[] = "correct horse";

PassphraseParameters Cheap() {
  PassphraseParameters parameters;
  parameters.salt = RandomBytes(PassphraseParameters::kSaltBytes);
  return parameters;
}

// A home that gives SHA-256(its seed || note).
class FakeHome : public KeyHome {
 public:
  explicit FakeHome(HomeKind kind, std::string seed = "seed") : kind_(kind), seed_(seed) {}
  HomeKind kind() const override { return kind_; }
  absl::StatusOr<Made> Make() override {
    Made made;
    made.note = RandomBytes(40);
    made.secret = Give(made.note);
    return made;
  }
  absl::StatusOr<SecretBytes> Find(std::string_view note) override {
    ++asked;
    if (!absent.ok()) return absent;
    return Give(note);
  }

  int asked = 0;
  absl::Status absent;

 private:
  SecretBytes Give(std::string_view note) const {
    return SecretBytes::CopyOf(Sha256({seed_, note}).view());
  }
  const HomeKind kind_;
  const std::string seed_;
};

AskSecret Answer(std::string text) {
  return [text = std::move(text)] { return SecretBytes::CopyOf(text); };
}

template <typename... T>
absl::StatusOr<SecretBytes> Open(std::string_view box, T&... home) {
  KeyHome* const homes[] = {&home...};
  return OpenKeyBox(homes, box);
}
template <typename... T>
std::string Seal(std::string_view plaintext, T&... home) {
  KeyHome* const homes[] = {&home...};
  auto box = SealKeyBox(homes, plaintext);
  EXPECT_TRUE(box.ok()) << box.status();
  return box.ok() ? *box : "";
}
std::string Message(const absl::StatusOr<SecretBytes>& opened) {
  return std::string(opened.status().message());
}

TEST(KeyBox, FrozenBoxesOpen) {
  const auto records = Section(FrozenPath("key_boxes.txt"), "BOX");
  ASSERT_EQ(records.size(), 3u);
  for (const VectorRecord& record : records) {
    CredentialHome credential(Answer(record.Bytes("Credential")));
    PassphraseHome passphrase(Answer(record.Bytes("Passphrase")), 0);
    const auto opened = Open(record.Bytes("Box"), credential, passphrase);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->view(), record.Bytes("Plain"));
  }
  EXPECT_THAT(*HomesOf(records[0].Bytes("Box")), ElementsAre(HomeKind::kPassphrase));
  EXPECT_THAT(*HomesOf(records[1].Bytes("Box")), ElementsAre(HomeKind::kCredential));
  EXPECT_THAT(*HomesOf(records[2].Bytes("Box")),
              ElementsAre(HomeKind::kCredential, HomeKind::kPassphrase));
}

TEST(KeyBox, NeitherHalfOpensItAlone) {
  FakeHome token(HomeKind::kToken);
  PassphraseHome passphrase(kWords, Cheap());
  const std::string box = Seal("secret", token, passphrase);
  EXPECT_EQ(Open(box, token, passphrase)->view(), "secret");

  PassphraseHome other("correct hors", {});
  const auto wrong_words = Open(box, token, other);
  EXPECT_TRUE(absl::IsUnauthenticated(wrong_words.status()));
  EXPECT_THAT(Message(wrong_words), HasSubstr("passphrase is another"));

  FakeHome other_token(HomeKind::kToken, "another");
  const auto wrong_token = Open(box, other_token, passphrase);
  EXPECT_TRUE(absl::IsFailedPrecondition(wrong_token.status()));
  EXPECT_THAT(Message(wrong_token), HasSubstr("this is another one"));

  const auto no_token = Open(box, passphrase);
  EXPECT_TRUE(absl::IsFailedPrecondition(no_token.status()));
  EXPECT_THAT(Message(no_token), HasSubstr("sealed under a PKCS#11 token"));
  EXPECT_TRUE(absl::IsFailedPrecondition(Open(box, token).status()));
}

// Nobody types a passphrase, and nothing counts it as a wrong one, for a token that is not there.
TEST(KeyBox, HardwareIsAskedFirst) {
  FakeHome tpm(HomeKind::kTpm);
  PassphraseHome passphrase(kWords, Cheap());
  const std::string box = Seal("secret", tpm, passphrase);
  tpm.absent = absl::NotFoundError("no TPM");
  int asked = 0;
  PassphraseHome counting([&] { return ++asked, SecretBytes::CopyOf(kWords); }, 0);
  EXPECT_TRUE(absl::IsNotFound(Open(box, counting, tpm).status()));
  EXPECT_EQ(asked, 0);
}

TEST(KeyBox, OnlyWhatTheBoxNamesIsAsked) {
  FakeHome token(HomeKind::kToken), tpm(HomeKind::kTpm);
  PassphraseHome passphrase([]() -> absl::StatusOr<SecretBytes> { return absl::AbortedError("!"); },
                            0);
  const std::string box = Seal("secret", tpm);
  EXPECT_EQ(Open(box, token, tpm, passphrase)->view(), "secret");
  EXPECT_EQ(token.asked, 0);
}

// Each bit is bound: kinds, notes, checks, salt, commitment, ciphertext.
TEST(KeyBox, NoFlippedBitOpens) {
  FakeHome token(HomeKind::kToken), tpm(HomeKind::kTpm), credential(HomeKind::kCredential);
  const std::string box = Seal("secret", token);
  for (size_t bit = 0; bit < box.size() * 8; ++bit) {
    std::string altered = box;
    altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Open(altered, token, tpm, credential).ok()) << bit;
  }
  for (size_t size = 0; size < box.size(); ++size) {
    EXPECT_FALSE(Open(box.substr(0, size), token).ok()) << size;
  }
  EXPECT_FALSE(Open(box + '\0', token).ok());
}

// The check of a home is for the right words alone: with it altered too, the value holds.
TEST(KeyBox, TheCheckIsNotWhatProtects) {
  FakeHome token(HomeKind::kToken);
  const std::string box = Seal("secret", token);
  const size_t check_at = 2 + 1 + 1 + 2 + 40;
  std::string altered = box;
  altered[2 + 1 + 1 + 2] ^= 1;  // the note
  const auto secret = token.Find(std::string_view(altered).substr(6, 40));
  const SecretBytes extracted = HkdfExtract("kapea/home-check/v1", secret->view());
  altered.replace(check_at, 16, HkdfExpand(extracted.view(), "kapea/home-check/v1", 16).view());
  const auto opened = Open(altered, token);
  EXPECT_TRUE(absl::IsUnauthenticated(opened.status())) << opened.status();
  EXPECT_THAT(Message(opened), HasSubstr("was altered"));
}

TEST(KeyBox, OtherSpellingsAreNoBoxes) {
  FakeHome token(HomeKind::kToken), tpm(HomeKind::kTpm);
  PassphraseHome passphrase(kWords, Cheap());
  const std::string value(78, 'v');
  const std::string check(16, 'c'), note(32, 'n');
  const auto part = [&](char kind, const std::string& text, const std::string& behind) {
    std::string bytes(1, kind);
    AppendLengthPrefixed(bytes, text);
    return bytes + behind;
  };
  const std::string a_token = part(2, note, check), a_tpm = part(3, note, check);
  const std::string words = part(4, note, "");
  for (const std::string& box :
       {std::string(), std::string("H"), std::string("H\x01"), std::string("H\x01\0", 3) + value,
        "H\x01\x01" + words + value,                    // a passphrase alone has its own spelling
        "H\x01\x02" + words + a_token + value,          // out of order
        "H\x01\x02" + a_token + a_tpm + value,          // two of hardware
        "H\x01\x02" + a_token + a_token + value,        // one twice
        "H\x01\x03" + a_token + a_tpm + words + value,  // three
        "H\x01\x01" + part(0, note, check) + value,     // kinds that are none
        "H\x01\x01" + part(5, note, check) + value,     //
        "H\x01\x01" + part(2, std::string(kHomeNoteBytesMax + 1, 'n'), check) + value,
        "H\x01\xff" + a_token + value, "H\x02\x01" + a_token + value,
        std::string(kKeyBoxBytesMax + 1, 'H')}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Open(box, token, tpm, passphrase).status()))
        << ToHex(box.substr(0, 100));
    EXPECT_FALSE(HomesOf(box).ok());
  }
  EXPECT_EQ(token.asked + tpm.asked, 0);
  EXPECT_TRUE(HomesOf("H\x01\x02" + a_token + words + value).ok()) << "the others are near it";
}

TEST(KeyBox, ACredentialIsAKeyOf32Bytes) {
  CredentialHome right(Answer(std::string(32, 'k'))), longer(Answer(std::string(33, 'k')));
  const std::string box = Seal("secret", right);
  EXPECT_EQ(Open(box, right)->view(), "secret");
  const auto opened = Open(box, longer);
  EXPECT_TRUE(absl::IsFailedPrecondition(opened.status()));
  EXPECT_THAT(Message(opened), HasSubstr("32 bytes"));
  CredentialHome other(Answer(std::string(32, 'o')));
  EXPECT_THAT(Message(Open(box, other)), HasSubstr("another one"));
}

TEST(KeyBox, NamesOfHomesGoBothWays) {
  for (const HomeKind kind :
       {HomeKind::kCredential, HomeKind::kToken, HomeKind::kTpm, HomeKind::kPassphrase}) {
    EXPECT_EQ(HomeKindNamed(NameOf(kind)), kind);
  }
  EXPECT_FALSE(HomeKindNamed("smartcard").has_value());
}

TEST(KeyBoxDeathTest, WrongSetsOfHomesAreAMistakeOfOurs) {
  FakeHome token(HomeKind::kToken), tpm(HomeKind::kTpm);
  PassphraseHome passphrase(kWords, Cheap());
  EXPECT_DEATH(Seal("secret", token, tpm), "check failed");
  EXPECT_DEATH(Seal("secret", passphrase, token), "check failed");
}

}  // namespace
}  // namespace kapea::crypto
