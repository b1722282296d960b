// Two registrars at one machine, for the acts that take two. Each has a vault, keys and
// a certificate of her own; in a deployment that is not a demonstration they sit apart.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/link/grpc_transport.h"
#include "client/sync/sync_engine.h"
#include "client/vault/vault.h"
#include "common/base/clock.h"
#include "common/domain/change.h"
#include "tools/admin/deployment.h"

namespace kapea::admin {

// One registrar's vault with its connection. Threads: one at a time.
class Registrar {
 public:
  static absl::StatusOr<std::unique_ptr<Registrar>> Open(const std::string& vault_directory,
                                                         std::string_view passphrase,
                                                         const Clock& clock);
  // Everything out and in. The first refusal or verdict against a Change of ours is an
  // error, in its own words.
  absl::Status Sync();
  vault::Vault& vault() { return *vault_; }
  link::GrpcTransport& transport() { return *transport_; }

 private:
  Registrar(std::unique_ptr<vault::Vault> vault, std::unique_ptr<link::GrpcTransport> transport,
            const Clock& clock)
      : clock_(clock),
        vault_(std::move(vault)),
        transport_(std::move(transport)),
        engine_(*vault_, *transport_) {}

  const Clock& clock_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<link::GrpcTransport> transport_;
  sync::SyncEngine engine_;
};

// Who acts in a command: the vaults' directories and passphrases.
struct RegistrarSeat {
  std::string vault_directory;
  std::string passphrase;
};

class TwoRegistrars {
 public:
  static absl::StatusOr<TwoRegistrars> Open(const RegistrarSeat& proposer,
                                            const RegistrarSeat& approver, const Clock& clock);
  // A directory Change of these entries: proposed by the first, approved by the second,
  // in force when this returns Ok.
  absl::Status Enter(std::vector<domain::WriteBody> entries);

  // Both approve a key that somebody offered; in force when this returns Ok.
  absl::Status ApproveOffer(const domain::Ref& offer);

  Registrar& proposer() { return *proposer_; }

 private:
  TwoRegistrars(std::unique_ptr<Registrar> proposer, std::unique_ptr<Registrar> approver)
      : proposer_(std::move(proposer)), approver_(std::move(approver)) {}
  std::unique_ptr<Registrar> proposer_, approver_;
};

}  // namespace kapea::admin
