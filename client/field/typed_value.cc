#include "client/field/typed_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "absl/strings/str_format.h"
#include "client/field/calendar.h"
#include "client/field/names.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/text/normalise.h"

namespace kapea::field {
namespace {

using domain::Answer;
using domain::Field;
using domain::FieldType;
using domain::Value;

constexpr std::string_view kAnswerPrefix = "answer:";
constexpr std::string_view kTextPrefix = "text:";
constexpr size_t kCodesShownMax = 12;
constexpr size_t kPhoneDigitsMin = 3;

std::optional<Answer> AnswerNamed(std::string_view text) {
  if (text == "unknown") return Answer::kUnknown;
  if (text == "refused") return Answer::kRefused;
  return std::nullopt;
}

std::string Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
}

// "want X, got 'Y'"; what was typed into a sealed field stays out of messages and logs.
absl::Status Want(const Field& field, const std::string& wanted, std::string_view got) {
  const std::string seen = field.sealed() ? "something else" : absl::StrFormat("'%s'", got);
  return absl::InvalidArgumentError(field.code + ": want " + wanted + ", got " + seen);
}

absl::StatusOr<Value> ParseBoolean(const Field& field, std::string_view text) {
  if (text == "yes" || text == "true" || text == "1") return Value(true);
  if (text == "no" || text == "false" || text == "0") return Value(false);
  return Want(field, "yes or no", text);
}

absl::StatusOr<Value> ParseInteger(const Field& field, std::string_view text) {
  int64_t number = 0;
  const char* end_of_text = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), end_of_text, number);
  if (text.empty() || error != std::errc() || end != end_of_text) {
    return Want(field, "a whole number", text);
  }
  if ((field.min && number < *field.min) || (field.max && number > *field.max)) {
    const std::string bounds = (field.min ? " from " + std::to_string(*field.min) : std::string()) +
                               (field.max ? " to " + std::to_string(*field.max) : std::string());
    return Want(field, "a number" + bounds, text);
  }
  return Value(number);
}

std::string CodesOf(const domain::CodeList& list) {
  std::string codes;
  size_t shown = 0;
  for (const domain::CodeItem& item : list.codes) {
    if (item.retired) continue;
    if (shown++ == kCodesShownMax) return codes + " ...";
    codes += (codes.empty() ? "" : ", ") + item.code;
  }
  return codes;
}

std::string Wanted(const domain::CodeList& list) {
  const std::string codes = "one of " + CodesOf(list);
  return list.codes.size() <= kCodesShownMax ? codes
                                             : codes + " (kapea codes " + list.id + " names all)";
}

// The list's own spelling of a code, whatever its case; empty: none.
std::string CodeIn(const domain::CodeList& list, std::string_view text) {
  const auto same = [](char a, char b) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    };
    return lower(a) == lower(b);
  };
  for (const domain::CodeItem& item : list.codes) {
    if (!item.retired &&
        std::equal(item.code.begin(), item.code.end(), text.begin(), text.end(), same)) {
      return item.code;
    }
  }
  return "";
}

absl::StatusOr<std::string> ParseCode(const Field& field, std::string_view text) {
  if (field.code_list == nullptr) {
    return absl::FailedPreconditionError(field.code + ": its code list needs a newer pack");
  }
  std::string code = CodeIn(*field.code_list, text);
  if (code.empty()) return Want(field, Wanted(*field.code_list), text);
  return code;
}

absl::StatusOr<Value> ParseCodes(const Field& field, std::string_view text) {
  std::set<std::string> codes;
  while (!text.empty()) {
    const size_t comma = text.find(',');
    KAPEA_ASSIGN(std::string code, ParseCode(field, Trim(text.substr(0, comma))));
    codes.insert(std::move(code));
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return Value(domain::Codes{{codes.begin(), codes.end()}});
}

absl::StatusOr<Value> ParseItem(const Field& field, std::string_view text) {
  if (text == domain::kItemDone || text == domain::kItemNotDone ||
      text == domain::kItemNotApplicable) {
    return Value(domain::Code{std::string(text)});
  }
  return Want(field, "done, not_done or not_applicable", text);
}

std::optional<double> Decimal(std::string_view text) {
  double number = 0;
  const char* end_of_text = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), end_of_text, number);
  const bool whole = error == std::errc() && end == end_of_text && std::isfinite(number);
  return whole ? std::optional(number) : std::nullopt;
}

