// Checks of the code itself, run as a test: who includes whom (layers.txt), lengths of
// lines, files and functions, threads where none may start, and files that no
// CMakeLists.txt names; and of the documents: links that lead nowhere, and tests that are
// said to prove something and do not exist.
// Usage: kapea-tidy <repository root>. Prints path:line: complaint; exits 1 if any.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

constexpr size_t kColumnsMax = 100;
constexpr int kHeaderLinesMax = 250;
constexpr int kSourceLinesMax = 450;
constexpr int kTestLinesMax = 650;
constexpr int kFunctionLinesMax = 70;

using Layers = std::map<std::string, std::vector<std::string>>;  // room -> what it may include

int complaints = 0;

void Complain(const std::string& file, int line, const std::string& what) {
  std::cerr << file << ':' << line << ": " << what << '\n';
  ++complaints;
}

Layers ReadLayers(const fs::path& file) {
  Layers layers;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    std::istringstream words(line.substr(colon + 1));
    auto& allowed = layers[line.substr(0, colon)];
    for (std::string word; words >> word;) allowed.push_back(word);
  }
  return layers;
}

// The longest room that holds `file`, or end().
Layers::const_iterator RoomOf(const Layers& layers, const std::string& file) {
  auto best = layers.end();
  for (auto it = layers.begin(); it != layers.end(); ++it) {
    if (file.starts_with(it->first + "/") &&
        (best == layers.end() || it->first.size() > best->first.size())) {
      best = it;
    }
  }
  return best;
}

bool Allowed(const std::string& room, const std::vector<std::string>& allowed,
             const std::string& include) {
  const std::string path = include.substr(1, include.size() - 2);
  if (path.starts_with(room + "/")) return true;
  static const std::vector<std::string> ours = {"common/", "server/", "client/",
                                                "tools/",  "tests/",  "kapea/"};
  const bool our = std::any_of(ours.begin(), ours.end(),
                               [&](const std::string& p) { return path.starts_with(p); });
  const bool foreign = !our && (include[0] == '"' || path.find('/') != std::string::npos ||
                                path.find(".h") != std::string::npos);
  // The C library and the system: <unistd.h>, <sys/...>.
  static const std::regex system_header(R"((sys|linux|netinet|arpa|sanitizer)/.*|[a-z0-9_]+\.h)");
  static const std::regex guarded(R"(sodium\.h|zstd.*\.h)");
  if (foreign && include[0] == '<' && std::regex_match(path, system_header) &&
      !std::regex_match(path, guarded)) {
    return true;
  }
  if (!our && !foreign) return true;  // the standard library
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& p) {
    return p == "*" || path.starts_with(p[0] == '<' ? p.substr(1) : p);
  });
}

// What a reader counts as columns: code points, not bytes.
size_t Columns(const std::string& line) {
  return static_cast<size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

int LinesMax(const std::string& file) {
  if (file.starts_with("tests/")) return kTestLinesMax;
  return file.ends_with(".h") ? kHeaderLinesMax : kSourceLinesMax;
}

// Functions begin at column 0 (or one class deep) with a line that ends in "{" and end
// at the same depth: what clang-format makes of them.
class FunctionLengths {
 public:
  explicit FunctionLengths(std::string file) : file_(std::move(file)) {}
  void Line(int number, const std::string& line) {
    static const std::regex start(R"(^(  )?[A-Za-z_~].*[^;]\{(\s*//.*)?$)");
    static const std::regex no_function(
        R"(^\s*(namespace|class|struct|enum|union|extern|public)\b.*)");
    if (begin_ == 0 && std::regex_match(line, start) && !std::regex_match(line, no_function)) {
      begin_ = number;
      indent_ = line.starts_with("  ") ? "  " : "";
      excused_ = line.find("tidy: long because") != std::string::npos;
    } else if (begin_ != 0 && line.starts_with(indent_ + "}")) {
      if (number - begin_ > kFunctionLinesMax && !excused_) {
        Complain(file_, begin_, "function of " + std::to_string(number - begin_) + " lines");
      }
      begin_ = 0;
    }
    if (begin_ != 0 && line.find("tidy: long because") != std::string::npos) excused_ = true;
  }

 private:
  const std::string file_;
  int begin_ = 0;
  std::string indent_;
  bool excused_ = false;
};

void CheckThreads(const std::string& file, int number, const std::string& line) {
  static const std::vector<std::string> may = {
      "server/core/sequencer", "server/main",  "server/service/", "server/watch/", "common/rpc/",
      "client/cli/",           "client/link/", "tests/",          "tools/"};
  if (line.find("std::thread") == std::string::npos &&
      line.find("std::jthread") == std::string::npos)
    return;
  if (line.find("//") < line.find("std::")) return;
  if (std::none_of(may.begin(), may.end(), [&](const auto& p) { return file.starts_with(p); })) {
    Complain(file, number, "starts a thread where none may start");
  }
}

void CheckFile(const fs::path& root, const fs::path& path, const Layers& layers) {
  static const std::regex include_line(R"(^\s*#\s*include\s+(["<][^">]+[">]))");
  const std::string file = fs::relative(path, root).generic_string();
  const auto room = RoomOf(layers, file);
  if (room == layers.end()) return Complain(file, 1, "in no room of layers.txt");
  std::ifstream in(path);
  FunctionLengths functions(file);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (Columns(line) > kColumnsMax && line.find("http") == std::string::npos) {
      Complain(file, number, "line too long");
    }
    std::smatch match;
    if (std::regex_search(line, match, include_line) &&
        !Allowed(room->first, room->second, match[1])) {
      Complain(file, number, room->first + " may not include " + match[1].str());
    }
    if (!file.starts_with("tests/")) functions.Line(number, line);
    CheckThreads(file, number, line);
  }
  if (number > LinesMax(file)) {
    Complain(file, 1, "file of " + std::to_string(number) + " lines: split it");
  }
}

