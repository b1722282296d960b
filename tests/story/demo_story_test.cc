// The demonstration as a test: the shipped programs play one rescue over real mutual
// TLS, and what is left behind is looked at from outside. Promises 2, 3 and 4 of the
// design have their end-to-end test here.
#include "tests/story/demo_story.h"

namespace kapea {
namespace {

TEST_F(DemoStoryTest, DescribesTheDeploymentForOtherPrograms) {
  const json deployment = Deployment();
  EXPECT_NE(deployment.at("server").get<std::string>().find(':'), std::string::npos);
  EXPECT_TRUE(fs::exists(deployment.at("ca").get<std::string>()));
  ASSERT_EQ(deployment.at("devices").size(), 4u);
  for (const json& device : deployment.at("devices")) {
    EXPECT_EQ(device.at("person").get<std::string>().size(), 32u);
    EXPECT_FALSE(device.at("role").get<std::string>().empty());
    for (const char* file : {"vault", "passphrase_file", "certificate", "key"}) {
      EXPECT_TRUE(fs::exists(device.at(file).get<std::string>())) << file;
    }
  }
}

// What the server found and what a device computes from what it pulled are the same.
TEST_F(DemoStoryTest, ServerAndDeviceComeToTheSameFindings) {
  ASSERT_NO_FATAL_FAILURE(Connect());
  int compared = 0;
  for (const vault::FileLine& line : vault_->Files()) {
    if (line.kind != domain::FileKind::kPerson && line.kind != domain::FileKind::kOperation) {
      continue;
    }
    link::ComplianceCall call;
    call.file = line.file;
    const auto answer = Ask(call);
    ASSERT_TRUE(answer.ok()) << answer.status();
    field::ReportRequest request;
    request.file = line.file;
    request.as_of = answer->as_of;
    const auto report = field::ReportCompliance(*vault_, request);
    ASSERT_TRUE(report.ok()) << report.status();
    std::map<std::pair<std::string, std::string>, std::string> there, here;
    const auto say = [](const standards::Finding& finding) {
      std::string said = std::to_string(static_cast<int>(finding.status));
      said += finding.certain ? " certain" : " by the device's clock";
      if (finding.done) said += " " + std::to_string(finding.done->soft.latest.unix_ms());
      if (finding.due) said += " due " + std::to_string(finding.due->soft.latest.unix_ms());
      return said;
    };
    for (const auto& one : answer->findings) {
      const auto& finding = one.finding;
      there[{finding.code, finding.record ? finding.record->hex() : ""}] = say(finding);
    }
    for (const auto& file : report->files) {
      for (const auto& clause : file.lines) {
        const auto& finding = clause.finding;
        here[{finding.code, finding.record ? finding.record->hex() : ""}] = say(finding);
      }
    }
    EXPECT_EQ(there, here) << line.file.hex();
    EXPECT_GT(there.size(), 50u);
    ++compared;
  }
  EXPECT_EQ(compared, 4);  // the operation and three persons
}

// What is overdue in a province, as the server keeps it, is what each file's own report says.
TEST_F(DemoStoryTest, WhatIsOverdueInAProvinceIsThatOfItsFiles) {
  ASSERT_NO_FATAL_FAILURE(Connect());
  const auto ask = [&](const link::ComplianceCall& call) {
    const auto answer = Ask(call);
    EXPECT_TRUE(answer.ok()) << answer.status();
    std::set<std::string> lines;
    for (const auto& one : answer.ok() ? answer->findings : std::vector<codec::ToldFinding>()) {
      if (one.finding.status != domain::FindingStatus::kOverdue) continue;
      lines.insert(one.finding.file.hex() + " " + one.finding.code + " " +
                   (one.finding.record ? one.finding.record->hex() : "") + one.explanation);
    }
    return lines;
  };
  link::ComplianceCall province;
  province.province = "12";
  province.statuses = {domain::FindingStatus::kOverdue};
  const auto overdue = ask(province);
  EXPECT_GT(overdue.size(), 5u);
  EXPECT_EQ(overdue, ask({}));
  province.province = "17";
  EXPECT_TRUE(ask(province).empty());
}

// Every question and indicator, counted by the server from what it keeps, and by the
// supervisor's device from the files that it pulled.
TEST_F(DemoStoryTest, ServerAndDeviceCountTheSame) {
  ASSERT_NO_FATAL_FAILURE(Connect());
  // In one call those that can be broken down alike.
  std::map<std::pair<domain::MeasureKind, std::string>, std::vector<std::string>> alike;
  for (const domain::Measure& measure : vault_->NewestPack()->measures) {
    alike[{measure.kind, measure.by.empty() ? "" : measure.by.front()}].push_back(measure.id);
  }
  std::set<std::string> counted, not_zero;
  for (const auto& [how, measures] : alike) {
    link::MeasureCall call;
    call.ask = {how.first, measures};
    if (!how.second.empty()) call.ask.by = {how.second};
    const auto there = link::AskMeasures(*transport_, vault_->identity().server, call);
    ASSERT_TRUE(there.ok()) << there.status();
    EXPECT_EQ(there->pack_hash, vault_->NewestPack()->hash);
    for (const link::MeasureReply::One& one : there->answers) {
      field::MeasureAsk ask;
      ask.measures = {one.measure};
      ask.by = call.ask.by;
      ask.as_of = there->as_of;
      const auto here = field::AnswerMeasures(*vault_, how.first, ask);
      ASSERT_TRUE(here.ok()) << one.measure << ": " << here.status();
      const standards::MeasureResult& theirs = one.result;
      const standards::MeasureResult& ours = here->front().result;
      EXPECT_EQ(theirs.total, ours.total) << one.measure;
      EXPECT_EQ(theirs.listed, ours.listed) << one.measure;
      EXPECT_EQ(theirs.rows.size(), ours.rows.size()) << one.measure;
      ASSERT_EQ(theirs.cells.size(), ours.cells.size()) << one.measure;
      for (size_t cell = 0; cell < ours.cells.size(); ++cell) {
        EXPECT_EQ(theirs.cells[cell].codes, ours.cells[cell].codes) << one.measure;
        EXPECT_EQ(theirs.cells[cell].figure, ours.cells[cell].figure) << one.measure;
      }
      counted.insert(one.measure);
      if (!(ours.total == standards::MeasureFigure())) not_zero.insert(one.measure);
    }
  }
  EXPECT_EQ(counted.size(), vault_->NewestPack()->measures.size());
  EXPECT_GE(not_zero.size(), 20u);
}

// What the supervisor publishes stands in the ledger: her colleagues read it, the same period is
// not published again, and the server's own replay finds nothing amiss.
TEST_F(DemoStoryTest, WhatIsPublishedIsReadByEverybodyAndStays) {
  StopServer();
  StartServerAgain();
  std::string server = Slurp(Demo() / "deployment/server/address");
  server.erase(server.find_last_not_of('\n') + 1);
  const SystemClock clock;
  const std::string yesterday = field::ToLocalText(clock.Now() - Duration::Days(1)).substr(0, 10);
  const std::string page = (Demo() / "published.html").string();
  Kapea("supervisor", server,
        "--json report publish R-PCCT --period " + yesterday + " --unit PP-POLICE --html " + page);
  const json made = json::parse(Slurp(Demo() / "supervisor/again.out"));
  const std::string id = made.at("publication");
  EXPECT_NE(Slurp(page).find(id), std::string::npos);
  EXPECT_NE(Slurp(page).find("I-V01"), std::string::npos);
  EXPECT_EQ(Slurp(page).find("draft"), std::string::npos);

  EXPECT_EQ(
      Refused("supervisor", server,
              "report publish R-TIP --period " + yesterday + " --unit PP-POLICE --html " + page),
      4)
      << "a file is in the way: then nothing is published";
  Kapea("lead", server, "sync");
  Kapea("lead", server, "--json report published");
  const json list = json::parse(Slurp(Demo() / "lead/again.out")).at("publications");
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].at("publication"), id);
  EXPECT_EQ(list[0].at("report"), "R-PCCT");
  EXPECT_EQ(list[0].at("period"), yesterday);
  Kapea("lead", server, "--json report published " + id.substr(0, 6));
  const json theirs = json::parse(Slurp(Demo() / "lead/again.out"));
  EXPECT_EQ(theirs.at("sections"), made.at("sections"));