absl::StatusOr<Value> ParsePosition(const Field& field, std::string_view text) {
  std::vector<double> parts;
  bool fits = true;
  for (std::string_view rest = text; fits && !rest.empty();) {
    const size_t comma = rest.find(',');
    const auto part = Decimal(Trim(rest.substr(0, comma)));
    fits = part.has_value();
    if (fits) parts.push_back(*part);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  fits = fits && (parts.size() == 2 || parts.size() == 3) && std::abs(parts[0]) <= 90 &&
         std::abs(parts[1]) <= 180 && (parts.size() == 2 || (parts[2] >= 0 && parts[2] <= 1e7));
  if (!fits) return Want(field, "latitude,longitude[,metres]", text);
  domain::Position position;
  position.latitude_e7 = static_cast<int32_t>(std::lround(parts[0] * 1e7));
  position.longitude_e7 = static_cast<int32_t>(std::lround(parts[1] * 1e7));
  if (parts.size() == 3) position.accuracy_m = static_cast<uint32_t>(std::lround(parts[2]));
  return Value(position);
}

absl::StatusOr<Value> ParseText(const Field& field, std::string_view text) {
  auto normal = text::Normalise(text);
  if (!normal.ok()) {
    return absl::InvalidArgumentError(field.code + ": " + std::string(normal.status().message()));
  }
  if (normal->empty()) return Want(field, "some text", "nothing");
  if (field.type == FieldType::kPhone) {
    const auto digits =
        std::count_if(normal->begin(), normal->end(), [](char c) { return c >= '0' && c <= '9'; });
    const bool fits = normal->find_first_not_of("0123456789 +-()/") == std::string::npos &&
                      static_cast<size_t>(digits) >= kPhoneDigitsMin;
    if (!fits) return Want(field, "a telephone number", text);
  }
  return Value(domain::Text{*std::move(normal)});
}

// What was typed for a sealed field may be a name, and is not said again.
template <typename Id>
absl::StatusOr<Value> AsReference(const Field& field, absl::StatusOr<Id> id) {
  if (id.ok()) return Value(domain::Reference{ChangeId::FromPrefix(id->view())});
  const std::string what = field.sealed()
                               ? "want the id or code of exactly one that is on this device"
                               : std::string(id.status().message());
  return absl::Status(id.status().code(), field.code + ": " + what);
}

template <typename T>
absl::StatusOr<Value> AsValue(const Field& field, absl::StatusOr<T> parsed) {
  if (parsed.ok()) return Value(*std::move(parsed));
  const std::string said(parsed.status().message());
  const size_t got = said.find(", got ");
  return absl::InvalidArgumentError(field.code + ": " +
                                    (field.sealed() ? said.substr(0, got) : said));
}

// "unknown" or "refused", where the field takes them.
absl::StatusOr<std::optional<Answer>> ParseAnswer(const Field& field, std::string_view text) {
  const bool forced = text.starts_with(kAnswerPrefix);
  const auto answer = AnswerNamed(forced ? text.substr(kAnswerPrefix.size()) : text);
  if (!answer) {
    if (forced) return Want(field, "answer:unknown or answer:refused", text);
    return std::optional<Answer>();
  }
  const bool is_code = field.code_list != nullptr && !CodeIn(*field.code_list, text).empty();
  if (!forced && is_code) return std::optional<Answer>();
  if (field.record_key) {
    return absl::InvalidArgumentError(field.code +
                                      ": want an answer, for this field names the record; "
                                      "unknown and refused are none");
  }
  if (field.type == FieldType::kItem) {
    return Want(field, "done, not_done or not_applicable", text);
  }
  return answer;
}

}  // namespace

absl::StatusOr<std::vector<Entry>> ParseEntries(const std::vector<std::string>& texts) {
  std::vector<Entry> entries;
  std::set<std::string> seen;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const std::string code = Trim(text.substr(0, equals));
    if (equals == std::string::npos || code.empty()) {
      return absl::InvalidArgumentError("want CODE=VALUE, got something without a code or '='");
    }
    if (!seen.insert(code).second) {
      return absl::InvalidArgumentError("want each field once, got " + code + " again");
    }
    entries.push_back({code, Trim(text.substr(equals + 1))});
  }
  return entries;
}

