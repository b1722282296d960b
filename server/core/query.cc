#include "server/core/query.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "common/base/macros.h"
#include "common/codec/file_view.h"
#include "common/standards/evaluate.h"
#include "server/access/readable.h"
#include "server/core/file_cache.h"
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

// Files folded as of one time for one question; linked files too. Threads: one.
class Folder : public domain::LinkedFiles {
 public:
  Folder(const kv::Snapshot& store, const domain::Surroundings& around, Time as_of)
      : store_(store), around_(around), as_of_(as_of) {}

  absl::StatusOr<const domain::FileState*> Get(const FileId& file) const {
    if (const auto found = folded_.find(file); found != folded_.end()) return found->second.get();
    KAPEA_ASSIGN(auto state, FoldFile(store_, file, around_, as_of_));
    return folded_.emplace(file, std::move(state)).first->second.get();
  }

  std::vector<const domain::FileState*> Find(const domain::FileState& from,
                                             std::string_view relation) const override {
    std::vector<const domain::FileState*> found;
    for (const auto& at : from.links()) {
      if (at.link.ended || at.link.relation != relation || !at.link.other_file) continue;
      const auto file = Get(*at.link.other_file);
      found.push_back(file.ok() && (*file)->founded() ? *file : nullptr);
    }
    return found;
  }

 private:
  const kv::Snapshot& store_;
  const domain::Surroundings& around_;
  const Time as_of_;
  mutable std::map<FileId, std::shared_ptr<domain::FileState>> folded_;
};

// The files of the question that the asker may know about, ascending, after `token`.
absl::StatusOr<std::vector<FileId>> FilesInScope(const kv::Snapshot& store,
                                                 const domain::Directory& directory,
                                                 const Principal& asker,
                                                 const ComplianceQuestion& question) {
  const std::set<UnitId> scope = ScopeOf(directory, asker.person);
  KAPEA_ASSIGN(const std::set<FileId> own, ReadableFiles(store, directory, asker.person));
  if (question.unit && !scope.contains(*question.unit)) {
    return absl::PermissionDeniedError("you are neither supervisor nor analyst of that unit");
  }
  const auto in_scope = [&](const FileId& file, const codec::FileViewHead& view) {
    const bool of_unit = std::any_of(view.units.begin(), view.units.end(), [&](const UnitId& unit) {
      return question.unit ? unit == *question.unit : scope.contains(unit);
    });
    return of_unit || (!question.unit && own.contains(file));
  };
  std::vector<FileId> files;
  absl::Status failed;
  const std::string from = question.file ? question.file->str() : question.page_token;
  const std::string to = question.file ? kv::PrefixEnd(question.file->view()) : std::string();
  KAPEA_TRY(store.Scan(kViews, from, to, [&](std::string_view key, std::string_view value) {
    const auto view = codec::FileViewHead::Decode(value);
    if (!view.ok()) {
      failed = view.status();
      return false;
    }
    const FileId file = FileId::FromPrefix(key);
    if (in_scope(file, *view)) files.push_back(file);
    return true;
  }));
  KAPEA_TRY(failed);
  if (question.file && files.empty()) {
    // The same answer whether the file exists or not.
    return absl::PermissionDeniedError("no such file within your units");
  }
  return files;
}

}  // namespace

absl::StatusOr<ComplianceAnswer> AnswerCompliance(const kv::Store& store,
                                                  const Published& published,
                                                  const Principal& asker, Time now,
                                                  const ComplianceQuestion& question) {
  if (!question.page_token.empty() && question.page_token.size() != FileId::kBytes) {
    return absl::InvalidArgumentError("the page token is none of ours");
  }
  const auto tip = published.tip();
  const auto directory = published.directory();
  const auto packs = published.packs();
  const auto snapshot = store.TakeSnapshot();
  ComplianceAnswer answer;
  answer.as_of = question.as_of.value_or(now);
  answer.ledger_size = tip->size;
  answer.ledger_root = tip->root;
  const domain::Surroundings around{directory->directory, *packs};
  const Folder folder(*snapshot, around, answer.as_of);
  KAPEA_ASSIGN(const std::vector<FileId> files,
               FilesInScope(*snapshot, directory->directory, asker, question));
  for (const FileId& file : files) {
    if (answer.findings.size() >= question.page_size) {
      answer.next_page_token = file.str();
      break;
    }
    KAPEA_ASSIGN(const domain::FileState* state, folder.Get(file));
    auto findings = standards::EvaluateFile({*state, answer.as_of, &folder});
    std::move(findings.begin(), findings.end(), std::back_inserter(answer.findings));
  }
  return answer;
}

}  // namespace kapea::server
