// Indicators counted the plain way: over the rows that were written, without records,
// expressions or contributions, so that a reader can check them by eye.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/standards/finding.h"
#include "common/standards/period.h"
#include "tests/common/standards/generated_history.h"

namespace kapea::standards {

using Set = std::set<std::string>;

// What is counted: (count or sum or values, of or median).
using Number = std::pair<int64_t, int64_t>;

// The naive count.
class Naive {
 public:
  Naive(const History& history, Time start, Time as_of, std::optional<Period> period,
        std::map<int, std::vector<Finding>> findings)
      : history_(history),
        start_(start),
        as_of_(as_of),
        period_(period),
        findings_(std::move(findings)) {}

  std::optional<Number> Count(const std::string& id) const;

 private:
  using Test = std::function<bool(const Row&)>;
  using Moment = std::function<std::optional<Time>(const Row&)>;
  static Test Any() {
    return [](const Row&) { return true; };
  }
  static std::optional<Time> TimeOf(const Row& row, const std::string& field) {
    const auto at = row.fields.find(field);
    if (at == row.fields.end()) return std::nullopt;
    return std::get<Time>(at->second);
  }
  static std::string CodeOf(const Row& row, const std::string& field) {
    const auto at = row.fields.find(field);
    return at == row.fields.end() ? "" : std::get<domain::Code>(at->second).code;
  }
  static int64_t NumberOf(const Row& row, const std::string& field) {
    const auto at = row.fields.find(field);
    return at == row.fields.end() ? 0 : std::get<int64_t>(at->second);
  }
  static std::optional<bool> TruthOf(const Row& row, const std::string& field) {
    const auto at = row.fields.find(field);
    if (at == row.fields.end()) return std::nullopt;
    return std::get<bool>(at->second);
  }
  static Moment At(std::string field) {
    return [field](const Row& row) { return TimeOf(row, field); };
  }
  static Test Is(std::string field, Set codes) {
    return [field, codes](const Row& row) { return codes.contains(CodeOf(row, field)); };
  }
  static Test IsNot(std::string field, Set codes) {
    return [field, codes](const Row& row) { return !codes.contains(CodeOf(row, field)); };
  }
  static Test Both(Test a, Test b) {
    return [a, b](const Row& row) { return a(row) && b(row); };
  }

  const Row& RootOf(const Row& row) const { return history_.rows[static_cast<size_t>(row.file)]; }
  Moment RootAt(std::string field) const {
    return [this, field](const Row& row) { return TimeOf(RootOf(row), field); };
  }
  bool Come(const std::optional<Time>& at) const { return at && *at <= as_of_; }
  bool In(const std::optional<Time>& at) const {
    return Come(at) && (!period_ || (period_->from <= *at && *at < period_->to));
  }

  std::vector<const Row*> Rows(const std::string& form, const Moment& at, const Test& when) const {
    std::vector<const Row*> found;
    for (const Row& row : history_.rows) {
      if (row.shape->form != form || row.voided || IsDrill(row.file)) continue;
      if (when(row) && In(at(row))) found.push_back(&row);
    }
    return found;
  }
  // The smallest number of all files that links lead to.
  int Person(int file) const {
    std::set<int> group{file};
    for (size_t before = 0; before != group.size();) {
      before = group.size();
      for (const auto& [a, b] : history_.same) {
        if (group.contains(a)) group.insert(b);
        if (group.contains(b)) group.insert(a);
      }
    }
    return *group.begin();
  }
  Number Persons(const std::vector<std::vector<const Row*>>& all) const {
    std::set<int> persons;
    for (const auto& rows : all) {
      for (const Row* row : rows) persons.insert(Person(row->file));
    }
    return {static_cast<int64_t>(persons.size()), 0};
  }
  // Of the scene: by the file that the record names, else by the record.
  Number Found(const std::vector<const Row*>& rows) const {
    std::set<std::pair<int, const Row*>> persons;
    for (const Row* row : rows) {
      const auto at = row->fields.find("person_file");
      if (at == row->fields.end()) {
        persons.insert({-1, row});
        continue;
      }
      const auto& id = std::get<domain::Reference>(at->second).id;
      for (int file = 0; file < 3; ++file) {
        if (id.view() == IdOf(file).view()) persons.insert({Person(file), nullptr});
      }
    }
    return {static_cast<int64_t>(persons.size()), 0};
  }
  static Number Records(const std::vector<const Row*>& rows) {
    return {static_cast<int64_t>(rows.size()), 0};
  }
  static Number Files(const std::vector<const Row*>& rows) {
    std::set<int> files;
    for (const Row* row : rows) files.insert(row->file);
    return {static_cast<int64_t>(files.size()), 0};
  }
  static Number Sum(const std::vector<const Row*>& rows, std::vector<std::string> fields) {
    int64_t sum = 0;
    for (const Row* row : rows) {
      for (const std::string& field : fields) sum += NumberOf(*row, field);
    }
    return {sum, 0};
  }
  static Number Median(std::vector<int64_t> values) {
    if (values.empty()) return {0, 0};
    std::sort(values.begin(), values.end());
    const int64_t low = values[(values.size() - 1) / 2];
    const int64_t high = values[values.size() / 2];
    return {static_cast<int64_t>(values.size()), low + (high - low) / 2};
  }

