// kapea: the client on the command line. docs/kapea.md is its manual.
#include <sys/prctl.h>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "client/cli/exit_code.h"
#include "client/cli/program.h"
#include "common/codec/protobuf_log.h"
#include "common/rpc/tls_profile.h"

int main(int argc, char** argv) {
  // Neither a core file nor another program of this user gets at opened keys.
  ::prctl(PR_SET_DUMPABLE, 0);
  kapea::codec::QuietProtobuf();
  if (const absl::Status profile = kapea::rpc::InstallTlsProfile(); !profile.ok()) {
    std::fprintf(stderr, "kapea: %s\n", std::string(profile.message()).c_str());
    return kapea::cli::kExitOther;
  }
  try {
    return kapea::cli::RunProgram(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    // Of a library; what was committed before is on the disk.
    std::fprintf(stderr, "kapea: a mistake of the program: %s\n", error.what());
    return kapea::cli::kExitOther;
  }
}
