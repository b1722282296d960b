#include "client/vault/match_door.h"

#include "client/vault/core.h"
#include "client/vault/keys.h"
#include "client/vault/name_store.h"
#include "client/vault/parts.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"

namespace kapea::vault {
namespace {

bool IsCompared(const domain::Field& field) {
  if (field.key_class != domain::KeyClass::kIdentity) return false;
  return field.type == domain::FieldType::kName || field.type == domain::FieldType::kPhone ||
         field.type == domain::FieldType::kText || field.type == domain::FieldType::kDate;
}

void WipeText(domain::Value& value) {
  if (auto* text = std::get_if<domain::Text>(&value)) crypto::Wipe(text->text);
  if (auto* date = std::get_if<domain::Date>(&value)) crypto::Wipe(date->text);
}

}  // namespace

MatchDoor::MatchDoor(NameStore& store) : core_(store.core_) {}

absl::StatusOr<crypto::SecretBytes> MatchDoor::KeyOf(const MatchScope& scope,
                                                     domain::MatchKind kind) {
  KAPEA_ASSIGN(const crypto::SecretBytes* const class_key,
               FindClassKey(core_, scope.programme, scope.epoch, domain::KeyClass::kGeneral));
  std::string info(crypto::kMatchDomain);
  info.append(core_.identity.deployment.view());
  info.append(scope.programme.view());
  info.append(scope.epoch.view());
  AppendU8(info, static_cast<uint8_t>(kind));
  return crypto::HkdfExpand(class_key->view(), info, Hash::kBytes);
}

absl::StatusOr<domain::Value> MatchDoor::Open(const FileId& file, const MatchSource& source) {
  KAPEA_ASSIGN(const auto state, core_.State(file));
  const domain::Record* found = state->FindRecord(source.record);
  const domain::Form* form = found == nullptr ? nullptr : state->FormOf(*found);
  const domain::Field* known = form == nullptr ? nullptr : form->FindField(source.field);
  if (known == nullptr || !IsCompared(*known)) {
    return absl::InvalidArgumentError(
        "want a name, a number or a date of the identity class, got another field");
  }
  if (source.value == nullptr || !source.value->sealed) {
    return absl::NotFoundError("there is no sealed value");
  }
  KAPEA_ASSIGN(const crypto::SecretBytes plain,
               OpenFieldValue(core_, file, source.record, source.field, *source.value));
  return codec::DecodeValue(plain.view());
}

absl::StatusOr<std::vector<uint32_t>> MatchDoor::TokensOf(const MatchScope& scope,
                                                          domain::MatchKind kind,
                                                          const FileId& file,
                                                          const std::vector<MatchSource>& sources,
                                                          const Words& words) {
  KAPEA_ASSIGN(const crypto::SecretBytes key, KeyOf(scope, kind));
  std::vector<domain::Value> values;
  for (const MatchSource& source : sources) {
    auto value = Open(file, source);
    // Not there, altered, or by a form of another kind: shown as that where the record is
    // shown; it has no words. Without its key it may have some, which nobody here can tell.
    const bool passed_over = absl::IsNotFound(value.status()) || absl::IsDataLoss(value.status()) ||
                             absl::IsInvalidArgument(value.status());
    if (!value.ok() && !passed_over) return value.status();
    values.push_back(value.ok() ? *std::move(value) : domain::Value(domain::Text{}));
  }
  std::vector<std::string> compared = words(values);
  for (domain::Value& value : values) WipeText(value);
  std::vector<uint32_t> tokens;
  for (std::string& word : compared) {
    tokens.push_back(ReadU32(crypto::HmacSha256(key.view(), word)));
    crypto::Wipe(word);
  }
  return tokens;
}

absl::StatusOr<domain::MatchAlias> MatchDoor::AliasOf(const MatchScope& scope, const FileId& file) {
  KAPEA_ASSIGN(const crypto::SecretBytes key, KeyOf(scope, domain::MatchKind::kNone));
  return domain::MatchAlias::FromPrefix(crypto::HmacSha256(key.view(), file.view()));
}

}  // namespace kapea::vault
