#include "server/service/config.h"

#include <gmock/gmock.h>
#include "common/base/file.h"

namespace kapea::server {
namespace {

using testing::HasSubstr;

constexpr char kLeast[] = R"(
  listen: "127.0.0.1:0" data_directory: "/d" root_certificate_file: "/r"
  device_authorities_file: "/a" keys { file: "/k" }
  ca { certificate_file: "/c" key_file: "/ck" }
)";

std::string Complaint(const std::string& text) {
  return std::string(ParseConfig(text, "/bin").status().message());
}

TEST(ConfigTest, TheExampleSaysTheDefaults) {
  const auto text =
      ReadFile(std::string(KAPEA_SOURCE) + "/docs/kapead.example.textproto", 64 * 1024);
  ASSERT_TRUE(text.ok());
  const auto example = ParseConfig(*text, "/opt/kapea/bin");
  const auto least = ParseConfig(kLeast, "/opt/kapea/bin");
  ASSERT_TRUE(example.ok()) << example.status();
  ASSERT_TRUE(least.ok()) << least.status();
  EXPECT_EQ(example->ca.program, "/opt/kapea/bin/kapea-ca");
  EXPECT_EQ(example->ca.program, least->ca.program);
  const ServerOptions &a = example->server, &b = least->server;
  EXPECT_EQ(a.rates.calls_per_second, b.rates.calls_per_second);
  EXPECT_EQ(a.rates.calls_burst, b.rates.calls_burst);
  EXPECT_EQ(a.rates.bytes_per_second, b.rates.bytes_per_second);
  EXPECT_EQ(a.rates.bytes_burst, b.rates.bytes_burst);
  EXPECT_EQ(a.parcels_per_push, b.parcels_per_push);
  EXPECT_EQ(a.follows_per_device, b.follows_per_device);
  EXPECT_EQ(a.listener.limits.connections_max, b.listener.limits.connections_max);
  EXPECT_EQ(a.listener.limits.per_device_max, b.listener.limits.per_device_max);
  EXPECT_EQ(a.sequencer.queue_max, b.sequencer.queue_max);
  EXPECT_EQ(a.workers, b.workers);
  EXPECT_EQ(a.blob_bytes_per_file, b.blob_bytes_per_file);
  EXPECT_EQ(a.drain, b.drain);
  EXPECT_EQ(a.matches.enabled, b.matches.enabled);
  EXPECT_EQ(a.matches.names, b.matches.names);
  EXPECT_EQ(a.matches.tokens_per_day, b.matches.tokens_per_day);
  EXPECT_EQ(a.matches.keep_days, b.matches.keep_days);
  EXPECT_EQ(a.delivery_interval, b.delivery_interval);
  EXPECT_EQ(example->write_buffer_bytes, least->write_buffer_bytes);
  EXPECT_EQ(example->block_cache_bytes, least->block_cache_bytes);
}

TEST(ConfigTest, SaysWhereTheMistakeIs) {
  EXPECT_THAT(Complaint("listen: 3"), HasSubstr("line 1, column 9"));
  EXPECT_THAT(Complaint("lisen: \"x\""), HasSubstr("lisen"));
  EXPECT_THAT(Complaint(""), HasSubstr("ca.certificate_file"));
}

TEST(ConfigTest, RefusesAMetricsAddressThatOthersCouldReach) {
  for (const char* address : {"0.0.0.0:9464", "192.0.2.1:9464", "[::]:9464", "localhost:9464",
                              "127.0.0.1", "127.0.0.1:99999", "unix:relative", ":9464"}) {
    SCOPED_TRACE(address);
    EXPECT_THAT(Complaint(std::string(kLeast) + "metrics_address: \"" + address + "\""),
                HasSubstr("only this machine reaches"));
  }
  for (const char* address : {"127.0.0.1:0", "[::1]:9464", "unix:/run/kapea.sock"}) {
    SCOPED_TRACE(address);
    EXPECT_EQ(Complaint(std::string(kLeast) + "metrics_address: \"" + address + "\""), "");
  }
}

TEST(ConfigTest, ComparesNothingAndNoNamesUnlessItSaysSo) {
  const auto with = [](const char* duplicates) {
    return ParseConfig(std::string(kLeast) + duplicates, "/bin");
  };
  EXPECT_FALSE(with("")->server.matches.enabled);
  EXPECT_TRUE(with("duplicates { enabled: true }")->server.matches.enabled);
  EXPECT_FALSE(with("duplicates { enabled: true }")->server.matches.names);
  EXPECT_TRUE(with("duplicates { enabled: true names: true }")->server.matches.names);
  EXPECT_EQ(with("duplicates { new_tokens_per_day: 7 }")->server.matches.tokens_per_day, 7u);
  EXPECT_THAT(Complaint(std::string(kLeast) + "duplicates { names: true }"),
              HasSubstr("duplicates.enabled"));
}

TEST(ConfigTest, RefusesTwoSourcesOfOneThing) {
  const auto with = [](const std::string& keys, const std::string& ca) {
    return Complaint(R"(listen: "127.0.0.1:0" data_directory: "/d" root_certificate_file: "/r"
                        device_authorities_file: "/a" keys { file: "/k" )" +
                     keys + " } ca { certificate_file: \"/c\" key_file: \"/ck\" " + ca + " }");
  };
  EXPECT_EQ(with("", ""), "");
  EXPECT_THAT(with("passphrase_file: \"/p\" credential: \"c\"", ""), HasSubstr("one of"));
  EXPECT_THAT(with("credential: \"../c\"", ""), HasSubstr("slash"));
  EXPECT_THAT(with("", "socket: \"/s\""), HasSubstr("either"));
}

TEST(ConfigTest, SaysHowTheHomesOfTheKeysAreReached) {
  const auto config = ParseConfig(R"(listen: "127.0.0.1:0" data_directory: "/d"
      root_certificate_file: "/r" device_authorities_file: "/a"
      ca { certificate_file: "/c" key_file: "/ck" }
      keys { file: "/k" passphrase_file: "/p" key_credential: "kek"
             pkcs11 { module: "/m.so" token: "kapea" key: "kek" pin_credential: "pin" }
             tpm { tcti: "device:/dev/tpmrm0" pin_file: "/pin" } })",
                                  "/bin");
  ASSERT_TRUE(config.ok()) << config.status();
  const crypto::KeyHomeSettings& homes = config->key_homes;
  EXPECT_EQ(homes.passphrase.file, "/p");
  EXPECT_EQ(homes.credential, "kek");
  EXPECT_EQ(homes.token.module, "/m.so");
  EXPECT_EQ(homes.token.token, "kapea");
  EXPECT_EQ(homes.token.key, "kek");
  EXPECT_EQ(homes.token.pin.credential, "pin");
  EXPECT_EQ(homes.tpm.tcti, "device:/dev/tpmrm0");
  EXPECT_EQ(homes.tpm.pin.file, "/pin");
}