absl::StatusOr<Value> ParseValue(vault::Vault& vault, const domain::FileState& file,
                                 const Field& field, std::string_view text) {
  const bool literal = text.starts_with(kTextPrefix) && field.type >= FieldType::kText;
  if (literal) return ParseText(field, text.substr(kTextPrefix.size()));
  KAPEA_ASSIGN(const std::optional<Answer> answer, ParseAnswer(field, text));
  if (answer) return Value(*answer);
  const Time now = vault.clock().Now();
  switch (field.type) {
    case FieldType::kBoolean:
      return ParseBoolean(field, text);
    case FieldType::kInteger:
      return ParseInteger(field, text);
    case FieldType::kCode: {
      KAPEA_ASSIGN(std::string code, ParseCode(field, text));
      return Value(domain::Code{std::move(code)});
    }
    case FieldType::kCodes:
      return ParseCodes(field, text);
    case FieldType::kTime:
      return AsValue(field, ParseTime(text, now));
    case FieldType::kDate:
      return AsValue(field, ParseDate(text, now));
    case FieldType::kDuration: {
      const auto length = ParseLength(text);
      if (!length.ok()) return AsValue(field, absl::StatusOr<int64_t>(length.status()));
      return Value(length->milliseconds());
    }
    case FieldType::kItem:
      return ParseItem(field, text);
    case FieldType::kPerson:
      return AsReference(field, FindPerson(vault, text));
    case FieldType::kUnit:
      return AsReference(field, FindUnit(vault, text));
    case FieldType::kFile:
      return AsReference(field, FindFile(vault, text));
    case FieldType::kRecord:
      return AsReference(field, FindRecord(file, text));
    case FieldType::kPosition:
      return ParsePosition(field, text);
    case FieldType::kText:
    case FieldType::kName:
    case FieldType::kPhone:
    case FieldType::kAddress:
      return ParseText(field, text);
    case FieldType::kAttachment:
    case FieldType::kImage:
      return Want(field, "a file, as @path", text);
    case FieldType::kNone:
      break;
  }
  return absl::FailedPreconditionError(field.code + ": its type needs a newer program");
}

absl::StatusOr<vault::NewAttachment> ReadAttachment(std::string_view text) {
  const std::string path(text.substr(1));
  auto bytes = ReadFile(path, kAttachmentBytesMax);
  if (!bytes.ok()) {
    // The path may tell more than a log should hold.
    return absl::Status(bytes.status().code(), "the file to attach cannot be read");
  }
  vault::NewAttachment attachment;
  struct Magic {
    std::string_view bytes, type;
  };
  constexpr Magic kMagics[] = {{"\xFF\xD8\xFF", "image/jpeg"},
                               {"\x89PNG", "image/png"},
                               {"%PDF-", "application/pdf"},
                               {"OggS", "audio/ogg"},
                               {"ID3", "audio/mpeg"}};
  attachment.media_type = "application/octet-stream";
  for (const Magic& magic : kMagics) {
    if (bytes->starts_with(magic.bytes)) attachment.media_type = std::string(magic.type);
  }
  const bool plain = attachment.media_type == "application/octet-stream" &&
                     bytes->find('\0') == std::string::npos && text::IsUtf8(*bytes);
  if (plain) attachment.media_type = "text/plain";
  attachment.bytes = *std::move(bytes);
  return attachment;
}

absl::Status SetAll(vault::Vault& vault, const domain::FileState& file, const domain::Form& form,
                    const RecordId& record, const std::vector<Entry>& entries, Draft& draft) {
  for (const Entry& entry : entries) {
    const Field* field = form.FindField(entry.code);
    if (field == nullptr) {
      return absl::InvalidArgumentError("the form " + form.id + " has no field " + entry.code +
                                        "; kapea form " + form.id + " names them");
    }
    const bool attached = field->type == FieldType::kAttachment || field->type == FieldType::kImage;
    if (entry.text.empty()) {
      draft.Clear(record, entry.code);
    } else if (attached && entry.text.starts_with('@')) {
      KAPEA_ASSIGN(vault::NewAttachment attachment, ReadAttachment(entry.text));
      if (field->type == FieldType::kImage && !attachment.media_type.starts_with("image/")) {
        return Want(*field, "an image in JPEG or PNG", attachment.media_type);
      }
      draft.SetAttachment(record, entry.code, std::move(attachment));
    } else {
      KAPEA_ASSIGN(Value value, ParseValue(vault, file, *field, entry.text));
      draft.Set(record, entry.code, std::move(value));
    }
  }
  return absl::OkStatus();
}

}  // namespace kapea::field
