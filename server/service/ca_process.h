// kapead's end of the socket to kapea-ca.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/codec/ca_messages.h"
#include "server/core/issuer.h"

namespace kapea::server {

struct CaOptions {
  // Either a program to start ...
  std::string program;
  std::string deployment;  // hex
  std::string certificate_file;
  std::string key_file;
  // ... or a process that is there.
  std::string socket;

  Duration answer_within = Duration::Seconds(5);
  Duration restart_after = Duration::Seconds(1);  // at the earliest, since the last start
};

// Asks one question at a time. A process that was started here and has died is started
// again, at most once in `restart_after`, and the question asked once more: issuing
// twice does no harm, because only what Enrolment records is good for anything.
// Threads: any; each call may wait for `answer_within`, twice.
// Owns: the process that it started.
class CaProcess : public Issuer {
 public:
  // Told of a process that ended and was started again, for logs; `how` in words.
  using OnRestart = std::function<void(const std::string& how)>;

  // Starts or reaches the process, and makes sure that it answers.
  static absl::StatusOr<std::unique_ptr<CaProcess>> Start(CaOptions options,
                                                          std::shared_ptr<const Clock> clock,
                                                          OnRestart on_restart);
  ~CaProcess() override;

  absl::StatusOr<std::string> IssueBootstrap(std::string_view request_der,
                                             const ChangeId& enrolment) override;
  absl::StatusOr<std::string> IssueDevice(std::string_view request_der, const PersonId& person,
                                          const DeviceId& device) override;
  // A revocation list in PEM, for third parties.
  absl::StatusOr<std::string> SignList(codec::CaSignList list);

  pid_t pid() const;  // 0: not started here, or dead

 private:
  CaProcess(CaOptions options, std::shared_ptr<const Clock> clock, OnRestart on_restart)
      : options_(std::move(options)),
        clock_(std::move(clock)),
        on_restart_(std::move(on_restart)) {}

  absl::StatusOr<std::string> Ask(codec::CaRequest request);
  absl::StatusOr<codec::CaReply> AskOnce(const codec::CaRequest& request) KAPEA_REQUIRES(mutex_);
  absl::Status Connect() KAPEA_REQUIRES(mutex_);
  absl::Status Spawn() KAPEA_REQUIRES(mutex_);
  // Closes the socket and reaps the process; how it ended.
  std::string Disconnect() KAPEA_REQUIRES(mutex_);

  // Constant after construction.
  const CaOptions options_;
  const std::shared_ptr<const Clock> clock_;
  const OnRestart on_restart_;

  mutable Mutex mutex_;
  int fd_ KAPEA_GUARDED_BY(mutex_) = -1;
  pid_t pid_ KAPEA_GUARDED_BY(mutex_) = 0;
  bool started_before_ KAPEA_GUARDED_BY(mutex_) = false;
  Duration last_start_ KAPEA_GUARDED_BY(mutex_);
  uint64_t next_id_ KAPEA_GUARDED_BY(mutex_) = 1;
};

}  // namespace kapea::server
