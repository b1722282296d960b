#include "tools/admin/recovery_commands.h"

#include <memory>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/fingerprint.h"
#include "tools/admin/recovery.h"

namespace kapea::admin {
namespace {

using Json = nlohmann::ordered_json;

struct RecoveryArguments {
  std::string out, public_file, request, number;
  std::vector<std::string> sheets;
  unsigned threshold = 3, count = 5;
};

class RecoveryCommands {
 public:
  RecoveryCommands(const Arguments& program, const CommandContext& context)
      : program_(program), context_(context) {}

  absl::Status Create() {
    if (arguments.threshold > crypto::kSharesMax || arguments.count > crypto::kSharesMax) {
      return absl::InvalidArgumentError("want at most 16 sheets; nothing was written");
    }
    KAPEA_ASSIGN(const NewRecoveryKey made,
                 CreateRecoveryKey(arguments.out, static_cast<uint8_t>(arguments.threshold),
                                   static_cast<uint8_t>(arguments.count)));
    context_.say(
        {{"number", made.public_half.number()},
         {"public_file", made.public_file},
         {"sheets", made.sheets}},
        "a recovery key, number " + made.public_half.number() + "\nIts " +
            std::to_string(arguments.count) + " sheets and " + made.public_file +
            " are written; the key itself is nowhere.\n"
            "1. Print each sheet on a printer without a network, hand each to another holder, in\n"
            "   another organisation, and have its number compared with the one above.\n"
            "2. Have each holder type hers in once: kapea-admin recovery check - --public " +
            made.public_file +
            "\n3. Destroy the files of the sheets and this machine's disk or memory stick.\n"
            "4. Take " +
            made.public_file + " to the registrars: kapea-admin recovery propose.");
    return absl::OkStatus();
  }

  absl::Status Check() {
    KAPEA_ASSIGN(const RecoveryPublic half, Public());
    Json list = Json::array();
    std::string text;
    for (const std::string& path : arguments.sheets) {
      KAPEA_ASSIGN(const crypto::Share share, ReadSheet(path));
      KAPEA_TRY(CheckShare(share, half));
      list.push_back({{"sheet", share.index}, {"of", share.count}, {"needed", share.threshold}});
      text += "sheet " + std::to_string(share.index) + " of " + std::to_string(share.count) +
              " is whole and belongs to this key\n";
    }
    text += "number " + half.number();
    context_.say({{"number", half.number()}, {"sheets", list}}, text);
    return absl::OkStatus();
  }

  absl::Status Propose() {
    KAPEA_ASSIGN(const RecoveryPublic half, Public());
    KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(program_, context_.clock));
    KAPEA_ASSIGN(const uint32_t generation, EnterRecoveryKey(registrars, half, arguments.number));
    context_.say({{"generation", generation}, {"number", half.number()}},
                 "recovery key " + std::to_string(generation) + ", number " + half.number() +
                     ", is in the directory. Files are given to it when their leads sync." +
                     (generation == 1 ? ""
                                      : "\nWhat health workers alone can read stays with the "
                                        "sheets of before where it is old: keep them locked "
                                        "away, docs/keys.md says until when."));
    return absl::OkStatus();
  }

  absl::Status Show() {
    KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(program_, context_.clock));
    const auto directory = registrars.proposer().vault().directory();
    const domain::UnitEntry* key = directory->RecoveryKey();
    if (key == nullptr) {
      context_.say({{"generation", 0}}, "there is no recovery key: what is lost stays lost");
      return absl::OkStatus();
    }
    const std::string number = crypto::Fingerprint(key->receive_key);
    context_.say({{"generation", key->generation}, {"number", number}},
                 "recovery key " + std::to_string(key->generation) + ", number " + number);
    return absl::OkStatus();
  }

