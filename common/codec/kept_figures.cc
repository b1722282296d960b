#include "common/codec/kept_figures.h"

#include <map>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/standing_row.h"
#include "common/codec/wire_values.h"
#include "common/crypto/hash.h"
#include "google/protobuf/arena.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {
namespace {

using standards::Contribution;

// Differences wrap around and back: whatever two times are, they are what they were.
int64_t Less(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Plus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

absl::Status Unreadable() { return absl::DataLossError("kept figures cannot be read"); }

template <typename Message>
Message& NewIn(google::protobuf::Arena& arena) {
  return *google::protobuf::Arena::CreateMessage<Message>(&arena);
}

// Bits of a line's flags.
constexpr uint32_t kUnknown = 1, kBeside = 2, kUncertain = 4, kDisputed = 8, kOver = 16;
constexpr uint32_t kTimed = 32, kClockDoubted = 64, kWeighted = 128, kValued = 256;
constexpr uint32_t kOfRecord = 512, kOfPerson = 1024, kOfStaff = 2048, kAllFlags = 4095;

uint32_t FlagsOf(const Contribution& line) {
  const std::pair<uint32_t, bool> bits[] = {{kUnknown, !line.known},
                                            {kBeside, !line.counts},
                                            {kUncertain, !line.certain},
                                            {kDisputed, line.disputed},
                                            {kOver, line.over},
                                            {kTimed, line.at.has_value()},
                                            {kClockDoubted, line.at && line.at->clock_doubted},
                                            {kWeighted, line.weight != 1},
                                            {kValued, line.value.has_value()},
                                            {kOfRecord, line.record.has_value()},
                                            {kOfPerson, line.person != FileId()},
                                            {kOfStaff, line.who.has_value()}};
  uint32_t flags = 0;
  for (const auto& [bit, on] : bits) flags |= on ? bit : 0;
  return flags;
}

class LineWriter {
 public:
  explicit LineWriter(store::v1::MeasureLines& row) : row_(row) {}

  void Add(const Contribution& line) {
    row_.set_dimensions(static_cast<uint32_t>(line.by.size()));
    row_.add_flags(FlagsOf(line));
    row_.add_parts(PlaceOf(line.part));
    for (const auto& codes : line.by) {
      row_.add_codes(static_cast<uint32_t>(codes.size()));
      for (const std::string& code : codes) row_.add_codes(PlaceOf(code));
    }
    if (line.at) AddTime(*line.at);
    if (line.weight != 1) row_.add_weights(line.weight);
    if (line.value) row_.add_values(*line.value);
    if (line.record) row_.mutable_records()->append(line.record->view());
    if (line.person != FileId()) row_.mutable_persons()->append(line.person.view());
    if (line.who) row_.mutable_staff()->append(line.who->view());
  }

 private:
  uint32_t PlaceOf(const std::string& text) {
    const auto [at, is_new] = places_.try_emplace(text, row_.texts_size());
    if (is_new) row_.add_texts(text);
    return static_cast<uint32_t>(at->second);
  }
  void AddTime(const domain::EventTime& at) {
    const int64_t begin = at.soft.earliest.unix_ms();
    row_.add_times(Less(begin, before_));
    row_.add_times(Less(at.soft.latest.unix_ms(), begin));
    row_.add_times(Less(at.hard.earliest.unix_ms(), begin));
    row_.add_times(Less(at.hard.latest.unix_ms(), begin));
    before_ = begin;
  }

  store::v1::MeasureLines& row_;
  std::map<std::string, int> places_;
  int64_t before_ = 0;
};

class LineReader {
 public:
  explicit LineReader(const store::v1::MeasureLines& row)
      : row_(row), records_(row.records()), persons_(row.persons()), staff_(row.staff()) {}

  // False: the columns do not fit together.
  bool Next(uint32_t flags, Contribution& line) {
    if (flags > kAllFlags) return false;
    line.known = (flags & kUnknown) == 0;
    line.counts = (flags & kBeside) == 0;
    line.certain = (flags & kUncertain) == 0;
    line.disputed = (flags & kDisputed) != 0;
    line.over = (flags & kOver) != 0;
    line.weight = 1;
    line.record.reset();
    line.person = FileId();
    line.who.reset();
    line.at.reset();
    line.value.reset();
    const bool good =
        TakeText(row_.parts(), part_, line.part) && TakeCodes(line) &&
        ((flags & kTimed) == 0 || TakeTime(flags, line)) &&
        ((flags & kWeighted) == 0 || TakeNumber(row_.weights(), weight_, line.weight)) &&
        ((flags & kValued) == 0 || TakeNumber(row_.values(), value_, line.value.emplace())) &&
        ((flags & kOfRecord) == 0 || TakeId(records_, line.record.emplace())) &&
        ((flags & kOfPerson) == 0 || TakeId(persons_, line.person)) &&
        ((flags & kOfStaff) == 0 || TakeId(staff_, line.who.emplace()));
    return good;
  }
  bool AtEnd() const {
    return part_ == row_.parts_size() && code_ == row_.codes_size() && time_ == row_.times_size() &&
           weight_ == row_.weights_size() && value_ == row_.values_size() && records_.empty() &&
           persons_.empty() && staff_.empty();
  }

 private:
  template <typename Column, typename T>
  static bool TakeNumber(const Column& column, int& at, T& number) {
    if (at == column.size()) return false;
    number = column[at++];
    return true;
  }
  template <typename Column>
  bool TakeText(const Column& column, int& at, std::string& text) const {
    uint32_t place = 0;
    if (!TakeNumber(column, at, place) || place >= static_cast<uint32_t>(row_.texts_size())) {
      return false;
    }
    text = row_.texts(static_cast<int>(place));
    return true;
  }
  bool TakeCodes(Contribution& line) {
    for (auto& codes : line.by) {
      uint32_t count = 0;
      if (!TakeNumber(row_.codes(), code_, count)) return false;
      if (count > static_cast<uint32_t>(row_.codes_size() - code_)) return false;
      codes.resize(count);
      for (std::string& code : codes) {
        if (!TakeText(row_.codes(), code_, code)) return false;
      }
    }
    return true;
  }
  bool TakeTime(uint32_t flags, Contribution& line) {
    if (row_.times_size() - time_ < 4) return false;
    const int64_t begin = Plus(before_, row_.times(time_));
    const auto after = [&](int ahead) {
      return Time::FromUnixMs(Plus(begin, row_.times(time_ + ahead)));
    };
    line.at = domain::EventTime{
        {Time::FromUnixMs(begin), after(1)}, {after(2), after(3)}, (flags & kClockDoubted) != 0};
    time_ += 4;
    before_ = begin;
    return true;
  }
  template <typename Id>
  static bool TakeId(std::string_view& column, Id& id) {
    if (column.size() < Id::kBytes) return false;
    id = Id::FromPrefix(column);
    column.remove_prefix(Id::kBytes);
    return true;
  }

  const store::v1::MeasureLines& row_;
  std::string_view records_, persons_, staff_;
  int part_ = 0, code_ = 0, time_ = 0, weight_ = 0, value_ = 0;
  int64_t before_ = 0;
};

}  // namespace

std::string KeptFigures::Encode() const {
  google::protobuf::Arena arena;
  auto& row = NewIn<store::v1::KeptFigures>(arena);
  StandingToRow(*this, row);
  row.set_pack(pack.str());
  row.set_file_kind(static_cast<v1::FileKind>(from.kind));
  row.set_drill(from.drill);
  for (const UnitId& unit : from.units) row.add_units(unit.str());
  for (const FileId& file : from.same) row.add_same(file.str());
  row.mutable_measures()->Add(measures.begin(), measures.end());
  return EncodeCanonical(row);
}

absl::StatusOr<KeptFigures> KeptFigures::Decode(std::string_view bytes) {
  google::protobuf::Arena arena;
  auto& row = NewIn<store::v1::KeptFigures>(arena);
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Unreadable();
  KeptFigures kept;
  if (!StandingFromRow(row, kept).ok()) return Unreadable();
  if (!ReadId(row.pack(), kept.pack).ok()) return Unreadable();
  kept.from.kind = EnumCast(row.file_kind(), domain::FileKind::kStandards);
  kept.from.drill = row.drill();
  for (const std::string& unit : row.units()) {
    if (!ReadId(unit, kept.from.units.emplace_back()).ok()) return Unreadable();
  }
  for (const std::string& file : row.same()) {
    if (!ReadId(file, kept.from.same.emplace_back()).ok()) return Unreadable();
  }
  kept.measures.assign(row.measures().begin(), row.measures().end());
  return kept;
}

uint64_t MeasureNumber(std::string_view measure) { return ReadU64(crypto::Sha256(measure).view()); }

std::string EncodeLines(const std::vector<const Contribution*>& lines) {
  google::protobuf::Arena arena;
  auto& row = NewIn<store::v1::MeasureLines>(arena);
  LineWriter writer(row);
  for (const Contribution* line : lines) writer.Add(*line);
  return EncodeCanonical(row);
}

absl::Status ReadLines(std::string_view bytes, const std::string& measure, size_t dimensions,
                       absl::FunctionRef<void(const Contribution&)> take) {
  google::protobuf::Arena arena;
  auto& row = NewIn<store::v1::MeasureLines>(arena);
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Unreadable();
  LineReader reader(row);
  if (row.flags_size() > 0 && row.dimensions() != dimensions) return Unreadable();
  Contribution line;
  line.measure = measure;
  line.by.resize(dimensions);
  for (const uint32_t flags : row.flags()) {
    if (!reader.Next(flags, line)) return Unreadable();
    take(line);
  }
  return reader.AtEnd() ? absl::OkStatus() : Unreadable();
}

}  // namespace kapea::codec
