#include "tools/admin/deployment.h"

#include <map>
#include <sstream>

#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::admin {
namespace {

constexpr size_t kPassphraseFileBytesMax = 4096;
constexpr size_t kFileBytesMax = 64 * 1024;

}  // namespace

absl::Status Deployment::Write(const std::string& path) const {
  std::ostringstream out;
  out << "# What kapea-admin knows of this deployment. Nothing in here is secret.\n"
      << "deployment: " << id.hex() << "\n"
      << "directory_file: " << directory_file.hex() << "\n"
      << "standards_file: " << standards_file.hex() << "\n"
      << "registry: " << registry.hex() << "\n"
      << "genesis: " << genesis.hex() << "\n"
      << "log_key: " << log_key << "\n"
      << "server: " << server << "\n";
  return WriteFileAtomically(path, out.str(), kPublicFileMode);
}

absl::StatusOr<Deployment> Deployment::Read(const std::string& path) {
  auto text = ReadFile(path, kFileBytesMax);
  if (absl::IsNotFound(text.status())) {
    return absl::NotFoundError(
        "there is no deployment here: run `kapea-admin init` first, or "
        "name its directory with --dir");
  }
  KAPEA_TRY(text.status());
  std::map<std::string, std::string> lines;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("#") || colon == std::string::npos) continue;
    lines[line.substr(0, colon)] = line.substr(colon + 2);
  }
  Deployment deployment;
  KAPEA_ASSIGN(deployment.id, DeploymentId::FromHexText(lines["deployment"]));
  KAPEA_ASSIGN(deployment.directory_file, FileId::FromHexText(lines["directory_file"]));
  KAPEA_ASSIGN(deployment.standards_file, FileId::FromHexText(lines["standards_file"]));
  KAPEA_ASSIGN(deployment.registry, UnitId::FromHexText(lines["registry"]));
  KAPEA_ASSIGN(deployment.genesis, Hash::FromHexText(lines["genesis"]));
  deployment.log_key = lines["log_key"];
  deployment.server = lines["server"];
  return deployment;
}

absl::StatusOr<crypto::SecretBytes> ReadPassphrase(const std::string& path) {
  if (path.empty()) {
    return absl::InvalidArgumentError("name a passphrase file (see --help)");
  }
  KAPEA_ASSIGN(std::string text, ReadFile(path, kPassphraseFileBytesMax));
  auto passphrase = crypto::SecretBytes::CopyOf(text.substr(0, text.find('\n')));
  crypto::Wipe(text);
  if (passphrase.empty()) return absl::InvalidArgumentError(path + " has an empty first line");
  return passphrase;
}

}  // namespace kapea::admin