  // The charges of an accused, live ones alone.
  std::vector<const Row*> ChargesOf(const Row& accused) const {
    std::vector<const Row*> charges;
    for (const Row& row : history_.rows) {
      if (std::string(row.shape->form) != "KH-CHARGE" || row.voided) continue;
      const Row* parent = &history_.rows[static_cast<size_t>(row.parent)];
      if (parent == &accused) charges.push_back(&row);
    }
    return charges;
  }
  // When somebody was convicted first, as far as it is told; something to come is no time.
  std::optional<Time> Convicted(const std::vector<const Row*>& charges) const {
    std::optional<Time> first;
    for (const Row* charge : charges) {
      const auto at = TimeOf(*charge, "decided_at");
      if (CodeOf(*charge, "outcome") == "convicted" && at && (!first || *at < *first)) first = at;
    }
    return first;
  }
  std::vector<const Row*> ConvictedPersons(const std::string& source, bool sentenced) const {
    std::vector<const Row*> found;
    for (const Row* row : All("KH-ACCUSED")) {
      if (!source.empty() && CodeOf(RootOf(*row), "source") != source) continue;
      const auto charges = ChargesOf(*row);
      const bool fits = std::any_of(charges.begin(), charges.end(), [&](const Row* charge) {
        return CodeOf(*charge, "outcome") == "convicted" &&
               (!sentenced || charge->fields.contains("sentence_months"));
      });
      if (fits && In(Convicted(charges))) found.push_back(row);
    }
    return found;
  }
  std::vector<const Row*> All(const std::string& form) const {
    std::vector<const Row*> found;
    for (const Row& row : history_.rows) {
      if (row.shape->form == form && !row.voided && !IsDrill(row.file)) found.push_back(&row);
    }
    return found;
  }

  using Wanted = std::function<bool(const Finding&)>;
  // By weight; or, of each file, whether all of its findings were met.
  Number Weighted() const;
  Number FilesInOrder(domain::FileKind kind, const Wanted& wanted, const Set& of,
                      bool by_end) const;
  std::optional<Number> Victims(const std::string& id) const;
  std::optional<Number> Assistance(const std::string& id) const;
  std::optional<Number> Courts(const std::string& id) const;
  std::optional<Number> Outcomes(const std::string& id) const;
  std::optional<Number> Capacity(const std::string& id) const;
  std::optional<Number> Kept(const std::string& id) const;
  Number CasesWithResult() const;
  Number Stays() const;
  std::optional<Time> EndOf(int file) const;
  std::vector<const Row*> Services(Set kinds) const {
    return Rows("KH-SERVICE", At("given_at"),
                Both(Is("service", std::move(kinds)), IsNot("result", {"refused"})));
  }
  Number Trained(const Set& audience, const Set& topic = {}) const {
    const Test test = [audience, topic](const Row& row) {
      return (audience.empty() || audience.contains(CodeOf(row, "audience"))) &&
             (topic.empty() || topic.contains(CodeOf(row, "topic")));
    };
    return Sum(Rows("KH-TRAINING", At("held_at"), test), {"women", "men"});
  }

  const History& history_;
  const Time start_, as_of_;
  const std::optional<Period> period_;
  const std::map<int, std::vector<Finding>> findings_;
};

}  // namespace kapea::standards
