#include "common/codec/erasure_list.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/store_rows.h"

namespace kapea::codec {
namespace {

constexpr size_t kListBytesMax = 64u << 20;
constexpr char kErased[] = "erased";
constexpr char kRotated[] = "rotated";

absl::StatusOr<int64_t> ReadNumber(const std::string& text) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < 0) {
    return absl::InvalidArgumentError("want a number");
  }
  return number;
}

absl::StatusOr<ListedErasure> ReadErasure(const std::vector<std::string>& words) {
  ListedErasure erasure;
  KAPEA_ASSIGN(const int64_t at, ReadNumber(words[1]));
  erasure.at = Time::FromUnixMs(at);
  KAPEA_ASSIGN(erasure.file, FileId::FromHexText(words[2]));
  KAPEA_ASSIGN(erasure.approval, ChangeId::FromHexText(words[3]));
  KAPEA_ASSIGN(const std::string row, FromHex(words[4]));
  auto targets = ErasedRow::Decode(row);
  if (!targets.ok() || targets->targets.empty()) {
    return absl::InvalidArgumentError("want what was erased");
  }
  erasure.targets = std::move(targets->targets);
  return erasure;
}

absl::Status ReadLine(std::string_view line, ErasureList& list) {
  const std::vector<std::string> words =
      absl::StrSplit(absl::string_view(line.data(), line.size()), ' ');
  if (words.size() == 5 && words[0] == kErased) {
    KAPEA_ASSIGN(list.erasures.emplace_back(), ReadErasure(words));
    return absl::OkStatus();
  }
  if (words.size() == 3 && words[0] == kRotated) {
    KAPEA_ASSIGN(const int64_t at, ReadNumber(words[1]));
    KAPEA_ASSIGN(const int64_t generation, ReadNumber(words[2]));
    list.rotations.push_back({Time::FromUnixMs(at), static_cast<uint32_t>(generation)});
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("want 'erased' with four words or 'rotated' with two");
}

}  // namespace

std::string ErasureList::Encode() const {
  std::string text;
  for (const ListedErasure& one : erasures) {
    absl::StrAppend(&text, kErased, " ", one.at.unix_ms(), " ", one.file.hex(), " ",
                    one.approval.hex(), " ", ToHex(ErasedRow{one.targets}.Encode()), "\n");
  }
  for (const ListedRotation& one : rotations) {
    absl::StrAppend(&text, kRotated, " ", one.at.unix_ms(), " ", one.generation, "\n");
  }
  return text;
}

absl::StatusOr<ErasureList> ErasureList::Decode(std::string_view text) {
  ErasureList list;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const absl::Status status = ReadLine(text.substr(0, end), list);
    if (!status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", status.message()));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

const ListedRotation* ErasureList::RotationAfter(const ListedErasure& erasure) const {
  const auto found =
      std::find_if(rotations.begin(), rotations.end(),
                   [&erasure](const ListedRotation& rotation) { return rotation.at > erasure.at; });
  return found == rotations.end() ? nullptr : &*found;
}

bool ErasureList::Has(const ChangeId& approval) const {
  return std::any_of(erasures.begin(), erasures.end(),
                     [&approval](const ListedErasure& one) { return one.approval == approval; });
}

std::string ErasureListPath(const std::string& keys_file) { return keys_file + ".erasures"; }

absl::StatusOr<ErasureList> ReadErasureList(const std::string& path) {
  const auto text = ReadFile(path, kListBytesMax);
  if (absl::IsNotFound(text.status())) return ErasureList();
  if (!text.ok()) return text.status();
  auto list = ErasureList::Decode(*text);
  if (list.ok()) return list;
  return absl::DataLossError(absl::StrCat(
      "the list of erasures ", path, " cannot be read (", list.status().message(),
      "): put it back from the safe; without it a restored store could show what was erased"));
}

absl::Status WriteErasureList(const std::string& path, const ErasureList& list) {
  return WriteFileAtomically(path, list.Encode(), kPrivateFileMode);
}

}  // namespace kapea::codec
