#include "server/access/principal.h"

#include <algorithm>

namespace kapea::server {

absl::StatusOr<Principal> Authenticate(const domain::Directory& directory, const PersonId& person,
                                       const DeviceId& device) {
  const domain::DeviceEntry* known = directory.FindDevice(device);
  if (known == nullptr) {
    return absl::UnauthenticatedError(
        "this device is not in the directory yet: two registrars must approve it");
  }
  if (known->person != person) {
    return absl::UnauthenticatedError("this certificate names another person's device");
  }
  if (known->revoked) {
    return absl::UnauthenticatedError("this device was revoked: ask your supervisor");
  }
  const domain::PersonEntry* holder = directory.FindPerson(person);
  if (holder == nullptr || holder->ended) {
    return absl::UnauthenticatedError("this person is no longer in the directory");
  }
  return Principal{device, person};
}

bool HoldsRoleAnywhere(const domain::Directory& directory, const PersonId& person,
                       domain::Role role) {
  const domain::PersonEntry* holder = directory.FindPerson(person);
  return holder != nullptr && !holder->ended &&
         std::any_of(holder->roles.begin(), holder->roles.end(),
                     [role](const domain::RoleAt& at) { return at.role == role; });
}

}  // namespace kapea::server
