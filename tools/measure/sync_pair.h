// Two people with a vault each who share person files: one writes, the other reads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/link/grpc_transport.h"
#include "client/sync/sync_engine.h"
#include "client/vault/vault.h"
#include "tools/measure/deployment.h"
#include "tools/measure/intake_changes.h"

namespace kapea::bench {

// A device's program without its screen. Threads: one at a time.
struct Client {
  std::string directory;
  std::string passphrase;
  std::unique_ptr<vault::Vault> vault;
  std::unique_ptr<link::GrpcTransport> transport;
  std::unique_ptr<sync::SyncEngine> engine;

  static absl::StatusOr<Client> Create(const BenchDeployment& deployment, const Device& device,
                                       const std::string& directory);
  // All out and in; FailedPrecondition when anything was refused or got a verdict, or waits.
  absl::Status Sync();
  // Lets go of everything but what is on the disk.
  void Close();
};

// Threads: one at a time.
class SyncPair {
 public:
  // Both have the directory and the pack already.
  static absl::StatusOr<std::unique_ptr<SyncPair>> Make(const BenchDeployment& deployment,
                                                        const Device& writer, const Device& reader,
                                                        const std::string& folder);
  // `changes` in all, foundings among them, into the writer's outbox.
  absl::Status WriteMany(size_t changes);
  // One more Change into each of the next `count` files.
  absl::StatusOr<std::vector<FileId>> WriteMore(size_t count);
  // Of the newest Change of each of these files, as the writer's vault and the ledger keep it.
  absl::StatusOr<uint64_t> StoredBytes(const std::vector<FileId>& files);
  struct Written {
    FileId file;
    RecordId record;
    ChangeId change;
  };
  absl::StatusOr<Written> WriteOne();

  Client& writer() { return writer_; }
  Client& reader() { return reader_; }

 private:
  struct File {
    FileId file;
    IntakeRecord record;
  };
  SyncPair(const BenchDeployment& deployment, const Device& writer, const Device& reader)
      : deployment_(deployment), writer_device_(writer), reader_device_(reader) {}
  absl::Status FoundFile();
  absl::StatusOr<domain::Ref> Write(File& file);

  const BenchDeployment& deployment_;
  const Device& writer_device_;
  const Device& reader_device_;
  Client writer_, reader_;
  std::vector<File> files_;
  size_t next_ = 0;
};

}  // namespace kapea::bench
