#include "tools/measure/key_cases.h"

#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "common/domain/roles.h"
#include "tools/measure/sync_pair.h"

namespace kapea::bench {
namespace {

constexpr size_t kFields = 40;
constexpr size_t kFiles = 200;
constexpr size_t kEpochs = 10;
constexpr size_t kRuns = 20;
constexpr size_t kRemovals = 3;
constexpr size_t kUnlocks = 3;
constexpr int64_t kUnlockMs = 1000;
constexpr char kForm[] = "KH-VICTIM-INTAKE";
constexpr char kAnswer[] = "an invented answer of some forty letters";

class KeyCases {
 public:
  KeyCases(const BenchDeployment& deployment, size_t first_device, std::string folder,
           const std::set<std::string>& wanted, std::vector<Result>& results)
      : deployment_(deployment),
        first_(first_device),
        folder_(std::move(folder)),
        wanted_(wanted),
        results_(results) {}

  absl::Status Run() {
    const Device& device = deployment_.devices()[first_];
    KAPEA_ASSIGN(lead_, Client::Create(deployment_, device, folder_ + "/lead"));
    KAPEA_TRY(lead_.Sync());
    for (size_t i = 0; i < kKeyDevices; ++i) {
      members_.push_back({deployment_.devices()[first_ + i].person,
                          deployment_.shelter(),
                          domain::Role::kIntakeOfficer,
                          {}});
    }
    KAPEA_TRY(SealAndOpen());
    KAPEA_TRY(Remove());
    KAPEA_TRY(Join());
    return Unlock();
  }

 private:
  void Keep(const char* name, const char* unit, std::vector<double> runs) {
    if (wanted_.contains(name)) results_.push_back({name, unit, std::move(runs)});
  }
  absl::StatusOr<FileId> FoundFile(size_t members) {
    vault::FoundRequest request;
    request.kind = domain::FileKind::kPerson;
    request.members.assign(members_.begin(),
                           members_.begin() + static_cast<std::ptrdiff_t>(members));
    KAPEA_ASSIGN(const vault::Founded founded, lead_.vault->Found(request));
    return founded.file;
  }
  // Sealed texts of the intake form that say nothing in clear beside themselves.
  absl::StatusOr<std::vector<const domain::Field*>> SealedFields() {
    const domain::Form* form = lead_.vault->NewestPack()->FindForm(kForm, 1);
    std::vector<const domain::Field*> fields;
    for (const domain::Section& section : form->sections) {
      for (const domain::Field& field : section.fields) {
        const bool text =
            field.type == domain::FieldType::kText || field.type == domain::FieldType::kName ||
            field.type == domain::FieldType::kPhone || field.type == domain::FieldType::kAddress;
        if (text && field.sealed() && field.derived.empty() &&
            domain::MayHoldKey(domain::Role::kIntakeOfficer, field.key_class,
                               domain::FileKind::kPerson)) {
          fields.push_back(&field);
        }
      }
    }
    if (fields.empty()) return absl::DataLossError("the intake form has no sealed texts");
    return fields;
  }

  // As many sealed answers as an intake has; where the form has fewer texts, in several
  // records of one Change.
  absl::StatusOr<codec::ChangeWriter> Intake(const FileId& file,
                                             const std::vector<const domain::Field*>& fields) {
    KAPEA_ASSIGN(codec::ChangeWriter writer,
                 lead_.vault->Begin({.file = file, .kind = domain::Kind::kEdit}));
    RecordId record;
    for (size_t i = 0; i < kFields; ++i) {
      domain::FieldWrite write;
      if (i % fields.size() == 0) {
        record = crypto::RandomId<RecordId>();
        write.form = domain::FormPin{kForm, 1};
      }
      const domain::Field& field = *fields[i % fields.size()];
      write.record = record;
      write.field = field.code;
      KAPEA_TRY(
          lead_.vault->AddSealed(writer, std::move(write), domain::Text{kAnswer}, field.key_class));
    }
    return writer;
  }

