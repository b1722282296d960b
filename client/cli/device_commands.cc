// kapea enrol, unlock, lock, sync, whoami, file, help; `device` and more of `file` elsewhere
#include <filesystem>
#include <iostream>
#include <iterator>

#include "absl/strings/str_format.h"
#include "client/cli/agent.h"
#include "client/cli/commands.h"
#include "client/cli/exit_code.h"
#include "client/cli/passphrase.h"
#include "client/field/calendar.h"
#include "client/field/mismatch.h"
#include "client/field/names.h"
#include "client/link/enrol.h"
#include "client/link/grpc_transport.h"
#include "client/sync/sync_engine.h"
#include "client/vault/outbox.h"
#include "client/vault/replica.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/fingerprint.h"
#include "common/domain/roles.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr size_t kCodeBytesMax = 64 * 1024;

int Fail(const Options& options, const absl::Status& status, bool network) {
  if (options.json) std::cout << ToLine(ErrorJson(status, network));
  std::cerr << ErrorText(status, network);
  return ExitCodeFor(status, network);
}

void Say(const Options& options, const std::string& text, const json& object) {
  if (options.json) {
    std::cout << ToLine(object);
  } else {
    std::cout << text;
  }
}

// --- enrol ---

absl::StatusOr<std::string> ReadCode(const std::string& path) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  return ReadFile(path, kCodeBytesMax);
}

// The code works once: whatever can go wrong here is tried before it is used.
absl::Status CheckVaultPlace(const std::string& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory + "/head", error)) {
    return absl::AlreadyExistsError("there is a vault in this directory already");
  }
  std::filesystem::create_directories(directory, error);
  if (error) return absl::InvalidArgumentError("the vault's directory cannot be made");
  const std::string probe = directory + "/.writable";
  KAPEA_TRY(WriteFileAtomically(probe, "x", kPrivateFileMode));
  std::filesystem::remove(probe, error);
  return absl::OkStatus();
}

absl::Status Enrol(const Options& options, const std::string& code_path, json& object) {
  KAPEA_ASSIGN(std::string code, ReadCode(code_path));
  KAPEA_TRY(CheckVaultPlace(options.vault));
  KAPEA_ASSIGN(std::string passphrase, ReadPassphrase(options, true));
  const SystemClock clock;
  auto identity = link::Enrol(code, clock);
  Wipe(code);
  KAPEA_TRY(identity.status());
  if (!options.server.empty()) identity->server = options.server;
  const std::string device = identity->device.hex();
  const std::string role(domain::NameOf(identity->role));
  const auto made = vault::Vault::Create(options.vault, passphrase, *std::move(identity), clock);
  Wipe(passphrase);
  KAPEA_TRY(made.status());
  object = {{"device", device}, {"role", role}, {"vault", options.vault}};
  return absl::OkStatus();
}

int RunEnrol(const Options& options, const std::string& code) {
  json object;
  const absl::Status status = Enrol(options, code, object);
  if (!status.ok()) return Fail(options, status, true);
  Say(options,
      "enrolled as " + object["role"].get<std::string>() +
          "\n  next: kapea sync, once, to get the people and the forms\n",
      object);
  return kExitOk;
}

// --- unlock, lock ---

int RunUnlock(const Options& options, const std::string& idle_text) {
  const auto idle = field::ParseLength(idle_text);
  if (!idle.ok()) return Fail(options, idle.status(), false);
  AgentRequest probe;
  probe.words = {"whoami"};
  if (AskAgent(options.vault, probe)) {
    Say(options, "unlocked already\n", {{"unlocked", true}, {"already", true}});
    return kExitOk;
  }
  auto passphrase = ReadPassphrase(options, false);
  if (!passphrase.ok()) return Fail(options, passphrase.status(), false);
  const absl::Status started = StartAgent(options.vault, *std::move(passphrase), *idle);
  if (!started.ok()) return Fail(options, started, false);
  Say(options, "unlocked; locks itself after " + field::ToText(*idle) + " without use\n",
      {{"unlocked", true}, {"already", false}});
  return kExitOk;
}

int RunLock(const Options& options) {
  AgentRequest request;
  request.lock = true;
  const auto answer = AskAgent(options.vault, request);
  const bool was_open = answer.has_value();
  if (was_open && !answer->ok()) return Fail(options, answer->status(), false);
  Say(options, was_open ? "locked\n" : "it was locked\n",
      {{"locked", true}, {"was_unlocked", was_open}});
  return kExitOk;
}

// --- sync ---

