#include "tests/common/crypto/vector_file.h"

#include <fstream>

#include "common/base/bytes.h"
#include "common/base/macros.h"

namespace kapea::crypto {
namespace {

std::string Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return "";
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1));
}

}  // namespace

const std::string& VectorRecord::Text(const std::string& name) const {
  const auto found = values_.find(name);
  KAPEA_CHECK(found != values_.end());
  return found->second;
}

std::string VectorRecord::Bytes(const std::string& name) const {
  auto bytes = FromHex(Text(name));
  KAPEA_CHECK(bytes.ok());
  return *std::move(bytes);
}

uint64_t VectorRecord::Number(const std::string& name) const { return std::stoull(Text(name)); }

std::vector<VectorRecord> ReadVectorFile(const std::string& path) {
  std::vector<VectorRecord> records;
  std::ifstream file(path);
  VectorRecord headings;
  VectorRecord record;
  bool open = false;
  const auto close = [&] {
    if (open) records.push_back(record);
    record = headings;
    open = false;
  };
  for (std::string line; std::getline(file, line);) {
    line = Trim(line);
    if (line.empty() || line[0] == '#') continue;
    const bool heading = line[0] == '[';
    if (heading) line = line.substr(1, line.find(']') - 1);
    const size_t equals = line.find('=');
    const std::string name = Trim(std::string_view(line).substr(0, equals));
    const std::string value =
        equals == std::string::npos ? "" : Trim(std::string_view(line).substr(equals + 1));
    if (heading) {
      close();
      if (equals == std::string::npos) {
        headings.Set("[]", line);
      } else {
        headings.Set("[" + name + "]", value);
      }
      record = headings;
      continue;
    }
    if (record.Has(name)) close();
    record.Set(name, value);
    open = true;
  }
  close();
  return records;
}

std::vector<VectorRecord> Section(const std::string& path, std::string_view section) {
  std::vector<VectorRecord> wanted;
  for (VectorRecord& record : ReadVectorFile(path)) {
    if (record.Has("[]") && record.Text("[]") == section) wanted.push_back(std::move(record));
  }
  return wanted;
}

std::string FrozenPath(const std::string& name) {
  return std::string(KAPEA_SOURCE) + "/tests/common/crypto/vectors/" + name;
}

std::string PackagedPath(const std::string& name) {
  return "/usr/lib/python3/dist-packages/cryptography_vectors/" + name;
}

}  // namespace kapea::crypto
