#include "common/crypto/hash.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/crypto/domains.h"

namespace kapea::crypto {
namespace {

TEST(Sha256, PartsAreJoined) {
  EXPECT_EQ(Sha256({"ab", "", "c"}), Sha256("abc"));
  EXPECT_NE(Sha256("abc"), Sha256("abd"));
  EXPECT_EQ(Sha256({}), Sha256(""));
}

TEST(Hmac, KeysOverABlockAreHashed) {
  const std::string key(65, 'k');
  EXPECT_EQ(HmacSha256(key, "m"), HmacSha256(Sha256(key).view(), "m"));
  EXPECT_NE(HmacSha256(key.substr(1), "m"), HmacSha256(Sha256(key.substr(1)).view(), "m"));
}

TEST(Hkdf, ShorterOutputIsAPrefix) {
  const SecretBytes longest = HkdfExpand("key", "info", 255 * 32);
  for (const size_t size : {0u, 1u, 31u, 32u, 33u, 64u, 100u}) {
    EXPECT_EQ(HkdfExpand("key", "info", size).view(), longest.view().substr(0, size));
  }
  EXPECT_DEATH(HkdfExpand("key", "info", 255 * 32 + 1), "check failed");
}

TEST(RandomBytes, HasTheSizeAndDoesNotRepeat) {
  EXPECT_EQ(RandomBytes(0), "");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(seen.insert(RandomBytes(16)).second);
  }
  EXPECT_NE(RandomId<RecordId>(), RandomId<RecordId>());
}

TEST(Domains, NoneIsTheBeginningOfAnother) {
  // A prefix would let one format's bytes be read as another's.
  const std::set<std::string_view> domains = {
      kChangeIdDomain, kFileIdDomain, kParcelDomain, kClassKeyDomain, kFieldDomain,
      kSealDomain,     kWrapDomain,   kValueDomain,  kDataKeyDomain,  kIndexDomain,
      kEnrolDomain,    kRenewDomain,  kPackDomain,   kVaultDomain,    kChunkDomain};
  EXPECT_EQ(domains.size(), 15u);
  for (const std::string_view a : domains) {
    for (const std::string_view b : domains) {
      EXPECT_TRUE(a == b || !b.starts_with(a)) << a;
    }
  }
}

}  // namespace
}  // namespace kapea::crypto
