// This person's devices. Another one of hers gets her keys after she has compared a number
// on both screens: the directory alone could be made to name a device that is not hers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/vault.h"

namespace kapea::field {

struct DeviceLine {
  DeviceId device;
  bool this_one = false;
  bool revoked = false;
  bool confirmed = false;  // by this device; always true for itself
  std::string number;      // crypto::Fingerprint of its receive key
};

// Those that the directory has. Threads: one at a time. Errors of both: as Vault.
absl::StatusOr<std::vector<DeviceLine>> ListDevices(vault::Vault& vault);

// Lets `device` (an id in hex or the beginning of it) have this person's keys, with the next
// sync. `number` is what that device shows; spaces do not count. InvalidArgument when it is
// another number, with what to do; NotFound; FailedPrecondition for a revoked device.
absl::Status ConfirmDevice(vault::Vault& vault, std::string_view device, std::string_view number);

}  // namespace kapea::field
