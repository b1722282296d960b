// What a person agreed to, as the consent records of her file say. Forms whose id ends in
// "-CONSENT" hold consents: fields purpose (code), answer (yes, no, withdrawn ...), recipient
// (unit, where the purpose asks for one) and ends_at (time); docs/domain.md.
#pragma once

#include <optional>
#include <string_view>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/file_state.h"
#include "common/domain/record.h"

namespace kapea::domain {

// The newest consent record of that purpose that speaks of the unit; without a unit, of
// anybody. nullptr: none.
const Record* NewestConsent(const FileState& file, std::string_view purpose,
                            const std::optional<Reference>& unit);

// Whether the person has agreed, as of `at`, that somebody has her data for that purpose: a
// unit of the directory, or (absent) a body outside. A yes that names a unit is for that unit
// alone; one whose form asks for no unit there is for everybody.
bool Consents(const FileState& file, std::string_view purpose, const std::optional<UnitId>& unit,
              Time at);

}  // namespace kapea::domain
