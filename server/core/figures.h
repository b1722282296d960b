// What files add to questions and indicators, kept; and answers over it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/codec/kept_figures.h"
#include "common/codec/measure_codec.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/asked_files.h"
#include "server/core/published.h"

namespace kapea::server {

// Adds to `batch` what must change for the rows of the file to be these: one of what holds for
// all measures (table figured), and one for each measure that it has lines of (table figures),
// so that a question reads those of its own measure and no others.
absl::Status PutFigures(const kv::Snapshot& before, codec::KeptFigures figures, kv::Batch& batch);
// The same for no rows at all.
absl::Status DropFigures(const kv::Snapshot& before, const FileId& file, kv::Batch& batch);
// The rows as PutFigures writes them, for who compares.
struct FigureRows {
  std::string head;                       // of table figured
  std::map<uint64_t, std::string> lines;  // of table figures, by measure
};
FigureRows RowsOf(codec::KeptFigures figures);
std::string FigureKey(uint64_t measure, const FileId& file);

struct MeasureQuery {
  QueryScope scope;  // without a file
  codec::MeasureQuestion ask;
  std::optional<Time> as_of;  // absent: now
  size_t page_size = 500;     // rows of lists
  std::string page_token;
};
struct MeasureReply {
  struct One {
    std::string measure;
    standards::MeasureResult result;  // empty where nothing in the files answers it
  };
  std::vector<One> answers;  // in the order of the pack; each with the page's rows
  std::string next_page_token;
  size_t files = 0;  // looked at
  std::string pack;
  uint32_t pack_version = 0;
  Hash pack_hash;
  uint64_t ledger_size = 0;
  Hash ledger_root;
  Time as_of;
};

// By the newest pack. As of now, what is kept is counted, but for the files of `behind`
// (Sweeper::FilesBehind, of a moment before this call) and those that have turned since, which are
// folded; as of another moment every file is.
// NotFound for a code that the pack does not have, FailedPrecondition without a pack,
// PermissionDenied as FilesInScope, InvalidArgument as standards::Answer and for a token that
// is none of ours. Threads: any.
absl::StatusOr<MeasureReply> AnswerMeasures(const kv::Store& store, const Published& published,
                                            const Principal& asker, Time now,
                                            const MeasureQuery& query,
                                            const std::set<FileId>& behind);

}  // namespace kapea::server
