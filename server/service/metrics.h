// Numbers about the server, as Prometheus reads them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/base/time.h"

namespace kapea::server {

// Counts by method, reason or verdict, never by person, device or file.
// Threads: any.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void Call(const char* method, const char* code, Duration took);
  void Stream(const char* method, const char* code);  // has ended; how long says nothing
  void Refused(const char* reason);                   // parcels, by reason
  void Verdict(const char* verdict, uint64_t n);      // Changes appended, by verdict
  void Pulled(uint64_t changes, uint64_t bytes);
  void Alarm(const char* what);  // "canary", "files_per_day"
  void Restarted(const char* process);

  // Values that are read at each scrape: name -> value.
  using Gauges = std::function<std::map<std::string, double>()>;
  void SetGauges(Gauges gauges);

  std::string Text();  // in Prometheus' text format

 private:
  struct Families;
  const std::unique_ptr<Families> families_;
};

}  // namespace kapea::server
