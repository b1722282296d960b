#include "server/core/query.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "common/standards/evaluate.h"
#include "server/access/readable.h"
#include "server/core/folder.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

// Units for which the asker may see findings without being a member of the file.
std::set<UnitId> ScopeOf(const domain::Directory& directory, const PersonId& person) {
  std::set<UnitId> units;
  const domain::PersonEntry* entry = directory.FindPerson(person);
  if (entry == nullptr || entry->ended) return units;
  for (const domain::RoleAt& at : entry->roles) {
    if (at.role == domain::Role::kSupervisor || at.role == domain::Role::kAnalyst) {
      units.insert(at.unit);
    }
  }
  return units;
}

// The units whose files the question is about, of those in the asker's scope.
absl::StatusOr<std::set<UnitId>> UnitsOf(const domain::Directory& directory, const Principal& asker,
                                         const ComplianceQuestion& question) {
  std::set<UnitId> units = ScopeOf(directory, asker.person);
  if (question.unit) {
    if (!units.contains(*question.unit)) {
      return absl::PermissionDeniedError("you are neither supervisor nor analyst of that unit");
    }
    units = {*question.unit};
  }
  if (!question.province.empty()) {
    std::erase_if(units, [&](const UnitId& unit) {
      const domain::UnitEntry* entry = directory.FindUnit(unit);
      return entry == nullptr || entry->province != question.province;
    });
  }
  return units;
}

// The files of the question that the asker may know about, ascending, after `page_token`.
absl::StatusOr<std::set<FileId>> FilesInScope(const kv::Snapshot& store,
                                              const domain::Directory& directory,
                                              const Principal& asker,
                                              const ComplianceQuestion& question) {
  KAPEA_ASSIGN(const std::set<UnitId> units, UnitsOf(directory, asker, question));
  const bool own_too = !question.unit && question.province.empty();
  if (question.file) {
    KAPEA_ASSIGN(bool known, IsOfUnits(store, *question.file, units));
    if (!known && own_too) {
      KAPEA_ASSIGN(known, MayReadFile(store, directory, asker.person, *question.file));
    }
    // The same answer whether the file exists or not.
    if (!known) return absl::PermissionDeniedError("no such file within your units");
    return std::set<FileId>{*question.file};
  }
  KAPEA_ASSIGN(std::set<FileId> files, FilesOfUnits(store, units));
  if (own_too) {
    KAPEA_ASSIGN(std::set<FileId> own, ReadableFiles(store, directory, asker.person));
    files.merge(own);
  }
  if (!question.page_token.empty()) {
    const auto last = FileId::FromHexText(question.page_token);
    if (!last.ok()) return absl::InvalidArgumentError("the page token is none of ours");
    files.erase(files.begin(), files.upper_bound(*last));
  }
  return files;
}

bool OnlyOpen(const std::set<domain::FindingStatus>& statuses) {
  return !statuses.empty() &&
         std::all_of(statuses.begin(), statuses.end(), [](domain::FindingStatus status) {
           return status == domain::FindingStatus::kPending ||
                  status == domain::FindingStatus::kOverdue;
         });
}

// One question under way. Threads: one.
class Asking {
 public:
  Asking(const kv::Snapshot& store, const Folder& folder, const ComplianceQuestion& question,
         ComplianceAnswer& answer)
      : store_(store),
        folder_(folder),
        question_(question),
        only_open_(OnlyOpen(question.statuses)),
        answer_(answer) {}

  absl::Status Add(const FileId& file) {
    if (!question_.file) {
      KAPEA_ASSIGN(const codec::FileViewHead* head, HeadOf(file));
      if (head == nullptr || head->drill) return absl::OkStatus();
    }
    if (only_open_) {
      KAPEA_ASSIGN(const bool told, AddKept(file));
      if (told) return absl::OkStatus();
    }
    KAPEA_ASSIGN(const domain::FileState* state, folder_.Get(file));
    for (auto& finding : standards::EvaluateFile({*state, answer_.as_of, &folder_})) {
      if (Wanted(finding)) answer_.findings.push_back(codec::Tell(std::move(finding)));
    }
    return absl::OkStatus();
  }

