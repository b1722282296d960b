#include "tools/admin/gazetteer.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/text/csv.h"
#include "common/text/normalise.h"

namespace kapea::admin {
namespace {

constexpr size_t kFileBytesMax = 16u << 20;
constexpr size_t kNameBytesMax = 200;
constexpr const char* kLevels[] = {"province", "district", "commune", "village"};
constexpr size_t kLevelCount = std::size(kLevels);

constexpr const char* kColumns[] = {"code", "level", "parent", "name_km", "name_latin"};
struct Row {
  std::string code, level, parent, name_km, name_latin;
};

class Reading {
 public:
  Reading(std::string path, bool villages) : path_(std::move(path)), villages_(villages) {}

  void Take(const Row& row) {
    const auto level = LevelOf(row.level);
    if (!level) return;
    const auto code = CodeOf(row.code, *level, "code");
    if (!code) return;
    CheckParent(row, *level, *code);
    if (!codes_.insert(*code).second) Wrong("code", "stands twice: " + *code);
    const std::string latin = NameOf(row.name_latin, "name_latin");
    const std::string khmer = NameOf(row.name_km, "name_km");
    lists_[*level][*code] = {latin, khmer};
  }
  void Wrong(std::string_view field, std::string_view what) {
    found_.mistakes.push_back(path_ + ":" + std::to_string(line_) + ": " + std::string(field) +
                              ": " + std::string(what));
  }
  void At(size_t line) { line_ = line; }

  Gazetteer Finish() {
    CheckOrphans();
    found_.provinces = lists_[0].size();
    found_.districts = lists_[1].size();
    found_.communes = lists_[2].size();
    found_.villages = lists_[3].size();
    if (codes_.empty() && found_.mistakes.empty()) Wrong("file", "has no units");
    if (found_.mistakes.empty()) found_.textproto = Text();
    return std::move(found_);
  }

 private:
  struct Name {
    std::string latin, khmer;
  };

  std::optional<size_t> LevelOf(const std::string& level) {
    for (size_t i = 0; i < kLevelCount; ++i) {
      if (level == kLevels[i]) return i;
    }
    Wrong("level", "want province, district, commune or village, got '" + level + "'");
    return std::nullopt;
  }

  // With its leading zero, if a spreadsheet took it.
  std::optional<std::string> CodeOf(std::string code, size_t level, const char* field) {
    const size_t digits = 2 * (level + 1);
    bool good = !code.empty();
    for (const char c : code) good = good && absl::ascii_isdigit(static_cast<unsigned char>(c));
    if (good && code.size() + 1 == digits) {
      code.insert(code.begin(), '0');
      ++found_.padded;
    }
    if (good && code.size() == digits) return code;
    Wrong(field, absl::StrCat("want ", digits, " digits, got '", code, "'"));
    return std::nullopt;
  }

  void CheckParent(const Row& row, size_t level, const std::string& code) {
    if (level == 0) {
      if (!row.parent.empty()) Wrong("parent", "a province has none");
      return;
    }
    const auto parent = CodeOf(row.parent, level - 1, "parent");
    if (!parent) return;
    if (!code.starts_with(*parent)) {
      Wrong("parent", absl::StrCat("want the beginning of ", code, ", got ", *parent));
    }
    parents_.emplace_back(*parent, line_);
  }

  std::string NameOf(const std::string& name, const char* field) {
    const auto normal = text::Normalise(name);
    if (!normal.ok() || normal->empty() || normal->size() > kNameBytesMax) {
      Wrong(field, "want a name of 1 to 200 bytes of UTF-8");
      return "";
    }
    return *normal;
  }

  void CheckOrphans() {
    for (const auto& [parent, line] : parents_) {
      line_ = line;
      if (!codes_.contains(parent)) Wrong("parent", "no such unit in the file: " + parent);
    }
  }

  // "Ou Prasat, Mongkol Borei, Banteay Meanchey": many units share a name.
  Name WithParents(const std::string& code) const {
    Name whole;
    for (size_t digits = code.size(); digits > 0; digits -= 2) {
      const Name& own = lists_[digits / 2 - 1].at(code.substr(0, digits));
      const char* comma = digits == code.size() ? "" : ", ";
      absl::StrAppend(&whole.latin, comma, own.latin);
      absl::StrAppend(&whole.khmer, comma, own.khmer);
    }
    return whole;
  }

