// Writes what the fuzz targets begin from: DIR/<target>/<number>, valid inputs of every
// kind, made by the writers of this program. Run from the root of the sources.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "client/vault/core.h"
#include "client/vault/head.h"
#include "client/vault/replica.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/attachment_codec.h"
#include "common/codec/ca_messages.h"
#include "common/codec/file_view.h"
#include "common/codec/kept_figures.h"
#include "common/codec/measure_codec.h"
#include "common/codec/pack_compiler.h"
#include "common/codec/store_rows.h"
#include "common/codec/wire.h"
#include "common/crypto/hash.h"
#include "common/crypto/key_box.h"
#include "common/crypto/plaintext.h"
#include "common/kv/open.h"
#include "common/ledger/proof_text.h"
#include "common/ledger/strict_text.h"
#include "common/ledger/tiles.h"
#include "common/pki/authority.h"
#include "common/pki/certificate.h"
#include "common/pki/enrolment_code.h"
#include "kapea/v1/duplicates.pb.h"
#include "kapea/v1/enrol.pb.h"
#include "kapea/v1/view.pb.h"
#include "tests/common/codec/sample_changes.h"
#include "tests/common/homes/frozen_note.h"

namespace kapea::codec {
namespace {

const Time kNow = Time::FromUnixMs(1'795'000'000'000);

class Seeds {
 public:
  explicit Seeds(std::string folder) : folder_(std::move(folder)) {}
  void Add(const std::string& target, std::string_view bytes) {
    const std::filesystem::path path = folder_ / target;
    std::filesystem::create_directories(path);
    std::ofstream(path / std::to_string(++count_), std::ios::binary) << bytes;
  }
  void AddAll(const std::string& target, std::initializer_list<std::string_view> all) {
    for (const std::string_view bytes : all) Add(target, bytes);
  }

