#include "common/standards/measure_answer.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "common/base/macros.h"

namespace kapea::standards {
namespace {

using domain::Measure;
using domain::MeasureAnswer;
using domain::MeasureOnce;

// Which files are of one person: the smallest id of all that links lead to.
class Persons {
 public:
  explicit Persons(const std::vector<FileContributions>& files) {
    for (const FileContributions& file : files) {
      for (const FileId& other : file.same) Join(file.file, other);
    }
  }
  FileId Of(FileId file) const {
    for (auto at = parent_.find(file); at != parent_.end(); at = parent_.find(file)) {
      file = at->second;
    }
    return file;
  }

 private:
  void Join(const FileId& a, const FileId& b) {
    const FileId one = Of(a);
    const FileId other = Of(b);
    if (one != other) parent_[std::max(one, other)] = std::min(one, other);
  }
  std::map<FileId, FileId> parent_;
};

// Where a line lies, by its soft end, and whether anything says otherwise.
struct Place {
  bool in = true;
  bool border = false;
};

Place PlaceIn(const Contribution& line, const std::optional<Period>& period) {
  if (!period || !line.at) return {};
  // The proven times hold the soft ones.
  const TimeInterval& hard = line.at->hard;
  Place place;
  place.in = period->Contains(line.at->soft.latest);
  const bool inside = period->Contains(hard.earliest) && period->Contains(hard.latest);
  const bool outside = hard.latest < period->from || hard.earliest >= period->to;
  place.border = place.in ? !inside : !outside;
  return place;
}

// Nearest rank: the smallest value that so many of a hundred do not exceed.
int64_t Percentile(const std::vector<int64_t>& sorted, size_t hundredths) {
  const size_t rank = (sorted.size() * hundredths + 99) / 100;
  return sorted[std::max<size_t>(rank, 1) - 1];
}

void AddTo(int64_t& sum, int64_t value) {
  if (__builtin_add_overflow(sum, value, &sum)) sum = INT64_MAX;
}

constexpr size_t kListedMin = 4096;  // rows of a list before any goes

// What lines that count as one say together.
class Tally {
 public:
  void Add(const Contribution& line, MeasureAnswer answer) {
    all_ = all_ && line.counts;
    any_ = any_ || line.counts;
    if (std::exchange(begun_, true) == false) weight_ = line.weight;
    if (!line.value) return;
    if (answer == MeasureAnswer::kSum) {
      AddTo(sum_, *line.value);
      ++values_;
      return;
    }
    // The earliest one that has a value speaks for the rest.
    if (values_ == 1 && !(line.at && at_ && *line.at < *at_)) return;
    values_ = 1;
    sum_ = *line.value;
    at_ = line.at;
    over_ = line.over;
  }

  // Of findings a file or person counts with all of them, else with any of its lines.
  bool Counts(const Measure& measure) const {
    return measure.parts[0].over == domain::MeasureOver::kFindings ? all_ : any_;
  }
  uint64_t weight() const { return weight_; }
  int64_t sum() const { return sum_; }  // of one value: it
  uint64_t values() const { return values_; }
  bool over() const { return over_; }

 private:
  bool begun_ = false, all_ = true, any_ = false, over_ = false;
  uint64_t weight_ = 1, values_ = 0;
  int64_t sum_ = 0;
  std::optional<domain::EventTime> at_;
};

// A figure under way.
class Counting {
 public:
  void Add(const Tally& tally, const Measure& measure) {
    const uint64_t weight = measure.once == MeasureOnce::kRecord ? tally.weight() : 1;
    figure_.of += weight;
    if (tally.Counts(measure)) figure_.count += weight;
    if (tally.values() == 0) return;
    AddTo(figure_.sum, tally.sum());
    figure_.values += tally.values();
    if (tally.over()) ++figure_.over;
    if (measure.answer == MeasureAnswer::kMedian) values_.push_back(tally.sum());
  }
  MeasureFigure Finish() && {
    if (values_.empty()) return figure_;
    std::sort(values_.begin(), values_.end());
    const size_t half = values_.size() / 2;
    figure_.median =
        values_.size() % 2 == 1 ? values_[half] : std::midpoint(values_[half - 1], values_[half]);
    figure_.p90 = Percentile(values_, 90);
    return figure_;
  }

