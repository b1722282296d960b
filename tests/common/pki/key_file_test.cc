#include "common/pki/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace kapea::pki {
namespace {

class KeyFileTest : public testing::Test {
 protected:
  KeyFileTest() {
    std::string name = testing::TempDir() + "/kapea-key-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/key.pem";
  }
  ~KeyFileTest() override { std::filesystem::remove_all(folder_); }

  std::string folder_;
  std::string path_;
};

TEST_F(KeyFileTest, KeepsAKeyForItsOwnerAlone) {
  const crypto::SigningKey key = crypto::SigningKey::Generate();
  ASSERT_TRUE(WritePrivateKey(path_, key).ok());
  struct stat status;
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const auto read = ReadPrivateKey(path_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->Scalar() == key.Scalar());
}

TEST_F(KeyFileTest, RefusesAKeyThatOthersMayRead) {
  ASSERT_TRUE(WritePrivateKey(path_, crypto::SigningKey::Generate()).ok());
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(ReadPrivateKey(path_).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace kapea::pki
