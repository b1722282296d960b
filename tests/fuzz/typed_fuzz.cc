// What people type into fields, by every type that a field has. What is accepted is a
// value that can be stored, read again and shown; the text of a sealed field is in no
// complaint.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "client/field/calendar.h"
#include "client/field/typed_value.h"
#include "common/base/macros.h"
#include "common/codec/change_codec.h"
#include "common/text/normalise.h"
#include "common/text/width.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"

namespace kapea::field {
namespace {

using domain::FieldType;

// A vault that knows a few people, and a file of theirs.
struct Office {
  ManualClock clock;
  testing::FakeServer server{clock};
  testing::FakeDevice device{server, "lead", clock};
  FileId file = [this] {
    KAPEA_CHECK(device.Sync().ok());
    return *testing::FoundOperation(server, device, {"lead"});
  }();
};

void TryFields(std::string_view text) {
  static auto* office = new Office;
  static const domain::CodeList list{
      "CL", {}, {{"M", {"Male", "", {}}, false}, {"unknown", {"Unknown", "", {}}, false}}};
  vault::Vault& vault = office->device.vault();
  const auto state = vault.File(office->file);
  KAPEA_CHECK(state.ok());
  for (auto type = FieldType::kBoolean; type <= FieldType::kImage;
       type = static_cast<FieldType>(static_cast<int>(type) + 1)) {
    domain::Field field;
    field.code = "f";
    field.type = type;
    field.code_list = &list;
    const auto value = ParseValue(vault, **state, field, text);
    if (!value.ok()) {
      KAPEA_CHECK(!absl::IsInternal(value.status()));
      continue;
    }
    KAPEA_CHECK(*codec::DecodeValue(codec::EncodeValue(*value)) == *value);
    KAPEA_CHECK(!ToText(vault, field, *value, Language::kKhmer).empty());
  }
}

void TryCalendar(std::string_view text) {
  const Time now = Time::FromUnixMs(1'795'000'000'000);
  if (const auto time = ParseTime(text, now); time.ok()) {
    KAPEA_CHECK(*ParseTime(ToLocalIso(*time), now) == *time ||
                time->unix_ms() % 1000 != 0);  // the text has whole seconds
  }
  if (const auto date = ParseDate(text, now); date.ok()) {
    const auto days = DaysOf(*date);
    KAPEA_CHECK(days.ok() && days->first <= days->last);
    KAPEA_CHECK(DayOf(StartOf(days->first)) == days->first);
  }
  if (const auto length = ParseLength(text); length.ok()) KAPEA_CHECK(!ToText(*length).empty());
}

void TryText(std::string_view text) {
  const auto normal = text::Normalise(text);
  if (normal.ok()) {
    KAPEA_CHECK(text::IsUtf8(*normal) && normal->size() <= text::kTextBytesMax);
    const auto again = text::Normalise(*normal);
    KAPEA_CHECK(again.ok() && *again == *normal);
  }
  const size_t width = text::WidthOf(text);
  KAPEA_CHECK(text::PadTo(text, width + 3).size() >= text.size());
  KAPEA_CHECK(text::WidthOf(text::CutTo(text, 7)) <= 7);
  if (!normal.ok()) return;
  for (const std::string& line : text::Wrap(*normal, 11)) KAPEA_CHECK(text::IsUtf8(line));
}

}  // namespace
}  // namespace kapea::field

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  kapea::field::TryCalendar(text);
  kapea::field::TryText(text);
  kapea::field::TryFields(text);
  const auto entries = kapea::field::ParseEntries({std::string(text)});
  KAPEA_CHECK(!entries.ok() || !entries->front().code.empty());
  return 0;
}
