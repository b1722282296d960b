#include "server/service/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "common/base/mutex.h"

namespace kapea::server {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;

// Seconds: from a read in memory to a phone on a slow line.
const Histogram::BucketBoundaries kLatencies = {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
                                                0.2,   0.5,   1,     2,    5,    10};

Family<Counter>& Count(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;
  Family<Counter>& calls = Count(registry, "kapea_calls_total", "Calls by method and status");
  Family<Histogram>& latency = prometheus::BuildHistogram()
                                   .Name("kapea_call_seconds")
                                   .Help("How long unary calls took")
                                   .Register(registry);
  Family<Counter>& refused =
      Count(registry, "kapea_parcels_refused_total", "Parcels that left no trace, by reason");
  Family<Counter>& verdicts =
      Count(registry, "kapea_changes_total", "Changes with a receipt, by verdict");
  Family<Counter>& pulled = Count(registry, "kapea_pulled_total", "Changes and bytes handed out");
  Family<Counter>& alarms = Count(registry, "kapea_alarms_total",
                                  "What somebody has to look at: canary files that were opened, "
                                  "devices that opened too many new files in a day");
  Family<Counter>& restarts =
      Count(registry, "kapea_process_restarts_total", "Processes that had to be started again");
  Family<Gauge>& gauges =
      prometheus::BuildGauge().Name("kapea_state").Help("As of now").Register(registry);

  Mutex mutex;
  Gauges read KAPEA_GUARDED_BY(mutex);
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {}
Metrics::~Metrics() = default;

void Metrics::Call(const char* method, const char* code, Duration took) {
  Stream(method, code);
  families_->latency.Add({{"method", method}}, kLatencies)
      .Observe(static_cast<double>(took.milliseconds()) / 1000.0);
}

void Metrics::Stream(const char* method, const char* code) {
  families_->calls.Add({{"method", method}, {"code", code}}).Increment();
}

void Metrics::Refused(const char* reason) {
  families_->refused.Add({{"reason", reason}}).Increment();
}

void Metrics::Verdict(const char* verdict, uint64_t n) {
  families_->verdicts.Add({{"verdict", verdict}}).Increment(static_cast<double>(n));
}

void Metrics::Pulled(uint64_t changes, uint64_t bytes) {
  families_->pulled.Add({{"unit", "changes"}}).Increment(static_cast<double>(changes));
  families_->pulled.Add({{"unit", "bytes"}}).Increment(static_cast<double>(bytes));
}

void Metrics::Alarm(const char* what) { families_->alarms.Add({{"what", what}}).Increment(); }

void Metrics::Restarted(const char* process) {
  families_->restarts.Add({{"process", process}}).Increment();
}

void Metrics::SetGauges(Gauges gauges) {
  MutexLock lock(families_->mutex);
  families_->read = std::move(gauges);
}

std::string Metrics::Text() {
  Gauges read;
  {
    MutexLock lock(families_->mutex);
    read = families_->read;
  }
  if (read) {
    for (const auto& [name, value] : read()) families_->gauges.Add({{"name", name}}).Set(value);
  }
  return prometheus::TextSerializer().Serialize(families_->registry.Collect());
}

}  // namespace kapea::server
