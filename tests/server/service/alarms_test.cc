// Canary files, the limit of new files, and who hears of them, over mutual TLS.
#include <gmock/gmock.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/core/alarms.h"
#include "tests/server/service/service_fixture.h"

namespace kapea::server {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uint32_t kPerDay = 30;

class AlarmsTest : public ServiceTest {
 protected:
  AlarmsTest() { Start({}); }

  void Start(std::set<FileId> canaries) {
    world_.StopServer();
    channels_.clear();
    ServerOptions options;
    options.rates.calls_per_second = 100'000;
    options.rates.calls_burst = 100'000;
    options.opened.per_day = kPerDay;
    options.opened.canaries = std::move(canaries);
    world_.StartServer(options);
  }
  // With the officer on its roster; nothing sealed in it, no key for anybody.
  TestFile Found() {
    TestFile file;
    const auto founding = world_.Found(world_.lead, file, {&world_.officer});
    MustPush(world_.lead, {world_.Sign(world_.lead, {founding})});
    return file;
  }
  void PushSealed(const TestFile& file) {
    MustPush(world_.lead, {world_.Sign(world_.lead, {world_.Edit(world_.lead, file, true)})});
  }
  // The general key of the file, for the officer.
  void PushKey(const TestFile& file) {
    codec::ChangeWriter writer(
        world_.HeaderFor(world_.lead, domain::Kind::kGrant, file.file, file.roster));
    domain::Wrap wrap;
    wrap.key_epoch = file.key_epoch;
    wrap.key_class = domain::KeyClass::kGeneral;
    wrap.recipient_kind = domain::RecipientKind::kPerson;
    wrap.recipient = ChangeId::FromPrefix(world_.officer.person.view());
    wrap.generation = 1;
    wrap.recipient_key = crypto::Sha256(world_.officer.receive_key);
    wrap.encapsulated = std::string(32, 'e');
    wrap.ciphertext = std::string(48, 'c');
    writer.Add(wrap);
    auto change = std::move(writer).Finish();
    ASSERT_TRUE(change.ok()) << change.status();
    MustPush(world_.lead, {world_.Sign(world_.lead, {*std::move(change)})});
  }
  // As a program does that opens a value of the file on a phone.
  void PushReadNotice(TestDevice& by, const TestFile& file) {
    codec::ChangeWriter writer(
        world_.HeaderFor(by, domain::Kind::kReadNotice, file.file, file.roster));
    domain::ReadNotice notice;
    notice.record = crypto::RandomId<RecordId>();
    notice.fields = {"given_name_latin"};
    notice.times = 1;
    writer.Add(notice);
    auto change = std::move(writer).Finish();
    ASSERT_TRUE(change.ok()) << change.status();
    MustPush(by, {world_.Sign(by, {*std::move(change)})});
  }

