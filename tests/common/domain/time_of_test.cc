#include <gtest/gtest.h>

#include "tests/support/test_world.h"

namespace kapea::domain {
namespace {

constexpr int64_t kServer = 1'000'000;  // ms; what the device was told
constexpr int64_t kElapsedThen = 50'000;
constexpr int64_t kReceived = 2'000'000;

struct Case {
  const char* name;
  bool told = true;
  int told_boot = 1, event_boot = 1, signing_boot = 1;
  int64_t event = 60'000, signing = 70'000;  // elapsed
  int64_t received = kReceived;
  int64_t earliest, latest;
  bool doubted = false;
};

BootId Boot(int number) {
  return number == 0 ? BootId() : MakeId<BootId>(static_cast<uint32_t>(number));
}

const int64_t kMin = Time::Min().unix_ms();

TEST(TimeOfTest, Table) {
  const Case cases[] = {
      {.name = "one boot", .earliest = kServer + 10'000, .latest = kReceived - 10'000},
      {.name = "told in another boot",
       .told_boot = 2,
       .earliest = kServer,
       .latest = kReceived - 10'000},
      {.name = "signed in another boot",
       .signing_boot = 2,
       .earliest = kServer + 10'000,
       .latest = kReceived},
      {.name = "never told", .told = false, .earliest = kMin, .latest = kReceived - 10'000},
      {.name = "no boot id says nothing",
       .told_boot = 0,
       .event_boot = 0,
       .signing_boot = 0,
       .earliest = kServer,
       .latest = kReceived},
      {.name = "elapsed fell since the server spoke",
       .event = kElapsedThen - 1,
       .earliest = kServer,
       .latest = kReceived,
       .doubted = true},
      {.name = "signing precedes the event",
       .signing = 59'999,
       .earliest = kServer,
       .latest = kReceived,
       .doubted = true},
      {.name = "earliest after latest",
       .event = 1'050'000,
       .signing = 1'060'000,
       .received = kServer + 1'000'000,
       .earliest = kServer,
       .latest = kServer + 1'000'000,
       .doubted = true},
      {.name = "soft begins after receipt",
       .event = 3'050'000,
       .signing = 3'050'000,
       .earliest = kServer,
       .latest = kReceived,
       .doubted = true},
      {.name = "soft ends before the server spoke",
       .told_boot = 2,
       .event = 60'000,
       .signing = 60'000 + 1'500'000,
       .earliest = kServer,
       .latest = kReceived,
       .doubted = true},
      {.name = "received before the server spoke",
       .told_boot = 2,
       .event = 60'000,
       .signing = 60'000,
       .received = kServer - 1,
       .earliest = kServer - 1,
       .latest = kServer - 1,
       .doubted = true},
      {.name = "at once",
       .event = kElapsedThen,
       .signing = kElapsedThen,
       .received = kServer,
       .earliest = kServer,
       .latest = kServer},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Header header;
    header.clock = {Time(), Duration::Milliseconds(c.event), Boot(c.event_boot)};
    if (c.told) {
      header.server_time = SeenServerTime{Time::FromUnixMs(kServer), 1, Hash(),
                                          Duration::Milliseconds(kElapsedThen), Boot(c.told_boot)};
    }
    const ClockReading signing{Time(), Duration::Milliseconds(c.signing), Boot(c.signing_boot)};
    const EventTime time = TimeOf(header, signing, Time::FromUnixMs(c.received));
    EXPECT_EQ(time.soft.earliest.unix_ms(), c.earliest);
    EXPECT_EQ(time.soft.latest.unix_ms(), c.latest);
    EXPECT_EQ(time.clock_doubted, c.doubted);
    EXPECT_TRUE(time.hard.valid());
    EXPECT_TRUE(time.hard.Contains(time.soft));
    EXPECT_EQ(time.hard.latest.unix_ms(), c.received);
  }
}

TEST(TimeOfTest, TheWallClockIsNeverAsked) {
  Header header;
  header.clock = {Time::FromUnixMs(77), Duration(), Boot(1)};
  const ClockReading signing{Time::FromUnixMs(kReceived * 5), Duration(), Boot(1)};
  EXPECT_EQ(TimeOf(header, signing, Time::FromUnixMs(kReceived)).soft.latest,
            Time::FromUnixMs(kReceived));
}

TEST(TimeOfTest, ALocalChangeHappenedByNowAndTheHardIntervalStaysOpen) {
  Header header;
  header.clock = {Time(), Duration::Milliseconds(60'000), Boot(1)};
  header.server_time = SeenServerTime{Time::FromUnixMs(kServer), 1, Hash(),
                                      Duration::Milliseconds(kElapsedThen), Boot(1)};
  // A wall clock far behind does not end the event before it began.
  const ClockReading now{Time::FromUnixMs(5), Duration::Milliseconds(70'000), Boot(1)};
  const EventTime time = LocalTimeOf(header, now);
  EXPECT_EQ(time.soft.earliest, Time::FromUnixMs(kServer + 10'000));
  EXPECT_EQ(time.soft.latest, Time::FromUnixMs(kServer + 10'000));
  EXPECT_EQ(time.hard.latest, Time::Max());
  EXPECT_FALSE(time.clock_doubted);
}

TEST(TimeOfTest, ElapsedTimeThatFallsAlongADeviceIsDoubted) {
  TestWorld world;
  FileState file(MakeId<FileId>(1));
  world.Append(file, world.Found(file.id(), FileKind::kOperation, world.lead));
  const RecordId record = MakeId<RecordId>(1);
  const auto edit = [&](uint64_t sequence, int64_t elapsed, int boot) {
    ChangeBuilder builder = world.Edit(file, world.lead);
    builder.Sequence(sequence)
        .Clock({Time(), Duration::Milliseconds(elapsed), Boot(boot)})
        .Set(record, sequence == 2'000'001 ? "count" : "when", Time());
    return builder;
  };
  world.Append(file, edit(2'000'002, 500, 1).Pin("OP", 1).Build());
  EXPECT_FALSE(file.FindRecord(record)->Shown("when")->time.clock_doubted);
  const auto fallen = edit(2'000'003, 400, 1).Build();
  world.Append(file, fallen);
  const auto rebooted = edit(2'000'004, 10, 2).Build();
  world.Append(file, rebooted);
  const auto& current = file.FindRecord(record)->Find("when")->current();
  EXPECT_TRUE(current.at(fallen->id).time.clock_doubted);
  EXPECT_FALSE(current.at(rebooted->id).time.clock_doubted);
}

}  // namespace
}  // namespace kapea::domain
