#include "tools/admin/keys_commands.h"

#include <memory>
#include <vector>

#include "client/field/calendar.h"
#include "common/base/macros.h"
#include "common/base/time.h"
#include "common/codec/erasure_list.h"
#include "tools/admin/deployment.h"
#include "tools/admin/keys_file.h"
#include "tools/admin/renew.h"

namespace kapea::admin {
namespace {

using crypto::HomeKind;

struct KeysArguments {
  std::string config, passphrase_file;
  std::string to, out, new_passphrase_file;
  bool no_passphrase = false;
};

// A command's arguments and what it was given; the command line holds on to it.
class KeysCommands {
 public:
  explicit KeysCommands(const CommandContext& context) : context_(context) {}

  absl::Status Home() {
    KAPEA_ASSIGN(const KeysAt at, Keys());
    KAPEA_ASSIGN(const std::vector<HomeKind> kinds, HomesOfKeys(at));
    const bool reached = homes::HomeSet(at.homes).Of(kinds).ok();
    context_.say({{"file", at.file}, {"homes", Names(kinds)}, {"configured", reached}},
                 at.file + " is opened by: " + Text(kinds) +
                     (reached ? "" : "\nthe configuration does not say how to reach it"));
    return absl::OkStatus();
  }

  absl::Status Move() {
    KAPEA_ASSIGN(const KeysAt at, Keys());
    const auto to = crypto::HomeKindNamed(arguments.to);
    if (!to.has_value()) {
      return absl::InvalidArgumentError("want --to passphrase, credential, pkcs11 or tpm, got " +
                                        arguments.to);
    }
    if (*to == HomeKind::kPassphrase && arguments.no_passphrase) {
      return absl::InvalidArgumentError(
          "want a home beside --no-passphrase: something has to "
          "keep the keys shut");
    }
    KAPEA_TRY(MoveKeys(at, {*to, !arguments.no_passphrase, arguments.new_passphrase_file}));
    KAPEA_ASSIGN(const std::vector<HomeKind> kinds, HomesOfKeys(at));
    context_.say({{"file", at.file}, {"homes", Names(kinds)}},
                 at.file + " is now opened by: " + Text(kinds) +
                     ".\nCopies made before are still opened as before: destroy them");
    return absl::OkStatus();
  }

  absl::Status Copy() {
    KAPEA_ASSIGN(const KeysAt at, Keys());
    KAPEA_TRY(CopyKeys(at, arguments.out, arguments.new_passphrase_file));
    context_.say({{"copy", arguments.out}},
                 arguments.out + " is opened by its passphrase alone: put it into a safe, and " +
                     "make another one after each rotation");
    return absl::OkStatus();
  }

  absl::Status Rotate() {
    KAPEA_ASSIGN(const KeysAt at, Keys());
    KAPEA_ASSIGN(const Replaced replaced, ReplaceStoreKey(at));
    const std::string path = codec::ErasureListPath(at.file);
    KAPEA_ASSIGN(codec::ErasureList list, codec::ReadErasureList(path));
    list.rotations.push_back({context_.clock.Now(), replaced.generation});
    KAPEA_TRY(codec::WriteErasureList(path, list));
    context_.say(
        {{"generation", replaced.generation}, {"resumed", replaced.resumed}},
        std::string(replaced.resumed ? "the rotation that was cut off is finished: " : "") +
            "the store has a new master key, generation " + std::to_string(replaced.generation) +
            ".\nCopies of the keys file made before open only copies of the store made "
            "before: keep them apart, and destroy them once a new backup is verified");
    return absl::OkStatus();
  }

