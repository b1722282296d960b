#include "common/pki/enrolment_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <qrencode.h>

#include <memory>

#include "common/crypto/hash.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"

namespace kapea::pki {
namespace {

using testing::HasSubstr;

const Time kNow = Time::FromUnixMs(1'795'000'000'000);

class EnrolmentCodeTest : public testing::Test {
 protected:
  EnrolmentCodeTest() {
    const Authority root = *Authority::CreateRoot(deployment_, kNow);
    const Authority devices = *root.IssueIntermediate(AuthorityKind::kDevices, kNow);
    code_.deployment = deployment_;
    code_.genesis = crypto::Sha256("entry 0");
    code_.root = root.fingerprint();
    code_.expires = kNow + kBootstrapLifetime;
    code_.secret = crypto::SecretBytes::Random(kEnrolmentSecretBytes);
    code_.log_key =
        "00112233445566778899aabbccddeeff/1+1a2b3c4d+ATUtVfzUuqKeN0VAjbw2qaYBfIEn1eLK8sMnO1p5v2Vc";
    code_.server = "kapea.example.org:8443";
    code_.bootstrap_key = crypto::SigningKey::Generate();
    const Request request = *Request::FromDer(*MakeRequest(code_.bootstrap_key));
    const std::string chain =
        *devices.IssueBootstrap(request, crypto::RandomId<BootstrapId>(), kNow);
    code_.bootstrap_certificate = ParseChain(chain)->front().der;
    text_ = std::string(code_.Encode()->view());
  }

  const DeploymentId deployment_ = crypto::RandomId<DeploymentId>();
  EnrolmentCode code_;
  std::string text_;
};

TEST_F(EnrolmentCodeTest, CarriesAllThatANewDeviceNeeds) {
  const auto read = EnrolmentCode::Decode(" " + text_ + "\r\n");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->deployment, code_.deployment);
  EXPECT_EQ(read->genesis, code_.genesis);
  EXPECT_EQ(read->root, code_.root);
  EXPECT_EQ(read->expires, code_.expires);
  EXPECT_TRUE(read->secret == code_.secret);
  EXPECT_EQ(read->log_key, code_.log_key);
  EXPECT_EQ(read->server, code_.server);
  EXPECT_EQ(read->bootstrap_certificate, code_.bootstrap_certificate);
  EXPECT_TRUE(read->bootstrap_key.Scalar() == code_.bootstrap_key.Scalar());
  EXPECT_FALSE(read->IsExpired(kNow));
  EXPECT_TRUE(read->IsExpired(kNow + Duration::Minutes(15)));
  EXPECT_EQ(read->Encode()->view(), text_);
}

TEST_F(EnrolmentCodeTest, FitsAQrCodeThatAPhoneReads) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> qr(
      QRcode_encodeString(text_.c_str(), 0, QR_ECLEVEL_M, QR_MODE_8, 1), &QRcode_free);
  ASSERT_NE(qr, nullptr);
  RecordProperty("characters", static_cast<int>(text_.size()));
  EXPECT_LE(qr->version, 25) << text_.size();
}

TEST_F(EnrolmentCodeTest, RefusesACodeThatWasCutAnywhere) {
  for (size_t size = 0; size < text_.size(); ++size) {
    const auto read = EnrolmentCode::Decode(text_.substr(0, size));
    ASSERT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << size;
    ASSERT_THAT(std::string(read.status().message()), HasSubstr("enrolment code")) << size;
  }
}

TEST_F(EnrolmentCodeTest, RefusesACodeThatWasAlteredAnywhere) {
  for (size_t i = 0; i < text_.size(); ++i) {
    for (const char c : {'A', 'Q', '7', 'a', ' ', '-'}) {
      if (text_[i] == c) continue;
      std::string altered = text_;
      altered[i] = c;
      const auto read = EnrolmentCode::Decode(altered);
      ASSERT_EQ(read.status().code(), absl::StatusCode::kInvalidArgument) << i << c;
    }
    std::string longer = text_;
    longer.insert(i, 1, 'A');
    ASSERT_FALSE(EnrolmentCode::Decode(longer).ok()) << i;
    std::string shorter = text_;
    shorter.erase(i, 1);
    ASSERT_FALSE(EnrolmentCode::Decode(shorter).ok()) << i;
  }
  EXPECT_FALSE(EnrolmentCode::Decode(text_ + "A").ok());
  EXPECT_FALSE(EnrolmentCode::Decode(std::string(1'000'000, 'A')).ok());
}

