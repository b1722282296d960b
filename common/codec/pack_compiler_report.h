// Mistakes of a pack, each at the place of the element that it is about.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/codec/pack_text.h"

namespace kapea::codec {

// An element by its path in the message and by its codes.
struct Place {
  std::string path;
  std::string name;

  Place Part(std::string_view field) const {
    const std::string text(field);
    return {path.empty() ? text : path + "." + text, name.empty() ? text : name + " " + text};
  }
  Place At(std::string_view list, int index, std::string_view code) const {
    const std::string step = std::string(list) + "[" + std::to_string(index) + "]";
    const std::string label = code.empty() ? step : std::string(code);
    return {path.empty() ? step : path + "." + step, name.empty() ? label : name + " " + label};
  }
};

// Threads: one at a time.
class Report {
 public:
  explicit Report(const Spots& spots) : spots_(spots) {}

  void Add(const Place& place, std::string message) {
    mistakes_.push_back({SpotOf(place.path), place.name, std::move(message)});
  }
  const std::vector<Mistake>& mistakes() const { return mistakes_; }
  std::vector<Mistake> Take() { return std::move(mistakes_); }

 private:
  // A part that is missing is reported where its whole stands.
  Spot SpotOf(std::string path) const {
    while (!path.empty()) {
      const auto at = spots_.find(path);
      if (at != spots_.end()) return at->second;
      const size_t dot = path.rfind('.');
      path.resize(dot == std::string::npos ? 0 : dot);
    }
    return {};
  }

  const Spots& spots_;
  std::vector<Mistake> mistakes_;
};

}  // namespace kapea::codec
