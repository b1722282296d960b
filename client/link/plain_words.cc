#include "client/link/plain_words.h"

#include <vector>

#include "common/base/macros.h"
#include "common/base/text.h"
#include "common/pki/certificate.h"

namespace kapea::link {
namespace {

// A clock further behind than this is told to its owner before anything else.
inline constexpr Duration kClockBehindMax = Duration::Minutes(10);

bool Has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string Unreachable(std::string_view said, const std::string& server) {
  if (Has(said, "expired")) {
    return "the server's certificate has expired, or this device's clock is ahead; check date "
           "and time, then tell a registrar";
  }
  if (Has(said, "not yet valid") || Has(said, "not valid yet")) {
    return "the server's certificate is not valid yet: this device's clock is behind; set date "
           "and time and try again";
  }
  if (Has(said, "another name") || Has(said, "Hostname") || Has(said, "host name")) {
    return "what answers at " + server +
           " is not this deployment's server; check the address, and do not enter anything there";
  }
  if (Has(said, "certificate") || Has(said, "andshake")) {
    return "no safe connection to " + server +
           ": one of the two does not accept the other's certificate. Check date and time; if "
           "they are right, this device was revoked or the server is another one: ask a registrar";
  }
  if (Has(said, "DNS") || Has(said, "resolution")) {
    return "the address " + server + " is not known here; check the network and the address";
  }
  return "no connection to " + server +
         "; what you wrote is safe on this device and goes out when there is a signal";
}

}  // namespace

absl::Status CheckOwnCertificate(const std::string& chain_pem, Time now, Time server_time) {
  const auto chain = pki::ParseChain(chain_pem);
  if (!chain.ok()) {
    return absl::FailedPreconditionError(
        "this device has no certificate that can be read; ask a registrar to enrol it anew");
  }
  const pki::Certificate& own = chain->front();
  if (now + kClockBehindMax < server_time) {
    return absl::FailedPreconditionError("this device's clock is behind: it says " +
                                         ToIso8601(now) + ", but the server said " +
                                         ToIso8601(server_time) + " already; set date and time");
  }
  if (now > own.not_after) {
    return absl::FailedPreconditionError(
        "this device's certificate expired on " + ToIso8601(own.not_after) +
        "; if that is not in the past, set date and time, else ask a registrar for a new code. "
        "What you wrote stays here");
  }
  if (now < own.not_before) {
    return absl::FailedPreconditionError("this device's certificate is not valid before " +
                                         ToIso8601(own.not_before) +
                                         "; this device's clock is behind, set date and time");
  }
  return absl::OkStatus();
}

absl::Status InPlainWords(const absl::Status& status, const std::string& server) {
  if (status.ok()) return status;
  const std::string said(View(status.message()));
  std::string words;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      words = Unreachable(said, server);
      break;
    case absl::StatusCode::kDeadlineExceeded:
      words = "the line to " + server + " is too slow just now; it is tried again";
      break;
    case absl::StatusCode::kUnauthenticated:
      words = "the server does not know this device, or it was revoked (" + said +
              "); ask a registrar. What you wrote stays here";
      break;
    case absl::StatusCode::kPermissionDenied:
      words = "the server does not allow this: " + said;
      break;
    case absl::StatusCode::kUnimplemented:
      words = "the server is older than this program; tell a registrar";
      break;
    case absl::StatusCode::kCancelled:
      words = "stopped";
      break;
    default:
      words = "the server says: " + said;
      break;
  }
  absl::Status plain(status.code(), words);
  status.ForEachPayload([&plain](absl::string_view name, const absl::Cord& detail) {
    plain.SetPayload(name, detail);
  });
  return plain;
}

}  // namespace kapea::link