  // Every unit before those within it.
  std::set<std::string> Offered() const {
    std::set<std::string> codes;
    for (size_t level = 0; level < (villages_ ? kLevelCount : kLevelCount - 1); ++level) {
      for (const auto& [code, name] : lists_[level]) codes.insert(code);
    }
    return codes;
  }

  std::string Text() const {
    std::string text =
        "# proto-file: kapea/v1/pack.proto\n# proto-message: kapea.v1.Pack\n#\n"
        "# Administrative units by their national (NCDD) codes, made by kapea-admin gazetteer.\n\n"
        "code_lists {\n  id: \"CL_PLACE\"\n"
        "  label { en: \"Place\" km: \"ទីកន្លែង\" translation: TRANSLATION_DRAFT }\n";
    for (const std::string& code : Offered()) {
      const Name name = WithParents(code);
      absl::StrAppend(&text, "  codes { code: \"", code, "\" label { en: \"",
                      absl::Utf8SafeCEscape(name.latin), "\" km: \"",
                      absl::Utf8SafeCEscape(name.khmer), "\" translation: TRANSLATION_DRAFT } }\n");
    }
    text +=
        "  provenance { status: SOURCE_STATUS_PROPOSED note: \"Names and codes as imported.\" }\n"
        "}\n";
    return text;
  }

  const std::string path_;
  const bool villages_;
  size_t line_ = 0;
  Gazetteer found_;
  std::set<std::string> codes_;
  std::vector<std::pair<std::string, size_t>> parents_;  // and the line that names it
  std::array<std::map<std::string, Name>, kLevelCount> lists_;
};

// Where each of kColumns stands.
using Places = std::array<size_t, std::size(kColumns)>;

absl::StatusOr<Places> PlacesIn(const text::Csv& csv, const std::string& path) {
  const auto header = csv.rows.empty() ? std::vector<std::string>() : csv.rows[0].cells;
  Places places{};
  for (size_t i = 0; i < std::size(kColumns); ++i) {
    const auto found = std::find(header.begin(), header.end(), kColumns[i]);
    if (found == header.end()) {
      return absl::InvalidArgumentError(path + ": want a column " + kColumns[i]);
    }
    places[i] = static_cast<size_t>(found - header.begin());
  }
  return places;
}

Row RowOf(const std::vector<std::string>& cells, const Places& places) {
  return {cells[places[0]], cells[places[1]], cells[places[2]], cells[places[3]], cells[places[4]]};
}

}  // namespace

std::string Words(const Gazetteer& gazetteer) {
  std::string words =
      absl::StrCat(gazetteer.provinces, " provinces, ", gazetteer.districts, " districts, ",
                   gazetteer.communes, " communes, ", gazetteer.villages, " villages");
  if (gazetteer.padded > 0) {
    absl::StrAppend(&words, " (", gazetteer.padded,
                    " codes had lost their leading zero and got it back)");
  }
  return words;
}

absl::StatusOr<Gazetteer> ReadGazetteer(const std::string& path, bool villages) {
  KAPEA_ASSIGN(const std::string bytes, ReadFile(path, kFileBytesMax));
  const text::Csv csv = text::ReadCsv(bytes);
  KAPEA_ASSIGN(const Places places, PlacesIn(csv, path));
  Reading reading(path, villages);
  for (size_t i = 1; i < csv.rows.size(); ++i) {
    const text::CsvRow& row = csv.rows[i];
    reading.At(row.line);
    const std::string mistake = text::WidthMistake(csv.rows[0], row);
    if (mistake.empty()) {
      reading.Take(RowOf(row.cells, places));
    } else {
      reading.Wrong("row", mistake);
    }
  }
  if (csv.broken) {
    reading.At(*csv.broken);
    reading.Wrong("row", text::kBrokenMistake);
  }
  return reading.Finish();
}

}  // namespace kapea::admin
