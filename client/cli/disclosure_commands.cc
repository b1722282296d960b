// kapea disclosure new, list, approve, take-back, export, open
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/commands.h"
#include "client/field/calendar.h"
#include "client/field/disclosure.h"
#include "client/field/names.h"
#include "client/field/typed_value.h"
#include "common/base/file.h"
#include "common/base/macros.h"

namespace kapea::cli {
namespace {

using nlohmann::json;

constexpr int64_t kDaysMax = 3660;

struct DisclosureArgs {
  std::string file, to, to_body, purpose, because, disclosure, out, bundle;
  std::vector<std::string> fields;
  int64_t days = 30;
  bool clear = false;
};

// FORM.field of the first record of that form, or RECORD.field.
absl::StatusOr<domain::DisclosedField> FieldAt(const domain::FileState& file,
                                               const std::string& text) {
  const size_t dot = text.rfind('.');
  if (dot == std::string::npos || dot == 0) {
    return absl::InvalidArgumentError("want FORM.field or RECORD.field, got " + text);
  }
  const std::string where = text.substr(0, dot);
  domain::DisclosedField at{{}, text.substr(dot + 1)};
  if (const domain::Record* first = file.FirstOf(where)) {
    at.record = first->id;
    return at;
  }
  KAPEA_ASSIGN(at.record, field::FindRecord(file, where));
  return at;
}

std::string Recipient(Session& session, const domain::Disclosure& what) {
  return what.to_unit ? field::UnitName(session.vault, *what.to_unit) : what.to_body;
}

absl::StatusOr<Result> RunNew(Session& session, const DisclosureArgs& args) {
  field::DisclosureRequest request;
  KAPEA_ASSIGN(request.file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto state, session.vault.File(request.file));
  for (const std::string& text : args.fields) {
    KAPEA_ASSIGN(request.fields.emplace_back(), FieldAt(*state, text));
  }
  if (!args.to.empty()) {
    KAPEA_ASSIGN(request.to_unit, field::FindUnit(session.vault, args.to));
  }
  if (args.days < 1 || args.days > kDaysMax) {
    return absl::InvalidArgumentError("want --days from 1 to 3660; nothing was changed");
  }
  request.to_body = args.to_body;
  request.purpose = args.purpose;
  request.because = args.because;
  request.expires = session.vault.clock().Now() + Duration::Days(args.days);
  KAPEA_ASSIGN(const domain::Ref change, field::Disclose(session.vault, request));
  const std::string code = field::CodeOf(request.file, state->kind());
  Result result;
  result.text = absl::StrCat(code, "  ", change.change.hex(), "\n");
  if (args.because.empty()) {
    absl::StrAppend(&result.text, "  decided, by consent. Sync, then: kapea disclosure export ",
                    code, " ", change.change.hex(), " --out FILE\n");
  } else {
    absl::StrAppend(&result.text,
                    "  without consent: somebody of another role has to agree within 7 days: ",
                    "kapea disclosure approve ", code, " ", change.change.hex(), "\n");
  }
  result.json = {{"file", request.file.hex()},
                 {"code", code},
                 {"disclosure", change.change.hex()},
                 {"waiting", !args.because.empty()}};
  return result;
}

absl::StatusOr<Result> RunList(Session& session, const DisclosureArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const auto lines, field::ListDisclosures(session.vault, file));
  Result result;
  json list = json::array();
  for (const field::DisclosureLine& line : lines) {
    const domain::Disclosure& what = line.act.what;
    json fields = json::array();
    std::string names;
    for (const domain::DisclosedField& at : what.fields) {
      fields.push_back({{"record", at.record.hex()}, {"field", at.field}});
      absl::StrAppend(&names, names.empty() ? "" : ", ", at.field);
    }
    const std::string why = what.because.empty() ? "" : " without consent: " + what.because;
    absl::StrAppendFormat(&result.text, "%s  to %s for %s, until %s%s\n  %s by %s\n  %s\n",
                          NameOf(line.status), Recipient(session, what), what.purpose,
                          field::ToLocalText(what.expires), why, line.act.self.change.hex(),
                          field::PersonName(session.vault, line.act.by), names);
    list.push_back({{"disclosure", line.act.self.change.hex()},
                    {"status", NameOf(line.status)},
                    {"to", Recipient(session, what)},
                    {"purpose", what.purpose},
                    {"expires", ToIso8601(what.expires)},
                    {"because", what.because},
                    {"by", line.act.by.hex()},
                    {"approved_by", line.act.approved ? json(line.act.approved_by.hex()) : json()},
                    {"fields", fields}});
  }
  if (lines.empty()) result.text = "nothing of this file was disclosed\n";
  result.json = {{"file", file.hex()}, {"disclosures", list}};
  return result;
}

absl::StatusOr<Result> RunDecide(Session& session, const DisclosureArgs& args, bool approve) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const ChangeId disclosure, ChangeId::FromHexText(args.disclosure));
  auto done = approve ? field::ApproveDisclosure(session.vault, file, disclosure)
                      : field::TakeBackDisclosure(session.vault, file, disclosure);
  KAPEA_TRY(done.status());
  Result result;
  result.text = approve ? "agreed: it may be handed out once you both have synced\n"
                        : "taken back: nothing more is handed out under it. What the recipient "
                          "has, she has: tell her\n";
  result.json = {{"file", file.hex()}, {"change", done->change.hex()}};
  return result;
}
absl::StatusOr<Result> RunApprove(Session& session, const DisclosureArgs& args) {
  return RunDecide(session, args, true);
}
absl::StatusOr<Result> RunTakeBack(Session& session, const DisclosureArgs& args) {
  return RunDecide(session, args, false);
}

