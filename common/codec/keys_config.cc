#include "common/codec/keys_config.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

namespace kapea::codec {
namespace {

// Keeps the first complaint of the parser.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (!text.empty()) return;
    text = "line " + std::to_string(line + 1) + ", column " + std::to_string(column + 1) + ": " +
           message;
  }
  std::string text;
};

}  // namespace

crypto::KeyHomeSettings KeyHomeSettingsOf(const store::v1::KeysConfig& wire) {
  crypto::KeyHomeSettings settings;
  settings.passphrase = {wire.passphrase_file(), wire.credential()};
  settings.credential = wire.key_credential();
  const store::v1::TokenConfig& token = wire.pkcs11();
  settings.token = {
      token.module(), token.token(), token.key(), {token.pin_file(), token.pin_credential()}};
  settings.tpm = {wire.tpm().tcti(), {wire.tpm().pin_file(), wire.tpm().pin_credential()}};
  return settings;
}

absl::StatusOr<store::v1::ServerConfig> ReadServerConfig(const std::string& text) {
  store::v1::ServerConfig wire;
  google::protobuf::TextFormat::Parser parser;
  FirstError error;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(text, &wire)) {
    return absl::InvalidArgumentError("configuration: " + error.text);
  }
  return wire;
}

}  // namespace kapea::codec
