// A gazetteer of administrative units (CSV) becomes a code list of a pack.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace kapea::admin {

struct Gazetteer {
  std::string textproto;              // empty where there are mistakes
  std::vector<std::string> mistakes;  // all of them: "FILE:LINE: FIELD: what is wrong"
  size_t provinces = 0, districts = 0, communes = 0, villages = 0;
  size_t padded = 0;  // codes that had lost a leading zero, as spreadsheets do
};

// "25 provinces, 210 districts ..."
std::string Words(const Gazetteer& gazetteer);

// Columns code, level (province, district, commune, village), parent, name_km, name_latin;
// others are passed over. Codes are text of 2, 4, 6 and 8 digits (NCDD), each beginning
// with its parent's. They become one list, CL_PLACE, so that a field says as much of a
// place as is known; labels name the units around. With `villages` those too.
// `path` names the file in mistakes. NotFound and the like when it cannot be read;
// InvalidArgument when it has not these columns. Threads: any.
absl::StatusOr<Gazetteer> ReadGazetteer(const std::string& path, bool villages);

}  // namespace kapea::admin
