#include "daemon/commands/init.h"

#include <doctest/doctest.h>

using namespace reconciled;
using commands::InitOptions;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

core::Outcome<core::Config, std::vector<core::ConfigFault>> read(const std::string& text) {
  return core::read_config(text, [](const core::SecretReference& reference) {
    const bool is_webhook = reference.name == "portone_webhook_secret";
    return core::Outcome<std::string, core::SecretError>(
        std::string(is_webhook ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" : "secret"));
  });
}

}  // namespace

TEST_CASE("init: which APIs are meant") {
  const auto meant = [](const InitOptions& options) {
    const auto apis = commands::apis_of(options);
    return std::string(apis.v1 ? "v1" : "") + (apis.v2 ? "v2" : "");
  };
  CHECK(meant({}) == "v1v2");
  CHECK(meant({.v1 = true}) == "v1");
  CHECK(meant({.v2 = true}) == "v2");
  CHECK(meant({.v1 = true, .v2 = true}) == "v1v2");
  CHECK(meant({.store_id = "store-1"}) == "v2");
  CHECK(meant({.v1 = true, .store_id = "store-1"}) == "v1v2");
}

TEST_CASE("init: what it writes is the example with the answers in it, and good") {
  for (const InitOptions& options :
       {InitOptions{.v1 = true}, InitOptions{.store_id = "store-1", .channel = "test"},
        InitOptions{.v1 = true, .store_id = "store-1", .port = 9001}}) {
    for (const std::string shop : {"", "shop"}) {
      const std::string text = commands::configuration_of(options, shop);
      CAPTURE(text);
      CHECK(commands::faults_of(text, options).empty());
      const auto config = read(text);
      REQUIRE(config.ok());
      CHECK(config.value().v1.has_value() == commands::apis_of(options).v1);
      CHECK(config.value().v2.has_value() == commands::apis_of(options).v2);
      if (config.value().v2) CHECK(config.value().v2->store_id == "store-1");
      CHECK((config.value().channel == core::Channel::kTest) == (options.channel == "test"));
      const std::string port = std::to_string(options.port + 2);
      CHECK(config.value().admin.listen.to_text() == "127.0.0.1:" + port);
      CHECK(config.value().database_path == (shop.empty() ? "/var/lib/reconciled/reconciled.db"
                                                          : "/var/lib/reconciled/shop/reconciled.db"));
      CHECK(has(text, "# live | test: payments of the other channel"));  // its comments stay
    }
  }
}

TEST_CASE("init: without a store only the store is left to fill in") {
  const std::string text = commands::configuration_of({}, "");
  CHECK(commands::faults_of(text, {}).empty());
  const auto config = read(text);
  REQUIRE_FALSE(config.ok());
  REQUIRE(config.error().size() == 1);
  CHECK(config.error().front().key == "portone.v2.store_id");
}

TEST_CASE("init: a store that is none is named, whatever is written in it") {
  for (const char* store : {"imp12345678", "store-\"x\"", "store-1\nimp_key = \"x\"", "store-\\"}) {
    CAPTURE(store);
    const InitOptions options{.store_id = store};
    const auto faults = commands::faults_of(commands::configuration_of(options, ""), options);
    REQUIRE(faults.size() == 1);
    CHECK(faults.front().key == "portone.v2.store_id");
  }
}
