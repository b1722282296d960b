// What a device asks the server, from the bytes of the message to the values that the use
// cases take: each is a value or an InvalidArgument that names the field.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <google/protobuf/stubs/logging.h>

#include "common/base/macros.h"
#include "common/codec/match_codec.h"
#include "common/codec/wire.h"
#include "common/rpc/status.h"
#include "kapea/v1/duplicates.pb.h"
#include "kapea/v1/enrol.pb.h"
#include "kapea/v1/sync.pb.h"
#include "kapea/v1/view.pb.h"
#include "server/service/wire.h"

namespace kapea::server {
namespace {

void CheckRefusal(const absl::Status& status) {
  if (status.ok()) return;
  KAPEA_CHECK(absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status) ||
              absl::IsUnimplemented(status));  // a parcel of a format to come
  const grpc::Status sent = ToWireStatus(status);
  KAPEA_CHECK(!sent.ok() && sent.error_message().size() <= rpc::kStatusMessageBytesMax &&
              rpc::FromGrpc(sent).code() == status.code());
}

template <typename Wire, typename Read>
void Try(const std::string& bytes, Read read) {
  Wire wire;
  if (wire.ParseFromString(bytes)) read(wire);
}

void TryAll(const std::string& bytes) {
  Try<v1::PushRequest>(bytes, [](const v1::PushRequest& wire) {
    for (const v1::Parcel& parcel : wire.parcels()) {
      const auto read = codec::ParcelFromWire(parcel);
      CheckRefusal(read.status());
      if (!read.ok()) continue;
      v1::Parcel again;
      codec::ParcelToWire(*read, again);
      KAPEA_CHECK(codec::ParcelFromWire(again).ok());
    }
  });
  Try<v1::PullRequest>(bytes, [](const v1::PullRequest& wire) {
    for (const v1::FileCursor& cursor : wire.cursors()) {
      CheckRefusal(IdFromWire<FileId>(cursor.file(), "cursors.file").status());
    }
  });
  Try<v1::CreateEnrolmentRequest>(bytes, [](const v1::CreateEnrolmentRequest& wire) {
    const auto wanted = NewEnrolmentFromWire(wire);
    CheckRefusal(wanted.status());
    KAPEA_CHECK(!wanted.ok() || wanted->roles.size() == static_cast<size_t>(wire.roles_size()));
  });
  Try<v1::EnrolRequest>(bytes, [](const v1::EnrolRequest& wire) {
    KAPEA_CHECK(KeysFromWire(wire).certificate_request == wire.certificate_request());
  });
  Try<v1::QueryRequest>(bytes, [](const v1::QueryRequest& wire) {
    const auto question = QuestionFromWire(wire);
    CheckRefusal(question.status());
    KAPEA_CHECK(!question.ok() || question->page_size > 0);
    const auto query = MeasureQueryFromWire(wire);
    CheckRefusal(query.status());
    if (!query.ok()) return;
    v1::QueryRequest again = wire;
    again.clear_measure();
    codec::AskToWire(query->ask, *again.mutable_measure());
    const auto read = MeasureQueryFromWire(again);
    KAPEA_CHECK(read.ok() && read->ask.period == query->ask.period &&
                read->ask.measures == query->ask.measures && read->ask.codes == query->ask.codes &&
                read->ask.by == query->ask.by);
  });
  Try<v1::DuplicatesOfferRequest>(bytes, [](const v1::DuplicatesOfferRequest& wire) {
    for (const v1::MatchFile& from : wire.files()) {
      const auto file = codec::MatchedFileFromWire(from);
      CheckRefusal(file.status());
      if (!file.ok()) continue;
      v1::MatchFile again;
      codec::MatchedFileToWire(*file, again);
      const auto read = codec::MatchedFileFromWire(again);
      KAPEA_CHECK(read.ok() && read->tokens == file->tokens && read->alias == file->alias);
    }
  });
  CheckRefusal(WithDetail(absl::InvalidArgumentError(bytes), "reason"));
}

}  // namespace
}  // namespace kapea::server

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  google::protobuf::SetLogHandler(nullptr);  // it complains of each text that is no UTF-8
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::server::TryAll(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
