// The device's sealed store: what its person wrote and has not sent, what she may read,
// and the keys to it. Everything above it (use cases, sync) works on this one object.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/vault/identity.h"
#include "client/vault/read_notice.h"
#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"
#include "common/codec/change_codec.h"
#include "common/codec/pack_registry.h"
#include "common/domain/directory.h"
#include "common/domain/file_state.h"

namespace kapea::vault {

class Attachments;
class BreakGlass;
class Core;
class NameStore;
class Outbox;
class Replica;
struct Parts;

// What a Change will be; the vault fills in the rest of its header.
struct Intent {
  FileId file = {};
  domain::Kind kind = domain::Kind::kUnknown;
  domain::Duty duty = domain::Duty::kNone;
  std::vector<domain::Ref> refs = {};
  // Absent: the first of the person's roles with which the file's roster has her, and
  // for a file without her the identity's own.
  std::optional<domain::RoleAt> acting = std::nullopt;
  // Absent: for edits, resolutions, waivers and publications the newest pack; else none.
  std::optional<Hash> pack = std::nullopt;
};

// A file to be founded. `members` should have the author herself.
struct FoundRequest {
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  std::vector<domain::Member> members = {};
  std::optional<domain::RoleAt> acting = std::nullopt;  // absent: the identity's own role and unit
};

struct Founded {
  FileId file;
  domain::Ref change;                   // the founding Change
  std::vector<domain::Member> unkeyed;  // members who have no key to wrap to yet
};

// Where a sealed value stands; part of what it is sealed with.
struct SealedAt {
  ChangeId change;
  uint32_t write_index = 0;
  Salt salt;
};

inline constexpr size_t kFilesTendedAtOnce = 64;  // by one Vault::TendAllKeys

// Whether somebody who is added to a file may read what was written before.
enum class History : uint8_t { kWhole = 0, kNone = 1 };

// One line of the list of files.
struct FileLine {
  FileId file;
  domain::FileKind kind = domain::FileKind::kNone;
  bool drill = false;
  uint64_t number = 0;      // highest number held without gaps
  bool incomplete = false;  // numbers are known to exist that the server withholds
  uint64_t waiting = 0;     // own Changes without a receipt
};

// Threads: one at a time. Programs with a sync thread hold mutex() around each use; the
// sync engine lets it go while it waits for the network. The shared_ptrs that reads
// answer are constant and safe in any thread; packs that they point to live as long as
// the vault.
// Errors: ResourceExhausted (disk full; nothing was changed), DataLoss (the named object
// was altered; nothing is deleted because of it), Unavailable (the disk failed).
// Owns: the store's lock, the identity, the opened keys; wiped at destruction.
class Vault {
 public:
  // Makes `directory`/head and `directory`/store. AlreadyExists when there is a vault.
  // `kdf_target_ms`: how long one unlocking shall take (floor 64 MiB, 3 passes).
  static absl::StatusOr<std::unique_ptr<Vault>> Create(const std::string& directory,
                                                       std::string_view passphrase,
                                                       Identity identity, const Clock& clock,
                                                       int64_t kdf_target_ms = 1000);
  // Unauthenticated "wrong passphrase; next try in N s" (also, without looking at the
  // passphrase, while that delay runs); AlreadyExists when it is open elsewhere;
  // NotFound when there is none; DataLoss "vault head" or the object that was altered.
  static absl::StatusOr<std::unique_ptr<Vault>> Open(const std::string& directory,
                                                     std::string_view passphrase,
                                                     const Clock& clock);
  ~Vault();
  // Seals the same keys under another passphrase. Unauthenticated as Open.
  absl::Status ChangePassphrase(std::string_view old_passphrase, std::string_view passphrase);

  Mutex& mutex();
  const Clock& clock() const;

  // Who this device is.
  const Identity& identity() const;
  absl::Status SetCertificate(crypto::SecretBytes tls_key_pem, std::string chain_pem);  // renewed

  // --- Writing. Every Commit is on the disk when it returns, or has changed nothing. ---

  // A writer with the header filled in. Aborted at Commit when another Change was
  // committed in between: begin again. A writer may be dropped.
  // NotFound: no such file. FailedPrecondition: no role to act under.
  absl::StatusOr<codec::ChangeWriter> Begin(const Intent& intent);
  // Seals `value` into the writer under the newest key epoch of its file.
  // FailedPrecondition "no key of class X for this file on this device".
  absl::Status AddSealed(codec::ChangeWriter& writer, domain::FieldWrite write,
                         const domain::Value& value, domain::KeyClass key_class);
  // Outbox and file state at once; synced.
  absl::StatusOr<domain::Ref> Commit(codec::ChangeWriter&& writer);