TEST_F(EnrolmentCodeTest, RefusesToCarryWhatDoesNotBelongTogether) {
  const crypto::SigningKey key = std::exchange(code_.bootstrap_key, crypto::SigningKey::Generate());
  EXPECT_EQ(code_.Encode().status().code(), absl::StatusCode::kInvalidArgument);
  code_.bootstrap_key = key;
  EXPECT_TRUE(code_.Encode().ok());
  code_.deployment = crypto::RandomId<DeploymentId>();
  EXPECT_FALSE(code_.Encode().ok());
  code_.deployment = deployment_;
  code_.server = "nowhere";
  EXPECT_FALSE(code_.Encode().ok());
}

TEST_F(EnrolmentCodeTest, KnowsAddresses) {
  for (const char* good : {"kapea.example:443", "192.0.2.1:1", "[2001:db8::1]:65535"}) {
    EXPECT_TRUE(CheckServerAddress(good).ok()) << good;
  }
  for (const char* bad : {"", ":443", "a", "a:", "a:0", "a:65536", "a:4x", "a b:1", "a:b:1", "[]:1",
                          "[a", "2001:db8::1:443", "a/b:1", "a:123456"}) {
    EXPECT_FALSE(CheckServerAddress(bad).ok()) << bad;
  }
}

TEST_F(EnrolmentCodeTest, ProvesThatTheKeysComeFromTheReader) {
  const std::string_view secret = code_.secret.view();
  const Hash spki = crypto::Sha256("tls key");
  const std::string signing(65, '\x04');
  const std::string device(32, '\x05');
  const std::string person(32, '\x06');
  const std::string unit(32, '\x07');
  const NewDeviceKeys keys{signing, device, person, unit};
  const auto mac = EnrolmentMac(secret, spki, keys);
  ASSERT_TRUE(mac.ok());
  EXPECT_EQ(mac->size(), 32u);
  EXPECT_TRUE(CheckEnrolmentMac(secret, spki, keys, *mac).ok());

  const std::string other(65, '\x08');
  const std::string_view other_receive = std::string_view(other).substr(0, 32);
  const auto other_secret = crypto::SecretBytes::Random(kEnrolmentSecretBytes);
  EXPECT_FALSE(CheckEnrolmentMac(other_secret.view(), spki, keys, *mac).ok());
  EXPECT_FALSE(CheckEnrolmentMac(secret, crypto::Sha256("thief"), keys, *mac).ok());
  for (const NewDeviceKeys& swapped : {NewDeviceKeys{other, device, person, unit},
                                       NewDeviceKeys{signing, other_receive, person, unit},
                                       NewDeviceKeys{signing, device, other_receive, unit},
                                       NewDeviceKeys{signing, device, person, other_receive},
                                       NewDeviceKeys{signing, device, unit, person}}) {
    EXPECT_EQ(CheckEnrolmentMac(secret, spki, swapped, *mac).code(),
              absl::StatusCode::kUnauthenticated);
  }
  EXPECT_FALSE(CheckEnrolmentMac(secret, spki, keys, mac->substr(1)).ok());
  EXPECT_FALSE(CheckEnrolmentMac(secret, spki, keys, "").ok());
  EXPECT_FALSE(EnrolmentMac(secret, spki, {signing, device, person, ""}).ok());
}

