// What an operator writes: the server's configuration, the deployment's notes, roles.
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "server/service/config.h"
#include "server/service/side_door.h"
#include "tools/admin/deployment.h"
#include "tools/admin/people.h"

namespace kapea {
namespace {

void TryConfig(const std::string& text) {
  const auto config = server::ParseConfig(text, "/opt/kapea");
  if (config.ok()) {
    KAPEA_CHECK(!config->listen.empty() && !config->data_directory.empty());
    KAPEA_CHECK(config->server.workers > 0 && config->server.workers <= 256);
    KAPEA_CHECK(config->metrics_address.empty() ||
                server::SideDoor::CheckAddress(config->metrics_address).ok());
  } else {
    KAPEA_CHECK(absl::IsInvalidArgument(config.status()));
  }
  const absl::Status address = server::SideDoor::CheckAddress(text);
  KAPEA_CHECK(address.ok() || absl::IsInvalidArgument(address));
}

void TryAdmin(const std::string& text) {
  static const std::string path = "/dev/shm/kapea-fuzz-" + std::to_string(::getpid());
  KAPEA_CHECK(WriteFileAtomically(path, text, kPublicFileMode).ok());
  if (const auto deployment = admin::Deployment::Read(path); deployment.ok()) {
    KAPEA_CHECK(deployment->Write(path).ok());
    const auto again = admin::Deployment::Read(path);
    KAPEA_CHECK(again.ok() && again->id == deployment->id && again->log_key == deployment->log_key);
  }
  std::remove(path.c_str());
  if (const auto role = admin::RoleText::Parse(text); role.ok()) {
    KAPEA_CHECK(role->role != domain::Role::kNone && !role->unit_code.empty());
  }
}

}  // namespace
}  // namespace kapea

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  kapea::TryConfig(text);
  kapea::TryAdmin(text);
  return 0;
}
