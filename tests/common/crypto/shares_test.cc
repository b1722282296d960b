// A key in parts, and parts on paper.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "common/crypto/share_sheet.h"
#include "common/crypto/shares.h"

namespace kapea::crypto {
namespace {

std::vector<const Share*> Some(const std::vector<Share>& shares, std::initializer_list<size_t> at) {
  std::vector<const Share*> some;
  for (const size_t i : at) some.push_back(&shares[i]);
  return some;
}

std::string Text(const Share& share) { return std::string(SheetLines(share).view()); }

TEST(SharesTest, AnyThreeOfFiveRebuildTheKey) {
  const ReceiveKey key = ReceiveKey::Generate();
  const auto shares = SplitKey(key, 3, 5);
  ASSERT_TRUE(shares.ok()) << shares.status();
  ASSERT_EQ(shares->size(), 5u);
  int subsets = 0;
  for (size_t a = 0; a < 5; ++a) {
    for (size_t b = a + 1; b < 5; ++b) {
      for (size_t c = b + 1; c < 5; ++c) {
        SCOPED_TRACE(std::to_string(a) + std::to_string(b) + std::to_string(c));
        ++subsets;
        const auto rebuilt = RebuildKey(Some(*shares, {c, a, b}));
        ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
        EXPECT_EQ(rebuilt->public_key(), key.public_key());
        EXPECT_TRUE(rebuilt->Private() == key.Private());
      }
    }
  }
  EXPECT_EQ(subsets, 10);
  // More than enough is enough.
  EXPECT_TRUE(RebuildKey(Some(*shares, {0, 1, 2, 3, 4})).ok());
}

TEST(SharesTest, TwoMakeAnotherKeyAndItShows) {
  const ReceiveKey key = ReceiveKey::Generate();
  auto shares = *SplitKey(key, 3, 5);
  // They say themselves how many they have to be.
  EXPECT_EQ(RebuildKey(Some(shares, {0, 1})).status().code(),
            absl::StatusCode::kFailedPrecondition);
  // And should their sheets be altered to say two, what they make is not the key.
  for (Share& share : shares) share.threshold = 2;
  for (size_t a = 0; a < 5; ++a) {
    for (size_t b = a + 1; b < 5; ++b) {
      SCOPED_TRACE(std::to_string(a) + std::to_string(b));
      const auto joined = InsecureJoinShares(Some(shares, {a, b}));
      ASSERT_TRUE(joined.ok());
      EXPECT_FALSE(*joined == key.Private());
      EXPECT_EQ(RebuildKey(Some(shares, {a, b})).status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

TEST(SharesTest, NoShareIsTheSecretAndNoTwoSplitsAreAlike) {
  const ReceiveKey key = ReceiveKey::Generate();
  const auto first = *SplitKey(key, 2, 16);
  const auto second = *SplitKey(key, 2, 16);
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(first[i].index, i + 1);
    EXPECT_FALSE(first[i].bytes == key.Private());
    EXPECT_FALSE(first[i].bytes == second[i].bytes);
  }
  // Shares of two splits are not of one polynomial, though of one key.
  EXPECT_FALSE(RebuildKey({&first[0], &second[1]}).ok());
}

TEST(SharesTest, RefusesWhatCannotBe) {
  const ReceiveKey key = ReceiveKey::Generate();
  const std::array<std::pair<uint8_t, uint8_t>, 6> wrong = {
      {{0, 5}, {1, 5}, {6, 5}, {3, 17}, {3, 0}, {2, 1}}};
  for (const auto& [threshold, count] : wrong) {
    SCOPED_TRACE(std::to_string(threshold) + " of " + std::to_string(count));
    EXPECT_EQ(SplitKey(key, threshold, count).status().code(), absl::StatusCode::kInvalidArgument);
  }
  const auto shares = *SplitKey(key, 3, 5);
  EXPECT_EQ(RebuildKey({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RebuildKey(Some(shares, {0, 1, 1})).status().code(),
            absl::StatusCode::kInvalidArgument);
  const auto others = *SplitKey(ReceiveKey::Generate(), 3, 5);
  const auto mixed = RebuildKey({&shares[0], &shares[1], &others[2]});
  EXPECT_EQ(mixed.status().code(), absl::StatusCode::kFailedPrecondition);
  Share zero;
  zero.bytes = SecretBytes(kShareBytes);
  EXPECT_EQ(RebuildKey({&zero}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ShareSheetTest, ReadsWhatItPrintsHoweverItIsTyped) {
  const auto shares = *SplitKey(ReceiveKey::Generate(), 3, 5);
  const std::string printed = Text(shares[3]);
  std::string small;
  std::string tight;
  std::string letters;
  for (const char c : printed) {
    small += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (c != '-') tight += c;
  }
  // Without the numbers, with spaces for dashes, and letters for what looks like them.
  size_t column = 0;
  for (const char c : printed) {
    if (c == '\n') column = 0;
    const bool numbering = c != '\n' && column++ < 3;
    if (!numbering) letters += c == '-' ? ' ' : c == '0' ? 'o' : c == '1' ? 'l' : c;
  }
  for (const std::string& text :
       {printed, small, tight, letters,
        "SHEET 4 OF 5\nAny 3 of the 5\n\n" + printed + "\nHolder:", "\t" + printed + "\r\n"}) {
    SCOPED_TRACE(text);
    const auto read = ParseSheet(text);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->index, 4);
    EXPECT_EQ(read->threshold, 3);
    EXPECT_EQ(read->count, 5);
    EXPECT_EQ(read->key_name, shares[3].key_name);
    EXPECT_TRUE(read->bytes == shares[3].bytes);
  }
}

TEST(ShareSheetTest, EveryWrongCharacterNamesItsLine) {
  const auto shares = *SplitKey(ReceiveKey::Generate(), 3, 5);
  const std::string printed = Text(shares[0]);
  size_t line = 1;
  size_t column = 0;
  size_t tried = 0;
  for (size_t i = 0; i < printed.size(); ++i) {
    const char c = printed[i];
    if (c == '\n') {
      ++line;
      column = 0;
      continue;
    }
    if (column++ < 3 || c == '-') continue;
    for (const char other : std::string("0123456789ABCDEFGHJKMNPQRSTVWXYZU?")) {
      if (other == c) continue;
      std::string wrong = printed;
      wrong[i] = other;
      const auto read = ParseSheet(wrong);
      ASSERT_FALSE(read.ok()) << wrong;
      ASSERT_NE(read.status().message().find("line " + std::to_string(line) + " "),
                absl::string_view::npos)
          << read.status();
      ++tried;
    }
    // Two neighbours that changed places.
    if (i + 1 < printed.size() && printed[i + 1] != '-' && printed[i + 1] != '\n' &&
        printed[i + 1] != c) {
      std::string swapped = printed;
      std::swap(swapped[i], swapped[i + 1]);
      EXPECT_FALSE(ParseSheet(swapped).ok()) << swapped;
    }
  }
  EXPECT_EQ(tried, 5u * 18u * 33u);
}

TEST(ShareSheetTest, SaysWhatIsMissingOrMixed) {
  const auto shares = *SplitKey(ReceiveKey::Generate(), 3, 5);
  const std::string one = Text(shares[0]);
  const std::string two = Text(shares[1]);
  const size_t length = one.size() / kSheetLines;
  const auto refusal = [](const std::string& text) {
    const auto read = ParseSheet(text);
    return read.ok() ? std::string("read") : std::string(read.status().message());
  };
  EXPECT_NE(refusal(one.substr(0, 2 * length) + one.substr(3 * length)).find("line 3"),
            std::string::npos);
  EXPECT_NE(refusal(one + two).find("twice"), std::string::npos);
  EXPECT_NE(refusal(one.substr(0, 3 * length) + two.substr(3 * length)).find("different sheets"),
            std::string::npos);
  std::string renumbered =
      one.substr(length, length) + one.substr(0, length) + one.substr(2 * length);
  std::swap(renumbered[0], renumbered[length]);
  EXPECT_NE(refusal(renumbered).find("does not add up"), std::string::npos);
  EXPECT_NE(refusal("").find("line 1"), std::string::npos);
  EXPECT_NE(refusal(std::string(kSheetBytesMax + 1, 'A')).find("16 KiB"), std::string::npos);
  // Shorter and longer lines.
  std::string shorter = one;
  shorter.erase(length + 4, 1);
  EXPECT_NE(refusal(shorter).find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace kapea::crypto
