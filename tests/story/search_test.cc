// The searchers of the stories find what is planted: a search that finds nothing anywhere
// proves nothing.
#include "tests/story/search.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "common/base/bytes.h"
#include "tests/story/wire_relay.h"

namespace kapea::story {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

const char kText[] = "zqyxvera";
const std::vector<std::string> kForms = {"zqyxvera", std::string("z\0q\0y\0x\0v\0e\0r\0a\0", 16),
                                         std::string("\0z\0q\0y\0x\0v\0e\0r\0a", 16),
                                         "7a71797876657261", "7A71797876657261"};

// With a program of the system, so that the test is not measured by what it tests.
std::string Base64ByTheSystem(const std::string& bytes) {
  const std::string command = "printf %s '" + bytes + "' | base64 -w0";
  FILE* const pipe = ::popen(command.c_str(), "r");
  std::string encoded;
  for (int c = 0; (c = std::fgetc(pipe)) != EOF;) encoded += static_cast<char>(c);
  EXPECT_EQ(::pclose(pipe), 0);
  return encoded;
}

TEST(SearchTest, FindsEachFormWhereverItStands) {
  const Search search({kText});
  for (const std::string& form : kForms) {
    SCOPED_TRACE(form);
    for (const char* around : {"", "x", "before and after"}) {
      EXPECT_EQ(search.In(around + form + around).size(), 1u);
    }
    EXPECT_THAT(search.In(form.substr(0, form.size() - 1)), IsEmpty());
  }
  EXPECT_THAT(search.In("zqyxverb"), IsEmpty());
}

TEST(SearchTest, FindsBase64AtEachOfItsThreePlaces) {
  const Search search({kText});
  for (const char* before : {"", "a", "ab", "abc", "name: "}) {
    for (const char* after : {"", "a", "ab", " and so on"}) {
      const std::string encoded = Base64ByTheSystem(before + std::string(kText) + after);
      EXPECT_THAT(search.In(encoded), Contains("zqyxvera as base64")) << encoded;
    }
  }
  EXPECT_THAT(search.In(Base64ByTheSystem("zqyxwera")), IsEmpty());
}

TEST(SearchTest, FindsKhmerInItsForms) {
  const std::string khmer = "\u179f\u17bb\u1781";
  const Search search({khmer});
  EXPECT_EQ(search.In("<" + khmer + ">").size(), 1u);
  EXPECT_EQ(search.In("\x17\x9f\x17\xbb\x17\x81").size(), 1u);
  EXPECT_EQ(search.In(ToHex(khmer)).size(), 1u);
}

TEST(SearchTest, FindsWhatLiesInFilesAndInTheirNames) {
  namespace fs = std::filesystem;
  char made[] = "/tmp/kapea-search.XXXXXX";
  ASSERT_NE(::mkdtemp(made), nullptr);
  const fs::path folder = made;
  fs::create_directories(folder / "one/two");
  std::ofstream(folder / "one/clean") << "nothing";
  const Search search({kText});
  auto searched = SearchFiles(folder, search);
  ASSERT_TRUE(searched.ok()) << searched.status();
  EXPECT_THAT(searched->found, IsEmpty());
  EXPECT_EQ(searched->files, 1u);
  std::ofstream(folder / "one/two/000004.log")
      << std::string(3 << 20, '\0') << kText << std::string(100, '\0');
  std::ofstream(folder / "one/zqyxvera.sst") << "nothing";
  searched = SearchFiles(folder, search);
  fs::remove_all(folder);
  ASSERT_TRUE(searched.ok()) << searched.status();
  EXPECT_THAT(searched->found, ElementsAre("one/two/000004.log: zqyxvera as it is",
                                           "one/zqyxvera.sst: zqyxvera as it is"));
}

// A shell that holds in a variable what it was told.
TEST(SearchTest, FindsWhatAnotherProcessHasInItsMemory) {
  int to[2], from[2];
  ASSERT_EQ(::pipe(to), 0);
  ASSERT_EQ(::pipe(from), 0);
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::dup2(to[0], 0);
    ::dup2(from[1], 1);
    for (const int end : {to[0], to[1], from[0], from[1]}) ::close(end);
    ::execl("/bin/sh", "sh", "-c", "echo ready; read held; echo has it; read wait", nullptr);
    ::_exit(1);
  }
  ASSERT_GT(shell, 0);
  ::close(to[0]);
  ::close(from[1]);
  const auto line = [&] {
    std::string text;
    for (char c = 0; ::read(from[0], &c, 1) == 1 && c != '\n';) text += c;
    return text;
  };
  const Search search({kText});
  EXPECT_EQ(line(), "ready");
  const auto before = SearchMemory(shell, search);
  const std::string told = std::string(kText) + "\n";
  EXPECT_EQ(::write(to[1], told.data(), told.size()), static_cast<ssize_t>(told.size()));
  EXPECT_EQ(line(), "has it");
  const auto after = SearchMemory(shell, search);
  ::close(to[1]);  // it ends
  ::close(from[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(shell, &status, 0), shell);
  if (absl::IsPermissionDenied(before.status())) GTEST_SKIP() << before.status();
  ASSERT_TRUE(before.ok()) << before.status();
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_THAT(*before, IsEmpty());
  EXPECT_THAT(*after, ElementsAre("zqyxvera as it is"));
}

// What a client says without TLS is in the capture, both ways.
TEST(SearchTest, FindsWhatGoesOverTheWireInClear) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, plain, size), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ASSERT_EQ(::getsockname(listener, plain, &size), 0);
  WireRelay relay(ntohs(address.sin_port));
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(relay.address().substr(10))));
  ASSERT_EQ(::connect(client, plain, size), 0);
  const int server = ::accept(listener, nullptr, nullptr);
  ASSERT_GE(server, 0);
  const auto send = [](int from, int to, const std::string& text) {
    EXPECT_EQ(::write(from, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    std::string got(text.size(), '\0');
    EXPECT_EQ(::recv(to, got.data(), got.size(), MSG_WAITALL), static_cast<ssize_t>(got.size()));
    EXPECT_EQ(got, text);
  };
  send(client, server, "a name: zqyxvera.");
  send(server, client, "7a71797876657261");
  const std::string& wire = relay.Stop();
  for (const int end : {client, server, listener}) ::close(end);
  EXPECT_THAT(Search({kText}).In(wire), ElementsAre("zqyxvera as hex", "zqyxvera as it is"));
}

}  // namespace
}  // namespace kapea::story
