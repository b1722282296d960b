#include "server/core/figures.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "server/core/folder.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

using codec::KeptFigures;
using domain::Measure;
using standards::Contribution;
using standards::FileContributions;

absl::StatusOr<std::vector<uint64_t>> KeptMeasures(const kv::Snapshot& store, const FileId& file) {
  KAPEA_ASSIGN(const auto row, store.Find(kFigured, file.view()));
  if (!row) return std::vector<uint64_t>();
  KAPEA_ASSIGN(KeptFigures kept, KeptFigures::Decode(*row));
  return std::move(kept.measures);
}

// One question under way, over files in scope. Threads: one.
class Counting {
 public:
  Counting(const kv::Snapshot& store, const Folder& folder, const domain::Pack& pack, Time as_of,
           const std::set<FileId>& behind)
      : store_(store), folder_(folder), pack_(pack), as_of_(as_of), behind_(behind) {}

  // Ascending.
  absl::Status Add(const std::set<FileId>& files) {
    if (files.empty()) return absl::OkStatus();
    files_.reserve(files.size());
    auto next = files.begin();
    absl::Status failed;
    // One walk over the table is cheaper than a look for each, but for few.
    if (files.size() <= kFew) {
      for (const FileId& file : files) {
        KAPEA_ASSIGN(const auto row, store_.Find(kFigured, file.view()));
        KAPEA_TRY(AddOne(file, row ? std::optional<std::string_view>(*row) : std::nullopt));
      }
      return absl::OkStatus();
    }
    KAPEA_TRY(store_.Scan(kFigured, files.begin()->view(), "",
                          [&](std::string_view key, std::string_view row) {
                            const FileId file = FileId::FromPrefix(key);
                            for (; failed.ok() && next != files.end() && *next < file; ++next) {
                              failed = AddOne(*next, std::nullopt);
                            }
                            if (!failed.ok() || next == files.end()) return false;
                            if (*next == file) failed = AddOne(*next++, row);
                            return failed.ok() && next != files.end();
                          }));
    for (; failed.ok() && next != files.end(); ++next) failed = AddOne(*next, std::nullopt);
    return failed;
  }
  size_t files() const { return files_.size(); }

  absl::StatusOr<standards::MeasureResult> Answer(const Measure& measure,
                                                  const standards::MeasureRequest& request) {
    KAPEA_ASSIGN(auto counter, standards::LineCounter::Make(measure, request, files_));
    KAPEA_TRY(CountLines(measure, counter));
    return std::move(counter).Finish();
  }

 private:
  static constexpr size_t kFew = 64;

  // `row`: what is kept of it.
  absl::Status AddOne(const FileId& file, std::optional<std::string_view> row) {
    if (row && !behind_.contains(file)) {
      KAPEA_ASSIGN(KeptFigures kept, KeptFigures::Decode(*row));
      if (kept.pack == pack_.hash && kept.as_of <= as_of_ && as_of_ < kept.until) {
        kept.from.file = file;
        if (IsCounted(kept.from)) files_.push_back(std::move(kept.from));
        return absl::OkStatus();
      }
    }
    KAPEA_ASSIGN(KeptFigures anew, folder_.Figures(file, pack_));
    if (!IsCounted(anew.from)) return absl::OkStatus();
    folded_[files_.size()] = std::exchange(anew.from.lines, {});
    files_.push_back(std::move(anew.from));
    return absl::OkStatus();
  }

  // The files that everybody has are about nobody.
  static bool IsCounted(const FileContributions& file) {
    return file.kind != domain::FileKind::kDirectory && file.kind != domain::FileKind::kStandards;
  }

  absl::Status CountLines(const Measure& measure, standards::LineCounter& counter) {
    for (const auto& [at, lines] : folded_) {
      if (!counter.Wants(files_[at])) continue;
      for (const Contribution& line : lines) {
        if (line.measure == measure.id) counter.Take(files_[at], line);
      }
    }
    if (files_.size() == folded_.size()) return absl::OkStatus();
    const uint64_t number = codec::MeasureNumber(measure.id);
    if (files_.size() <= kFew) {
      for (const FileContributions& file : files_) {
        KAPEA_ASSIGN(const auto row, store_.Find(kFigures, FigureKey(number, file.file)));
        if (row) KAPEA_TRY(CountRow(*row, file, measure, counter));
      }
      return absl::OkStatus();
    }
    absl::Status failed;
    size_t at = 0;
    KAPEA_TRY(store_.Scan(kFigures, FigureKey(number, files_.front().file), MeasureEnd(number),
                          [&](std::string_view key, std::string_view row) {
                            const FileId file = FileId::FromPrefix(key.substr(sizeof(uint64_t)));
                            while (at < files_.size() && files_[at].file < file) ++at;
                            if (at == files_.size()) return false;
                            if (files_[at].file == file) {
                              failed = CountRow(row, files_[at], measure, counter);
                            }
                            return failed.ok();
                          }));
    return failed;
  }

  // What is kept of one file, unless it was folded.
  absl::Status CountRow(std::string_view row, const FileContributions& file, const Measure& measure,
                        standards::LineCounter& counter) const {
    const auto at = static_cast<size_t>(&file - files_.data());
    if (folded_.contains(at) || !counter.Wants(file)) return absl::OkStatus();
    return codec::ReadLines(row, measure.id, measure.by.size(),
                            [&](const Contribution& line) { counter.Take(file, line); });
  }

  static std::string MeasureEnd(uint64_t number) {
    std::string prefix;
    AppendU64(prefix, number);
    return kv::PrefixEnd(prefix);
  }

