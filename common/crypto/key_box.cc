#include "common/crypto/key_box.h"

#include <algorithm>
#include <optional>

#include "common/base/bytes.h"
#include "common/base/macros.h"
#include "common/crypto/domains.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"

namespace kapea::crypto {
namespace {

constexpr std::string_view kPassphraseMagic("P\x01", 2);
constexpr std::string_view kHomesMagic("H\x01", 2);
constexpr size_t kPassphraseNoteBytes = PassphraseParameters::kSaltBytes + 8 + 8;
constexpr size_t kHomesMax = 2;
constexpr size_t kCheckBytes = 16;

struct Part {
  HomeKind kind;
  std::string_view note, check;
};
struct Parsed {
  std::vector<Part> parts;
  std::string_view header, value;
  bool passphrase_alone() const { return parts[0].kind == HomeKind::kPassphrase; }
};

absl::Status NoBox() {
  return absl::InvalidArgumentError("this is no file of sealed keys: nothing was opened");
}

// Reads front to back; nothing where the bytes end too early.
std::optional<std::string_view> Take(std::string_view& rest, size_t size) {
  if (rest.size() < size) return std::nullopt;
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(size);
  return taken;
}

std::optional<Part> TakePart(std::string_view& rest) {
  const auto head = Take(rest, 3);
  if (!head.has_value()) return std::nullopt;
  Part part;
  part.kind = static_cast<HomeKind>((*head)[0]);
  if (!HomeKindNamed(NameOf(part.kind)).has_value()) return std::nullopt;
  const size_t note_bytes = ReadU16(*head, 1);
  const auto note = Take(rest, note_bytes);
  if (!note.has_value() || note_bytes > kHomeNoteBytesMax) return std::nullopt;
  part.note = *note;
  if (part.kind == HomeKind::kPassphrase) return part;
  const auto check = Take(rest, kCheckBytes);
  if (!check.has_value()) return std::nullopt;
  part.check = *check;
  return part;
}

// Which homes may stand together, and in which order.
bool Fit(HomeKind first, std::optional<HomeKind> second) {
  return !second.has_value() ||
         (first != HomeKind::kPassphrase && *second == HomeKind::kPassphrase);
}

absl::StatusOr<Parsed> Parse(std::string_view box) {
  if (box.size() > kKeyBoxBytesMax) return NoBox();
  Parsed parsed;
  std::string_view rest = box;
  if (box.starts_with(kPassphraseMagic)) {
    rest.remove_prefix(kPassphraseMagic.size());
    const auto note = Take(rest, kPassphraseNoteBytes);
    if (!note.has_value()) return NoBox();
    parsed.parts.push_back({HomeKind::kPassphrase, *note, {}});
  } else if (box.starts_with(kHomesMagic)) {
    rest.remove_prefix(kHomesMagic.size());
    const auto count = Take(rest, 1);
    if (!count.has_value() || (*count)[0] < 1 || (*count)[0] > static_cast<char>(kHomesMax)) {
      return NoBox();
    }
    for (int i = 0; i < (*count)[0]; ++i) {
      const auto part = TakePart(rest);
      if (!part.has_value()) return NoBox();
      parsed.parts.push_back(*part);
    }
    // A passphrase alone has the older spelling, and only that.
    if (parsed.passphrase_alone()) return NoBox();
    if (parsed.parts.size() == 2 && !Fit(parsed.parts[0].kind, parsed.parts[1].kind)) {
      return NoBox();
    }
  } else {
    return NoBox();
  }
  if (rest.size() < kValueOverheadBytes) return NoBox();
  parsed.header = box.substr(0, box.size() - rest.size());
  parsed.value = rest;
  return parsed;
}

ValueContext ContextOf(const Parsed& parsed) {
  const std::string_view store = parsed.passphrase_alone() ? "passphrase" : "homes";
  return {0, store, "box", parsed.header};
}

std::string CheckOf(const SecretBytes& secret) {
  const SecretBytes extracted = HkdfExtract(kHomeCheckDomain, secret.view());
  return std::string(HkdfExpand(extracted.view(), kHomeCheckDomain, kCheckBytes).view());
}

// The key of the value. `secrets` in the order of the parts.
SecretBytes KeyOf(std::span<const SecretBytes> secrets, bool passphrase_alone) {
  if (passphrase_alone) return secrets[0].Copy();
  SecretBytes joined(secrets.size() * kHomeSecretBytes);
  unsigned char* at = joined.data();
  for (const SecretBytes& secret : secrets) {
    at = std::copy(secret.data(), secret.data() + kHomeSecretBytes, at);
  }
  const SecretBytes extracted = HkdfExtract(kKekDomain, joined.view());
  return HkdfExpand(extracted.view(), kKekDomain, kDataKeyBytes);
}

// The name of a home in a sentence.
std::string Spoken(HomeKind kind) {
  switch (kind) {
    case HomeKind::kCredential:
      return "a credential";
    case HomeKind::kToken:
      return "a PKCS#11 token";
    case HomeKind::kTpm:
      return "a TPM";
    case HomeKind::kPassphrase:
      return "a passphrase";
  }
  return "something unknown";
}

absl::StatusOr<SecretBytes> SecretOf(Homes homes, const Part& part) {
  const auto home = std::find_if(homes.begin(), homes.end(),
                                 [&](const KeyHome* one) { return one->kind() == part.kind; });
  if (home == homes.end()) {
    return absl::FailedPreconditionError(
        "the keys are sealed under " + Spoken(part.kind) +
        ", and the configuration does not say how to reach it: nothing was opened or changed");
  }
  KAPEA_ASSIGN(SecretBytes secret, (*home)->Find(part.note));
  if (part.kind != HomeKind::kPassphrase && !ConstantTimeEqual(CheckOf(secret), part.check)) {
    return absl::FailedPreconditionError(
        "the keys were sealed under " + Spoken(part.kind) +
        ", but this is another one, or the file was altered: nothing was opened or changed. Give "
        "it the right one, or put the copy of the keys file back");
  }
  return secret;
}

}  // namespace

absl::StatusOr<std::string> SealKeyBox(Homes homes, std::string_view plaintext) {
  KAPEA_CHECK(!homes.empty() && homes.size() <= kHomesMax);
  const auto second = homes.size() == 2 ? std::optional<HomeKind>(homes[1]->kind()) : std::nullopt;
  KAPEA_CHECK(Fit(homes[0]->kind(), second));
  const bool passphrase_alone = homes[0]->kind() == HomeKind::kPassphrase;
  std::string header(passphrase_alone ? kPassphraseMagic : kHomesMagic);
  if (!passphrase_alone) AppendU8(header, static_cast<uint8_t>(homes.size()));
  std::vector<SecretBytes> secrets;
  for (KeyHome* const home : homes) {
    KAPEA_ASSIGN(KeyHome::Made made, home->Make());
    KAPEA_CHECK(made.secret.size() == kHomeSecretBytes && made.note.size() <= kHomeNoteBytesMax);
    if (passphrase_alone) {
      header += made.note;
    } else {
      AppendU8(header, static_cast<uint8_t>(home->kind()));
      AppendLengthPrefixed(header, made.note);
      if (home->kind() != HomeKind::kPassphrase) header += CheckOf(made.secret);
    }
    secrets.push_back(std::move(made.secret));
  }
  if (plaintext.size() + header.size() + kValueOverheadBytes > kKeyBoxBytesMax) {
    return absl::InvalidArgumentError("want at most 1 MiB of keys, got " +
                                      std::to_string(plaintext.size()) + " bytes");
  }
  const ValueSealer sealer(KeyOf(secrets, passphrase_alone));
  const std::string_view store = passphrase_alone ? "passphrase" : "homes";
  return header + sealer.Seal({0, store, "box", header}, plaintext);
}

absl::StatusOr<SecretBytes> OpenKeyBox(Homes homes, std::string_view box) {
  KAPEA_ASSIGN(const Parsed parsed, Parse(box));
  std::vector<SecretBytes> secrets;
  for (const Part& part : parsed.parts) {
    KAPEA_ASSIGN(secrets.emplace_back(), SecretOf(homes, part));
  }
  const ValueSealer sealer(KeyOf(secrets, parsed.passphrase_alone()));
  auto opened = sealer.Open(ContextOf(parsed), parsed.value);
  if (!opened.ok()) {
    const bool asked = parsed.parts.back().kind == HomeKind::kPassphrase;
    return absl::UnauthenticatedError(
        asked ? "the passphrase is another one, or the file was altered: nothing was opened"
              : "the file of sealed keys was altered: nothing was opened or changed. Put the copy "
                "of it back");
  }
  SecretBytes secret = SecretBytes::CopyOf(*opened);
  Wipe(*opened);
  return secret;
}

absl::StatusOr<std::vector<HomeKind>> HomesOf(std::string_view box) {
  KAPEA_ASSIGN(const Parsed parsed, Parse(box));
  std::vector<HomeKind> kinds;
  for (const Part& part : parsed.parts) kinds.push_back(part.kind);
  return kinds;
}

absl::StatusOr<std::string> SealWithPassphrase(std::string_view passphrase,
                                               std::string_view plaintext,
                                               const PassphraseParameters& parameters) {
  PassphraseHome home(passphrase, parameters);
  KeyHome* const homes[] = {&home};
  return SealKeyBox(homes, plaintext);
}

absl::StatusOr<SecretBytes> OpenWithPassphrase(std::string_view passphrase, std::string_view box) {
  PassphraseHome home(passphrase, {});
  KeyHome* const homes[] = {&home};
  return OpenKeyBox(homes, box);
}

}  // namespace kapea::crypto
