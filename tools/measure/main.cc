// kapea-bench: measures a Release kapead on this machine, with every check on. Started by
// tools/bench.
//
// Exit codes: 0 measured (with --check: and everything was reached); 1 a miss, or it could
// not be measured; 2 wrong arguments.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "common/base/macros.h"
#include "common/base/mutex.h"
#include "common/crypto/hash.h"
#include "common/rpc/tls_profile.h"
#include "tools/measure/case.h"
#include "tools/measure/deployment.h"
#include "tools/measure/floors.h"
#include "tools/measure/key_cases.h"
#include "tools/measure/search_cases.h"
#include "tools/measure/submit_cases.h"
#include "tools/measure/sync_cases.h"
#include "tools/measure/year_cases.h"

namespace kapea::bench {
namespace {

constexpr size_t kSubmitDevices = 64;
constexpr double kSettleMicros = 2e6;

struct Arguments {
  std::vector<std::string> cases;
  std::string packs = "common/packs/kh";
  std::string folder;
  bool check = false;
  bool keep = false;
  std::string floor_server;
};

std::string Footer() {
  std::string text =
      "One JSON line a case on standard output: {\"case\",\"value\",\"unit\",\"runs\",\"min\","
      "\"max\"}, value being the median; progress on standard error. Server, clients and floors "
      "share this machine. Parcels are signed before the clock starts in submit_*: that work "
      "is a device's own. Without a case, all:\n";
  for (const CaseInfo& info : Cases()) {
    text += std::string("  ") + info.name + ": " + info.what;
    if (info.wanted != CaseInfo::Wanted::kNone) {
      char limit[96];
      std::snprintf(limit, sizeof(limit), "; %s %g%s%s",
                    info.wanted == CaseInfo::Wanted::kAtLeast ? "at least" : "at most", info.factor,
                    info.of == nullptr ? "" : " of ", info.of == nullptr ? "" : info.of);
      text += limit;
    }
    text += "\n";
  }
  return text;
}

std::set<std::string> Names() {
  std::set<std::string> names;
  for (const CaseInfo& info : Cases()) names.insert(info.name);
  return names;
}

// The asked cases, and what they are compared with.
absl::StatusOr<std::set<std::string>> Wanted(const Arguments& arguments) {
  const std::set<std::string> all = Names();
  std::set<std::string> wanted(arguments.cases.begin(), arguments.cases.end());
  if (wanted.empty()) wanted = all;
  for (const std::string& name : wanted) {
    if (!all.contains(name)) return absl::InvalidArgumentError("there is no case " + name);
  }
  for (size_t before = 0; before != wanted.size();) {
    before = wanted.size();
    for (const CaseInfo& info : Cases()) {
      if (info.of != nullptr && wanted.contains(info.name)) wanted.insert(info.of);
    }
  }
  return wanted;
}

bool AnyOf(const std::set<std::string>& wanted, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (wanted.contains(name)) return true;
  }
  return false;
}

// Just started on a store that holds everything that was measured.
absl::Status MeasureIdle(BenchDeployment& deployment, std::vector<Result>& results) {
  deployment.StopServer();
  KAPEA_TRY(deployment.StartServer());
  const double until = NowMicros() + kSettleMicros;
  std::vector<double> samples;
  Mutex mutex;
  CondVar timer;
  while (NowMicros() < until) {
    MutexLock lock(mutex);
    timer.WaitFor(mutex, Duration::Milliseconds(200));
    samples.push_back(deployment.server().ResidentMb());
  }
  results.push_back({"memory_idle", "MB", std::move(samples)});
  return absl::OkStatus();
}

void PrintNew(const std::vector<Result>& results, size_t& printed) {
  for (; printed < results.size(); ++printed) {
    std::printf("%s\n", results[printed].ToJson().c_str());
  }
  std::fflush(stdout);
}

absl::StatusOr<int> Measure(const Arguments& arguments, const std::string& own) {
  KAPEA_ASSIGN(const std::set<std::string> wanted, Wanted(arguments));
  DeploymentOptions options;
  options.folder = arguments.folder;
  options.kapead = std::filesystem::path(own).parent_path().string() + "/kapead";
  options.packs = arguments.packs;
  options.devices = kSubmitDevices + kSyncDevices + kSearchDevices + kKeyDevices;
  Say("making a deployment of " + std::to_string(options.devices) + " devices");
  KAPEA_ASSIGN(const auto deployment, BenchDeployment::Make(options));
  std::vector<Result> results;
  size_t printed = 0;
  if (AnyOf(wanted, {"floor_echo_64", "floor_echo_1", "floor_c_64", "floor_rocksdb_sync_64",
                     "submit_64", "submit_64x16", "submit_1", "memory_load"})) {
    KAPEA_TRY(RunSubmitCases(*deployment, own, arguments.folder, wanted, results));
    PrintNew(results, printed);
  }
  if (AnyOf(wanted, {"push_10k", "pull_10k", "delta_10", "delta_10_pull", "delta_10_bytes_ratio",
                     "noop", "a_to_b", "vault_open_10k"})) {
    KAPEA_TRY(RunSyncCases(*deployment, kSubmitDevices, arguments.folder, wanted, results));
    PrintNew(results, printed);
  }
  if (AnyOf(wanted, {"search_10k", "search_first_10k", "search_build_10k"})) {
    KAPEA_TRY(RunSearchCases(*deployment, kSubmitDevices + kSyncDevices, arguments.folder, wanted,
                             results));
    PrintNew(results, printed);
  }
  if (AnyOf(wanted, {"seal_intake", "open_intake", "remove_200_files", "join_epoch", "unlock"})) {
    KAPEA_TRY(RunKeyCases(*deployment, kSubmitDevices + kSyncDevices + kSearchDevices,
                          arguments.folder, wanted, results));
    PrintNew(results, printed);
  }
  if (AnyOf(wanted, {"overdue_province", "overdue_province_folded", "reevaluate_10k",
                     "question_10k", "figures_10k", "national_report_10k"})) {
    KAPEA_TRY(RunYearCases(options.kapead, options.packs, arguments.folder, wanted, results));
    PrintNew(results, printed);
  }
  if (wanted.contains("memory_idle")) KAPEA_TRY(MeasureIdle(*deployment, results));
  PrintNew(results, printed);
  if (!arguments.check) return 0;
  const std::vector<std::string> misses = Misses(results);
  for (const std::string& miss : misses) Say("miss: " + miss);
  return misses.empty() ? 0 : 1;
}

int Run(int argc, char** argv) {
  CLI::App app("kapea-bench: measures Kapea on this machine", "kapea-bench");
  Arguments arguments;
  app.add_option("cases", arguments.cases, "cases to measure; default: all");
  app.add_flag("--check", arguments.check, "compare with what is to be reached; 1 when missed");
  app.add_option("--packs", arguments.packs, "folder of the national pack")->capture_default_str();
  app.add_option("--folder", arguments.folder, "scratch folder; default: one below TMPDIR");
  app.add_flag("--keep", arguments.keep, "leave the scratch folder");
  app.add_option("--floor-server", arguments.floor_server)->group("");
  app.footer(Footer());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (const absl::Status status = rpc::InstallTlsProfile(); !status.ok()) {
    std::fprintf(stderr, "kapea-bench: %s\n", std::string(status.message()).c_str());
    return 1;
  }
  if (!arguments.floor_server.empty()) return ServeFloors(arguments.floor_server);
  std::error_code error;
  if (arguments.folder.empty()) {
    arguments.folder = std::filesystem::temp_directory_path(error).string() + "/kapea-bench-" +
                       ToHex(crypto::RandomBytes(6));
  }
  const std::string own = std::filesystem::read_symlink("/proc/self/exe", error).string();
  const absl::StatusOr<int> code = Measure(arguments, own);
  if (!arguments.keep) std::filesystem::remove_all(arguments.folder, error);
  if (code.ok()) return *code;
  std::fprintf(stderr, "kapea-bench: %s\n", std::string(code.status().message()).c_str());
  return absl::IsInvalidArgument(code.status()) ? 2 : 1;
}

}  // namespace
}  // namespace kapea::bench

int main(int argc, char** argv) { return kapea::bench::Run(argc, argv); }
