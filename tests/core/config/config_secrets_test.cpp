// Secrets, ids and what the configuration is read for.
#include "tests/core/config/config_reading.h"

using namespace reconciled::test;

namespace {

// The faults of a file whose secret for V1 has this text, and of one where V2's has.
std::vector<std::string> faults_with_secret(const std::string& text) {
  const SecretSource source = [&](const SecretReference&) { return text; };
  std::vector<std::string> lines;
  for (const char* toml :
       {"[portone.v1]\nimp_key = \"file:x\"\nimp_secret = \"s\"\n",
        "[portone.v2]\napi_secret = \"file:x\"\nstore_id = \"store-1\"\n"
        "webhook_secrets = [\"AAAA\"]\n",
        "[admin]\ntoken = \"file:x\"\n[portone.v1]\nimp_key = \"k\"\nimp_secret = \"s\"\n"}) {
    const auto outcome = read_config(toml, source);
    if (outcome.ok()) continue;
    for (const ConfigFault& fault : outcome.error()) {
      lines.push_back(fault.key + ": " + fault.message);
      CHECK_FALSE(holds(fault.message, "Tell"));
    }
  }
  return lines;
}

std::string key_read_from(const std::string& text) {
  const auto outcome = read_config("[portone.v1]\nimp_key = \"file:x\"\nimp_secret = \"s\"\n",
                                   [&](const SecretReference&) { return text; });
  REQUIRE(outcome.ok());
  return outcome.value().v1->imp_key;
}

std::string store_fault(const std::string& id) {
  const auto faults = faults_of_whole(
      "[portone.v2]\napi_secret = \"s\"\nwebhook_secrets = [\"AAAA\"]\nstore_id = \"" + id + "\"");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].starts_with("portone.v2.store_id: "));
  return faults[0];
}

std::vector<std::string> faults_for(ConfigUse use, const std::string& toml) {
  const auto outcome = read_config(toml, example_secrets, {.use = use});
  std::vector<std::string> keys;
  if (outcome.ok()) return keys;
  for (const ConfigFault& fault : outcome.error()) keys.push_back(fault.key);
  return keys;
}

}  // namespace

TEST_CASE("configuration: what pasting leaves around a secret is trimmed") {
  for (const char* text : {"key", "key\n", "key\r\n", " key\t\n\n", "\ufeffkey", "\ufeff key\n",
                           "\u00a0key\u00a0", "\u3000key\u200b\n", "\n\nkey"}) {
    CAPTURE(text);
    CHECK(key_read_from(text) == "key");
  }
}

TEST_CASE("configuration: a secret that is no text is a fault with its key, never its value") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {std::string("Tell\xe9"), "beyond ASCII"},
      {std::string("Tell\0me", 7), "control character (byte 5)"},
      {"Tell\x01", "control character"},
      {"Tell\x7fme", "control character"},
      {"Tell\u0085me", "control character"},
      {"Tell\nme", "more than one line"},
      {"Tell\xed\xa0\xbd", "beyond ASCII"},
      {"", "is empty"},
      {" \n", "is empty"},
      {"\ufeff", "is empty"},
      {"Tell" + std::string(4096, 'a'), "longer than 4096 bytes"},
      {"{\"Tell\": 1}\n{}", "more than one line"}};
  for (const auto& [text, why] : cases) {
    CAPTURE(why);
    const auto faults = faults_with_secret(text);
    REQUIRE(faults.size() == 3);
    CHECK(faults[0].starts_with("portone.v1.imp_key: file:x "));
    CHECK(holds(faults[0], why));
    CHECK(faults[1].starts_with("portone.v2.api_secret: file:x "));
    CHECK(faults[2].starts_with("admin.token: file:x "));
  }
  CHECK(holds(faults_with_secret("Tell me").at(0), "holds a blank (byte 5)"));
  CHECK(faults_with_secret("Tell me").size() == 2);  // a token may be a sentence
  CHECK(faults_with_secret("암호").size() == 2);
}

TEST_CASE("configuration: a secret that is spelled out is judged and never repeated") {
  const auto faults =
      faults_of_whole("[portone.v1]\nimp_key = \"Tell\\u00e9\"\nimp_secret = \" \"\n");
  REQUIRE(faults.size() == 2);
  CHECK(holds(faults[0], "portone.v1.imp_key: holds a character beyond ASCII (byte 5)"));
  CHECK(holds(faults[1], "portone.v1.imp_secret: is empty"));
}

TEST_CASE("configuration: where each secret stood is remembered") {
  const Config config = good("[admin]\ntoken = \"file:imp_key\"");
  CHECK(config.secret_origins ==
        std::map<std::string, SecretOrigin>{{"admin.token", SecretOrigin::kFile},
                                            {"portone.v1.imp_key", SecretOrigin::kCredential},
                                            {"portone.v1.imp_secret", SecretOrigin::kCredential}});
}