  const std::string again = "report publish R-PCCT --period " + yesterday + " --unit PP-POLICE";
  EXPECT_EQ(Refused("supervisor", server, again + " --html " + page + "2"), 4);
  EXPECT_FALSE(fs::exists(page + "2"));
  EXPECT_EQ(Refused("supervisor", server, "report publish R-PCCT --period 2099 --unit PP-POLICE"),
            4);
  EXPECT_EQ(Refused("supervisor", server, "report publish R-MOJ --period " + yesterday), 4)
      << "she is not of every unit";
  Kapea("supervisor", server, "--json " + again + " --revises " + id + " --reason late_records");
  Kapea("supervisor", server, "--json report published");
  const json both = json::parse(Slurp(Demo() / "supervisor/again.out")).at("publications");
  ASSERT_EQ(both.size(), 2u);
  EXPECT_EQ(both[0].at("revised_by"), both[1].at("publication"));
  StopServer();
  Run(std::string(KAPEA_BIN) + "/kapead --config " + (Demo() / "deployment/server").string() +
      "/kapead.textproto --verify > " + (Demo() / "verify.out").string());
}

// What is written on one device and pulled by others passes a server that never has it in
// clear: not on the wire, not in its memory, not in what it says about itself.
TEST_F(DemoStoryTest, WhatIsSealedStaysOnTheDevices) {
  StopServer();
  const pid_t server = StartServerAgain();
  story::WireRelay relay(std::stoi(Slurp(Demo() / "deployment/server/address").substr(10)));
  const auto named = WriteHealth("zqyxvera cannot sleep");
  ASSERT_EQ(named.size(), 1u) << "want the one whom the demonstration named";
  const FileId child = named.front();
  Kapea("intake", relay.address(),
        "intake fill " + child.hex() +
            " --set given_name_latin=Zqyxveraname --set given_name_km=\u179f\u17bb\u1781\u179f"
            "\u17b6\u1780 --set birth_date=2011-03-29 --set guardian_phone=+855997314852 --set "
            "'last_address=12 Zqyxvera street' --set 'account=one who zqyxveralocked me in'");
  PlanARaid(relay.address());
  ReceiveAHundred(relay.address());
  Kapea("supervisor", relay.address(), "sync");
  Kapea("supervisor", relay.address(), "report compliance --file " + child.hex());
  EXPECT_EQ(Planted().In(Slurp(Demo() / "supervisor/again.out")), kNothing);

  ExpectCleanMemory(server);
  // A backup: there is no command for one, it is a copy of the store. Of one that is in use,
  // so that the last Changes stand in its write-ahead log alone.
  const std::string store = (Demo() / "deployment/server/store").string();
  Run("cp -a " + store + " " + (Demo() / "backup").string());
  const auto backup = story::SearchFiles(Demo() / "backup", Planted());
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->found, kNothing);
  EXPECT_GT(LogBytes(Demo() / "backup"), 100'000u) << "want a write-ahead log with a night in it";
  const auto sealed = story::SearchFiles(Demo() / "backup", Clear());
  ASSERT_TRUE(sealed.ok()) << sealed.status();
  EXPECT_EQ(sealed->found, kNothing) << "want clear fields, too, to be sealed at rest";
  const std::string metrics = Metrics();
  EXPECT_NE(metrics.find("kapea_"), std::string::npos);
  EXPECT_EQ(Planted().In(metrics), kNothing);
  const std::string& wire = relay.Stop();
  EXPECT_GT(wire.size(), 10'000u);
  EXPECT_EQ(Planted().In(wire), kNothing);
  EXPECT_EQ(Clear().In(wire), kNothing) << "want nothing to be in clear under TLS";
  // That it was written at all: the device reads it.
  Kapea("intake", relay.address(), "intake show --open " + child.hex());
  EXPECT_GE(Planted().In(Slurp(Demo() / "intake/again.out")).size(), 6u)
      << Slurp(Demo() / "intake/again.out");
}

// The social worker's phone is lost, with the shipped programs alone: her keys end, the
// operation goes on under new ones, and her next phone reads when two registrars have let
// its keys stand.
TEST_F(DemoStoryTest, ALostPhoneIsShutOutAndReplaced) {
  StopServer();
  StartServerAgain();
  std::string server = Slurp(Demo() / "deployment/server/address");
  server.erase(server.find_last_not_of('\n') + 1);
  const json social = DeviceNamed("social");
  const auto members = [&server](const char* who) {
    Kapea(who, server, "--json file list");
    const json files = json::parse(Slurp(Demo() / who / "again.out")).at("files");
    const auto operation =  // the demonstration's, with the most in it
        std::max_element(files.begin(), files.end(), [](const json& a, const json& b) {
          const auto size = [](const json& file) {
            return file.at("kind") == "operation" ? file.at("number").get<int>() : 0;
          };
          return size(a) < size(b);
        });
    Kapea(who, server, "--json file members " + operation->at("code").get<std::string>());
    return json::parse(Slurp(Demo() / who / "again.out"));
  };
  const size_t epochs = members("lead").at("key_epochs");
  Admin("revoke " + social.at("device").get<std::string>());
  Kapea("lead", server, "sync");
  json now = members("lead");
  EXPECT_EQ(now.at("key_epochs"), epochs + 1);
  EXPECT_FALSE(now.at("rekey_due"));
  for (const json& line : now.at("members")) {
    const bool hers = line.at("role") == "social_worker";
    EXPECT_EQ(line.at("keys").empty(), hers) << line;
  }

  fs::create_directory(Demo() / "social2");
  fs::copy_file(Demo() / "social/pass", Demo() / "social2/pass");
  Admin("enrol --person " + social.at("person").get<std::string>() + " --out " +
        (Demo() / "code2").string());
  Kapea("social2", server, "enrol --code " + (Demo() / "code2").string());
  Admin("approve all");
  Kapea("social2", server, "sync");
  Kapea("social2", server, "--json whoami");
  const json offers = json::parse(Slurp(Demo() / "social2/again.out")).at("offers");
  ASSERT_EQ(offers.size(), 2u) << "hers, and that of her unit, of which she is the only one";
  Admin("--json offers");
  const json waiting = json::parse(Slurp(Demo() / "admin.out"));
  ASSERT_EQ(waiting.size(), 2u);
  for (const json& offer : waiting) {
    const bool same = std::any_of(offers.begin(), offers.end(), [&offer](const json& own) {
      return own.at("number") == offer.at("fingerprint");
    });
    EXPECT_TRUE(same) << "want the registrar to see the number that the phone shows";
  }
  Admin("approve-offer all");
  for (const char* who : {"social2", "lead", "social2"}) Kapea(who, server, "sync");
  now = members("social2");
  EXPECT_FALSE(now.at("rekey_due"));
  for (const json& line : now.at("members")) {
    EXPECT_EQ(line.at("keys"), line.at("may_read")) << line;
  }
}

// Police and shelter write down one document each in her own way, and a sync of both, with
// the shipped programs alone, tells both to ask; neither gets the other's file.
TEST_F(DemoStoryTest, TwoUnitsLearnThatTheyMayKnowTheSamePerson) {
  StopServer();
  StartServerAgain();
  std::string server = Slurp(Demo() / "deployment/server/address");
  server.erase(server.find_last_not_of('\n') + 1);
  const auto said = [&server](const char* who, const std::string& words) {
    Kapea(who, server, "--json " + words);
    return json::parse(Slurp(Demo() / who / "again.out"));
  };
  Kapea("supervisor", server,
        "programme new --form KH-MATCHING --member PP-POLICE:unit_lead "
        "--member PP-SHELTER:intake_officer --set compare=yes");
  const std::string ours = said("lead", "case new --form KH-VICTIM-INTAKE --set sex=F").at("code");
  Kapea("lead", server, "case add " + ours + " --form KH-ID-DOCUMENT --set 'number=N 0123-45678'");
  const std::string theirs = said("intake", "intake new --walk-in --set arrival_at=now").at("code");
  Kapea("intake", server, "case add " + theirs + " --form KH-ID-DOCUMENT --set number=n012345678");
  for (const char* who : {"supervisor", "lead", "intake", "lead"}) Kapea(who, server, "sync");
  const auto found = [&said](const char* who) {
    std::set<std::string> lines;
    const json answer = said(who, "duplicates");
    for (const json& line : answer.at("duplicates")) {
      lines.insert(line.at("code").get<std::string>() + " " +
                   line.at("unit_code").get<std::string>() + " " +
                   line.at("state").get<std::string>());
    }
    return lines;
  };
  EXPECT_EQ(found("lead"), std::set<std::string>{ours + " PP-SHELTER open"});
  EXPECT_EQ(found("intake"), std::set<std::string>{theirs + " PP-POLICE open"});
  Kapea("lead", server, "duplicates asked " + ours + " PP-SHELTER --reason 'called them'");
  EXPECT_EQ(found("lead"), std::set<std::string>{ours + " PP-SHELTER asked"});
  Kapea("lead", server, "duplicates withdraw");
}

// A client that sends what it should have sealed, where it does not belong, gets an
// answer without it; nor does it come into the log.
TEST_F(DemoStoryTest, NoErrorRepeatsWhatWasSent) {
  StopServer();
  StartServerAgain();
  const SystemClock clock;
  const auto vault = OpenVault("lead", clock);
  ASSERT_NE(vault, nullptr);
  const auto channel = OpenChannel(vault->identity());
  std::vector<grpc::Status> refused;
  for (const std::string& text : kPlanted) {
    v1::PushRequest push;
    push.add_parcels()->set_header(text);
    push.mutable_parcels(0)->set_signature(text);
    push.set_checkpoint(text);
    v1::PushResponse pushed;
    refused.push_back(Call(&v1::Sync::Stub::Push, v1::Sync::NewStub(channel), push, pushed));
    EXPECT_EQ(Planted().In(pushed.SerializeAsString()), kNothing);
    for (const char* end : {"", "\xff"}) {  // that is no UTF-8, and protobuf has words for it
      v1::QueryRequest query;
      query.set_question(text + end);
      query.set_file(text);
      query.set_page_token(text);
      v1::QueryResponse answered;
      refused.push_back(Call(&v1::View::Stub::Query, v1::View::NewStub(channel), query, answered));
    }
    v1::ProveRequest prove;
    prove.set_change(text);
    v1::ProveResponse proved;
    refused.push_back(Call(&v1::Ledger::Stub::Prove, v1::Ledger::NewStub(channel), prove, proved));
    v1::BlobPutRequest put;
    put.set_file(text);
    put.add_chunks(text);
    v1::BlobPutResponse stored;
    refused.push_back(Call(&v1::Blob::Stub::Put, v1::Blob::NewStub(channel), put, stored));
    v1::EnrolRequest enrol;
    enrol.set_certificate_request(text);
    enrol.set_signing_key(text);
    v1::EnrolResponse enrolled;
    refused.push_back(Call(&v1::Enrol::Stub::Enrol, v1::Enrol::NewStub(channel), enrol, enrolled));
  }
  int errors = 0;
  for (const grpc::Status& status : refused) {
    errors += status.ok() ? 0 : 1;
    EXPECT_EQ(Planted().In(status.error_message() + status.error_details()), kNothing);
  }
  EXPECT_GT(errors, 20);
  EXPECT_EQ(Planted().In(Metrics()), kNothing);
  EXPECT_EQ(Slurp(Demo() / "again.out"), "") << "want every word to go to the log";
}

TEST_F(DemoStoryTest, NothingSealedLiesAnywhereOnTheServer) {
  StopServer();
  const auto searched = story::SearchFiles(Demo() / "deployment/server", Planted());
  ASSERT_TRUE(searched.ok()) << searched.status();
  EXPECT_EQ(searched->found, kNothing);
  EXPECT_GT(searched->files, 5u);
  // What kapead and kapea-ca printed, beside their log, which lies among those files.
  for (const char* out : {"kapead.out", "again.out"}) {
    EXPECT_EQ(Planted().In(Slurp(Demo() / out)), kNothing) << out;
  }
  EXPECT_NE(Slurp(Demo() / "deployment/server/kapead.log").find("serving"), std::string::npos);
}

// Not even for somebody who has all of the server's keys; the clear code is found, so
// the search works.
TEST_F(DemoStoryTest, NothingSealedOpensWithTheServersOwnKeys) {
  StopServer();
  const std::string pass = Slurp(Demo() / "server.pass");
  const auto keys = codec::ServerKeys::Open(pass.substr(0, pass.find('\n')),
                                            Slurp(Demo() / "deployment/server/keys.sealed"));
  ASSERT_TRUE(keys.ok()) << keys.status();
  kv::OpenOptions open;
  open.tables = server::AllTables();
  open.master_key = &keys->store_master_key;
  open.read_only = true;
  std::unique_ptr<kv::Store> store;
  for (const fs::path& directory : {Demo() / "backup", Demo() / "deployment/server/store"}) {
    SCOPED_TRACE(directory);
    open.directory = directory;
    auto opened = kv::OpenRocksStore(open);
    ASSERT_TRUE(opened.ok()) << opened.status();
    store = *std::move(opened);
    size_t values = 0;
    size_t with_code = 0;
    size_t chunks = 0;
    for (const kv::Table& table : server::AllTables()) {
      const auto scanned = store->Scan(table, "", "", [&](std::string_view k, std::string_view v) {
        ++values;
        EXPECT_EQ(Planted().In(k), kNothing) << table.name;
        EXPECT_EQ(Planted().In(v), kNothing) << table.name;
        with_code += Clear().In(v).contains(kClearCode) ? 1 : 0;
        chunks += std::string_view(table.name) == server::kBlobs.name ? 1 : 0;
        return true;
      });
      EXPECT_TRUE(scanned.ok()) << table.name << " " << scanned;
    }
    EXPECT_GT(values, 1000u);
    EXPECT_GT(with_code, 0u);
    EXPECT_GE(chunks, 20u);
  }

  // And everything derived is what a replay of the ledger gives.
  const auto log_key = crypto::NoteSigningKey::FromSeed(keys->log_seed);
  ASSERT_TRUE(log_key.ok());
  const auto report = server::VerifyStore(*store, log_key->public_key(), [](int) {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->differences, std::vector<std::string>());
  EXPECT_GT(report->entries, 300u);
}

}  // namespace
}  // namespace kapea