 private:
  bool Wanted(const standards::Finding& finding) const {
    return question_.statuses.empty() || question_.statuses.contains(finding.status);
  }

  // nullptr: there is no such file.
  absl::StatusOr<const codec::FileViewHead*> HeadOf(const FileId& file) {
    auto known = heads_.find(file);
    if (known == heads_.end()) {
      KAPEA_ASSIGN(const auto row, store_.Find(kViews, file.view()));
      std::optional<codec::FileViewHead> head;
      if (row) {
        KAPEA_ASSIGN(head, codec::FileViewHead::Decode(*row));
      }
      known = heads_.emplace(file, std::move(head)).first;
    }
    return known->second ? &*known->second : nullptr;
  }

  absl::StatusOr<bool> IsAt(const FileId& file, uint64_t number) {
    KAPEA_ASSIGN(const codec::FileViewHead* head, HeadOf(file));
    return (head == nullptr ? 0 : head->number) == number;
  }

  // Whether what is kept of the file stands for the moment asked about; then it was added.
  absl::StatusOr<bool> AddKept(const FileId& file) {
    KAPEA_ASSIGN(const auto row, store_.Find(kOpen, file.view()));
    if (!row) return false;
    KAPEA_ASSIGN(codec::OpenFindings open, codec::OpenFindings::Decode(*row));
    if (answer_.as_of < open.as_of || answer_.as_of >= open.until) return false;
    KAPEA_ASSIGN(bool stands, IsAt(file, open.number));
    for (const auto& [other, number] : open.linked) {
      if (!stands) break;
      KAPEA_ASSIGN(stands, IsAt(other, number));
    }
    if (!stands) return false;
    for (codec::ToldFinding& told : open.findings) {
      if (Wanted(told.finding)) answer_.findings.push_back(std::move(told));
    }
    return true;
  }

  const kv::Snapshot& store_;
  const Folder& folder_;
  const ComplianceQuestion& question_;
  const bool only_open_;
  ComplianceAnswer& answer_;
  std::map<FileId, std::optional<codec::FileViewHead>> heads_;
};

absl::StatusOr<ComplianceAnswer> AnswerAt(const kv::Snapshot& snapshot, const Published& published,
                                          const Principal& asker, Time now,
                                          const ComplianceQuestion& question) {
  const auto tip = published.tip();
  const auto directory = published.directory();
  const auto packs = published.packs();
  ComplianceAnswer answer;
  answer.as_of = question.as_of.value_or(now);
  answer.ledger_size = tip->size;
  answer.ledger_root = tip->root;
  const domain::Surroundings around{directory->directory, *packs};
  const Folder folder(snapshot, around, answer.as_of);
  KAPEA_ASSIGN(const std::set<FileId> files,
               FilesInScope(snapshot, directory->directory, asker, question));
  Asking asking(snapshot, folder, question, answer);
  for (auto file = files.begin(); file != files.end(); ++file) {
    if (answer.findings.size() >= question.page_size) {
      answer.next_page_token = std::prev(file)->hex();
      break;
    }
    KAPEA_TRY(asking.Add(*file));
  }
  return answer;
}

}  // namespace

absl::StatusOr<ComplianceAnswer> AnswerCompliance(const kv::Store& store,
                                                  const Published& published,
                                                  const Principal& asker, Time now,
                                                  const ComplianceQuestion& question) {
  auto answer = AnswerAt(*store.TakeSnapshot(), published, asker, now, question);
  // A file was sealed anew under another key meanwhile (an erasure, or wraps were dropped).
  if (absl::IsDataLoss(answer.status())) {
    answer = AnswerAt(*store.TakeSnapshot(), published, asker, now, question);
  }
  return answer;
}

}  // namespace kapea::server
