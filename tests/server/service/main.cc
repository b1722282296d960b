// The tests run under the TLS profile, as every program of Kapea does.
#include <gtest/gtest.h>

#include <cstdio>

#include "common/crypto/secret.h"
#include "common/rpc/tls_profile.h"

int main(int argc, char** argv) {
  kapea::crypto::HardenProcess();
  if (const absl::Status status = kapea::rpc::InstallTlsProfile(); !status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
