#include "tools/admin/recovery.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <set>
#include <utility>

#include "common/base/bytes.h"
#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/crypto/fingerprint.h"
#include "common/crypto/share_sheet.h"

namespace kapea::admin {
namespace {

constexpr std::string_view kPublicLine = "KAPEA RECOVERY KEY 1\n";
constexpr size_t kTypedBytesMax = 512;

// The digits of a number as people write it: spaces do not count.
std::string Digits(std::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (c != ' ' && c != '-') digits += c;
  }
  return digits;
}

// What is printed. Khmer is a first translation, marked so.
void AppendSheet(std::string& text, const crypto::Share& share, const RecoveryPublic& key) {
  const std::string index = std::to_string(share.index);
  const std::string count = std::to_string(share.count);
  const std::string threshold = std::to_string(share.threshold);
  text += "KAPEA RECOVERY KEY                       SHEET " + index + " OF " + count +
          "\nសោសង្គ្រោះ KAPEA (សេចក្តីព្រាង - draft)        សន្លឹក " + index + " / " + count +
          "\n\n"
          "Any " +
          threshold + " of the " + count +
          " sheets together open every file of this deployment.\n"
          "Fewer open nothing. Keep this one where nobody else comes to it: in a safe, in a\n"
          "sealed envelope. Do not copy it, photograph it or send it. If it is lost or was\n"
          "seen, tell the registrars the same day: they replace the key.\n\n"
          "សន្លឹក " +
          threshold + " ក្នុងចំណោម " + count +
          " រួមគ្នា បើកឯកសារទាំងអស់បាន។ តិចជាងនេះ បើកអ្វីមិនបានទេ។\n"
          "រក្សាទុកក្នុងទូដែក ក្នុងស្រោមសំបុត្របិទជិត។ កុំថតចម្លង កុំថតរូប កុំផ្ញើ។\n"
          "បើបាត់ ឬមានគេឃើញ សូមប្រាប់មន្ត្រីចុះបញ្ជីក្នុងថ្ងៃតែមួយ។\n\n"
          "Number of the key / លេខសោ:  " +
          key.number() + "\n\n";
  const crypto::SecretBytes lines = crypto::SheetLines(share);
  text.append(lines.view());
  text +=
      "\nNo letter I, L, O or U is used: what looks like one is a digit 1 or 0.\n"
      "Holder / អ្នកកាន់: ______________________   Date / ថ្ងៃទី: ______________\n";
}

absl::Status MakeFolder(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) == 0) return absl::OkStatus();
  if (errno == EEXIST) {
    return absl::AlreadyExistsError(directory +
                                    " is there already, and share sheets are never replaced: name "
                                    "a new folder; nothing was written");
  }
  return absl::FailedPreconditionError("cannot make the folder " + directory + ": " +
                                       std::strerror(errno) + "; nothing was written");
}

// Reads the sheets back as their holders will, and puts every run of them together.
absl::Status Prove(const NewRecoveryKey& made) {
  std::vector<crypto::Share> shares;
  for (const std::string& sheet : made.sheets) {
    KAPEA_ASSIGN(shares.emplace_back(), ReadSheet(sheet));
  }
  for (size_t from = 0; from + made.public_half.threshold <= shares.size(); ++from) {
    std::vector<const crypto::Share*> run;
    for (size_t i = 0; i < made.public_half.threshold; ++i) run.push_back(&shares[from + i]);
    KAPEA_ASSIGN(const crypto::ReceiveKey key, crypto::RebuildKey(run));
    if (key.public_key() != made.public_half.key) {
      return absl::InternalError("the sheets do not rebuild their key: destroy this folder");
    }
  }
  return absl::OkStatus();
}

// Five lines from the terminal, in place of a file.
absl::StatusOr<std::string> ReadTyped() {
  std::cerr << "the five lines of one sheet, each ended with Enter:\n";
  std::string text;
  std::string line;
  for (size_t lines = 0; lines < crypto::kSheetLines && std::getline(std::cin, line);) {
    const bool blank = line.find_first_not_of(" \t\r") == std::string::npos;
    if (!blank) {
      text += line + "\n";
      ++lines;
    }
    crypto::Wipe(line);
    if (text.size() > kTypedBytesMax) {
      return absl::InvalidArgumentError("more was typed than a sheet has");
    }
  }
  return text;
}

}  // namespace

std::string RecoveryPublic::number() const { return crypto::Fingerprint(key); }

std::string RecoveryPublic::Encode() const {
  return std::string(kPublicLine) + "public " + ToHex(key) + "\nnumber " + number() + "\nshares " +
         std::to_string(threshold) + " of " + std::to_string(count) + "\n";
}

absl::StatusOr<RecoveryPublic> RecoveryPublic::Decode(std::string_view text) {
  const auto bad = [] {
    return absl::InvalidArgumentError(
        "this is not the public half of a recovery key, as `kapea-admin recovery create` "
        "writes it");
  };
  constexpr std::string_view kKeyLine = "public ";
  constexpr size_t kHexDigits = 64;
  if (text.size() > kRecoveryPublicBytesMax || !text.starts_with(kPublicLine)) return bad();
  std::string_view rest = text.substr(kPublicLine.size());
  if (!rest.starts_with(kKeyLine) || rest.size() < kKeyLine.size() + kHexDigits) return bad();
  RecoveryPublic half;
  auto key = FromHex(rest.substr(kKeyLine.size(), kHexDigits));
  if (!key.ok()) return bad();
  half.key = *std::move(key);
  // The rest follows from the key and two small numbers: it is written as we write it.
  for (uint8_t count = crypto::kSharesMin; count <= crypto::kSharesMax; ++count) {
    for (uint8_t threshold = crypto::kSharesMin; threshold <= count; ++threshold) {
      half.count = count;
      half.threshold = threshold;
      if (half.Encode() == text) return half;
    }
  }
  return bad();
}

