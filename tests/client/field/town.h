// A police unit and a shelter with the national pack: devices of the fake deployment on
// which the use cases are tried.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/field/operation.h"
#include "client/field/people_found.h"
#include "tests/support/fake_device.h"
#include "tests/support/manual_clock.h"
#include "tests/support/national_pack.h"

namespace kapea::testing {

// Threads: one at a time.
class Town : public ::testing::Test {
 protected:
  Town() : server_(clock_, NationalPack()) {}

  // The device of that person, synced once.
  FakeDevice& At(const std::string& name) {
    auto& device = devices_[name];
    if (!device) {
      device = std::make_unique<FakeDevice>(server_, name, clock_);
      Sync(name);
    }
    return *device;
  }
  vault::Vault& VaultOf(const std::string& name) { return At(name).vault(); }
  void Sync(const std::string& name) {
    const auto report = At(name).Sync();
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->caught_up) << name;
    EXPECT_TRUE(report->verdicts.empty()) << name;
    EXPECT_TRUE(report->refusals.empty()) << name << ": " << report->refusals.front();
  }
  domain::Member MemberOf(const std::string& name, std::vector<domain::Duty> duties) {
    domain::Member member = Line(server_, name);
    member.duties = std::move(duties);
    return member;
  }
  // A venue with lead (LEAD), officer (JPO, VLO, EXH) and supervisor (SUP).
  FileId OpenOperation(bool drill = false) {
    field::NewOperation plan;
    plan.variant = "venue";
    plan.drill = drill;
    plan.members = {
        MemberOf("lead", {domain::Duty::kLead}),
        MemberOf("officer", {domain::Duty::kJpo, domain::Duty::kVlo, domain::Duty::kExh}),
        MemberOf("supervisor", {domain::Duty::kSup})};
    const auto opened = field::OpenOperation(VaultOf("lead"), plan);
    KAPEA_CHECK(opened.ok());
    return opened->file;
  }
  std::vector<field::PersonFound> Count(const FileId& operation, uint32_t count,
                                        const std::string& by = "lead") {
    field::PeopleFound people;
    people.count = count;
    people.entries = {{"sex", "F"}, {"age_band", "A_18_24"}, {"language", "km"}};
    auto found = field::AddPeople(VaultOf(by), operation, people);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? *found : std::vector<field::PersonFound>();
  }

  ManualClock clock_{Time::FromUnixMs(1'795'000'000'000)};  // 2026-11-18 18:06 in Cambodia
  FakeServer server_;
  std::map<std::string, std::unique_ptr<FakeDevice>> devices_;
};

}  // namespace kapea::testing
