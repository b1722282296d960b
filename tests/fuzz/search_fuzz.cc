// Names of any bytes, and what somebody looks for (up to the first zero byte): what folds is
// text and folds to itself, every word has its keys, and a name fits itself.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/field/name_match.h"
#include "client/field/search.h"
#include "common/base/macros.h"
#include "common/text/normalise.h"
#include "common/text/search_key.h"

namespace kapea::field {
namespace {

std::vector<text::SearchWord> TryWords(std::string_view bytes) {
  const auto folded = text::FoldForSearch(bytes);
  if (!folded.ok()) {
    KAPEA_CHECK(absl::IsInvalidArgument(folded.status()));
    return {};
  }
  KAPEA_CHECK(text::IsUtf8(*folded) && folded->size() <= text::kTextBytesMax);
  const auto again = text::FoldForSearch(*folded);
  KAPEA_CHECK(again.ok() && *again == *folded);
  std::vector<text::SearchWord> words = text::WordsOf(*folded);
  std::string whole;
  for (const text::SearchWord& word : words) {
    KAPEA_CHECK(word.letters > 0 && word.letters <= word.text.size());
    KAPEA_CHECK(text::WithinOneEdit(word.text, word.text));
    whole += (whole.empty() ? "" : " ") + word.text;
  }
  KAPEA_CHECK(whole == *folded);
  return words;
}

void Try(std::string_view bytes) {
  const size_t end = bytes.find('\0');
  std::vector<text::SearchWord> query = TryWords(bytes.substr(0, end));
  std::vector<NamedWord> name;
  const auto add = [&name](const std::vector<text::SearchWord>& words, size_t field) {
    for (const text::SearchWord& word : words) name.push_back({word, field});
  };
  if (end != std::string_view::npos) add(TryWords(bytes.substr(end + 1)), 0);
  if (query.empty()) return;
  if (query.size() > kSearchWordsMax) query.resize(kSearchWordsMax);
  const Fit other = FitName(query, name);
  KAPEA_CHECK((other.match == NameMatch::kNone) == other.fields.empty());
  name.clear();
  add(query, 3);
  const Fit self = FitName(query, name);
  KAPEA_CHECK(self.match == NameMatch::kExact && self.fields == std::vector<size_t>{3});
}

}  // namespace
}  // namespace kapea::field

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  kapea::field::Try({reinterpret_cast<const char*>(data), size});
  return 0;
}