TEST_CASE("configuration: what is no store id is named for what it is") {
  for (const char* id : {"", "store-…", "store-..."}) CHECK(holds(store_fault(id), "is required"));
  CHECK(holds(store_fault("imp12345678"), "V1 merchant code"));
  CHECK(holds(store_fault("channel-key-00000000-0000-4000-8000-000000000000"), "channel key"));
  CHECK(holds(store_fault("merchant-00000000-0000-4000-8000-000000000000"), "merchant id"));
  for (const char* id : {"store 1", "shop-1", "store-", "00000000-0000-4000-8000-000000000000",
                         "store-1 ", " store-1", "store-상점", "Store-1"}) {
    CHECK(holds(store_fault(id), "begins with store-"));
  }
}

TEST_CASE("configuration: a byte order mark before the text is no fault") {
  CHECK(faults_of_whole("\ufeff" + std::string(kV1)).empty());
  CHECK(faults_of_whole("\ufefftimezone = \"UTC\"\n" + std::string(kV1)).empty());
}

TEST_CASE("configuration: half a file is a fault that says where it ends") {
  const std::string whole = "[storage]\npath = \"/data.db\"\n" + std::string(kV1);
  for (const std::size_t bytes : {std::size_t{3}, std::size_t{15}, whole.size() - 3}) {
    const auto faults = faults_of_whole(whole.substr(0, bytes));
    REQUIRE(faults.size() == 1);
    CHECK(holds(faults[0], "line "));
  }
}

TEST_CASE("configuration: a zone that the machine does not know is one fault among the others") {
  const auto outcome = read_config(
      "timezone = \"Asia/Seol\"\n[log]\nlevel = \"loud\"\n" + std::string(kV1), example_secrets,
      {.has_timezone = [](const std::string& name) { return name == "Asia/Seoul"; }});
  REQUIRE_FALSE(outcome.ok());
  REQUIRE(outcome.error().size() == 2);
  CHECK(outcome.error()[0].key == "timezone");
  CHECK(holds(outcome.error()[0].message, "Asia/Seol"));
  CHECK(outcome.error()[1].key == "log.level");
}

TEST_CASE("configuration: reading the file needs no secret, and no other table to be right") {
  const std::string elsewhere =
      "[webhook]\nlisten = \"x\"\n[log]\nlevel = \"loud\"\n[portone.v1]\nimp_key = \"env:no\"\n"
      "[portone.v2]\nstore_id = \"imp1\"\n";
  CHECK(faults_for(ConfigUse::kReadFile, elsewhere).empty());
  CHECK(faults_for(ConfigUse::kAskDaemon, elsewhere).empty());
  CHECK(faults_for(ConfigUse::kReadFile, "").empty());
  CHECK(faults_for(ConfigUse::kReadFile, "[admin]\ntoken = \"env:no\"\nlisten = 1\n").empty());
  CHECK(faults_for(ConfigUse::kAskDaemon, "[storage]\npath = \"\"\n").empty());
}

TEST_CASE("configuration: asking PortOne needs its keys, and no webhook secrets") {
  const std::string v2 = "[portone.v2]\napi_secret = \"s\"\nstore_id = \"store-1\"\n";
  CHECK(faults_for(ConfigUse::kAskPortone, v2).empty());
  CHECK(faults_for(ConfigUse::kAskPortone,
                   "[admin]\nlisten = 1\n[storage]\npath = \"\"\n" + v2 +
                       "webhook_secrets = [\"env:no\"]\n")
            .empty());
  CHECK(faults_for(ConfigUse::kAskPortone, "[portone.v1]\nimp_key = \"k\"\n") ==
        std::vector<std::string>{"portone.v1.imp_secret"});
  CHECK(faults_for(ConfigUse::kAskPortone, "[portone]\nchannel = \"test\"\n") ==
        std::vector<std::string>{"portone"});
}

TEST_CASE("configuration: what does concern it is told together with all the rest") {
  CHECK(faults_for(ConfigUse::kReadFile,
                   "[storage]\npath = \"\"\n[log]\nlevel = \"loud\"\n" + std::string(kV1)) ==
        std::vector<std::string>{"storage.path", "log.level"});
  CHECK(faults_for(ConfigUse::kAskDaemon, "[admin]\ntoken = \"env:no\"\n" + std::string(kV1)) ==
        std::vector<std::string>{"admin.token"});
  // A misspelled table may be the one that matters.
  CHECK(faults_for(ConfigUse::kReadFile, "[storag]\npath = \"x\"\n" + std::string(kV1)) ==
        std::vector<std::string>{"storag"});
  CHECK(faults_for(ConfigUse::kReadFile, "timezone = \"..\"\n" + std::string(kV1)) ==
        std::vector<std::string>{"timezone"});
}