  absl::Status Open() {
    KAPEA_ASSIGN(const std::string request, ReadFile(arguments.request, codec::kRecoveryBytesMax));
    std::vector<crypto::Share> shares;
    for (const std::string& path : arguments.sheets) {
      KAPEA_ASSIGN(shares.emplace_back(), ReadSheet(path));
    }
    KAPEA_ASSIGN(const OpenedRequest opened, OpenRequest(request, shares, arguments.number));
    KAPEA_TRY(WriteFileAtomically(arguments.out, opened.bytes, kPrivateFileMode));
    const size_t keys = opened.recovered.answer.keys.size();
    std::string text = arguments.out + " gives " + std::to_string(keys) + " keys of " +
                       std::to_string(opened.files) + " files to person " +
                       opened.request.person.hex().substr(0, 8) + " alone, because " +
                       opened.request.reason;
    if (opened.recovered.of_other_key > 0) {
      text += "\n" + std::to_string(opened.recovered.of_other_key) +
              " keys were given to another recovery key: they want the sheets of that one";
    }
    if (opened.recovered.damaged > 0) {
      text += "\n" + std::to_string(opened.recovered.damaged) +
              " keys in the request are not what they say; they were left out";
    }
    text +=
        "\nTake it to her. Then switch this machine off, and make a new recovery key: this one "
        "was whole for a moment.";
    context_.say({{"answer", arguments.out},
                  {"person", opened.request.person.hex()},
                  {"reason", opened.request.reason},
                  {"keys", keys},
                  {"files", opened.files},
                  {"of_other_key", opened.recovered.of_other_key},
                  {"damaged", opened.recovered.damaged}},
                 text);
    return absl::OkStatus();
  }

  RecoveryArguments arguments;

 private:
  absl::StatusOr<RecoveryPublic> Public() const {
    KAPEA_ASSIGN(const std::string text, ReadFile(arguments.public_file, kRecoveryPublicBytesMax));
    return RecoveryPublic::Decode(text);
  }

  const Arguments& program_;
  const CommandContext context_;
};

}  // namespace

void AddRecoveryCommands(CLI::App& app, const Arguments& arguments, const CommandContext& context) {
  const auto commands = std::make_shared<RecoveryCommands>(arguments, context);
  RecoveryArguments& a = commands->arguments;
  CLI::App* const group = app.add_subcommand(
      "recovery", "the recovery key: for files whose keys no device holds any more");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help,
                       absl::Status (RecoveryCommands::*action)()) {
    CLI::App* const command = group->add_subcommand(name, help);
    command->callback([commands, action, &run = context.run] {
      run = [commands, action]() -> absl::StatusOr<int> {
        KAPEA_TRY(((*commands).*action)());
        return 0;
      };
    });
    return command;
  };
  CLI::App* const create =
      add("create", "make a key, its share sheets and its public half; without a network",
          &RecoveryCommands::Create);
  create->add_option("--out", a.out, "a new folder for the sheets")->required();
  create->add_option("--threshold", a.threshold, "sheets that are needed")->capture_default_str();
  create->add_option("--shares", a.count, "sheets that are made")->capture_default_str();
  CLI::App* const check = add("check", "check sheets against the public half; without a network",
                              &RecoveryCommands::Check);
  check->add_option("sheets", a.sheets, "files of sheets; - to type one in")->required();
  check->add_option("--public", a.public_file, "the public half")->required();
  CLI::App* const propose =
      add("propose", "let it be the recovery key (two registrars)", &RecoveryCommands::Propose);
  propose->add_option("public", a.public_file, "the public half")->required();
  propose->add_option("--number", a.number, "the number of the key, as the sheets have it")
      ->required();
  add("show", "the recovery key that is in force", &RecoveryCommands::Show);
  CLI::App* const open = add("open", "put the key together and answer a request; without a network",
                             &RecoveryCommands::Open);
  open->add_option("sheets", a.sheets, "files of sheets; - to type one in")->required();
  open->add_option("--request", a.request, "what kapea recovery request wrote")->required();
  open->add_option("--number", a.number, "the number that its asker read to you")->required();
  open->add_option("--out", a.out, "the answer's file")->required();
}

}  // namespace kapea::admin
