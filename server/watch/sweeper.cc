#include "server/watch/sweeper.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <memory>

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "common/codec/open_findings.h"
#include "common/codec/store_rows.h"
#include "server/core/aside.h"
#include "server/core/figures.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

constexpr int kNice = 10;  // the calls of devices come first
constexpr Duration kIdle = Duration::Minutes(1);

// The size of the ledger that a snapshot holds.
absl::StatusOr<uint64_t> SizeOf(const kv::Snapshot& snapshot) {
  KAPEA_ASSIGN(const std::string row, snapshot.Get(kMeta, "head"));
  KAPEA_ASSIGN(const codec::LedgerHead head, codec::LedgerHead::Decode(row));
  return head.size;
}

Hash HashOf(const domain::Pack* pack) { return pack == nullptr ? Hash() : pack->hash; }

}  // namespace

absl::StatusOr<std::vector<codec::Standing>> Sweeper::WorkOut(kv::Store& store,
                                                              const Folder& folder,
                                                              const domain::Pack* pack,
                                                              const std::vector<FileId>& files) {
  kv::Batch batch;
  std::vector<codec::Standing> all;
  for (const FileId& file : files) {
    KAPEA_ASSIGN(const codec::OpenFindings open, folder.Open(file));
    batch.Put(kOpen, file.view(), open.Encode());
    all.push_back(open);
    if (pack == nullptr) continue;
    KAPEA_ASSIGN(codec::KeptFigures figures, folder.Figures(file, *pack));
    all.back().Join(figures);
    KAPEA_TRY(PutFigures(store, std::move(figures), batch));
  }
  KAPEA_TRY(store.Commit(batch, kv::Durability::kSynced));
  return all;
}

absl::StatusOr<std::unique_ptr<Sweeper>> Sweeper::Start(kv::Store& store,
                                                        const Published& published,
                                                        const Clock& clock, const Options& options,
                                                        OnTrouble on_trouble) {
  std::unique_ptr<Sweeper> sweeper(
      new Sweeper(store, published, clock, options, std::move(on_trouble)));
  KAPEA_TRY(sweeper->Load());
  Sweeper* const raw = sweeper.get();
  sweeper->thread_ = std::thread([raw] { raw->Run(); });
  return sweeper;
}

Sweeper::~Sweeper() { Stop(); }

void Sweeper::Stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    work_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status Sweeper::Load() {
  std::map<FileId, uint64_t> numbers;
  absl::Status failed;
  KAPEA_TRY(store_.Scan(kViews, "", "", [&](std::string_view key, std::string_view value) {
    const auto head = codec::FileViewHead::Decode(value);
    if (!head.ok()) failed = head.status();
    if (head.ok()) numbers[FileId::FromPrefix(key)] = head->number;
    return head.ok();
  }));
  KAPEA_TRY(failed);
  const Hash pack = HashOf(published_.packs()->Newest());
  KAPEA_ASSIGN(const auto rows, LoadSwept(pack));
  const auto number_of = [&numbers](const FileId& file) {
    const auto at = numbers.find(file);
    return at == numbers.end() ? 0 : at->second;
  };
  const Time now = clock_.Now();
  MutexLock lock(mutex_);
  pack_ = pack;
  for (const auto& [file, row] : rows) Keep(file, row, now);
  for (const auto& [file, number] : numbers) {
    const auto row = rows.find(file);
    const bool stands =
        row != rows.end() && row->second.number == number && now < row->second.until &&
        std::all_of(row->second.linked.begin(), row->second.linked.end(),
                    [&](const auto& other) { return number_of(other.first) == other.second; });
    if (!stands) behind_[file] = {};
  }
  return absl::OkStatus();
}

// Of files of which all rows are there and say the same; the others are worked out again, as
// if there were none.
absl::StatusOr<std::map<FileId, codec::Standing>> Sweeper::LoadSwept(const Hash& pack) const {
  std::map<FileId, codec::Standing> rows;
  KAPEA_TRY(store_.Scan(kOpen, "", "", [&rows](std::string_view key, std::string_view value) {
    const auto open = codec::OpenFindings::Decode(value);
    if (open.ok()) rows[FileId::FromPrefix(key)] = *open;
    return true;
  }));
  if (pack == Hash()) return rows;
  std::set<FileId> whole;
  KAPEA_TRY(store_.Scan(kFigured, "", "", [&](std::string_view key, std::string_view value) {
    const FileId file = FileId::FromPrefix(key);
    const auto figures = codec::KeptFigures::Decode(value);
    const auto row = rows.find(file);
    if (!figures.ok() || row == rows.end()) return true;
    if (figures->pack != pack || figures->number != row->second.number) return true;
    row->second.Join(*figures);
    whole.insert(file);
    return true;
  }));
  std::erase_if(rows, [&whole](const auto& row) { return !whole.contains(row.first); });
  return rows;
}

void Sweeper::OnCommitted(const std::vector<FileId>& files) {
  const Duration now = clock_.Read().elapsed;
  MutexLock lock(mutex_);
  if (behind_.empty()) work_.NotifyOne();  // else it wakes by itself
  for (const FileId& file : files) {
    FallBehind(file, now);
    const auto others = stand_on_.find(file);
    if (others == stand_on_.end()) continue;
    for (const FileId& other : others->second) FallBehind(other, now);
  }
}

void Sweeper::FallBehind(const FileId& file, Duration now) {
  behind_.try_emplace(file, Behind{now, now}).first->second.last = now;
}

