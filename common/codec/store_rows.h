// Rows of the server's store: values <-> the messages of proto/kapea/store/v1.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/id.h"
#include "common/base/time.h"
#include "common/domain/change.h"
#include "common/domain/erasure.h"

namespace kapea::codec {

struct LedgerHead {
  uint64_t size = 0;
  Time last_received;
  uint32_t epoch = 1;
  DeploymentId deployment;
  uint32_t views = 0;
  std::string Encode() const;
  static absl::StatusOr<LedgerHead> Decode(std::string_view bytes);
};

struct ChainHead {
  uint64_t last_sequence = 0;
  Hash parcel;  // zeros: no parcel yet
  std::string Encode() const;
  static absl::StatusOr<ChainHead> Decode(std::string_view bytes);
};

struct ChangeLocation {
  FileId file;
  uint64_t number = 0;
  uint64_t entry = 0;
  Hash change_hash;
  std::string Encode() const;
  static absl::StatusOr<ChangeLocation> Decode(std::string_view bytes);
};

struct ParcelRow {
  std::string header;
  std::string signature;
  std::vector<Hash> changes;  // their hashes, in order
  std::string Encode() const;
  static absl::StatusOr<ParcelRow> Decode(std::string_view bytes);
};

struct ChangeRow {
  std::string change;  // kapea.v1.Change, encoded
  uint64_t entry = 0;
  uint32_t parcel_index = 0;
  Hash parcel;
  std::string Encode() const;
  static absl::StatusOr<ChangeRow> Decode(std::string_view bytes);
};

struct ErasedRow {
  std::vector<domain::ErasureTarget> targets;
  std::string Encode() const;
  static absl::StatusOr<ErasedRow> Decode(std::string_view bytes);
};

struct EnrolmentRow {
  PersonId person;
  std::vector<domain::RoleAt> roles;
  std::string secret;
  Time expires;
  uint32_t tries_left = 0;
  std::optional<DeviceId> device;  // once used
  std::string Encode() const;
  static absl::StatusOr<EnrolmentRow> Decode(std::string_view bytes);
};

struct DeviceRow {
  PersonId person;
  domain::DeviceEntry device;
  domain::PersonEntry offered_person;
  std::string unit_receive_key;
  std::vector<Hash> certificates;
  Time certificate_expires;
  Time last_seen;
  std::string Encode() const;
  static absl::StatusOr<DeviceRow> Decode(std::string_view bytes);
};

}  // namespace kapea::codec
