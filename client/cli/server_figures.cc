// Questions and indicators that the server counts.
#include "client/cli/commands.h"
#include "client/link/query.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

constexpr size_t kRowsMax = 1000;  // of a report's lists, all together

}  // namespace

absl::StatusOr<CountedByServer> CountByServer(Session& session, domain::MeasureKind kind,
                                              const field::MeasureAsk& ask,
                                              const std::string& province, size_t rows) {
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  KAPEA_ASSIGN(link::MeasureReply reply,
               link::AskMeasures(*transport, session.vault.identity().server,
                                 {{kind, ask.measures, ask.period, ask.codes, ask.by},
                                  ask.unit,
                                  province,
                                  ask.as_of,
                                  rows}));
  const domain::Pack* pack = session.vault.NewestPack();
  if (pack == nullptr || pack->hash != reply.pack_hash) {
    return absl::FailedPreconditionError("the server counts by version " +
                                         std::to_string(reply.pack_version) + " of pack " +
                                         reply.pack + ", which is not here yet: sync first");
  }
  CountedByServer counted{{}, reply.ledger_size, reply.ledger_root};
  for (link::MeasureReply::One& one : reply.answers) {
    const domain::Measure* measure = pack->FindMeasure(one.measure);
    if (measure == nullptr) return absl::DataLossError("the answer is of no measure");
    if (measure->answer != domain::MeasureAnswer::kNone && one.result.by != ask.by) {
      return absl::DataLossError("the answer is broken down otherwise than it was asked for");
    }
    counted.answers.push_back({measure, std::move(one.result), reply.files, reply.as_of, pack->id,
                               pack->version, pack->hash});
  }
  if (counted.answers.empty()) return absl::DataLossError("the server's answer is empty");
  return counted;
}

report::Count CountThere(Session& session, const std::string& province) {
  return [&session, province](domain::MeasureKind kind,
                              const field::MeasureAsk& ask) -> absl::StatusOr<report::Counted> {
    KAPEA_ASSIGN(CountedByServer counted, CountByServer(session, kind, ask, province, kRowsMax));
    return report::Counted{std::move(counted.answers), counted.ledger_size};
  };
}

}  // namespace kapea::cli