absl::StatusOr<NewRecoveryKey> CreateRecoveryKey(const std::string& directory, uint8_t threshold,
                                                 uint8_t count) {
  NewRecoveryKey made;
  const crypto::ReceiveKey key = crypto::ReceiveKey::Generate();
  KAPEA_ASSIGN(const std::vector<crypto::Share> shares, crypto::SplitKey(key, threshold, count));
  made.public_half = {key.public_key(), threshold, count};
  KAPEA_TRY(MakeFolder(directory));
  for (const crypto::Share& share : shares) {
    made.sheets.push_back(directory + "/sheet-" + std::to_string(share.index) + ".txt");
    std::string text;
    text.reserve(8192);  // never moved, so that one place is to be wiped
    AppendSheet(text, share, made.public_half);
    const absl::Status written = WriteFileAtomically(made.sheets.back(), text, kPrivateFileMode);
    crypto::Wipe(text);
    KAPEA_TRY(written);
  }
  made.public_file = directory + "/public.txt";
  KAPEA_TRY(WriteFileAtomically(made.public_file, made.public_half.Encode(), kPublicFileMode));
  KAPEA_TRY(Prove(made));
  return made;
}

absl::StatusOr<crypto::Share> ReadSheet(const std::string& path) {
  auto text = path == "-" ? ReadTyped() : ReadFile(path, crypto::kSheetBytesMax);
  KAPEA_TRY(text.status());
  auto share = crypto::ParseSheet(*text);
  crypto::Wipe(*text);
  if (share.ok()) return share;
  return absl::Status(share.status().code(), (path == "-" ? "what was typed" : path) + ": " +
                                                 std::string(share.status().message()));
}

absl::Status CheckShare(const crypto::Share& share, const RecoveryPublic& public_half) {
  const bool fits = share.key_name == crypto::ShareKeyName(public_half.key) &&
                    share.threshold == public_half.threshold && share.count == public_half.count;
  if (fits) return absl::OkStatus();
  return absl::FailedPreconditionError("sheet " + std::to_string(share.index) +
                                       " is of another recovery key than this public half");
}

absl::StatusOr<uint32_t> EnterRecoveryKey(TwoRegistrars& registrars,
                                          const RecoveryPublic& public_half,
                                          std::string_view number) {
  if (Digits(number) != Digits(public_half.number())) {
    return absl::FailedPreconditionError(
        "the number of this public half is " + public_half.number() +
        ", not the one that you read from the sheets: it is another key; nothing was changed");
  }
  const auto directory = registrars.proposer().vault().directory();
  const domain::UnitEntry* known = directory->FindUnit(domain::RecoveryPlace());
  if (known != nullptr && known->receive_key == public_half.key) {
    return absl::FailedPreconditionError("that recovery key was entered before; make a new one");
  }
  domain::UnitEntry next;
  next.unit = domain::RecoveryPlace();
  next.kind = domain::UnitKind::kRegistry;
  next.code = std::string(domain::kRecoveryCode);
  next.generation = known == nullptr ? 1 : known->generation + 1;
  next.receive_key = public_half.key;
  KAPEA_TRY(registrars.Enter({next}));
  const auto now = registrars.proposer().vault().directory();
  const domain::UnitEntry* entered = now->RecoveryKey();
  if (entered == nullptr || entered->receive_key != public_half.key) {
    return absl::AbortedError(
        "another recovery key was entered at the same time: look at it with "
        "`kapea-admin recovery show`, then enter this one again");
  }
  return entered->generation;
}

absl::StatusOr<OpenedRequest> OpenRequest(std::string_view request_bytes,
                                          const std::vector<crypto::Share>& shares,
                                          std::string_view number) {
  OpenedRequest opened;
  KAPEA_ASSIGN(opened.request, codec::DecodeRecoveryRequest(request_bytes));
  if (Digits(number) != Digits(crypto::Fingerprint(opened.request.receive_key))) {
    return absl::FailedPreconditionError(
        "the key in this request has another number than the one that its asker read to you: do "
        "not open it before you have found out why; nothing was opened");
  }
  std::vector<const crypto::Share*> all;
  all.reserve(shares.size());
  for (const crypto::Share& share : shares) all.push_back(&share);
  KAPEA_ASSIGN(const crypto::ReceiveKey key, crypto::RebuildKey(all));
  KAPEA_ASSIGN(opened.recovered, codec::AnswerRecovery(opened.request, request_bytes, key));
  opened.bytes = codec::EncodeRecoveryAnswer(opened.recovered.answer);
  std::set<FileId> files;
  for (const codec::RecoveredKey& one : opened.recovered.answer.keys) files.insert(one.file);
  opened.files = files.size();
  return opened;
}

}  // namespace kapea::admin
