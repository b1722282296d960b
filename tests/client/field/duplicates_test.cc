// Two agencies that do not see each other's files learn that they may know the same person:
// over the fake deployment, with the server's own book of tokens.
#include "client/field/duplicates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/field/inbox.h"
#include "client/field/intake.h"
#include "client/vault/match_door.h"
#include "common/crypto/hash.h"
#include "common/kv/open.h"
#include "server/core/match_book.h"
#include "server/store/tables.h"
#include "tests/client/field/town.h"

namespace kapea::field {
namespace {

using domain::MatchKind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Nobody but MatchTokens makes tokens of sealed values: this must not compile elsewhere.
template <typename Door>
concept MakesTokens = requires(Door& door) {
  door.TokensOf(vault::MatchScope(), MatchKind::kPhone, FileId(), {}, {});
};
template <typename Door>
concept MakesAliases = requires(Door& door) {
  door.AliasOf(vault::MatchScope(), FileId());
};
static_assert(!MakesTokens<vault::MatchDoor> && !MakesAliases<vault::MatchDoor>);

constexpr std::string_view kNumber = "N 0123-45678";

std::unique_ptr<kv::Store> MemoryStore() {
  static const auto* key = new crypto::SecretBytes(crypto::SecretBytes::Random(32));
  kv::OpenOptions options;
  options.tables = server::AllTables();
  options.master_key = key;
  options.create_if_missing = true;
  auto store = kv::OpenMemoryStore(options);
  KAPEA_CHECK(store.ok());
  return *std::move(store);
}

// From one device to the book. Threads: one at a time.
class BookLine : public sync::MatchLine {
 public:
  BookLine(server::MatchBook& book, const testing::FakeServer& server, const DeviceId& device)
      : book_(book), server_(server), device_(device) {}

  absl::StatusOr<sync::MatchState> Check(const sync::MatchAsker& asker) override {
    ++calls;
    KAPEA_ASSIGN(const server::MatchCaller caller, CallerOf(asker));
    KAPEA_ASSIGN(const server::MatchAnswer answer, book_.Check(caller));
    sync::MatchState state{answer.names, answer.tokens_left, {}, {}};
    for (const auto& one : answer.held) state.held.push_back({one.alias, one.digest, one.day});
    for (const auto& one : answer.found) {
      state.found.push_back({one.alias, one.kind, one.unit, one.day});
    }
    meddle(state);
    return state;
  }
  absl::StatusOr<uint32_t> Offer(const sync::MatchAsker& asker,
                                 const std::vector<sync::OfferedFile>& files) override {
    ++calls;
    KAPEA_ASSIGN(const server::MatchCaller caller, CallerOf(asker));
    std::vector<codec::MatchedFile> matched;
    for (const sync::OfferedFile& file : files) {
      matched.push_back({file.alias, file.tokens});
      offered.insert(offered.end(), file.tokens.begin(), file.tokens.end());
      aliases.push_back(file.alias);
    }
    return book_.Offer(caller, matched);
  }
  absl::Status Withdraw(const sync::MatchAsker& asker,
                        const std::vector<domain::MatchAlias>& which) override {
    ++calls;
    KAPEA_ASSIGN(const server::MatchCaller caller, CallerOf(asker));
    return book_.Withdraw(caller, which).status();
  }
  absl::Status WithdrawAll(const sync::MatchAsker& asker) override {
    ++calls;
    KAPEA_ASSIGN(const server::MatchCaller caller, CallerOf(asker));
    return book_.WithdrawAll(caller).status();
  }

  std::function<void(sync::MatchState&)> meddle = [](sync::MatchState&) {};
  size_t calls = 0;
  std::vector<domain::MatchToken> offered;  // all that ever was
  std::vector<domain::MatchAlias> aliases;

 private:
  absl::StatusOr<server::MatchCaller> CallerOf(const sync::MatchAsker& asker) {
    const domain::FileState* programme = server_.File(asker.programme);
    if (programme->newest_key_epoch()->id != asker.epoch) {
      return absl::FailedPreconditionError("the programme's keys are new: sync");
    }
    server::MatchCaller caller{device_, asker.programme, asker.epoch, 0, {}, asker.unit, 1000};
    for (const domain::Member& line : programme->roster()) caller.units.insert(line.unit);
    return caller;
  }

