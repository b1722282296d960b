// Who a call is from, as the directory says and not as the caller does.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/domain/directory.h"

namespace kapea::server {

// A device of a person, both known to the directory and neither ended. Made by
// Authenticate alone.
struct Principal {
  DeviceId device;
  PersonId person;
};

// Whether that device may call at all, by the directory as it is now.
// Unauthenticated: no such device (a pending one says so), or of another person, or
// revoked, or its person has left. Threads: any.
absl::StatusOr<Principal> Authenticate(const domain::Directory& directory, const PersonId& person,
                                       const DeviceId& device);

// Whether the person holds the role anywhere now.
bool HoldsRoleAnywhere(const domain::Directory& directory, const PersonId& person,
                       domain::Role role);

}  // namespace kapea::server
