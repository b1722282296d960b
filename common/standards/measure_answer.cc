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

// What counts once: a line, a file or a person.
using Key = std::tuple<FileId, RecordId, size_t>;

struct Counted {
  std::vector<const Contribution*> lines;
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

class Counter {
 public:
  Counter(const Measure& measure, const MeasureRequest& request)
      : measure_(measure), request_(request) {
    for (const std::string& code : request.by) by_.push_back(IndexOf(code));
  }

  void Take(const std::vector<FileContributions>& files) {
    const Persons persons(files);
    for (const FileContributions& file : files) {
      if (file.drill) {
        ++result_.drills;
        continue;
      }
      if (request_.unit &&
          !std::binary_search(file.units.begin(), file.units.end(), *request_.unit)) {
        continue;
      }
      for (const Contribution& line : file.lines) {
        if (line.measure == measure_.id && Wanted(line)) TakeLine(file, line, persons);
      }
    }
  }

  MeasureResult Finish() {
    result_.by = request_.by;
    std::vector<const Counted*> all;
    for (const auto& [key, counted] : counted_) all.push_back(&counted);
    result_.total = FigureOf(all);
    for (const size_t index : by_) result_.margins.push_back(MarginOf(index));
    if (!by_.empty()) result_.cells = Cells();
    TakeRows();
    return std::move(result_);
  }

  size_t IndexOf(std::string_view code) const {
    const auto at = std::find(measure_.by.begin(), measure_.by.end(), code);
    return static_cast<size_t>(at - measure_.by.begin());
  }

 private:
  struct Listed {
    const FileContributions* file;
    const Contribution* line;
    size_t at;  // where it came, for those that are alike
    std::tuple<Time, const FileId&, const std::optional<RecordId>&, std::string_view, size_t> Key()
        const {
      const std::string_view clause =
          line->by.empty() || line->by[0].empty() ? "" : std::string_view(line->by[0][0]);
      return {line->at ? line->at->soft.latest : Time::Max(), file->file, line->record, clause, at};
    }
  };

  // Sorts no further than what is asked for: a list may be of everybody.
  void TakeRows() {
    result_.listed = listed_.size();
    const size_t from = std::min(request_.rows_from, listed_.size());
    const size_t to = from + std::min(request_.rows_max, listed_.size() - from);
    std::partial_sort(listed_.begin(), listed_.begin() + static_cast<std::ptrdiff_t>(to),
                      listed_.end(),
                      [](const Listed& a, const Listed& b) { return a.Key() < b.Key(); });
    for (size_t i = from; i < to; ++i) {
      const Listed& row = listed_[i];
      result_.rows.push_back({row.file->file, row.file->kind, *row.line});
    }
  }

  bool Wanted(const Contribution& line) const {
    return std::all_of(request_.codes.begin(), request_.codes.end(), [&](const auto& wanted) {
      const auto& codes = line.by[IndexOf(wanted.first)];
      if (wanted.second.empty()) return codes.empty();
      return std::find(codes.begin(), codes.end(), wanted.second) != codes.end();
    });
  }

  void TakeLine(const FileContributions& file, const Contribution& line, const Persons& persons) {
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
    Key key{file.file, line.record.value_or(RecordId()), counted_.size()};
    if (measure_.once == MeasureOnce::kFile) key = {file.file, RecordId(), 0};
    if (measure_.once == MeasureOnce::kPerson) {
      // Who has no file counts by the record, or by the file that is about her.
      const bool filed = !line.person.is_zero();
      key = {filed ? persons.Of(line.person) : file.file,
             filed ? RecordId() : line.record.value_or(RecordId()), 0};
    }
    counted_[key].lines.push_back(&line);
    if (measure_.answer == MeasureAnswer::kList) listed_.push_back({&file, &line, listed_.size()});
  }

  // Of findings a file or person counts with all of them, else with any of its lines.
  bool Counts(const Counted& one) const {
    const auto counts = [](const Contribution* line) { return line->counts; };
    if (measure_.parts[0].over == domain::MeasureOver::kFindings) {
      return std::all_of(one.lines.begin(), one.lines.end(), counts);
    }
    return std::any_of(one.lines.begin(), one.lines.end(), counts);
  }

