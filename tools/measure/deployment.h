// A deployment of invented people in a scratch folder, with a kapead of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/identity.h"
#include "common/base/clock.h"
#include "common/crypto/hpke.h"
#include "common/crypto/signature.h"
#include "common/domain/form.h"
#include "common/domain/write.h"
#include "tools/admin/deployment.h"
#include "tools/measure/process.h"

namespace grpc {
class Channel;
}

namespace kapea::bench {

// A person with one device.
struct Device {
  std::vector<domain::RoleAt> roles;  // the first one is acted under
  PersonId person;
  DeviceId device;
  crypto::SigningKey signing = crypto::SigningKey::Generate();
  crypto::SigningKey tls = crypto::SigningKey::Generate();
  crypto::ReceiveKey device_key = crypto::ReceiveKey::Generate();
  crypto::ReceiveKey person_key = crypto::ReceiveKey::Generate();
  std::string chain_pem;
};

struct DeploymentOptions {
  std::string folder;  // empty or absent
  std::string kapead;  // the program
  std::string packs;   // folder of the national pack
  size_t devices = 0;  // intake officers of one shelter
  // Over 1: a shelter in each of so many provinces instead; devices are case managers there,
  // in turn, and the last one is a supervisor of all of them.
  size_t provinces = 1;
};

// Made by the code behind kapea-admin, but for enrolment: the devices' certificates are
// written into the store before the server starts, and two registrars enter the devices.
// Threads: one at a time. Owns: the server's process.
class BenchDeployment {
 public:
  static absl::StatusOr<std::unique_ptr<BenchDeployment>> Make(const DeploymentOptions& options);

  absl::Status StartServer();
  void StopServer() { server_.reset(); }
  // kapead on the store at rest, until it ends.
  absl::Status RunServer(const std::string& option);
  Process& server() { return *server_; }

  const std::vector<Device>& devices() const { return devices_; }
  const UnitId& shelter() const { return shelters_.front().unit; }
  const admin::Deployment& facts() const { return facts_; }
  const domain::Pack& pack() const { return *pack_; }
  const Clock& clock() const { return *clock_; }
  // What enrolment would have put into the device's vault.
  vault::Identity IdentityOf(const Device& device) const;
  // A connection as the device's own program opens it.
  absl::StatusOr<std::shared_ptr<grpc::Channel>> Open(const Device& device) const;
  const std::string& root_pem() const { return root_pem_; }

 private:
  explicit BenchDeployment(const DeploymentOptions& options) : options_(options) {}
  void MakeShelters();
  std::vector<domain::RoleAt> RolesOf(size_t device) const;
  absl::Status MakeDevices();
  absl::Status RaiseLimits();
  absl::Status Populate();

  const DeploymentOptions options_;
  const std::shared_ptr<const Clock> clock_ = std::make_shared<SystemClock>();
  const admin::Layout layout_{options_.folder + "/deployment"};
  const std::string passphrase_file_ = options_.folder + "/passphrase";
  std::string passphrase_;
  admin::Deployment facts_;
  std::string root_pem_;
  std::vector<domain::UnitEntry> shelters_;
  std::vector<Device> devices_;
  std::unique_ptr<const domain::Pack> pack_;
  std::unique_ptr<Process> server_;
};

}  // namespace kapea::bench
