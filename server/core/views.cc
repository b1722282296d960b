#include "server/core/views.h"

#include <algorithm>

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "common/standards/evaluate.h"
#include "server/access/readable.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr size_t kKnownMax = 16384;  // files whose rows are remembered; a few hundred bytes each

}  // namespace

FileViewRows BuildView(const domain::FileState& file, Time last_received) {
  return BuildView(file, standards::EvaluateFile({file, last_received}));
}

FileViewRows BuildView(const domain::FileState& file,
                       const std::vector<standards::Finding>& findings) {
  FileViewRows rows;
  codec::FileView view;
  view.kind = file.kind();
  view.drill = file.drill();
  view.number = file.number();
  view.founded = file.founded_at().hard.latest;
  std::set<UnitId> units;
  const std::string id = file.id().str();
  for (const domain::Member& member : file.roster()) {
    units.insert(member.unit);
    rows.readers.insert(WorksOnPrefix(member.unit) + id);
    rows.readers.insert(ReaderPrefix(member) + id);
  }
  std::set<ChangeId> with_halves;  // the same persons in each key epoch, so once each
  for (const domain::WrapAt& at : file.wraps()) {
    const bool half = at.wrap.recipient_kind == domain::RecipientKind::kHalf;
    if (!half || !with_halves.insert(at.wrap.recipient).second) continue;
    rows.readers.insert(HalvesPrefix(PersonId::FromPrefix(at.wrap.recipient.view())) + id);
  }
  for (const domain::GlassAt& glass : file.glasses()) {
    if (glass.approval) rows.readers.insert(GlassKey(glass.by, glass.until(), file.id()));
  }
  const bool everybodys =
      file.kind() == domain::FileKind::kDirectory || file.kind() == domain::FileKind::kStandards;
  if (everybodys) rows.readers.insert(EverybodyPrefix() + id);
  view.units.assign(units.begin(), units.end());
  for (const standards::Finding& finding : findings) {
    if (finding.status != domain::FindingStatus::kPending || !finding.due) continue;
    rows.next_due = std::min(rows.next_due, std::max(finding.due->soft.latest, Time()));
  }
  rows.view = view.Encode(findings);
  return rows;
}

absl::StatusOr<ViewWriter::Stood> ViewWriter::StoodBefore(const FileId& file) {
  if (const auto found = pending_.find(file); found != pending_.end()) return found->second;
  if (const auto found = known_.find(file); found != known_.end()) return found->second;
  Stood stood;
  KAPEA_ASSIGN(const auto row, store_.Find(kViews, file.view()));
  if (!row) return stood;  // the file's first view
  // Met once after a start: the two tables are small enough to look through.
  KAPEA_TRY(store_.Scan(kDue, "", "", [&](std::string_view key, std::string_view) {
    if (key.substr(sizeof(uint64_t), FileId::kBytes) != file.view()) return true;
    stood.next_due = Time::FromUnixMs(static_cast<int64_t>(ReadU64(key)));
    return false;
  }));
  KAPEA_TRY(store_.Scan(kReaders, "", "", [&](std::string_view key, std::string_view) {
    if (key.ends_with(file.view())) stood.readers.insert(std::string(key));
    return true;
  }));
  return stood;
}

const standards::ClauseNames* ViewWriter::NamesOf(const domain::Pack* pack) {
  if (pack == nullptr) return nullptr;
  return &names_.try_emplace(pack, *pack).first->second;
}

absl::Status ViewWriter::Write(FileCache::File& cached, Time last_received, kv::Batch& batch) {
  domain::FileState& file = *cached.state;
  KAPEA_ASSIGN(const Stood stood, StoodBefore(file.id()));
  FileViewRows rows = BuildView(
      file, cached.findings.Update(file, last_received, file.TakeTouched(), NamesOf(file.pack())));
  batch.Put(kViews, file.id().view(), std::move(rows.view));
  if (rows.next_due != stood.next_due) {
    if (stood.next_due < Time::Max()) batch.Delete(kDue, DueKey(stood.next_due, file.id(), 0));
    if (rows.next_due < Time::Max()) batch.Put(kDue, DueKey(rows.next_due, file.id(), 0), "");
  }
  for (const std::string& key : stood.readers) {
    if (!rows.readers.contains(key)) batch.Delete(kReaders, key);
  }
  for (const std::string& key : rows.readers) {
    if (!stood.readers.contains(key)) batch.Put(kReaders, key, "");
  }
  readers_changed_ = readers_changed_ || rows.readers != stood.readers;
  pending_[file.id()] = {rows.next_due, std::move(rows.readers)};
  return absl::OkStatus();
}

void ViewWriter::Keep() {
  if (known_.size() + pending_.size() > kKnownMax) known_.clear();
  for (auto& [file, stood] : pending_) known_[file] = std::move(stood);
  pending_.clear();
}

}  // namespace kapea::server
