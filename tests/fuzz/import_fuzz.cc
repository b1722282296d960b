// Tables of persons that others wrote, read against the national pack: what is accepted is read
// the same again, has a part of a file in every row, and no row has the key of another.
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "client/field/export.h"
#include "client/field/import_table.h"
#include "common/base/macros.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tests/support/national_pack.h"

namespace kapea::field {
namespace {

struct Office {
  ManualClock clock;
  testing::FakeServer server{clock, testing::NationalPack()};
  testing::FakeDevice device{server, "intake", clock};
  const domain::Export* what = [this] {
    KAPEA_CHECK(device.Sync().ok());
    return *FindExport(device.vault(), std::string(kHtcdsExport));
  }();
};

void Try(std::string_view bytes) {
  static auto* office = new Office;
  const auto table = ReadImportTable(office->device.vault(), *office->what, bytes);
  if (!table.ok()) {
    KAPEA_CHECK(absl::IsInvalidArgument(table.status()));
    return;
  }
  const auto again = ReadImportTable(office->device.vault(), *office->what, bytes);
  KAPEA_CHECK(again.ok() && again->rows.size() == table->rows.size());
  std::set<std::string> keys;
  for (size_t i = 0; i < table->rows.size(); ++i) {
    KAPEA_CHECK(!table->rows[i].parts.empty() && keys.insert(table->rows[i].key).second);
    KAPEA_CHECK(again->rows[i].key == table->rows[i].key);
  }
}

}  // namespace
}  // namespace kapea::field

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  kapea::field::Try(bytes);
  // Most inputs would not come further than to the names.
  kapea::field::Try(
      "con_Consent,prs_Gender,vic_MethodsOfControl,prs_Birthdate,prs_SecondName\nTRUE," +
      std::string(bytes));
  return 0;
}