  const kv::Snapshot& store_;
  const Folder& folder_;
  const domain::Pack& pack_;
  const Time as_of_;
  const std::set<FileId>& behind_;
  std::vector<FileContributions> files_;
  std::map<size_t, std::vector<Contribution>> folded_;  // of those that are not kept
};

absl::StatusOr<std::vector<const Measure*>> MeasuresOf(const domain::Pack& pack,
                                                       const codec::MeasureQuestion& ask) {
  standards::NamedMeasures named = standards::MeasuresNamed(pack, ask.kind, ask.measures);
  if (named.unknown.empty()) return std::move(named.measures);
  return absl::NotFoundError("the server's pack has no " + std::string(NameOf(ask.kind)) + " " +
                             *named.unknown.begin());
}

// Where the rows of the page begin, of those of all lists one after the other.
absl::StatusOr<size_t> BeginOf(const std::string& page_token) {
  size_t from = 0;
  if (page_token.empty()) return from;
  const char* end = page_token.data() + page_token.size();
  const auto read = std::from_chars(page_token.data(), end, from);
  if (read.ec == std::errc() && read.ptr == end) return from;
  return absl::InvalidArgumentError("the page token is none of ours");
}

absl::StatusOr<MeasureReply> AnswerAt(const kv::Snapshot& snapshot, const Published& published,
                                      const Principal& asker, Time now, const MeasureQuery& query,
                                      const std::set<FileId>& behind) {
  const auto tip = published.tip();
  const auto directory = published.directory();
  const auto packs = published.packs();
  const domain::Pack* pack = packs->Newest();
  if (pack == nullptr) return absl::FailedPreconditionError("the server has no pack yet");
  KAPEA_ASSIGN(const auto measures, MeasuresOf(*pack, query.ask));
  KAPEA_ASSIGN(const size_t begin, BeginOf(query.page_token));
  MeasureReply reply;
  reply.as_of = query.as_of.value_or(now);
  reply.ledger_size = tip->size;
  reply.ledger_root = tip->root;
  reply.pack = pack->id;
  reply.pack_version = pack->version;
  reply.pack_hash = pack->hash;
  KAPEA_ASSIGN(const std::set<FileId> files,
               FilesInScope(snapshot, directory->directory, asker, query.scope));
  const domain::Surroundings around{directory->directory, *packs};
  const Folder folder(snapshot, around, reply.as_of);
  Counting counting(snapshot, folder, *pack, reply.as_of, behind);
  KAPEA_TRY(counting.Add(files));
  reply.files = counting.files();
  size_t before = 0;  // rows of the lists so far
  size_t left = query.page_size;
  for (const Measure* measure : measures) {
    MeasureReply::One& one = reply.answers.emplace_back();
    one.measure = measure->id;
    if (measure->answer == domain::MeasureAnswer::kNone) continue;
    standards::MeasureRequest request{query.ask.period, query.scope.unit, query.ask.codes,
                                      query.ask.by};
    request.rows_from = begin > before ? begin - before : 0;
    request.rows_max = left;
    KAPEA_ASSIGN(one.result, counting.Answer(*measure, request));
    before += one.result.listed;
    left -= one.result.rows.size();
  }
  if (begin < before && begin + query.page_size < before) {
    reply.next_page_token = std::to_string(begin + query.page_size);
  }
  return reply;
}

}  // namespace

std::string FigureKey(uint64_t measure, const FileId& file) {
  std::string key;
  AppendU64(key, measure);
  return key.append(file.view());
}

FigureRows RowsOf(KeptFigures figures) {
  std::map<std::string_view, std::vector<const Contribution*>> by_measure;
  for (const Contribution& line : figures.from.lines) by_measure[line.measure].push_back(&line);
  FigureRows rows;
  for (const auto& [measure, lines] : by_measure) {
    rows.lines[codec::MeasureNumber(measure)] = codec::EncodeLines(lines);
  }
  figures.measures.clear();
  for (const auto& [measure, row] : rows.lines) figures.measures.push_back(measure);
  rows.head = figures.Encode();
  return rows;
}

absl::Status PutFigures(const kv::Snapshot& before, KeptFigures figures, kv::Batch& batch) {
  const FileId file = figures.from.file;
  FigureRows rows = RowsOf(std::move(figures));
  KAPEA_ASSIGN(const std::vector<uint64_t> stood, KeptMeasures(before, file));
  for (const uint64_t measure : stood) {
    if (!rows.lines.contains(measure)) batch.Delete(kFigures, FigureKey(measure, file));
  }
  for (auto& [measure, row] : rows.lines) {
    batch.Put(kFigures, FigureKey(measure, file), std::move(row));
  }
  batch.Put(kFigured, file.view(), std::move(rows.head));
  return absl::OkStatus();
}

absl::Status DropFigures(const kv::Snapshot& before, const FileId& file, kv::Batch& batch) {
  KAPEA_ASSIGN(const std::vector<uint64_t> stood, KeptMeasures(before, file));
  for (const uint64_t measure : stood) batch.Delete(kFigures, FigureKey(measure, file));
  batch.Delete(kFigured, file.view());
  return absl::OkStatus();
}

absl::StatusOr<MeasureReply> AnswerMeasures(const kv::Store& store, const Published& published,
                                            const Principal& asker, Time now,
                                            const MeasureQuery& query,
                                            const std::set<FileId>& behind) {
  auto reply = AnswerAt(*store.TakeSnapshot(), published, asker, now, query, behind);
  // A file was sealed anew under another key meanwhile (an erasure, or wraps were dropped).
  if (absl::IsDataLoss(reply.status())) {
    reply = AnswerAt(*store.TakeSnapshot(), published, asker, now, query, behind);
  }
  return reply;
}

}  // namespace kapea::server