  absl::Status SealAndOpen() {
    KAPEA_ASSIGN(const auto fields, SealedFields());
    KAPEA_ASSIGN(const FileId file, FoundFile(2));
    std::vector<double> seal;
    for (size_t run = 0; run < kRuns; ++run) {
      const double began = NowMicros();
      KAPEA_ASSIGN(codec::ChangeWriter writer, Intake(file, fields));
      KAPEA_TRY(std::move(writer).Finish().status());
      seal.push_back((NowMicros() - began) / 1e3);
    }
    Keep("seal_intake", "ms", std::move(seal));
    KAPEA_ASSIGN(codec::ChangeWriter writer, Intake(file, fields));
    KAPEA_TRY(lead_.vault->Commit(std::move(writer)).status());
    std::vector<double> open;
    for (size_t run = 0; run < kRuns; ++run) {
      const double began = NowMicros();
      KAPEA_TRY(OpenAll(file));
      open.push_back((NowMicros() - began) / 1e3);
    }
    Keep("open_intake", "ms", std::move(open));
    return absl::OkStatus();
  }

  absl::Status OpenAll(const FileId& file) {
    KAPEA_ASSIGN(const auto state, lead_.vault->File(file));
    size_t opened = 0;
    for (const auto& [id, record] : state->records()) {
      std::vector<std::string> codes;
      for (const auto& [code, values] : record.fields) codes.push_back(code);
      KAPEA_ASSIGN(const vault::ReadNotice notice, lead_.vault->NoticeReading(file, id, codes));
      for (const std::string& code : codes) {
        KAPEA_ASSIGN(const domain::Value value,
                     lead_.vault->OpenSealed(notice, code, *record.Shown(code)));
        opened += std::get<domain::Text>(value).text == kAnswer;
      }
    }
    if (opened == kFields) return absl::OkStatus();
    return absl::DataLossError("an answer that was sealed did not open");
  }

  // One person off every file that she works on, each in a synced commit of its own.
  absl::Status Remove() {
    std::vector<double> runs;
    for (size_t run = 0; run < kRemovals; ++run) {
      std::vector<FileId> files;
      for (size_t i = 0; i < kFiles; ++i) {
        KAPEA_ASSIGN(files.emplace_back(), FoundFile(kKeyDevices));
      }
      domain::RosterWrite removal;
      removal.removed = {members_.back()};
      const double began = NowMicros();
      for (const FileId& file : files) {
        KAPEA_TRY(lead_.vault->ChangeRoster(file, removal).status());
      }
      runs.push_back((NowMicros() - began) / 1e6);
    }
    Keep("remove_200_files", "s", std::move(runs));
    return absl::OkStatus();
  }

  // Somebody comes to a file of several key epochs and is handed all of them.
  absl::Status Join() {
    std::vector<double> runs;
    for (size_t run = 0; run < kRuns; ++run) {
      KAPEA_ASSIGN(const FileId file, FoundFile(kKeyDevices - 1));
      for (size_t epoch = 1; epoch < kEpochs; ++epoch) {
        KAPEA_TRY(lead_.vault->Rekey(file).status());
      }
      domain::RosterWrite addition;
      addition.added = {members_.back()};
      const double began = NowMicros();
      KAPEA_TRY(lead_.vault->ChangeRoster(file, addition).status());
      runs.push_back((NowMicros() - began) / 1e3 / static_cast<double>(kEpochs));
    }
    Keep("join_epoch", "ms", std::move(runs));
    return absl::OkStatus();
  }

  absl::Status Unlock() {
    if (!wanted_.contains("unlock")) return absl::OkStatus();
    const std::string directory = folder_ + "/unlock";
    {
      KAPEA_ASSIGN(const auto made,
                   vault::Vault::Create(directory, lead_.passphrase,
                                        deployment_.IdentityOf(deployment_.devices()[first_ + 1]),
                                        clock_, kUnlockMs));
    }
    std::vector<double> runs;
    for (size_t run = 0; run < kUnlocks; ++run) {
      const double began = NowMicros();
      KAPEA_ASSIGN(const auto opened, vault::Vault::Open(directory, lead_.passphrase, clock_));
      runs.push_back((NowMicros() - began) / 1e3);
    }
    Keep("unlock", "ms", std::move(runs));
    return absl::OkStatus();
  }

  const BenchDeployment& deployment_;
  const size_t first_;
  const std::string folder_;
  const std::set<std::string>& wanted_;
  std::vector<Result>& results_;
  const SystemClock clock_;
  Client lead_;
  std::vector<domain::Member> members_;
};

}  // namespace

absl::Status RunKeyCases(const BenchDeployment& deployment, size_t first_device,
                         const std::string& folder, const std::set<std::string>& wanted,
                         std::vector<Result>& results) {
  return KeyCases(deployment, first_device, folder + "/keys", wanted, results).Run();
}

}  // namespace kapea::bench