std::vector<FileId> Sweeper::Ripe(Duration elapsed, Time now, Duration& wait) {
  std::vector<FileId> files;
  for (const auto& [file, behind] : behind_) {
    if (files.size() >= options_.files_a_batch) break;
    const Duration ripe = std::min(behind.last + options_.quiet, behind.since + options_.at_most);
    if (ripe <= elapsed) files.push_back(file);
  }
  if (!behind_.empty()) wait = std::min(wait, options_.quiet);
  for (auto turn = turns_.begin(); turn != turns_.end(); ++turn) {
    if (files.size() >= options_.files_a_batch) break;
    if (turn->first > now) {
      wait = std::min(wait, turn->first - now);
      break;
    }
    if (!behind_.contains(turn->second)) files.push_back(turn->second);
  }
  return files;
}

std::vector<FileId> Sweeper::Take() {
  MutexLock lock(mutex_);
  while (!stopped_) {
    Duration wait = kIdle;
    std::vector<FileId> files = Ripe(clock_.Read().elapsed, clock_.Now(), wait);
    if (!files.empty()) {
      for (const FileId& file : files) behind_.erase(file);
      sweeping_ = files;
      return files;
    }
    work_.WaitFor(mutex_, wait + Duration::Milliseconds(1));
  }
  return {};
}

void Sweeper::Keep(const FileId& file, const codec::Standing& swept, Time at) {
  Kept kept{swept.until, {}};
  for (const auto& [other, number] : swept.linked) kept.linked.insert(other);
  Kept& now = kept_[file];
  turns_.erase({now.until, file});
  for (const FileId& other : now.linked) stand_on_[other].erase(file);
  for (const FileId& other : kept.linked) stand_on_[other].insert(file);
  // One that turns at every moment would keep this thread busy for ever.
  if (kept.until < Time::Max()) {
    kept.until = std::max(kept.until, at + options_.quiet);
    turns_.insert({kept.until, file});
  }
  now = std::move(kept);
}

// What is read is of one moment, and the directory and packs are at least as new: an
// Entry is never judged by less than it stood on.
absl::StatusOr<std::vector<codec::Standing>> Sweeper::Sweep(const std::vector<FileId>& files,
                                                            Hash& pack) const {
  const auto snapshot = store_.TakeSnapshot();
  KAPEA_ASSIGN(const uint64_t size, SizeOf(*snapshot));
  if (published_.tip()->size < size) return absl::UnavailableError("not published yet");
  const auto directory = published_.directory();
  const auto packs = published_.packs();
  const domain::Surroundings around{directory->directory, *packs};
  const Folder folder(*snapshot, around, std::max(clock_.Now(), published_.tip()->received));
  pack = HashOf(packs->Newest());
  return WorkOut(store_, folder, packs->Newest(), files);
}

void Sweeper::Run() {
  // Of this thread alone, on Linux.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  for (auto files = Take(); !files.empty(); files = Take()) {
    const Time at = clock_.Now();  // time that goes on meanwhile may turn what is worked out
    Hash pack;
    auto rows = Sweep(files, pack);
    if (!rows.ok() && !absl::IsUnavailable(rows.status())) on_trouble_(rows.status());
    MutexLock lock(mutex_);
    sweeping_.clear();
    if (rows.ok()) {
      for (size_t i = 0; i < files.size(); ++i) Keep(files[i], (*rows)[i], at);
      if (std::exchange(pack_, pack) != pack) {
        const Duration now = clock_.Read().elapsed;
        for (const auto& [file, kept] : kept_) FallBehind(file, now);
      }
      if (Idle()) idle_.NotifyAll();
      continue;
    }
    const Duration now = clock_.Read().elapsed;
    for (const FileId& file : files) behind_.try_emplace(file, Behind{now, now});
    const Duration pause = absl::IsUnavailable(rows.status()) ? options_.quiet : kIdle;
    if (!stopped_) work_.WaitFor(mutex_, pause);
  }
}

bool Sweeper::Idle() const {
  const bool turning = !turns_.empty() && turns_.begin()->first <= clock_.Now();
  return behind_.empty() && sweeping_.empty() && !turning;
}

bool Sweeper::AwaitIdle(Duration at_most) {
  const SystemClock real;
  const Duration until = real.Read().elapsed + at_most;
  MutexLock lock(mutex_);
  while (!Idle() && real.Read().elapsed < until) {
    idle_.WaitFor(mutex_, until - real.Read().elapsed);
  }
  return Idle();
}

std::set<FileId> Sweeper::FilesBehind() const {
  const MutexLock lock(mutex_);
  std::set<FileId> files(sweeping_.begin(), sweeping_.end());
  for (const auto& [file, since] : behind_) files.insert(file);
  return files;
}

uint64_t Sweeper::waiting() const {
  MutexLock lock(mutex_);
  return behind_.size();
}

absl::StatusOr<uint64_t> SweepAll(kv::Store& store, Time now,
                                  const std::function<void(uint64_t files)>& progress) {
  KAPEA_ASSIGN(const Aside aside, LoadAside(store));
  const domain::Surroundings around{aside.directory->directory, *aside.packs};
  std::vector<FileId> files;
  KAPEA_TRY(store.Scan(kViews, "", "", [&files](std::string_view key, std::string_view) {
    files.push_back(FileId::FromPrefix(key));
    return true;
  }));
  const size_t at_once = Sweeper::Options().files_a_batch;
  for (size_t from = 0; from < files.size(); from += at_once) {
    const size_t to = std::min(from + at_once, files.size());
    const auto at = [&files](size_t i) { return files.begin() + static_cast<std::ptrdiff_t>(i); };
    const Folder folder(store, around, now);
    KAPEA_TRY(Sweeper::WorkOut(store, folder, aside.packs->Newest(), {at(from), at(to)}).status());
    progress(to);
  }
  return files.size();
}

}  // namespace kapea::server
