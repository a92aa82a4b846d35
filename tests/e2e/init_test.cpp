// `reconciled init`: a first configuration, from nothing to what PortOne is asked about.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

struct Place {
  reconciled::test::TemporaryFolder folder;
  std::string config = folder / "r.toml";

  // PortOne itself is out of reach behind a proxy that is not there.
  Finished init(std::vector<std::string> arguments) const {
    std::vector<std::string> line{RECONCILED_BINARY, "--config", config, "init"};
    line.insert(line.end(), arguments.begin(), arguments.end());
    return run({line, {{"CREDENTIALS_DIRECTORY", folder / "credentials"},
                       {"https_proxy", "http://127.0.0.1:9"}}});
  }
};

}  // namespace

TEST_CASE("init: says the URLs for PortOne's console, and what is still to do") {
  const Place place;
  const Finished done = place.init({"--url", "https://pay.example.com/"});
  CHECK(done.status == 0);
  for (const char* part :
       {"결제모듈 V1   Endpoint URL   https://pay.example.com/webhooks/portone\n",
        "결제모듈 V2   Endpoint URL   https://pay.example.com/webhooks/portone\n",
        "m_redirect_url: \"https://pay.example.com/payments/complete\"",
        "redirectUrl: \"https://pay.example.com/payments/complete\"",
        "https://pay.example.com/confirm/portone", "credentials/imp_key", "credentials/imp_secret",
        "credentials/portone_api_secret", "credentials/portone_webhook_secret", "실연동",
        "check --online", "portone.v2.store_id in"}) {
    CHECK(has(done.out, part));
  }
  CHECK(done.err.empty());
  struct stat file {};
  REQUIRE(::stat(place.config.c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0644);  // the service's user reads it
}

TEST_CASE("init: overwrites nothing, and with --force keeps what was there") {
  const Place place;
  write_file(place.config, "# mine\n");
  const Finished refused = place.init({"--v1"});
  CHECK(refused.status == 1);
  CHECK(has(refused.err, "init overwrites nothing"));
  CHECK(refused.out.empty());
  CHECK(read_file(place.config) == "# mine\n");
  CHECK(place.init({"--v1", "--force"}).status == 0);
  CHECK(has(read_file(place.config), "[portone.v1]"));
  CHECK(read_file(place.config + ".old") == "# mine\n");
  CHECK_FALSE(std::filesystem::exists(place.config + ".new"));
}

TEST_CASE("init: what is wrong is said in words, and nothing is written") {
  const Place place;
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"--url", "pay.example.com"}, "https://pay.example.com"},
      {{"--url", "https://"}, "https://pay.example.com"},
      {{"--url", "https://pay.example.com/shop"}, "takes no path"},
      {{"--url", "https://pay.example.com?a=b"}, "neither query nor blanks"},
      {{"--store-id", "imp12345678"}, "portone.v2.store_id"},
      {{"--channel", "real"}, "live,test"},
      {{"--port", "0"}, "--port"},
      {{"--port", "65534"}, "--port"},
      {{"--store_id", "store-1"}, "did you mean --store-id?"}};
  for (const auto& [arguments, words] : wrong) {
    CAPTURE(arguments.back());
    const Finished done = place.init(arguments);
    CHECK(done.status == 2);
    CHECK(has(done.err, words));
    CHECK_FALSE(std::filesystem::exists(place.config));
  }
  const Finished nowhere = run({{RECONCILED_BINARY, "--config", "/nonexistent/r.toml", "init"}});
  CHECK(nowhere.status == 1);
  CHECK(has(nowhere.err, "cannot write /nonexistent/r.toml"));
}

TEST_CASE("init: where the secrets are there it ends with check --online") {
  const Place place;
  std::filesystem::create_directory(place.folder / "credentials");
  write_file(place.folder / "credentials/imp_key", "key\n");
  write_file(place.folder / "credentials/imp_secret", "secret\n");
  const Finished done = place.init({"--v1"});
  CHECK(has(done.out, "check --online` says"));
  CHECK(has(done.err, "PortOne is not reached"));
  CHECK(done.status != 0);
}
