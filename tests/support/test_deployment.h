// A whole deployment on loopback for tests: authorities, a genesis with registrars and
// people, their devices' keys and certificates, and a real server over mutual TLS.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/base/clock.h"
#include "common/codec/change_codec.h"
#include "common/codec/server_keys.h"
#include "common/codec/store_rows.h"
#include "common/crypto/hash.h"
#include "common/crypto/signature.h"
#include "common/kv/store.h"
#include "common/pki/authority.h"
#include "server/core/issuer.h"
#include "server/service/server.h"

namespace grpc {
class Channel;
}

namespace kapea::server {

// The system's clock, which a test may set forward; both of its readings move.
class OffsetClock : public Clock {
 public:
  ClockReading Read() const override {
    ClockReading reading = system_.Read();
    reading.wall = reading.wall + Duration::Milliseconds(offset_ms_);
    reading.elapsed = reading.elapsed + Duration::Milliseconds(offset_ms_);
    return reading;
  }
  void Advance(Duration by) { offset_ms_ += by.milliseconds(); }

 private:
  const SystemClock system_;
  std::atomic<int64_t> offset_ms_ = 0;
};

// Issues in this process, as kapea-ca does in its own.
class LocalIssuer : public Issuer {
 public:
  LocalIssuer(const pki::Authority& devices, const Clock& clock)
      : devices_(devices), clock_(clock) {}
  absl::StatusOr<std::string> IssueBootstrap(std::string_view request_der,
                                             const ChangeId& enrolment) override;
  absl::StatusOr<std::string> IssueDevice(std::string_view request_der, const PersonId& person,
                                          const DeviceId& device) override;

 private:
  const pki::Authority& devices_;
  const Clock& clock_;
};

// A person at her device, with all its keys and its place in its own chain.
struct TestDevice {
  PersonId person;
  DeviceId device;
  UnitId unit;
  domain::Role role = domain::Role::kNone;
  crypto::SigningKey signing = crypto::SigningKey::Generate();
  crypto::SigningKey tls = crypto::SigningKey::Generate();
  std::string receive_key = crypto::RandomBytes(32);
  std::string chain_pem;
  uint64_t sequence = 0;  // of the last Change made
  Hash parcel;            // the last signed
};

// A file that was founded, and what the next Change in it needs.
struct TestFile {
  domain::FileKind kind = domain::FileKind::kOperation;  // to be founded
  FileId file;
  Hash roster;
  KeyEpochId key_epoch;
  crypto::SecretBytes key = crypto::SecretBytes::Random(crypto::kClassKeyBytes);
};

// Threads: one at a time; the server has its own. Aborts when something of the
// deployment itself cannot be made. InstallTlsProfile must have run.
class TestDeployment {
 public:
  // The store is in memory, or, with a folder, a RocksDB one in it.
  explicit TestDeployment(const std::string& store_directory = "");
  ~TestDeployment();

  // Starts over the store as it is; `options` keep their limits, the rest is filled in.
  void StartServer(ServerOptions options = {});
  void StopServer();
  // Closes the store, for another process to open it. Nothing else works after that.
  void CloseStore() { store.reset(); }
  Server& server() { return *server_; }

  std::shared_ptr<grpc::Channel> Open(const TestDevice& device) const {
    return Open(device.chain_pem, device.tls);
  }
  std::shared_ptr<grpc::Channel> Open(const std::string& chain_pem,
                                      const crypto::SigningKey& key) const {
    return OpenAt(server_->address(), chain_pem, key);
  }
  // To a server that runs elsewhere.
  std::shared_ptr<grpc::Channel> OpenAt(const std::string& address, const std::string& chain_pem,
                                        const crypto::SigningKey& key) const;

  // Changes take the device's next number; Sign takes its next place in the chain.
  domain::Header HeaderFor(TestDevice& by, domain::Kind kind, const FileId& file,
                           std::optional<Hash> roster) const;
  codec::EncodedChange Found(TestDevice& by, TestFile& file,
                             const std::vector<const TestDevice*>& others = {},
                             bool drill = false) const;
  // A field write; its verdict depends on packs, which there are none of.
  codec::EncodedChange Edit(TestDevice& by, const TestFile& file, bool sealed = false) const;
  codec::EncodedChange RosterChange(TestDevice& by, TestFile& file,
                                    domain::RosterWrite roster) const;
  codec::Parcel Sign(TestDevice& by, std::vector<codec::EncodedChange> changes) const;
  // A proposal for the directory, and another registrar's approval of it.
  codec::EncodedChange Propose(TestDevice& by, std::vector<domain::WriteBody> bodies) const;
  codec::EncodedChange Approve(TestDevice& by, const codec::EncodedChange& proposal) const;
  static domain::Member Line(const TestDevice& device);
  static domain::DeviceEntry EntryOf(const TestDevice& device);
  static domain::PersonEntry PersonOf(const TestDevice& device);

  // What a server process needs: its keys, and a certificate for them.
  codec::ServerKeys Keys() const;

  uint64_t size() const { return server_->published().tip()->size; }
  Hash root() const { return server_->published().tip()->root; }

  const DeploymentId deployment = crypto::RandomId<DeploymentId>();
  const std::shared_ptr<OffsetClock> clock = std::make_shared<OffsetClock>();
  const pki::Authority root_ca, device_ca, server_ca;
  LocalIssuer issuer{device_ca, *clock};
  const DeviceId server_device = crypto::RandomId<DeviceId>();
  const crypto::SigningKey server_key = crypto::SigningKey::Generate();
  const crypto::NoteSigningKey log_key = crypto::NoteSigningKey::Generate();
  const crypto::SecretBytes master_key = crypto::SecretBytes::Random(32);
  const UnitId police = crypto::RandomId<UnitId>(), shelter = crypto::RandomId<UnitId>(),
               registry = crypto::RandomId<UnitId>();
  TestDevice registrar1, registrar2, registrar3, lead, officer, supervisor, intake;
  FileId directory_file;
  Hash directory_roster;
  Hash genesis_hash;
  // What StartServer uses; a test may put another in its place first.
  std::unique_ptr<kv::Store> store;
  Issuer* used_issuer = &issuer;
  Metrics metrics;

 private:
  void MakeDevice(TestDevice& device, const UnitId& unit, domain::Role role);
  void InstallGenesisAndRows();
  std::vector<TestDevice*> Everybody();

  std::unique_ptr<Log> log_;
  std::unique_ptr<Server> server_;
};

}  // namespace kapea::server
