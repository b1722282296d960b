#include "server/service/server.h"

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "common/base/macros.h"
#include "common/base/mutex.h"
#include "server/core/alarms.h"
#include "server/core/blobs.h"
#include "server/core/canary_watch.h"
#include "server/core/deliveries.h"
#include "server/core/device_book.h"
#include "server/core/enrolment.h"
#include "server/core/erasing.h"
#include "server/core/group.h"
#include "server/core/rebuild.h"
#include "server/service/blob_service.h"
#include "server/service/duplicates_service.h"
#include "server/service/enrol_services.h"
#include "server/service/parts.h"
#include "server/service/read_services.h"
#include "server/service/sync_service.h"
#include "server/watch/sweeper.h"

namespace kapea::server {
namespace {

constexpr Duration kTick = Duration::Seconds(1);

// A status that somebody else will know.
class Awaited {
 public:
  void Set(absl::Status status) {
    MutexLock lock(mutex_);
    status_ = std::move(status);
    known_.NotifyAll();
  }
  absl::Status Wait(Duration at_most) {
    const SystemClock clock;
    const Duration until = clock.Read().elapsed + at_most;
    MutexLock lock(mutex_);
    while (!status_ && clock.Read().elapsed < until) {
      known_.WaitFor(mutex_, Duration::Milliseconds(100));
    }
    return status_ ? *status_ : absl::DeadlineExceededError("not within the time given");
  }

 private:
  Mutex mutex_;
  CondVar known_;
  std::optional<absl::Status> status_ KAPEA_GUARDED_BY(mutex_);
};

}  // namespace

// In the order of need: what stands lower uses what stands higher.
struct Server::State {
  State(ServerOptions o, ServerGround g) : options(std::move(o)), ground(std::move(g)) {}

  ServerOptions options;
  ServerGround ground;
  Published published;
  const std::shared_ptr<rpc::DenySet> deny = std::make_shared<rpc::DenySet>();
  std::unique_ptr<Followers> followers;
  std::unique_ptr<Alarms> alarms;
  std::unique_ptr<CanaryWatch> canaries;
  std::unique_ptr<Sequencer> sequencer;
  DeploymentId deployment;
  std::unique_ptr<Sweeper> sweeper;
  std::shared_ptr<Deliveries> deliveries;
  std::unique_ptr<DeviceBook> book;
  std::unique_ptr<OpenedFiles> opened;
  std::unique_ptr<MatchBook> matches;
  std::unique_ptr<Blobs> blobs;
  std::unique_ptr<Enrolment> enrolment;
  std::shared_ptr<rpc::Listener> listener;
  std::unique_ptr<Door> door;
  std::unique_ptr<WorkerPool> workers;
  std::unique_ptr<Parts> parts;
  std::unique_ptr<SyncService> sync;
  std::unique_ptr<BlobService> blob;
  std::unique_ptr<LedgerService> ledger;
  std::unique_ptr<ViewService> view;
  std::unique_ptr<DuplicatesService> duplicates;
  std::unique_ptr<EnrolService> enrol;
  std::unique_ptr<AdminService> admin;
  std::unique_ptr<grpc::Server> server;

  std::atomic<bool> draining = false;
  std::atomic<rpc::Listener*> cutter = nullptr;  // once there is a listener
  Mutex mutex;
  CondVar ticking;
  bool stopped KAPEA_GUARDED_BY(mutex) = false;
  std::thread ticker;

