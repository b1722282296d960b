// What a server answers a device, from the bytes of the message to the Changes that the
// device would take: nothing that was not under the right root is taken.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <google/protobuf/stubs/logging.h>

#include "client/link/duplicates_line.h"
#include "client/link/wire.h"
#include "client/sync/verify.h"
#include "common/base/macros.h"
#include "common/codec/finding_codec.h"
#include "common/codec/measure_codec.h"
#include "kapea/v1/duplicates.pb.h"
#include "kapea/v1/view.pb.h"

namespace kapea::link {
namespace {

void TryPull(const std::string& bytes) {
  v1::PullResponse wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto message = MessageFrom(wire);
  if (!message.ok()) return;
  const sync::Known known{{}, {}, {}, std::make_shared<const domain::Directory>()};
  ledger::Checkpoint checkpoint;
  checkpoint.size = 9;
  sync::SeenParcels parcels;
  for (const sync::PulledFile& file : message->files) {
    const auto arrival = sync::VerifyPulled(file, checkpoint, known, parcels);
    KAPEA_CHECK(arrival.ok() || absl::IsDataLoss(arrival.status()));
    KAPEA_CHECK(!arrival.ok() || arrival->changes.empty());
  }
}

// What the device asks to be receipted: a Change that stands in no ledger.
codec::Parcel OwnParcel() {
  codec::ChangeWriter writer{domain::Header()};
  writer.Add(domain::Waiver{"C1", "no_signal", false});
  codec::Parcel parcel;
  parcel.changes = {*std::move(writer).Finish()};
  parcel.header.changes = 1;
  return parcel;
}

void TryPush(const std::string& bytes) {
  v1::PushResponse wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto reply = ReplyFrom(wire);
  if (!reply.ok()) return;
  static const auto* parcel = new codec::Parcel(OwnParcel());
  for (const sync::ParcelReceipts& receipts : reply->receipts) {
    const std::vector<ledger::Checkpoint> trees(receipts.receipts.size());
    KAPEA_CHECK(!sync::VerifyReceipts(*parcel, receipts.receipts, trees).ok());
  }
}

void TryFindings(const std::string& bytes) {
  v1::QueryResponse wire;
  if (!wire.ParseFromString(bytes)) return;
  for (const v1::Finding& from : wire.findings()) {
    const auto finding = codec::FindingFromWire(from);
    if (!finding.ok()) continue;
    v1::Finding again;
    codec::FindingToWire(*finding, again);
    KAPEA_CHECK(codec::FindingFromWire(again).ok());
  }
}

void TryMeasures(const std::string& bytes) {
  v1::QueryResponse wire;
  if (!wire.ParseFromString(bytes)) return;
  for (const v1::MeasureAnswered& from : wire.measures()) {
    const auto result = codec::AnsweredFromWire(from);
    KAPEA_CHECK(result.ok() || absl::IsDataLoss(result.status()));
    if (!result.ok()) continue;
    v1::MeasureAnswered again;
    codec::CountsToWire(*result, again);
    for (const standards::MeasureRow& row : result->rows) codec::RowToWire(row, *again.add_rows());
    const auto read = codec::AnsweredFromWire(again);
    KAPEA_CHECK(read.ok() && read->total == result->total &&
                read->rows.size() == result->rows.size());
  }
}

void TryMatches(const std::string& bytes) {
  v1::DuplicatesCheckResponse wire;
  if (!wire.ParseFromString(bytes)) return;
  const auto state = MatchStateFrom(wire);
  KAPEA_CHECK(state.ok() || absl::IsDataLoss(state.status()));
  if (!state.ok()) return;
  for (const sync::FoundMatch& found : state->found) {
    KAPEA_CHECK(!domain::NameOf(found.kind).empty());
  }
}

}  // namespace
}  // namespace kapea::link

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // it complains of each text that is no UTF-8
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  kapea::link::TryPull(bytes);
  kapea::link::TryPush(bytes);
  kapea::link::TryFindings(bytes);
  kapea::link::TryMeasures(bytes);
  kapea::link::TryMatches(bytes);
  return 0;
}
