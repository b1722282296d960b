// Whoever holds the issuing key: kapea-ca, in a process of its own.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/base/id.h"

namespace kapea::server {

// Answers a chain in PEM, leaf first. Names come from the arguments, never from the
// request. Threads: any; may take as long as a process needs to start.
// Errors: InvalidArgument or Unauthenticated for a bad request; Unavailable when the
// authority does not answer: try again.
class Issuer {
 public:
  virtual ~Issuer() = default;
  virtual absl::StatusOr<std::string> IssueBootstrap(std::string_view request_der,
                                                     const ChangeId& enrolment) = 0;
  virtual absl::StatusOr<std::string> IssueDevice(std::string_view request_der,
                                                  const PersonId& person,
                                                  const DeviceId& device) = 0;
};

}  // namespace kapea::server