  codec::ErasureList erasures;  // after the start only changed between commits and answers
  void Raise(AlarmKind kind, const DeviceId& device, const FileId& file);
  absl::Status ReconcileList();
  void OnErased(const std::vector<codec::ListedErasure>& erased);
  absl::Status RebuildOldViews();
  absl::Status OpenCore();
  absl::Status OpenListener();
  absl::Status Serve();
  void OnRevoked(const std::vector<DeviceId>& devices);
  absl::Status Flush(Duration at_most);
  void Tick();
};

void Server::State::OnRevoked(const std::vector<DeviceId>& devices) {
  deny->Add(devices, {});
  followers->OnDevicesRevoked(devices);
  rpc::Listener* const open = cutter;
  for (const DeviceId& device : devices) {
    if (open != nullptr) open->Cut(device);
    ground.log.Warn("device_revoked", {{"device", device.hex()}});
  }
}

absl::Status Server::State::ReconcileList() {
  if (options.erasure_list.empty()) return absl::OkStatus();
  KAPEA_ASSIGN(erasures, codec::ReadErasureList(options.erasure_list));
  KAPEA_ASSIGN(const uint64_t dropped, ReconcileErasures(ground.store, erasures));
  if (dropped != 0) {
    ground.log.Warn("erased_again_after_restore", {{"files", static_cast<int64_t>(dropped)}});
  }
  return codec::WriteErasureList(options.erasure_list, erasures);
}

struct AlarmName {
  const char* event;   // in the log
  const char* metric;  // in kapea_alarms_total
};
AlarmName NameOf(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::kCanaryHandedOut:
      return {"canary_opened", "canary"};
    case AlarmKind::kCanaryTouched:
      return {"canary_touched", "canary_touched"};
    case AlarmKind::kFilesPerDay:
      return {"too_many_files_opened", "files_per_day"};
    case AlarmKind::kLimitLifted:
      return {"limit_lifted", "limit_lifted"};
    case AlarmKind::kMatchTokens:
      return {"too_many_tokens_offered", "match_tokens_per_day"};
  }
  return {"alarm", "alarm"};
}

// Whatever else fails, the log and the metrics have it.
void Server::State::Raise(AlarmKind kind, const DeviceId& device, const FileId& file) {
  const AlarmName name = NameOf(kind);
  ground.metrics.Alarm(name.metric);
  if (file == FileId()) {
    ground.log.Warn(name.event, {{"device", device.hex()}});
  } else {
    ground.log.Warn(name.event, {{"device", device.hex()}, {"file", file.hex()}});
  }
  const absl::Status kept = alarms->Raise(kind, device, file);
  if (!kept.ok()) ground.log.Error("alarm_not_kept", kept);
}

// Committed already: were it not to be written here, the next start writes it.
void Server::State::OnErased(const std::vector<codec::ListedErasure>& erased) {
  if (erased.empty() || options.erasure_list.empty()) return;
  erasures.erasures.insert(erasures.erasures.end(), erased.begin(), erased.end());
  const absl::Status written = codec::WriteErasureList(options.erasure_list, erasures);
  if (!written.ok()) ground.log.Error("erasure_list_not_written", written);
  ground.log.Warn("erased", {{"acts", static_cast<int64_t>(erased.size())}});
}

absl::Status Server::State::RebuildOldViews() {
  KAPEA_ASSIGN(const bool needed, NeedsRebuild(ground.store));
  if (!needed) return absl::OkStatus();
  ground.log.Info("views_of_another_version", {{"wanted", int64_t{kViewsVersion}}});
  return RebuildViews(ground.store, [this](uint64_t folded, uint64_t all) {
    ground.log.Info("views_rebuilt",
                    {{"changes", static_cast<int64_t>(folded)}, {"of", static_cast<int64_t>(all)}});
  });
}

