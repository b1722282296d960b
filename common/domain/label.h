// What rows of a pack are called, and how sure their sources are.
#pragma once

#include <string>
#include <vector>

#include "common/domain/vocabulary.h"

namespace kapea::domain {

struct Label {
  std::string en;
  std::string km;
  Translation translation = Translation::kNone;
};
struct Provenance {
  SourceStatus status = SourceStatus::kNone;
  std::vector<std::string> sources;
  std::string note;
};

}  // namespace kapea::domain
