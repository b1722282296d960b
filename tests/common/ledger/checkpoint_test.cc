#include "common/ledger/checkpoint.h"

#include <gtest/gtest.h>

#include "common/ledger/strict_text.h"
#include "tests/common/ledger/golden_key.h"

namespace kapea::ledger {
namespace {

using absl::StatusCode;

constexpr char kRootText[] = "mMl/C6MXXNCLAx3QhLncTmSbZNGijm6mlGRlAxc6tYc=";

std::string TextWith(const std::string& size, const std::string& root, const std::string& rest) {
  return std::string(kGoldenOrigin) + "\n" + size + "\n" + root + "\n" + rest;
}

TEST(CheckpointTest, NamesTheDeploymentAndTheLedgerEpoch) {
  const auto id = DeploymentId::FromHexText("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf").value();
  EXPECT_EQ(OriginOf(id, 1), kGoldenOrigin);
  EXPECT_EQ(OriginOf(id, UINT32_MAX), "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf/4294967295");
}

TEST(CheckpointTest, IsThisText) {
  Checkpoint checkpoint = GoldenCheckpoint();
  EXPECT_EQ(checkpoint.Text(), TextWith("7", kRootText, "time 1795311000000\n"));
  checkpoint.time.reset();
  EXPECT_EQ(checkpoint.Text(), TextWith("7", kRootText, ""));
  EXPECT_EQ(Checkpoint::Parse(checkpoint.Text()).value(), checkpoint);
}

TEST(CheckpointTest, ReadsBackWhatItWrote) {
  for (const uint64_t size : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 63, UINT64_MAX}) {
    for (const auto& time : {std::optional<Time>(), std::optional<Time>(Time::FromUnixMs(0)),
                             std::optional<Time>(Time::Max())}) {
      const Checkpoint checkpoint{"example.com/log", size, LeafHash("root"), time};
      SCOPED_TRACE(checkpoint.Text());
      EXPECT_EQ(Checkpoint::Parse(checkpoint.Text()).value(), checkpoint);
    }
  }
}

TEST(CheckpointTest, IsRefusedInAnyOtherSpelling) {
  const std::string root = kRootText;
  const std::vector<std::string> wrong = {
      "",
      "\n",
      kGoldenOrigin,
      std::string(kGoldenOrigin) + "\n7\n",
      std::string(kGoldenOrigin) + "\n7\n" + root,  // no newline at the end
      "\n7\n" + root + "\n",                        // no origin
      "an origin\n7\n" + root + "\n",               // no key name
      "origin+\n7\n" + root + "\n",                 // the same
      "origin\u00a0\n7\n" + root + "\n",            // the same: a no-break space
      "origin\t\n7\n" + root + "\n",                // a control character
      "origin\xff\n7\n" + root + "\n",              // no UTF-8
      TextWith("", root, ""),
      TextWith("07", root, ""),
      TextWith("00", root, ""),
      TextWith("+7", root, ""),
      TextWith("-7", root, ""),
      TextWith(" 7", root, ""),
      TextWith("7 ", root, ""),
      TextWith("7\r", root, ""),
      TextWith("0x7", root, ""),
      TextWith("7e0", root, ""),
      TextWith("18446744073709551616", root, ""),  // 2^64
      TextWith("99999999999999999999999", root, ""),
      TextWith("7", "", ""),
      TextWith("7", root.substr(0, root.size() - 1), ""),         // padding left out
      TextWith("7", root.substr(0, root.size() - 2) + "d=", ""),  // left-over bits
      TextWith("7", root.substr(0, root.size() - 1) + ".", ""),   // other padding
      TextWith("7", root + " ", ""),
      TextWith("7", " " + root, ""),
      TextWith("7", root.substr(0, 4) + " " + root.substr(4), ""),
      TextWith("7", root.substr(0, 4) + "-" + root.substr(5), ""),  // the URL alphabet
      TextWith("7", ToBase64(std::string(31, 'r')), ""),
      TextWith("7", ToBase64(std::string(33, 'r')), ""),
      TextWith("7", root, "\n"),
      TextWith("7", root, "time 1"),
      TextWith("7", root, "time\n"),
      TextWith("7", root, "time \n"),
      TextWith("7", root, "time 01\n"),
      TextWith("7", root, "time -1\n"),
      TextWith("7", root, "time  1\n"),
      TextWith("7", root, "Time 1\n"),
      TextWith("7", root, "time 9223372036854775807\n"),  // beyond Time::Max()
      TextWith("7", root, "time 1\ntime 1\n"),
      TextWith("7", root, "time 1\n\n"),
      TextWith("7", root, "time 1\nx"),
      TextWith("7", root, "other line\n"),  // C2SP allows it, we do not
      TextWith("7", root, "other line\ntime 1\n"),
  };
  for (const std::string& text : wrong) {
    SCOPED_TRACE(text);
    EXPECT_EQ(Checkpoint::Parse(text).status().code(), StatusCode::kInvalidArgument);
  }
}

// The golden note was signed by OpenSSL's command line, its root made by other code.
// Checkpoints are kept for decades: it must never change.
TEST(CheckpointTest, IsSignedAsInTheGoldenFile) {
  ASSERT_FALSE(GoldenNote().empty());
  EXPECT_EQ(SignCheckpoint(GoldenCheckpoint(), GoldenKey()), GoldenNote());
  EXPECT_EQ(OpenCheckpoint(GoldenNote(), GoldenVerifier()).value(), GoldenCheckpoint());
  EXPECT_EQ(OpenCheckpoint(GoldenNote(), ParseVerifierKey(kGoldenVerifierKey).value()).value(),
            GoldenCheckpoint());
}

// A change of a byte makes it malformed or unsigned, never another checkpoint.
TEST(CheckpointTest, IsRefusedWithAnyByteChanged) {
  const std::string note = GoldenNote();
  for (size_t i = 0; i < note.size(); ++i) {
    for (const int flip : {0x01, 0x02, 0x20, 0x80}) {
      std::string changed = note;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      SCOPED_TRACE(changed);
      const StatusCode code = OpenCheckpoint(changed, GoldenVerifier()).status().code();
      ASSERT_TRUE(code == StatusCode::kUnauthenticated || code == StatusCode::kInvalidArgument);
    }
    ASSERT_FALSE(OpenCheckpoint(note.substr(0, i), GoldenVerifier()).ok());
  }
}

TEST(CheckpointTest, IsRefusedFromAnotherLogOfTheSameKey) {
  Checkpoint other = GoldenCheckpoint();
  other.origin = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf/2";
  // Under the other name: a signature of an unknown key.
  EXPECT_EQ(OpenCheckpoint(SignCheckpoint(other, GoldenKey()), GoldenVerifier()).status().code(),
            StatusCode::kUnauthenticated);
  // Under the known name: a true signature over a text about another log.
  const std::string note = SignNote(other.Text(), kGoldenOrigin, GoldenKey());
  ASSERT_TRUE(OpenNote(note, GoldenVerifier()).ok());
  EXPECT_EQ(OpenCheckpoint(note, GoldenVerifier()).status().code(), StatusCode::kUnauthenticated);
}

TEST(CheckpointTest, IsRefusedWhenTheSignedTextIsNone) {
  const std::string note =
      SignNote(GoldenCheckpoint().Text() + "other line\n", kGoldenOrigin, GoldenKey());
  EXPECT_EQ(OpenCheckpoint(note, GoldenVerifier()).status().code(), StatusCode::kInvalidArgument);
}

TEST(CheckpointDeathTest, DoesNotSignWhatNobodyCouldRead) {
  Checkpoint checkpoint = GoldenCheckpoint();
  checkpoint.time = Time::FromUnixMs(-1);
  EXPECT_DEATH(SignCheckpoint(checkpoint, GoldenKey()), "check failed");
  checkpoint = GoldenCheckpoint();
  checkpoint.origin = "two\nlines";
  EXPECT_DEATH(SignCheckpoint(checkpoint, GoldenKey()), "check failed");
}

}  // namespace
}  // namespace kapea::ledger
