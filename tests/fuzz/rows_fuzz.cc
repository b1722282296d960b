// Rows as a damaged disk, or a program of another version, may hand them back: each is a
// row or DataLoss, and a row that was read is written to one that reads the same.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/base/macros.h"
#include "common/codec/attachment_codec.h"
#include "common/codec/ca_messages.h"
#include "common/codec/file_view.h"
#include "common/codec/kept_figures.h"
#include "common/codec/open_findings.h"
#include "common/codec/store_rows.h"

namespace kapea::codec {
namespace {

template <typename Row>
void TryRow(std::string_view bytes) {
  const auto row = Row::Decode(bytes);
  if (!row.ok()) {
    KAPEA_CHECK(absl::IsDataLoss(row.status()));
    return;
  }
  const std::string written = row->Encode();
  const auto again = Row::Decode(written);
  KAPEA_CHECK(again.ok() && again->Encode() == written);
}

absl::StatusOr<std::vector<standards::Contribution>> LinesIn(std::string_view bytes,
                                                             size_t dimensions) {
  std::vector<standards::Contribution> lines;
  const absl::Status read =
      ReadLines(bytes, "Q1", dimensions,
                [&lines](const standards::Contribution& line) { lines.push_back(line); });
  if (!read.ok()) return read;
  return lines;
}

void TryLines(std::string_view bytes) {
  for (size_t dimensions = 0; dimensions < 4; ++dimensions) {
    const auto lines = LinesIn(bytes, dimensions);
    if (!lines.ok()) {
      KAPEA_CHECK(absl::IsDataLoss(lines.status()));
      continue;
    }
    std::vector<const standards::Contribution*> all;
    for (const standards::Contribution& line : *lines) all.push_back(&line);
    const auto again = LinesIn(EncodeLines(all), dimensions);
    KAPEA_CHECK(again.ok() && *again == *lines);
  }
}

void Try(std::string_view bytes) {
  TryRow<LedgerHead>(bytes);
  TryRow<ChainHead>(bytes);
  TryRow<ChangeLocation>(bytes);
  TryRow<ParcelRow>(bytes);
  TryRow<ChangeRow>(bytes);
  TryRow<EnrolmentRow>(bytes);
  TryRow<DeviceRow>(bytes);
  TryRow<OpenFindings>(bytes);
  TryRow<KeptFigures>(bytes);
  TryLines(bytes);
  const auto head = FileViewHead::Decode(bytes);
  KAPEA_CHECK(head.ok() || absl::IsDataLoss(head.status()));
  if (const auto secret = AttachmentSecret::Decode(bytes); secret.ok()) {
    KAPEA_CHECK(secret->Encode().view() == bytes);
  }
  if (const auto request = CaRequest::Decode(bytes); request.ok()) {
    const auto again = CaRequest::Decode(request->Encode());
    KAPEA_CHECK(again.ok() && again->Encode() == request->Encode());
  }
  if (const auto reply = CaReply::Decode(bytes); reply.ok()) {
    KAPEA_CHECK(CaReply::Decode(reply->Encode()).ok());
  }
}

}  // namespace
}  // namespace kapea::codec

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::codec::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