TEST(ConfigTest, RefusesHalfAHome) {
  const auto with = [](const std::string& keys) {
    return Complaint(R"(listen: "127.0.0.1:0" data_directory: "/d" root_certificate_file: "/r"
                        device_authorities_file: "/a" ca { certificate_file: "/c" key_file: "/ck" }
                        keys { file: "/k" )" +
                     keys + " }");
  };
  EXPECT_THAT(with("key_credential: \"../kek\""), HasSubstr("slash"));
  EXPECT_THAT(with("pkcs11 { token: \"t\" key: \"k\" }"), HasSubstr("keys.pkcs11.module"));
  EXPECT_THAT(with("pkcs11 { module: \"m.so\" token: \"t\" key: \"k\" }"), HasSubstr("whole path"));
  EXPECT_THAT(with("pkcs11 { module: \"/m.so\" token: \"t\" }"), HasSubstr("keys.pkcs11.key"));
  EXPECT_THAT(with("pkcs11 { module: \"/m.so\" token: \"t\" key: \"k\" pin_file: \"/p\" "
                   "pin_credential: \"p\" }"),
              HasSubstr("one of"));
  EXPECT_THAT(with("tpm { pin_file: \"/p\" }"), HasSubstr("keys.tpm.tcti"));
}

}  // namespace
}  // namespace kapea::server
