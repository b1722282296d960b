#include "common/base/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "common/base/macros.h"

namespace kapea {
namespace {

// Owns a descriptor until it dies or Close() reports how closing went.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  int Close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

// Removes a half-made file unless it was given its final name.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  std::string path_;
};

absl::Status SystemError(const char* verb, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, std::string("cannot ") + verb + " " + path);
}

absl::Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError("write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return SystemError("open", folder);
  if (::fsync(fd.get()) != 0) return SystemError("sync", folder);
  return absl::OkStatus();
}

// `flags` as of renameat2.
absl::Status WriteAtomically(const std::string& path, std::string_view bytes, int mode,
                             unsigned int flags) {
  std::string name = path + ".XXXXXX";
  // mkostemp makes the file 0600, so a secret is never readable even for a moment.
  Descriptor fd(::mkostemp(name.data(), O_CLOEXEC));
  if (fd.get() < 0) return SystemError("create a file beside", path);
  TemporaryFile temporary(name);
  KAPEA_TRY(WriteAll(fd.get(), bytes, name));
  if (::fchmod(fd.get(), static_cast<mode_t>(mode)) != 0) return SystemError("set mode of", name);
  if (::fsync(fd.get()) != 0) return SystemError("sync", name);
  if (fd.Close() != 0) return SystemError("close", name);
  if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), flags) != 0) {
    return SystemError("replace", path);
  }
  temporary.Keep();
  return SyncFolderOf(path);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t size_max) {
  // O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return SystemError("open", path);
  struct stat status;
  if (::fstat(fd.get(), &status) != 0) return SystemError("look at", path);
  if (!S_ISREG(status.st_mode)) {
    return absl::InvalidArgumentError("want a regular file, got something else: " + path);
  }
  std::string bytes;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return SystemError("read", path);
    if (n == 0) return bytes;
    // Counted while reading: a file can grow after its size was asked.
    if (static_cast<size_t>(n) > size_max - bytes.size()) {
      return absl::ResourceExhaustedError("want at most " + std::to_string(size_max) +
                                          " bytes, got more: " + path);
    }
    bytes.append(buffer, static_cast<size_t>(n));
  }
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view bytes, int mode) {
  return WriteAtomically(path, bytes, mode, 0);
}

absl::Status CreateFileAtomically(const std::string& path, std::string_view bytes, int mode) {
  return WriteAtomically(path, bytes, mode, RENAME_NOREPLACE);
}

}  // namespace kapea