// Codes as they are: whoever opens it may not have the form.
std::string TextOf(Session& session, const domain::Value& value) {
  return field::ToText(session.vault, domain::Field(), value, field::Language::kEnglish);
}

json ValuesJson(Session& session, const std::vector<codec::OpenedValue>& values) {
  json list = json::array();
  for (const codec::OpenedValue& value : values) {
    list.push_back({{"record", value.record.hex()},
                    {"field", value.field},
                    {"value", TextOf(session, value.value)},
                    {"author", value.author.hex()},
                    {"written", ToIso8601(value.written)}});
  }
  return list;
}

absl::StatusOr<Result> RunExport(Session& session, const DisclosureArgs& args) {
  KAPEA_ASSIGN(const FileId file, field::FindFile(session.vault, args.file));
  KAPEA_ASSIGN(const ChangeId disclosure, ChangeId::FromHexText(args.disclosure));
  std::string bytes;
  if (args.clear) {
    KAPEA_ASSIGN(const auto values, field::ReadDisclosure(session.vault, file, disclosure));
    bytes =
        json{{"disclosure", disclosure.hex()}, {"values", ValuesJson(session, values)}}.dump(2) +
        "\n";
  } else {
    KAPEA_ASSIGN(bytes, field::ExportDisclosure(session.vault, file, disclosure));
  }
  KAPEA_TRY(WriteFileAtomically(args.out, bytes, kPrivateFileMode));
  Result result;
  result.text = args.out + (args.clear ? "  IN CLEAR: whoever has this file reads it. Destroy it "
                                         "when it was handed over\n"
                                       : "  sealed for its recipient alone\n");
  result.json = {{"file", file.hex()}, {"out", args.out}, {"clear", args.clear}};
  return result;
}

absl::StatusOr<Result> RunOpen(Session& session, const DisclosureArgs& args) {
  KAPEA_ASSIGN(const std::string bytes, ReadFile(args.bundle, codec::kDisclosureBytesMax));
  KAPEA_ASSIGN(const auto opened, field::OpenDisclosure(session.vault, bytes));
  Result result;
  absl::StrAppendFormat(&result.text, "from %s, by %s, for %s, to be used until %s\n",
                        field::UnitName(session.vault, opened.from),
                        field::PersonName(session.vault, opened.by), opened.terms.purpose,
                        field::ToLocalText(opened.terms.expires));
  for (const codec::OpenedValue& value : opened.values) {
    absl::StrAppendFormat(&result.text, "  %s: %s\n", value.field, TextOf(session, value.value));
  }
  result.json = {{"disclosure", opened.change.hex()},
                 {"from", field::UnitName(session.vault, opened.from)},
                 {"by", opened.by.hex()},
                 {"purpose", opened.terms.purpose},
                 {"expires", ToIso8601(opened.terms.expires)},
                 {"values", ValuesJson(session, opened.values)}};
  return result;
}

using Runner = absl::StatusOr<Result> (*)(Session&, const DisclosureArgs&);

CLI::App* Add(CLI::App& group, Chosen& chosen, const std::shared_ptr<DisclosureArgs>& args,
              const char* name, const char* help, Runner runner) {
  CLI::App* one = group.add_subcommand(name, help);
  one->callback([args, &chosen, runner] {
    chosen.run = [args, runner](Session& session) { return runner(session, *args); };
  });
  return one;
}

}  // namespace

void AddDisclosureCommands(CLI::App& app, Chosen& chosen) {
  CLI::App* group = app.add_subcommand("disclosure", "Give sealed fields to somebody outside");
  group->require_subcommand(1);
  const auto args = std::make_shared<DisclosureArgs>();
  const auto of_file = [&](CLI::App* one) {
    one->add_option("file", args->file, "The file, by its code")->required();
    return one;
  };
  const auto of_one = [&](CLI::App* one) {
    of_file(one)->add_option("disclosure", args->disclosure, "Its id")->required();
    return one;
  };
  CLI::App* made = of_file(Add(*group, chosen, args, "new",
                               "Decide what is given to whom, for what and how long", RunNew));
  made->add_option("--field", args->fields, "FORM.field or RECORD.field; several times")
      ->required();
  made->add_option("--to", args->to, "The unit that gets it");
  made->add_option("--to-body", args->to_body, "Or a body that is not in the directory, as a code");
  made->add_option("--purpose", args->purpose, "As the person's consents name it")->required();
  made->add_option("--days", args->days, "How long it may be used; default 30");
  made->add_option("--because", args->because,
                   "Without consent: why, as a code; somebody of another role has to agree");
  of_file(Add(*group, chosen, args, "list", "What of a file was disclosed", RunList));
  of_one(Add(*group, chosen, args, "approve", "Agree to one without consent", RunApprove));
  of_one(Add(*group, chosen, args, "take-back", "End one of yours", RunTakeBack));
  CLI::App* out = of_one(
      Add(*group, chosen, args, "export", "Write it into a file for its recipient", RunExport));
  out->add_option("--out", args->out, "The file to write")->required();
  out->add_flag("--clear", args->clear, "In clear, for a recipient that has no key");
  AddMeasureCommand(*group, chosen);
  Add(*group, chosen, args, "open", "Read what was disclosed to your unit", RunOpen)
      ->add_option("bundle", args->bundle, "The file that you were given")
      ->required();
}

}  // namespace kapea::cli