  MeasureFigure FigureOf(const std::vector<const Counted*>& all) const {
    MeasureFigure figure;
    std::vector<int64_t> values;
    for (const Counted* one : all) {
      const bool counts = Counts(*one);
      const bool each = measure_.once == MeasureOnce::kRecord;
      const uint64_t weight = each ? one->lines[0]->weight : 1;
      figure.of += weight;
      if (counts) figure.count += weight;
      AddValues(*one, values, figure);
    }
    figure.values = values.size();
    if (measure_.answer != MeasureAnswer::kMedian || values.empty()) return figure;
    std::sort(values.begin(), values.end());
    const size_t half = values.size() / 2;
    figure.median =
        values.size() % 2 == 1 ? values[half] : std::midpoint(values[half - 1], values[half]);
    figure.p90 = Percentile(values, 90);
    return figure;
  }

  // Of a sum every line; else the earliest one that has a value speaks for the rest.
  void AddValues(const Counted& one, std::vector<int64_t>& values, MeasureFigure& figure) const {
    const Contribution* first = nullptr;
    for (const Contribution* line : one.lines) {
      if (!line->value) continue;
      if (measure_.answer == MeasureAnswer::kSum) {
        if (__builtin_add_overflow(figure.sum, *line->value, &figure.sum)) figure.sum = INT64_MAX;
        values.push_back(*line->value);
        continue;
      }
      if (first == nullptr || (line->at && first->at && *line->at < *first->at)) first = line;
    }
    if (first == nullptr) return;
    values.push_back(*first->value);
    if (__builtin_add_overflow(figure.sum, *first->value, &figure.sum)) figure.sum = INT64_MAX;
    if (first->over) ++figure.over;
  }

  std::set<std::string> CodesOf(const Counted& one, size_t index) const {
    std::set<std::string> codes;
    for (const Contribution* line : one.lines) {
      codes.insert(line->by[index].begin(), line->by[index].end());
    }
    return codes;
  }
  std::string CodeOf(const Counted& one, size_t index) const {
    const auto codes = CodesOf(one, index);
    return codes.empty() ? "" : codes.size() == 1 ? *codes.begin() : kSeveralCodes;
  }

  // Those of its lines alone that have the code: a person's visits in March are no visits in
  // April, though she counts in both.
  Counted Among(const Counted& one, size_t index, const std::string& code) const {
    Counted among;
    for (const Contribution* line : one.lines) {
      const auto& codes = line->by[index];
      if (std::find(codes.begin(), codes.end(), code) != codes.end()) among.lines.push_back(line);
    }
    return among;
  }

  MeasureMargin MarginOf(size_t index) const {
    std::map<std::string, std::vector<const Counted*>> alone;
    std::map<std::string, std::vector<Counted>> among;
    for (const auto& [key, one] : counted_) {
      alone[CodeOf(one, index)].push_back(&one);
      for (const std::string& code : CodesOf(one, index)) {
        alone.try_emplace(code);
        among[code].push_back(Among(one, index, code));
      }
    }
    MeasureMargin margin{measure_.by[index], {}};
    for (const auto& [code, ones] : alone) {
      std::vector<const Counted*> all;
      for (const Counted& one : among[code]) all.push_back(&one);
      const MeasureFigure figure = FigureOf(ones);
      margin.rows.push_back({code, figure, all.empty() ? figure : FigureOf(all)});
    }
    return margin;
  }

  std::vector<MeasureCell> Cells() const {
    std::map<std::vector<std::string>, std::vector<const Counted*>> cells;
    for (const auto& [key, one] : counted_) {
      std::vector<std::string> codes;
      for (const size_t index : by_) codes.push_back(CodeOf(one, index));
      cells[codes].push_back(&one);
    }
    std::vector<MeasureCell> all;
    for (const auto& [codes, ones] : cells) all.push_back({codes, FigureOf(ones)});
    return all;
  }

  const Measure& measure_;
  const MeasureRequest& request_;
  std::vector<size_t> by_;  // into Contribution::by
  std::map<Key, Counted> counted_;
  std::vector<Listed> listed_;
  MeasureResult result_;
};

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

absl::StatusOr<MeasureResult> Answer(const Measure& measure,
                                     const std::vector<FileContributions>& files,
                                     const MeasureRequest& request) {
  KAPEA_TRY(Check(measure, request));
  Counter counter(measure, request);
  counter.Take(files);
  return counter.Finish();
}

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
