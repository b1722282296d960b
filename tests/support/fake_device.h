// A device of the fake deployment: a vault in a folder of its own, a line and a sync
// engine over it.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/sync/sync_engine.h"
#include "client/vault/outbox.h"
#include "client/vault/replica.h"
#include "client/vault/vault.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "tests/support/fake_server.h"
#include "tests/support/temp_folder.h"

namespace kapea::testing {

inline constexpr std::string_view kPassphrase = "correct horse battery staple";

// Threads: one at a time.
class FakeDevice {
 public:
  FakeDevice(FakeServer& server, std::string_view name, const Clock& clock)
      : line(server, server.person(name)), clock_(clock) {
    auto made =
        vault::Vault::Create(folder_ / "vault", kPassphrase, server.IdentityOf(name), clock, 0);
    KAPEA_CHECK(made.ok());
    vault_ = *std::move(made);
    engine_ = std::make_unique<sync::SyncEngine>(*vault_, line);
  }
  vault::Vault& vault() { return *vault_; }
  sync::SyncEngine& engine() { return *engine_; }
  absl::StatusOr<sync::SyncReport> Sync() { return engine_->SyncNow(clock_.Now()); }
  std::string path() const { return folder_ / "vault"; }
  // Locks and unlocks.
  void Restart() {
    Close();
    Reopen();
  }
  void Close() {
    engine_.reset();
    vault_.reset();
  }
  void Reopen() {
    auto opened = vault::Vault::Open(path(), kPassphrase, clock_);
    KAPEA_CHECK(opened.ok());
    vault_ = *std::move(opened);
    engine_ = std::make_unique<sync::SyncEngine>(*vault_, line);
  }

 private:
  TempFolder folder_;

 public:
  FakeLine line;

 private:
  const Clock& clock_;
  std::unique_ptr<vault::Vault> vault_;
  std::unique_ptr<sync::SyncEngine> engine_;
};

inline domain::Member Line(const FakeServer& server, std::string_view name) {
  const vault::Identity identity = server.IdentityOf(name);
  return {identity.person, identity.unit, identity.role, {}};
}

// Founds an operation with these people; the first founds it.
inline absl::StatusOr<FileId> FoundOperation(FakeServer& server, FakeDevice& device,
                                             const std::vector<std::string>& names) {
  vault::FoundRequest request;
  request.kind = domain::FileKind::kOperation;
  for (const std::string& name : names) request.members.push_back(Line(server, name));
  KAPEA_ASSIGN(const vault::Founded founded, device.vault().Found(request));
  return founded.file;
}

// A new record of form OP with a count.
inline absl::StatusOr<RecordId> AddRecord(FakeDevice& device, const FileId& file,
                                          const RecordId& record, int64_t count) {
  KAPEA_ASSIGN(codec::ChangeWriter writer,
               device.vault().Begin({.file = file, .kind = domain::Kind::kEdit}));
  domain::FieldWrite write;
  write.record = record;
  write.form = domain::FormPin{"OP", 1};
  write.field = "count";
  write.clear = domain::Value(count);
  writer.Add(write);
  KAPEA_TRY(device.vault().Commit(std::move(writer)).status());
  return record;
}

// A new record with a sealed note of some 16 KiB, so that few of them fill a push.
inline absl::StatusOr<RecordId> AddBigNote(FakeDevice& device, const FileId& file) {
  KAPEA_ASSIGN(codec::ChangeWriter writer,
               device.vault().Begin({.file = file, .kind = domain::Kind::kEdit}));
  domain::FieldWrite write;
  write.record = crypto::RandomId<RecordId>();
  write.form = domain::FormPin{"OP", 1};
  write.field = "note";
  const RecordId record = write.record;
  KAPEA_TRY(device.vault().AddSealed(writer, std::move(write),
                                     domain::Text{ToHex(crypto::RandomBytes(4000))},
                                     domain::KeyClass::kGeneral));
  KAPEA_TRY(device.vault().Commit(std::move(writer)).status());
  return record;
}

// Writes the count anew, over what the device sees.
inline absl::Status SetCount(FakeDevice& device, const FileId& file, const RecordId& record,
                             int64_t count) {
  KAPEA_ASSIGN(const auto state, device.vault().File(file));
  const domain::Record* found = state->FindRecord(record);
  if (found == nullptr) return absl::NotFoundError("no such record here");
  domain::FieldWrite write;
  write.record = record;
  write.field = "count";
  write.clear = domain::Value(count);
  if (const domain::Register* values = found->Find("count")) write.replaces = values->CurrentIds();
  KAPEA_ASSIGN(codec::ChangeWriter writer,
               device.vault().Begin({.file = file, .kind = domain::Kind::kEdit}));
  writer.Add(write);
  return device.vault().Commit(std::move(writer)).status();
}

// What a device shows of a file, as text: equal folds give equal texts.
inline std::string Show(const domain::FileState& state) {
  std::string text = "number " + std::to_string(state.number()) + "\n";
  for (const auto& [id, record] : state.records()) {
    text += id.hex() + " " + record.form.form + "\n";
    for (const auto& [field, values] : record.fields) {
      text += "  " + field + ":";
      for (const auto& [change, value] : values.current()) {
        text += " " + change.hex().substr(0, 8);
        if (value.clear) text += "=" + ToHex(codec::EncodeValue(*value.clear));
        if (value.sealed) text += "=sealed " + ToHex(value.sealed->envelope).substr(0, 8);
      }
      text += "\n";
    }
  }
  for (const domain::Judged& judged : state.without_effect()) {
    text += "without effect " + judged.change.hex() + "\n";
  }
  return text;
}

}  // namespace kapea::testing
