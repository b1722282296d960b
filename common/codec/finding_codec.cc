#include "common/codec/finding_codec.h"

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "common/codec/wire_values.h"
#include "common/domain/roles.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {
namespace {

void FactsToWire(const standards::Finding& finding, v1::Finding& wire) {
  wire.set_clause(finding.code);
  if (finding.record) wire.set_record(finding.record->str());
  wire.set_status(static_cast<v1::FindingStatus>(finding.status));
  wire.set_certain(finding.certain);
  wire.set_disputed(finding.disputed);
  if (finding.due) wire.set_due_ms(finding.due->soft.latest.unix_ms());
  if (finding.done) {
    wire.set_done_earliest_ms(finding.done->soft.earliest.unix_ms());
    wire.set_done_latest_ms(finding.done->soft.latest.unix_ms());
  }
  wire.set_critical(finding.critical);
  wire.set_standard(finding.source);
  wire.set_version(finding.version);
  if (finding.waived_by) wire.set_waived_by(finding.waived_by->str());
}

}  // namespace

void FindingToWire(const standards::Finding& finding, v1::Finding& wire) {
  FactsToWire(finding, wire);
  wire.set_file(finding.file.str());
  wire.set_severity(std::string(domain::NameOf(finding.severity)));
  wire.set_explanation(standards::Explain(finding));
}

absl::StatusOr<standards::Finding> FindingFromWire(const v1::Finding& wire) {
  const auto unreadable = [] { return absl::DataLossError("a finding cannot be read"); };
  standards::Finding finding;
  finding.source = wire.standard();
  finding.version = wire.version();
  finding.code = wire.clause();
  finding.status = EnumCast(wire.status(), domain::FindingStatus::kWaived);
  finding.certain = wire.certain();
  finding.disputed = wire.disputed();
  finding.critical = wire.critical();
  if (!ReadId(wire.file(), finding.file).ok() ||
      !ReadOptionalId(wire.record(), finding.record).ok() ||
      !ReadOptionalId(wire.waived_by(), finding.waived_by).ok() ||
      finding.status == domain::FindingStatus::kNone) {
    return unreadable();
  }
  for (const auto severity :
       {domain::Severity::kMust, domain::Severity::kShould, domain::Severity::kInfo}) {
    if (wire.severity() == domain::NameOf(severity)) finding.severity = severity;
  }
  const auto known = [](int64_t earliest, int64_t latest) {
    const TimeInterval interval{Time::FromUnixMs(earliest), Time::FromUnixMs(latest)};
    return domain::EventTime{interval, interval};
  };
  if (wire.due_ms() != 0) finding.due = known(wire.due_ms(), wire.due_ms());
  if (wire.done_latest_ms() != 0) {
    finding.done = known(wire.done_earliest_ms(), wire.done_latest_ms());
  }
  return finding;
}

std::string FileView::Encode() const {
  store::v1::FileView row;
  row.set_kind(static_cast<v1::FileKind>(kind));
  row.set_drill(drill);
  row.set_number(number);
  row.set_founded_ms(founded.unix_ms());
  for (const UnitId& unit : units) row.add_units(unit.str());
  for (const standards::Finding& finding : findings) FactsToWire(finding, *row.add_findings());
  return row.SerializeAsString();
}

absl::StatusOr<FileViewHead> FileViewHead::Decode(std::string_view bytes) {
  const auto unreadable = [] { return absl::DataLossError("a stored file view cannot be read"); };
  store::v1::FileView row;
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return unreadable();
  FileViewHead head{
      EnumCast(row.kind(), domain::FileKind::kStandards), row.drill(), row.number(), {}};
  for (const std::string& unit : row.units()) {
    if (!ReadId(unit, head.units.emplace_back()).ok()) return unreadable();
  }
  return head;
}

}  // namespace kapea::codec
