// kapea-admin: makes and keeps a deployment. `kapea-admin help` and docs/kapea-admin.md.
//
// Exit codes: 0 done; 1 failed, nothing was changed unless the message says otherwise;
// 2 wrong arguments; 3 mistakes in a pack.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/protobuf_log.h"
#include "common/crypto/secret.h"
#include "common/domain/roles.h"
#include "tools/admin/arguments.h"
#include "tools/admin/config.h"
#include "tools/admin/deployment.h"
#include "tools/admin/gazetteer.h"
#include "tools/admin/init.h"
#include "tools/admin/keys_commands.h"
#include "tools/admin/offers.h"
#include "tools/admin/packs.h"
#include "tools/admin/people.h"
#include "tools/admin/recovery_commands.h"
#include "tools/admin/registrars.h"

namespace kapea::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kMistakes = 3;
constexpr size_t kSignedPackBytesMax = 16 << 20;

absl::Status RunInit(const Arguments& arguments, const Clock& clock) {
  InitOptions options;
  options.directory = arguments.dir;
  options.server = arguments.server;
  options.hosts = arguments.hosts;
  if (options.hosts.empty()) options.hosts = {"kapea-server", "localhost", "127.0.0.1"};
  KAPEA_ASSIGN(options.server_passphrase, ReadPassphrase(arguments.passphrase_file));
  for (int i = 1; i <= kRegistrars; ++i) {
    KAPEA_ASSIGN(const std::string file, PassphraseFileOf(arguments, i));
    KAPEA_ASSIGN(options.registrar_passphrases[static_cast<size_t>(i) - 1], ReadPassphrase(file));
  }
  KAPEA_ASSIGN(const Deployment deployment, Init(options, clock, [&](const std::string& line) {
                 if (!arguments.json) std::cout << line << "\n" << std::flush;
               }));
  Say(arguments,
      {{"deployment", deployment.id.hex()},
       {"log_key", deployment.log_key},
       {"genesis", deployment.genesis.hex()}},
      "deployment " + deployment.id.hex() +
          " is ready.\nTake ca/root.key to a safe place away from this machine.");
  return absl::OkStatus();
}

absl::Status RunServeConfig(const Arguments& arguments) {
  const Layout layout{arguments.dir};
  KAPEA_ASSIGN(const Deployment deployment, Deployment::Read(layout.deployment_file()));
  ServeOptions options;
  options.listen = arguments.listen.empty() ? deployment.server : arguments.listen;
  options.passphrase_file = arguments.passphrase_file;
  options.metrics = arguments.metrics;
  KAPEA_TRY(WriteServerConfig(layout, options));
  Say(arguments, {{"config", layout.server_config()}},
      "start the server with: kapead --config " + layout.server_config());
  return absl::OkStatus();
}

absl::Status RunUnitAdd(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(const domain::UnitKind kind, ParseUnitKind(arguments.unit_kind));
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  KAPEA_ASSIGN(const UnitId unit,
               AddUnit(registrars, {kind, arguments.unit_code, arguments.unit_province}));
  Say(arguments, {{"unit", unit.hex()}, {"code", arguments.unit_code}},
      "unit " + arguments.unit_code + " is in the directory");
  return absl::OkStatus();
}

absl::Status RunUnitList(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  Json list = Json::array();
  std::string text;
  for (const domain::UnitEntry* unit : registrars.proposer().vault().directory()->Units()) {
    const std::string kind(domain::NameOf(unit->kind));
    list.push_back({{"unit", unit->unit.hex()},
                    {"code", unit->code},
                    {"kind", kind},
                    {"province", unit->province},
                    {"has_key", unit->generation > 0}});
    text += unit->code + "  " + kind +
            (unit->province.empty() ? "" : "  province " + unit->province) +
            (unit->generation > 0 ? "" : "  (no key yet)") + "\n";
  }
  Say(arguments, list, text.substr(0, text.empty() ? 0 : text.size() - 1));
  return absl::OkStatus();
}

