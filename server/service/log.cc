#include "server/service/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>

#include "common/base/macros.h"

namespace kapea::server {
namespace {

const char* NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

absl::StatusOr<std::shared_ptr<spdlog::logger>> MakeLogger(const std::string& path) {
  try {
    std::shared_ptr<spdlog::sinks::sink> sink;
    if (path.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    }
    auto logger = std::make_shared<spdlog::logger>("kapead", std::move(sink));
    logger->set_pattern("%v");
    logger->set_level(spdlog::level::trace);
    logger->flush_on(spdlog::level::trace);
    return logger;
  } catch (const std::exception& error) {
    return absl::UnavailableError("cannot write the log " + path + ": " + error.what());
  }
}

}  // namespace

Log::Log(LogLevel level, std::string path, std::shared_ptr<const Clock> clock)
    : level_(level), path_(std::move(path)), clock_(std::move(clock)) {}

Log::~Log() = default;

absl::StatusOr<std::unique_ptr<Log>> Log::Open(LogLevel level, const std::string& path,
                                               std::shared_ptr<const Clock> clock) {
  std::unique_ptr<Log> log(new Log(level, path, std::move(clock)));
  KAPEA_TRY(log->Reopen());
  return log;
}

void Log::Write(LogLevel level, const char* event, std::initializer_list<Field> fields) const {
  if (level < level_) return;
  nlohmann::ordered_json line;
  line["time"] = ToIso8601(clock_->Now());
  line["level"] = NameOf(level);
  line["event"] = event;
  for (const Field& field : fields) {
    std::visit([&](const auto& value) { line[field.name] = value; }, field.value);
  }
  std::shared_ptr<spdlog::logger> logger;
  {
    MutexLock lock(mutex_);
    logger = logger_;
  }
  // Text that is no UTF-8 must not cost the line.
  logger->info(line.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
}

void Log::Error(const char* event, const absl::Status& status) const {
  Write(LogLevel::kError, event,
        {{"code", absl::StatusCodeToString(status.code())},
         {"message", std::string(status.message())}});
}

absl::Status Log::Reopen() {
  KAPEA_ASSIGN(auto logger, MakeLogger(path_));
  MutexLock lock(mutex_);
  logger_ = std::move(logger);
  return absl::OkStatus();
}

}  // namespace kapea::server
