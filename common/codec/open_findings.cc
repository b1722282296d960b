#include "common/codec/open_findings.h"

#include <utility>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/finding_codec.h"
#include "common/codec/standing_row.h"
#include "google/protobuf/arena.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {

ToldFinding Tell(standards::Finding finding) {
  std::string explanation = standards::Explain(finding);
  return {std::move(finding), std::move(explanation)};
}

std::string OpenFindings::Encode() const {
  google::protobuf::Arena arena;
  auto& row = *google::protobuf::Arena::CreateMessage<store::v1::OpenFindings>(&arena);
  StandingToRow(*this, row);
  for (const ToldFinding& told : findings) FindingToWire(told, *row.add_findings());
  return EncodeCanonical(row);
}

absl::StatusOr<OpenFindings> OpenFindings::Decode(std::string_view bytes) {
  const auto unreadable = [] { return absl::DataLossError("kept findings cannot be read"); };
  google::protobuf::Arena arena;
  auto& row = *google::protobuf::Arena::CreateMessage<store::v1::OpenFindings>(&arena);
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return unreadable();
  OpenFindings open;
  if (!StandingFromRow(row, open).ok()) return unreadable();
  open.findings.reserve(static_cast<size_t>(row.findings_size()));
  for (const v1::Finding& wire : row.findings()) {
    KAPEA_ASSIGN(ToldFinding told, FindingFromWire(wire));
    open.findings.push_back(std::move(told));
  }
  return open;
}

}  // namespace kapea::codec
