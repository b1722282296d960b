#include "common/crypto/secret.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace kapea::crypto {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)  // clang
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

bool AllZeros(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

// The flags of the mapping that holds `address`, as /proc/self/smaps gives them.
std::string MappingFlags(const void* address) {
  std::ifstream file("/proc/self/smaps");
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    uintptr_t begin = 0;
    uintptr_t end = 0;
    char dash = 0;
    std::istringstream text(line);
    if (text >> std::hex >> begin >> dash >> end && dash == '-') {
      inside = begin <= wanted && wanted < end;
    } else if (inside && line.rfind("VmFlags:", 0) == 0) {
      return line + " ";
    }
  }
  return "";
}

TEST(SecretBytes, BeginsAsZerosOfEverySize) {
  for (const size_t size : {1u, 32u, 64u, 65u, 512u, 513u, 4096u, 4097u, 70'000u}) {
    const SecretBytes bytes(size);
    EXPECT_EQ(bytes.size(), size);
    EXPECT_TRUE(AllZeros(bytes.view()));
  }
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_EQ(SecretBytes(0).data(), nullptr);
}

TEST(SecretBytes, CopyHasItsOwnBytes) {
  const SecretBytes original = SecretBytes::CopyOf("a key of somebody");
  SecretBytes copy = original.Copy();
  EXPECT_TRUE(copy == original);
  copy.data()[0] ^= 1;
  EXPECT_FALSE(copy == original);
  EXPECT_EQ(original.view(), "a key of somebody");
}

TEST(SecretBytes, MovedFromIsEmpty) {
  SecretBytes a = SecretBytes::CopyOf("secret");
  const SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());        // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(a.data(), nullptr);  // NOLINT(clang-analyzer-cplusplus.Move)
  EXPECT_EQ(b.view(), "secret");
  SecretBytes c = SecretBytes::CopyOf("another");
  c = SecretBytes::CopyOf("third");
  EXPECT_EQ(c.view(), "third");
  SecretBytes& self = c;
  c = std::move(self);
  EXPECT_EQ(c.view(), "third");
}

// A slot is given out again without being cleared, so its zeros are the wipe's work.
TEST(SecretBytes, DyingWipes) {
  for (const size_t size : {32u, 64u, 500u, 4096u}) {
    SecretBytes first = SecretBytes::CopyOf(std::string(size, '\xaa'));
    const unsigned char* const place = first.data();
    first = SecretBytes();
    const SecretBytes second(size);
    ASSERT_EQ(second.data(), place);
    EXPECT_TRUE(AllZeros(second.view()));
  }
}

TEST(SecretBytes, StaysOutOfCoreDumps) {
  for (const size_t size : {32u, 400u, 4000u, 40'000u}) {
    const SecretBytes bytes(size);
    const std::string flags = MappingFlags(bytes.data());
    EXPECT_NE(flags.find(" dd "), std::string::npos) << size << ": " << flags;
  }
}

TEST(SecretBytes, IsLockedWhereTheSystemAllows) {
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
  if (limit.rlim_cur < (1u << 20)) GTEST_SKIP() << "this account may lock no memory";
  const SecretBytes bytes(32);
  const std::string flags = MappingFlags(bytes.data());
  if (kSanitized) GTEST_SKIP() << "a sanitizer makes mlock do nothing";
  EXPECT_NE(flags.find(" lo "), std::string::npos) << flags;
}

TEST(SecretBytes, ManyAtOnceDoNotOverlap) {
  std::vector<SecretBytes> many;
  std::set<const unsigned char*> places;
  for (int i = 0; i < 5000; ++i) {
    many.push_back(SecretBytes::CopyOf(std::string(64, static_cast<char>(i))));
    places.insert(many.back().data());
  }
  EXPECT_EQ(places.size(), many.size());
  for (size_t i = 0; i < many.size(); ++i) {
    EXPECT_EQ(many[i].view(), std::string(64, static_cast<char>(i)));
  }
}

TEST(SecretBytes, RandomDoesNotRepeat) {
  EXPECT_FALSE(SecretBytes::Random(32) == SecretBytes::Random(32));
  EXPECT_EQ(SecretBytes::Random(0).size(), 0u);
}

TEST(ConstantTimeEqual, ComparesLengthAndEveryByte) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_FALSE(ConstantTimeEqual("", "a"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
  const std::string text(100, 'x');
  EXPECT_TRUE(ConstantTimeEqual(text, std::string(100, 'x')));
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] ^= 1;
    EXPECT_FALSE(ConstantTimeEqual(text, other)) << i;
  }
}

TEST(Wipe, OverwritesTheWholeCapacity) {
  std::string text(200, 's');
  text.resize(100);  // the other hundred still stand behind the end
  const char* const place = text.data();
  const size_t capacity = text.capacity();
  Wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), place);
  EXPECT_TRUE(AllZeros({place, capacity}));
}

TEST(HardenProcessDeathTest, ForbidsDumpsAndTracing) {
  EXPECT_EXIT(
      {
        HardenProcess();
        rlimit limit{};
        const bool done = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 &&
                          limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
        std::exit(done ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace kapea::crypto
