#include "tools/admin/packs.h"

#include <algorithm>
#include <filesystem>

#include "common/base/file.h"
#include "common/base/macros.h"
#include "common/codec/pack_compiler.h"
#include "common/codec/pack_registry.h"
#include "common/codec/pack_text.h"
#include "common/pki/key_file.h"

namespace kapea::admin {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::vector<codec::PackFile>> ReadFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      names.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (entry.path().extension() == ".textproto") inside.push_back(entry.path().string());
    }
    std::sort(inside.begin(), inside.end());
    names.insert(names.end(), inside.begin(), inside.end());
  }
  if (names.empty()) return absl::NotFoundError("no pack files are named");
  std::vector<codec::PackFile> files;
  for (const std::string& name : names) {
    auto text = ReadFile(name, codec::kPackTextBytesMax);
    if (!text.ok()) {
      return absl::Status(text.status().code(), name + ": " + std::string(text.status().message()));
    }
    files.push_back({name, *std::move(text)});
  }
  return files;
}

void Count(domain::SourceStatus status, PackSummary& summary) {
  summary.documented += status == domain::SourceStatus::kDocumented ? 1 : 0;
  summary.unverified += status == domain::SourceStatus::kUnverified ? 1 : 0;
  summary.proposed += status == domain::SourceStatus::kProposed ? 1 : 0;
}

PackSummary Summarise(const domain::Pack& pack) {
  PackSummary summary;
  summary.id = pack.id;
  summary.version = pack.version;
  summary.forms = pack.forms.size();
  for (const auto& form : pack.forms) {
    for (const domain::Section& section : form->sections) {
      for (const domain::Field& field : section.fields) {
        if (field.item) {
          ++summary.items;
          Count(field.provenance.status, summary);
        } else {
          ++summary.fields;
        }
      }
    }
  }
  for (const auto& standard : pack.standards) {
    summary.clauses += standard->clauses.size();
    for (const domain::Clause& clause : standard->clauses) {
      Count(clause.provenance.status, summary);
    }
  }
  return summary;
}

}  // namespace

absl::StatusOr<CheckedPack> CheckPack(const std::vector<std::string>& paths) {
  KAPEA_ASSIGN(const auto files, ReadFiles(paths));
  CheckedPack checked;
  const codec::CompileResult compiled = codec::CompilePackFiles(files);
  for (const codec::Mistake& mistake : compiled.mistakes) {
    checked.mistakes.push_back(codec::ToText(mistake));
  }
  if (compiled.pack != nullptr) {
    checked.bytes = codec::ParsePackFiles(files).bytes;
    checked.summary = Summarise(*compiled.pack);
  }
  return checked;
}

absl::StatusOr<std::string> SignPackFiles(const std::vector<std::string>& paths,
                                          const std::string& owner_key_path) {
  KAPEA_ASSIGN(const CheckedPack checked, CheckPack(paths));
  if (!checked.mistakes.empty()) {
    std::string all;
    for (const std::string& mistake : checked.mistakes) all += mistake + "\n";
    return absl::InvalidArgumentError(all + "nothing was signed");
  }
  KAPEA_ASSIGN(const crypto::SigningKey key, pki::ReadPrivateKey(owner_key_path));
  return codec::SignPack(checked.bytes, key);
}

absl::StatusOr<PackSummary> PublishPack(Registrar& registrar, std::string_view signed_pack) {
  vault::Vault& vault = registrar.vault();
  const auto& genesis = vault.directory()->genesis();
  if (!genesis) return absl::FailedPreconditionError("the directory has not been synced yet");
  KAPEA_ASSIGN(const auto parts, codec::SplitPack(signed_pack, genesis->pack_owners));
  if (vault.packs().FindPack(parts.front().pack, domain::Directory::kNow) != nullptr) {
    return absl::AlreadyExistsError("this pack is published already; nothing was changed");
  }
  KAPEA_ASSIGN(const auto opened, codec::OpenSignedPack(signed_pack, genesis->pack_owners));
  const auto mistakes = vault.packs().Compare(opened.pack);
  if (!mistakes.empty()) {
    std::string all;
    for (const codec::Mistake& mistake : mistakes) all += codec::ToText(mistake) + "\n";
    return absl::FailedPreconditionError(
        all + "the version before it stands in open records; nothing was published");
  }
  for (const domain::PackPart& part : parts) {
    vault::Intent intent;
    intent.file = vault.identity().standards_file;
    intent.kind = domain::Kind::kPack;
    KAPEA_ASSIGN(codec::ChangeWriter writer, vault.Begin(intent));
    writer.Add(part);
    KAPEA_TRY(vault.Commit(std::move(writer)).status());
  }
  KAPEA_TRY(registrar.Sync());
  const domain::Pack* pack = vault.packs().FindPack(parts.front().pack, domain::Directory::kNow);
  if (pack == nullptr) return absl::InternalError("the pack was sent, but does not assemble");
  return Summarise(*pack);
}

}  // namespace kapea::admin
