// Answers of a history: a question of the pack over all its files.
#include <algorithm>

#include "client/field/calendar.h"
#include "common/base/macros.h"
#include "common/standards/measure_answer.h"
#include "tests/golden/histories/player.h"

namespace kapea::golden {
namespace {

using standards::MeasureFigure;
using standards::MeasureResult;

std::vector<std::string> SplitAt(const std::string& text, char at) {
  std::vector<std::string> parts{""};
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

// "12", or "4h30m" as milliseconds.
std::string AmountOf(const std::string& text) {
  const auto length = field::ParseLength(text);
  return length.ok() ? std::to_string(length->milliseconds()) : text;
}

std::string TextOf(const std::optional<int64_t>& value) {
  return value ? std::to_string(*value) : "nothing";
}

uint64_t MainOf(const domain::Measure& measure, const MeasureFigure& figure) {
  if (measure.answer == domain::MeasureAnswer::kSum) return static_cast<uint64_t>(figure.sum);
  return measure.answer == domain::MeasureAnswer::kMedian ? figure.values : figure.count;
}

// What the result says under that key; "?" for a key that is none.
std::string Said(const domain::Measure& measure, const MeasureResult& result,
                 const std::string& key) {
  const MeasureFigure& total = result.total;
  const std::map<std::string, std::string> plain = {{"count", std::to_string(total.count)},
                                                    {"of", std::to_string(total.of)},
                                                    {"sum", std::to_string(total.sum)},
                                                    {"values", std::to_string(total.values)},
                                                    {"over", std::to_string(total.over)},
                                                    {"median", TextOf(total.median)},
                                                    {"p90", TextOf(total.p90)},
                                                    {"unknown", std::to_string(result.unknown)},
                                                    {"valueless", std::to_string(result.valueless)},
                                                    {"border", std::to_string(result.border)},
                                                    {"drills", std::to_string(result.drills)}};
  const auto found = plain.find(key);
  if (found != plain.end()) return found->second;
  const size_t dot = key.find('.');
  if (dot == std::string::npos) return "?";
  std::string code = key.substr(dot + 1);
  const bool among = code.ends_with(".among");
  if (among) code.resize(code.size() - 6);
  for (const auto& margin : result.margins) {
    if (margin.dimension != key.substr(0, dot)) continue;
    for (const auto& row : margin.rows) {
      if (row.code == code) {
        return std::to_string(MainOf(measure, among ? row.among : row.figure));
      }
    }
    return "0";
  }
  return "?";
}

}  // namespace

std::string Player::CheckAnswer(const Step& step) {
  const Time as_of = kStart + step.at;
  const domain::Pack* pack = VaultOf("lead").NewestPack();
  const domain::Measure* measure =
      pack == nullptr || step.words.empty() ? nullptr : pack->FindMeasure(step.words[0]);
  if (measure == nullptr) return "want a question of the pack";
  const ServerLinks links(server_, as_of);
  std::vector<standards::FileContributions> files;
  std::map<FileId, std::string> names;
  for (const auto& [name, id] : files_) {
    names[id] = name;
    const auto state = server_.Fold(id, as_of);
    files.push_back(standards::Contributions({*state, as_of, &links}, *pack, {measure}));
  }
  standards::MeasureRequest request;
  std::vector<std::pair<std::string, std::string>> wanted;
  for (size_t i = 1; i < step.words.size(); ++i) {
    const size_t equals = step.words[i].find('=');
    if (equals == std::string::npos) return "want KEY=VALUE, got " + step.words[i];
    const std::string key = step.words[i].substr(0, equals);
    const std::string value = step.words[i].substr(equals + 1);
    if (key == "period") {
      const auto period = standards::ParsePeriod(value);
      if (!period.ok()) return std::string(period.status().message());
      request.period = *period;
    } else if (key == "by") {
      request.by = SplitAt(value, ',');
    } else if (key == "where") {
      request.codes[value.substr(0, value.find(':'))] = value.substr(value.find(':') + 1);
    } else {
      wanted.emplace_back(key, value);
    }
  }
  const auto result = standards::Answer(*measure, files, request);
  if (!result.ok()) return std::string(result.status().message());
  std::set<std::string> listed;
  for (const auto& row : result->rows) listed.insert(names[row.file]);
  std::string said_files;
  for (const auto& name : listed) said_files += (said_files.empty() ? "" : ",") + name;
  std::string differences;
  for (const auto& [key, value] : wanted) {
    const std::string want = key == "files" ? (value == "-" ? "" : value) : AmountOf(value);
    const std::string said = key == "files" ? said_files : Said(*measure, *result, key);
    if (said != want) differences += key + " is " + said + ", want " + want + "; ";
  }
  return wanted.empty() ? "nothing is wanted" : differences;
}

}  // namespace kapea::golden
