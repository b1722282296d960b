#include "client/field/search.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "client/field/act.h"
#include "client/field/names.h"
#include "common/base/macros.h"
#include "common/crypto/secret.h"
#include "common/text/phone.h"
#include "common/text/search_key.h"

namespace kapea::field {
namespace {

using domain::FieldType;
using text::SearchWord;

// The field of a hit by the file's code, which working papers have in place of the name.
constexpr char kCodeField[] = "code";
constexpr size_t kRowsPerCommit = 256;
// A text with more words is no name.
constexpr size_t kWordsPerGroupMax = 32;

bool IsIndexed(const domain::Field& field) {
  return field.type == FieldType::kName || field.type == FieldType::kPhone;
}

bool IsPhone(std::string_view folded) {
  return folded.find_first_not_of("0123456789 ") == std::string_view::npos &&
         text::FoldPhone(folded).size() >= text::kPhoneDigitsMin;
}

absl::StatusOr<std::vector<SearchWord>> ReadQuery(const SearchRequest& request) {
  if (request.limit == 0 || request.limit > kSearchHitsMax) {
    return absl::InvalidArgumentError("want a limit of 1 to " + std::to_string(kSearchHitsMax) +
                                      ", got " + std::to_string(request.limit));
  }
  KAPEA_ASSIGN(std::string folded, text::FoldForSearch(request.words));
  if (IsPhone(folded)) folded = text::FoldPhone(folded);
  std::vector<SearchWord> words = text::WordsOf(folded);
  size_t letters = 0;
  for (const SearchWord& word : words) letters += word.letters;
  if (letters < kSearchLettersMin) {
    return absl::InvalidArgumentError("want at least two letters to look for");
  }
  if (words.size() > kSearchWordsMax) {
    return absl::InvalidArgumentError("want at most " + std::to_string(kSearchWordsMax) +
                                      " words, got " + std::to_string(words.size()));
  }
  return words;
}

const domain::Section* FindSection(const domain::Form& form, std::string_view code) {
  for (const domain::Section& section : form.sections) {
    if (section.code == code) return &section;
  }
  return nullptr;
}

bool Contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Whether what was indexed then is what would be indexed now.
bool IsCurrent(const vault::IndexedFile& then, const vault::IndexedFile& now) {
  return then.number == now.number && then.own == now.own && then.rights == now.rights &&
         (then.settled || then.surroundings == now.surroundings);
}

void AddText(const std::string& text, std::string& all) {
  all += all.empty() ? text : " | " + text;
}

}  // namespace

SearchIndex::~SearchIndex() {
  for (auto& [file, indexed] : files_) {
    for (Group& group : indexed.groups) {
      for (NamedWord& one : group.words) {
        crypto::Wipe(one.word.text);
        crypto::Wipe(one.word.sound);
        crypto::Wipe(one.word.bones);
      }
    }
  }
}

absl::Status SearchIndex::Load() {
  KAPEA_TRY(vault_.name_store().VisitRows([this](const FileId& file, vault::IndexedFile row) {
    if (row.fold_version == text::kFoldVersion) Hold(file, std::move(row));
  }));
  loaded_ = true;
  return absl::OkStatus();
}

absl::Status SearchIndex::Refresh() {
  if (!loaded_) KAPEA_TRY(Load());
  refreshed_ = 0;
  const vault::NameStore& store = vault_.name_store();
  vault::IndexedFile now;
  now.fold_version = text::kFoldVersion;
  now.rights = store.Rights();
  now.surroundings = store.Surroundings();
  std::vector<std::pair<FileId, vault::IndexedFile>> rows;
  for (const vault::FileLine& line : vault_.Files()) {
    if (line.kind == domain::FileKind::kDirectory || line.kind == domain::FileKind::kStandards) {
      continue;
    }
    now.number = line.number;
    now.own = store.OwnOf(line.file);
    const auto held = files_.find(line.file);
    if (held != files_.end() && IsCurrent(held->second.moment, now)) continue;
    vault::IndexedFile row = now;
    KAPEA_ASSIGN(const auto state, vault_.File(line.file));
    KAPEA_TRY(AddNames(*state, row));
    Hold(line.file, row);
    ++refreshed_;
    rows.emplace_back(line.file, std::move(row));
    if (rows.size() < kRowsPerCommit) continue;
    KAPEA_TRY(vault_.name_store().PutRows(rows));
    rows.clear();
  }
  return vault_.name_store().PutRows(rows);
}

absl::Status SearchIndex::AddNames(const domain::FileState& state, vault::IndexedFile& row) {
  // What still waits for something in another file may take effect without a new number.
  row.settled = state.waiting().empty();
  for (const auto& [id, record] : state.records()) {
    if (record.voided()) continue;
    if (const domain::Form* form = state.FormOf(record)) {
      KAPEA_TRY(AddRecord(state, record, *form, row));
    } else {
      row.settled = false;
    }
  }
  return absl::OkStatus();
}

absl::Status SearchIndex::AddRecord(const domain::FileState& state, const domain::Record& record,
                                    const domain::Form& form, vault::IndexedFile& row) {
  for (const domain::Section& section : form.sections) {
    for (const domain::Field& field : section.fields) {
      const domain::Register* values = IsIndexed(field) ? record.Find(field.code) : nullptr;
      if (values == nullptr) continue;
      for (const auto& [change, value] : values->current()) {
        KAPEA_TRY(AddValue(state, record, field, value,
                           {record.id, form.id, section.code, field.code, ""}, row));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status SearchIndex::AddValue(const domain::FileState& state, const domain::Record& record,
                                   const domain::Field& field, const domain::FieldValue& value,
                                   vault::IndexedName name, vault::IndexedFile& row) {
  const auto take = [&](std::string_view text) {
    auto folded = text::FoldForSearch(text);
    if (!folded.ok() || folded->empty()) return;  // no words, so that none can be found
    name.folded = field.type == FieldType::kPhone ? text::FoldPhone(*folded) : *std::move(folded);
    row.names.push_back(std::move(name));
  };
  if (value.clear) {
    if (const auto* text = std::get_if<domain::Text>(&*value.clear)) take(text->text);
    return absl::OkStatus();
  }
  if (!value.sealed) return absl::OkStatus();
  if (!MayHold(vault_, state, value.sealed->key_class)) {
    row.lacks_keys = true;
    return absl::OkStatus();
  }
  const absl::Status opened =
      vault_.name_store().OpenUnseen(state.id(), record.id, field.code, value, take);
  if (absl::IsFailedPrecondition(opened)) {
    row.lacks_keys = true;
    row.settled = false;  // the key may come by the directory
    return absl::OkStatus();
  }
  // An altered value is shown as that where the record is shown; it has no words.
  return absl::IsDataLoss(opened) ? absl::OkStatus() : opened;
}

void SearchIndex::Hold(const FileId& file, vault::IndexedFile row) {
  Indexed indexed;
  for (vault::IndexedName& name : row.names) {
    if (indexed.groups.empty() || indexed.groups.back().record != name.record ||
        indexed.groups.back().section != name.section) {
      indexed.groups.push_back({name.record, name.form, name.section, {}, {}});
    }
    Group& group = indexed.groups.back();
    if (group.fields.empty() || group.fields.back() != name.field) {
      group.fields.push_back(name.field);
    }
    for (SearchWord& word : text::WordsOf(name.folded)) {
      if (group.words.size() >= kWordsPerGroupMax) break;
      group.words.push_back({std::move(word), group.fields.size() - 1});
    }
    crypto::Wipe(name.folded);
  }
  row.names.clear();
  indexed.moment = std::move(row);
  files_[file] = std::move(indexed);
}

std::vector<SearchIndex::Candidate> SearchIndex::Find(const std::vector<SearchWord>& query) const {
  std::vector<Candidate> found;
  for (const auto& [file, indexed] : files_) {
    for (const Group& group : indexed.groups) {
      Fit fit = FitName(query, group.words);
      if (fit.match != NameMatch::kNone) found.push_back({file, &group, std::move(fit)});
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.fit.match, a.fit.cost) < std::tie(b.fit.match, b.fit.cost);
  });
  return found;
}

absl::StatusOr<SearchIndex::Showing> SearchIndex::Prepare(const Candidate& candidate) {
  KAPEA_ASSIGN(const auto state, vault_.File(candidate.file));
  const domain::Record* record = state->FindRecord(candidate.group->record);
  const domain::Form* form = record == nullptr ? nullptr : state->FormOf(*record);
  const domain::Section* section =
      form == nullptr ? nullptr : FindSection(*form, candidate.group->section);
  if (section == nullptr) return absl::NotFoundError("the record is not here any more");
  Showing showing;
  SearchHit& hit = showing.hit;
  hit = {candidate.file,
         state->kind(),
         state->drill(),
         record->id,
         form->id,
         section->code,
         candidate.fit.match,
         {},
         {}};
  for (const size_t field : candidate.fit.fields) {
    hit.fields.push_back(candidate.group->fields[field]);
  }
  showing.sealed = {candidate.file, record->id, {}};
  for (const domain::Field& field : section->fields) {
    const bool asked = field.type == FieldType::kName || Contains(hit.fields, field.code);
    const domain::Register* values = asked ? record->Find(field.code) : nullptr;
    if (values == nullptr) continue;
    std::vector<domain::FieldValue> shown;
    for (const auto& distinct : values->DistinctValues()) {
      const domain::FieldValue& value = *distinct.first;
      const bool may =
          value.clear || (value.sealed && MayHold(vault_, *state, value.sealed->key_class));
      if (may) shown.push_back(value);
    }
    if (shown.empty()) continue;
    const bool sealed = std::any_of(shown.begin(), shown.end(),
                                    [](const auto& value) { return value.sealed.has_value(); });
    if (sealed) showing.sealed.fields.push_back(field.code);
    showing.values.emplace_back(field.code, std::move(shown));
  }
  return showing;
}

absl::Status SearchIndex::Show(const vault::ReadNotice& notice, Showing& showing) {
  for (const auto& [field, values] : showing.values) {
    std::string all;
    for (const domain::FieldValue& value : values) {
      std::optional<domain::Value> opened = value.clear;
      if (value.sealed) {
        auto plain = vault_.OpenSealed(notice, field, value);
        const bool closed =
            absl::IsFailedPrecondition(plain.status()) || absl::IsDataLoss(plain.status());
        if (closed) continue;
        KAPEA_TRY(plain.status());
        opened = *std::move(plain);
      }
      if (const auto* text = std::get_if<domain::Text>(&*opened)) AddText(text->text, all);
    }
    if (!all.empty()) showing.hit.shown.push_back({field, std::move(all)});
  }
  return absl::OkStatus();
}

absl::Status SearchIndex::AddByCode(const std::string& words, SearchAnswer& answer) {
  // A name has no dash after one or two letters; a code without it may well be a name.
  const auto file = FindFile(vault_, words);
  if (!file.ok() || words.find('-') == std::string::npos) return absl::OkStatus();
  KAPEA_ASSIGN(const auto state, vault_.File(*file));
  SearchHit hit;
  hit.file = *file;
  hit.kind = state->kind();
  hit.drill = state->drill();
  hit.match = NameMatch::kExact;
  hit.fields = {kCodeField};
  answer.hits.push_back(std::move(hit));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<SearchIndex::Showing>> SearchIndex::Choose(
    const SearchRequest& request, const std::vector<Candidate>& candidates, SearchAnswer& answer) {
  std::vector<Showing> showings;
  for (const Candidate& candidate : candidates) {
    const bool doubtful = candidate.fit.match > NameMatch::kSound;
    const bool has_better = !showings.empty() && showings.front().hit.match <= NameMatch::kSound;
    if (doubtful && has_better && !request.wide) {
      answer.less_alike = true;
      break;
    }
    if (showings.size() == request.limit) {
      answer.more = true;
      break;
    }
    auto showing = Prepare(candidate);
    if (absl::IsNotFound(showing.status())) continue;
    KAPEA_TRY(showing.status());
    showings.push_back(*std::move(showing));
  }
  return showings;
}

absl::StatusOr<SearchAnswer> SearchIndex::Search(const SearchRequest& request) {
  KAPEA_ASSIGN(const std::vector<SearchWord> query, ReadQuery(request));
  KAPEA_TRY(Refresh());
  SearchAnswer answer;
  KAPEA_TRY(AddByCode(request.words, answer));
  for (const auto& [file, indexed] : files_) {
    answer.files_without_key += indexed.moment.lacks_keys ? 1 : 0;
  }
  KAPEA_ASSIGN(std::vector<Showing> showings, Choose(request, Find(query), answer));
  std::vector<vault::Vault::Reading> readings;
  readings.reserve(showings.size());
  for (const Showing& showing : showings) readings.push_back(showing.sealed);
  KAPEA_ASSIGN(const std::vector<vault::ReadNotice> notices,
               vault_.NoticeReadings(std::move(readings)));
  for (size_t i = 0; i < showings.size(); ++i) {
    KAPEA_TRY(Show(notices[i], showings[i]));
    if (!showings[i].hit.shown.empty()) answer.hits.push_back(std::move(showings[i].hit));
  }
  return answer;
}

}  // namespace kapea::field