absl::Status Server::State::OpenCore() {
  KAPEA_TRY(ReconcileList());
  KAPEA_TRY(RebuildOldViews());
  alarms = std::make_unique<Alarms>(ground.store, published, *ground.clock);
  KAPEA_ASSIGN(canaries, CanaryWatch::Open(ground.store, options.opened.canaries,
                                           [this](const DeviceId& device, const FileId& file) {
                                             Raise(AlarmKind::kCanaryTouched, device, file);
                                           }));
  followers = std::make_unique<Followers>(options.follows_per_device);
  Sequencer::Listeners listeners;
  listeners.on_files_changed = [this](const Committed& committed) {
    OnErased(committed.erased);
    followers->OnCommitted(committed);
    const absl::Status watched = canaries->OnCommitted(committed.files);
    if (!watched.ok()) ground.log.Error("canaries_not_looked_at", watched);
    if (sweeper) sweeper->OnCommitted(committed.files);
  };
  listeners.on_devices_revoked = [this](const auto& devices) { OnRevoked(devices); };
  KAPEA_ASSIGN(sequencer, Sequencer::Open(ground.store, *ground.clock, std::move(ground.log_key),
                                          published, options.sequencer, std::move(listeners)));
  KAPEA_ASSIGN(sweeper, Sweeper::Start(ground.store, published, *ground.clock, options.sweeper,
                                       [this](const absl::Status& status) {
                                         ground.log.Error("findings_not_worked_out", status);
                                       }));
  const auto known = published.directory();
  if (!known->directory.genesis()) return absl::DataLossError("the ledger has no genesis");
  deployment = known->directory.genesis()->deployment;
  std::vector<DeviceId> revoked;
  for (const domain::DeviceEntry* device : known->directory.Devices()) {
    if (device->revoked) revoked.push_back(device->device);
  }
  deny->Add(revoked, {});
  KAPEA_ASSIGN(deliveries,
               Deliveries::Open(ground.store, published, *ground.clock, ground.device_key,
                                [this](Submission s) { sequencer->Submit(std::move(s)); }));
  KAPEA_ASSIGN(book, DeviceBook::Open(ground.store));
  opened = std::make_unique<OpenedFiles>(
      ground.store, *ground.clock, options.opened,
      OpenedFilesAlarms{[this](const DeviceId& device, const FileId& file) {
                          Raise(AlarmKind::kCanaryHandedOut, device, file);
                        },
                        [this](const DeviceId& device, uint32_t) {
                          Raise(AlarmKind::kFilesPerDay, device, FileId());
                        }});
  matches = std::make_unique<MatchBook>(ground.store, *ground.clock, options.matches,
                                        [this](const DeviceId& device, uint32_t) {
                                          Raise(AlarmKind::kMatchTokens, device, FileId());
                                        });
  blobs =
      std::make_unique<Blobs>(ground.store, published, *ground.clock, options.blob_bytes_per_file);
  enrolment =
      std::make_unique<Enrolment>(ground.store, published, *book, ground.issuer, *ground.clock);
  return absl::OkStatus();
}

absl::Status Server::State::OpenListener() {
  auto bound = rpc::Listener::Bind(options.listen, options.listener, deny, ground.clock);
  KAPEA_TRY(bound.status());
  listener = *std::move(bound);
  cutter = listener.get();
  door =
      std::make_unique<Door>(*listener, published, *book, deployment, *ground.clock, options.rates);
  workers = std::make_unique<WorkerPool>(options.workers, options.workers_queue);
  parts = std::make_unique<Parts>(Parts{ground.store, published, *sequencer, *deliveries, *blobs,
                                        *enrolment, *door, *followers, *workers, ground.metrics,
                                        ground.log, *ground.clock, *opened, *alarms,
                                        options.parcels_per_push});
  return absl::OkStatus();
}

absl::Status Server::State::Serve() {
  rpc::ServerCredentialsOptions credentials;
  credentials.deployment = deployment;
  credentials.root_pem = options.root_pem;
  credentials.device_authorities_pem = options.device_authorities_pem;
  credentials.identity = options.identity;
  credentials.deny = deny;
  credentials.clock = ground.clock;
  credentials.on_refused = [this](const absl::Status& status) {
    ground.log.Write(LogLevel::kDebug, "handshake_refused",
                     {{"reason", std::string(status.message())}});
  };
  KAPEA_ASSIGN(auto made, rpc::MakeServerCredentials(std::move(credentials)));
  sync = std::make_unique<SyncService>(*parts);
  blob = std::make_unique<BlobService>(*parts);
  ledger = std::make_unique<LedgerService>(*parts);
  view = std::make_unique<ViewService>(*parts, *sweeper);
  duplicates = std::make_unique<DuplicatesService>(*parts, *matches);
  enrol = std::make_unique<EnrolService>(*parts);
  admin = std::make_unique<AdminService>(*parts);
  grpc::ServerBuilder builder;
  rpc::ApplyServerLimits(builder, options.limits);
  for (grpc::Service* service :
       std::initializer_list<grpc::Service*>{sync.get(), blob.get(), ledger.get(), view.get(),
                                             duplicates.get(), enrol.get(), admin.get()}) {
    builder.RegisterService(service);
  }
  listener->Attach(builder, std::move(made));
  server = builder.BuildAndStart();
  if (server == nullptr) return absl::UnavailableError("gRPC could not start a server");
  listener->Start();
  ticker = std::thread([this] { Tick(); });
  return absl::OkStatus();
}

absl::Status Server::State::Flush(Duration at_most) {
  auto awaited = std::make_shared<Awaited>();
  deliveries->Flush([awaited](absl::Status status) { awaited->Set(std::move(status)); });
  return awaited->Wait(at_most);
}

