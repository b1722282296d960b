#include "common/base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace kapea {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = testing::TempDir() + "/kapea-file-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    path_ = folder_ + "/file";
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }

  mode_t Mode() const {
    struct stat status {};
    EXPECT_EQ(::stat(path_.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  std::string folder_;
  std::string path_;
};

TEST_F(FileTest, ReplacesAFileInOneStepAndLeavesNothingBeside) {
  ASSERT_TRUE(WriteFileAtomically(path_, "old", kPublicFileMode).ok());
  ASSERT_TRUE(WriteFileAtomically(path_, "new", kPrivateFileMode).ok());
  EXPECT_EQ(*ReadFile(path_, 3), "new");
  EXPECT_EQ(Mode(), static_cast<mode_t>(kPrivateFileMode));
  const auto begin = std::filesystem::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin, std::filesystem::directory_iterator()), 1);
}

TEST_F(FileTest, LeavesTheOldFileWhenTheNewOneCannotBeWritten) {
  const std::string folder = folder_ + "/taken";
  ASSERT_TRUE(std::filesystem::create_directory(folder));
  EXPECT_FALSE(WriteFileAtomically(folder, "new", kPrivateFileMode).ok());
  EXPECT_TRUE(std::filesystem::is_directory(folder));
  EXPECT_FALSE(WriteFileAtomically(folder_ + "/none/key", "new", kPrivateFileMode).ok());
  const auto begin = std::filesystem::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin, std::filesystem::directory_iterator()), 1);
}

TEST_F(FileTest, CreatesAFileOnlyWhereThereIsNone) {
  ASSERT_TRUE(CreateFileAtomically(path_, "first", kPrivateFileMode).ok());
  EXPECT_EQ(CreateFileAtomically(path_, "second", kPrivateFileMode).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(path_, 10), "first");
  const auto begin = std::filesystem::directory_iterator(folder_);
  EXPECT_EQ(std::distance(begin, std::filesystem::directory_iterator()), 1);
}

TEST_F(FileTest, ReadsOnlyRegularFilesUpToALimit) {
  ASSERT_TRUE(WriteFileAtomically(path_, "12345", kPublicFileMode).ok());
  EXPECT_EQ(ReadFile(path_, 4).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReadFile(path_ + ".none", 4).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(folder_, 4).status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(::mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(folder_ + "/pipe", 4).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kapea
