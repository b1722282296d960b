#include "tools/measure/case.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/macros.h"

namespace kapea::bench {
namespace {

// Three digits after the point are more than any of these figures is good for.
double Rounded(double value) { return static_cast<double>(std::llround(value * 1000)) / 1000; }

std::string Wants(const CaseInfo& info, double limit) {
  const char* word = info.wanted == CaseInfo::Wanted::kAtLeast ? "at least " : "at most ";
  std::string text = std::string("want ") + word + nlohmann::json(Rounded(limit)).dump();
  if (info.of != nullptr) {
    text += " (" + nlohmann::json(info.factor).dump() + " of " + info.of + ")";
  }
  return text;
}

}  // namespace

double Quantile(std::vector<double>& figures, double part) {
  KAPEA_CHECK(!figures.empty());
  std::sort(figures.begin(), figures.end());
  const auto at = static_cast<size_t>(std::lround(part * static_cast<double>(figures.size() - 1)));
  return figures[at];
}

double Result::Median() const {
  std::vector<double> sorted = runs;
  return Quantile(sorted, 0.5);
}
double Result::Min() const { return *std::min_element(runs.begin(), runs.end()); }
double Result::Max() const { return *std::max_element(runs.begin(), runs.end()); }

std::string Result::ToJson() const {
  nlohmann::ordered_json json;
  json["case"] = name;
  json["value"] = Rounded(Median());
  json["unit"] = unit;
  json["runs"] = runs.size();
  json["min"] = Rounded(Min());
  json["max"] = Rounded(Max());
  return json.dump();
}

const std::vector<CaseInfo>& Cases() {
  using Wanted = CaseInfo::Wanted;
  static const std::vector<CaseInfo> kCases = {
      {"floor_echo_64", "bare gRPC over mutual TLS: 2 KB echoed, 64 clients on 64 connections"},
      {"floor_echo_1", "the same, one client: median time"},
      {"floor_c_64",
       "bare gRPC over mutual TLS, each 2 KB sealed and synced in groups by one thread, 64 "
       "connections; below 0.6 of floor_echo_64 the run counts for nothing",
       Wanted::kAtLeast, 0.6, "floor_echo_64"},
      {"floor_rocksdb_sync_64", "64 threads put 2 KB each into RocksDB, synced"},
      {"submit_64", "intake Changes, 64 devices on 64 connections, one in flight each",
       Wanted::kAtLeast, 0.6, "floor_c_64"},
      {"submit_64x16", "the same in parcels of 16", Wanted::kAtLeast, 2, "floor_c_64"},
      {"submit_1", "one device: median time of one Change", Wanted::kAtMost, 4, "floor_echo_1"},
      {"push_10k", "10,000 waiting Changes leave a vault, receipts verified, both ends synced",
       Wanted::kAtMost, 0.5},
      {"pull_10k", "10,000 Changes reach an empty vault, verified and synced", Wanted::kAtMost,
       0.5},
      {"delta_10", "ten new Changes out of a vault of 10,000", Wanted::kAtMost, 3},
      {"delta_10_pull", "the same ten into the other vault of 10,000", Wanted::kAtMost, 3},
      {"delta_10_bytes_ratio", "bytes on the wire in delta_10 over the ten Changes as stored",
       Wanted::kAtMost, 1.3},
      {"noop", "sync with nothing to do", Wanted::kAtMost, 1},
      {"a_to_b", "from the commit on A until B, which follows, shows it from her vault",
       Wanted::kAtMost, 2},
      {"overdue_province",
       "all overdue findings of one of 25 provinces, over 10,000 persons' files and a year",
       Wanted::kAtMost, 50},
      {"overdue_province_folded", "the same and all that is met, by folding each of its 400 files"},
      {"reevaluate_10k",
       "every view, finding and figure of those files built anew (kapead --rebuild)",
       Wanted::kAtMost, 60},
      {"question_10k",
       "the slowest question or indicator of the pack over all of those files, as of now",
       Wanted::kAtMost, 200},
      {"figures_10k", "every question and indicator over those files, one after the other"},
      {"national_report_10k",
       "the indicators of the national committee's report, by sex and age, over those files",
       Wanted::kAtMost, 5},
      {"memory_idle", "resident memory of kapead just started on the measured store",
       Wanted::kAtMost, 64},
      {"memory_load", "its peak under submit_64 and submit_64x16", Wanted::kAtMost, 160},
      {"search_10k",
       "a name found among 10,000 sealed ones: misspelt or not, notices written, hits opened",
       Wanted::kAtMost, 50},
      {"search_first_10k", "the first of these after the vault was opened", Wanted::kAtMost, 1000},
      {"search_build_10k", "every one of these files folded and its names opened, once a device"},
      {"seal_intake", "40 sealed answers into one Change, encoded"},
      {"open_intake", "these 40 opened, after their notice"},
      {"remove_200_files",
       "one of five people taken off 200 files: a new key epoch and its grants for each, synced",
       Wanted::kAtMost, 1},
      {"join_epoch", "somebody let into a file of ten key epochs, over ten", Wanted::kAtMost, 5},
      {"unlock", "a vault opened whose passphrase is calibrated to a second", Wanted::kAtMost,
       1500},
      {"vault_open_10k",
       "from the derived key to the list of files, in a vault of 10,000 Changes (Argon2id apart)",
       Wanted::kAtMost, 50},
  };
  return kCases;
}

std::vector<std::string> Misses(const std::vector<Result>& results) {
  std::map<std::string, double> values;
  for (const Result& result : results) values[result.name] = result.Median();
  std::vector<std::string> misses;
  for (const CaseInfo& info : Cases()) {
    if (info.wanted == CaseInfo::Wanted::kNone || !values.contains(info.name)) continue;
    double limit = info.factor;
    if (info.of != nullptr) {
      const auto base = values.find(info.of);
      if (base == values.end()) {
        misses.push_back(std::string(info.name) + ": " + info.of + " was not measured beside it");
        continue;
      }
      limit *= base->second;
    }
    const double value = values[info.name];
    const bool reached =
        info.wanted == CaseInfo::Wanted::kAtLeast ? value >= limit : value <= limit;
    if (reached) continue;
    misses.push_back(std::string(info.name) + ": " + Wants(info, limit) + ", got " +
                     nlohmann::json(Rounded(value)).dump());
  }
  return misses;
}

void Say(const std::string& line) { std::fprintf(stderr, "bench: %s\n", line.c_str()); }

}  // namespace kapea::bench
