// The ceremony on a machine without a network: sheets, public half, answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/codec/wrap_codec.h"
#include "common/crypto/fingerprint.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "common/crypto/share_sheet.h"
#include "tests/support/fake_device.h"
#include "tools/admin/recovery.h"

namespace kapea::admin {
namespace {

using ::testing::HasSubstr;

mode_t ModeOf(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

class RecoveryToolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto made = CreateRecoveryKey(folder_ / "new", 3, 5);
    ASSERT_TRUE(made.ok()) << made.status();
    made_ = *made;
  }
  std::vector<crypto::Share> Sheets(std::initializer_list<size_t> which) {
    std::vector<crypto::Share> shares;
    for (const size_t i : which) shares.push_back(*ReadSheet(made_.sheets[i - 1]));
    return shares;
  }
  // A request for one key that is wrapped to the made one.
  std::string Request(std::string_view to) {
    codec::RecoveryRequest request;
    request.deployment = crypto::RandomId<DeploymentId>();
    request.person = crypto::RandomId<PersonId>();
    request.generation = 2;
    request.receive_key = asker_.public_key();
    request.reason = "phones_lost";
    codec::RecoveryWanted wanted;
    wanted.file = crypto::RandomId<FileId>();
    wanted.change = crypto::RandomId<ChangeId>();
    codec::WrapTarget target;
    target.key_epoch = wanted.change;
    target.key_class = domain::KeyClass::kIdentity;
    target.recipient_kind = domain::RecipientKind::kRecovery;
    target.recipient = ChangeId::FromPrefix(domain::RecoveryPlace().view());
    target.generation = 1;
    target.public_key = std::string(to);
    wanted.wrap =
        *codec::SealWrap({request.deployment, wanted.file, wanted.change}, target, class_key_);
    wanted.commitment = Hash::FromPrefix(
        crypto::ClassKeyCommitment(class_key_, request.deployment, wanted.file, wanted.change,
                                   static_cast<uint8_t>(domain::KeyClass::kIdentity)));
    request.wanted.push_back(wanted);
    request_ = request;
    return codec::EncodeRecoveryRequest(request);
  }

  testing::TempFolder folder_;
  NewRecoveryKey made_;
  const crypto::ReceiveKey asker_ = crypto::ReceiveKey::Generate();
  const std::string number_ = crypto::Fingerprint(asker_.public_key());
  const crypto::SecretBytes class_key_ = crypto::SecretBytes::Random(32);
  codec::RecoveryRequest request_;
};

TEST_F(RecoveryToolTest, WritesSheetsForTheirHoldersAloneAndReplacesNothing) {
  ASSERT_EQ(made_.sheets.size(), 5u);
  EXPECT_EQ(ModeOf(folder_ / "new"), 0700u);
  for (const std::string& sheet : made_.sheets) {
    EXPECT_EQ(ModeOf(sheet), 0600u);
    const std::string text = *ReadFile(sheet, crypto::kSheetBytesMax);
    EXPECT_THAT(text, HasSubstr(made_.public_half.number()));
    EXPECT_THAT(text, HasSubstr("draft"));
  }
  const std::string first = *ReadFile(made_.sheets[0], crypto::kSheetBytesMax);
  EXPECT_EQ(CreateRecoveryKey(folder_ / "new", 3, 5).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(made_.sheets[0], crypto::kSheetBytesMax), first);
  EXPECT_EQ(CreateRecoveryKey(folder_ / "other", 1, 5).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "other"));
  // The private half is in none of the files.
  const auto key = crypto::RebuildKey([&] {
    static std::vector<crypto::Share> shares;
    shares = Sheets({1, 2, 3});
    return std::vector<const crypto::Share*>{&shares[0], &shares[1], &shares[2]};
  }());
  ASSERT_TRUE(key.ok());
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "new")) {
    const std::string text = *ReadFile(entry.path(), crypto::kSheetBytesMax);
    EXPECT_EQ(text.find(key->Private().view()), std::string::npos);
    EXPECT_EQ(text.find(ToHex(key->Private().view())), std::string::npos);
  }
}