  struct Pulled {
    std::set<std::string> files;
    std::map<std::string, int> changes;
    grpc::Status status;
  };
  Pulled Pull(const TestDevice& device) {
    Pulled pulled;
    grpc::ClientContext context;
    SetDeadline(context);
    const auto stub = v1::Sync::NewStub(Channel(device));
    const auto reader = stub->Pull(&context, {});
    for (v1::PullResponse response; reader->Read(&response);) {
      for (const auto& file : response.files()) {
        pulled.files.insert(file.file());
        pulled.changes[file.file()] += file.changes_size();
      }
    }
    pulled.status = reader->Finish();
    return pulled;
  }
  grpc::Status List(const TestDevice& by, v1::ListAlarmsResponse& response,
                    const v1::ListAlarmsRequest& request = {}) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Admin::NewStub(Channel(by))->ListAlarms(&context, request, &response);
  }
  // "kind device file times" of each, as that person sees them.
  std::vector<std::string> Lines(const TestDevice& by) {
    v1::ListAlarmsResponse response;
    const grpc::Status status = List(by, response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::vector<std::string> lines;
    for (const v1::AlarmLine& alarm : response.alarms()) {
      lines.push_back(
          Line(static_cast<AlarmKind>(alarm.kind()), DeviceId::FromBytes(alarm.device()).value(),
               alarm.file().empty() ? FileId() : *FileId::FromBytes(alarm.file()), alarm.times()));
    }
    return lines;
  }
  static std::string Line(AlarmKind kind, const DeviceId& device, const FileId& file,
                          uint32_t times) {
    return std::to_string(static_cast<int>(kind)) + " " + device.hex() + " " + file.hex() + " " +
           std::to_string(times);
  }
  grpc::Status Lift(const TestDevice& by, const DeviceId& device) {
    v1::LiftLimitRequest request;
    request.set_device(device.str());
    v1::LiftLimitResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::Admin::NewStub(Channel(by))->LiftLimit(&context, request, &response);
  }
};

// Keys are as good as what they open: whoever collects them needs the rest from a stolen
// disk alone.
TEST_F(AlarmsTest, ACanaryKeyRequestRaisesAnAlarm) {
  const TestFile canary = Found();
  Start({canary.file});
  EXPECT_TRUE(Pull(world_.officer).files.contains(canary.file.str()));
  EXPECT_TRUE(Lines(world_.registrar1).empty()) << "its roster alone tells nothing";
  PushKey(canary);
  EXPECT_TRUE(Pull(world_.officer).files.contains(canary.file.str()));
  EXPECT_THAT(Lines(world_.registrar1),
              testing::ElementsAre(
                  Line(AlarmKind::kCanaryHandedOut, world_.officer.device, canary.file, 1)));
  EXPECT_THAT(world_.metrics.Text(), HasSubstr("kapea_alarms_total{what=\"canary\"} 1"));
}

TEST_F(AlarmsTest, WhoReadsACanaryRaisesAnAlarm) {
  const TestFile canary = Found();
  const TestFile other = Found();
  PushReadNotice(world_.officer, canary);  // before it was one
  Start({canary.file});
  PushReadNotice(world_.officer, other);
  PushReadNotice(world_.lead, canary);  // who founded it
  PushKey(canary);
  EXPECT_TRUE(Lines(world_.registrar1).empty());
  PushReadNotice(world_.officer, canary);
  PushReadNotice(world_.officer, canary);
  EXPECT_THAT(
      Lines(world_.registrar1),
      testing::ElementsAre(Line(AlarmKind::kCanaryTouched, world_.officer.device, canary.file, 2)));
  EXPECT_THAT(world_.metrics.Text(), HasSubstr("kapea_alarms_total{what=\"canary_touched\"} 2"));
}

// What a member's device gets of it, and is answered, is what it gets of any file.
TEST_F(AlarmsTest, NobodyButRegistrarsLearnsWhichFilesAreCanaries) {
  const TestFile canary = Found();
  const TestFile other = Found();
  PushSealed(canary);
  PushSealed(other);
  Start({canary.file});
  const Pulled pulled = Pull(world_.officer);
  EXPECT_TRUE(pulled.status.ok());
  EXPECT_EQ(pulled.changes.at(canary.file.str()), 2);
  EXPECT_EQ(pulled.changes.at(other.file.str()), 2);
  EXPECT_EQ(Lines(world_.registrar1).size(), 1u);
  EXPECT_TRUE(Lines(world_.supervisor).empty()) << "a supervisor might be the one";
  v1::ListAlarmsResponse response;
  for (const TestDevice* device : {&world_.officer, &world_.lead, &world_.intake}) {
    EXPECT_EQ(List(*device, response).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  }
}

TEST_F(AlarmsTest, The31stFileOfTheDayIsRefusedAndTold) {
  const TestFile first = Found();
  PushSealed(first);
  EXPECT_TRUE(Pull(world_.officer).status.ok()) << "the first day is free";
  world_.clock->Advance(Duration::Days(1));
  std::set<std::string> more;
  while (more.size() < kPerDay) {
    const TestFile file = Found();
    PushSealed(file);
    more.insert(file.file.str());
  }
  EXPECT_TRUE(Pull(world_.officer).status.ok()) << "30 are none too many";
  const TestFile one_more = Found();
  PushSealed(one_more);
  const Pulled pulled = Pull(world_.officer);
  EXPECT_EQ(pulled.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(pulled.status.error_message(), HasSubstr("30 files today"));
  EXPECT_THAT(pulled.status.error_message(), HasSubstr("What it has stays"));
  EXPECT_THAT(pulled.status.error_message(), HasSubstr("ask a registrar"));
  EXPECT_FALSE(pulled.files.contains(one_more.file.str()));
  EXPECT_TRUE(pulled.files.contains(first.file.str()));
  const std::string line = Line(AlarmKind::kFilesPerDay, world_.officer.device, FileId(), 1);
  EXPECT_THAT(Lines(world_.registrar2), testing::ElementsAre(line));
  EXPECT_THAT(Lines(world_.supervisor), testing::ElementsAre(line)) << "of her unit";

  // A restart forgets neither.
  Start({});
  EXPECT_FALSE(Pull(world_.officer).files.contains(one_more.file.str()));
  EXPECT_EQ(Lines(world_.registrar1).size(), 1u);
}

// Nor by the door for attachments, for somebody who has the names of the chunks.
TEST_F(AlarmsTest, ChunksOfTheNextFileAreRefusedToo) {
  PushSealed(Found());
  EXPECT_TRUE(Pull(world_.officer).status.ok());
  world_.clock->Advance(Duration::Days(1));
  for (uint32_t i = 0; i < kPerDay; ++i) PushSealed(Found());
  EXPECT_TRUE(Pull(world_.officer).status.ok());
  const TestFile file = Found();
  v1::BlobPutRequest put;
  put.set_file(file.file.str());
  put.add_chunks("a chunk");
  v1::BlobPutResponse stored;
  grpc::ClientContext putting;
  SetDeadline(putting);
  ASSERT_TRUE(v1::Blob::NewStub(Channel(world_.lead))->Put(&putting, put, &stored).ok());
  v1::BlobGetRequest get;
  get.set_file(file.file.str());
  get.add_chunks(crypto::Sha256("a chunk").str());
  const auto fetch = [&](const TestDevice& by) {
    v1::BlobGetResponse got;
    grpc::ClientContext context;
    SetDeadline(context);
    const auto status = v1::Blob::NewStub(Channel(by))->Get(&context, get, &got);
    EXPECT_EQ(got.chunks_size(), status.ok() ? 1 : 0);
    return status.error_code();
  };
  EXPECT_EQ(fetch(world_.officer), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(fetch(world_.lead), grpc::StatusCode::OK);
}

TEST_F(AlarmsTest, ARegistrarLiftsTheLimitForTheDayAndIsSeenDoingSo) {
  PushSealed(Found());
  EXPECT_TRUE(Pull(world_.officer).status.ok());
  world_.clock->Advance(Duration::Days(1));
  for (uint32_t i = 0; i < kPerDay + 5; ++i) PushSealed(Found());
  EXPECT_FALSE(Pull(world_.officer).status.ok());
  for (const TestDevice* other : {&world_.supervisor, &world_.lead, &world_.officer}) {
    EXPECT_EQ(Lift(*other, world_.officer.device).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
  }
  EXPECT_EQ(Lift(world_.registrar1, world_.registrar1.device).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Lift(world_.registrar1, crypto::RandomId<DeviceId>()).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_FALSE(Pull(world_.officer).status.ok());
  ASSERT_TRUE(Lift(world_.registrar1, world_.officer.device).ok());
  Start({});
  EXPECT_TRUE(Pull(world_.officer).status.ok());
  EXPECT_THAT(Lines(world_.registrar2),
              testing::Contains(Line(AlarmKind::kLimitLifted, world_.officer.device, FileId(), 1)));
  world_.clock->Advance(Duration::Days(1));
  for (uint32_t i = 0; i < kPerDay + 1; ++i) PushSealed(Found());
  EXPECT_FALSE(Pull(world_.officer).status.ok()) << "for that day alone";
}

TEST_F(AlarmsTest, PagesAndDaysOfTheList) {
  std::set<FileId> canaries;
  std::vector<TestFile> files;
  for (int i = 0; i < 5; ++i) canaries.insert(files.emplace_back(Found()).file);
  Start(canaries);
  for (const TestFile& file : files) PushReadNotice(world_.officer, file);
  const Time today = world_.clock->Now();
  world_.clock->Advance(Duration::Days(1));
  PushReadNotice(world_.officer, files[0]);
  v1::ListAlarmsRequest request;
  request.set_page_size(2);
  std::set<std::string> seen;
  size_t pages = 0;
  do {
    v1::ListAlarmsResponse response;
    const grpc::Status status = List(world_.registrar1, response, request);
    ASSERT_TRUE(status.ok()) << status.error_message();
    for (const auto& alarm : response.alarms()) {
      seen.insert(alarm.file() + std::to_string(alarm.first_ms()));
    }
    request.set_page_token(response.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(seen.size(), 6u);
  EXPECT_EQ(pages, 3u);
  v1::ListAlarmsRequest since;
  since.set_since_ms((today + Duration::Days(1)).unix_ms());
  v1::ListAlarmsResponse later;
  ASSERT_TRUE(List(world_.registrar1, later, since).ok());
  EXPECT_EQ(later.alarms_size(), 1);
  for (const int64_t far : {INT64_MIN, int64_t{-1}, INT64_MAX}) {
    since.set_since_ms(far);
    ASSERT_TRUE(List(world_.registrar1, later, since).ok()) << far;
    EXPECT_EQ(later.alarms_size(), far == INT64_MAX ? 0 : 6);
  }
  since.set_page_token("no token");
  EXPECT_EQ(List(world_.registrar1, later, since).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  since.set_page_size(501);
  EXPECT_EQ(List(world_.registrar1, later, since).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace kapea::server
