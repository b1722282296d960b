#include "tools/measure/search_cases.h"

#include <random>

#include "client/field/search.h"
#include "common/base/macros.h"
#include "common/crypto/hash.h"
#include "tools/measure/sync_pair.h"

namespace kapea::bench {
namespace {

constexpr size_t kPersons = 10'000;
constexpr size_t kQueries = 200;
constexpr size_t kLoads = 5;
constexpr char kForm[] = "KH-VICTIM-INTAKE";

// Names are drawn from syllables: nobody's.
struct Syllable {
  const char* khmer;
  const char* latin;
};
constexpr Syllable kFamilies[] = {{"សុខ", "Sok"},  {"ចាន់", "Chan"}, {"គឹម", "Kim"},
                                  {"កែវ", "Keo"}, {"សេង", "Seng"}, {"ហេង", "Heng"},
                                  {"លី", "Ly"},    {"ឡុង", "Long"},  {"ម៉ៅ", "Mao"}};
constexpr Syllable kFirst[] = {{"ស្រី", "Srey"}, {"សុ", "So"},   {"ដា", "Da"}, {"រិទ្", "Rit"},
                               {"ណា", "Na"},   {"ពិ", "Pi"},   {"សំ", "Sam"}, {"វិ", "Vi"},
                               {"ធា", "Thea"}, {"ភា", "Phea"}};
constexpr Syllable kLast[] = {{"ភា", "phea"},  {"រ៉ា", "ra"},  {"ធី", "thy"},   {"ណា", "na"},
                              {"វណ្ណ", "vann"}, {"មុំ", "mom"},  {"សាក់", "sak"}, {"លាភ", "leap"},
                              {"ដា", "da"},    {"យុត", "yuth"}};

struct Name {
  std::string family_km, given_km, family, given;
};

class Names {
 public:
  Name Next() {
    const Syllable& family = kFamilies[random_() % std::size(kFamilies)];
    const Syllable& first = kFirst[random_() % std::size(kFirst)];
    const Syllable& middle = kLast[random_() % std::size(kLast)];
    const Syllable& last = kLast[random_() % std::size(kLast)];
    return {family.khmer, std::string(first.khmer) + middle.khmer + last.khmer, family.latin,
            std::string(first.latin) + middle.latin + last.latin};
  }

 private:
  std::mt19937 random_{20261127};
};

// As somebody types it who heard it: in turn as it is, in the other order, in Khmer without
// spaces, misspelt, and only its beginning.
std::string QueryFor(const Name& name, size_t turn) {
  switch (turn % 5) {
    case 0:
      return name.family + " " + name.given;
    case 1:
      return name.given + " " + name.family;
    case 2:
      return name.family_km + name.given_km;
    case 3:
      return name.family + "h " + name.given.substr(0, 2) + name.given.substr(3);
    default:
      return name.given.substr(0, 4);
  }
}

class SearchCases {
 public:
  SearchCases(const std::set<std::string>& wanted, std::vector<Result>& results)
      : wanted_(wanted), results_(results) {}

  absl::Status Run(const BenchDeployment& deployment, size_t first_device,
                   const std::string& folder) {
    KAPEA_ASSIGN(pair_, SyncPair::Make(deployment, deployment.devices()[first_device],
                                       deployment.devices()[first_device + 1], folder));
    Say("writing the names of 10,000 persons, each in a file of her own");
    const domain::Member writer = MemberOf(deployment, first_device);
    const domain::Member reader = MemberOf(deployment, first_device + 1);
    for (size_t i = 0; i < kPersons; ++i) KAPEA_TRY(WritePerson({writer, reader}));
    KAPEA_TRY(pair_->writer().Sync());
    KAPEA_TRY(pair_->reader().Sync());
    KAPEA_TRY(pair_->reader().Sync());  // the files that the first pull made known
    KAPEA_TRY(Reopen());
    KAPEA_TRY(Build());
    KAPEA_TRY(LoadAgain());
    return Ask();
  }

