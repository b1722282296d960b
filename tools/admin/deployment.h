// Where a deployment's files lie, and what its administrator keeps of it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/crypto/secret.h"

namespace kapea::admin {

// Everything below one directory, as `kapea-admin init` lays it out.
struct Layout {
  std::string root;

  std::string Path(const std::string& name) const { return root + "/" + name; }
  std::string deployment_file() const { return Path("deployment.txt"); }
  std::string ca_folder() const { return Path("ca"); }
  std::string root_certificate() const { return Path("ca/root.pem"); }
  std::string root_key() const { return Path("ca/root.key"); }  // offline: take it away
  std::string device_authority() const { return Path("ca/devices.pem"); }
  std::string device_authority_key() const { return Path("ca/devices.key"); }
  std::string server_authority() const { return Path("ca/servers.pem"); }
  std::string server_authority_key() const { return Path("ca/servers.key"); }
  std::string server_folder() const { return Path("server"); }
  std::string store() const { return Path("server/store"); }
  std::string server_keys() const { return Path("server/keys.sealed"); }
  std::string server_config() const { return Path("server/kapead.textproto"); }
  std::string pack_owner_key() const { return Path("packs/owner.key"); }
  std::string registrar(int n) const { return Path("registrars/" + std::to_string(n)); }
};

inline constexpr int kRegistrars = 3;  // two of them for each act

// What init wrote down for the commands that come after it. Nothing secret.
struct Deployment {
  DeploymentId id;
  FileId directory_file;
  FileId standards_file;
  UnitId registry;
  Hash genesis;         // leaf hash of Entry 0
  std::string log_key;  // C2SP verifier key text
  std::string server;   // host:port that devices are told

  absl::Status Write(const std::string& path) const;
  // NotFound with what to do when there is none.
  static absl::StatusOr<Deployment> Read(const std::string& path);
};

// The first line of a passphrase file. InvalidArgument without a path or a line.
absl::StatusOr<crypto::SecretBytes> ReadPassphrase(const std::string& path);

}  // namespace kapea::admin
