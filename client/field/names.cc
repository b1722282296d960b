#include "client/field/names.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <vector>

#include "common/base/bytes.h"
#include "common/domain/roles.h"

namespace kapea::field {
namespace {

using domain::FileKind;

constexpr std::string_view kLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kCodeLetters = 6;
constexpr size_t kPrefixMin = 4;
constexpr size_t kShortHex = 8;

std::string_view PrefixOf(FileKind kind) {
  switch (kind) {
    case FileKind::kOperation:
      return "OP";
    case FileKind::kPerson:
      return "P";
    case FileKind::kJustice:
      return "J";
    case FileKind::kLead:
      return "T";
    case FileKind::kProgramme:
      return "PR";
    case FileKind::kDirectory:
      return "DIR";
    case FileKind::kStandards:
      return "STD";
    case FileKind::kNone:
      break;
  }
  return "F";
}

std::string LettersOf(const FileId& file) {
  const uint32_t bits = ReadU32(file.view());
  std::string letters;
  for (size_t i = 0; i < kCodeLetters; ++i) {
    letters += kLetters[bits >> (27 - 5 * i) & 31u];
  }
  return letters;
}

// What people write for letters that we do not use.
std::string Plain(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    const char upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    plain += upper == 'O' ? '0' : upper == 'I' || upper == 'L' ? '1' : upper;
  }
  return plain;
}

bool IsHex(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

template <typename Id>
absl::StatusOr<Id> OnlyOne(const std::vector<Id>& found, const char* what, std::string_view name) {
  if (found.size() == 1) return found[0];
  const std::string quoted = "'" + std::string(name) + "'";
  if (found.empty()) {
    return absl::NotFoundError(std::string("no ") + what + " " + quoted + " on this device");
  }
  return absl::FailedPreconditionError(std::string("more than one ") + what + " begins with " +
                                       quoted + ": give more of it");
}

bool IsCalled(const FileId& file, FileKind of_kind, std::string_view name) {
  const size_t dash = name.find('-');
  const std::string kind = Lower(name.substr(0, dash == std::string_view::npos ? 0 : dash));
  const std::string letters = Plain(dash == std::string_view::npos ? name : name.substr(dash + 1));
  const std::string hex = Lower(name);
  const bool whole_id = hex.size() == 2 * FileId::kBytes && file.hex() == hex;
  const bool by_code = letters.size() >= kPrefixMin && LettersOf(file).starts_with(letters) &&
                       (kind.empty() || kind == Lower(PrefixOf(of_kind)));
  const bool by_hex = dash == std::string_view::npos && hex.size() > kCodeLetters && IsHex(hex) &&
                      file.hex().starts_with(hex);
  return whole_id || by_code || by_hex;
}

}  // namespace

std::string CodeOf(const FileId& file, FileKind kind) {
  return std::string(PrefixOf(kind)) + "-" + LettersOf(file);
}

std::string CodeOf(const RecordId& record) { return record.hex().substr(0, kShortHex); }

absl::StatusOr<FileId> FindFile(vault::Vault& vault, std::string_view name) {
  std::vector<FileId> found;
  for (const vault::FileLine& line : vault.Files()) {
    if (IsCalled(line.file, line.kind, name)) found.push_back(line.file);
  }
  return OnlyOne(found, "file", name);
}

absl::StatusOr<FileId> FindAmong(vault::Vault& vault, const std::vector<FileId>& files,
                                 std::string_view name) {
  std::vector<FileId> found;
  for (const FileId& file : files) {
    const auto state = vault.File(file);
    if (state.ok() && IsCalled(file, (*state)->kind(), name)) found.push_back(file);
  }
  return OnlyOne(found, "file", name);
}

absl::StatusOr<RecordId> FindRecord(const domain::FileState& file, std::string_view name) {
  std::vector<RecordId> found;
  const std::string hex = Lower(name);
  for (const auto& [id, record] : file.records()) {
    if (hex.size() >= kPrefixMin && id.hex().starts_with(hex)) found.push_back(id);
  }
  return OnlyOne(found, "record", name);
}

absl::StatusOr<UnitId> FindUnit(vault::Vault& vault, std::string_view name) {
  const auto directory = vault.directory();
  if (const auto* unit = directory->FindUnitByCode(name)) return unit->unit;
  std::vector<UnitId> found;
  const std::string hex = Lower(name);
  for (const domain::UnitEntry* unit : directory->Units()) {
    const bool same_code = Lower(unit->code) == hex;
    if (same_code || (hex.size() >= kShortHex && unit->unit.hex().starts_with(hex))) {
      found.push_back(unit->unit);
    }
  }
  return OnlyOne(found, "unit", name);
}

absl::StatusOr<PersonId> FindPerson(vault::Vault& vault, std::string_view name) {
  if (name == "me") return vault.identity().person;
  std::vector<PersonId> found;
  const std::string hex = Lower(name);
  const auto directory = vault.directory();
  for (const domain::PersonEntry* person : directory->Persons()) {
    if (hex.size() >= kPrefixMin && person->person.hex().starts_with(hex)) {
      found.push_back(person->person);
    }
  }
  return OnlyOne(found, "person", name);
}

std::string UnitName(vault::Vault& vault, const UnitId& unit) {
  const auto directory = vault.directory();
  const auto* entry = directory->FindUnit(unit);
  return entry != nullptr && !entry->code.empty() ? entry->code : unit.hex().substr(0, kShortHex);
}

std::string PersonName(vault::Vault& vault, const PersonId& person) {
  return person == vault.identity().person ? "me" : person.hex().substr(0, kShortHex);
}

}  // namespace kapea::field
