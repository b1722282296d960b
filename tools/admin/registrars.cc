#include "tools/admin/registrars.h"

#include "common/base/macros.h"
#include "common/domain/file_state.h"

namespace kapea::admin {
namespace {

absl::Status Approve(Registrar& registrar, const domain::Ref& proposal) {
  KAPEA_TRY(registrar.Sync());  // she approves what she holds
  vault::Intent approve;
  approve.file = registrar.vault().identity().directory_file;
  approve.kind = domain::Kind::kApproval;
  approve.refs = {proposal};
  KAPEA_ASSIGN(codec::ChangeWriter approval, registrar.vault().Begin(approve));
  domain::Decision decision;
  decision.reason = "approved";
  approval.Add(std::move(decision));
  KAPEA_TRY(registrar.vault().Commit(std::move(approval)).status());
  return registrar.Sync();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Registrar>> Registrar::Open(const std::string& vault_directory,
                                                           std::string_view passphrase,
                                                           const Clock& clock) {
  KAPEA_ASSIGN(auto vault, vault::Vault::Open(vault_directory, passphrase, clock));
  KAPEA_ASSIGN(auto transport, link::GrpcTransport::Connect(vault->identity(), clock));
  return std::unique_ptr<Registrar>(new Registrar(std::move(vault), std::move(transport), clock));
}

absl::Status Registrar::Sync() {
  KAPEA_ASSIGN(const sync::SyncReport report, engine_.SyncNow(clock_.Now()));
  engine_.TakeReport();
  if (!report.refusals.empty()) return absl::FailedPreconditionError(report.refusals.front());
  if (!report.verdicts.empty()) {
    return absl::FailedPreconditionError(
        "the ledger took the change, but it has no effect: " +
        domain::FileState::Explain(report.verdicts.front().verdict));
  }
  if (report.waiting != 0) {
    return absl::UnavailableError(
        "what was written is kept in the registrar's vault and goes "
        "out with the next command that reaches the server");
  }
  return absl::OkStatus();
}

absl::StatusOr<TwoRegistrars> TwoRegistrars::Open(const RegistrarSeat& proposer,
                                                  const RegistrarSeat& approver,
                                                  const Clock& clock) {
  KAPEA_ASSIGN(auto first, Registrar::Open(proposer.vault_directory, proposer.passphrase, clock));
  KAPEA_ASSIGN(auto second, Registrar::Open(approver.vault_directory, approver.passphrase, clock));
  KAPEA_TRY(first->Sync());
  return TwoRegistrars(std::move(first), std::move(second));
}

absl::Status TwoRegistrars::Enter(std::vector<domain::WriteBody> entries) {
  vault::Intent propose;
  propose.file = proposer_->vault().identity().directory_file;
  propose.kind = domain::Kind::kDirectory;
  KAPEA_ASSIGN(codec::ChangeWriter proposal, proposer_->vault().Begin(propose));
  for (domain::WriteBody& entry : entries) proposal.Add(std::move(entry));
  KAPEA_ASSIGN(const domain::Ref proposed, proposer_->vault().Commit(std::move(proposal)));
  KAPEA_TRY(proposer_->Sync());

  KAPEA_TRY(Approve(*approver_, proposed));
  return proposer_->Sync();
}

absl::Status TwoRegistrars::ApproveOffer(const domain::Ref& offer) {
  KAPEA_TRY(Approve(*proposer_, offer));
  KAPEA_TRY(Approve(*approver_, offer));
  return proposer_->Sync();
}

}  // namespace kapea::admin
