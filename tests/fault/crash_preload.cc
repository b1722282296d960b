// Loaded before a program under a crash test (LD_PRELOAD): passes every call on, says in
// the shared page how far the program has come, kills it where the test wants it, and
// notes what a power cut would leave. In other programs it does nothing.
//
// What it knows of RocksDB: files are only appended to, under their name plus ".log" for
// the write-ahead log; fdatasync or fsync makes a file's bytes durable, fsync of the
// directory its names. It believes nothing else to be durable.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/fault/crash_page.h"

namespace {

using kapea::testing::CrashPage;
using kapea::testing::CrashStage;

// Smaller messages are window updates and pings of HTTP/2, larger ones carry parcels or
// receipts.
constexpr ssize_t kMessageBytesMin = 300;
constexpr size_t kDescriptorsMax = 65536;

enum class Kind : uint8_t { kOther, kDirectory, kFile, kLog };

// Set once before main, by one thread.
CrashPage* page = nullptr;
// Of descriptors in the watched directory; each belongs to the thread that opened it.
std::array<Kind, kDescriptorsMax> kinds;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;  // guards the tables of the page
// The thread that commits is the one that syncs the log.
thread_local bool commits = false;

class Lock {
 public:
  Lock() { pthread_mutex_lock(&mutex); }
  ~Lock() { pthread_mutex_unlock(&mutex); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}
// NOLINTNEXTLINE: the name of a function is needed as an identifier and as text
#define REAL(name) static auto* const real = Real<decltype(::name)>(#name)

[[noreturn]] void Die(CrashStage stage) {
  page->died_at = static_cast<uint32_t>(stage);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

bool IsPlanned(CrashStage stage) {
  return page->plan_stage == static_cast<uint32_t>(stage) && page->plan_left.fetch_sub(1) == 1;
}

void Reach(CrashStage stage) {
  if (page != nullptr && IsPlanned(stage)) Die(stage);
}
void ReachWhileOpening() {
  if (page->serving == 0) Reach(CrashStage::kOpening);
}

void Give(uint32_t problem) { page->problem = problem; }

// The name of a path within the watched directory; empty: it lies elsewhere.
std::string_view NameOf(const char* path) {
  const size_t size = std::strlen(page->directory);
  if (std::strncmp(path, page->directory, size) != 0 || path[size] != '/') return {};
  std::string_view name = path + size;
  name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
  if (name.size() >= CrashPage::kNameBytes) {
    Give(ENAMETOOLONG);
    return {};
  }
  return name;
}

void Copy(std::string_view from, char (&to)[CrashPage::kNameBytes]) {
  to[from.copy(to, CrashPage::kNameBytes - 1)] = '\0';
}

// Under the lock. `synced_bytes` is how much of the file has reached the disk.
void NoteFile(uint64_t inode, uint64_t synced_bytes) {
  const uint32_t files = page->files;
  for (uint32_t i = 0; i < files; ++i) {
    if (page->file[i].inode != inode) continue;
    page->file[i].synced_bytes = synced_bytes;
    return;
  }
  if (files == CrashPage::kFilesMax) return Give(ENFILE);
  page->file[files] = {inode, synced_bytes};
  page->files = files + 1;
}

bool IsNoted(uint64_t inode) {
  const uint32_t files = page->files;
  return std::any_of(page->file, page->file + files,
                     [inode](const CrashPage::File& file) { return file.inode == inode; });
}

// Under the lock.
void NoteOperation(CrashPage::Operation::Kind kind, std::string_view name, std::string_view to,
                   std::string_view saved) {
  const uint32_t operations = page->operations;
  if (operations == CrashPage::kOperationsMax) return Give(ENOSPC);
  CrashPage::Operation& operation = page->operation[operations];
  operation.kind = kind;
  Copy(name, operation.name);
  Copy(to, operation.to);
  Copy(saved, operation.saved);
  page->operations = operations + 1;
}

// Keeps the file under another name in the attic, and gives that name; empty: no such file.
std::string Save(const char* path) {
  const std::string name = std::to_string(page->saved.fetch_add(1));
  if (link(path, (std::string(page->attic) + "/" + name).c_str()) != 0) return "";
  return name;
}

// Under the lock: the directory is on the disk.
void ForgetOperations() {
  const uint32_t operations = page->operations.exchange(0);
  for (uint32_t i = 0; i < operations; ++i) {
    if (page->operation[i].saved[0] == '\0') continue;
    REAL(unlink);
    real((std::string(page->attic) + "/" + page->operation[i].saved).c_str());
  }
}

Kind KindOf(int descriptor) {
  if (page == nullptr || descriptor < 0) return Kind::kOther;
  return kinds[static_cast<size_t>(descriptor) % kDescriptorsMax];
}

uint64_t SizeOf(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

uint64_t InodeOf(int descriptor) {
  struct stat status {};
  return fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

template <typename Sync>
int SyncDescriptor(int descriptor, Sync* real) {
  const Kind kind = KindOf(descriptor);
  if (kind == Kind::kOther) return real(descriptor);
  ReachWhileOpening();
  if (kind == Kind::kDirectory) {
    const Lock lock;
    const int result = real(descriptor);
    if (result == 0) ForgetOperations();
    return result;
  }
  const uint64_t bytes = SizeOf(descriptor);
  if (kind == Kind::kLog) {
    commits = true;
    Reach(CrashStage::kWritten);
    if (page->lying != 0) return 0;
  }
  const int result = real(descriptor);
  if (result != 0) return result;
  {
    const Lock lock;
    NoteFile(InodeOf(descriptor), bytes);
  }
  if (kind == Kind::kLog) Reach(CrashStage::kSynced);
  return 0;
}

__attribute__((constructor)) void MapPage() {
  const char* const path = getenv(kapea::testing::kCrashPageVariable);
  if (path == nullptr) return;
  REAL(open);
  const int descriptor = real(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return;
  void* const mapped =
      mmap(nullptr, sizeof(CrashPage), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  ::close(descriptor);
  if (mapped == MAP_FAILED) return;
  auto* const shared = static_cast<CrashPage*>(mapped);
  if (std::strcmp(program_invocation_short_name, shared->program) == 0) page = shared;
}

}  // namespace

// The calls themselves, by the names that the linker looks for.
extern "C" {

int open(const char* path, int flags, ...) {
  REAL(open);
  mode_t mode = 0;
  if ((flags & (O_CREAT | O_TMPFILE)) != 0) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  if (page == nullptr) return real(path, flags, mode);
  const bool is_directory = std::strcmp(path, page->directory) == 0;
  const std::string_view name = NameOf(path);
  if (!is_directory && name.empty()) return real(path, flags, mode);
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (writes) ReachWhileOpening();
  const Lock lock;
  const bool is_new = (flags & O_CREAT) != 0 && access(path, F_OK) != 0;
  const int descriptor = real(path, flags, mode);
  if (descriptor < 0) return descriptor;
  if (is_directory) {
    kinds[static_cast<size_t>(descriptor) % kDescriptorsMax] = Kind::kDirectory;
  } else if (writes) {
    kinds[static_cast<size_t>(descriptor) % kDescriptorsMax] =
        name.ends_with(".log") ? Kind::kLog : Kind::kFile;
    const uint64_t inode = InodeOf(descriptor);
    if (is_new) NoteOperation(CrashPage::Operation::Kind::kMade, name, "", "");
    if (is_new || (flags & O_TRUNC) != 0) {
      NoteFile(inode, 0);
    } else if (!IsNoted(inode)) {
      NoteFile(inode, SizeOf(descriptor));
    }
  }
  return descriptor;
}

int close(int descriptor) {
  REAL(close);
  if (KindOf(descriptor) != Kind::kOther) {
    kinds[static_cast<size_t>(descriptor) % kDescriptorsMax] = Kind::kOther;
  }
  return real(descriptor);
}

ssize_t write(int descriptor, const void* bytes, size_t size) {
  REAL(write);
  if (page == nullptr) return real(descriptor, bytes, size);
  const Kind kind = KindOf(descriptor);
  if (kind == Kind::kOther) {
    const ssize_t written = real(descriptor, bytes, size);
    struct stat status {};
    if (page->plan_stage == static_cast<uint32_t>(CrashStage::kAnswering) &&
        fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode)) {
      Reach(CrashStage::kAnswering);  // a vault has no socket: its test reads a pipe
    }
    return written;
  }
  ReachWhileOpening();
  if (kind == Kind::kLog) {
    Reach(CrashStage::kBeforeWrite);
    if (IsPlanned(CrashStage::kWithinWrite)) {
      static_cast<void>(real(descriptor, bytes, size / 2));
      Die(CrashStage::kWithinWrite);
    }
  }
  return real(descriptor, bytes, size);
}

int fdatasync(int descriptor) {
  REAL(fdatasync);
  return SyncDescriptor(descriptor, real);
}

int fsync(int descriptor) {
  REAL(fsync);
  return SyncDescriptor(descriptor, real);
}

int rename(const char* from, const char* to) {
  REAL(rename);
  const bool watched = page != nullptr && !NameOf(from).empty() && !NameOf(to).empty();
  if (!watched) return real(from, to);
  ReachWhileOpening();
  const Lock lock;
  const std::string saved = Save(to);
  const int result = real(from, to);
  if (result == 0) {
    NoteOperation(CrashPage::Operation::Kind::kRenamed, NameOf(from), NameOf(to), saved);
  }
  return result;
}

int unlink(const char* path) {
  REAL(unlink);
  if (page == nullptr || NameOf(path).empty()) return real(path);
  ReachWhileOpening();
  const Lock lock;
  const std::string saved = Save(path);
  const int result = real(path);
  if (result == 0) NoteOperation(CrashPage::Operation::Kind::kRemoved, NameOf(path), "", saved);
  return result;
}

ssize_t recvmsg(int socket, msghdr* message, int flags) {
  REAL(recvmsg);
  const ssize_t got = real(socket, message, flags);
  if (got >= kMessageBytesMin) Reach(CrashStage::kReceived);
  return got;
}

ssize_t sendmsg(int socket, const msghdr* message, int flags) {
  REAL(sendmsg);
  const ssize_t sent = real(socket, message, flags);
  if (sent >= kMessageBytesMin) Reach(CrashStage::kAnswering);
  return sent;
}

// Of OpenSSL, declared by hand so that the library needs no header of it: the first
// checks a parcel's signature, the second signs a checkpoint (TLS uses others).
// NOLINTBEGIN
int EVP_PKEY_verify(void* context, const unsigned char* signature, size_t signature_size,
                    const unsigned char* digest, size_t digest_size) {
  REAL(EVP_PKEY_verify);
  const int result = real(context, signature, signature_size, digest, digest_size);
  Reach(CrashStage::kVerified);
  return result;
}

int EVP_DigestSign(void* context, unsigned char* signature, size_t* signature_size,
                   const unsigned char* message, size_t message_size) {
  REAL(EVP_DigestSign);
  const int result = real(context, signature, signature_size, message, message_size);
  if (commits) Reach(CrashStage::kGrouped);
  return result;
}
// NOLINTEND

}  // extern "C"
