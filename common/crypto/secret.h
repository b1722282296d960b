// Bytes that must not outlive their use: keys, passphrases, opened fields.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace kapea::crypto {

// A run of secret bytes in memory that is locked against swapping where the
// system allows, left out of core dumps, and wiped when the object dies.
// Move-only: a copy is asked for by name. Comparison takes constant time.
// Up to 4 KiB come from a pool (some 30 ns); more from sodium_malloc, with guard pages
// (tens of us). A pool's slots lie side by side: nothing but the address sanitizer sees
// a write beyond the end.
// Threads: one at a time; reading from several is safe while nobody writes.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t size);  // zeros
  static SecretBytes CopyOf(std::string_view bytes);
  static SecretBytes Random(size_t size);

  SecretBytes(SecretBytes&&) noexcept;
  SecretBytes& operator=(SecretBytes&&) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  SecretBytes Copy() const { return CopyOf(view()); }
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }
  unsigned char* data() { return data_; }
  const unsigned char* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  friend bool operator==(const SecretBytes& a, const SecretBytes& b);

 private:
  unsigned char* data_ = nullptr;
  size_t size_ = 0;
};

// Whether two strings are equal, in a time that depends on their lengths alone.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// Overwrites a string's bytes and empties it. For plaintext that had to live in a
// std::string for a moment.
void Wipe(std::string& text);

// Call first in every program: starts libsodium, forbids core dumps, tracing by
// other processes, and aborts when no random source works.
void HardenProcess();

}  // namespace kapea::crypto