 private:
  void Keep(const char* name, const char* unit, std::vector<double> runs) {
    if (wanted_.contains(name)) results_.push_back({name, unit, std::move(runs)});
  }
  static domain::Member MemberOf(const BenchDeployment& deployment, size_t device) {
    return {deployment.devices()[device].person,
            deployment.shelter(),
            domain::Role::kIntakeOfficer,
            {}};
  }

  absl::Status WritePerson(const std::vector<domain::Member>& members) {
    vault::Vault& vault = *pair_->writer().vault;
    vault::FoundRequest request;
    request.kind = domain::FileKind::kPerson;
    request.members = members;
    KAPEA_ASSIGN(const vault::Founded founded, vault.Found(request));
    KAPEA_ASSIGN(codec::ChangeWriter writer,
                 vault.Begin({.file = founded.file, .kind = domain::Kind::kEdit}));
    const Name name = names_.Next();
    const auto record = crypto::RandomId<RecordId>();
    const std::pair<const char*, const std::string*> fields[] = {
        {"family_name_km", &name.family_km},
        {"given_name_km", &name.given_km},
        {"family_name_latin", &name.family},
        {"given_name_latin", &name.given}};
    for (const auto& [field, text] : fields) {
      domain::FieldWrite write;
      write.record = record;
      write.field = field;
      if (writer.writes() == 0) write.form = domain::FormPin{kForm, 1};
      KAPEA_TRY(vault.AddSealed(writer, std::move(write), domain::Text{*text},
                                domain::KeyClass::kIdentity));
    }
    people_.push_back(name);
    return vault.Commit(std::move(writer)).status();
  }

  // With nothing in memory but what opening a vault loads.
  absl::Status Reopen() {
    index_.reset();
    Client& reader = pair_->reader();
    const std::string directory = reader.directory;
    reader.Close();
    KAPEA_ASSIGN(reader.vault, vault::Vault::Open(directory, reader.passphrase, clock_));
    index_ = std::make_unique<field::SearchIndex>(*reader.vault);
    return absl::OkStatus();
  }

  // Every file folded and its names opened, for the first time on this device.
  absl::Status Build() {
    Say("indexing them for the first time");
    const double began = NowMicros();
    KAPEA_TRY(index_->Refresh());
    Keep("search_build_10k", "s", {(NowMicros() - began) / 1e6});
    return absl::OkStatus();
  }

  absl::Status LoadAgain() {
    std::vector<double> runs;
    for (size_t i = 0; i < kLoads; ++i) {
      KAPEA_TRY(Reopen());
      const double began = NowMicros();
      KAPEA_TRY(AskFor(i));
      runs.push_back((NowMicros() - began) / 1e3);
    }
    Keep("search_first_10k", "ms", std::move(runs));
    return absl::OkStatus();
  }

  absl::Status Ask() {
    std::vector<double> runs;
    for (size_t i = 0; i < kQueries; ++i) {
      const double began = NowMicros();
      KAPEA_TRY(AskFor(i));
      runs.push_back((NowMicros() - began) / 1e3);
    }
    Keep("search_10k", "ms", std::move(runs));
    return absl::OkStatus();
  }

  absl::Status AskFor(size_t turn) {
    field::SearchRequest request;
    request.words = QueryFor(people_[turn * 37 % people_.size()], turn);
    KAPEA_ASSIGN(const field::SearchAnswer answer, index_->Search(request));
    if (answer.hits.empty()) return absl::DataLossError("a name that is there was not found");
    return absl::OkStatus();
  }

  const std::set<std::string>& wanted_;
  std::vector<Result>& results_;
  const SystemClock clock_;
  Names names_;
  std::vector<Name> people_;
  std::unique_ptr<SyncPair> pair_;
  std::unique_ptr<field::SearchIndex> index_;  // of the reader's vault
};

}  // namespace

absl::Status RunSearchCases(const BenchDeployment& deployment, size_t first_device,
                            const std::string& folder, const std::set<std::string>& wanted,
                            std::vector<Result>& results) {
  return SearchCases(wanted, results).Run(deployment, first_device, folder + "/search");
}

}  // namespace kapea::bench
