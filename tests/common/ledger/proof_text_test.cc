#include "common/ledger/proof_text.h"

#include <gtest/gtest.h>

#include "common/ledger/strict_text.h"
#include "tests/common/ledger/golden_key.h"
#include "tests/support/memory_nodes.h"

namespace kapea::ledger {
namespace {

using absl::StatusCode;

// That entry 3 stands in the log of the golden checkpoint.
constexpr char kHead[] =
    "c2sp.org/tlog-proof@v1\n"
    "index 3\n"
    "V8efTzGuApxdS9MLBzwnyU35NDiytGl+Hh7vW8A5SkE=\n"
    "WkdmL9ijF9lgSaP59HxV3GfKZgUbqjaD27GbL+CaB7A=\n"
    "lK+4osoFHAVFjqOdzRmxvWjn4zUp8QtDnSphWlH2NuI=\n"
    "\n";

ProofText Sample() { return {3, InclusionProof(3, 7, TreeOf(7)).value(), GoldenNote()}; }

TEST(ProofTextTest, IsReadBackAsWritten) {
  const std::string text = Sample().Text();
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"));
  EXPECT_TRUE(text.ends_with("\n\n" + GoldenNote()));
  EXPECT_EQ(ProofText::Parse(text).value(), Sample());
}

TEST(ProofTextTest, ProvesTheEntryUnderTheCheckpoint) {
  for (uint64_t i = 0; i < 7; ++i) {
    SCOPED_TRACE(i);
    const ProofText proof{i, InclusionProof(i, 7, TreeOf(7)).value(), GoldenNote()};
    EXPECT_EQ(VerifyProofText(proof.Text(), LeafHash(LeafBytes(i)), GoldenVerifier()).value(),
              GoldenCheckpoint());
    EXPECT_EQ(VerifyProofText(proof.Text(), LeafHash("other"), GoldenVerifier()).status().code(),
              StatusCode::kDataLoss);
  }
  EXPECT_EQ(VerifyProofText(Sample().Text(), LeafHash(LeafBytes(3)),
                            {kGoldenOrigin, GoldenKey(7).public_key()})
                .status()
                .code(),
            StatusCode::kUnauthenticated);
}

TEST(ProofTextTest, OfATreeOfOneHasNoHashes) {
  const ProofText proof{0, {}, "note\n"};
  EXPECT_EQ(proof.Text(), "c2sp.org/tlog-proof@v1\nindex 0\n\nnote\n");
  EXPECT_EQ(ProofText::Parse(proof.Text()).value(), proof);
}

TEST(ProofTextTest, IsRefusedInAnyOtherSpelling) {
  const std::string hash = ToBase64(EmptyRoot().view());
  const std::string header = "c2sp.org/tlog-proof@v1\n";
  std::string too_many = header + "index 0\n";
  for (size_t i = 0; i <= kMaxProofHashes; ++i) too_many += hash + "\n";
  const std::vector<std::string> wrong = {
      "",
      "c2sp.org/tlog-proof@v1",
      header,
      "c2sp.org/tlog-proof@v2\nindex 0\n\nnote\n",
      " " + header + "index 0\n\nnote\n",
      "c2sp.org/tlog-proof@v1\r\nindex 0\n\nnote\n",
      header + "\nnote\n",
      header + "index\n\nnote\n",
      header + "index \n\nnote\n",
      header + "index 00\n\nnote\n",
      header + "index -1\n\nnote\n",
      header + "index 18446744073709551616\n\nnote\n",
      header + "extra eA==\nindex 0\n\nnote\n",  // allowed by C2SP, signed by nobody
      header + "index 0\nindex 0\n\nnote\n",
      header + "index 0\nnote\n",
      header + "index 0\n",
      header + "index 0\n\n",  // no checkpoint
      header + "index 0\n" + hash,
      header + "index 0\n" + hash + "\n",
      header + "index 0\n" + hash + " \n\nnote\n",
      header + "index 0\n" + hash.substr(1) + "\n\nnote\n",
      header + "index 0\n" + ToBase64("short") + "\n\nnote\n",
      header + "index 0\n\n" + std::string(kMaxNoteBytes + 1, 'x'),
      too_many + "\nnote\n",
  };
  for (const std::string& text : wrong) {
    SCOPED_TRACE(text.substr(0, 200));
    EXPECT_EQ(ProofText::Parse(text).status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(ProofTextTest, IsThisText) { EXPECT_EQ(Sample().Text(), kHead + GoldenNote()); }

TEST(ProofTextTest, IsRefusedWithAnyByteChanged) {
  const std::string text = Sample().Text();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 0x01);
    SCOPED_TRACE(changed);
    ASSERT_FALSE(VerifyProofText(changed, LeafHash(LeafBytes(3)), GoldenVerifier()).ok());
  }
}

}  // namespace
}  // namespace kapea::ledger
