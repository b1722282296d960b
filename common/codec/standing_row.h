// A Standing in the rows that have one: each message names these four fields alike.
// Private to codec: it needs protobuf.
#pragma once

#include "absl/status/status.h"
#include "common/base/macros.h"
#include "common/codec/standing.h"
#include "common/codec/wire_values.h"

namespace kapea::codec {

template <typename Row>
void StandingToRow(const Standing& standing, Row& row) {
  row.set_number(standing.number);
  row.set_as_of_ms(standing.as_of.unix_ms());
  if (standing.until < Time::Max()) row.set_until_ms(standing.until.unix_ms());
  for (const auto& [file, last] : standing.linked) {
    auto& line = *row.add_linked();
    line.set_file(file.str());
    line.set_number(last);
  }
}

template <typename Row>
absl::Status StandingFromRow(const Row& row, Standing& standing) {
  standing.number = row.number();
  standing.as_of = Time::FromUnixMs(row.as_of_ms());
  if (row.until_ms() != 0) standing.until = Time::FromUnixMs(row.until_ms());
  for (const auto& line : row.linked()) {
    FileId file;
    KAPEA_TRY(ReadId(line.file(), file));
    standing.linked[file] = line.number();
  }
  return absl::OkStatus();
}

}  // namespace kapea::codec
