// A Document as one HTML page that needs nothing else: style, charts and their library stand in
// it, and its policy forbids it any connection. Without scripts, and on paper, the tables say
// what the charts show.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "client/report/document.h"

namespace kapea::report {

// Every text is escaped for where it stands. Internal where the template itself is at fault.
// Threads: any.
absl::StatusOr<std::string> ToHtml(const Document& document);

// Chart.js as Debian packages it (MIT), put in at build.
extern const unsigned char kChartLibrary[];
extern const size_t kChartLibraryBytes;

}  // namespace kapea::report
