#include "common/codec/kept_figures.h"

#include <iterator>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/codec/canonical.h"
#include "common/codec/measure_codec.h"
#include "common/codec/standing_row.h"
#include "common/codec/wire_values.h"
#include "common/crypto/hash.h"
#include "google/protobuf/arena.h"
#include "kapea/store/v1/store.pb.h"

namespace kapea::codec {
namespace {

absl::Status Unreadable() { return absl::DataLossError("kept figures cannot be read"); }

template <typename Message>
Message& NewIn(google::protobuf::Arena& arena) {
  return *google::protobuf::Arena::CreateMessage<Message>(&arena);
}

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

std::string EncodeLines(const std::vector<const standards::Contribution*>& lines) {
  google::protobuf::Arena arena;
  auto& row = NewIn<store::v1::MeasureLines>(arena);
  for (const standards::Contribution* line : lines) LineToWire(*line, *row.add_lines());
  return EncodeCanonical(row);
}

absl::Status DecodeLines(std::string_view bytes, const std::string& measure,
                         std::vector<standards::Contribution>& lines) {
  google::protobuf::Arena arena;
  auto& row = NewIn<store::v1::MeasureLines>(arena);
  if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return Unreadable();
  std::vector<standards::Contribution> read;
  read.reserve(static_cast<size_t>(row.lines_size()));
  for (const v1::MeasureLine& wire : row.lines()) {
    KAPEA_ASSIGN(read.emplace_back(), LineFromWire(wire, measure));
  }
  std::move(read.begin(), read.end(), std::back_inserter(lines));
  return absl::OkStatus();
}

}  // namespace kapea::codec