  server::MatchBook& book_;
  const testing::FakeServer& server_;
  const DeviceId device_;
};

class DuplicatesTest : public testing::Town {
 protected:
  void Serve(const server::MatchOptions& options) {
    lines_.clear();
    book_ = std::make_unique<server::MatchBook>(*store_, clock_, options, nullptr);
  }
  BookLine& LineOf(const std::string& name) {
    auto& line = lines_[name];
    if (!line) {
      line = std::make_unique<BookLine>(*book_, server_, VaultOf(name).identity().device);
    }
    return *line;
  }
  // A programme of police and shelter; everybody has it then.
  void FoundProgramme(std::vector<Entry> says = {{"compare", "yes"}}) {
    NewFile file;
    file.form = "KH-MATCHING";
    file.kind = domain::FileKind::kProgramme;
    file.members = {{std::nullopt, server_.police(), domain::Role::kUnitLead, {}},
                    {std::nullopt, server_.police(), domain::Role::kOfficer, {}},
                    {std::nullopt, server_.shelter(), domain::Role::kIntakeOfficer, {}}};
    file.entries = std::move(says);
    const auto opened = OpenFile(VaultOf("manager"), file);
    ASSERT_TRUE(opened.ok()) << opened.status();
    programme_ = opened->file;
    SyncAll();
  }
  void SyncAll() {
    for (const char* name : {"manager", "lead", "officer", "intake", "manager"}) Sync(name);
  }
  FileId AtShelter(std::vector<Entry> entries = {}) {
    NewIntake intake;
    intake.entries = std::move(entries);
    intake.entries.push_back({"arrival_at", "now"});
    const auto started = StartIntake(VaultOf("intake"), intake);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? started->file : FileId();
  }
  FileId AtPolice(std::vector<Entry> entries = {}) {
    NewFile file;
    file.form = "KH-VICTIM-INTAKE";
    file.kind = domain::FileKind::kPerson;
    file.members = {{std::nullopt, server_.police(), domain::Role::kOfficer, {}}};
    file.entries = std::move(entries);
    file.entries.push_back({"sex", "F"});
    const auto opened = OpenFile(VaultOf("lead"), file);
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? opened->file : FileId();
  }
  RecordId Add(const std::string& by, const FileId& file, const char* form,
               std::vector<Entry> entries) {
    RecordWrite write;
    write.form = form;
    write.entries = std::move(entries);
    const auto written = WriteRecord(VaultOf(by), file, write);
    EXPECT_TRUE(written.ok()) << written.status();
    return written.ok() ? written->record : RecordId();
  }
  RecordId Document(const std::string& by, const FileId& file, std::string_view number) {
    return Add(by, file, "KH-ID-DOCUMENT", {{"number", std::string(number)}});
  }
  DuplicateCheck Check(const std::string& by) {
    const auto check = CheckDuplicates(VaultOf(by), LineOf(by));
    EXPECT_TRUE(check.ok()) << check.status();
    return check.value_or(DuplicateCheck());
  }
  std::vector<DuplicateLine> List(const std::string& by) {
    const auto lines = ListDuplicates(VaultOf(by));
    EXPECT_TRUE(lines.ok()) << lines.status();
    return lines.value_or(std::vector<DuplicateLine>());
  }
  std::vector<InboxLine> Inbox(const std::string& by) {
    std::vector<InboxLine> found;
    const auto lines = ReadInbox(VaultOf(by));
    EXPECT_TRUE(lines.ok()) << lines.status();
    for (const InboxLine& line : *lines) {
      if (line.kind == InboxKind::kDuplicate) found.push_back(line);
    }
    return found;
  }
  // One person, whose document both have written down, each in her own way.
  void MakeDuplicate() {
    FoundProgramme();
    ours_ = AtPolice();
    Document("lead", ours_, kNumber);
    theirs_ = AtShelter();
    Document("intake", theirs_, "n012345678");
    SyncAll();
    Check("lead");
    Check("intake");
    Check("lead");
  }