absl::Status RunEnrol(const Arguments& arguments, const Clock& clock) {
  const Layout layout{arguments.dir};
  KAPEA_ASSIGN(const Deployment deployment, Deployment::Read(layout.deployment_file()));
  std::optional<PersonId> person;
  if (!arguments.person.empty()) {
    KAPEA_ASSIGN(person, PersonId::FromHexText(arguments.person));
  }
  std::vector<RoleText> roles;
  for (const std::string& text : arguments.roles) {
    KAPEA_ASSIGN(roles.emplace_back(), RoleText::Parse(text));
  }
  if (person.has_value() == !roles.empty()) {
    return absl::InvalidArgumentError(
        "want --role for a new person, or --person for another device of a known one");
  }
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  KAPEA_ASSIGN(const NewCode code,
               MakeEnrolmentCode(registrars, deployment, layout, person, roles));
  if (arguments.out.empty()) {
    std::cout << code.text.view() << "\n";
    return absl::OkStatus();
  }
  KAPEA_TRY(WriteFileAtomically(arguments.out, code.text.view(), kPrivateFileMode));
  Say(arguments,
      {{"code_file", arguments.out},
       {"person", code.person.hex()},
       {"expires", ToIso8601(code.expires)}},
      "the code is in " + arguments.out + " and works once, until " + ToIso8601(code.expires));
  return absl::OkStatus();
}

absl::Status RunDevices(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  KAPEA_ASSIGN(const std::vector<DeviceRow> rows, ListDevices(registrars));
  Json list = Json::array();
  std::string text;
  for (const DeviceRow& row : rows) {
    const char* state = row.pending ? "pending" : row.device.revoked ? "revoked" : "enrolled";
    std::string roles;
    for (const domain::RoleAt& at : row.person.roles) {
      roles += (roles.empty() ? "" : ",") + std::string(domain::NameOf(at.role));
    }
    list.push_back({{"device", row.device.device.hex()},
                    {"person", row.person.person.hex()},
                    {"state", state},
                    {"roles", roles},
                    {"certificate_expires", ToIso8601(row.certificate_expires)},
                    {"changes", row.last_sequence}});
    text += row.device.device.hex() + "  " + state + "  " + roles + "\n";
  }
  Say(arguments, list, text.substr(0, text.empty() ? 0 : text.size() - 1));
  return absl::OkStatus();
}

absl::Status RunApprove(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  std::vector<DeviceId> devices;
  if (arguments.device == "all") {
    KAPEA_ASSIGN(const std::vector<DeviceRow> rows, ListDevices(registrars));
    for (const DeviceRow& row : rows) {
      if (row.pending) devices.push_back(row.device.device);
    }
  } else {
    KAPEA_ASSIGN(devices.emplace_back(), DeviceId::FromHexText(arguments.device));
  }
  for (const DeviceId& device : devices) {
    KAPEA_TRY(ApproveDevice(registrars, device));
    Say(arguments, {{"device", device.hex()}, {"state", "enrolled"}},
        "device " + device.hex() + " is in the directory");
  }
  if (devices.empty()) Say(arguments, {{"approved", 0}}, "no device waits for approval");
  return absl::OkStatus();
}

absl::Status RunRevoke(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(const DeviceId device, DeviceId::FromHexText(arguments.device));
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  KAPEA_TRY(RevokeDevice(registrars, device));
  Say(arguments, {{"device", device.hex()}, {"state", "revoked"}},
      "device " + device.hex() +
          " is revoked. What it held while it was unlocked stays readable to whoever has it.");
  return absl::OkStatus();
}

Json ToJson(const PackSummary& summary) {
  return {{"id", summary.id},
          {"version", summary.version},
          {"forms", summary.forms},
          {"items", summary.items},
          {"fields", summary.fields},
          {"clauses", summary.clauses},
          {"documented", summary.documented},
          {"unverified", summary.unverified},
          {"proposed", summary.proposed}};
}

std::string ToText(const PackSummary& summary) {
  return "pack " + summary.id + " version " + std::to_string(summary.version) + ": " +
         std::to_string(summary.forms) + " forms, " + std::to_string(summary.items) +
         " checklist items, " + std::to_string(summary.fields) + " fields, " +
         std::to_string(summary.clauses) + " clauses (" + std::to_string(summary.documented) +
         " documented, " + std::to_string(summary.unverified) + " unverified, " +
         std::to_string(summary.proposed) + " proposed)";
}

