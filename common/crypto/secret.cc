#include "common/crypto/secret.h"

#include <openssl/rand.h>
#include <sodium.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/macros.h"
#include "common/base/mutex.h"

// Released slots are marked for the address sanitizer, which would otherwise
// not see a use after release inside the pool.
#if defined(__SANITIZE_ADDRESS__)
#define KAPEA_POISON_SLOTS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KAPEA_POISON_SLOTS 1
#endif
#endif
#if defined(KAPEA_POISON_SLOTS)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address))
#endif

namespace kapea::crypto {
namespace {

// Slots of a few fixed sizes, cut from regions that are locked and left out of core
// dumps. sodium_malloc gives every secret guard pages of its own, but costs five
// system calls and four pages, and a process may have some 65,000 mappings: too dear
// for the keys that serve one field. Regions are never given back.
// Threads: any.
class SlotPool {
 public:
  static SlotPool& Get() {
    // Never destroyed: secrets in other statics may die after it otherwise.
    static SlotPool* const pool = new SlotPool();
    return *pool;
  }

  // The bytes are zeros. Null when no slot is that large.
  unsigned char* Take(size_t size) {
    const size_t kind = KindOf(size);
    if (kind == kSlotSizes.size()) return nullptr;
    unsigned char* slot = nullptr;
    {
      const MutexLock lock(mutex_);
      if (free_[kind].empty()) AddRegion(kind);
      slot = free_[kind].back();
      free_[kind].pop_back();
    }
    ASAN_UNPOISON_MEMORY_REGION(slot, size);
    return slot;
  }

  // False when `slot` is too large to have come from here. Wipes.
  bool Return(unsigned char* slot, size_t size) {
    const size_t kind = KindOf(size);
    if (kind == kSlotSizes.size()) return false;
    sodium_memzero(slot, size);
    ASAN_POISON_MEMORY_REGION(slot, kSlotSizes[kind]);
    const MutexLock lock(mutex_);
    free_[kind].push_back(slot);
    return true;
  }

 private:
  static constexpr std::array<size_t, 3> kSlotSizes = {64, 512, 4096};
  static constexpr size_t kRegionBytes = 128 * 1024;

  SlotPool() { KAPEA_CHECK(sodium_init() >= 0); }

  static size_t KindOf(size_t size) {
    size_t kind = 0;
    while (kind < kSlotSizes.size() && size > kSlotSizes[kind]) ++kind;
    return kind;
  }

  void AddRegion(size_t kind) KAPEA_REQUIRES(mutex_) {
    void* const region =
        mmap(nullptr, kRegionBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    KAPEA_CHECK(region != MAP_FAILED);
    // Both may be refused (RLIMIT_MEMLOCK, an old kernel). The secret then can be
    // swapped out, which is what the header says; refusing to work would be worse.
    static_cast<void>(mlock(region, kRegionBytes));
    static_cast<void>(madvise(region, kRegionBytes, MADV_DONTDUMP));
    auto* const bytes = static_cast<unsigned char*>(region);
    ASAN_POISON_MEMORY_REGION(bytes, kRegionBytes);
    // Room for every slot at once, so that Return never allocates.
    slots_[kind] += kRegionBytes / kSlotSizes[kind];
    free_[kind].reserve(slots_[kind]);
    for (size_t end = kRegionBytes; end > 0; end -= kSlotSizes[kind]) {
      free_[kind].push_back(bytes + end - kSlotSizes[kind]);
    }
  }

  Mutex mutex_;
  std::array<std::vector<unsigned char*>, kSlotSizes.size()> free_ KAPEA_GUARDED_BY(mutex_);
  std::array<size_t, kSlotSizes.size()> slots_ KAPEA_GUARDED_BY(mutex_) = {};
};

unsigned char* TakeBytes(size_t size) {
  if (size == 0) return nullptr;
  if (unsigned char* const slot = SlotPool::Get().Take(size); slot != nullptr) return slot;
  auto* const bytes = static_cast<unsigned char*>(sodium_malloc(size));
  KAPEA_CHECK(bytes != nullptr);
  sodium_memzero(bytes, size);
  return bytes;
}

void ReturnBytes(unsigned char* bytes, size_t size) {
  if (bytes == nullptr) return;
  if (!SlotPool::Get().Return(bytes, size)) sodium_free(bytes);  // wipes too
}

}  // namespace

SecretBytes::SecretBytes(size_t size) : data_(TakeBytes(size)), size_(size) {}

SecretBytes SecretBytes::CopyOf(std::string_view bytes) {
  SecretBytes copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data_, bytes.data(), bytes.size());
  return copy;
}

SecretBytes SecretBytes::Random(size_t size) {
  SecretBytes bytes(size);
  if (size > 0) KAPEA_CHECK(RAND_priv_bytes_ex(nullptr, bytes.data_, size, 256) == 1);
  return bytes;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    ReturnBytes(data_, size_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { ReturnBytes(data_, size_); }

bool operator==(const SecretBytes& a, const SecretBytes& b) {
  return ConstantTimeEqual(a.view(), b.view());
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  return a.empty() || sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

void Wipe(std::string& text) {
  // The whole capacity: a string that was shortened keeps its tail there.
  text.resize(text.capacity());
  sodium_memzero(text.data(), text.size());
  text.clear();
}

void HardenProcess() {
  KAPEA_CHECK(sodium_init() >= 0);
  const rlimit no_core{0, 0};
  KAPEA_CHECK(setrlimit(RLIMIT_CORE, &no_core) == 0);
  KAPEA_CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
  unsigned char probe[32];
  KAPEA_CHECK(RAND_bytes(probe, sizeof(probe)) == 1);
  KAPEA_CHECK(RAND_priv_bytes(probe, sizeof(probe)) == 1);
  sodium_memzero(probe, sizeof(probe));
}

}  // namespace kapea::crypto
