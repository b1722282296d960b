// Tables that leave the house: every column, field and code of them is there.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "common/codec/pack_compiler_build.h"

namespace kapea::codec {
namespace {

using domain::ExportColumn;
using domain::ExportKind;
using domain::ExportSource;
using domain::Field;
using domain::FieldType;

constexpr CodeShape kNameShape{true, true, "_-", 60};
constexpr std::string_view kConsentForm = "-CONSENT";
constexpr std::string_view kCodeSeparator = ";";

bool Has(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// What a consent of a person's file can be about.
bool IsPurpose(const domain::Pack& pack, const std::string& code) {
  return std::any_of(pack.forms.begin(), pack.forms.end(), [&](const auto& form) {
    const Field* purpose = form->FindField("purpose");
    return std::string_view(form->id).ends_with(kConsentForm) && purpose != nullptr &&
           purpose->code_list != nullptr && purpose->code_list->Has(code);
  });
}

// Whether values of the type can stand in a column of the kind.
bool Fits(FieldType type, ExportKind kind) {
  switch (kind) {
    case ExportKind::kCode:
    case ExportKind::kCodes:
      return type == FieldType::kCode || type == FieldType::kCodes;
    case ExportKind::kDate:
    case ExportKind::kYear:
      return type == FieldType::kDate || type == FieldType::kTime;
    case ExportKind::kNumber:
      return type == FieldType::kInteger;
    case ExportKind::kText:
      return type == FieldType::kText || type == FieldType::kName || type == FieldType::kPhone ||
             type == FieldType::kAddress || type == FieldType::kCode;
    case ExportKind::kNone:
      return false;
  }
  return false;
}

class ExportBuilder {
 public:
  ExportBuilder(const PackBuild& build, const v1::Export& message, Place place,
                domain::Export& made)
      : build_(build),
        report_(build.report),
        message_(message),
        place_(std::move(place)),
        made_(made) {}

  void Build() {
    made_.title = BuildLabel(message_.title(), place_.Part("title"), report_).en;
    made_.anonymous = message_.anonymous();
    made_.where = BuildCondition(message_.where(), place_.Part("where"), report_);
    BuildProvenance(message_.provenance(), place_.Part("provenance"), build_);
    BuildPurposes();
    if (message_.columns().empty()) report_.Add(place_.Part("columns"), "want a column");
    std::set<std::string> names;
    for (int i = 0; i < message_.columns_size(); ++i) {
      const v1::ExportColumn& column = message_.columns(i);
      const Place at = place_.At("columns", i, column.name());
      TakeCode(column.name(), kNameShape, names, at.Part("name"), report_);
      made_.columns.push_back(BuildColumn(column, at));
    }
    BuildImport(build_, message_, place_, made_);
  }

 private:
  void BuildPurposes() {
    if (message_.purposes().empty()) {
      report_.Add(place_.Part("purposes"), "want a purpose that persons can agree to");
    }
    for (int i = 0; i < message_.purposes_size(); ++i) {
      made_.purposes.push_back(message_.purposes(i));
      if (IsPurpose(build_.pack, message_.purposes(i))) continue;
      // The text knows the line of a list's first element alone.
      report_.Add(place_.At("purposes", 0, message_.purposes(i)),
                  "want a code of the purposes that a consent form asks for");
    }
    for (int i = 0; i < message_.identity_purposes_size(); ++i) {
      made_.identity_purposes.push_back(message_.identity_purposes(i));
      if (Has(made_.purposes, message_.identity_purposes(i)) && !made_.anonymous) continue;
      report_.Add(place_.At("identity_purposes", 0, message_.identity_purposes(i)),
                  made_.anonymous ? "want no identity in an anonymous table"
                                  : "want one of the purposes above");
    }
  }

  ExportColumn BuildColumn(const v1::ExportColumn& message, const Place& place) {
    ExportColumn column;
    column.name = message.name();
    column.kind = static_cast<ExportKind>(message.kind());
    column.codes = {message.codes().begin(), message.codes().end()};
    column.always = message.always();
    column.unknown = message.unknown();
    if (column.kind == ExportKind::kNone) report_.Add(place.Part("kind"), "want a kind");
    if (made_.anonymous && (column.kind == ExportKind::kText || column.kind == ExportKind::kDate)) {
      report_.Add(place.Part("kind"), "want neither texts nor days in an anonymous table");
    }
    for (int i = 0; i < message.codes_size(); ++i) {
      const std::string& code = message.codes(i);
      if (code.empty() || code.find(kCodeSeparator) != std::string::npos) {
        report_.Add(place.At("codes", i, code), "want a code without \";\"");
      }
    }
    if (!column.always.empty() && !message.sources().empty()) {
      report_.Add(place.Part("always"), "want sources, or what always stands there, not both");
    }
    for (int i = 0; i < message.sources_size(); ++i) {
      const Place at = place.At("sources", i, message.sources(i).field());
      column.sources.push_back(BuildSource(message.sources(i), column, at));
    }
    BuildLevels(message, place, column);
    return column;
  }

  ExportSource BuildSource(const v1::ExportSource& message, const ExportColumn& column,
                           const Place& place) {
    ExportSource source;
    source.form = message.form();
    source.field = message.field();
    source.when = BuildCondition(message.when(), place.Part("when"), report_);
    source.same_codes = message.same_codes();
    if (message.has_rest()) source.rest = message.rest();
    const domain::Form* form = build_.pack.FindNewestForm(source.form);
    if (form == nullptr || form->file_kind != domain::FileKind::kPerson) {
      report_.Add(place.Part("form"), "want a form of a person's file, got '" + source.form + "'");
      return source;
    }
    const Field* field = form->FindField(source.field);
    if (field == nullptr) {
      report_.Add(place.Part("field"),
                  "want a field of " + source.form + ", got '" + source.field + "'");
      return source;
    }
    if (!Fits(field->type, column.kind)) {
      report_.Add(place.Part("field"), "want a field whose type can stand in such a column");
    }
    if (made_.anonymous && field->key_class == domain::KeyClass::kIdentity) {
      report_.Add(place.Part("field"), "want no field of class identity in an anonymous table");
    }
    BuildCodes(message, column, *field, place, source);
    return source;
  }

  void BuildCodes(const v1::ExportSource& message, const ExportColumn& column, const Field& field,
                  const Place& place, ExportSource& source) {
    const bool coded = column.kind == ExportKind::kCode || column.kind == ExportKind::kCodes;
    if (!coded || field.code_list == nullptr) {
      if (!message.codes().empty() || message.same_codes() || message.has_rest()) {
        report_.Add(place.Part("codes"), "want no codes in such a column");
      }
      return;
    }
    if (message.same_codes() && message.has_rest()) {
      report_.Add(place.Part("rest"), "want same_codes or rest, not both");
    }
    if (message.has_rest()) WantKnown(message.rest(), column, place.Part("rest"));
    for (int i = 0; i < message.codes_size(); ++i) {
      const Place at = place.At("codes", i, message.codes(i).to());
      WantKnown(message.codes(i).to(), column, at.Part("to"));
      for (int j = 0; j < message.codes(i).from_size(); ++j) {
        const std::string& from = message.codes(i).from(j);
        const Place where = at.At("from", j, from);
        if (!field.code_list->Has(from)) {
          report_.Add(where, "want a code of " + field.code_list->id + ", got '" + from + "'");
        } else if (!source.codes.emplace(from, message.codes(i).to()).second) {
          report_.Add(where, "want one line for a code");
        }
      }
    }
    if (message.has_rest()) return;
    for (const domain::CodeItem& item : field.code_list->codes) {
      if (source.codes.contains(item.code)) continue;
      if (message.same_codes()) {
        WantKnown(item.code, column, place);
      } else {
        report_.Add(place,
                    "want a line for the code '" + item.code + "' of " + field.code_list->id);
      }
    }
  }

  void WantKnown(const std::string& to, const ExportColumn& column, const Place& place) {
    if (to.empty() || column.codes.empty() || Has(column.codes, to)) return;
    report_.Add(place, "want one of the codes of " + column.name + ", got '" + to + "'");
  }

  void BuildLevels(const v1::ExportColumn& message, const Place& place, ExportColumn& column) {
    if (!message.coarser().empty() && !made_.anonymous) {
      report_.Add(place.Part("coarser"), "want ways to say less in an anonymous table alone");
    }
    for (int i = 0; i < message.coarser_size(); ++i) {
      const Place level = place.At("coarser", i, "");
      domain::ExportCodeMap& lines = column.coarser.emplace_back();
      for (int j = 0; j < message.coarser(i).codes_size(); ++j) {
        const v1::ExportCodes& line = message.coarser(i).codes(j);
        if (line.to().empty()) {
          report_.Add(level.At("codes", j, "").Part("to"), "want what the values become");
        }
        for (int k = 0; k < line.from_size(); ++k) {
          if (lines.emplace(line.from(k), line.to()).second) continue;
          report_.Add(level.At("codes", j, line.to()).At("from", k, line.from(k)),
                      "want one line for a value");
        }
      }
    }
  }

  const PackBuild& build_;
  Report& report_;
  const v1::Export& message_;
  const Place place_;
  domain::Export& made_;
};

}  // namespace

void BuildExports(const PackBuild& build) {
  std::set<std::string> ids;
  for (int i = 0; i < build.message.exports_size(); ++i) {
    const v1::Export& message = build.message.exports(i);
    Place place = Place().At("exports", i, message.id());
    TakeCode(message.id(), {true, false, "-", 40}, ids, place.Part("id"), build.report);
    domain::Export& made = build.pack.exports.emplace_back();
    made.id = message.id();
    ExportBuilder(build, message, std::move(place), made).Build();
  }
}

}  // namespace kapea::codec
