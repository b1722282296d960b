#include "tools/measure/year_cases.h"

#include <algorithm>
#include <map>

#include "client/link/grpc_transport.h"
#include "client/link/query.h"
#include "common/base/macros.h"
#include "tools/measure/device_load.h"
#include "tools/measure/life.h"

namespace kapea::bench {
namespace {

constexpr size_t kFiles = 10'000;
constexpr size_t kProvinces = 25;
constexpr size_t kQuestions = 40;
constexpr size_t kBatch = 8;         // lives made before they are sent, for each device
constexpr size_t kRowsAsked = 1000;  // of a list, as `kapea query --server` does
constexpr char kProvince[] = "12";

class YearCases {
 public:
  explicit YearCases(BenchDeployment& deployment) : deployment_(deployment) {}

  // 400 files in each province, whose persons arrived over the last year.
  absl::Status Populate() {
    std::vector<ParcelMaker> makers;
    for (size_t i = 0; i < kProvinces; ++i) {
      makers.emplace_back(deployment_, deployment_.devices()[i]);
      KAPEA_ASSIGN(channels_.emplace_back(), deployment_.Open(deployment_.devices()[i]));
    }
    std::vector<std::vector<LifeRecord>> lives;
    for (size_t i = 0; i < kLives; ++i) {
      KAPEA_ASSIGN(lives.emplace_back(), LifeOf(deployment_.pack(), i));
    }
    const Time now = deployment_.clock().Now();
    for (size_t file = 0; file < kFiles;) {
      std::vector<std::vector<v1::PushRequest>> requests(kProvinces);
      for (size_t i = 0; i < kBatch && file < kFiles; ++i) {
        for (size_t device = 0; device < kProvinces && file < kFiles; ++device, ++file) {
          const Time arrival = now - Duration::Hours(24 * static_cast<int64_t>(file % 365));
          KAPEA_ASSIGN(const codec::Parcel parcel,
                       makers[device].Life(lives[file % kLives], arrival));
          requests[device].push_back(RequestOf(parcel));
        }
      }
      KAPEA_TRY(RunPushes(channels_, requests, CheckAccepted).status());
      if (file % 2000 == 0) Say(std::to_string(file) + " persons' files");
    }
    return absl::OkStatus();
  }

  absl::Status Rebuild(std::vector<Result>& results) {
    deployment_.StopServer();
    const double began = NowMicros();
    KAPEA_TRY(deployment_.RunServer("--rebuild"));
    results.push_back({"reevaluate_10k", "s", {(NowMicros() - began) / 1e6}});
    return deployment_.StartServer();
  }

  absl::Status Ask(std::vector<Result>& results) {
    const vault::Identity asker = deployment_.IdentityOf(deployment_.devices().back());
    KAPEA_ASSIGN(const auto transport,
                 link::GrpcTransport::Connect(asker, deployment_.clock(), Time()));
    link::ComplianceCall call;
    call.province = kProvince;
    call.statuses = {domain::FindingStatus::kOverdue};
    const auto ask = [&] { return link::AskCompliance(*transport, asker.server, call); };
    Result kept{"overdue_province", "ms", {}};
    KAPEA_ASSIGN(const auto first, ask());  // connects
    for (size_t i = 0; i < kQuestions; ++i) {
      const double began = NowMicros();
      KAPEA_ASSIGN(const auto answer, ask());
      kept.runs.push_back((NowMicros() - began) / 1e3);
    }
    // The same by folding every file.
    call.statuses.push_back(domain::FindingStatus::kMet);
    const double began = NowMicros();
    KAPEA_ASSIGN(auto folded, ask());
    results.push_back({"overdue_province_folded", "ms", {(NowMicros() - began) / 1e3}});
    std::erase_if(folded.findings, [](const codec::ToldFinding& told) {
      return told.finding.status != domain::FindingStatus::kOverdue;
    });
    Say(std::to_string(first.findings.size()) + " overdue findings in province " + kProvince);
    if (folded.findings.size() != first.findings.size() || first.findings.empty()) {
      return absl::DataLossError("what is kept and what is folded differ");
    }
    results.push_back(std::move(kept));
    return absl::OkStatus();
  }

  // Every question and indicator over all files: the slowest, and all together.
  absl::Status Count(std::vector<Result>& results) {
    const vault::Identity asker = deployment_.IdentityOf(deployment_.devices().back());
    KAPEA_ASSIGN(const auto transport,
                 link::GrpcTransport::Connect(asker, deployment_.clock(), Time()));
    Result slowest{"question_10k", "ms", {}};
    Result together{"figures_10k", "s", {0}};
    std::string named;
    for (const domain::Measure& measure : deployment_.pack().measures) {
      link::MeasureCall call;
      call.ask = {measure.kind, {measure.id}};
      call.rows_max = kRowsAsked;
      const double began = NowMicros();
      KAPEA_ASSIGN(const auto reply, link::AskMeasures(*transport, asker.server, call));
      const double took = (NowMicros() - began) / 1e3;
      if (reply.files != kFiles) return absl::DataLossError("some files were not looked at");
      if (slowest.runs.empty() || took > slowest.runs[0]) {
        slowest.runs = {took};
        named = measure.id;
      }
      together.runs[0] += took / 1e3;
    }
    Say("the slowest of " + std::to_string(deployment_.pack().measures.size()) + " measures is " +
        named);
    results.push_back(std::move(slowest));
    results.push_back(std::move(together));
    return CountNational(*transport, asker, results);
  }

  // What the report of the national committee asks, as it asks it: all indicators of victims and
  // of justice, by sex and age where they have them, one call for those that are alike.
  absl::Status CountNational(link::GrpcTransport& transport, const vault::Identity& asker,
                             std::vector<Result>& results) {
    std::map<std::vector<std::string>, std::vector<std::string>> alike;
    for (const domain::Measure& measure : deployment_.pack().measures) {
      if (!measure.id.starts_with("I-V") && !measure.id.starts_with("I-J")) continue;
      std::vector<std::string> by;
      for (const char* dimension : {"sex", "age"}) {
        const bool has =
            std::find(measure.by.begin(), measure.by.end(), dimension) != measure.by.end();
        if (has) by.emplace_back(dimension);
      }
      alike[by].push_back(measure.id);
    }
    const double began = NowMicros();
    for (const auto& [by, measures] : alike) {
      link::MeasureCall call;
      call.ask = {domain::MeasureKind::kIndicator, measures, {}, {}, by};
      KAPEA_TRY(link::AskMeasures(transport, asker.server, call).status());
    }
    results.push_back({"national_report_10k", "s", {(NowMicros() - began) / 1e6}});
    return absl::OkStatus();
  }

 private:
  BenchDeployment& deployment_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
};

}  // namespace

absl::Status RunYearCases(const std::string& kapead, const std::string& packs,
                          const std::string& folder, const std::set<std::string>& wanted,
                          std::vector<Result>& results) {
  DeploymentOptions options;
  options.folder = folder + "/year";
  options.kapead = kapead;
  options.packs = packs;
  options.provinces = kProvinces;
  options.devices = kProvinces + 1;
  Say("making a country of 25 provinces");
  KAPEA_ASSIGN(const auto deployment, BenchDeployment::Make(options));
  YearCases year(*deployment);
  KAPEA_TRY(year.Populate());
  std::vector<Result> all;
  KAPEA_TRY(year.Rebuild(all));
  KAPEA_TRY(year.Ask(all));
  KAPEA_TRY(year.Count(all));
  for (Result& result : all) {
    if (wanted.contains(result.name)) results.push_back(std::move(result));
  }
  return absl::OkStatus();
}

}  // namespace kapea::bench