absl::StatusOr<Result> RunSync(Session& session) {
  vault::Vault& vault = session.vault;
  KAPEA_ASSIGN(const auto transport, ConnectTo(session));
  sync::SyncEngine engine(vault, *transport);
  KAPEA_ASSIGN(sync::SyncReport report, engine.SyncNow(vault.clock().Now()));
  KAPEA_ASSIGN(const field::FactCheck facts, field::CompareFacts(vault, report.changed));
  if (facts.reported > 0 && report.caught_up) {
    KAPEA_ASSIGN(const sync::SyncReport again, engine.SyncNow(vault.clock().Now()));
    report.pushed += again.pushed;
    report.pulled += again.pulled;
    report.waiting = again.waiting;
  }
  if (link::RenewalDue(vault.identity(), vault.clock().Now())) {
    // An old certificate still works; the next sync tries again.
    link::Renew(vault, LastServerTime(vault)).IgnoreError();
  }
  // Beside sync: what cannot be compared now is compared by the next one.
  const auto duplicates = report.caught_up
                              ? CheckDuplicatesOver(session, *transport)
                              : absl::StatusOr<field::DuplicateCheck>(field::DuplicateCheck());
  Result result;
  json refusals = json::array();
  for (const std::string& sentence : report.refusals) refusals.push_back(sentence);
  if (!report.caught_up) return NotInContact(report);
  result.text = absl::StrFormat("sent %d, got %d, waiting %d\n", report.pushed, report.pulled,
                                report.waiting);
  if (report.waiting_attachments > 0) {
    result.text += absl::StrFormat("waiting: %d photos or documents\n", report.waiting_attachments);
  }
  for (const std::string& sentence : report.refusals) result.text += "[!] " + sentence + "\n";
  if (facts.reported > 0) {
    result.text += absl::StrFormat(
        "[!] %d facts differ from what is sealed beside them; their files' leads are told\n",
        facts.reported);
  }
  if (duplicates.ok()) result.text += TextOf(*duplicates);
  json verdicts = json::array();
  for (const sync::OwnVerdict& own : report.verdicts) {
    result.text +=
        "[!] an entry of yours has no effect: " + domain::FileState::Explain(own.verdict) + "\n";
    verdicts.push_back({{"file", own.file.hex()},
                        {"change", own.change.hex()},
                        {"verdict", domain::NameOf(own.verdict)}});
  }
  result.json = {{"sent", report.pushed},
                 {"received", report.pulled},
                 {"uploaded", report.uploaded},
                 {"waiting", report.waiting},
                 {"waiting_attachments", report.waiting_attachments},
                 {"verdicts", verdicts},
                 {"facts_compared", facts.compared},
                 {"facts_differing", facts.reported},
                 {"duplicates", duplicates.ok() ? JsonOf(*duplicates) : json()},
                 {"refusals", refusals},
                 {"incomplete", report.incomplete.size()}};
  return result;
}

// --- whoami, file list ---

absl::StatusOr<Result> RunWhoami(Session& session) {
  const vault::Identity& me = session.vault.identity();
  const auto directory = session.vault.directory();
  Result result;
  json roles = json::array();
  std::string words;
  const auto add = [&](const domain::RoleAt& at) {
    const std::string role(domain::NameOf(at.role));
    const std::string unit = field::UnitName(session.vault, at.unit);
    words += "  " + role + " at " + unit + "\n";
    roles.push_back({{"role", role}, {"unit", unit}, {"unit_id", at.unit.hex()}});
  };
  const auto* entry = directory->FindPerson(me.person);
  if (entry == nullptr || entry->roles.empty()) {
    add({me.role, me.unit});
  } else {
    for (const domain::RoleAt& at : entry->roles) add(at);
  }
  const uint64_t waiting = session.vault.outbox().waiting();
  const std::string time = field::ToLocalText(session.vault.clock().Now());
  result.text = absl::StrFormat(
      "person %s\ndevice %s\n%sserver %s\nwaiting to be sent: %d\n"
      "clock %s\n",
      me.person.hex().substr(0, 8), me.device.hex().substr(0, 8), words, me.server, waiting, time);
  const std::string number = crypto::Fingerprint(me.device_key.public_key());
  result.text += "number of this device " + number + "\n";
  json offers = json::array();
  const auto add_offers = [&](const char* whose, const std::vector<vault::OfferedKey>& made) {
    for (const vault::OfferedKey& offer : made) {
      const std::string offered = crypto::Fingerprint(offer.key.public_key());
      result.text += std::string("offered as the next key of ") + whose + ": " + offered + "\n";
      offers.push_back({{"of", whose}, {"generation", offer.generation}, {"number", offered}});
    }
  };
  add_offers("yours", me.person_offers);
  add_offers("your unit", me.unit_offers);
  if (entry == nullptr) result.text += "[!] the directory is not here yet: sync once\n";
  result.json = {{"person", me.person.hex()},
                 {"device", me.device.hex()},
                 {"deployment", me.deployment.hex()},
                 {"roles", roles},
                 {"server", me.server},
                 {"waiting", waiting},
                 {"number", number},
                 {"offers", offers},
                 {"in_directory", entry != nullptr}};
  return result;
}