absl::StatusOr<int> RunPackCheck(const Arguments& arguments) {
  KAPEA_ASSIGN(const CheckedPack checked, CheckPack(arguments.files));
  if (checked.mistakes.empty()) {
    Say(arguments, ToJson(checked.summary), ToText(checked.summary));
    return 0;
  }
  for (const std::string& mistake : checked.mistakes) std::cerr << mistake << "\n";
  std::cerr << checked.mistakes.size() << " mistakes; nothing was written\n";
  return kMistakes;
}

absl::StatusOr<int> RunGazetteer(const Arguments& arguments) {
  KAPEA_ASSIGN(const Gazetteer read, ReadGazetteer(arguments.files.at(0), arguments.villages));
  if (!read.mistakes.empty()) {
    for (const std::string& mistake : read.mistakes) std::cerr << mistake << "\n";
    std::cerr << read.mistakes.size() << " mistakes; nothing was written\n";
    return kMistakes;
  }
  KAPEA_TRY(WriteFileAtomically(arguments.out, read.textproto, kPublicFileMode));
  Say(arguments,
      {{"pack_file", arguments.out},
       {"provinces", read.provinces},
       {"districts", read.districts},
       {"communes", read.communes},
       {"villages", read.villages},
       {"padded", read.padded}},
      Words(read) + "; written: " + arguments.out);
  return 0;
}

absl::Status RunPackSign(const Arguments& arguments) {
  const std::string key =
      arguments.key.empty() ? Layout{arguments.dir}.pack_owner_key() : arguments.key;
  KAPEA_ASSIGN(const std::string bytes, SignPackFiles(arguments.files, key));
  KAPEA_TRY(WriteFileAtomically(arguments.out, bytes, kPublicFileMode));
  Say(arguments, {{"signed_pack", arguments.out}}, "signed: " + arguments.out);
  return absl::OkStatus();
}

absl::Status RunPackPublish(const Arguments& arguments, const Clock& clock) {
  KAPEA_ASSIGN(const std::string bytes, ReadFile(arguments.files.at(0), kSignedPackBytesMax));
  KAPEA_ASSIGN(TwoRegistrars registrars, OpenRegistrars(arguments, clock));
  KAPEA_ASSIGN(const PackSummary summary, PublishPack(registrars.proposer(), bytes));
  Say(arguments, ToJson(summary), "published: " + ToText(summary));
  return absl::OkStatus();
}

// The command line, and what each command does.
class Program {
 public:
  Program() : app_("kapea-admin: makes and keeps a Kapea deployment", "kapea-admin") {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.add_option("--dir", a_.dir, "the deployment's directory")->capture_default_str();
    app_.add_flag("--json", a_.json, "one JSON value a result");
    app_.add_option("--registrar-passphrase-file", a_.registrar_passphrase_files,
                    "passphrases of the registrars' vaults: once for all, or three times");
    app_.add_option("--proposer", a_.proposer, "registrar who proposes (1 to 3)");
    app_.add_option("--approver", a_.approver, "registrar who approves (1 to 3)");
    AddDeployment();
    AddPeople();
    AddPacks();
    AddGazetteer();
    const CommandContext context{
        a_.dir, clock_, [this](const Json& json, const std::string& text) { Say(a_, json, text); },
        run_};
    AddKeysCommands(app_, context);
    AddRecoveryCommands(app_, a_, context);
  }