TEST_F(RecoveryToolTest, KnowsWhichSheetsBelongToThePublicHalf) {
  const auto half = RecoveryPublic::Decode(*ReadFile(made_.public_file, kRecoveryPublicBytesMax));
  ASSERT_TRUE(half.ok()) << half.status();
  EXPECT_EQ(half->key, made_.public_half.key);
  for (const crypto::Share& share : Sheets({1, 2, 3, 4, 5})) {
    EXPECT_TRUE(CheckShare(share, *half).ok());
  }
  const auto other = CreateRecoveryKey(folder_ / "other", 3, 5);
  EXPECT_FALSE(CheckShare(*ReadSheet(other->sheets[0]), *half).ok());
  std::string altered = half->Encode();
  altered[altered.find("number ") + 8] = altered[altered.find("number ") + 8] == '7' ? '8' : '7';
  EXPECT_EQ(RecoveryPublic::Decode(altered).status().code(), absl::StatusCode::kInvalidArgument);
  // A sheet with a slip of the pen says which file and line.
  std::string text = *ReadFile(made_.sheets[1], crypto::kSheetBytesMax);
  const size_t at = text.find("\n4. ") + 4;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  ASSERT_TRUE(WriteFileAtomically(folder_ / "typed", text, kPrivateFileMode).ok());
  const auto wrong = ReadSheet(folder_ / "typed");
  EXPECT_THAT(std::string(wrong.status().message()), HasSubstr("typed: line 4"));
}

TEST_F(RecoveryToolTest, ThreeSheetsAnswerARequestForItsAskerAlone) {
  const std::string request = Request(made_.public_half.key);
  const auto opened = OpenRequest(request, Sheets({5, 1, 3}), number_);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->files, 1u);
  const auto answer = codec::DecodeRecoveryAnswer(opened->bytes);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(opened->bytes.find(class_key_.view()), std::string::npos);
  const auto key = codec::OpenRecovered(*answer, answer->keys[0],
                                        {request_.deployment, request_.person, 2, asker_});
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_TRUE(*key == class_key_);
  const crypto::ReceiveKey thief = crypto::ReceiveKey::Generate();
  EXPECT_FALSE(codec::OpenRecovered(*answer, answer->keys[0],
                                    {request_.deployment, request_.person, 2, thief})
                   .ok());
  EXPECT_FALSE(codec::OpenRecovered(*answer, answer->keys[0],
                                    {request_.deployment, request_.person, 1, asker_})
                   .ok());
}

TEST_F(RecoveryToolTest, OpensNothingForTooFewSheetsOrAnotherAsker) {
  const std::string request = Request(made_.public_half.key);
  EXPECT_THAT(std::string(OpenRequest(request, Sheets({1, 2}), number_).status().message()),
              HasSubstr("not enough: want 3 of the 5"));
  // Somebody put her own key in the place of the asker's.
  codec::RecoveryRequest swapped = request_;
  swapped.receive_key = crypto::ReceiveKey::Generate().public_key();
  const auto other = OpenRequest(codec::EncodeRecoveryRequest(swapped), Sheets({1, 2, 3}), number_);
  EXPECT_THAT(std::string(other.status().message()), HasSubstr("another number"));
  // Wrapped to another recovery key, or with another commitment.
  const auto elsewhere =
      OpenRequest(Request(crypto::ReceiveKey::Generate().public_key()), Sheets({1, 2, 3}), number_);
  EXPECT_THAT(std::string(elsewhere.status().message()), HasSubstr("another generation"));
  Request(made_.public_half.key);
  codec::RecoveryRequest altered = request_;
  altered.wanted[0].commitment = Hash();
  const auto damaged =
      OpenRequest(codec::EncodeRecoveryRequest(altered), Sheets({1, 2, 3}), number_);
  EXPECT_THAT(std::string(damaged.status().message()), HasSubstr("was altered"));
  EXPECT_FALSE(OpenRequest("KAPEA RECOVERY REQUEST 1\n", Sheets({1, 2, 3}), number_).ok());
  EXPECT_FALSE(OpenRequest("", Sheets({1, 2, 3}), number_).ok());
}

}  // namespace
}  // namespace kapea::admin
