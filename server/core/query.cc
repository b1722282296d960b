#include "server/core/query.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "common/standards/evaluate.h"
#include "server/core/folder.h"
#include "server/store/tables.h"

namespace kapea::server {
namespace {

bool OnlyOpen(const std::set<domain::FindingStatus>& statuses) {
  return !statuses.empty() &&
         std::all_of(statuses.begin(), statuses.end(), [](domain::FindingStatus status) {
           return status == domain::FindingStatus::kPending ||
                  status == domain::FindingStatus::kOverdue;
         });
}

// The heads of views, each read once. Threads: one.
class ViewHeads {
 public:
  explicit ViewHeads(const kv::Snapshot& store) : store_(store) {}

  // nullptr: there is no such file.
  absl::StatusOr<const codec::FileViewHead*> Find(const FileId& file) {
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

  // Whether nothing was appended to the file, or to those that it stands on.
  absl::StatusOr<bool> Stand(const FileId& file, const codec::Standing& kept) {
    KAPEA_ASSIGN(bool stands, IsAt(file, kept.number));
    for (const auto& [other, number] : kept.linked) {
      if (!stands) break;
      KAPEA_ASSIGN(stands, IsAt(other, number));
    }
    return stands;
  }

 private:
  absl::StatusOr<bool> IsAt(const FileId& file, uint64_t number) {
    KAPEA_ASSIGN(const codec::FileViewHead* head, Find(file));
    return (head == nullptr ? 0 : head->number) == number;
  }

  const kv::Snapshot& store_;
  std::map<FileId, std::optional<codec::FileViewHead>> heads_;
};

// One question under way. Threads: one.
class Asking {
 public:
  Asking(const kv::Snapshot& store, const Folder& folder, const ComplianceQuestion& question,
         ComplianceAnswer& answer)
      : store_(store),
        folder_(folder),
        question_(question),
        only_open_(OnlyOpen(question.statuses)),
        answer_(answer),
        heads_(store) {}

  absl::Status Add(const FileId& file) {
    if (!question_.scope.file) {
      KAPEA_ASSIGN(const codec::FileViewHead* head, heads_.Find(file));
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

  // Whether what is kept of the file stands for the moment asked about; then it was added.
  absl::StatusOr<bool> AddKept(const FileId& file) {
    KAPEA_ASSIGN(const auto row, store_.Find(kOpen, file.view()));
    if (!row) return false;
    KAPEA_ASSIGN(codec::OpenFindings open, codec::OpenFindings::Decode(*row));
    if (answer_.as_of < open.as_of || answer_.as_of >= open.until) return false;
    KAPEA_ASSIGN(const bool stands, heads_.Stand(file, open));
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
  ViewHeads heads_;
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
  KAPEA_ASSIGN(std::set<FileId> files,
               FilesInScope(snapshot, directory->directory, asker, question.scope));
  if (!question.page_token.empty()) {
    const auto last = FileId::FromHexText(question.page_token);
    if (!last.ok()) return absl::InvalidArgumentError("the page token is none of ours");
    files.erase(files.begin(), files.upper_bound(*last));
  }
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
