#include "client/field/devices.h"

#include <algorithm>

#include "common/base/macros.h"
#include "common/crypto/fingerprint.h"

namespace kapea::field {
namespace {

std::string DigitsOf(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

}  // namespace

absl::StatusOr<std::vector<DeviceLine>> ListDevices(vault::Vault& vault) {
  const vault::Identity& me = vault.identity();
  const auto directory = vault.directory();
  std::vector<DeviceLine> lines;
  for (const domain::DeviceEntry* entry : directory->DevicesOf(me.person)) {
    const bool this_one = entry->device == me.device;
    lines.push_back({entry->device, this_one, entry->revoked,
                     this_one || me.confirmed.contains(entry->device),
                     crypto::Fingerprint(entry->receive_key)});
  }
  if (lines.empty()) {
    return absl::FailedPreconditionError("the directory does not have this device yet: sync once");
  }
  return lines;
}

absl::Status ConfirmDevice(vault::Vault& vault, std::string_view device, std::string_view number) {
  KAPEA_ASSIGN(std::vector<DeviceLine> lines, ListDevices(vault));
  std::erase_if(lines, [device](const DeviceLine& line) {
    return device.size() < 4 || !line.device.hex().starts_with(device);
  });
  if (lines.size() != 1) {
    return absl::NotFoundError(
        "want one of your devices by its id or at least 4 characters of it "
        "(`kapea device list`)");
  }
  const DeviceLine& line = lines.front();
  if (line.revoked) return absl::FailedPreconditionError("that device is revoked");
  if (DigitsOf(number) != DigitsOf(line.number)) {
    return absl::InvalidArgumentError(
        "this is not the number of the device that the directory names. Nothing was shared. Read "
        "it again from the other screen (`kapea whoami`); if it stays different, tell a registrar: "
        "somebody may have entered a device that is not yours");
  }
  return vault.ConfirmDevice(line.device);
}

}  // namespace kapea::field
