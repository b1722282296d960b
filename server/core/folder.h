// Files folded as of one moment, linked ones too, for one question or one sweep.
#pragma once

#include <map>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/codec/kept_figures.h"
#include "common/codec/open_findings.h"
#include "common/domain/evaluate.h"
#include "common/domain/file_state.h"
#include "common/kv/store.h"

namespace kapea::server {

// Threads: one at a time. Limits: keeps every file that it has folded.
class Folder : public domain::LinkedFiles {
 public:
  // All outlive it.
  Folder(const kv::Snapshot& store, const domain::Surroundings& around, Time as_of)
      : store_(store), around_(around), as_of_(as_of) {}

  // What it knows of a file at that moment; not founded where it was not there yet.
  absl::StatusOr<const domain::FileState*> Get(const FileId& file) const;
  std::vector<const domain::FileState*> Find(const domain::FileState& from,
                                             std::string_view relation) const override;

  // The open findings of the file, with what they stand on.
  absl::StatusOr<codec::OpenFindings> Open(const FileId& file) const;
  // What the file adds to the measures of the pack, the same way; with its lines.
  absl::StatusOr<codec::KeptFigures> Figures(const FileId& file, const domain::Pack& pack) const;

 private:
  const kv::Snapshot& store_;
  const domain::Surroundings& around_;
  const Time as_of_;
  mutable std::map<FileId, std::shared_ptr<domain::FileState>> folded_;
  mutable std::map<FileId, uint64_t> asked_for_;  // linked files, with their last numbers
};

}  // namespace kapea::server
