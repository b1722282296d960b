// Health and metrics for the machine's own operator, the log, and the workers.
#include "server/service/side_door.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>

#include "common/base/file.h"
#include "server/service/log.h"
#include "server/service/metrics.h"
#include "server/service/rate_limit.h"
#include "server/service/worker_pool.h"

namespace kapea::server {
namespace {

using testing::HasSubstr;

std::string Ask(int fd, const sockaddr* address, socklen_t size, const std::string& request) {
  std::string answer;
  if (::connect(fd, address, size) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    char bytes[4096];
    for (ssize_t n = 0; (n = ::recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
      answer.append(bytes, static_cast<size_t>(n));
    }
  }
  ::close(fd);
  return answer;
}

std::string AskPort(const std::string& address, const std::string& request) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  return Ask(::socket(AF_INET, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&v4), sizeof(v4),
             request);
}

SideDoor::Reply Health(const std::string& path) {
  if (path == "/health") return {200, "text/plain", "well\n"};
  return {};
}

TEST(SideDoorTest, AnswersOnLoopback) {
  const auto door = SideDoor::Open("127.0.0.1:0", Health);
  ASSERT_TRUE(door.ok()) << door.status();
  EXPECT_THAT(AskPort((*door)->address(), "GET /health HTTP/1.0\r\n\r\n"),
              testing::AllOf(HasSubstr("200 OK"), HasSubstr("\r\n\r\nwell\n")));
  EXPECT_THAT(AskPort((*door)->address(), "GET /etc HTTP/1.0\r\n\r\n"), HasSubstr("404"));
  EXPECT_THAT(AskPort((*door)->address(), "POST /health HTTP/1.0\r\n\r\n"), HasSubstr("404"));
  EXPECT_EQ(AskPort((*door)->address(), std::string(9000, 'x')), "");
  EXPECT_THAT(AskPort((*door)->address(), "GET /health HTTP/1.0\r\n\r\n"), HasSubstr("well"));
}

TEST(SideDoorTest, AnswersOnAUnixSocketAndTakesItAway) {
  const std::string path = testing::TempDir() + "kapea-side-" + std::to_string(::getpid());
  {
    const auto door = SideDoor::Open("unix:" + path, Health);
    ASSERT_TRUE(door.ok()) << door.status();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof(address.sun_path), "%s", path.c_str());
    EXPECT_THAT(Ask(::socket(AF_UNIX, SOCK_STREAM, 0), reinterpret_cast<sockaddr*>(&address),
                    sizeof(address), "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"),
                HasSubstr("well"));
  }
  EXPECT_EQ(::access(path.c_str(), F_OK), -1);
}

TEST(MetricsTest, SpeaksPrometheus) {
  Metrics metrics;
  metrics.Call("Sync/Push", "OK", Duration::Milliseconds(30));
  metrics.Refused("bad_signature");
  metrics.Verdict("accepted", 3);
  metrics.SetGauges([] { return std::map<std::string, double>{{"followers", 7}}; });
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("kapea_calls_total{code=\"OK\",method=\"Sync/Push\"} 1"));
  EXPECT_THAT(text, HasSubstr("kapea_parcels_refused_total{reason=\"bad_signature\"} 1"));
  EXPECT_THAT(text, HasSubstr("kapea_changes_total{verdict=\"accepted\"} 3"));
  EXPECT_THAT(text, HasSubstr("kapea_state{name=\"followers\"} 7"));
}

TEST(LogTest, WritesOneJsonLineAnEventAndReopens) {
  const std::string path = testing::TempDir() + "kapea-log-" + std::to_string(::getpid());
  const auto log = Log::Open(LogLevel::kInfo, path, std::make_shared<SystemClock>());
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->Write(LogLevel::kDebug, "quiet");
  (*log)->Info("begun", {{"device", "0a\n\"b\xff"}, {"changes", int64_t{3}}});
  const std::string first = *ReadFile(path, 4096);
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 1);
  EXPECT_THAT(first, HasSubstr("\"level\":\"info\",\"event\":\"begun\",\"device\":\"0a\\n\\\"b"));
  EXPECT_THAT(first, HasSubstr("\"changes\":3}"));
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  ASSERT_TRUE((*log)->Reopen().ok());
  (*log)->Warn("again");
  EXPECT_THAT(*ReadFile(path, 4096), HasSubstr("again"));
  ::unlink(path.c_str());
  ::unlink((path + ".1").c_str());
}

TEST(WorkerPoolTest, RunsWhatItTookAndRefusesTheRest) {
  std::atomic<int> ran = 0;
  WorkerPool pool(2, 1000);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(pool.Submit([&] { ++ran; }));
  pool.Stop();
  EXPECT_EQ(ran, 100);
  EXPECT_FALSE(pool.Submit([] {}));
  WorkerPool full(0, 1);
  EXPECT_TRUE(full.Submit([] {}));
  EXPECT_FALSE(full.Submit([] {}));
}

TEST(RateLimiterTest, FillsUpAgainWithTime) {
  RateLimiter limiter(
      {.calls_per_second = 10, .calls_burst = 2, .bytes_per_second = 1000, .bytes_burst = 2000});
  const Duration start = Duration::Seconds(100);
  EXPECT_EQ(limiter.Take("a", 1500, start), Duration());
  EXPECT_EQ(limiter.Take("a", 1500, start), Duration::Seconds(1));  // bytes
  EXPECT_EQ(limiter.Take("a", 0, start), Duration());
  EXPECT_EQ(limiter.Take("a", 0, start), Duration::Milliseconds(100));  // calls
  EXPECT_EQ(limiter.Take("b", 0, start), Duration());
  EXPECT_EQ(limiter.Take("a", 0, start + Duration::Milliseconds(100)), Duration());
  EXPECT_EQ(limiter.Take("c", 9'000'000, start), Duration());  // larger than any bucket
}

}  // namespace
}  // namespace kapea::server