 private:
  const std::filesystem::path folder_;
  int count_ = 0;
};

standards::Contribution SampleLine() {
  standards::Contribution line;
  line.measure = "Q1";
  line.part = "late";
  line.record = Fill<RecordId>('r');
  line.person = Fill<FileId>('f');
  line.at = domain::EventTime{{kNow, kNow}, {kNow, kNow}};
  line.value = -3;
  line.who = Fill<PersonId>('p');
  line.by = {{"F"}, {}, {"A_15_17", "CHILD"}};
  return line;
}
standards::MeasureResult SampleAnswer() {
  standards::MeasureResult result;
  result.total = {5, 6, -7, 4, 1, 2, 3};
  result.by = {"sex"};
  result.margins = {{"sex", {{"F", result.total, result.total}}}};
  result.cells = {{{"F"}, result.total}};
  result.border = 1;
  return result;
}

Parcel SampleParcel() {
  const auto parcel = SignParcel({SampleChange(8), SampleChange(9), SampleChange(10)},
                                 Fill<Hash>('z'), SampleClock(), SampleKey());
  KAPEA_CHECK(parcel.ok());
  return *parcel;
}

std::string SampleEntry() {
  const EncodedChange change = SampleChange(8);
  domain::Entry entry;
  entry.sequence = 4;
  entry.received = kNow;
  entry.device = change.change->header.device;
  entry.change = change.change->id;
  entry.change_hash = change.change->hash;
  entry.kind = domain::Kind::kEdit;
  entry.verdict = domain::Verdict::kAccepted;
  entry.file = change.change->header.file;
  entry.number = 1;
  return EncodeEntry(entry);
}

void AddChanges(Seeds& seeds) {
  for (const SampleBody& sample : SampleBodies()) {
    seeds.Add("change_fuzz", ChangeWith({sample.body}).bytes);
  }
  for (const auto& [value, text] : SampleValues()) seeds.Add("change_fuzz", EncodeValue(value));
  const Parcel parcel = SampleParcel();
  seeds.AddAll("parcel_fuzz", {EncodeParcel(parcel), parcel.header_bytes});
  seeds.Add("entry_fuzz", SampleEntry());
  std::string run(17, '\0');
  run[7] = 2;   // from Entry 2
  run[15] = 9;  // of a ledger of 9
  seeds.Add("entry_fuzz", run + static_cast<char>(SampleEntry().size()) + SampleEntry());
}

void AddMessages(Seeds& seeds) {
  const Parcel parcel = SampleParcel();
  v1::PushRequest push;
  ParcelToWire(parcel, *push.add_parcels());
  v1::CreateEnrolmentRequest enrolment;
  enrolment.set_person(std::string(16, 'p'));
  enrolment.add_roles()->set_role(v1::ROLE_OFFICER);
  enrolment.mutable_roles(0)->set_unit(std::string(16, 'u'));
  v1::QueryRequest query;
  query.set_question("compliance");
  query.set_file(std::string(16, 'f'));
  v1::PullRequest pull;
  pull.add_cursors()->set_file(std::string(16, 'f'));
  v1::DuplicatesOfferRequest offer;
  offer.add_files()->set_alias(std::string(16, 'a'));
  offer.mutable_files(0)->add_phones(7);
  offer.mutable_files(0)->add_phones(9);
  offer.mutable_files(0)->add_documents(0xFFFFFFFF);
  v1::QueryRequest count;
  count.set_question("measure");
  AskToWire({domain::MeasureKind::kQuestion,
             {"Q05"},
             standards::Period{kNow, Time::Max()},
             {{"sex", "F"}},
             {"month"}},
            *count.mutable_measure());
  seeds.AddAll("call_fuzz",
               {push.SerializeAsString(), enrolment.SerializeAsString(), query.SerializeAsString(),
                count.SerializeAsString(), pull.SerializeAsString(), offer.SerializeAsString()});

  v1::PullResponse pulled;
  pulled.mutable_head()->set_server_time(parcel.changes[0].change->header.server_time_note);
  pulled.mutable_head()->add_consistency(std::string(32, 'h'));
  v1::PulledFile& file = *pulled.add_files();
  file.set_file(std::string(16, 'f'));
  file.add_changes()->set_change(parcel.changes[0].bytes);
  file.mutable_changes(0)->add_path(std::string(32, 'h'));
  RunToWire({4, {SampleEntry()}, {Fill<Hash>('h')}}, *file.add_runs());
  file.add_parcels()->set_header(parcel.header_bytes);
  file.mutable_parcels(0)->set_signature(parcel.signature);
  v1::PushResponse pushed;
  pushed.add_receipts()->set_parcel_hash(parcel.hash.str());
  RunToWire({4, {SampleEntry()}, {}}, *pushed.mutable_receipts(0)->add_receipts()->mutable_run());
  pushed.mutable_refusal()->set_reason(v1::REFUSAL_REASON_SEQUENCE_GAP);
  v1::QueryResponse answer;
  v1::Finding& finding = *answer.add_findings();
  finding.set_clause("C1");
  finding.set_file(std::string(16, 'f'));
  finding.set_status(v1::FINDING_STATUS_OVERDUE);
  finding.set_severity("must");
  v1::DuplicatesCheckResponse matches;
  matches.add_held()->set_alias(std::string(16, 'a'));
  matches.mutable_held(0)->set_digest(std::string(32, 'd'));
  matches.add_found()->set_alias(std::string(16, 'a'));
  matches.mutable_found(0)->set_kind(v1::MATCH_KIND_NAME);
  matches.mutable_found(0)->set_unit(std::string(16, 'u'));
  v1::QueryResponse counted;
  CountsToWire(SampleAnswer(), *counted.add_measures());
  RowToWire({Fill<FileId>('f'), domain::FileKind::kPerson, SampleLine()},
            *counted.mutable_measures(0)->add_rows());
  seeds.AddAll("answer_fuzz",
               {counted.SerializeAsString(), pulled.SerializeAsString(), pushed.SerializeAsString(),
                answer.SerializeAsString(), matches.SerializeAsString()});
}

void AddRows(Seeds& seeds) {
  KeptFigures figures{{4, kNow, kNow, {{Fill<FileId>('g'), 2}}}, Fill<Hash>('p'), {7}, {}};
  figures.from.units = {Fill<UnitId>('u')};
  const standards::Contribution line = SampleLine();
  seeds.AddAll("rows_fuzz", {figures.Encode(), EncodeLines({&line})});
  ParcelRow parcel{SampleParcel().header_bytes, std::string(64, 's'), {Fill<Hash>('c')}};
  ChangeRow change{SampleChange(8).bytes, 4, 1, Fill<Hash>('p')};
  EnrolmentRow enrolment;
  enrolment.roles = {{domain::Role::kOfficer, Fill<UnitId>('u')}};
  DeviceRow device;
  device.certificates = {Fill<Hash>('c')};
  FileView view;
  view.kind = domain::FileKind::kOperation;
  view.units = {Fill<UnitId>('u')};
  AttachmentSecret secret;
  secret.key = crypto::SecretBytes::CopyOf(std::string(32, 'k'));
  secret.media_type = "image/jpeg";
  CaRequest issue{7, CaIssueDevice{std::string(64, 'r'), Fill<PersonId>('p'), Fill<DeviceId>('d')}};
  CaRequest list{8, CaSignList{{{"0a", kNow}}, 3, kNow}};
  CaReply reply{7, absl::OkStatus(), "PEM"};
  seeds.AddAll("rows_fuzz",
               {LedgerHead{9, kNow, 1, Fill<DeploymentId>('d'), 1}.Encode(),
                ChainHead{4, Fill<Hash>('p')}.Encode(),
                ChangeLocation{Fill<FileId>('f'), 1, 2, Fill<Hash>('h')}.Encode(), parcel.Encode(),
                change.Encode(), enrolment.Encode(), device.Encode(), view.Encode({}),
                secret.Encode().view(), issue.Encode(), list.Encode(), reply.Encode()});
  std::string frame;
  AppendU32(frame, static_cast<uint32_t>(issue.Encode().size()));
  seeds.AddAll("socket_fuzz", {frame + issue.Encode(), "GET /metrics HTTP/1.0\r\n\r\n",
                               "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"});

  const Parcel sent = SampleParcel();
  vault::Arrived placed;
  placed.entry = SampleEntry();
  placed.change = sent.changes[0];
  placed.parcel = std::make_shared<vault::ArrivedParcel>(
      vault::ArrivedParcel{sent.header, sent.header_bytes, sent.hash, sent.signature});
  placed.path = {Fill<Hash>('h')};
  seeds.AddAll("vault_fuzz", {vault::FileRow{3, 4, domain::FileKind::kOperation, true}.Encode(),
                              vault::EncodePlaced(placed), vault::Identity().Encode().view()});
}

void AddKeyBoxes(Seeds& seeds) {
  crypto::PassphraseParameters parameters;
  parameters.salt = std::string(crypto::PassphraseParameters::kSaltBytes, 's');
  crypto::PassphraseHome passphrase("passphrase", parameters);
  crypto::CredentialHome credential(
      [] { return crypto::SecretBytes::CopyOf(std::string(crypto::kHomeSecretBytes, 'c')); });
  crypto::KeyHome* const homes[] = {&credential, &passphrase};
  const crypto::Homes both(homes);
  for (const crypto::Homes some : {both, both.first(1), both.last(1)}) {
    const auto box = crypto::SealKeyBox(some, "keys");
    KAPEA_CHECK(box.ok());
    seeds.Add("key_box_fuzz", *box);
  }
  seeds.AddAll("key_box_fuzz",
               {*FromHex(homes::kFrozenTpmNoteHex), SampleKey().verify_key().bytes()});
}

// Files that only the program itself can write: a vault's head, a store's log.
void AddFiles(Seeds& seeds, const std::string& folder) {
  const std::string head_path = folder + "/head";
  const auto secret = crypto::SecretBytes::CopyOf(std::string(32, 'k'));
  const auto head = vault::Head::Make("passphrase", secret, 0);
  KAPEA_CHECK(head.ok() && head->Write(head_path).ok());
  const std::string bytes = *ReadFile(head_path, 1 << 16);
  seeds.Add("vault_fuzz", bytes.substr(0, bytes.size() - Hash::kBytes));
  std::filesystem::remove(head_path);

  constexpr kv::Table kTable{"things"};
  const std::string store_path = folder + "/store";
  {
    kv::OpenOptions options;
    options.directory = store_path;
    options.tables = {kTable};
    options.master_key = &secret;
    options.create_if_missing = true;
    const auto store = kv::OpenRocksStore(options);
    KAPEA_CHECK(store.ok());
    for (const char* key : {"a", "b"}) {
      kv::Batch batch;
      batch.Put(kTable, key, "value");
      KAPEA_CHECK((*store)->Commit(batch, kv::Durability::kSynced).ok());
    }
  }
  for (const auto& file : std::filesystem::directory_iterator(store_path)) {
    if (file.path().extension() == ".log") {
      seeds.Add("wal_fuzz", *ReadFile(file.path().string(), 1 << 20));
    }
  }
  std::filesystem::remove_all(store_path);
}

pki::Authority DevicesOf(const DeploymentId& deployment) {
  const auto root = pki::Authority::CreateRoot(deployment, kNow);
  KAPEA_CHECK(root.ok());
  return *root->IssueIntermediate(pki::AuthorityKind::kDevices, kNow);
}

void AddCertificates(Seeds& seeds) {
  const pki::Authority devices = DevicesOf({});  // of the deployment that the target knows
  const std::string request = *pki::MakeRequest(SampleKey());
  const auto parsed = *pki::Request::FromDer(request);
  const std::string chain = *devices.IssueDevice(parsed, {}, {}, kNow);
  const pki::Certificate leaf = pki::ParseChain(chain)->front();
  seeds.AddAll("certificate_fuzz",
               {leaf.der, chain, request, leaf.uris[0],
                *devices.SignCrl({{"0a", kNow}}, 3, kNow, kNow + Duration::Days(1))});
  seeds.AddAll("wrap_fuzz", {SampleKey().verify_key().bytes(), SampleKey().ToPem().view(),
                             std::string(32, 'p'), std::string(80, 'c')});

  const auto deployment = Fill<DeploymentId>('d');
  const std::string bootstrap =
      *DevicesOf(deployment).IssueBootstrap(parsed, Fill<pki::BootstrapId>('b'), kNow);
  const pki::EnrolmentCode code{deployment,
                                Fill<Hash>('g'),
                                Fill<Hash>('r'),
                                kNow,
                                crypto::SecretBytes::CopyOf(std::string(16, 's')),
                                "log.example+00000000+key",
                                "kapea.example:443",
                                pki::ParseChain(bootstrap)->front().der,
                                SampleKey()};
  const auto text = code.Encode();
  KAPEA_CHECK(text.ok());
  seeds.AddAll("enrolment_code_fuzz", {text->view(), "[2001:db8::1]:443"});
}

void AddNotes(Seeds& seeds) {
  const std::string note = SampleHeader().server_time_note;
  const ledger::ProofText proof{3, {Fill<Hash>('h')}, note};
  seeds.AddAll("note_fuzz",
               {note, note.substr(0, note.find("\n\n") + 1),
                ledger::ToVerifierKey("example.com/log", std::string(32, 'p')), proof.Text(),
                ledger::TilePath({0, 1234067, 17}), ledger::ToBase64("bytes")});
  std::string numbers(16 + 4 * Hash::kBytes, '\0');
  numbers[7] = 3;
  numbers[15] = 40;
  seeds.Add("proof_fuzz", numbers);
  const auto padded = crypto::internal::PadPlaintext("Sok");
  const auto packed = crypto::internal::PadPlaintext(std::string(2000, 'a'));
  KAPEA_CHECK(padded.ok() && packed.ok());
  seeds.AddAll("envelope_fuzz", {"Sok", padded->view(), packed->view()});
}

// The quoted text behind each of these words in a pack.
std::vector<std::string> Quoted(const std::string& text, std::string_view word) {
  std::vector<std::string> all;
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) {
    const size_t from = at + word.size();
    all.push_back(text.substr(from, text.find('"', from) - from));
  }
  return all;
}

void AddTexts(Seeds& seeds) {
  for (const char* name : {"standards", "operation", "intake"}) {
    const std::string path = std::string("common/packs/kh/") + name + ".textproto";
    const std::string text = *ReadFile(path, kPackTextBytesMax);
    for (const char* word :
         {" met: \"", " applies: \"", " deadline: \"", " relevant: \"", " at: \""}) {
      for (const std::string& condition : Quoted(text, word)) {
        seeds.Add("condition_fuzz", condition);
      }
    }
  }
  const std::string small = *ReadFile("tests/fuzz/small_pack.textproto", kPackTextBytesMax);
  const PackSource source = ParsePackFiles({{"small", small}});
  KAPEA_CHECK(source.mistakes.empty());
  seeds.AddAll("pack_fuzz", {small, source.bytes, SignPack(source.bytes, SampleKey())});
  seeds.AddAll("config_fuzz", {*ReadFile("docs/kapead.example.textproto", 1 << 20),
                               "unit_lead@PP-POLICE", "[::1]:9400", "unix:/run/kapea.sock"});
  seeds.AddAll("command_line_fuzz",
               {"operation new --variant venue --member POL:officer:JPO,VLO",
                "operation tick IDN-10 --for 1,2 --because 'no phone'",
                "--json person new --op $code --count 2 --set sex=F", "inbox # rest",
                "--lang km handover accept H-3f9a01", "report compliance --as-of -2d"});
  seeds.AddAll("csv_fuzz", {"code,name\r\n01,\"Kor, \"\"the first\"\"\"\r\n\n02,\"two\nlines\"",
                            "\xEF\xBB\xBF"
                            "a,b\n 1 ,x\"y\n"});
  seeds.AddAll("import_fuzz",
               {"con_Consent,prs_First_Name,vic_Methods_of_Control\nTRUE,Invented,\"DebtBondage ;"
                "Other\"\nTRUE,,TakesEarnings PhysicalAbuse\n",
                "Feminine,Other,2001-02-03,Invented\nTRUE,Masculine,Debt bondage,,\n",
                "con_Consent,prs_Gender\nConsent,Gender\nTRUE,TransgenderFeminine\n"});
  seeds.AddAll("search_fuzz",
               {"sok dara", std::string_view("Srey Mom\0Sreymom", 16),
                std::string_view("\xE1\x9E\x9F\xE1\x9E\xBB\xE1\x9E\x81\0Sok", 13),
                "\xE1\x9E\x9F\xE1\x9F\x92\xE1\x9E\x9A\xE1\x9F\x92\xE1\x9E\x8F\xE1\x9E\xB8",
                "\xE1\x9E\x9F\xE1\x9F\x81\xE1\x9E\xB8\xE2\x80\x8B", "+855 12 345 678"});
  seeds.AddAll("typed_fuzz",
               {"yes", "42", "M", "M,unknown", "now", "-1h30m", "2026-11-23T08:31:00+07:00",
                "08:31", "2009-09-28", "today", "7d", "not_done", "me", "11.55,104.92,12",
                "+855 12 345 678", "text:unknown", "answer:refused", "f=a=b",
                "\xE1\x9E\x80\xE1\x9F\x92\xE1\x9E\x9A\xE2\x80\x8B\xE1\x9E\x98"});
}

}  // namespace
}  // namespace kapea::codec

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: fuzz_seeds DIR\n", stderr);
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  kapea::codec::Seeds seeds(argv[1]);
  kapea::codec::AddChanges(seeds);
  kapea::codec::AddMessages(seeds);
  kapea::codec::AddRows(seeds);
  kapea::codec::AddKeyBoxes(seeds);
  kapea::codec::AddFiles(seeds, argv[1]);
  kapea::codec::AddCertificates(seeds);
  kapea::codec::AddNotes(seeds);
  kapea::codec::AddTexts(seeds);
  return 0;
}