 private:
  MeasureFigure figure_;
  std::vector<int64_t> values_;  // of a median
};

// What counts once: a file or a person; of a measure that counts records each line by itself.
using Key = std::tuple<FileId, RecordId>;

struct Counted {
  Tally all;
  // For each dimension asked for, those of its lines alone that have the code: a person's visits
  // in March are no visits in April, though she counts in both.
  std::vector<std::map<std::string, Tally>> by;
};

std::string CodeOf(const std::map<std::string, Tally>& codes) {
  return codes.empty() ? "" : codes.size() == 1 ? codes.begin()->first : kSeveralCodes;
}

}  // namespace

class LineCounter::Impl {
 public:
  Impl(const Measure& measure, const MeasureRequest& request,
       const std::vector<FileContributions>& files)
      : measure_(measure), request_(request), persons_(files), margins_(request.by.size()) {
    for (const std::string& code : request.by) by_.push_back(IndexOf(code));
    for (const auto& [dimension, code] : request.codes) {
      wanted_.emplace_back(IndexOf(dimension), code);
    }
    for (const FileContributions& file : files) result_.drills += file.drill ? 1 : 0;
  }

  bool Wants(const FileContributions& file) const {
    return !file.drill && (!request_.unit || std::binary_search(file.units.begin(),
                                                                file.units.end(), *request_.unit));
  }

  void Take(const FileContributions& file, const Contribution& line) {
    if (!Wanted(line)) return;
    const Place place = PlaceIn(line, request_.period);
    if (place.border) ++result_.border;
    if (!place.in) return;
    if (!line.known) {
      ++result_.unknown;
      return;
    }
    if (!line.certain) ++result_.uncertain;
    if (line.disputed) ++result_.disputed;
    const bool amount =
        measure_.answer == MeasureAnswer::kSum || measure_.answer == MeasureAnswer::kMedian;
    if (amount && !line.value) ++result_.valueless;
    if (measure_.answer == MeasureAnswer::kList) List(file, line);
    if (measure_.once != MeasureOnce::kRecord) return Add(line, counted_[KeyOf(file, line)]);
    Counted alone;
    Add(line, alone);
    Settle(alone);
  }

  MeasureResult Finish() {
    for (const auto& [key, counted] : counted_) Settle(counted);
    result_.by = request_.by;
    result_.total = std::move(total_).Finish();
    for (size_t i = 0; i < by_.size(); ++i) result_.margins.push_back(MarginOf(i));
    for (auto& [codes, cell] : cells_) {
      result_.cells.push_back({codes, std::move(cell).Finish()});
    }
    TakeRows();
    return std::move(result_);
  }

 private:
  using RowPlace =
      std::tuple<Time, const FileId&, const std::optional<RecordId>&, std::string_view, size_t>;
  struct Listed {
    const FileContributions* file;
    Contribution line;
    size_t at;  // where it came, for those that are alike
    RowPlace Key() const { return RowKey(*file, line, at); }
  };
  static RowPlace RowKey(const FileContributions& file, const Contribution& line, size_t at) {
    const std::string_view clause =
        line.by.empty() || line.by[0].empty() ? "" : std::string_view(line.by[0][0]);
    return {line.at ? line.at->soft.latest : Time::Max(), file.file, line.record, clause, at};
  }
  static bool Before(const Listed& a, const Listed& b) { return a.Key() < b.Key(); }
  struct Row {
    Counting alone, among;
    bool beside = false;  // somebody has the code
  };

  size_t IndexOf(std::string_view code) const {
    const auto at = std::find(measure_.by.begin(), measure_.by.end(), code);
    return static_cast<size_t>(at - measure_.by.begin());
  }

  bool Wanted(const Contribution& line) const {
    return std::all_of(wanted_.begin(), wanted_.end(), [&](const auto& wanted) {
      const auto& codes = line.by[wanted.first];
      if (wanted.second.empty()) return codes.empty();
      return std::find(codes.begin(), codes.end(), wanted.second) != codes.end();
    });
  }

