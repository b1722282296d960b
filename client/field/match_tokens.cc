#include "client/field/match_tokens.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "client/field/act.h"
#include "client/field/forms.h"
#include "client/field/match_words.h"
#include "common/base/macros.h"

namespace kapea::field {
namespace {

using domain::MatchKind;
using domain::MatchToken;
using domain::Value;

constexpr std::string_view kDocumentForm = "KH-ID-DOCUMENT";
constexpr std::string_view kDocumentNumber = "number";
// Family and given name by script, then the date of birth.
constexpr const char* kNameFields[] = {"family_name_km", "given_name_km", "family_name_latin",
                                       "given_name_latin", "birth_date"};

std::string_view TextIn(const Value& value) {
  const auto* text = std::get_if<domain::Text>(&value);
  return text == nullptr ? std::string_view() : std::string_view(text->text);
}

std::optional<int> YearIn(const Value& value) {
  const auto* date = std::get_if<domain::Date>(&value);
  if (date == nullptr || date->text.size() < 4) return std::nullopt;
  int year = 0;
  const char* const begin = date->text.data();
  const auto [end, error] = std::from_chars(begin, begin + 4, year);
  if (error != std::errc() || end != begin + 4) return std::nullopt;
  return year;
}

// One word of each value that has one.
vault::MatchDoor::Words EachBy(std::string (*word)(std::string_view)) {
  return [word](const std::vector<Value>& values) {
    std::vector<std::string> words;
    for (const Value& value : values) {
      std::string one = word(TextIn(value));
      if (!one.empty()) words.push_back(std::move(one));
    }
    return words;
  };
}

std::vector<std::string> WordsOfName(const std::vector<Value>& values) {
  if (values.size() != std::size(kNameFields)) return {};
  std::vector<NamePair> pairs;
  for (size_t i = 0; i + 1 < values.size(); i += 2) {
    pairs.push_back({std::string(TextIn(values[i])), std::string(TextIn(values[i + 1]))});
  }
  std::vector<std::string> words = NameWords(pairs, YearIn(values.back()));
  for (NamePair& pair : pairs) {
    crypto::Wipe(pair.family);
    crypto::Wipe(pair.given);
  }
  return words;
}

void AddSealed(const domain::Record& record, std::string_view field,
               std::vector<vault::MatchSource>& sources) {
  const domain::Register* values = record.Find(field);
  if (values == nullptr) return;
  for (const auto& [change, value] : values->current()) {
    if (value.sealed) sources.push_back({record.id, std::string(field), &value});
  }
}

}  // namespace

absl::StatusOr<domain::MatchAlias> MatchTokens::AliasOf(const FileId& file) {
  return door_.AliasOf(scope_, file);
}

absl::Status MatchTokens::Add(const domain::FileState& file, MatchKind kind, const Sources& sources,
                              const vault::MatchDoor::Words& words,
                              std::vector<MatchToken>& tokens) {
  if (sources.empty()) return absl::OkStatus();
  KAPEA_ASSIGN(std::vector<uint32_t> made, door_.TokensOf(scope_, kind, file.id(), sources, words));
  std::sort(made.begin(), made.end());
  made.erase(std::unique(made.begin(), made.end()), made.end());
  if (made.size() > domain::kMatchTokensPerKindMax) made.resize(domain::kMatchTokensPerKindMax);
  for (const uint32_t token : made) tokens.push_back({kind, token});
  return absl::OkStatus();
}

absl::Status MatchTokens::AddNumbers(const domain::FileState& file,
                                     std::vector<MatchToken>& tokens) {
  Sources documents, phones;
  for (const auto& [id, record] : file.records()) {
    const domain::Form* form = record.voided() ? nullptr : file.FormOf(record);
    if (form == nullptr) continue;
    for (const domain::Field* field : FieldsOf(*form)) {
      if (field->type == domain::FieldType::kPhone) AddSealed(record, field->code, phones);
    }
    if (form->id == kDocumentForm) AddSealed(record, kDocumentNumber, documents);
  }
  KAPEA_TRY(Add(file, MatchKind::kDocument, documents, EachBy(DocumentWord), tokens));
  return Add(file, MatchKind::kPhone, phones, EachBy(PhoneWord), tokens);
}

absl::Status MatchTokens::AddNames(const domain::FileState& file, std::vector<MatchToken>& tokens) {
  const domain::Record* intake = file.FirstOf(kIntakeForm);
  if (intake == nullptr) return absl::OkStatus();
  Sources sources;
  for (const char* field : kNameFields) {
    sources.push_back({intake->id, field, intake->Shown(field)});
  }
  return Add(file, MatchKind::kName, sources, WordsOfName, tokens);
}

absl::StatusOr<std::optional<std::vector<MatchToken>>> MatchTokens::Of(
    const domain::FileState& file) {
  if (!MayHold(vault_, file, domain::KeyClass::kIdentity)) return std::nullopt;
  std::vector<MatchToken> tokens;
  absl::Status added = AddNumbers(file, tokens);
  if (added.ok() && names_) added = AddNames(file, tokens);
  if (absl::IsFailedPrecondition(added)) return std::nullopt;
  KAPEA_TRY(added);
  return tokens;
}

}  // namespace kapea::field
