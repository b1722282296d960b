#include "tools/admin/alarms.h"

#include <chrono>

#include <grpcpp/grpcpp.h>

#include "client/link/plain_words.h"
#include "common/base/macros.h"
#include "common/rpc/status.h"
#include "kapea/v1/enrol_service.grpc.pb.h"

namespace kapea::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDeadlineSeconds = 30;

template <typename Request, typename Response>
absl::Status Call(TwoRegistrars& registrars,
                  grpc::Status (v1::Admin::Stub::*call)(grpc::ClientContext*, const Request&,
                                                        Response*),
                  const Request& request, Response& response) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(kDeadlineSeconds));
  const auto stub = v1::Admin::NewStub(registrars.proposer().transport().channel());
  return link::InPlainWords(rpc::FromGrpc((stub.get()->*call)(&context, request, &response)),
                            registrars.proposer().vault().identity().server);
}

const char* NameOf(v1::AlarmKind kind) {
  switch (kind) {
    case v1::ALARM_KIND_CANARY_HANDED_OUT:
      return "canary";
    case v1::ALARM_KIND_CANARY_TOUCHED:
      return "canary_touched";
    case v1::ALARM_KIND_FILES_PER_DAY:
      return "files_per_day";
    case v1::ALARM_KIND_LIMIT_LIFTED:
      return "limit_lifted";
    case v1::ALARM_KIND_MATCH_TOKENS_PER_DAY:
      return "match_tokens_per_day";
    default:
      return "of_a_newer_server";
  }
}

std::string Sentence(const AlarmRow& row) {
  if (row.what == "canary") return "got sealed data or keys of the canary file " + row.file.hex();
  if (row.what == "canary_touched") {
    return "read, wrote or decided in the canary file " + row.file.hex();
  }
  if (row.what == "files_per_day") return "came to its limit of new files";
  if (row.what == "limit_lifted") return "may open new files without a limit on this day";
  if (row.what == "match_tokens_per_day") return "came to its limit of new match tokens";
  return "raised an alarm that this program does not know: use a newer one";
}

}  // namespace

absl::StatusOr<std::vector<AlarmRow>> ListAlarms(TwoRegistrars& registrars, Time since) {
  std::vector<AlarmRow> rows;
  v1::ListAlarmsRequest request;
  request.set_since_ms(since.unix_ms());
  do {
    v1::ListAlarmsResponse response;
    KAPEA_TRY(Call(registrars, &v1::Admin::Stub::ListAlarms, request, response));
    for (const v1::AlarmLine& line : response.alarms()) {
      AlarmRow& row = rows.emplace_back();
      row.what = NameOf(line.kind());
      KAPEA_ASSIGN(row.device, DeviceId::FromBytes(line.device()));
      if (!line.file().empty()) {
        KAPEA_ASSIGN(row.file, FileId::FromBytes(line.file()));
      }
      row.first = Time::FromUnixMs(line.first_ms());
      row.last = Time::FromUnixMs(line.last_ms());
      row.times = line.times();
    }
    if (!response.next_page_token().empty() && response.alarms().empty()) {
      return absl::DataLossError("the server's list of alarms does not come to an end");
    }
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return rows;
}

absl::Status LiftLimit(TwoRegistrars& registrars, const DeviceId& device) {
  v1::LiftLimitRequest request;
  request.set_device(device.str());
  v1::LiftLimitResponse response;
  return Call(registrars, &v1::Admin::Stub::LiftLimit, request, response);
}

absl::Status RunAlarms(const Arguments& arguments, const Clock& clock) {
  if (arguments.days < 1) return absl::InvalidArgumentError("--days: want 1 or more");
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  const Time since = clock.Now() - Duration::Days(arguments.days - 1);
  KAPEA_ASSIGN(const std::vector<AlarmRow> rows, ListAlarms(registrars, since));
  const auto directory = registrars.proposer().vault().directory();
  Json list = Json::array();
  std::string text;
  for (const AlarmRow& row : rows) {
    const domain::DeviceEntry* const device = directory->FindDevice(row.device);
    list.push_back({{"alarm", row.what},
                    {"device", row.device.hex()},
                    {"person", device == nullptr ? Json() : Json(device->person.hex())},
                    {"file", row.file == FileId() ? Json() : Json(row.file.hex())},
                    {"first", ToIso8601(row.first)},
                    {"last", ToIso8601(row.last)},
                    {"times", row.times}});
    text += ToIso8601(row.last) + "  device " + row.device.hex() + "  " + Sentence(row) +
            (row.times > 1 ? "  (" + std::to_string(row.times) + " times)" : "") + "\n";
  }
  text +=
      rows.empty() ? "no alarms" : "A device that should not have done this: kapea-admin revoke";
  Say(arguments, list, text);
  return absl::OkStatus();
}

absl::Status RunLiftLimit(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(const DeviceId device, DeviceId::FromHexText(arguments.device));
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  KAPEA_TRY(LiftLimit(registrars, device));
  Say(arguments, {{"device", device.hex()}, {"limit", "lifted"}},
      "device " + device.hex() +
          " may open as many new files as its person works on, until 24:00 UTC. "
          "`kapea-admin alarms` keeps that it was lifted.");
  return absl::OkStatus();
}

}  // namespace kapea::admin
