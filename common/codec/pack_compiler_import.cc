// How tables of others are read: the mapping of what leaves the house, backwards.
#include <algorithm>
#include <set>
#include <string>

#include "common/codec/pack_compiler_build.h"

namespace kapea::codec {
namespace {

using domain::ExportColumn;
using domain::ExportSource;
using domain::Field;
using domain::FieldType;

class ImportBuilder {
 public:
  ImportBuilder(const PackBuild& build, const v1::Export& message, Place place,
                domain::Export& made)
      : build_(build),
        report_(build.report),
        message_(message),
        place_(std::move(place)),
        made_(made) {}

  void Build() {
    for (const ExportColumn& column : made_.columns) names_.insert(column.name);
    for (int i = 0; i < message_.columns_size(); ++i) {
      const Place at = place_.At("columns", i, message_.columns(i).name());
      ExportColumn& column = made_.columns[static_cast<size_t>(i)];
      BuildTolerance(message_.columns(i), at, column);
      for (int j = 0; j < message_.columns(i).sources_size(); ++j) {
        const v1::ExportSource& source = message_.columns(i).sources(j);
        BuildSource(source, at.At("sources", j, source.field()),
                    column.sources[static_cast<size_t>(j)]);
      }
    }
    if (message_.has_imported()) BuildRow(message_.imported(), place_.Part("imported"));
  }

 private:
  void BuildTolerance(const v1::ExportColumn& message, const Place& place, ExportColumn& column) {
    const bool tolerant = !message.label().empty() || !message.read_as().empty() ||
                          !message.read_codes().empty() || message.read_text() ||
                          message.read_several();
    if (tolerant && !message_.has_imported()) {
      report_.Add(place, "want what is tolerated in a table that is read alone");
    }
    // What every row must say, it says as a code.
    const bool codes =
        column.kind == domain::ExportKind::kCode || column.kind == domain::ExportKind::kCodes;
    if (message_.has_imported() && !column.always.empty() && (!codes || message.read_text())) {
      report_.Add(place, "want codes alone in a column that every row needs");
    }
    column.label = message.label();
    column.read_text = message.read_text();
    column.read_several = message.read_several();
    for (int i = 0; i < message.read_as_size(); ++i) {
      column.read_as.push_back(message.read_as(i));
      if (names_.insert(message.read_as(i)).second) continue;
      report_.Add(place.At("read_as", 0, message.read_as(i)), "want a name for one column alone");
    }
    for (int i = 0; i < message.read_codes_size(); ++i) {
      const v1::ExportCodes& line = message.read_codes(i);
      const Place at = place.At("read_codes", i, line.to());
      if (!HasCode(column, line.to())) {
        report_.Add(at.Part("to"), "want one of the codes of " + column.name);
      }
      for (int j = 0; j < line.from_size(); ++j) {
        const bool is_new = column.read_codes.emplace(line.from(j), line.to()).second;
        if (is_new && !HasCode(column, line.from(j))) continue;
        report_.Add(at.At("from", j, line.from(j)), "want what is no code, in one line");
      }
    }
  }

  void BuildSource(const v1::ExportSource& message, const Place& place, ExportSource& source) {
    source.not_read = message.not_read();
    source.khmer = message.khmer();
    BuildFixed(message.fixed(), source.form, place, source.fixed);
    if (!message_.has_imported() || source.not_read) return;
    for (int i = 0; i < message.codes_size(); ++i) {
      const v1::ExportCodes& line = message.codes(i);
      if (line.to().empty() || line.from().empty()) continue;
      const Place at = place.At("codes", i, line.to());
      std::string back = line.has_back() ? line.back() : line.from(0);
      if (!line.has_back() && line.from_size() > 1) {
        report_.Add(at.Part("from"), "want to know by back which of them is read");
      } else if (!back.empty() &&
                 std::find(line.from().begin(), line.from().end(), back) == line.from().end()) {
        report_.Add(at.Part("back"), "want one of the codes before it");
      } else if (!source.back.emplace(line.to(), std::move(back)).second) {
        report_.Add(at.Part("to"), "want one line for a code that is read");
      }
    }
  }

  void BuildRow(const v1::ImportedRow& message, const Place& place) {
    domain::ImportedRow& row = made_.imported.emplace();
    row.form = message.form();
    row.key_field = message.key_field();
    row.at_field = message.at_field();
    const domain::Form* form = build_.pack.FindNewestForm(row.form);
    if (form == nullptr || form->file_kind != domain::FileKind::kPerson || !form->parent.empty()) {
      report_.Add(place.Part("form"),
                  "want a form of a person's file below no other, got '" + row.form + "'");
      return;
    }
    WantField(*form, row.key_field, FieldType::kText, place.Part("key_field"));
    WantField(*form, row.at_field, FieldType::kTime, place.Part("at_field"));
    BuildFixed(message.fixed(), row.form, place, row.fixed);
  }

  template <typename Messages>
  void BuildFixed(const Messages& messages, const std::string& form_id, const Place& place,
                  std::vector<domain::FixedCode>& made) {
    const domain::Form* form = build_.pack.FindNewestForm(form_id);
    for (int i = 0; i < messages.size(); ++i) {
      made.push_back({messages[i].field(), messages[i].code()});
      const Field* field = form == nullptr ? nullptr : form->FindField(messages[i].field());
      if (field != nullptr && field->type == FieldType::kCode && field->code_list != nullptr &&
          field->code_list->Has(messages[i].code())) {
        continue;
      }
      report_.Add(place.At("fixed", i, messages[i].field()),
                  "want a coded field of " + form_id + " and one of its codes");
    }
  }

  void WantField(const domain::Form& form, const std::string& code, FieldType type,
                 const Place& place) {
    const Field* field = form.FindField(code);
    if (field != nullptr && field->type == type) return;
    report_.Add(place, "want a field of that type of " + form.id + ", got '" + code + "'");
  }

  static bool HasCode(const ExportColumn& column, const std::string& code) {
    return std::find(column.codes.begin(), column.codes.end(), code) != column.codes.end();
  }

  const PackBuild& build_;
  Report& report_;
  const v1::Export& message_;
  const Place place_;
  domain::Export& made_;
  std::set<std::string> names_;
};

}  // namespace

void BuildImport(const PackBuild& build, const v1::Export& message, const Place& place,
                 domain::Export& made) {
  ImportBuilder(build, message, place, made).Build();
}

}  // namespace kapea::codec
