// Words of an author to one recipient.
#include "common/codec/note_codec.h"

#include <gtest/gtest.h>

#include <string>

#include "common/crypto/hash.h"

namespace kapea::codec {
namespace {

class NoteTest : public ::testing::Test {
 protected:
  NoteTest() {
    target_.recipient_kind = domain::RecipientKind::kPerson;
    target_.recipient = crypto::RandomId<ChangeId>();
    target_.generation = 3;
    target_.public_key = key_.public_key();
  }
  const crypto::ReceiveKey key_ = crypto::ReceiveKey::Generate();
  const WrapContext context_{crypto::RandomId<DeploymentId>(), crypto::RandomId<FileId>(),
                             crypto::RandomId<ChangeId>()};
  WrapTarget target_;
};

TEST_F(NoteTest, OpensForItsRecipient) {
  for (const size_t size : {1u, 255u, 256u, 257u, 1999u, 2000u}) {
    SCOPED_TRACE(size);
    const std::string text(size, 'w');
    const auto note = SealNote(context_, target_, text);
    ASSERT_TRUE(note.ok()) << note.status();
    EXPECT_EQ(*OpenNote(context_, *note, key_), text);
  }
  EXPECT_FALSE(SealNote(context_, target_, "").ok());
  EXPECT_FALSE(SealNote(context_, target_, std::string(kNoteBytesMax + 1, 'w')).ok());
}

TEST_F(NoteTest, ItsLengthTellsLittle) {
  const auto one = SealNote(context_, target_, "no");
  const auto other = SealNote(context_, target_, std::string(200, 'w'));
  EXPECT_EQ(one->ciphertext.size(), other->ciphertext.size());
}

TEST_F(NoteTest, OpensNowhereElse) {
  const auto note = SealNote(context_, target_, "invented words");
  ASSERT_TRUE(note.ok());
  EXPECT_FALSE(OpenNote(context_, *note, crypto::ReceiveKey::Generate()).ok());
  WrapContext elsewhere = context_;
  elsewhere.change = crypto::RandomId<ChangeId>();
  EXPECT_FALSE(OpenNote(elsewhere, *note, key_).ok());
  domain::SealedNote moved = *note;
  ++moved.generation;
  EXPECT_FALSE(OpenNote(context_, moved, key_).ok());
  moved = *note;
  moved.recipient = crypto::RandomId<ChangeId>();
  EXPECT_FALSE(OpenNote(context_, moved, key_).ok());
  for (size_t i = 0; i < note->ciphertext.size(); ++i) {
    moved = *note;
    moved.ciphertext[i] = static_cast<char>(moved.ciphertext[i] ^ 1);
    EXPECT_FALSE(OpenNote(context_, moved, key_).ok()) << i;
  }
}

}  // namespace
}  // namespace kapea::codec