absl::StatusOr<Result> RunFiles(Session& session) {
  Result result;
  json files = json::array();
  for (const vault::FileLine& line : session.vault.Files()) {
    const std::string code = field::CodeOf(line.file, line.kind);
    const std::string kind(domain::NameOf(line.kind));
    result.text += absl::StrFormat(
        "%-11s %-10s %4d%s%s%s\n", code, kind, line.number, line.drill ? "  DRILL" : "",
        line.waiting > 0 ? absl::StrFormat("  waiting: %d", line.waiting) : std::string(),
        line.incomplete ? "  INCOMPLETE" : "");
    files.push_back({{"file", line.file.hex()},
                     {"code", code},
                     {"kind", kind},
                     {"drill", line.drill},
                     {"number", line.number},
                     {"waiting", line.waiting},
                     {"incomplete", line.incomplete}});
  }
  if (files.empty()) result.text = "no file on this device yet\n";
  result.json = {{"files", files}};
  return result;
}

struct CertificateArgs {
  std::string certificate_file;
  std::string key_file;
};

// For other programs that speak to the server as this device. The TLS key opens nothing
// and signs no Change, but whoever has it can connect until it is renewed or revoked.
absl::StatusOr<Result> RunCertificate(Session& session, const CertificateArgs& args) {
  const vault::Identity& me = session.vault.identity();
  KAPEA_TRY(WriteFileAtomically(args.certificate_file, me.certificate_chain_pem, kPublicFileMode));
  KAPEA_TRY(WriteFileAtomically(args.key_file, me.tls_key_pem.view(), kPrivateFileMode));
  Result result;
  result.text = "certificate in " + args.certificate_file + ", its key in " + args.key_file +
                ": guard it, whoever has it can connect as this device\n";
  result.json = {{"certificate", args.certificate_file}, {"key", args.key_file}};
  return result;
}

}  // namespace

void AddDeviceCommands(CLI::App& app, Chosen& chosen) {
  {
    auto args = std::make_shared<CertificateArgs>();
    CLI::App* one = app.add_subcommand(
        "certificate", "Write this device's TLS certificate and key to files, for other programs");
    one->add_option("--out-certificate", args->certificate_file, "PEM, leaf first")->required();
    one->add_option("--out-key", args->key_file, "PEM, mode 0600")->required();
    one->callback([args, &chosen] {
      chosen.run = [args](Session& session) { return RunCertificate(session, *args); };
    });
  }
  {
    auto code = std::make_shared<std::string>();
    CLI::App* one = app.add_subcommand("enrol", "Make this device yours, with an enrolment code");
    one->add_option("--code", *code, "File with the code; - for standard input")->required();
    one->footer("Example:\n  kapea enrol --code code.txt");
    one->callback([code, &chosen] {
      chosen.alone = [code](const Options& options) { return RunEnrol(options, *code); };
    });
  }
  {
    auto idle = std::make_shared<std::string>("10m");
    CLI::App* one = app.add_subcommand("unlock", "Keep the vault open for the next commands");
    one->add_option("--idle", *idle, "Locks itself after so long without use")
        ->capture_default_str();
    one->callback([idle, &chosen] {
      chosen.alone = [idle](const Options& options) { return RunUnlock(options, *idle); };
    });
  }
  app.add_subcommand("lock", "Close the vault")->callback([&chosen] { chosen.alone = RunLock; });
  app.add_subcommand("sync", "Send and receive")->callback([&chosen] {
    chosen.run = RunSync;
    chosen.network = true;
  });
  app.add_subcommand("whoami", "Who this device is")->callback([&chosen] {
    chosen.run = RunWhoami;
  });
  AddOwnDevices(app, chosen);
  CLI::App* file = app.add_subcommand("file", "Files on this device");
  file->require_subcommand(1);
  file->add_subcommand("list", "All of them")->callback([&chosen] { chosen.run = RunFiles; });
  AddMemberCommands(*file, chosen);
  AddErasureCommands(*file, chosen);
  {
    auto topic = std::make_shared<std::string>();
    CLI::App* one = app.add_subcommand("help", "kapea help exit-codes");
    one->add_option("topic", *topic, "exit-codes")->required();
    one->callback([topic, &chosen] {
      chosen.alone = [topic](const Options& options) {
        if (*topic == "exit-codes") {
          std::cout << ExitCodePage();
          return kExitOk;
        }
        return Fail(options,
                    absl::InvalidArgumentError("want the topic exit-codes, got '" + *topic + "'"),
                    false);
      };
    });
  }
}

}  // namespace kapea::cli