std::string ReadAll(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

void CheckNamedInCMake(const fs::path& root, const fs::path& file) {
  for (auto dir = file.parent_path(); dir != root.parent_path(); dir = dir.parent_path()) {
    const auto lists = dir / "CMakeLists.txt";
    if (!fs::exists(lists)) continue;
    // A list of fuzzers names them without their ending.
    std::string name = fs::relative(file, dir).generic_string();
    if (name.ends_with("_fuzz.cc")) name.resize(name.size() - 8);
    if (ReadAll(lists).find(name) == std::string::npos) {
      Complain(fs::relative(file, root).generic_string(), 1, "named in no CMakeLists.txt");
    }
    return;
  }
}

// Links of a document to files beside it.
void CheckLinks(const fs::path& root, const fs::path& document) {
  static const std::regex link(R"(\]\(([^)#:\s]+)(#[^)]*)?\))");
  std::ifstream in(document);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    for (std::sregex_iterator it(line.begin(), line.end(), link), end; it != end; ++it) {
      if (!fs::exists(document.parent_path() / (*it)[1].str())) {
        Complain(fs::relative(document, root).generic_string(), number,
                 "leads nowhere: " + (*it)[1].str());
      }
    }
  }
}

// "program Suite.Case" of every test that a CMakeLists.txt below tests/ makes; those that are
// disabled have another name.
std::set<std::string> TestsOf(const fs::path& root) {
  static const std::regex program(R"(kapea_test\(\s*(\w+)([^)]*)\))");
  static const std::regex source(R"([\w./]+_test\.cc)");
  static const std::regex test(
      R"((?:^|\n)(?:TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(\s*(\w+),\s*(\w+))");
  std::set<std::string> tests;
  for (const auto& entry : fs::recursive_directory_iterator(root / "tests")) {
    if (entry.path().filename() != "CMakeLists.txt") continue;
    const std::string lists = ReadAll(entry.path());
    for (std::sregex_iterator it(lists.begin(), lists.end(), program), end; it != end; ++it) {
      const std::string name = (*it)[1], rest = (*it)[2];
      for (std::sregex_iterator one(rest.begin(), rest.end(), source); one != end; ++one) {
        const std::string text = ReadAll(entry.path().parent_path() / one->str());
        for (std::sregex_iterator at(text.begin(), text.end(), test); at != end; ++at) {
          tests.insert(name + " " + (*at)[1].str() + "." + (*at)[2].str());
        }
      }
    }
  }
  return tests;
}

// Each line of the tables in docs/scenarios.md has three cells: threat, mechanism, and the
// tests as `program Suite.Case`, at least one.
void CheckScenarios(const fs::path& root) {
  static const std::regex named(R"(`(\w+ \w+\.\w+)`)");
  const std::string file = "docs/scenarios.md";
  const std::set<std::string> tests = TestsOf(root);
  std::ifstream in(root / file);
  int number = 0;
  int proven = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.starts_with("| ") || line.starts_with("| threat ")) continue;
    int of_line = 0;
    for (std::sregex_iterator it(line.begin(), line.end(), named), end; it != end; ++it) {
      ++of_line;
      if (!tests.contains((*it)[1])) Complain(file, number, "no such test: " + (*it)[1].str());
    }
    if (of_line == 0) Complain(file, number, "names no test that proves it");
    proven += of_line;
  }
  if (proven == 0) Complain(file, 1, "want a table of threats and tests");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::cerr << "usage: kapea-tidy <repository root>\n", 2;
  const fs::path root = fs::canonical(argv[1]);
  const Layers layers = ReadLayers(root / "tools/tidy/layers.txt");
  int files = 0;
  for (const char* top : {"server", "client", "common", "tests", "tools"}) {
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      CheckFile(root, entry.path(), layers);
      // Headers that no list names are private to their room.
      if (extension == ".cc") CheckNamedInCMake(root, entry.path());
      ++files;
    }
  }
  for (const auto& entry : fs::directory_iterator(root / "docs")) {
    if (entry.path().extension() == ".md") CheckLinks(root, entry.path());
  }
  CheckScenarios(root);
  std::cout << files << " files, " << complaints << " complaints\n";
  return complaints == 0 && files > 0 ? 0 : 1;
}
