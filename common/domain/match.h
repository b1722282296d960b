// What two agencies compare to learn that they may know the same person, without a name:
// tokens of values, under a key that their server does not have. docs/duplicates.md.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/base/id.h"

namespace kapea::domain {

// What a token is made of. The numbers stand in keys and messages, and never change.
enum class MatchKind : uint8_t { kNone = 0, kDocument = 1, kPhone = 2, kName = 3 };
inline constexpr std::array kMatchKinds = {MatchKind::kDocument, MatchKind::kPhone,
                                           MatchKind::kName};
// "document", "phone", "name".
constexpr std::string_view NameOf(MatchKind kind) {
  switch (kind) {
    case MatchKind::kDocument:
      return "document";
    case MatchKind::kPhone:
      return "phone";
    case MatchKind::kName:
      return "name";
    case MatchKind::kNone:
      break;
  }
  return "";
}

struct MatchAliasTag {
  static constexpr const char* kName = "match alias";
};
// Stands for a person's file: a keyed hash of its id, the same for every unit that has the file.
using MatchAlias = FixedBytes<MatchAliasTag, 16>;

// Four bytes of a keyed hash: of a thousand million other values one fits by chance, so that
// a match is a reason to ask and never a proof.
struct MatchToken {
  MatchKind kind = MatchKind::kNone;
  uint32_t token = 0;
  friend auto operator<=>(const MatchToken&, const MatchToken&) = default;
};

// Of one kind and one file; further ones are not compared.
inline constexpr size_t kMatchTokensPerKindMax = 8;
inline constexpr size_t kMatchFilesPerOfferMax = 64;

}  // namespace kapea::domain
