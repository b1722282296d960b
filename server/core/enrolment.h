// How a person's new device becomes known: a code made by a registrar, an enrolment by
// whoever read it, and new certificates from then on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/codec/store_rows.h"
#include "common/kv/store.h"
#include "server/access/principal.h"
#include "server/core/device_book.h"
#include "server/core/issuer.h"
#include "server/core/published.h"

namespace kapea::server {

inline constexpr uint32_t kEnrolmentTries = 3;
inline constexpr size_t kOpenEnrolmentsMax = 1000;
inline constexpr size_t kRolesPerPersonMax = 16;
inline constexpr size_t kCertificatesPerDeviceMax = 3;  // old ones stay good while new ones spread

struct NewEnrolment {
  std::optional<PersonId> person;     // absent: a new one
  std::vector<domain::RoleAt> roles;  // of a new person
  std::string certificate_request;    // DER, of the bootstrap key
  std::string secret;                 // 16 bytes
};
struct MadeEnrolment {
  ChangeId enrolment;
  PersonId person;
  std::string certificate_chain;
  Time expires;
};

struct OfferedKeys {
  std::string certificate_request;  // DER, of the TLS key
  std::string signing_key;          // 65 bytes
  std::string device_receive_key;   // 32 bytes, as the next two
  std::string person_receive_key;
  std::string unit_receive_key;
  std::string mac;
};
struct Enrolled {
  DeviceId device;
  PersonId person;
  std::string certificate_chain;
  domain::RoleAt first_role;
  FileId directory_file;
  std::optional<FileId> standards_file;  // absent: nothing is published yet
};

struct DeviceLine {
  domain::DeviceEntry device;
  domain::PersonEntry person;
  bool pending = false;
  std::string unit_receive_key;  // of a pending device
  Time certificate_expires;
  Time last_seen;
  uint64_t last_sequence = 0;
};
struct DevicePage {
  std::vector<DeviceLine> lines;
  std::string next_page_token;
  uint64_t ledger_size = 0;
};

// Nothing here lets a device act: that takes a directory Change by two registrars.
// Threads: any; calls may wait for the disk and for the issuer.
class Enrolment {
 public:
  Enrolment(kv::Store& store, const Published& published, DeviceBook& book, Issuer& issuer,
            const Clock& clock)
      : store_(store), published_(published), book_(book), issuer_(issuer), clock_(clock) {}

  // Registrars alone (PermissionDenied). InvalidArgument: unknown roles or units, bad
  // sizes; NotFound: no such person; ResourceExhausted: too many open codes.
  absl::StatusOr<MadeEnrolment> Create(const Principal& by, const NewEnrolment& wanted);

  // By the bootstrap certificate of that enrolment. Unauthenticated: no such code, or
  // expired, or the MAC is another's (which uses up one try of three);
  // FailedPrecondition: the code was used; InvalidArgument: keys that are none, or
  // are one another's.
  absl::StatusOr<Enrolled> Enrol(const ChangeId& enrolment, const OfferedKeys& keys);

  // A chain for a new TLS key, when the device's signing key has signed the request.
  // Earlier certificates stay good until they expire, the newest three in all.
  absl::StatusOr<std::string> Renew(const Principal& by, const Hash& current,
                                    const std::string& certificate_request,
                                    const std::string& signature);

  // Registrars and administrators alone. `page_token` is a device id in hex.
  absl::StatusOr<DevicePage> List(const Principal& by, size_t page_size,
                                  const std::string& page_token) const;

 private:
  absl::StatusOr<codec::EnrolmentRow> RowOf(const ChangeId& enrolment, std::string* bytes) const;
  absl::Status UseUpTry(const ChangeId& enrolment, const std::string& bytes,
                        codec::EnrolmentRow row);
  absl::StatusOr<PersonId> PersonFor(const NewEnrolment& wanted) const;
  absl::Status DropExpired(Time now, kv::Batch& batch) const;
  absl::StatusOr<DeviceLine> LineOf(const DeviceId& device, const kv::Snapshot& snapshot,
                                    const domain::Directory& directory) const;

  // Constant after construction.
  kv::Store& store_;
  const Published& published_;
  DeviceBook& book_;
  Issuer& issuer_;
  const Clock& clock_;
};

}  // namespace kapea::server
