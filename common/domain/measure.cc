#include "common/domain/measure.h"

#include <algorithm>
#include <array>

namespace kapea::domain {
namespace {

template <size_t N, typename E>
std::string_view NameIn(const std::array<std::string_view, N>& names, E value) {
  const auto index = static_cast<size_t>(value);
  return index < N ? names[index] : std::string_view();
}

constexpr std::array<std::string_view, 3> kKinds = {"", "question", "indicator"};
constexpr std::array<std::string_view, 6> kAnswers = {"",    "list",   "count",
                                                      "sum", "median", "share"};
constexpr std::array<std::string_view, 4> kOnces = {"", "record", "file", "person"};
constexpr std::array<std::string_view, 4> kFigures = {"", "baseline", "target", "external"};
constexpr std::array kBuiltIn = {kByUnit,   kByFounder,  kByMonth,    kByPart,  kByClause,
                                 kByStatus, kBySeverity, kByCritical, kByRole,  kByReason,
                                 kByForm,   kByBehind,   kByDevice,   kByClock, kByClass};

}  // namespace

std::string_view NameOf(MeasureKind kind) { return NameIn(kKinds, kind); }
std::string_view NameOf(MeasureAnswer answer) { return NameIn(kAnswers, answer); }
std::string_view NameOf(MeasureOnce once) { return NameIn(kOnces, once); }
std::string_view NameOf(FigureKind kind) { return NameIn(kFigures, kind); }

bool IsBuiltInDimension(std::string_view code) {
  return std::find(kBuiltIn.begin(), kBuiltIn.end(), code) != kBuiltIn.end();
}

bool FindingFilter::Names(std::string_view code) const {
  const auto fits = [code](const std::string& wanted) {
    if (!wanted.ends_with('*')) return code == wanted;
    return code.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1));
  };
  return codes.empty() || std::any_of(codes.begin(), codes.end(), fits);
}

}  // namespace kapea::domain
