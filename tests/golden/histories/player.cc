#include "tests/golden/histories/player.h"

#include <charconv>

#include "common/base/macros.h"
#include "common/domain/roles.h"
#include "common/standards/evaluate.h"

namespace kapea::golden {
namespace {

constexpr int kSyncsMax = 6;

// What an expectation says of a finding, beside its code.
struct Expected {
  std::string status;
  bool uncertain = false;
  bool disputed = false;
  std::string waived_by;
};

absl::StatusOr<Expected> ExpectedIn(const std::vector<std::string>& words) {
  Expected expected;
  expected.status = words[2];
  for (size_t i = 3; i < words.size(); ++i) {
    if (words[i] == "uncertain") {
      expected.uncertain = true;
    } else if (words[i] == "disputed") {
      expected.disputed = true;
    } else if (words[i] == "by" && i + 1 < words.size()) {
      expected.waived_by = words[++i];
    } else {
      return absl::InvalidArgumentError("unknown word " + words[i]);
    }
  }
  return expected;
}

std::string Differs(const standards::Finding& finding, const Expected& expected,
                    const testing::FakeServer& server) {
  const std::string status(domain::NameOf(finding.status));
  const std::string said = finding.code + " is " + status + (finding.certain ? "" : " uncertain") +
                           (finding.disputed ? " disputed" : "") + " (" +
                           standards::Explain(finding) + ")";
  const bool by_other =
      !expected.waived_by.empty() && finding.waived_by != server.person(expected.waived_by);
  const bool same = status == expected.status && finding.certain != expected.uncertain &&
                    finding.disputed == expected.disputed && !by_other;
  return same ? "" : said + (by_other ? ", waived by somebody else" : "");
}

// "SAF-04/2": of person 2.
std::optional<int64_t> NumberIn(std::string& code) {
  const size_t slash = code.find('/');
  if (slash == std::string::npos) return std::nullopt;
  int64_t number = 0;
  std::from_chars(code.data() + slash + 1, code.data() + code.size(), number);
  code.resize(slash);
  return number;
}

}  // namespace

std::vector<const domain::FileState*> ServerLinks::Find(const domain::FileState& from,
                                                        std::string_view relation) const {
  std::vector<const domain::FileState*> found;
  for (const FileId& id : domain::LinkedIds(from, relation)) {
    folded_.push_back(server_.Fold(id, as_of_));
    found.push_back(folded_.back()->founded() ? folded_.back().get() : nullptr);
  }
  return found;
}

std::vector<std::string> Player::Play(const History& history) {
  std::vector<std::string> failures;
  clock_.SetWall(kStart);
  for (const Step& step : history.steps) {
    const Time at = kStart + step.at;
    if (at > clock_.Now()) clock_.Advance(at - clock_.Now());
    std::string failure;
    if (step.expects()) {
      failure = step.verb == "expect" ? Check(step) : CheckAnswer(step);
    } else {
      const absl::Status status = Act(step);
      if (status.ok() == step.cannot) {
        failure = status.ok() ? "was possible" : std::string(status.message());
      }
    }
    if (!failure.empty()) failures.push_back(std::to_string(step.line) + ": " + failure);
  }
  return failures;
}

absl::Status Player::Act(const Step& step) {
  const Verb verb = FindVerb(step.verb);
  if (verb == nullptr) return absl::InvalidArgumentError("unknown verb " + step.verb);
  if (!offline_.contains(step.who)) KAPEA_TRY(SyncAll(step.who));
  KAPEA_TRY((this->*verb)(step.who, step.words));
  if (!offline_.contains(step.who)) KAPEA_TRY(SyncAll(step.who));
  return absl::OkStatus();
}

// Until nothing more comes: a file that was made known is there with the next one.
absl::Status Player::SyncAll(const std::string& who) {
  for (int i = 0; i < kSyncsMax; ++i) {
    KAPEA_ASSIGN(const sync::SyncReport report, At(who).Sync());
    if (!report.refusals.empty()) return absl::InternalError(report.refusals.front());
    if (!report.verdicts.empty()) {
      return absl::InternalError(domain::FileState::Explain(report.verdicts[0].verdict));
    }
    if (report.pulled == 0 && report.pushed == 0) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<FileId> Player::FileNamed(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) return absl::InvalidArgumentError("no file " + name);
  return found->second;
}

absl::StatusOr<RecordId> Player::RecordNamed(const std::string& file,
                                             const std::string& name) const {
  const auto found = records_.find(file + " " + name);
  if (found == records_.end()) return absl::InvalidArgumentError("no record " + name);
  return found->second;
}

absl::StatusOr<std::vector<field::Entry>> Player::EntriesOf(const std::string& file,
                                                            const Words& sets) const {
  KAPEA_ASSIGN(auto entries, field::ParseEntries(sets));
  for (field::Entry& entry : entries) {
    if (entry.text.starts_with("file:")) {
      KAPEA_ASSIGN(const FileId named, FileNamed(entry.text.substr(5)));
      entry.text = named.hex();
    } else if (entry.text.starts_with("record:")) {
      KAPEA_ASSIGN(const RecordId named, RecordNamed(file, entry.text.substr(7)));
      entry.text = named.hex();
    }
  }
  return entries;
}

std::string Player::CheckNeed(const standards::Asked& asked, const Words& words) const {
  const auto record = RecordNamed(words[0], words[2]);
  if (!record.ok()) return std::string(record.status().message());
  const domain::Record* found = asked.file.FindRecord(*record);
  if (found == nullptr) return "the ledger has no such record";
  const bool wanted = words[1] == "needs";
  for (const auto& finding : standards::EvaluateNeeds(asked, *found)) {
    if (finding.code != words[3]) continue;
    if (finding.open() == wanted) return "";
    return words[3] + " is " + std::string(domain::NameOf(finding.status));
  }
  return wanted ? words[3] + " is not asked for" : "";
}

std::string Player::Check(const Step& step) {
  const Words& words = step.words;
  if (words.size() < 3) return "want FILE CODE STATUS";
  const auto file = FileNamed(words[0]);
  if (!file.ok()) return std::string(file.status().message());
  const Time as_of = kStart + step.at;
  const auto state = server_.Fold(*file, as_of);
  const ServerLinks links(server_, as_of);
  const standards::Asked asked{*state, as_of, &links};
  if (words[1] == "needs" || words[1] == "does-not-need") {
    return words.size() == 4 ? CheckNeed(asked, words) : "want FILE needs RECORD FIELD";
  }
  const auto expected = ExpectedIn(words);
  if (!expected.ok()) return std::string(expected.status().message());
  std::string code = words[1];
  const auto number = NumberIn(code);
  for (const auto& finding : standards::EvaluateFile(asked)) {
    if (finding.code != code) continue;
    if (number) {
      const domain::Record* record = finding.record ? state->FindRecord(*finding.record) : nullptr;
      if (record == nullptr || field::NumberOf(*record) != number) continue;
    }
    return Differs(finding, *expected, server_);
  }
  return expected->status == "absent" ? "" : code + " is not judged at all";
}

}  // namespace kapea::golden
