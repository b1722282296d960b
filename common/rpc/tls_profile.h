// The TLS that every program of Kapea speaks: 1.3 only, two cipher suites, no session
// tickets. gRPC 1.51 cannot be told so; OpenSSL, under it, can, for the whole process.
#pragma once

#include "absl/status/status.h"

namespace kapea::rpc {

// Call once at the start of main(), before the first thread, key or gRPC object:
// clears the environment variables by which gRPC and OpenSSL would be steered from
// outside, ignores OpenSSL's configuration file, sets the profile, and proves on a
// fresh SSL_CTX that it holds. A second call only proves it again.
// FailedPrecondition when it does not hold: the program must not go on. One reason is
// that something used OpenSSL before.
// Threads: none but the caller's may run (it changes the environment).
absl::Status InstallTlsProfile();

}  // namespace kapea::rpc
