#include "server/core/folder.h"

#include "common/base/macros.h"
#include "common/standards/contributions.h"
#include "common/standards/evaluate.h"
#include "server/core/file_cache.h"

namespace kapea::server {

absl::StatusOr<const domain::FileState*> Folder::Get(const FileId& file) const {
  if (const auto found = folded_.find(file); found != folded_.end()) return found->second.get();
  KAPEA_ASSIGN(auto state, FoldFile(store_, file, around_, as_of_));
  return folded_.emplace(file, std::move(state)).first->second.get();
}

std::vector<const domain::FileState*> Folder::Find(const domain::FileState& from,
                                                   std::string_view relation) const {
  std::vector<const domain::FileState*> found;
  for (const FileId& id : domain::LinkedIds(from, relation)) {
    const auto file = Get(id);
    asked_for_[id] = file.ok() ? (*file)->number() : 0;
    found.push_back(file.ok() && (*file)->founded() ? *file : nullptr);
  }
  return found;
}

absl::StatusOr<codec::OpenFindings> Folder::Open(const FileId& file) const {
  KAPEA_ASSIGN(const domain::FileState* state, Get(file));
  codec::OpenFindings open;
  open.number = state->number();
  open.as_of = as_of_;
  asked_for_.clear();
  for (auto& finding : standards::EvaluateFile({*state, as_of_, this, &open.until})) {
    if (finding.open()) open.findings.push_back(codec::Tell(std::move(finding)));
  }
  open.linked = std::exchange(asked_for_, {});
  return open;
}

absl::StatusOr<codec::KeptFigures> Folder::Figures(const FileId& file,
                                                   const domain::Pack& pack) const {
  KAPEA_ASSIGN(const domain::FileState* state, Get(file));
  codec::KeptFigures figures;
  figures.number = state->number();
  figures.as_of = as_of_;
  figures.pack = pack.hash;
  asked_for_.clear();
  figures.from = standards::Contributions({*state, as_of_, this, &figures.until}, pack);
  figures.linked = std::exchange(asked_for_, {});
  return figures;
}

}  // namespace kapea::server
