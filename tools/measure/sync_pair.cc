#include "tools/measure/sync_pair.h"

#include <filesystem>

#include "client/vault/replica.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/domain/roles.h"

namespace kapea::bench {
namespace {

constexpr size_t kChangesPerFile = 50;  // with the founding one

}  // namespace

absl::StatusOr<Client> Client::Create(const BenchDeployment& deployment, const Device& device,
                                      const std::string& directory) {
  Client client;
  client.directory = directory;
  client.passphrase = ToHex(crypto::RandomBytes(16));
  KAPEA_ASSIGN(client.vault,
               vault::Vault::Create(directory, client.passphrase, deployment.IdentityOf(device),
                                    deployment.clock(), 1));
  KAPEA_ASSIGN(client.transport,
               link::GrpcTransport::Connect(client.vault->identity(), deployment.clock()));
  client.engine = std::make_unique<sync::SyncEngine>(*client.vault, *client.transport);
  return client;
}

absl::Status Client::Sync() {
  KAPEA_ASSIGN(const sync::SyncReport report, engine->SyncNow(vault->clock().Now()));
  if (!report.refusals.empty()) return absl::FailedPreconditionError(report.refusals.front());
  if (!report.verdicts.empty()) {
    return absl::FailedPreconditionError(
        "a verdict: " + std::string(domain::NameOf(report.verdicts.front().verdict)));
  }
  if (report.waiting != 0) return absl::FailedPreconditionError("something still waits");
  return absl::OkStatus();
}

void Client::Close() {
  engine.reset();
  transport.reset();
  vault.reset();
}

absl::StatusOr<std::unique_ptr<SyncPair>> SyncPair::Make(const BenchDeployment& deployment,
                                                         const Device& writer, const Device& reader,
                                                         const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::unique_ptr<SyncPair> pair(new SyncPair(deployment, writer, reader));
  KAPEA_ASSIGN(pair->writer_, Client::Create(deployment, writer, folder + "/writer"));
  KAPEA_ASSIGN(pair->reader_, Client::Create(deployment, reader, folder + "/reader"));
  KAPEA_TRY(pair->writer_.Sync());
  KAPEA_TRY(pair->reader_.Sync());
  return pair;
}

absl::Status SyncPair::FoundFile() {
  vault::FoundRequest request;
  request.kind = domain::FileKind::kPerson;
  for (const Device* member : {&writer_device_, &reader_device_}) {
    request.members.push_back(
        {member->person, deployment_.shelter(), domain::Role::kIntakeOfficer, {}});
  }
  KAPEA_ASSIGN(const vault::Founded founded, writer_.vault->Found(request));
  files_.push_back({founded.file, {crypto::RandomId<RecordId>(), std::nullopt}});
  return absl::OkStatus();
}

absl::StatusOr<domain::Ref> SyncPair::Write(File& file) {
  vault::Vault& vault = *writer_.vault;
  KAPEA_ASSIGN(codec::ChangeWriter writer,
               vault.Begin({.file = file.file, .kind = domain::Kind::kEdit}));
  const Seal seal = [&vault](codec::ChangeWriter& to, domain::FieldWrite write,
                             const domain::Value& value, domain::KeyClass key_class) {
    return vault.AddSealed(to, std::move(write), value, key_class);
  };
  KAPEA_TRY(AddIntake(file.record, writer_device_, deployment_.shelter(), deployment_.clock().Now(),
                      seal, writer));
  return vault.Commit(std::move(writer));
}

absl::Status SyncPair::WriteMany(size_t changes) {
  for (size_t i = 0; i < changes; ++i) {
    if (i % kChangesPerFile == 0) {
      KAPEA_TRY(FoundFile());
    } else {
      KAPEA_TRY(Write(files_.back()).status());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FileId>> SyncPair::WriteMore(size_t count) {
  std::vector<FileId> written;
  for (size_t i = 0; i < count; ++i) {
    KAPEA_ASSIGN(const Written one, WriteOne());
    written.push_back(one.file);
  }
  return written;
}

absl::StatusOr<uint64_t> SyncPair::StoredBytes(const std::vector<FileId>& files) {
  const vault::Replica& replica = writer_.vault->replica();
  uint64_t bytes = 0;
  for (const FileId& file : files) {
    KAPEA_TRY(replica.Visit(file, replica.NumberOf(file), [&bytes](const vault::Arrived& change) {
      bytes += change.change.bytes.size();
      return true;
    }));
  }
  return bytes;
}

absl::StatusOr<SyncPair::Written> SyncPair::WriteOne() {
  File& file = files_[next_++ % files_.size()];
  KAPEA_ASSIGN(const domain::Ref change, Write(file));
  return Written{file.file, file.record.record, change.change};
}

}  // namespace kapea::bench