  Key KeyOf(const FileContributions& file, const Contribution& line) const {
    if (measure_.once == MeasureOnce::kFile) return {file.file, RecordId()};
    // Who has no file counts by the record, or by the file that is about her.
    const bool filed = !line.person.is_zero();
    return {filed ? persons_.Of(line.person) : file.file,
            filed ? RecordId() : line.record.value_or(RecordId())};
  }

  void Add(const Contribution& line, Counted& counted) const {
    counted.all.Add(line, measure_.answer);
    counted.by.resize(by_.size());
    for (size_t i = 0; i < by_.size(); ++i) {
      for (const std::string& code : line.by[by_[i]]) {
        counted.by[i][code].Add(line, measure_.answer);
      }
    }
  }

  void Settle(const Counted& one) {
    total_.Add(one.all, measure_);
    if (by_.empty()) return;
    std::vector<std::string> codes;
    for (size_t i = 0; i < by_.size(); ++i) {
      codes.push_back(CodeOf(one.by[i]));
      margins_[i][codes.back()].alone.Add(one.all, measure_);
      for (const auto& [code, tally] : one.by[i]) {
        Row& row = margins_[i][code];
        row.among.Add(tally, measure_);
        row.beside = true;
      }
    }
    cells_[std::move(codes)].Add(one.all, measure_);
  }

  MeasureMargin MarginOf(size_t index) {
    MeasureMargin margin{request_.by[index], {}};
    for (auto& [code, row] : margins_[index]) {
      const MeasureFigure figure = std::move(row.alone).Finish();
      margin.rows.push_back({code, figure, row.beside ? std::move(row.among).Finish() : figure});
    }
    return margin;
  }

  // A list may be of everybody: of the rows that are asked for those behind go again.
  void List(const FileContributions& file, const Contribution& line) {
    const size_t at = result_.listed++;
    if (behind_ && behind_->Key() <= RowKey(file, line, at)) return;
    listed_.push_back({&file, line, at});
    const size_t wanted = std::min(request_.rows_max, SIZE_MAX / 4) + request_.rows_from;
    if (listed_.size() < kListedMin || listed_.size() / 2 < wanted) return;
    std::nth_element(listed_.begin(), listed_.begin() + static_cast<std::ptrdiff_t>(wanted),
                     listed_.end(), Before);
    behind_ = std::move(listed_[wanted]);
    listed_.erase(listed_.begin() + static_cast<std::ptrdiff_t>(wanted), listed_.end());
  }

  void TakeRows() {
    const size_t from = std::min(request_.rows_from, listed_.size());
    const size_t to = from + std::min(request_.rows_max, listed_.size() - from);
    std::partial_sort(listed_.begin(), listed_.begin() + static_cast<std::ptrdiff_t>(to),
                      listed_.end(), Before);
    for (size_t i = from; i < to; ++i) {
      Listed& row = listed_[i];
      result_.rows.push_back({row.file->file, row.file->kind, std::move(row.line)});
    }
  }