// The example of common/pki/README.md. Codes that were printed must stay readable; the
// private key in it is the scalar 1.
constexpr char kExample[] =
    "KAPEA1:AEAACAQDAQCQMBYIBEFAWDANBYH2525NJJ4W7TBOCXOEYYDBWRPNTM3T6JVN7R4YZJ6S3DGFQGBHDDWC7NN"
    "DKYOVVWRMVJSTOKP2Z556Z7Z567WV2RNBS2IL4JPNV5B3AUAAAANB5ZSBTIBQGEZDGNBVGY3TQOLBMJRWIZLGAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAPLFPBQW24DMMUVTCYJSMIZWGNDEFNAVIVLUKZTHUVL"
    "VOFFWKTRQKZAWUYTXGJYWCWKCMZEUK3RRMVGEWODTJVXE6MLQGV3DEVTDAAJGWYLQMVQS4ZLYMFWXA3DFHI4DINBTA"
    "JKDBAQCKAYIEAPWUABQEAICAIIERUD4PLXY5P6AW6YCM4OT6IMIKMAKAYECVBSIZY6QIAYCGBFTCLZQFUDAGVIEBIG"
    "CMMBQGAYTAMRQGMYDIMBVGA3DANZQHAYDSMDBGBRDAYZQMQYGKMDGFZVWC4DFMEYRQMAWAYBVKBADBQHUWYLQMVQSA"
    "RDFOZUWGZJAINATAHQXBUZDMMJRGE4DCMJQGE2DAWQXBUZDMMJRGE4DCMJSGE2DAWRQJAYS6MBNAYBVKBAKBQTDAMB"
    "QGEYDEMBTGA2DANJQGYYDOMBYGA4TAYJQMIYGGMDEGBSTAZRONNQXAZLBGEKTAEYGANKQIAYMBRFWC4DFMEQGIZLWN"
    "FRWKMCZGAJQMBZKQZEM4PICAEDAQKUGJDHD2AYBA4BUEAAENML5D4XBFRBEP6F443SWHJCA6J3QG7MBFXVTHIHUUE4"
    "ULWEYYKLE7Y2C4L7BU743R3T6WST4B6PBMK6OGNLWWMK6Z3F3MQDIG67VD5NDQG7DBAN3GAGAMA2VDUJQCAP7AQBDA"
    "ABQBYDAGVI5B4AQD7YEAQBQEB4AGAJQMA2VDUSQIDBQBIDAQKYGAECQKBYDAIYB6BQDKUOSGBAYGALIAFG74TDX3ZJ"
    "C4YDFGD46A4IDIM4VN7DUBWJQMUDAGVI5CECF4MC4QZNHG4DJMZTGKORPF4YDAMBRGAZDAMZQGQYDKMBWGA3TAOBQH"
    "EYGCMDCGBRTAZBQMUYGMLTLMFYGKYJPMJXW65DTORZGC4BPMZTGKZLEMRRWGYTCMFQTSOJYHA3TONRWGU2TINBTGMZ"
    "DEMJRGAYDACQGBAVIMSGOHUCAGAQDJAADARICEEANQICJRCHZ2476TFEZUJ57IKAFZPJG3247WYQ4AP2EJ7W4UWZCO"
    "AACEAKQ357COTY77PFFV6FVGBAF5R7YACVGKRK7PJW5XG5QYVKRATEFRZFF3EVHAOWLOI";

TEST(EnrolmentCodeFormatTest, IsTheFrozenOne) {
  const auto code = EnrolmentCode::Decode(kExample);
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(code->deployment.hex(), "000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(code->genesis, crypto::Sha256("genesis"));
  EXPECT_EQ(code->root.hex(), "c2fb5a3561d5ada2caa653729facf7becff3df7ed5d45a19690be25edaf43b05");
  EXPECT_EQ(code->expires, kNow + Duration::Minutes(15));
  EXPECT_EQ(code->secret.view(), "0123456789abcdef");
  EXPECT_EQ(ToHex(code->bootstrap_key.Scalar().view()), std::string(63, '0') + "1");
  EXPECT_EQ(code->log_key, "example+1a2b3c4d+ATUtVfzUuqKeN0VAjbw2qaYBfIEn1eLK8sMnO1p5v2Vc");
  EXPECT_EQ(code->server, "kapea.example:8443");
  const auto leaf = Certificate::FromDer(code->bootstrap_certificate);
  ASSERT_TRUE(leaf.ok());
  EXPECT_EQ(std::get<BootstrapName>(*NameOf(*leaf, code->deployment)).bootstrap.hex(),
            "ffeeddccbbaa99887766554433221100");
  EXPECT_EQ(code->Encode()->view(), kExample);
}

// Fixed once and for all: enrolled devices and the server must agree across versions.
TEST(EnrolmentMacTest, IsTheFrozenOne) {
  const auto secret = crypto::SecretBytes::CopyOf("0123456789abcdef");
  const std::string signing(65, 'S');
  const std::string device(32, 'R');
  const std::string person(32, 'P');
  const std::string unit(32, 'U');
  const auto mac =
      EnrolmentMac(secret.view(), crypto::Sha256("abc"), {signing, device, person, unit});
  ASSERT_TRUE(mac.ok());
  EXPECT_EQ(ToHex(*mac), "6fd818d6acd3f96b3de9e49206bf8fe74edc34e86106d55cd90c7278e2b558d0");
}

}  // namespace
}  // namespace kapea::pki
