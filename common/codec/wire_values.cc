#include "common/codec/wire_values.h"

#include <algorithm>
#include <type_traits>

#include "common/base/macros.h"
#include "common/ledger/checkpoint.h"

namespace kapea::codec {
namespace {

constexpr size_t kTextBytesMax = 8192;
constexpr size_t kNameBytesMax = 64;
constexpr int kCodesMax = 64;
constexpr int kRefsMax = 64;
constexpr int kKeyEpochsMax = 16;
constexpr size_t kNoteBytesMax = 4096;

absl::Status Bad(const char* what) {
  return absl::InvalidArgumentError(std::string("malformed ") + what);
}

bool IsDate(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 4 || i == 7;
    if (dash ? text[i] != '-' : (text[i] < '0' || text[i] > '9')) return false;
  }
  const auto number = [&](size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  if (text.size() >= 7 && (number(5) < 1 || number(5) > 12)) return false;
  return text.size() < 10 || (number(8) >= 1 && number(8) <= 31);
}

// Strictly ascending: sorted and without a repeat.
template <typename Container>
bool Ascends(const Container& items) {
  return std::adjacent_find(items.begin(), items.end(),
                            [](const auto& a, const auto& b) { return !(a < b); }) == items.end();
}

}  // namespace

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

v1::Value ToWire(const domain::Value& value) {
  v1::Value wire;
  std::visit(
      [&wire](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          wire.set_boolean(v);
        } else if constexpr (std::is_same_v<T, int64_t>) {
          wire.set_integer(v);
        } else if constexpr (std::is_same_v<T, domain::Text>) {
          wire.set_text(v.text);
        } else if constexpr (std::is_same_v<T, domain::Code>) {
          wire.set_code(v.code);
        } else if constexpr (std::is_same_v<T, domain::Codes>) {
          auto* codes = wire.mutable_codes();
          for (const std::string& code : v.codes) codes->add_codes(code);
        } else if constexpr (std::is_same_v<T, Time>) {
          wire.set_time_ms(v.unix_ms());
        } else if constexpr (std::is_same_v<T, domain::Date>) {
          wire.set_date(v.text);
        } else if constexpr (std::is_same_v<T, domain::Reference>) {
          wire.set_reference(v.id.str());
        } else if constexpr (std::is_same_v<T, domain::Attachment>) {
          wire.mutable_attachment()->set_manifest_hash(v.manifest.str());
          wire.mutable_attachment()->set_chunks(v.chunks);
        } else if constexpr (std::is_same_v<T, domain::Answer>) {
          wire.set_answer(static_cast<v1::Answer>(v));
        } else {
          static_assert(std::is_same_v<T, domain::Position>);
          wire.mutable_position()->set_latitude_e7(v.latitude_e7);
          wire.mutable_position()->set_longitude_e7(v.longitude_e7);
          wire.mutable_position()->set_accuracy_m(v.accuracy_m);
        }
      },
      value);
  return wire;
}

absl::StatusOr<domain::Value> FromWire(const v1::Value& wire) {
  switch (wire.kind_case()) {
    case v1::Value::kBoolean:
      return domain::Value(wire.boolean());
    case v1::Value::kInteger:
      return domain::Value(static_cast<int64_t>(wire.integer()));
    case v1::Value::kText:
      if (wire.text().size() > kTextBytesMax) return Bad("text: over 8,192 bytes");
      return domain::Value(domain::Text{wire.text()});
    case v1::Value::kCode:
      if (!IsName(wire.code())) return Bad("code");
      return domain::Value(domain::Code{wire.code()});
    case v1::Value::kCodes: {
      domain::Codes codes{{wire.codes().codes().begin(), wire.codes().codes().end()}};
      if (wire.codes().codes_size() > kCodesMax || !Ascends(codes.codes) ||
          !std::all_of(codes.codes.begin(), codes.codes.end(), IsName)) {
        return Bad("codes");
      }
      return domain::Value(std::move(codes));
    }
    case v1::Value::kTimeMs:
      if (wire.time_ms() < 0 || wire.time_ms() > Time::Max().unix_ms()) return Bad("time");
      return domain::Value(Time::FromUnixMs(wire.time_ms()));
    case v1::Value::kDate:
      if (!IsDate(wire.date())) return Bad("date");
      return domain::Value(domain::Date{wire.date()});
    case v1::Value::kReference: {
      domain::Reference reference;
      KAPEA_TRY(ReadId(wire.reference(), reference.id));
      return domain::Value(reference);
    }
    case v1::Value::kAttachment: {
      domain::Attachment attachment;
      KAPEA_TRY(ReadId(wire.attachment().manifest_hash(), attachment.manifest));
      attachment.chunks = wire.attachment().chunks();
      if (attachment.chunks < 1 || attachment.chunks > 4096) return Bad("attachment");
      return domain::Value(attachment);
    }
    case v1::Value::kAnswer: {
      const auto answer = EnumCast(wire.answer(), domain::Answer::kRefused);
      if (answer == domain::Answer::kNone) return Bad("answer");
      return domain::Value(answer);
    }
    case v1::Value::kPosition:
      return domain::Value(domain::Position{wire.position().latitude_e7(),
                                            wire.position().longitude_e7(),
                                            wire.position().accuracy_m()});
    case v1::Value::KIND_NOT_SET:
      break;
  }
  return Bad("value: no kind");
}

