// kapea device list, confirm
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/devices.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

absl::StatusOr<Result> RunDevices(Session& session) {
  KAPEA_ASSIGN(const auto lines, field::ListDevices(session.vault));
  Result result;
  json devices = json::array();
  for (const field::DeviceLine& line : lines) {
    const char* state = line.revoked     ? "revoked"
                        : line.this_one  ? "this device"
                        : line.confirmed ? "has your keys"
                                         : "not confirmed";
    result.text +=
        absl::StrFormat("%s  %-13s  %s\n", line.device.hex().substr(0, 8), state, line.number);
    devices.push_back({{"device", line.device.hex()},
                       {"this", line.this_one},
                       {"revoked", line.revoked},
                       {"confirmed", line.confirmed},
                       {"number", line.number}});
  }
  result.json = {{"devices", devices}};
  return result;
}

struct ConfirmArgs {
  std::string device;
  std::vector<std::string> number;
};

absl::StatusOr<Result> RunConfirm(Session& session, const ConfirmArgs& args) {
  std::string number;
  for (const std::string& part : args.number) number += part;
  KAPEA_TRY(field::ConfirmDevice(session.vault, args.device, number));
  Result result;
  result.text =
      "confirmed: it gets your keys with the next sync of this device, then of that one\n";
  result.json = {{"confirmed", args.device}};
  return result;
}

}  // namespace

void AddOwnDevices(CLI::App& app, Chosen& chosen) {
  CLI::App* device = app.add_subcommand("device", "Your devices");
  device->require_subcommand(1);
  device->add_subcommand("list", "All of them, with their numbers")->callback([&chosen] {
    chosen.run = RunDevices;
  });
  {
    auto args = std::make_shared<ConfirmArgs>();
    CLI::App* one = device->add_subcommand(
        "confirm", "Let another device of yours have your keys, after comparing its number");
    one->add_option("device", args->device, "Its id, or the beginning of it")->required();
    one->add_option("number", args->number, "What its own screen shows (kapea whoami)")->required();
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunConfirm(session, *args); };
    });
  }
}

}  // namespace kapea::cli