void Server::State::Tick() {
  Duration delivered = ground.clock->Read().elapsed;
  Duration seen = delivered;
  for (;;) {
    {
      MutexLock lock(mutex);
      if (!stopped) ticking.WaitFor(mutex, kTick);
      if (stopped) return;
    }
    const Duration now = ground.clock->Read().elapsed;
    if (now - delivered >= options.delivery_interval) {
      delivered = now;
      deliveries->Flush([this](absl::Status status) {
        if (!status.ok()) ground.log.Error("deliveries_not_written", status);
      });
    }
    if (now - seen >= options.seen_interval) {
      seen = now;
      const absl::Status status = book->FlushSeen();
      if (!status.ok()) ground.log.Error("last_seen_not_written", status);
    }
  }
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, ServerGround ground) {
  std::unique_ptr<Server> server(
      new Server(std::make_unique<State>(std::move(options), std::move(ground))));
  KAPEA_TRY(server->state_->OpenCore());
  KAPEA_TRY(server->state_->OpenListener());
  KAPEA_TRY(server->state_->Serve());
  return server;
}

Server::~Server() { Drain(); }

void Server::Drain() {
  State& state = *state_;
  if (state.draining.exchange(true)) return;
  if (state.server != nullptr) {
    state.listener->StopAccepting();
    state.followers->EndAll(absl::UnavailableError("the server is stopping; connect again"));
    state.server->Shutdown(std::chrono::system_clock::now() +
                           std::chrono::milliseconds(state.options.drain.milliseconds()));
    state.server->Wait();
  }
  if (state.workers) state.workers->Stop();
  {
    MutexLock lock(state.mutex);
    state.stopped = true;
    state.ticking.NotifyAll();
  }
  if (state.ticker.joinable()) state.ticker.join();
  if (state.deliveries) {
    // One that the ticker began may still run; what it did not take goes with the next.
    absl::Status status = absl::OkStatus();
    for (int i = 0; i < 2; ++i) {
      status = state.Flush(Duration::Seconds(10));
      if (state.deliveries->noted() == 0) break;
    }
    if (!status.ok()) state.ground.log.Error("deliveries_not_written", status);
  }
  if (state.book) {
    const absl::Status status = state.book->FlushSeen();
    if (!status.ok()) state.ground.log.Error("last_seen_not_written", status);
  }
  if (state.sequencer) state.sequencer->Drain();
  if (state.sweeper) state.sweeper->Stop();
  state.cutter = nullptr;
  state.server.reset();
}

const std::string& Server::address() const { return state_->listener->address(); }
const Published& Server::published() const { return state_->published; }
Sequencer::Counters Server::counters() const { return state_->sequencer->counters(); }

bool Server::Healthy() const {
  return !state_->draining && state_->ground.store.Find(kv::Table{"meta"}, "head").ok() &&
         state_->sequencer->counters().failed_commits == 0;
}

std::map<std::string, double> Server::Gauges() const {
  const auto connections = state_->listener->Counts();
  const auto counters = state_->sequencer->counters();
  const auto as_double = [](uint64_t n) { return static_cast<double>(n); };
  return {{"ledger_size", as_double(state_->published.tip()->size)},
          {"followers", as_double(state_->followers->count())},
          {"workers_waiting", as_double(state_->workers->waiting())},
          {"deliveries_waiting", as_double(state_->deliveries->noted())},
          {"findings_waiting", as_double(state_->sweeper->waiting())},
          {"groups", as_double(counters.groups)},
          {"changes_appended", as_double(counters.changes)},
          {"failed_commits", as_double(counters.failed_commits)},
          {"connections_open", as_double(connections.open)},
          {"connections_accepted", as_double(connections.accepted)},
          {"connections_refused_full", as_double(connections.refused_full)},
          {"connections_cut_denied", as_double(connections.cut_denied)},
          {"connections_cut_silent", as_double(connections.cut_silent)},
          {"connections_cut_bytes", as_double(connections.cut_bytes)},
          {"connections_cut_expired", as_double(connections.cut_expired)},
          {"connections_cut_crowded", as_double(connections.cut_crowded)}};
}

absl::Status Server::FlushDeliveries() { return state_->Flush(Duration::Seconds(10)); }

}  // namespace kapea::server