v1::ChangeHeader ToWire(const domain::Header& header) {
  v1::ChangeHeader wire;
  wire.set_format(header.format);
  wire.set_deployment(header.deployment.str());
  wire.set_epoch(header.epoch);
  wire.set_nonce(header.nonce.str());
  wire.set_writes(header.writes);
  wire.set_file(header.file.str());
  wire.set_device(header.device.str());
  wire.set_person(header.person.str());
  wire.set_unit(header.unit.str());
  wire.set_role(static_cast<v1::Role>(header.role));
  wire.set_duty(static_cast<v1::Duty>(header.duty));
  wire.set_sequence(header.sequence);
  wire.set_wall_ms(header.clock.wall.unix_ms());
  wire.set_elapsed_ms(static_cast<uint64_t>(header.clock.elapsed.milliseconds()));
  wire.set_boot(header.clock.boot.str());
  if (!header.server_time_note.empty()) {
    wire.set_server_time(header.server_time_note);
    if (header.server_time) {
      wire.set_server_elapsed_ms(static_cast<uint64_t>(header.server_time->elapsed.milliseconds()));
      wire.set_server_boot(header.server_time->boot.str());
    }
  }
  WriteOptionalId(header.roster, wire.mutable_roster());
  wire.set_file_number(header.file_number);
  for (const KeyEpochId& epoch : header.key_epochs) wire.add_key_epochs(epoch.str());
  WriteOptionalId(header.pack, wire.mutable_pack());
  for (const domain::Ref& ref : header.refs) {
    auto* out = wire.add_refs();
    out->set_change(ref.change.str());
    out->set_hash(ref.hash.str());
  }
  wire.set_kind(static_cast<v1::Kind>(header.kind));
  return wire;
}

namespace {

absl::Status ReadServerTime(const v1::ChangeHeader& wire, domain::Header& header) {
  header.server_time_note = wire.server_time();
  if (header.server_time_note.empty()) {
    if (wire.server_elapsed_ms() != 0 || !wire.server_boot().empty()) {
      return Bad("header: server time");
    }
    return absl::OkStatus();
  }
  if (header.server_time_note.size() > kNoteBytesMax) return Bad("header: server time");
  // The text of the note; its signature is for those who know the log key to check.
  const auto end = header.server_time_note.find("\n\n");
  if (end == std::string::npos) return Bad("header: server time");
  auto checkpoint =
      ledger::Checkpoint::Parse(std::string_view(header.server_time_note).substr(0, end + 1));
  if (!checkpoint.ok() || !checkpoint->time) return Bad("header: server time");
  domain::SeenServerTime seen;
  seen.time = *checkpoint->time;
  seen.size = checkpoint->size;
  seen.root = checkpoint->root;
  seen.elapsed = Duration::Milliseconds(static_cast<int64_t>(wire.server_elapsed_ms()));
  KAPEA_TRY(ReadId(wire.server_boot(), seen.boot));
  header.server_time = seen;
  return absl::OkStatus();
}

constexpr uint64_t kElapsedMsMax = uint64_t{1} << 53;  // longer than any machine has run

}  // namespace

absl::StatusOr<domain::Header> FromWire(const v1::ChangeHeader& wire) {
  domain::Header header;
  header.format = wire.format();
  if (header.format == 0) return Bad("header: format");
  KAPEA_TRY(ReadId(wire.deployment(), header.deployment));
  header.epoch = wire.epoch();
  if (header.epoch == 0) return Bad("header: epoch");
  KAPEA_TRY(ReadId(wire.nonce(), header.nonce));
  header.writes = wire.writes();
  KAPEA_TRY(ReadId(wire.file(), header.file));
  KAPEA_TRY(ReadId(wire.device(), header.device));
  KAPEA_TRY(ReadId(wire.person(), header.person));
  KAPEA_TRY(ReadId(wire.unit(), header.unit));
  header.role = EnumCast(wire.role(), domain::Role::kServer);
  header.duty = EnumCast(wire.duty(), domain::Duty::kComms);
  header.sequence = wire.sequence();
  if (header.sequence == 0) return Bad("header: sequence");
  if (wire.elapsed_ms() > kElapsedMsMax || wire.server_elapsed_ms() > kElapsedMsMax) {
    return Bad("header: elapsed time");
  }
  if (wire.wall_ms() < Time::Min().unix_ms() || wire.wall_ms() > Time::Max().unix_ms()) {
    return Bad("header: wall clock");
  }
  header.clock.wall = Time::FromUnixMs(wire.wall_ms());
  header.clock.elapsed = Duration::Milliseconds(static_cast<int64_t>(wire.elapsed_ms()));
  KAPEA_TRY(ReadId(wire.boot(), header.clock.boot));
  KAPEA_TRY(ReadServerTime(wire, header));
  KAPEA_TRY(ReadOptionalId(wire.roster(), header.roster));
  header.file_number = wire.file_number();
  if (wire.key_epochs_size() > kKeyEpochsMax) return Bad("header: key epochs");
  for (const std::string& epoch : wire.key_epochs()) {
    KAPEA_TRY(ReadId(epoch, header.key_epochs.emplace_back()));
  }
  if (!Ascends(header.key_epochs)) return Bad("header: key epochs");
  KAPEA_TRY(ReadOptionalId(wire.pack(), header.pack));
  if (wire.refs_size() > kRefsMax) return Bad("header: refs");
  for (const v1::Ref& ref : wire.refs()) {
    domain::Ref& out = header.refs.emplace_back();
    KAPEA_TRY(ReadId(ref.change(), out.change));
    KAPEA_TRY(ReadId(ref.hash(), out.hash));
  }
  header.kind = KindFromWire(wire.kind());
  return header;
}

}  // namespace kapea::codec
