#include "common/codec/finding_codec.h"

#include <utility>

#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/file_view.h"
#include "common/codec/wire_values.h"
#include "common/domain/roles.h"
#include "google/protobuf/arena.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {
namespace {

void FactToRow(const standards::Finding& finding, store::v1::Fact& row) {
  row.set_code(finding.code);
  if (finding.record) row.set_record(finding.record->str());
  row.set_status(static_cast<v1::FindingStatus>(finding.open() ? domain::FindingStatus::kPending
                                                               : finding.status));
  row.set_by_device_clock(!finding.open() && !finding.certain);
  row.set_disputed(finding.disputed);
  if (finding.due) {
    row.set_due_ms(finding.due->soft.latest.unix_ms());
    row.set_due_strict(finding.due_strict);
  }
  if (finding.done) {
    row.set_done_earliest_ms(finding.done->soft.earliest.unix_ms());
    row.set_done_latest_ms(finding.done->soft.latest.unix_ms());
  }
  if (finding.waived_by) row.set_waived_by(finding.waived_by->str());
}

}  // namespace

void FindingToWire(const ToldFinding& told, v1::Finding& wire) {
  const standards::Finding& finding = told.finding;
  wire.set_clause(finding.code);
  wire.set_file(finding.file.str());
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
  wire.set_severity(std::string(domain::NameOf(finding.severity)));
  wire.set_explanation(told.explanation);
}

absl::StatusOr<ToldFinding> FindingFromWire(const v1::Finding& wire) {
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
  return ToldFinding{std::move(finding), wire.explanation()};
}

std::string FileView::Encode(const std::vector<standards::Finding>& findings) const {
  google::protobuf::Arena arena;
  auto& row = *google::protobuf::Arena::CreateMessage<store::v1::FileView>(&arena);
  row.set_kind(static_cast<v1::FileKind>(kind));
  row.set_drill(drill);
  row.set_number(number);
  row.set_founded_ms(founded.unix_ms());
  for (const UnitId& unit : units) row.add_units(unit.str());
  store::v1::FactsBySource* source = nullptr;
  for (const standards::Finding& finding : findings) {
    if (finding.status == domain::FindingStatus::kNotApplicable) continue;
    if (source == nullptr || source->source() != finding.source ||
        source->version() != finding.version) {
      source = row.add_sources();
      source->set_source(finding.source);
      source->set_version(finding.version);
    }
    FactToRow(finding, *source->add_facts());
  }
  return EncodeCanonical(row);
}

absl::StatusOr<FileViewHead> FileViewHead::Decode(std::string_view bytes) {
  const auto unreadable = [] { return absl::DataLossError("a stored file view cannot be read"); };
  store::v1::FileViewHead row;
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return unreadable();
  FileViewHead head{
      EnumCast(row.kind(), domain::FileKind::kStandards), row.drill(), row.number(), {}};
  for (const std::string& unit : row.units()) {
    if (!ReadId(unit, head.units.emplace_back()).ok()) return unreadable();
  }
  return head;
}

}  // namespace kapea::codec
