#include "tools/admin/config.h"

#include <filesystem>
#include <sstream>

#include "common/base/file.h"

namespace kapea::admin {
namespace {

// A text in a textproto: our paths and addresses, with nothing left to escape but these.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

std::string Absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

}  // namespace

absl::Status WriteServerConfig(const Layout& layout, const ServeOptions& options) {
  const Layout at{Absolute(layout.root)};
  std::ostringstream out;
  out << "# Written by kapea-admin serve-config; docs/kapead.example.textproto explains every "
         "field.\n"
      << "listen: " << Quoted(options.listen) << "\n"
      << "port_file: " << Quoted(at.Path("server/address")) << "\n"
      << "pid_file: " << Quoted(at.Path("server/kapead.pid")) << "\n"
      << "data_directory: " << Quoted(at.store()) << "\n"
      << "root_certificate_file: " << Quoted(at.root_certificate()) << "\n"
      << "device_authorities_file: " << Quoted(at.device_authority()) << "\n"
      << "keys {\n  file: " << Quoted(at.server_keys()) << "\n";
  if (!options.passphrase_file.empty()) {
    out << "  passphrase_file: " << Quoted(Absolute(options.passphrase_file)) << "\n";
  }
  out << "}\n"
      << "ca {\n  certificate_file: " << Quoted(at.device_authority())
      << "\n  key_file: " << Quoted(at.device_authority_key()) << "\n}\n"
      << "log { file: " << Quoted(at.Path("server/kapead.log")) << " }\n";
  if (!options.metrics.empty()) out << "metrics_address: " << Quoted(options.metrics) << "\n";
  return WriteFileAtomically(at.server_config(), out.str(), kPublicFileMode);
}

}  // namespace kapea::admin