  absl::Status Erasures() {
    KAPEA_ASSIGN(const KeysAt at, Keys());
    const std::string path = codec::ErasureListPath(at.file);
    KAPEA_ASSIGN(const codec::ErasureList list, codec::ReadErasureList(path));
    auto lines = nlohmann::ordered_json::array();
    std::string text;
    size_t waiting = 0;
    for (const codec::ListedErasure& one : list.erasures) {
      const codec::ListedRotation* const rotation = list.RotationAfter(one);
      const bool whole = domain::CoversWholeFile(one.targets);
      nlohmann::ordered_json line = {{"file", one.file.hex()},
                                     {"what", whole ? "file" : "parts"},
                                     {"approval", one.approval.hex()},
                                     {"erased", ToIso8601(one.at)}};
      line["master_key_replaced"] = rotation == nullptr
                                        ? nlohmann::ordered_json()
                                        : nlohmann::ordered_json(ToIso8601(rotation->at));
      lines.push_back(std::move(line));
      waiting += rotation == nullptr ? 1 : 0;
      text += field::ToLocalText(one.at) + "  file " + one.file.hex() +
              (whole ? "  whole" : "  parts of it") +
              (rotation == nullptr ? "  backups of before still open it: keys rotate"
                                   : "  master key replaced " + field::ToLocalText(rotation->at)) +
              "\n";
    }
    if (list.erasures.empty()) text = "nothing was erased\n";
    if (waiting != 0) {
      text +=
          "Stop kapead, run `kapea-admin keys rotate`, make and verify a new backup, then "
          "destroy the keys files and backups of before.\n";
    }
    context_.say({{"erasures", lines}, {"waiting_for_rotation", waiting}}, text);
    return absl::OkStatus();
  }

  absl::Status Renew() {
    const Layout layout{context_.dir};
    KAPEA_ASSIGN(const Deployment deployment, Deployment::Read(layout.deployment_file()));
    KAPEA_ASSIGN(const KeysAt at, Keys());
    KAPEA_ASSIGN(const Time until, RenewServer(at, layout, deployment, context_.clock));
    context_.say({{"valid_until_ms", until.unix_ms()}},
                 "a new certificate for the server; start kapead again. It is valid until " +
                     field::ToLocalText(until));
    return absl::OkStatus();
  }

  KeysArguments arguments;

 private:
  absl::StatusOr<KeysAt> Keys() const {
    return FindKeys(Layout{context_.dir}, arguments.config, arguments.passphrase_file);
  }
  static nlohmann::ordered_json Names(const std::vector<HomeKind>& kinds) {
    auto names = nlohmann::ordered_json::array();
    for (const HomeKind kind : kinds) names.push_back(std::string(NameOf(kind)));
    return names;
  }
  static std::string Text(const std::vector<HomeKind>& kinds) {
    std::string text;
    for (const HomeKind kind : kinds) {
      text += (text.empty() ? "" : " and ") + std::string(NameOf(kind));
    }
    return text;
  }

  const CommandContext context_;
};

}  // namespace

void AddKeysCommands(CLI::App& app, const CommandContext& context) {
  const auto commands = std::make_shared<KeysCommands>(context);
  KeysArguments& arguments = commands->arguments;
  const auto add = [&](CLI::App& parent, const char* name, const char* help,
                       absl::Status (KeysCommands::*action)()) {
    CLI::App* const command = parent.add_subcommand(name, help);
    command->callback([commands, action, &run = context.run] {
      run = [commands, action]() -> absl::StatusOr<int> {
        KAPEA_TRY(((*commands).*action)());
        return 0;
      };
    });
    command->add_option("--config", arguments.config,
                        "kapead's configuration; default: server/kapead.textproto");
    command->add_option("--passphrase-file", arguments.passphrase_file,
                        "of the server's keys; default: as the configuration says");
    return command;
  };
  CLI::App* const keys = app.add_subcommand("keys", "where the server's keys are kept");
  keys->require_subcommand(1);
  add(*keys, "home", "say what opens the server's keys", &KeysCommands::Home);
  CLI::App* const move =
      add(*keys, "move", "seal the server's keys for another home", &KeysCommands::Move);
  move->add_option("--to", arguments.to, "passphrase, credential, pkcs11 or tpm")->required();
  move->add_flag("--no-passphrase", arguments.no_passphrase,
                 "the home alone opens them, without a passphrase beside it");
  move->add_option("--new-passphrase-file", arguments.new_passphrase_file,
                   "the passphrase from now on; default: as it was");
  CLI::App* const copy =
      add(*keys, "copy", "write a copy under a passphrase alone, for a safe", &KeysCommands::Copy);
  copy->add_option("--out", arguments.out, "the file to write")->required();
  copy->add_option("--new-passphrase-file", arguments.new_passphrase_file,
                   "the copy's passphrase; default: the terminal asks");
  add(*keys, "rotate", "give the store a new master key; stop kapead first", &KeysCommands::Rotate);
  add(*keys, "erasures", "what was erased, and whether old backups still open it",
      &KeysCommands::Erasures);
  add(app, "renew-server", "issue a new certificate for the server", &KeysCommands::Renew);
}

}  // namespace kapea::admin