  const Measure& measure_;
  const MeasureRequest& request_;
  const Persons persons_;
  std::vector<size_t> by_;                              // into Contribution::by
  std::vector<std::pair<size_t, std::string>> wanted_;  // likewise, and the code
  std::map<Key, Counted> counted_;
  Counting total_;
  std::vector<std::map<std::string, Row>> margins_;
  std::map<std::vector<std::string>, Counting> cells_;
  std::vector<Listed> listed_;
  std::optional<Listed> behind_;  // the first that nobody asks for, of those that were looked at
  MeasureResult result_;
};

namespace {

absl::Status Check(const Measure& measure, const MeasureRequest& request) {
  const auto known = [&](const std::string& code) -> absl::Status {
    if (std::find(measure.by.begin(), measure.by.end(), code) != measure.by.end()) {
      return absl::OkStatus();
    }
    std::string all;
    for (const std::string& one : measure.by) all += (all.empty() ? "" : ", ") + one;
    return absl::InvalidArgumentError("want a dimension of " + measure.id +
                                      (all.empty() ? ", which has none" : " (" + all + ")") +
                                      ", got '" + code + "'");
  };
  for (const std::string& code : request.by) KAPEA_TRY(known(code));
  for (const auto& [dimension, code] : request.codes) KAPEA_TRY(known(dimension));
  if (!request.period) return absl::OkStatus();
  if (measure.stock) {
    return absl::InvalidArgumentError(
        measure.id + " asks how things stand at a moment: want no period, but as of when");
  }
  if (request.period->from >= request.period->to) {
    return absl::InvalidArgumentError("want a period that begins before it ends");
  }
  return absl::OkStatus();
}

}  // namespace

bool IsNamedBy(const Measure& measure, std::string_view code) {
  if (!measure.id.starts_with(code)) return false;
  const std::string_view rest = std::string_view(measure.id).substr(code.size());
  return rest.empty() || (rest.size() == 1 && rest[0] >= 'a' && rest[0] <= 'z');
}

NamedMeasures MeasuresNamed(const domain::Pack& pack, domain::MeasureKind kind,
                            const std::vector<std::string>& codes) {
  NamedMeasures named{{}, {codes.begin(), codes.end()}};
  for (const Measure& measure : pack.measures) {
    if (measure.kind != kind) continue;
    bool is_named = false;
    for (const std::string& code : codes) {
      if (!IsNamedBy(measure, code)) continue;
      is_named = true;
      named.unknown.erase(code);
    }
    if (is_named) named.measures.push_back(&measure);
  }
  return named;
}

absl::StatusOr<MeasureResult> Answer(const Measure& measure,
                                     const std::vector<FileContributions>& files,
                                     const MeasureRequest& request) {
  KAPEA_ASSIGN(LineCounter counter, LineCounter::Make(measure, request, files));
  for (const FileContributions& file : files) {
    if (!counter.Wants(file)) continue;
    for (const Contribution& line : file.lines) {
      if (line.measure == measure.id) counter.Take(file, line);
    }
  }
  return std::move(counter).Finish();
}

LineCounter::LineCounter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LineCounter::LineCounter(LineCounter&&) noexcept = default;
LineCounter::~LineCounter() = default;

absl::StatusOr<LineCounter> LineCounter::Make(const Measure& measure, const MeasureRequest& request,
                                              const std::vector<FileContributions>& files) {
  KAPEA_TRY(Check(measure, request));
  return LineCounter(std::make_unique<Impl>(measure, request, files));
}
bool LineCounter::Wants(const FileContributions& file) const { return impl_->Wants(file); }
void LineCounter::Take(const FileContributions& file, const Contribution& line) {
  impl_->Take(file, line);
}
MeasureResult LineCounter::Finish() && { return impl_->Finish(); }

CountTable TableOf(const MeasureResult& result) {
  CountTable table;
  std::set<std::vector<std::string>> rows, columns;
  const auto split = [](const MeasureCell& cell) {
    return std::pair(std::vector<std::string>(cell.codes.begin(), cell.codes.begin() + 1),
                     std::vector<std::string>(cell.codes.begin() + 1, cell.codes.end()));
  };
  for (const MeasureCell& cell : result.cells) {
    auto [row, column] = split(cell);
    rows.insert(std::move(row));
    columns.insert(std::move(column));
  }
  table.rows.assign(rows.begin(), rows.end());
  table.columns.assign(columns.begin(), columns.end());
  table.counts.assign(rows.size(), std::vector<uint64_t>(columns.size()));
  for (const MeasureCell& cell : result.cells) {
    const auto [row, column] = split(cell);
    const auto i = std::lower_bound(table.rows.begin(), table.rows.end(), row);
    const auto j = std::lower_bound(table.columns.begin(), table.columns.end(), column);
    table.counts[static_cast<size_t>(i - table.rows.begin())]
                [static_cast<size_t>(j - table.columns.begin())] = cell.figure.of;
  }
  return table;
}

}  // namespace kapea::standards
