// What a kapea-admin command line said, and what all its commands do with it.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "common/base/clock.h"
#include "tools/admin/registrars.h"

namespace kapea::admin {

struct Arguments {
  std::string dir = ".";
  bool json = false;
  std::vector<std::string> registrar_passphrase_files;
  int proposer = 1, approver = 2;

  std::string server = "127.0.0.1:8443";
  std::vector<std::string> hosts;
  std::string passphrase_file;
  std::string listen, metrics;
  std::string unit_code, unit_kind, unit_province;
  std::vector<std::string> roles;
  std::string person, out, device, offer;
  std::vector<std::string> files;
  std::string key;
  bool villages = false;
  int days = 7;
};

// The passphrase file of that registrar, 1 to 3. With one file it serves for all three; a
// demonstration does that. InvalidArgument.
absl::StatusOr<std::string> PassphraseFileOf(const Arguments& arguments, int registrar);
// Proposer and approver, synced. Errors: InvalidArgument, and those of TwoRegistrars::Open.
absl::StatusOr<TwoRegistrars> OpenRegistrars(const Arguments& arguments, const Clock& clock);

// A result: for a program with --json, else for a person.
void Say(const Arguments& arguments, const nlohmann::ordered_json& json, const std::string& text);

}  // namespace kapea::admin
