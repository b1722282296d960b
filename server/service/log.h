// What the server says about itself: one JSON line an event.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace spdlog {
class logger;
}

namespace kapea::server {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Lines hold names of events, ids of devices, numbers and our own sentences: never a
// name of a person, the content of a Change, or the bytes of a message.
// Threads: any.
class Log {
 public:
  using Value = std::variant<std::string, int64_t>;
  struct Field {
    const char* name;
    Value value;
  };

  // `path` empty: standard error. Unavailable when the file cannot be written.
  static absl::StatusOr<std::unique_ptr<Log>> Open(LogLevel level, const std::string& path,
                                                   std::shared_ptr<const Clock> clock);
  ~Log();

  // {"time":"...","level":"info","event":"pushed","changes":3}
  void Write(LogLevel level, const char* event, std::initializer_list<Field> fields = {}) const;
  void Info(const char* event, std::initializer_list<Field> fields = {}) const {
    Write(LogLevel::kInfo, event, fields);
  }
  void Warn(const char* event, std::initializer_list<Field> fields = {}) const {
    Write(LogLevel::kWarning, event, fields);
  }
  void Error(const char* event, const absl::Status& status) const;

  // After the file was moved away: goes on in a new one of the old name. When that
  // fails the old one is kept.
  absl::Status Reopen();

 private:
  Log(LogLevel level, std::string path, std::shared_ptr<const Clock> clock);

  const LogLevel level_;
  const std::string path_;
  const std::shared_ptr<const Clock> clock_;
  mutable Mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace kapea::server