  // Founds a file, opens its first key epoch and grants each member her classes, in one
  // commit. PermissionDenied when the role may not found such files.
  absl::StatusOr<Founded> Found(const FoundRequest& request);
  // Wraps all the keys held here that the member's role may have, all key epochs.
  // FailedPrecondition when neither unit nor person has a key in the directory.
  absl::StatusOr<domain::Ref> Grant(const FileId& file, const domain::Member& member);
  // Adds, removes and changes lines of the roster. A removal opens a new key epoch and
  // grants it to everybody who stays; an addition is granted what is held, or with
  // History::kNone a new key epoch alone. One commit. PermissionDenied: she does not lead it.
  absl::StatusOr<Founded> ChangeRoster(const FileId& file, const domain::RosterWrite& roster,
                                       History history = History::kWhole);
  // Opens a new key epoch for those on the roster. FailedPrecondition when none of them has
  // a key; PermissionDenied as above.
  absl::StatusOr<domain::Ref> Rekey(const FileId& file);
  // What a lead's or supervisor's device does for a file without being asked: a new key
  // epoch where one is due (domain/rekey.h), keys for members who lack what they should
  // have, and additions to the roster again that came too late. False: there was nothing to
  // do, or it is not hers to do. Call it again while it says true.
  absl::StatusOr<bool> TendKeys(const FileId& file);
  // The same for all files that may want it since the last call, and for `changed`; at most
  // kFilesTendedAtOnce of them; false: more wait. After ShareKeys.
  absl::StatusOr<bool> TendAllKeys(const std::set<FileId>& changed);
  // Drops from this device what was erased, and tells each file of it. The files concerned.
  absl::StatusOr<std::vector<FileId>> DropErased();
  // Another device of hers, whose number she has compared, gets her keys by the next ShareKeys.
  absl::Status ConfirmDevice(const DeviceId& device);
  // Gives the unit's keys, if they are held here, to everybody of the unit who has none
  // yet, and this person's keys to her confirmed devices; offers new ones to the registrars
  // where one ended. Ok when there is nothing to do.
  absl::Status ShareKeys();

  // --- Reading. ---

  // Those of which the keys' Changes alone are here (BreakGlass::Guarded) are not among them.
  std::vector<FileLine> Files();
  // The file with this device's own waiting Changes. NotFound.
  absl::StatusOr<std::shared_ptr<const domain::FileState>> File(const FileId& file);
  std::shared_ptr<const domain::Directory> directory();
  const codec::PackRegistry& packs();
  // The newest pack that has this id; nullptr: none. Empty id: of any.
  const domain::Pack* NewestPack(std::string_view id = {});
  domain::Surroundings around();

  // Writes down (synced) that these fields are about to be opened. Fields whose values
  // this device wrote itself and has not been granted by anyone else need no notice.
  // Notices become Changes at QueueNotices.
  absl::StatusOr<ReadNotice> NoticeReading(const FileId& file, const RecordId& record,
                                           std::vector<std::string> fields);
  // The same for several records, of which all is on the disk at once.
  struct Reading {
    FileId file;
    RecordId record;
    std::vector<std::string> fields;
  };
  absl::StatusOr<std::vector<ReadNotice>> NoticeReadings(std::vector<Reading> readings);
  // FailedPrecondition when no key to it is held here, or the notice is for another
  // record or field. DataLoss when it does not open under its committed key.
  absl::StatusOr<domain::Value> OpenSealed(const ReadNotice& notice, std::string_view field,
                                           const domain::FieldValue& value);
  // The same for a sealed half that is no field value: an attachment's.
  absl::StatusOr<crypto::SecretBytes> OpenPlaintext(const ReadNotice& notice,
                                                    std::string_view field,
                                                    const domain::FieldValue& value);
  // The secret that opens this value and no other, to be disclosed.
  absl::StatusOr<crypto::SecretBytes> SecretOf(const ReadNotice& notice, std::string_view field,
                                               const domain::FieldValue& value);
  // Whether `derive` makes of a sealed value the fact that stands beside it. Nothing but the
  // answer comes out: `derive` sees the value, shows it to nobody and keeps nothing, so it is
  // opened without a notice. Errors: as OpenSealed, and those of `derive`.
  absl::StatusOr<bool> FactHolds(
      const FileId& file, const domain::FieldWrite& source, const SealedAt& at,
      const domain::Value& fact,
      const std::function<absl::StatusOr<domain::Value>(const domain::Value&)>& derive);
  // Up to which number of the file that was done; kept buffered: what is lost is done again.
  absl::StatusOr<uint64_t> FactsCompared(const FileId& file);
  absl::Status KeepFactsCompared(const std::map<FileId, uint64_t>& numbers);
  // Whether a key of that class is held for the newest key epoch of the file.
  bool HoldsKey(const FileId& file, domain::KeyClass key_class);
  // Turns collected notices into one Change per file. Called by sync and before locking.
  absl::Status QueueNotices();

  // --- For sync, and for the attachment calls of use cases. ---
  Outbox& outbox();
  Replica& replica();
  Attachments& attachments();
  // For the search alone: name_store.h says why.
  NameStore& name_store();
  BreakGlass& break_glass();

  // A small value of the program's own (settings, drafts), sealed. Empty value: deletes.
  absl::Status PutSetting(std::string_view name, std::string_view value);
  absl::StatusOr<std::optional<std::string>> FindSetting(std::string_view name);

 private:
  friend class KeyRecovery;
  explicit Vault(std::unique_ptr<Core> core);
  absl::StatusOr<domain::Header> HeaderFor(const Intent& intent);
  absl::StatusOr<domain::Header> LeadHeader(const FileId& file, domain::Kind kind);
  absl::StatusOr<bool> OfferAgain(const FileId& file);
  absl::Status TendFile(const FileId& file);
  absl::Status WatchGlass(const FileId& file);

  std::unique_ptr<Core> core_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace kapea::vault
