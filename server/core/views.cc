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

std::vector<standards::Finding> FindingsOf(const domain::FileState& file, Time as_of) {
  std::vector<standards::Finding> findings;
  if (file.pack() == nullptr) return findings;
  const standards::Asked asked{file, as_of};
  const auto add = [&findings](std::vector<standards::Finding> more) {
    std::move(more.begin(), more.end(), std::back_inserter(findings));
  };
  for (const auto& standard : file.pack()->standards) {
    if (standard->file_kind == file.kind()) add(standards::Evaluate(asked, *standard));
  }
  for (const auto& form : file.pack()->forms) {
    if (form->file_kind == file.kind() && form->kind == domain::FormKind::kChecklist) {
      add(standards::EvaluateChecklist(asked, *form));
    }
  }
  return findings;
}

}  // namespace

FileViewRows BuildView(const domain::FileState& file, Time last_received) {
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
    rows.readers.insert(ReaderPrefix(member) + id);
  }
  const bool everybodys =
      file.kind() == domain::FileKind::kDirectory || file.kind() == domain::FileKind::kStandards;
  if (everybodys) rows.readers.insert(EverybodyPrefix() + id);
  view.units.assign(units.begin(), units.end());
  view.findings = FindingsOf(file, last_received);
  const auto due = standards::NextDue(view.findings);
  if (!due.empty()) rows.next_due = std::max(due.front().due.soft.latest, Time());
  rows.view = view.Encode();
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

absl::Status ViewWriter::Write(const domain::FileState& file, Time last_received,
                               kv::Batch& batch) {
  KAPEA_ASSIGN(const Stood stood, StoodBefore(file.id()));
  FileViewRows rows = BuildView(file, last_received);
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
  pending_[file.id()] = {rows.next_due, std::move(rows.readers)};
  return absl::OkStatus();
}

void ViewWriter::Keep() {
  if (known_.size() + pending_.size() > kKnownMax) known_.clear();
  for (auto& [file, stood] : pending_) known_[file] = std::move(stood);
  pending_.clear();
}

}  // namespace kapea::server
