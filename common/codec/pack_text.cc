#include "common/codec/pack_text.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "common/codec/canonical.h"
#include "kapea/v1/pack.pb.h"

namespace kapea::codec {
namespace {

namespace pb = google::protobuf;
using Tree = pb::TextFormat::ParseInfoTree;

// The schema nests seven messages deep; a text that nests more than this is hostile,
// and the parser that skips unknown fields would follow it down the stack.
constexpr int kTextDepthMax = 24;

class Collector : public pb::io::ErrorCollector {
 public:
  Collector(std::string file, std::vector<Mistake>& mistakes)
      : file_(std::move(file)), mistakes_(mistakes) {}
  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    mistakes_.push_back({{file_, line + 1, column + 1}, "", message});
  }
  // Unknown fields arrive as warnings, so that one does not hide the next.
  void AddWarning(int line, pb::io::ColumnNumber column, const std::string& message) override {
    AddError(line, column, message);
  }

 private:
  std::string file_;
  std::vector<Mistake>& mistakes_;
};

// Brackets outside of strings and comments.
int DepthOf(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  char quote = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == '\\') ++i;
      if (c == quote || c == '\n') quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (c == '{' || c == '<' || c == '[') {
      deepest = std::max(deepest, ++depth);
    } else if (c == '}' || c == '>' || c == ']') {
      --depth;
    }
  }
  return deepest;
}

// Copies the places of a message's parts into `spots`. `offsets` shifts the indexes of
// the outermost lists to where they come to stand in the merged message.
class SpotTaker {
 public:
  SpotTaker(std::string file, Spots& spots) : file_(std::move(file)), spots_(spots) {}

  void Take(const pb::Message& message, const Tree& tree, const std::string& path,
            const pb::Message* merged_before) {
    const pb::Reflection& reflection = *message.GetReflection();
    std::vector<const pb::FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const pb::FieldDescriptor* field : fields) {
      const std::string base = path.empty() ? field->name() : path + "." + field->name();
      if (!field->is_repeated()) {
        TakeOne(message, tree, field, -1, base);
        continue;
      }
      const int shift = merged_before != nullptr
                            ? merged_before->GetReflection()->FieldSize(*merged_before, field)
                            : 0;
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        TakeOne(message, tree, field, i, base + "[" + std::to_string(shift + i) + "]");
      }
    }
  }

 private:
  void TakeOne(const pb::Message& message, const Tree& tree, const pb::FieldDescriptor* field,
               int index, const std::string& path) {
    const pb::TextFormat::ParseLocation at = tree.GetLocation(field, index);
    if (at.line >= 0) spots_.emplace(path, Spot{file_, at.line + 1, at.column + 1});
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return;
    const Tree* nested = tree.GetTreeForNested(field, index);
    if (nested == nullptr) return;
    const pb::Reflection& reflection = *message.GetReflection();
    const pb::Message& part = index >= 0 ? reflection.GetRepeatedMessage(message, field, index)
                                         : reflection.GetMessage(message, field);
    Take(part, *nested, path, nullptr);
  }

  std::string file_;
  Spots& spots_;
};

bool SameTitle(const v1::Label& a, const v1::Label& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

// What stands once in a pack may be repeated in its files, but not differ.
void CheckHeads(const v1::Pack& merged, const v1::Pack& part, const std::string& file,
                std::vector<Mistake>& mistakes) {
  const auto differs = [&](const char* field) {
    mistakes.push_back({{file, 1, 1}, field, "want the same in every file of the pack"});
  };
  if (!merged.id().empty() && !part.id().empty() && merged.id() != part.id()) differs("id");
  if (merged.version() != 0 && part.version() != 0 && merged.version() != part.version()) {
    differs("version");
  }
  if (!merged.owner().empty() && !part.owner().empty() && merged.owner() != part.owner()) {
    differs("owner");
  }
  if (merged.has_title() && part.has_title() && !SameTitle(merged.title(), part.title())) {
    differs("title");
  }
}

bool ParseOne(const PackFile& file, v1::Pack& part, Tree& tree, std::vector<Mistake>& mistakes) {
  const size_t before = mistakes.size();
  if (file.text.size() > kPackTextBytesMax) {
    mistakes.push_back({{file.name, 1, 1}, "", "want a text of at most 4 MiB"});
    return false;
  }
  if (DepthOf(file.text) > kTextDepthMax) {
    mistakes.push_back({{file.name, 1, 1}, "", "want at most 24 levels of brackets"});
    return false;
  }
  Collector collector(file.name, mistakes);
  pb::TextFormat::Parser parser;
  parser.RecordErrorsTo(&collector);
  parser.WriteLocationsTo(&tree);
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(kTextDepthMax);
  pb::io::ArrayInputStream input(file.text.data(), static_cast<int>(file.text.size()));
  const bool parsed = parser.Parse(&input, &part);
  if (!parsed && mistakes.size() == before) {
    mistakes.push_back({{file.name, 1, 1}, "", "want the text of a pack"});
  }
  return mistakes.size() == before;
}

}  // namespace

std::string ToText(const Mistake& mistake) {
  std::string text = mistake.at.file;
  if (mistake.at.line > 0) {
    text += ":" + std::to_string(mistake.at.line) + ":" + std::to_string(mistake.at.column);
  }
  if (!text.empty()) text += ": ";
  if (!mistake.element.empty()) text += mistake.element + ": ";
  return text + mistake.message;
}

PackSource ParsePackFiles(const std::vector<PackFile>& files) {
  PackSource source;
  v1::Pack merged;
  for (const PackFile& file : files) {
    v1::Pack part;
    Tree tree;
    if (!ParseOne(file, part, tree, source.mistakes)) continue;
    CheckHeads(merged, part, file.name, source.mistakes);
    SpotTaker(file.name, source.spots).Take(part, tree, "", &merged);
    if (merged.has_title()) part.clear_title();
    merged.MergeFrom(part);
  }
  if (!source.mistakes.empty()) return source;
  source.bytes = EncodeCanonical(merged);
  // The text parser lets any bytes into a string; the binary one does not.
  v1::Pack again;
  if (!DecodeCanonical(source.bytes, "pack", again).ok()) {
    source.bytes.clear();
    source.mistakes.push_back({{}, "", "want UTF-8 in every text"});
  }
  return source;
}

absl::StatusOr<std::string> PackTextToBytes(std::string_view text, std::string_view name) {
  PackSource source = ParsePackFiles({{std::string(name), std::string(text)}});
  if (source.mistakes.empty()) return std::move(source.bytes);
  std::string all;
  for (const Mistake& mistake : source.mistakes) all += ToText(mistake) + "\n";
  all.pop_back();
  return absl::InvalidArgumentError(all);
}

}  // namespace kapea::codec
