// The homes that the configuration reaches. None is touched until a box needs it.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/crypto/key_box.h"
#include "common/crypto/key_home.h"

namespace kapea::homes {

// InvalidArgument, naming the field, for settings that name two sources of one thing, half a
// token, or a path where a name belongs.
absl::Status CheckSettings(const crypto::KeyHomeSettings& settings);

// Where a passphrase for sealing comes from, when it is not the one of the settings.
enum class Passphrase { kOfSettings, kNew };

// Owns them. What it asks for (passphrase, PIN), it asks when it is needed.
// Threads: one at a time.
class HomeSet {
 public:
  // `settings` must have passed CheckSettings. kNew: the terminal asks twice.
  explicit HomeSet(const crypto::KeyHomeSettings& settings, int64_t kdf_target_ms = 1000,
                   Passphrase passphrase = Passphrase::kOfSettings);

  // All, as OpenKeyBox takes them.
  const std::vector<crypto::KeyHome*>& all() const { return all_; }
  // Those of these kinds, in this order, as SealKeyBox takes them. FailedPrecondition, naming
  // the field that is missing.
  absl::StatusOr<std::vector<crypto::KeyHome*>> Of(
      const std::vector<crypto::HomeKind>& kinds) const;

 private:
  void Add(std::unique_ptr<crypto::KeyHome> home);

  std::vector<std::unique_ptr<crypto::KeyHome>> owned_;
  std::vector<crypto::KeyHome*> all_;
};

}  // namespace kapea::homes
