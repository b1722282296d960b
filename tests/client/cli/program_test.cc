// The real program on a vault that was synced once, with no server in reach.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "client/cli/program.h"
#include "client/cli/socket.h"
#include "nlohmann/json.hpp"
#include "tests/client/cli/run_kapea.h"
#include "tests/client/field/town.h"

namespace kapea::testing {
namespace {

using nlohmann::json;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kCanary[] = "Canarysok";

class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() : server_(clock_, NationalPack()) {
    ::signal(SIGPIPE, SIG_IGN);
    std::ofstream(folder_ / "pass") << kPassphrase << "\n";
    std::ofstream(folder_ / "wrong") << "something else\n";
  }

  // The vault of that person, closed. Devices live as long as the test.
  std::string VaultOf(const std::string& name) {
    auto& device = devices_[name];
    if (!device) {
      device = std::make_unique<FakeDevice>(server_, name, clock_);
      KAPEA_CHECK(device->Sync().ok());
      device->Close();
    }
    return device->path();
  }
  std::vector<std::string> Words(const std::string& name, std::vector<std::string> words) {
    std::vector<std::string> all{"--vault", VaultOf(name), "--passphrase-file", folder_ / "pass"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  Ran Run(const std::string& name, std::vector<std::string> words, const std::string& input = "") {
    return RunKapea(Words(name, std::move(words)), input);
  }
  json RunJson(const std::string& name, std::vector<std::string> words) {
    words.insert(words.begin(), "--json");
    const Ran ran = Run(name, std::move(words));
    EXPECT_EQ(ran.exit_code, 0) << ran.err;
    return json::parse(ran.out, nullptr, false);
  }
  std::vector<json> Batch(const std::string& name, const std::string& lines, int exit_code = 0) {
    const Ran ran = Run(name, {"--json", "--batch", "-"}, lines);
    EXPECT_EQ(ran.exit_code, exit_code) << ran.err;
    std::vector<json> results;
    std::istringstream out(ran.out);
    for (std::string line; std::getline(out, line);) {
      results.push_back(json::parse(line, nullptr, false));
    }
    return results;
  }

  SystemClock clock_;
  TempFolder folder_;
  FakeServer server_;
  std::map<std::string, std::unique_ptr<FakeDevice>> devices_;
};

TEST(SplitWordsTest, SplitsAsAShellDoes) {
  EXPECT_THAT(*cli::SplitWords("a  'b c' \"d \\\" e\" f\\ g # rest"),
              ::testing::ElementsAre("a", "b c", "d \" e", "f g"));
  EXPECT_THAT(*cli::SplitWords("--set note='it is #1'"),
              ::testing::ElementsAre("--set", "note=it is #1"));
  EXPECT_TRUE(cli::SplitWords("   # nothing")->empty());
  EXPECT_FALSE(cli::SplitWords("'open").ok());
}

TEST_F(ProgramTest, HelpAndMistakesOfTheLineHaveTheirExitCodes) {
  EXPECT_EQ(RunKapea({}).exit_code, 2);
  const Ran help = RunKapea({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("operation"));
  EXPECT_THAT(RunKapea({"operation", "tick", "--help"}).out, HasSubstr("--for"));
  EXPECT_EQ(RunKapea({"dance"}).exit_code, 2);
  EXPECT_EQ(RunKapea({"operation"}).exit_code, 2);
  EXPECT_EQ(RunKapea({"operation", "tick"}).exit_code, 2);
  const Ran codes = RunKapea({"help", "exit-codes"});
  EXPECT_EQ(codes.exit_code, 0);
  EXPECT_THAT(codes.out, HasSubstr("  4  refused by the rules"));
  EXPECT_EQ(RunKapea({"help", "cooking"}).exit_code, 2);
}

TEST_F(ProgramTest, WithoutAVaultOrItsPassphraseNothingOpens) {
  const Ran none = RunKapea({"--vault", folder_ / "nothing", "whoami"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.err, HasSubstr("enrol"));
  // What is said of a name that is no UTF-8 must not end the program (it did: JSON threw).
  const Ran odd = RunKapea({"--json", "--vault", "/\xFF", "whoami"});
  EXPECT_EQ(odd.exit_code, 3);
  EXPECT_TRUE(json::accept(odd.out)) << odd.out;
  const Ran no_terminal = RunKapea({"--vault", VaultOf("lead"), "whoami"});
  EXPECT_EQ(no_terminal.exit_code, 5);
  const Ran wrong =
      RunKapea({"--vault", VaultOf("lead"), "--passphrase-file", folder_ / "wrong", "whoami"});
  EXPECT_EQ(wrong.exit_code, 5);
  EXPECT_THAT(wrong.err, HasSubstr("wrong passphrase"));
  EXPECT_THAT(wrong.err, HasSubstr("safe: nothing was changed"));
}

TEST_F(ProgramTest, ARaidFromTheChecklistWithoutAServer) {
  const auto results = Batch("lead",
                             "operation new --variant venue --member POL:officer:JPO,VLO\n"
                             "# a comment, and an empty line\n"
                             "\n"
                             "operation tick ENT-01,SAF-01 --op $file\n"
                             "person new --op $code --count 2 --set sex=F --set age_band=A_18_24\n"
                             "operation tick IDN-10 --for 1,2\n"
                             "operation not-done PLN-07 --reason no_time --because 'no phone'\n"
                             "operation muster --set expected=2\n"
                             "person edit 1 --set off_at=now\n"
                             "operation show --next\n"
                             "inbox\n");
  ASSERT_EQ(results.size(), 9u);
  EXPECT_THAT(results[0]["code"].get<std::string>(), StartsWith("OP-"));
  EXPECT_EQ(results[1]["answers"].size(), 2u);
  EXPECT_EQ(results[2]["persons"][1]["number"], 2);
  EXPECT_THAT(results[2]["persons"][1]["code"].get<std::string>(), StartsWith("P-"));
  EXPECT_EQ(results[3]["answers"][1]["number"], 2);
  EXPECT_TRUE(results[5]["balances"].get<bool>());
  for (const json& item : results[7]["items"]) {
    EXPECT_TRUE(item["mine"].get<bool>());
    EXPECT_NE(item["code"], "ENT-01");
  }
  const json who = RunJson("lead", {"whoami"});
  EXPECT_GT(who["waiting"].get<int>(), 8);
  EXPECT_EQ(who["roles"][0]["role"], "unit_lead");
  // A person's eye: short lines, and marks.
  const Ran shown = Run("lead", {"operation", "show", "--section", "ENT"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("[x]"));
  std::istringstream lines(shown.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 90u) << line;
  const Ran khmer = Run("lead", {"--lang", "km", "operation", "show", "--section", "ENT"});
  EXPECT_THAT(khmer.out, HasSubstr("\xE1\x9E"));
}

TEST_F(ProgramTest, WhatTheRulesRefuseSaysWhyAndThatNothingIsLost) {
  Batch("lead", "operation new\n");
  const Ran refused = Run("lead", {"operation", "tick", "SAF-02"});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, HasSubstr("duty"));
  EXPECT_THAT(refused.err, HasSubstr("safe: nothing was changed"));
  EXPECT_TRUE(refused.out.empty());
  const Ran as_json = Run("lead", {"--json", "operation", "tick", "SAF-02"});
  EXPECT_EQ(json::parse(as_json.out)["error"]["exit_code"], 4);
  EXPECT_EQ(Run("lead", {"operation", "tick", "XYZ-01"}).exit_code, 3);
  EXPECT_EQ(Run("lead", {"operation", "tick", "SAF-04"}).exit_code, 2);  // for whom?
  EXPECT_EQ(Run("lead", {"operation", "show", "OP-ZZZZZZ"}).exit_code, 3);
  EXPECT_EQ(Run("lead", {"person", "new", "--set", "sex=cat"}).exit_code, 2);
}

TEST_F(ProgramTest, ABatchStopsAtTheFirstErrorUnlessToldToGoOn) {
  const std::string lines = "operation new\noperation tick NOPE\noperation tick ENT-01\n";
  EXPECT_EQ(Batch("lead", lines, 3).size(), 2u);  // the result, and the error
  const Ran going = Run("officer", {"--json", "--batch", "-", "--keep-going"}, lines);
  EXPECT_EQ(going.exit_code, 3);
  EXPECT_THAT(going.out, HasSubstr("\"answers\""));
  EXPECT_THAT(going.err, HasSubstr("that was line 2"));
  EXPECT_EQ(Run("lead", {"--batch", "-"}, "unlock\n").exit_code, 2);
}

TEST_F(ProgramTest, NothingAcknowledgedIsLostWhenItIsKilledInABatch) {
  std::vector<std::string> ticked;
  {
    RunningKapea running(Words("lead", {"--json", "--batch", "-"}));
    running.Write("operation new\n");
    ASSERT_THAT(running.ReadLine(), HasSubstr("\"checklist\""));
    for (const char* item : {"PLN-01", "PLN-03", "PLN-07", "ENT-01"}) {
      running.Write(std::string("operation tick ") + item + "\n");
      ASSERT_THAT(running.ReadLine(), HasSubstr("\"done\""));
      ticked.push_back(item);
    }
    // More on the way when the end comes.
    running.Write("operation tick ENT-04\noperation tick SAF-01\nperson new --count 20\n");
    running.Kill();
  }
  const json shown = RunJson("lead", {"operation", "show"});
  for (const std::string& item : ticked) {
    bool done = false;
    for (const json& line : shown["items"]) {
      done = done || (line["code"] == item && line["answer"] == "done");
    }
    EXPECT_TRUE(done) << item;
  }
  // And the work goes on.
  EXPECT_EQ(Run("lead", {"person", "new", "--count", "1"}).exit_code, 0);
}

TEST_F(ProgramTest, TheAgentKeepsTheVaultOpenForThisUserAlone) {
  const std::string vault = VaultOf("lead");
  const Ran unlocked = Run("lead", {"unlock", "--idle", "5m"});
  ASSERT_EQ(unlocked.exit_code, 0) << unlocked.err;
  struct stat socket {};
  ASSERT_EQ(::stat((vault + "/agent.sock").c_str(), &socket), 0);
  EXPECT_EQ(socket.st_mode & 0777, 0600u);
  // No passphrase from here on.
  const Ran who = RunKapea({"--vault", vault, "--json", "whoami"});
  EXPECT_EQ(who.exit_code, 0) << who.err;
  EXPECT_EQ(json::parse(who.out)["in_directory"], true);
  const Ran batch =
      RunKapea({"--vault", vault, "--batch", "-"}, "operation new\noperation tick ENT-01\n");
  EXPECT_EQ(batch.exit_code, 0) << batch.err;
  EXPECT_EQ(RunKapea({"--vault", vault, "operation", "tick", "SAF-02"}).exit_code, 4);
  {
    // A request of another form does not end it (it did: JSON threw).
    const cli::Socket odd = cli::ConnectTo(vault, "agent.sock");
    ASSERT_TRUE(cli::Send(odd, R"({"lock":1,"directory":2,"words":3})").ok());
    EXPECT_TRUE(cli::Receive(odd, 10).ok());
  }
  // A path is the caller's, not the agent's.
  std::ofstream(folder_ / "plan.txt") << "who may be harmed";
  EXPECT_EQ(RunKapea({"--vault", vault, "operation", "tick", "PLN-04", "--evidence",
                      folder_ / "plan.txt"})
                .exit_code,
            0);
  EXPECT_THAT(Run("lead", {"unlock"}).out, HasSubstr("already"));
  EXPECT_THAT(RunKapea({"--vault", vault, "lock"}).out, HasSubstr("locked"));
  EXPECT_EQ(RunKapea({"--vault", vault, "whoami"}).exit_code, 5);
  EXPECT_EQ(Run("lead", {"operation", "list"}).exit_code, 0);
}

TEST_F(ProgramTest, TheAgentLocksItselfAndAWrongPassphraseStartsNone) {
  const std::string vault = VaultOf("lead");
  EXPECT_EQ(
      RunKapea({"--vault", vault, "--passphrase-file", folder_ / "wrong", "unlock"}).exit_code, 5);
  EXPECT_EQ(RunKapea({"--vault", vault, "whoami"}).exit_code, 5);
  // A wrong passphrase delays the next try.
  std::this_thread::sleep_for(std::chrono::seconds(2));
  ASSERT_EQ(Run("lead", {"unlock", "--idle", "1s"}).exit_code, 0);
  for (int i = 0; i < 100 && std::filesystem::exists(vault + "/agent.sock"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_FALSE(std::filesystem::exists(vault + "/agent.sock"));
  // The lock of the store is free soon after.
  Ran after;
  for (int i = 0; i < 50 && after.exit_code != 0; ++i) {
    after = Run("lead", {"whoami"});
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(after.exit_code, 0) << after.err;
}

TEST_F(ProgramTest, NamesStandInNoListAndAreShownOnRequestAlone) {
  const auto results = Batch(
      "intake", std::string("intake new --walk-in --set arrival_at=now --set given_name_latin=") +
                    kCanary + "\n");
  ASSERT_EQ(results.size(), 1u);
  const std::string code = results[0]["code"];
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"person", "list"},
                                             {"person", "show", code},
                                             {"intake", "show", code, "--all"},
                                             {"intake", "complete", code, "--check"},
                                             {"file", "list"},
                                             {"inbox"},
                                             {"report", "compliance"},
                                             {"conflict", "list"},
                                             {"handover", "show"},
                                             {"ledger", "verify"}}) {
    for (const bool as_json : {false, true}) {
      auto all = words;
      if (as_json) all.insert(all.begin(), "--json");
      const Ran ran = Run("intake", all);
      EXPECT_EQ(ran.exit_code, 0) << words[0] << ": " << ran.err;
      EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(kCanary))) << words[0];
    }
  }
  const Ran opened = Run("intake", {"person", "show", code, "--identity"});
  EXPECT_THAT(opened.out, HasSubstr(kCanary));
  EXPECT_THAT(opened.out, HasSubstr("written down"));
  // Nor in any file of the vault.
  for (const auto& file : std::filesystem::recursive_directory_iterator(VaultOf("intake"))) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    EXPECT_EQ(bytes.find(kCanary), std::string::npos) << file.path();
  }
}

TEST_F(ProgramTest, FindsAPersonByHerName) {
  const auto results = Batch("intake",
                             "intake new --walk-in --set arrival_at=now --set "
                             "family_name_latin=Sok --set given_name_latin=Sreymom\n"
                             "search 'srei mom' sokh\n"
                             "search nobody\n");
  ASSERT_EQ(results.size(), 3u);
  ASSERT_EQ(results[1]["hits"].size(), 1u);
  const json& hit = results[1]["hits"][0];
  EXPECT_EQ(hit["code"], results[0]["code"]);
  EXPECT_EQ(hit["file"], results[0]["file"]);
  EXPECT_EQ(hit["record"], results[0]["record"]);
  EXPECT_EQ(hit["kind"], "person");
  EXPECT_EQ(hit["match"], "sound");
  EXPECT_EQ(hit["fields"], json({"family_name_latin", "given_name_latin"}));
  EXPECT_EQ(hit["shown"][1], json({{"field", "given_name_latin"}, {"text", "Sreymom"}}));
  EXPECT_TRUE(results[2]["hits"].empty());
  EXPECT_EQ(results[2]["files_without_key"], 0);

  const Ran found = Run("intake", {"search", "sreymom"});
  EXPECT_THAT(found.out, HasSubstr(" Sok Sreymom "));
  EXPECT_THAT(found.out, HasSubstr(" the same\n"));
  EXPECT_THAT(found.out, HasSubstr(" person KH-VICTIM-INTAKE "));
  EXPECT_THAT(found.out, HasSubstr(": given_name_latin\n"));
  EXPECT_THAT(found.out, HasSubstr("written down"));
  const Ran nobody = Run("intake", {"search", "nobody"});
  EXPECT_EQ(nobody.exit_code, 0);
  EXPECT_THAT(nobody.out, HasSubstr("no name on this device is like that"));
  EXPECT_EQ(Run("intake", {"search", "s"}).exit_code, 2);
  EXPECT_EQ(Run("intake", {"search", "sok", "--limit", "0"}).exit_code, 2);
  EXPECT_EQ(Run("intake", {"search"}).exit_code, 2);
}

TEST_F(ProgramTest, IntakeAndReportFromTheCommandLine) {
  const auto results = Batch("intake",
                             "intake new --walk-in --set arrival_at=-26h --set sex=F\n"
                             "intake fill $file --set birth_date=2011-02 --set threat_level=high\n"
                             "intake fill $file --form KH-CONSENT --set purpose=services "
                             "--set answer=yes --set explained=yes "
                             "--set giver_role=social_affairs --set child_assent=yes\n"
                             "intake show $file\n"
                             "report compliance --file $file\n");
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[3]["children"].size(), 1u);
  const json& clauses = results[4]["files"][0]["clauses"];
  EXPECT_GT(clauses.size(), 30u);
  EXPECT_GT(results[4]["tally"]["overdue"].get<int>(), 0);
  for (const json& clause : clauses) {
    EXPECT_THAT(clause["source_status"].get<std::string>(),
                AnyOf("documented", "unverified", "proposed"));
  }
  const std::string code = RunJson("intake", {"person", "list"})["persons"][0]["code"];
  const Ran incomplete = Run("intake", {"intake", "complete", code});
  EXPECT_EQ(incomplete.exit_code, 4);
  EXPECT_THAT(incomplete.err, HasSubstr("rights_explained_at"));
  const Ran text = Run("intake", {"report", "compliance", "--file", code});
  EXPECT_THAT(text.out, HasSubstr("[!]"));
  EXPECT_THAT(text.out, HasSubstr("nothing here claims to be law"));
}

TEST_F(ProgramTest, ImportsATableOrNamesItsMistakes) {
  const std::string file = RunJson("manager", {"programme", "new"})["code"];
  const std::string table = folder_ / "movements.csv";
  const auto import = [&](std::vector<std::string> more, const std::string& rows) {
    std::ofstream(table) << "month_from,province,place,women\n" << rows;
    std::vector<std::string> words{"--json", "programme", "import",      file,
                                   table,    "--form",    "KH-MIGRATION"};
    words.insert(words.end(), more.begin(), more.end());
    return Run("manager", words);
  };
  const Ran wrong = import({}, "2026-10-01 00:00,12,1202,many\n2026-10-01 00:00,77,1202,4\n");
  EXPECT_EQ(wrong.exit_code, 2);
  const json error = json::parse(wrong.out)["error"];
  ASSERT_EQ(error["mistakes"].size(), 2u) << error;
  EXPECT_EQ(error["mistakes"][0]["line"], 2);
  EXPECT_EQ(error["mistakes"][0]["field"], "women");
  EXPECT_EQ(error["mistakes"][1]["line"], 3);
  EXPECT_EQ(error["mistakes"][1]["field"], "province");
  EXPECT_EQ(RunJson("manager", {"programme", "list", file})["records"].size(), 1u);
  const std::string good = "2026-10-01 00:00,12,1202,4\n2026-10-01 00:00,12,1203,5\n";
  EXPECT_EQ(json::parse(import({"--check"}, good).out)["written"], 0);
  EXPECT_EQ(json::parse(import({}, good).out)["written"], 2);
  EXPECT_EQ(json::parse(import({}, good).out)["known"], 2);
  EXPECT_EQ(RunJson("manager", {"programme", "list", file})["records"].size(), 3u);
  const Ran none = Run("manager", {"programme", "import", file, folder_ / "none.csv"});
  EXPECT_EQ(none.exit_code, 3) << none.err;
}

TEST_F(ProgramTest, ExportsWhoAgreedAndReplacesNothing) {
  Batch("intake",
        "intake new --walk-in --set arrival_at=now --set sex=F --set age_estimate_band=A_18_24 "
        "--set family_name_latin=Invented --set trafficking_status=possible\n"
        "intake fill $file --form KH-CONSENT --set purpose=statistics --set answer=yes "
        "--set explained=yes\n"
        "intake new --walk-in --set arrival_at=now --set sex=M\n");
  const std::string table = folder_ / "out.csv";
  const std::vector<std::string> words{"export", "htcds", "--out", table};
  const json done = RunJson("intake", words);
  EXPECT_EQ(done["rows"], 1);
  EXPECT_EQ(done["left_out"]["no_consent"], 1);
  EXPECT_EQ(done["purpose"], "statistics");
  EXPECT_TRUE(done["recipient"].is_null());
  const auto csv = ReadFile(table, 1 << 20);
  ASSERT_TRUE(csv.ok()) << csv.status();
  EXPECT_THAT(*csv, StartsWith("org_Name,org_ShippingCity,"));
  EXPECT_THAT(*csv, HasSubstr(",Feminine,"));
  EXPECT_THAT(*csv, Not(HasSubstr("Invented")));
  const Ran again = Run("intake", words);
  EXPECT_EQ(again.exit_code, 4) << again.err;
  EXPECT_THAT(again.err, HasSubstr("left as it is"));
  EXPECT_EQ(*ReadFile(table, 1 << 20), *csv);
  EXPECT_EQ(Run("intake", {"export", "htcds", "--out", table, "--force"}).exit_code, 0);

  const std::string book = folder_ / "out.xlsx";
  EXPECT_EQ(Run("intake", {"export", "htcds", "--out", book}).exit_code, 0);
  EXPECT_THAT(*ReadFile(book, 1 << 20), StartsWith("PK"));

  const std::string few = folder_ / "few.csv";
  const Ran alone = Run("intake", {"export", "deidentified", "--out", few});
  EXPECT_EQ(alone.exit_code, 4);
  EXPECT_THAT(alone.err, HasSubstr("nothing was written"));
  EXPECT_EQ(Run("intake", {"export", "deidentified", "--out", few, "--k", "5"}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(few));
  EXPECT_EQ(Run("intake", {"export", "htcds", "--out", few, "--identities"}).exit_code, 2);
  EXPECT_EQ(Run("intake", {"export", "htcds", "--out", few, "--recipient", "POL"}).exit_code, 2);
  EXPECT_FALSE(std::filesystem::exists(few));
}

TEST_F(ProgramTest, ImportsATableOnceAndNamesMistakesByRowAndColumn) {
  const std::string table = folder_ / "partner.csv";
  const auto write = [&](const std::string& bytes) { std::ofstream(table) << bytes; };
  write("con_Consent,prs_Gender\nTRUE,Feminine\nTRUE,Zebulon\n");
  const Ran wrong = Run("intake", {"import", "htcds", table});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_THAT(wrong.err, HasSubstr("row 3, prs_Gender"));
  EXPECT_THAT(wrong.err, Not(HasSubstr("Zebulon")));
  write("con_Consent,prs_Gender,prs_Second_Name,prs_Email\nTRUE,Feminine,Invented,a@b\n");
  const json checked = RunJson("intake", {"import", "htcds", table, "--dry-run"});
  EXPECT_EQ(checked["rows"], 1);
  EXPECT_EQ(checked["imported"], 0);
  const json done = RunJson("intake", {"import", "htcds", table});
  EXPECT_EQ(done["imported"], 1);
  EXPECT_EQ(done["files"].size(), 1u);
  EXPECT_EQ(done["tolerated"][0]["column"], "prs_SecondName");
  EXPECT_EQ(done["no_place"], json::array({"prs_Email"}));
  const Ran again = Run("intake", {"import", "htcds", table});
  EXPECT_EQ(again.exit_code, 0);
  EXPECT_THAT(again.out, HasSubstr("0 rows imported, 1 skipped"));
  EXPECT_EQ(Run("intake", {"import", "htcds", folder_ / "book.xlsx"}).exit_code, 2);
}

TEST_F(ProgramTest, SaysWhereAWordBlamesAndKeepsItSealed) {
  const auto results = Batch("intake",
                             "intake new --walk-in --set arrival_at=now\n"
                             "intake fill $file --form KH-DANGER --set source=family "
                             "--set 'detail=says she is a liar'\n"
                             "intake fill $file --set sex=F\n"
                             "report compliance --file $file\n");
  ASSERT_EQ(results.size(), 4u);
  EXPECT_EQ(results[1]["wording"], json::array({"detail"}));
  EXPECT_FALSE(results[2].contains("wording"));
  bool judged = false;
  for (const json& clause : results[3]["files"][0]["clauses"]) {
    EXPECT_THAT(clause.dump(), Not(HasSubstr("liar")));
    if (clause["code"] != "R02.3") continue;
    judged = true;
    EXPECT_EQ(clause["status"], "pending");
  }
  EXPECT_TRUE(judged);
}

TEST_F(ProgramTest, TellsWhatAFormAsksAndWhatACodeMeans) {
  const Ran form = Run("intake", {"form", "KH-SERVICE"});
  EXPECT_EQ(form.exit_code, 0) << form.err;
  EXPECT_THAT(form.out, HasSubstr(" * service "));
  EXPECT_THAT(form.out, HasSubstr("(code of CL_SERVICE_KIND; required)"));
  EXPECT_NE(Run("intake", {"form", "KH-NONE"}).exit_code, 0);
  const json fields = RunJson("intake", {"form", "KH-CONSENT"});
  EXPECT_EQ(fields["fields"][0]["field"], "purpose");
  EXPECT_EQ(fields["fields"][0]["code_list"], "CL_CONSENT_PURPOSE");

  const json places = RunJson("intake", {"codes", "cl_place", "--find", "serei saophoan, banteay"});
  ASSERT_FALSE(places["codes"].empty());
  for (const json& place : places["codes"]) EXPECT_THAT(place["code"], StartsWith("0106"));
  EXPECT_EQ(Run("intake", {"codes", "CL_PLACE", "--find", "atlantis"}).out, "0 codes\n");
  EXPECT_THAT(Run("intake", {"codes"}).out, HasSubstr("CL_SERVICE "));
  EXPECT_NE(Run("intake", {"codes", "CL_NONE"}).exit_code, 0);
}

TEST_F(ProgramTest, WithoutAServerSyncSaysThatEverythingIsSafe) {
  Batch("lead", "operation new\n");
  const Ran sync = Run("lead", {"sync"});
  EXPECT_THAT(sync.exit_code, AnyOf(6, 4)) << sync.err;
  const Ran listed = Run("lead", {"operation", "list"});
  EXPECT_THAT(listed.out, HasSubstr("waits to be sent"));
}

TEST_F(ProgramTest, QuestionsAndIndicatorsAreAnsweredFromTheFilesHere) {
  const auto results =
      Batch("intake",
            "intake new --walk-in --set arrival_at=now --set first_contact_at=-4h --set sex=F "
            "--set trafficking_status=possible\n"
            "intake new --walk-in --set arrival_at=now --set first_contact_at=-14h --set sex=M "
            "--set trafficking_status=actual\n"
            "query Q05 --by sex\n"
            "indicator I-V03 --by sex,age --where sex=F\n"
            "query Q13\n"
            "indicator I-J10\n"
            "indicator I-C13\n"
            "query\n"
            "indicator\n");
  ASSERT_EQ(results.size(), 9u);
  const json& median = results[2]["questions"][0];
  EXPECT_EQ(median["total"]["values"], 2);
  EXPECT_EQ(median["total"]["over"], 1);
  EXPECT_EQ(median["total"]["median"], 9 * 3'600'000);
  EXPECT_TRUE(median["span"]);
  EXPECT_EQ(median["by"]["sex"].size(), 2u);
  EXPECT_EQ(results[2]["pack"]["id"], "kh-national");
  const json& women = results[3]["indicators"][0];
  EXPECT_EQ(women["total"]["count"], 1);
  EXPECT_EQ(women["cells"][0]["codes"][0], "F");
  EXPECT_EQ(results[4]["questions"][0]["rows"].size(), 0u);
  EXPECT_EQ(results[5]["indicators"].size(), 3u) << "I-J10a to I-J10c";
  EXPECT_EQ(results[5]["indicators"][2]["targets"][0]["number"], 150);
  EXPECT_TRUE(results[6]["indicators"][0]["total"].is_null());
  EXPECT_EQ(results[6]["indicators"][0]["external"][0]["number"], 78'740);
  EXPECT_GE(results[7]["questions"].size(), 24u);
  EXPECT_GE(results[8]["indicators"].size(), 56u);
  const Ran words = Run("intake", {"query", "Q05", "--by", "sex"});
  EXPECT_EQ(words.exit_code, 0) << words.err;
  EXPECT_THAT(words.out, HasSubstr("2 measured, median 9h"));
  EXPECT_THAT(words.out, HasSubstr("Female"));
}

TEST_F(ProgramTest, AQuestionThatIsNoneIsRefusedInWords) {
  const auto refused = [this](std::vector<std::string> words, const char* because) {
    const Ran ran = Run("intake", std::move(words));
    EXPECT_NE(ran.exit_code, 0) << ran.out;
    EXPECT_THAT(ran.err, HasSubstr(because));
  };
  refused({"query", "Q99"}, "no question Q99");
  refused({"query", "I-V01"}, "no question I-V01");
  refused({"indicator", "I-V03", "--by", "colour"}, "got 'colour'");
  refused({"indicator", "I-V03", "--where", "sex"}, "want --where DIMENSION=CODE");
  refused({"indicator", "I-V03", "--from", "2026-05", "--to", "2026-04"}, "begins before it ends");
  refused({"indicator", "I-V03", "--period", "soon"}, "want a period such as");
  refused({"indicator", "I-V03", "--period", "2026", "--from", "2026"}, "not both");
  refused({"query", "Q13", "--period", "2026"}, "how things stand");
  refused({"query", "Q05", "--unit", "NOBODY"}, "unit");
}

}  // namespace
}  // namespace kapea::testing
