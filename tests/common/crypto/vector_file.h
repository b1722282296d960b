// Reads vectors in the form of the NIST response files.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kapea::crypto {

// One record: names and what stands behind the equals sign. Bracketed headings are
// kept under "[name]" ("[Keylen]" = "256"), a heading without a value under "[]".
class VectorRecord {
 public:
  void Set(const std::string& name, const std::string& value) { values_[name] = value; }
  bool Has(const std::string& name) const { return values_.count(name) > 0; }
  // Aborts when the name is missing, or the value is no hex or no number.
  const std::string& Text(const std::string& name) const;
  std::string Bytes(const std::string& name) const;
  uint64_t Number(const std::string& name) const;

 private:
  std::map<std::string, std::string> values_;
};

// A record ends where a name comes again, and at a heading. Empty when the file is absent.
std::vector<VectorRecord> ReadVectorFile(const std::string& path);
// The records under the heading [section].
std::vector<VectorRecord> Section(const std::string& path, std::string_view section);

// tests/common/crypto/vectors/`name`.
std::string FrozenPath(const std::string& name);
// A file of python3-cryptography-vectors.
std::string PackagedPath(const std::string& name);

}  // namespace kapea::crypto