  int Run(int argc, char** argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error) == 0 ? 0 : kUsage;
    }
    const absl::StatusOr<int> code = run_();
    if (code.ok()) return *code;
    std::cerr << "kapea-admin: " << std::string(code.status().message()) << "\n";
    return absl::IsInvalidArgument(code.status()) ? kUsage : kFailed;
  }

 private:
  using Action = std::function<absl::Status()>;
  CLI::App* Command(CLI::App& parent, const char* name, const char* help, Action action) {
    CLI::App* command = parent.add_subcommand(name, help);
    command->callback([this, action = std::move(action)] {
      run_ = [action]() -> absl::StatusOr<int> {
        KAPEA_TRY(action());
        return 0;
      };
    });
    return command;
  }

  void AddDeployment() {
    CLI::App* init = Command(app_, "init", "make a new deployment in an empty directory",
                             [this] { return RunInit(a_, clock_); });
    init->add_option("--server", a_.server, "host:port that devices will use");
    init->add_option("--host", a_.hosts, "names and addresses in the server's certificate");
    init->add_option("--passphrase-file", a_.passphrase_file, "for the server's keys")->required();
    CLI::App* config = Command(app_, "serve-config", "write the server's configuration",
                               [this] { return RunServeConfig(a_); });
    config->add_option("--listen", a_.listen, "address:port to serve; default: as told to init");
    config->add_option("--passphrase-file", a_.passphrase_file, "default: kapead asks");
    config->add_option("--metrics", a_.metrics, "127.0.0.1:port or unix:/path; default: none");
  }

  void AddPeople() {
    CLI::App* unit = app_.add_subcommand("unit", "units of the directory");
    unit->require_subcommand(1);
    CLI::App* add = Command(*unit, "add", "add a unit (two registrars)",
                            [this] { return RunUnitAdd(a_, clock_); });
    add->add_option("--code", a_.unit_code, "short, A-Z 0-9 -; no name, no place")->required();
    add->add_option("--kind", a_.unit_kind, "police, shelter, social_affairs, ...")->required();
    add->add_option("--province", a_.unit_province, "two digits, like 12; left out: the country");
    Command(*unit, "list", "list the units", [this] { return RunUnitList(a_, clock_); });

    CLI::App* enrol = Command(app_, "enrol", "make a one-time enrolment code",
                              [this] { return RunEnrol(a_, clock_); });
    enrol->add_option("--role", a_.roles, "role@UNIT of a new person; may be given again");
    enrol->add_option("--person", a_.person, "id of a known person, for another device");
    enrol->add_option("--out", a_.out, "file for the code (mode 0600); default: the terminal");
    Command(app_, "devices", "list devices, also those that wait for approval",
            [this] { return RunDevices(a_, clock_); });
    Command(app_, "approve", "put a device into the directory (two registrars)",
            [this] { return RunApprove(a_, clock_); })
        ->add_option("device", a_.device, "device id, or \"all\" that wait")
        ->required();
    Command(app_, "revoke", "shut a device out, at once and for ever (two registrars)",
            [this] { return RunRevoke(a_, clock_); })
        ->add_option("device", a_.device, "device id")
        ->required();
    Command(app_, "offers", "list keys that are offered, as long as they wait",
            [this] { return RunOffers(a_, clock_); });
    Command(app_, "approve-offer", "let an offered key be somebody's next (two registrars)",
            [this] { return RunApproveOffer(a_, clock_); })
        ->add_option("offer", a_.offer, "offer id, or \"all\" that wait")
        ->required();
  }

  void AddPacks() {
    CLI::App* pack = app_.add_subcommand("pack", "forms, checklists and standards");
    pack->require_subcommand(1);
    CLI::App* check = pack->add_subcommand("check", "check textproto files that make one pack");
    check->callback([this] { run_ = [this] { return RunPackCheck(a_); }; });
    check->add_option("files", a_.files, "files, or a directory of them")->required();
    CLI::App* sign = Command(*pack, "sign", "check and sign", [this] { return RunPackSign(a_); });
    sign->add_option("files", a_.files, "files, or a directory of them")->required();
    sign->add_option("--key", a_.key, "the owner's key; default: packs/owner.key");
    sign->add_option("--out", a_.out, "the signed pack")->required();
    Command(*pack, "publish", "publish a signed pack through the ledger",
            [this] { return RunPackPublish(a_, clock_); })
        ->add_option("file", a_.files, "the signed pack")
        ->required()
        ->expected(1);
  }

  void AddGazetteer() {
    CLI::App* gazetteer = app_.add_subcommand("gazetteer", "places of the country");
    gazetteer->require_subcommand(1);
    CLI::App* table = gazetteer->add_subcommand(
        "import", "make a code list of a CSV file: code,level,parent,name_km,name_latin");
    table->callback([this] { run_ = [this] { return RunGazetteer(a_); }; });
    table->add_option("file", a_.files, "the CSV file")->required()->expected(1);
    table->add_option("--out", a_.out, "the pack file to write: packs/kh/gazetteer.textproto")
        ->required();
    table->add_flag("--villages", a_.villages, "villages too; phones then hold 15,000 names");
  }

  const SystemClock clock_;
  Arguments a_;
  CLI::App app_;
  std::function<absl::StatusOr<int>()> run_;
};

}  // namespace
}  // namespace kapea::admin

int main(int argc, char** argv) {
  kapea::crypto::HardenProcess();
  kapea::codec::QuietProtobuf();
  return kapea::admin::Program().Run(argc, argv);
}
