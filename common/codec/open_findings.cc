#include "common/codec/open_findings.h"

#include <utility>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/finding_codec.h"
#include "common/codec/wire_values.h"
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
  row.set_number(number);
  row.set_as_of_ms(as_of.unix_ms());
  if (until < Time::Max()) row.set_until_ms(until.unix_ms());
  for (const auto& [file, last] : linked) {
    auto& line = *row.add_linked();
    line.set_file(file.str());
    line.set_number(last);
  }
  for (const ToldFinding& told : findings) FindingToWire(told, *row.add_findings());
  return EncodeCanonical(row);
}

absl::StatusOr<OpenFindings> OpenFindings::Decode(std::string_view bytes) {
  const auto unreadable = [] { return absl::DataLossError("kept findings cannot be read"); };
  google::protobuf::Arena arena;
  auto& row = *google::protobuf::Arena::CreateMessage<store::v1::OpenFindings>(&arena);
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return unreadable();
  OpenFindings open;
  open.number = row.number();
  open.as_of = Time::FromUnixMs(row.as_of_ms());
  if (row.until_ms() != 0) open.until = Time::FromUnixMs(row.until_ms());
  for (const auto& line : row.linked()) {
    FileId file;
    if (!ReadId(line.file(), file).ok()) return unreadable();
    open.linked[file] = line.number();
  }
  open.findings.reserve(static_cast<size_t>(row.findings_size()));
  for (const v1::Finding& wire : row.findings()) {
    KAPEA_ASSIGN(ToldFinding told, FindingFromWire(wire));
    open.findings.push_back(std::move(told));
  }
  return open;
}

}  // namespace kapea::codec
