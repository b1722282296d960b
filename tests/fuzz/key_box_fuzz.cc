// Boxes of keys that somebody altered, and the notes in them that a token or a TPM is to read.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_box.h"
#include "common/homes/token_home.h"
#include "common/homes/tpm_home.h"

namespace kapea {
namespace {

using crypto::HomeKind;

// Gives HMAC(a random key, note): nobody guesses what it gives for a note of his own.
class FakeHome : public crypto::KeyHome {
 public:
  explicit FakeHome(HomeKind kind) : kind_(kind) {}
  HomeKind kind() const override { return kind_; }
  absl::StatusOr<Made> Make() override {
    return Made{crypto::SecretBytes::CopyOf(Give(new_note)), new_note};
  }
  absl::StatusOr<crypto::SecretBytes> Find(std::string_view note) override {
    KAPEA_CHECK(note.size() <= crypto::kHomeNoteBytesMax);
    return crypto::SecretBytes::CopyOf(Give(note));
  }
  std::string new_note;

 private:
  std::string Give(std::string_view note) const { return crypto::HmacSha256(key_.view(), note); }
  const HomeKind kind_;
  const crypto::SecretBytes key_ = crypto::SecretBytes::Random(32);
};

void TryBox(std::string_view bytes) {
  static auto* const credential = new FakeHome(HomeKind::kCredential);
  static auto* const token = new FakeHome(HomeKind::kToken);
  static auto* const tpm = new FakeHome(HomeKind::kTpm);
  static auto* const passphrase = new FakeHome(HomeKind::kPassphrase);
  static crypto::KeyHome* const all[] = {credential, token, tpm, passphrase};
  const auto kinds = crypto::HomesOf(bytes);
  KAPEA_CHECK(!crypto::OpenKeyBox(all, bytes).ok());
  KAPEA_CHECK(kinds.ok() || absl::IsInvalidArgument(kinds.status()));
  if (kinds.ok()) KAPEA_CHECK(kinds->size() == 1 || kinds->back() == HomeKind::kPassphrase);

  token->new_note = std::string(bytes.substr(0, crypto::kHomeNoteBytesMax));
  passphrase->new_note = std::string(bytes.size() % 64, 'p');
  crypto::KeyHome* const pair[] = {token, passphrase};
  const size_t homes = 1 + bytes.size() % 2;
  const auto box = crypto::SealKeyBox({pair, homes}, bytes);
  if (!box.ok()) return;
  const auto opened = crypto::OpenKeyBox(all, *box);
  KAPEA_CHECK(opened.ok() && opened->view() == bytes);
  KAPEA_CHECK(crypto::HomesOf(*box)->size() == homes);
}

// As far as a note goes before hardware is asked.
void TryNotes(std::string_view bytes) {
  const auto pin = [] { return crypto::SecretBytes::CopyOf("1"); };
  static auto* const token =
      new homes::TokenHome({"/nonexistent/module.so", "token", "key", {}}, pin);
  static auto* const tpm = new homes::TpmHome("device:/nonexistent", pin, false);
  for (crypto::KeyHome* const home :
       {static_cast<crypto::KeyHome*>(token), static_cast<crypto::KeyHome*>(tpm)}) {
    const absl::Status found = home->Find(bytes).status();
    KAPEA_CHECK(absl::IsInvalidArgument(found) || absl::IsNotFound(found));
  }
}

}  // namespace
}  // namespace kapea

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kapea::TryBox(bytes);
  kapea::TryNotes(bytes);
  return 0;
}
