#include "common/crypto/passphrase.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace kapea::crypto {
namespace {

PassphraseParameters Floor() {
  PassphraseParameters parameters;
  parameters.salt = std::string(16, 's');
  return parameters;
}

absl::StatusCode CodeWith(void (*change)(PassphraseParameters&)) {
  PassphraseParameters parameters = Floor();
  change(parameters);
  return DeriveFromPassphrase("words", parameters).status().code();
}

TEST(Passphrase, WordsSaltAndCostAllCount) {
  const auto key = DeriveFromPassphrase("words", Floor());
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->size(), 32u);
  const auto same = DeriveFromPassphrase("words", Floor());
  const auto other_words = DeriveFromPassphrase("Words", Floor());
  PassphraseParameters changed = Floor();
  changed.salt[0] = 't';
  const auto other_salt = DeriveFromPassphrase("words", changed);
  changed = Floor();
  changed.passes = 4;
  const auto other_cost = DeriveFromPassphrase("words", changed);
  ASSERT_TRUE(same.ok() && other_words.ok() && other_salt.ok() && other_cost.ok());
  EXPECT_TRUE(*key == *same);
  EXPECT_FALSE(*key == *other_words);
  EXPECT_FALSE(*key == *other_salt);
  EXPECT_FALSE(*key == *other_cost);
}

TEST(Passphrase, OutsideFloorAndCeilingIsRefused) {
  constexpr auto kRefused = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(CodeWith([](PassphraseParameters& p) { p.memory_bytes -= 1; }), kRefused);
  EXPECT_EQ(CodeWith([](PassphraseParameters& p) { p.memory_bytes = (4ull << 30) + 1; }), kRefused);
  EXPECT_EQ(CodeWith([](PassphraseParameters& p) { p.passes = 2; }), kRefused);
  EXPECT_EQ(CodeWith([](PassphraseParameters& p) { p.passes = 1001; }), kRefused);
  EXPECT_EQ(CodeWith([](PassphraseParameters& p) { p.salt.pop_back(); }), kRefused);
  EXPECT_EQ(CodeWith([](PassphraseParameters& p) { p.salt += 's'; }), kRefused);
}

TEST(Passphrase, CalibrationNeverGoesBelowTheFloor) {
  const PassphraseParameters none = PassphraseParameters::Calibrate(0);
  EXPECT_EQ(none.passes, PassphraseParameters::kPassesMin);
  EXPECT_GE(none.memory_bytes, PassphraseParameters::kMemoryBytesMin);
  EXPECT_EQ(none.salt.size(), PassphraseParameters::kSaltBytes);
  const PassphraseParameters negative = PassphraseParameters::Calibrate(-5);
  EXPECT_EQ(negative.passes, PassphraseParameters::kPassesMin);
  EXPECT_NE(none.salt, negative.salt);
  // Days: no machine does the ceiling's thousand passes so slowly.
  EXPECT_EQ(PassphraseParameters::Calibrate(1'000'000'000).passes,
            PassphraseParameters::kPassesMax);
}

// Memory that is not there is an answer, not a crash. The limit leaves room for all but
// the gigabyte that is asked for.
TEST(PassphraseDeathTest, MissingMemoryIsSaid) {
  EXPECT_EXIT(
      {
        size_t pages = 0;
        std::ifstream("/proc/self/statm") >> pages;
        const rlim_t most = pages * static_cast<size_t>(getpagesize()) + (512u << 20);
        rlimit limit{};
        limit.rlim_cur = limit.rlim_max = most;
        PassphraseParameters parameters = Floor();
        parameters.memory_bytes = 1u << 30;
        const bool limited = setrlimit(RLIMIT_AS, &limit) == 0;
        const auto code = DeriveFromPassphrase("words", parameters).status().code();
        std::exit(limited && code == absl::StatusCode::kResourceExhausted ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kapea::crypto
