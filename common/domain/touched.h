// What Changes may have altered in a file, coarsely: enough to know what need not be
// evaluated again.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace kapea::domain {

// A set of names (field codes, forms, facts), kept as hashes: two names that share one
// cost an evaluation too many, never one too few. Threads: one at a time.
class Names {
 public:
  // A dotted name is added whole, and as what stands before and after its first dot: an
  // item is altered with its companions, a field with its form.
  void Add(std::string_view name) {
    AddPart(name);
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos) return;
    AddPart(name.substr(0, dot));
    AddPart(name.substr(dot + 1));
  }
  void Add(const Names& others) {
    hashes_.insert(hashes_.end(), others.hashes_.begin(), others.hashes_.end());
  }
  void Clear() { hashes_.clear(); }
  bool empty() const { return hashes_.empty(); }
  // Makes Meets fast; call it after the last Add.
  void Sort();
  bool Meets(const Names& others) const;  // both sorted

 private:
  void AddPart(std::string_view part) { hashes_.push_back(std::hash<std::string_view>()(part)); }
  std::vector<size_t> hashes_;
};

struct Touched {
  bool all = true;  // more than field values: ask for everything again
  Names names;      // of the fields written and the forms of the records made
};

}  // namespace kapea::domain