  std::unique_ptr<kv::Store> store_ = MemoryStore();
  std::unique_ptr<server::MatchBook> book_ = std::make_unique<server::MatchBook>(
      *store_, clock_, server::MatchOptions{true, false, 100, 60}, nullptr);
  std::map<std::string, std::unique_ptr<BookLine>> lines_;
  FileId programme_, ours_, theirs_;
};

TEST_F(DuplicatesTest, TwoAgenciesLearnThatTheyMayKnowTheSamePerson) {
  MakeDuplicate();
  ASSERT_THAT(List("lead"), SizeIs(1));
  const DuplicateLine line = List("lead")[0];
  EXPECT_EQ(line.file, ours_);
  EXPECT_EQ(line.unit, server_.shelter());
  EXPECT_THAT(line.kinds, ElementsAre(MatchKind::kDocument));
  EXPECT_EQ(line.state, DuplicateState::kOpen);
  ASSERT_THAT(List("intake"), SizeIs(1));
  EXPECT_EQ(List("intake")[0].file, theirs_);
  EXPECT_EQ(List("intake")[0].unit, server_.police());
  ASSERT_THAT(Inbox("lead"), SizeIs(1));
  EXPECT_THAT(Inbox("lead")[0].what, HasSubstr("possibly known to SHE: ask"));
  EXPECT_THAT(Inbox("intake")[0].what, HasSubstr("possibly known to POL: ask"));
  // Neither got the other's file, and nothing was written or read because of it.
  EXPECT_FALSE(VaultOf("lead").File(theirs_).ok());
  EXPECT_FALSE(VaultOf("intake").File(ours_).ok());
  EXPECT_TRUE((*VaultOf("lead").File(ours_))->links().empty());
  // Again: nothing is new.
  const DuplicateCheck again = Check("lead");
  EXPECT_EQ(again.offered, 0u);
  EXPECT_EQ(again.fresh, 0u);
  EXPECT_EQ(again.found, 1u);
  // A colleague of the unit finds the same.
  Check("officer");
  EXPECT_THAT(List("officer"), SizeIs(1));
  EXPECT_THAT(LineOf("officer").offered, IsEmpty()) << "what a colleague offered is there";
}

TEST_F(DuplicatesTest, TheServerHasNothingOfAValueOrAFile) {
  MakeDuplicate();
  std::string all;
  for (const kv::Table& table : server::AllTables()) {
    ASSERT_TRUE(store_
                    ->Scan(table, "", "",
                           [&](std::string_view key, std::string_view value) {
                             all.append(key).append(value);
                             return true;
                           })
                    .ok());
  }
  ASSERT_FALSE(all.empty());
  for (const std::string_view marker :
       {std::string_view("012345678"), std::string_view("n012345678"), kNumber, ours_.view(),
        theirs_.view()}) {
    EXPECT_EQ(all.find(marker), std::string::npos);
  }
  // Nor a token that could be made without the class key.
  std::string info = "kapea/match/v1";
  info.append(VaultOf("lead").identity().deployment.view()).append(programme_.view());
  info.append((*VaultOf("lead").File(programme_))->newest_key_epoch()->id.view());
  info.push_back(1);
  ASSERT_THAT(LineOf("lead").offered, SizeIs(1));
  for (const std::string& key : {std::string(32, '\0'), std::string(programme_.view())}) {
    const std::string made =
        crypto::HmacSha256(crypto::HkdfExpand(key, info, 32).view(), "n012345678");
    EXPECT_NE(ReadU32(made), LineOf("lead").offered[0].token);
  }
  // Nor the first bytes of a hash that anybody could make.
  for (const char* word : {"n012345678", "012345678"}) {
    EXPECT_EQ(all.find(crypto::Sha256(word).view().substr(0, 4)), std::string::npos);
  }
}

TEST_F(DuplicatesTest, AnotherKeyGivesOtherTokens) {
  MakeDuplicate();
  const auto before = LineOf("lead").offered;
  const auto aliases_before = LineOf("lead").aliases;
  ASSERT_TRUE(VaultOf("manager").Rekey(programme_).ok());
  // A device that has not heard of it is told so, and keeps what it knew.
  Sync("manager");
  const DuplicateCheck late = Check("lead");
  EXPECT_THAT(late.sentences, SizeIs(1));
  EXPECT_THAT(List("lead"), SizeIs(1));
  SyncAll();
  LineOf("lead").offered.clear();
  LineOf("lead").aliases.clear();
  EXPECT_EQ(Check("lead").offered, 1u);
  ASSERT_THAT(before, SizeIs(1));
  ASSERT_THAT(LineOf("lead").offered, SizeIs(1));
  EXPECT_NE(LineOf("lead").offered[0].token, before[0].token);
  EXPECT_NE(LineOf("lead").aliases[0], aliases_before[0]);
  EXPECT_THAT(List("lead"), IsEmpty()) << "nobody else has offered under this key yet";
  Check("intake");
  Check("lead");
  EXPECT_THAT(List("lead"), SizeIs(1));
}

TEST_F(DuplicatesTest, NothingIsSentWhereNothingIsCompared) {
  ours_ = AtPolice();
  Document("lead", ours_, kNumber);
  EXPECT_EQ(Check("lead").programmes, 0u);
  EXPECT_EQ(LineOf("lead").calls, 0u) << "no programme";
  FoundProgramme({{"compare", "no"}, {"compare_names", "yes"}});
  Check("lead");
  EXPECT_EQ(LineOf("lead").calls, 0u) << "a programme that does not compare";
}

TEST_F(DuplicatesTest, NothingIsSentWhereTheDeploymentDoesNotCompare) {
  Serve(server::MatchOptions());
  FoundProgramme();
  ours_ = AtPolice();
  Document("lead", ours_, kNumber);
  const DuplicateCheck check = Check("lead");
  EXPECT_THAT(check.sentences, ElementsAre(HasSubstr("does not look for duplicates")));
  EXPECT_THAT(LineOf("lead").offered, IsEmpty());
}

TEST_F(DuplicatesTest, NamesAreComparedOnlyWhereProgrammeAndDeploymentSaySo) {
  const std::vector<Entry> kName = {
      {"family_name_latin", "Sok"}, {"given_name_latin", "Sovann"}, {"birth_date", "1999-05-02"}};
  const std::vector<Entry> kOtherwise = {
      {"family_name_latin", "Sovan"}, {"given_name_latin", "Sokh"}, {"birth_date", "2000"}};
  const std::vector<Entry> kBoth = {{"compare", "yes"}, {"compare_names", "yes"}};
  AtPolice(kName);
  AtShelter(kOtherwise);
  FoundProgramme();
  Serve({true, true, 100, 60});
  Check("lead");
  Check("intake");
  EXPECT_THAT(LineOf("lead").offered, IsEmpty()) << "off by default, whatever the server says";
  clock_.Advance(Duration::Minutes(1));  // the newest record decides
  Add("manager", programme_, "KH-MATCHING", kBoth);
  SyncAll();
  Serve({true, false, 100, 60});
  Check("lead");
  EXPECT_THAT(LineOf("lead").offered, IsEmpty()) << "the deployment does not compare names";
  Serve({true, true, 100, 60});
  Check("lead");
  Check("intake");
  EXPECT_THAT(LineOf("lead").offered, Not(IsEmpty()));
  ASSERT_THAT(List("intake"), SizeIs(1));
  EXPECT_THAT(List("intake")[0].kinds, ElementsAre(MatchKind::kName));
}

TEST_F(DuplicatesTest, ATelephoneNumberIsComparedUnlessManyFilesHaveIt) {
  FoundProgramme();
  ours_ = AtPolice();
  Add("lead", ours_, "KH-CONTACT", {{"phone", "+855 12 345 678"}});
  theirs_ = AtShelter();
  Add("intake", theirs_, "KH-CONTACT", {{"phone", "012 345 678"}});
  SyncAll();
  Check("lead");
  Check("intake");
  ASSERT_THAT(List("intake"), SizeIs(1));
  EXPECT_THAT(List("intake")[0].kinds, ElementsAre(MatchKind::kPhone));
  for (size_t i = 0; i < kMatchCommonFilesMax; ++i) {
    Add("intake", AtShelter(), "KH-CONTACT", {{"phone", "012 345 678"}});
  }
  const auto checked = Check("intake");
  EXPECT_EQ(checked.withdrawn, 0u) << "a colleague's device, with other files, may count fewer";
  EXPECT_EQ(checked.offered, 0u) << "an office's number tells nothing of a person";
  EXPECT_THAT(List("intake"), IsEmpty());
}

TEST_F(DuplicatesTest, AFileThatBothHaveIsNoDuplicate) {
  FoundProgramme();
  ours_ = AtPolice();
  Document("lead", ours_, kNumber);
  domain::RosterWrite roster;
  roster.added = {{std::nullopt, server_.shelter(), domain::Role::kIntakeOfficer, {}}};
  ASSERT_TRUE(VaultOf("lead").ChangeRoster(ours_, roster).ok());
  SyncAll();
  Check("lead");
  EXPECT_EQ(Check("intake").files, 1u);
  EXPECT_THAT(List("intake"), IsEmpty());
  Check("lead");
  EXPECT_THAT(List("lead"), IsEmpty());
}

TEST_F(DuplicatesTest, WhatBecameOfItIsSignedAndSeenByColleagues) {
  MakeDuplicate();
  const UnitId shelter = server_.shelter();
  EXPECT_TRUE(absl::IsInvalidArgument(
      AnswerDuplicate(VaultOf("lead"), ours_, shelter, "asked", "").status()));
  EXPECT_TRUE(absl::IsNotFound(
      AnswerDuplicate(VaultOf("lead"), ours_, server_.police(), "asked", "x").status()));
  const auto asked = AnswerDuplicate(VaultOf("lead"), ours_, shelter, "asked", "called them");
  ASSERT_TRUE(asked.ok()) << asked.status();
  EXPECT_EQ(List("lead")[0].state, DuplicateState::kAsked);
  EXPECT_THAT(Inbox("lead"), IsEmpty());
  SyncAll();
  Check("officer");
  ASSERT_THAT(List("officer"), SizeIs(1));
  EXPECT_EQ(List("officer")[0].state, DuplicateState::kAsked);
  EXPECT_EQ(List("officer")[0].by, server_.person("lead"));
  EXPECT_THAT(Inbox("officer"), IsEmpty());
  EXPECT_THAT(Inbox("intake"), SizeIs(1)) << "the other side answers for itself";
  clock_.Advance(Duration::Minutes(1));
  const auto other =
      AnswerDuplicate(VaultOf("officer"), ours_, shelter, "other_person", "born elsewhere");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ(List("officer")[0].state, DuplicateState::kDismissed);
}

TEST_F(DuplicatesTest, EndsWithALinkOfTheTwoFiles) {
  MakeDuplicate();
  domain::RosterWrite roster;
  roster.added = {{std::nullopt, server_.shelter(), domain::Role::kIntakeOfficer, {}}};
  EXPECT_FALSE(LinkSamePerson(VaultOf("intake"), theirs_, ours_).ok()) << "not here";
  ASSERT_TRUE(VaultOf("lead").ChangeRoster(ours_, roster).ok());
  SyncAll();
  const absl::Status linked = LinkSamePerson(VaultOf("intake"), theirs_, ours_);
  ASSERT_TRUE(linked.ok()) << linked;
  EXPECT_TRUE(absl::IsFailedPrecondition(LinkSamePerson(VaultOf("intake"), theirs_, ours_)));
  EXPECT_TRUE(absl::IsInvalidArgument(LinkSamePerson(VaultOf("intake"), theirs_, programme_)));
  SyncAll();
  Check("intake");
  ASSERT_THAT(List("intake"), Not(IsEmpty()));
  for (const DuplicateLine& line : List("intake")) EXPECT_EQ(line.state, DuplicateState::kSame);
  EXPECT_THAT(Inbox("intake"), IsEmpty());
}

TEST_F(DuplicatesTest, WhatIsTakenBackIsTakenFromTheServer) {
  FoundProgramme();
  ours_ = AtPolice();
  const RecordId document = Document("lead", ours_, kNumber);
  SyncAll();
  EXPECT_EQ(Check("lead").offered, 1u);
  ASSERT_TRUE(VoidRecord(VaultOf("lead"), ours_, document, "entered_twice").ok());
  const DuplicateCheck check = Check("lead");
  EXPECT_EQ(check.withdrawn, 1u);
  EXPECT_EQ(check.files, 0u);
  theirs_ = AtShelter();
  Document("intake", theirs_, kNumber);
  Check("intake");
  EXPECT_THAT(List("intake"), IsEmpty());
}

TEST_F(DuplicatesTest, AUnitTakesAllBack) {
  MakeDuplicate();
  ASSERT_TRUE(WithdrawDuplicates(VaultOf("lead"), LineOf("lead")).ok());
  EXPECT_THAT(List("lead"), IsEmpty());
  EXPECT_THAT(List("intake"), SizeIs(1));
  EXPECT_EQ(Check("lead").offered, 1u) << "until the next check";
}

TEST_F(DuplicatesTest, WhatIsOverTheLimitOfADayGoesTheNext) {
  FoundProgramme();
  for (int i = 0; i < 5; ++i) Document("lead", AtPolice(), "N0123456" + std::to_string(i));
  SyncAll();
  Serve({true, false, 3, 60});
  const DuplicateCheck first = Check("lead");
  EXPECT_EQ(first.offered, 3u);
  EXPECT_EQ(first.waiting, 2u);
  EXPECT_EQ(Check("lead").offered, 0u);
  clock_.Advance(Duration::Days(1));
  const DuplicateCheck next = Check("lead");
  EXPECT_EQ(next.offered, 2u);
  EXPECT_EQ(next.waiting, 0u);
  clock_.Advance(Duration::Days(20));
  EXPECT_EQ(Check("lead").offered, 5u) << "renewed, so that the server does not forget";
}

TEST_F(DuplicatesTest, AServerThatLiesCausesAFalseNoticeAndNothingElse) {
  FoundProgramme();
  ours_ = AtPolice();
  Document("lead", ours_, kNumber);
  SyncAll();
  Check("lead");
  ASSERT_THAT(LineOf("lead").aliases, SizeIs(1));
  const domain::MatchAlias mine = LineOf("lead").aliases[0];
  const uint64_t waiting = VaultOf("lead").Files().size();
  const uint64_t number = (*VaultOf("lead").File(ours_))->number();
  LineOf("lead").meddle = [&](sync::MatchState& state) {
    state.names = true;
    state.found = {
        {crypto::RandomId<domain::MatchAlias>(), MatchKind::kPhone, server_.shelter(), 1},
        {mine, MatchKind::kDocument, crypto::RandomId<UnitId>(), 1},
        {mine, MatchKind::kDocument, server_.police(), 1},
        {mine, MatchKind::kName, server_.shelter(), 1},
        {mine, MatchKind::kPhone, server_.shelter(), 1}};
  };
  LineOf("lead").offered.clear();
  const DuplicateCheck check = Check("lead");
  EXPECT_THAT(check.sentences, SizeIs(1)) << "of a unit that takes no part";
  EXPECT_THAT(List("lead"), IsEmpty()) << "nothing of it fits what was offered";
  EXPECT_THAT(LineOf("lead").offered, IsEmpty()) << "it cannot ask for names";
  LineOf("lead").meddle = [&](sync::MatchState& state) {
    for (uint32_t day = 0; day < 20'000; ++day) {
      state.found.push_back({mine, MatchKind::kDocument, server_.shelter(), 0xFFFFFFFF - day});
    }
  };
  Check("lead");
  ASSERT_THAT(List("lead"), SizeIs(1));
  EXPECT_EQ(List("lead")[0].state, DuplicateState::kOpen);
  EXPECT_EQ(VaultOf("lead").Files().size(), waiting);
  EXPECT_EQ((*VaultOf("lead").File(ours_))->number(), number);
  LineOf("lead").meddle = [](sync::MatchState&) {};
  Check("lead");
  EXPECT_THAT(List("lead"), IsEmpty());
}

}  // namespace
}  // namespace kapea::field
