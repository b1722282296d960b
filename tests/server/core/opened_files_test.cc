// How many files a device gets to see for the first time on one day, and canaries.
#include "server/core/opened_files.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/crypto/hash.h"
#include "common/rpc/tls_profile.h"
#include "server/core/group.h"
#include "tests/support/test_deployment.h"

namespace kapea::server {
namespace {

constexpr uint32_t kPerDay = 30;

class OpenedFilesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(rpc::InstallTlsProfile().ok()); }

  std::unique_ptr<OpenedFiles> Make() {
    OpenedFilesAlarms alarms;
    alarms.canary = [this](const DeviceId&, const FileId& file) { canaries_.push_back(file); };
    alarms.limit = [this](const DeviceId&, uint32_t opened) { limits_.push_back(opened); };
    return std::make_unique<OpenedFiles>(*world_.store, *world_.clock,
                                         OpenedFilesOptions{kPerDay, {canary_}}, std::move(alarms));
  }
  // How many of so many files that the device has not had it gets, one after the other.
  uint32_t Open(OpenedFiles& opened, uint32_t count) {
    uint32_t got = 0;
    for (uint32_t i = 0; i < count; ++i) {
      const auto admitted = opened.Admit(device_, {crypto::RandomId<FileId>()});
      EXPECT_TRUE(admitted.ok()) << admitted.status();
      got += admitted.ok() && admitted->size() == 1 ? 1 : 0;
    }
    return got;
  }
  void NextDay() { world_.clock->Advance(Duration::Days(1)); }

  TestDeployment world_;
  const DeviceId device_ = crypto::RandomId<DeviceId>();
  const FileId canary_ = crypto::RandomId<FileId>();
  std::vector<FileId> canaries_;
  std::vector<uint32_t> limits_;
};

TEST_F(OpenedFilesTest, The31stFileOfADayIsRefused) {
  auto opened = Make();
  EXPECT_EQ(Open(*opened, 200), 200u) << "a device's first day is free";
  NextDay();
  const auto first = crypto::RandomId<FileId>();
  ASSERT_EQ(opened->Admit(device_, {first})->size(), 1u);
  EXPECT_EQ(Open(*opened, 40), 29u);
  EXPECT_EQ(limits_, std::vector<uint32_t>{30}) << "told once";
  EXPECT_EQ(opened->Admit(device_, {first})->size(), 1u) << "what it has stays";
  // A restart changes nothing.
  opened = Make();
  EXPECT_EQ(Open(*opened, 3), 0u);
  EXPECT_EQ(opened->Admit(device_, {first})->size(), 1u);
  NextDay();
  EXPECT_EQ(Open(*opened, 40), 30u);
  EXPECT_EQ(limits_.size(), 3u) << "once after the restart, once on the next day";
}

TEST_F(OpenedFilesTest, SeveralAtOnceCountEach) {
  auto opened = Make();
  Open(*opened, 1);
  NextDay();
  std::set<FileId> many;
  while (many.size() < 40) many.insert(crypto::RandomId<FileId>());
  EXPECT_EQ(opened->Admit(device_, many)->size(), 30u);
  EXPECT_EQ(Open(*opened, 1), 0u);
}

TEST_F(OpenedFilesTest, WhatADeviceFoundedDoesNotCount) {
  auto log_key = crypto::NoteSigningKey::FromSeed(world_.log_key.Seed());
  auto builder = GroupBuilder::Open(*world_.store, *world_.clock, *std::move(log_key));
  ASSERT_TRUE(builder.ok());
  (*builder)->Begin();
  Submission submission;
  std::vector<codec::EncodedChange> changes;
  std::set<FileId> founded;
  for (int i = 0; i < 40; ++i) {
    TestFile file;
    changes.push_back(world_.Found(world_.lead, file, {&world_.officer}));
    founded.insert(file.file);
  }
  submission.parcels.push_back(world_.Sign(world_.lead, std::move(changes)));
  (*builder)->Add(submission, 0);
  ASSERT_TRUE(world_.store->Commit(*(*builder)->Finish(), kv::Durability::kSynced).ok());
  auto opened = Make();
  for (const TestDevice* device : {&world_.lead, &world_.officer}) {
    ASSERT_TRUE(opened->Admit(device->device, {crypto::RandomId<FileId>()}).ok());
  }
  NextDay();
  EXPECT_EQ(opened->Admit(world_.lead.device, founded)->size(), 40u);
  EXPECT_EQ(opened->Admit(world_.officer.device, founded)->size(), 30u);
}

TEST_F(OpenedFilesTest, ACanaryRaisesAnAlarmForWhoeverIsGivenIt) {
  auto opened = Make();
  ASSERT_TRUE(opened->Admit(device_, {crypto::RandomId<FileId>()}).ok());
  EXPECT_TRUE(canaries_.empty());
  EXPECT_EQ(opened->Admit(device_, {canary_})->size(), 1u) << "nobody is told that it is one";
  EXPECT_EQ(canaries_, std::vector<FileId>{canary_});
  ASSERT_TRUE(opened->Admit(device_, {canary_}).ok());
  EXPECT_EQ(canaries_.size(), 2u) << "each time";
}

}  // namespace
}  // namespace kapea::server
