// The pack of common/packs/kh as its source stands now.
#pragma once

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/pack_text.h"

namespace kapea::testing {

// The canonical bytes of common/packs/kh. Aborts with the mistakes where it has some.
inline std::string ReadNationalPack() {
  std::vector<std::string> paths;
  for (const auto& file : std::filesystem::directory_iterator(KAPEA_SOURCE "/common/packs/kh")) {
    if (file.path().extension() == ".textproto") paths.push_back(file.path().string());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<codec::PackFile> files;
  for (const std::string& path : paths) {
    auto text = ReadFile(path, codec::kPackTextBytesMax);
    KAPEA_CHECK(text.ok());
    files.push_back({path, *std::move(text)});
  }
  codec::PackSource source = codec::ParsePackFiles(files);
  for (const codec::Mistake& mistake : source.mistakes) {
    std::fprintf(stderr, "%s\n", codec::ToText(mistake).c_str());
  }
  KAPEA_CHECK(source.mistakes.empty());
  return source.bytes;
}

// Read once for all tests of a program.
inline const std::string& NationalPack() {
  static const std::string pack = ReadNationalPack();
  return pack;
}

}  // namespace kapea::testing
