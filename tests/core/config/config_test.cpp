#include "tests/core/config/config_reading.h"

using namespace reconciled::test;
using namespace std::chrono_literals;

TEST_CASE("configuration: an almost empty file gets every documented default") {
  const Config config = good("");
  CHECK(config.timezone == "Asia/Seoul");
  CHECK(config.database_path == "/var/lib/reconciled/reconciled.db");
  CHECK(config.retention_days == 90);
  CHECK(config.log_level == "info");
  CHECK(config.log_format == LogFormat::kText);
  CHECK(config.trusted_proxies == std::vector<std::string>{"127.0.0.1", "::1"});
  CHECK(config.webhook.listen.to_text() == "127.0.0.1:8801");
  CHECK(config.webhook.path == "/webhooks/portone");
  CHECK(config.webhook.confirm_path == "/confirm/portone");
  CHECK(config.webhook.max_body_bytes == 65536);
  CHECK(config.webhook.source_ips ==
        std::vector<std::string>{"52.78.100.19", "52.78.48.223", "52.78.5.241"});
  CHECK(config.webhook.source_ip_policy == SourceIpPolicy::kRecord);
  CHECK(config.redirect.listen.to_text() == "127.0.0.1:8802");
  CHECK(config.redirect.path == "/payments/complete");
  CHECK(config.redirect.mode == RedirectMode::kPage);
  CHECK(config.admin.listen.to_text() == "127.0.0.1:8803");
  CHECK(config.admin.token.empty());
  CHECK(config.channel == Channel::kLive);
  REQUIRE(config.v1);
  CHECK(config.v1->base_url == "https://api.iamport.kr");
  CHECK(config.v1->imp_key == "key-1");
  CHECK(config.v1->imp_secret == "secret-1");
  CHECK_FALSE(config.v2);
  CHECK(config.reconcile.missing_webhook == MissingWebhook::kLookup);
  CHECK(config.reconcile.lookup_schedule ==
        std::vector<std::chrono::milliseconds>{10s, 30s, 1min, 2min, 5min, 15min, 1h, 6h, 24h});
  CHECK(config.reconcile.lookups_in_flight == 64);
  CHECK(config.reconcile.sweep_every == 10min);
  CHECK(config.reconcile.unregistered_orders == UnregisteredOrders::kHold);
  CHECK(config.notify_url.empty());
}

TEST_CASE("configuration: every key of every table reaches its field") {
  const Config config = good(R"(
timezone = "UTC"
[storage]
path = "data.db"
retention_days = 0
[log]
level = "debug"
format = "json"
[http]
trusted_proxies = ["10.0.0.1", "172.16.0.0/12", "unix:"]
[webhook]
listen = "[::]:9001"
tls_cert = "c.pem"
tls_key = "k.pem"
path = "/w"
confirm_path = "/c"
max_body_bytes = 1024
source_ips = ["2001:db8::1", "52.78.0.0/16"]
source_ip_policy = "enforce"
[redirect]
listen = "unix:/run/r.sock"
path = "/r"
mode = "forward"
success_url = "https://shop.example/done?id={payment_id}&r={result}"
failure_url = "/failed"
pending_url = "http://shop.example:8080/wait"
retry_url = "https://shop.example/cart?id={payment_id}"
shop_name = "달빛 서점"
shop_contact = "1588-1234"
[admin]
listen = "0.0.0.0:9003"
tls_cert = "c.pem"
tls_key = "k.pem"
token = "literal"
[portone]
channel = "test"
[reconcile]
missing_webhook = "wait"
lookup_schedule = ["1s", "1500ms", "2m", "720h"]
lookups_in_flight = 128
unregistered_orders = "accept"
[portone.v2]
base_url = "http://127.0.0.1:4000/"
api_secret = "plain"
store_id = "store-1"
webhook_secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "credential:portone_webhook_secret"]
)");
  CHECK(config.timezone == "UTC");
  CHECK(config.database_path == "data.db");
  CHECK(config.retention_days == 0);
  CHECK(config.log_level == "debug");
  CHECK(config.log_format == LogFormat::kJson);
  CHECK(config.trusted_proxies == std::vector<std::string>{"10.0.0.1", "172.16.0.0/12", "unix:"});
  CHECK(config.webhook.listen.host == "::");
  CHECK(config.webhook.listen.port == 9001);
  CHECK(config.webhook.tls_cert == "c.pem");
  CHECK(config.webhook.tls_key == "k.pem");
  CHECK(config.webhook.path == "/w");
  CHECK(config.webhook.confirm_path == "/c");
  CHECK(config.webhook.max_body_bytes == 1024);
  CHECK(config.webhook.source_ips == std::vector<std::string>{"2001:db8::1", "52.78.0.0/16"});
  CHECK(config.webhook.source_ip_policy == SourceIpPolicy::kEnforce);
  CHECK(config.redirect.listen.path == "/run/r.sock");
  CHECK(config.redirect.path == "/r");
  CHECK(config.redirect.mode == RedirectMode::kForward);
  CHECK(config.redirect.success_url == "https://shop.example/done?id={payment_id}&r={result}");
  CHECK(config.redirect.failure_url == "/failed");
  CHECK(config.redirect.pending_url == "http://shop.example:8080/wait");
  CHECK(config.redirect.retry_url == "https://shop.example/cart?id={payment_id}");
  CHECK(config.redirect.shop_name == "달빛 서점");
  CHECK(config.redirect.shop_contact == "1588-1234");
  CHECK(config.admin.token == "literal");
  CHECK(config.channel == Channel::kTest);
  REQUIRE(config.v2);
  CHECK(config.v2->base_url == "http://127.0.0.1:4000");
  CHECK(config.v2->api_secret == "plain");
  CHECK(config.v2->store_id == "store-1");
  CHECK(config.v2->webhook_secrets.size() == 2);
  CHECK(config.v2->webhook_secrets[1] == kWebhookSecret);
  CHECK(config.reconcile.missing_webhook == MissingWebhook::kWait);
  CHECK(config.reconcile.lookup_schedule ==
        std::vector<std::chrono::milliseconds>{1s, 1500ms, 2min, 720h});
  CHECK(config.reconcile.lookups_in_flight == 128);
  CHECK(config.reconcile.unregistered_orders == UnregisteredOrders::kAccept);
}

TEST_CASE("configuration: all faults come at once, each with its key, in the interface's order") {
  const auto outcome = read(R"(
extra = 1
timezone = "Not a zone"
[notify]
url = "https://shop.example"
[storage]
retention_days = -1
pth = "x"
[log]
level = "loud"
[webhook]
listen = "nowhere"
path = "webhooks"
[portone.v2]
store_id = "store-…"
)");
  REQUIRE_FALSE(outcome.ok());
  std::vector<std::string> keys;
  for (const ConfigFault& fault : outcome.error()) keys.push_back(fault.key);
  CHECK(keys == std::vector<std::string>{"timezone", "storage.retention_days", "storage.pth",
                                         "log.level", "webhook.listen", "webhook.path",
                                         "portone.v2.api_secret", "portone.v2.store_id",
                                         "portone.v2.webhook_secrets", "notify.secret", "extra"});
}

TEST_CASE("configuration: unknown keys and tables are faults that name what was meant") {
  CHECK(faults_of("[storage]\nretention_day = 1") ==
        std::vector<std::string>{
            "storage.retention_day: unknown key, did you mean storage.retention_days?"});
  CHECK(faults_of("[webhok]\nlisten = \"127.0.0.1:1\"") ==
        std::vector<std::string>{"webhok: unknown table, did you mean webhook?"});
  CHECK(faults_of("[admin]\nzzzzzz = 1") == std::vector<std::string>{"admin.zzzzzz: unknown key"});
  CHECK(faults_of("\"a\\nb\" = 1") == std::vector<std::string>{"a b: unknown key"});
}

TEST_CASE("configuration: wrong types are faults that name both types") {
  CHECK(faults_of("timezone = 9") ==
        std::vector<std::string>{"timezone: must be a string, found an integer"});
  CHECK(faults_of("storage = 9") ==
        std::vector<std::string>{"storage: must be a table, found an integer"});
  check_one_fault("[storage]\nretention_days = \"90\"", "storage.retention_days");
  check_one_fault("[storage]\nretention_days = 1.5", "storage.retention_days");
  check_one_fault("[http]\ntrusted_proxies = \"::1\"", "http.trusted_proxies");
  check_one_fault("[http]\ntrusted_proxies = [\"::1\", true]", "http.trusted_proxies[1]");
  check_one_fault("[notify]\nsecret = 1", "notify.secret");
  CHECK(faults_of_whole("[portone]\nv1 = 1") ==
        std::vector<std::string>{"portone.v1: must be a table, found an integer"});
}

TEST_CASE("configuration: a value that is out of its range or not among its words is a fault") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[storage]\npath = \"\"", "storage.path"},
      {"[storage]\nretention_days = 36501", "storage.retention_days"},
      {"[log]\nformat = \"xml\"", "log.format"},
      {"[http]\ntrusted_proxies = [\"10.0.0.0/33\"]", "http.trusted_proxies[0]"},
      {"[http]\ntrusted_proxies = [\"10.0.0.1:80\"]", "http.trusted_proxies[0]"},
      {"[webhook]\nsource_ips = [\"unix:\"]", "webhook.source_ips[0]"},
      {"[webhook]\nsource_ips = [\"52.78.100\"]", "webhook.source_ips[0]"},
      {"[webhook]\nsource_ips = []\nsource_ip_policy = \"enforce\"", "webhook.source_ip_policy"},
      {"[webhook]\nsource_ip_policy = \"deny\"", "webhook.source_ip_policy"},
      {"[webhook]\nmax_body_bytes = 1023", "webhook.max_body_bytes"},
      {"[webhook]\nmax_body_bytes = 1048577", "webhook.max_body_bytes"},
      {"[webhook]\npath = \"/a?b\"", "webhook.path"},
      {"[webhook]\npath = \"/a b\"", "webhook.path"},
      {"[webhook]\npath = \"/same\"\nconfirm_path = \"/same\"", "webhook.confirm_path"},
      {"[webhook]\ntls_cert = \"c.pem\"", "webhook.tls_key"},
      {"[redirect]\ntls_key = \"k.pem\"", "redirect.tls_cert"},
      {"[redirect]\nmode = \"frame\"", "redirect.mode"},
      {"[redirect]\nmode = \"forward\"", "redirect.pending_url"},
      {"[portone]\nchannel = \"both\"", "portone.channel"},
      {"[reconcile]\nmissing_webhook = \"ask\"", "reconcile.missing_webhook"},
      {"[reconcile]\nlookups_in_flight = 0", "reconcile.lookups_in_flight"},
      {"[reconcile]\nlookups_in_flight = 129", "reconcile.lookups_in_flight"},
      {"[reconcile]\nunregistered_orders = \"\"", "reconcile.unregistered_orders"},
      {"[reconcile]\nlookup_schedule = []", "reconcile.lookup_schedule"},
      {"[reconcile]\nlookup_schedule = [\"999ms\"]", "reconcile.lookup_schedule[0]"},
      {"[reconcile]\nlookup_schedule = [\"721h\"]", "reconcile.lookup_schedule[0]"},
      {"[reconcile]\nlookup_schedule = [\"2s\", \"2s\"]", "reconcile.lookup_schedule[1]"},
      {"[reconcile]\nlookup_schedule = [\"2s\", \"2 m\"]", "reconcile.lookup_schedule[1]"},
      {"timezone = \"../etc/passwd\"", "timezone"},
      {"timezone = \"\"", "timezone"},
      {"timezone = \"/etc/localtime\"", "timezone"},
      {"timezone = \"a\\u0000b\"", "timezone"}};
  for (const auto& [toml, key] : cases) check_one_fault(toml, key);
}

TEST_CASE("configuration: schedule entries are digits and one unit") {
  for (const char* text : {"", "0", "10", "s", "1.5s", "-1s", "+1s", "10S", "1d", "1m30s",
                           "99999999999999999999s", "10s "}) {
    check_one_fault("[reconcile]\nlookup_schedule = [\"" + std::string(text) + "\"]",
                    "reconcile.lookup_schedule[0]");
  }
}

TEST_CASE("configuration: how often lists are walked is a duration of a second to a day, or never") {
  CHECK(good("[reconcile]\nsweep_every = \"0\"").reconcile.sweep_every == 0ms);
  CHECK(good("[reconcile]\nsweep_every = \"90s\"").reconcile.sweep_every == 90s);
  for (const char* text : {"500ms", "25h", "soon", ""}) {
    check_one_fault("[reconcile]\nsweep_every = \"" + std::string(text) + "\"",
                    "reconcile.sweep_every");
  }
}

TEST_CASE("configuration: with a URL to tell the shop at, a secret to sign with is needed") {
  CHECK(good("[notify]\nurl = \"\"\nsecret = \"credential:absent\"").notify_secret.empty());
  const auto config = good(
      "[notify]\nurl = \"https://shop.example/hooks?a=1\"\nsecret = \"whsec_c2VjcmV0\"");
  CHECK(config.notify_url == "https://shop.example/hooks?a=1");
  CHECK(config.notify_secret == "whsec_c2VjcmV0");
  check_one_fault("[notify]\nurl = \"https://shop.example\"", "notify.secret");
  check_one_fault("[notify]\nurl = \"https://shop.example\"\nsecret = \"no base64!\"",
                  "notify.secret");
  for (const char* url : {"shop.example", "ftp://shop.example", "/hooks", "https://shop.example/#a",
                          "https://shop.example/{payment_id}"}) {
    check_one_fault("[notify]\nurl = \"" + std::string(url) + "\"\nsecret = \"whsec_c2VjcmV0\"",
                    "notify.url");
  }
}

TEST_CASE("configuration: one of the two PortOne tables is needed, and either will do") {
  CHECK(faults_of_whole("") ==
        std::vector<std::string>{"portone: needs [portone.v1], [portone.v2] or both"});
  CHECK(faults_of_whole(std::string(kV2)).empty());
  CHECK(faults_of(std::string(kV2)).empty());
}

TEST_CASE(
    "configuration: a missing, empty or broken secret is a fault that never shows the value") {
  check_one_fault("[admin]\ntoken = \"file:\"", "admin.token");
  check_one_fault("[admin]\ntoken = \"credential:absent\"", "admin.token");
  check_one_fault("[admin]\ntoken = \"env:blank\"", "admin.token");
  const auto faults = faults_of("[admin]\ntoken = \"file:two_lines\"");
  REQUIRE(faults.size() == 1);
  CHECK_FALSE(holds(faults[0], "one\n"));
  CHECK(faults_of_whole("[portone.v1]\nimp_key = \"\"\n").size() == 2);
}

TEST_CASE("configuration: webhook secrets must decode, and there is at least one") {
  const std::string head =
      "[portone.v2]\napi_secret = \"s\"\nstore_id = \"store-1\"\nwebhook_secrets = ";
  check_one_fault(head + "[]", "portone.v2.webhook_secrets");
  check_one_fault(head + "\"whsec_AAAA\"", "portone.v2.webhook_secrets");
  check_one_fault(head + "[\"\"]", "portone.v2.webhook_secrets[0]");
  check_one_fault(head + "[\"whsec_AAAA\", \"credential:absent\"]",
                  "portone.v2.webhook_secrets[1]");
  check_one_fault(head + R"(["AAAA", "AAAA", "AAAA", "AAAA", "AAAA"])",
                  "portone.v2.webhook_secrets");
  const auto faults = faults_of(head + "[\"whsec_!not-base64!\"]");
  REQUIRE(faults.size() == 1);
  CHECK_FALSE(holds(faults[0], "not-base64"));
}

TEST_CASE("configuration: PortOne is reached over TLS, or on this machine") {
  const auto faults = [](const std::string& url) {
    return faults_of_whole(std::string(kV1) + "base_url = \"" + url + "\"");
  };
  for (const char* url : {"https://api.example", "https://api.example:8443/prefix",
                          "http://localhost:4000", "http://127.0.0.2", "http://[::1]:4000"}) {
    INFO(url);
    CHECK(faults(url).empty());
  }
  for (const char* url :
       {"", "api.example", "ftp://api.example", "http://api.example", "http://127.0.0.1.example",
        "http://127.0.0.1@api.example", "https://user@api.example", "https://", "https://a b",
        "https://a:0", "https://a:99999", "https://a?x=1", "https://a#x", "https://[::1",
        "http://localhost.example", "http://[::2]"}) {
    INFO(url);
    CHECK(faults(url).size() == 1);
  }
}

TEST_CASE("configuration: redirect URLs are http(s) or paths, with the two placeholders") {
  for (const char* url : {"/done", "/done/{payment_id}?r={result}", "https://shop.example",
                          "http://shop.example/a?b={payment_id}#{result}"}) {
    CHECK(good("[redirect]\nsuccess_url = \"" + std::string(url) + "\"").redirect.success_url ==
          url);
  }
  for (const char* url :
       {"done", "//evil.example", "javascript:alert(1)", "/{order_id}", "/{payment_id", "/a}",
        "/{}", "https://{payment_id}.example/", "https://shop.example/완료", "/a b", "/a\\\\b"}) {
    check_one_fault("[redirect]\nfailure_url = \"" + std::string(url) + "\"",
                    "redirect.failure_url");
    check_one_fault("[redirect]\nretry_url = \"" + std::string(url) + "\"", "redirect.retry_url");
  }
}

TEST_CASE("configuration: what buyers read is one line of visible text") {
  for (const char* key : {"shop_name", "shop_contact"}) {
    const std::string line = "[redirect]\n" + std::string(key) + " = ";
    good(line + "\"\"");
    good(line + "\"" + std::string(200, 'a') + "\"");
    good(line + "\"달빛 서점 & Söhne <b>\"");
    for (const std::string& text :
         {std::string(201, 'a'), std::string("a\\nb"), std::string("a\\tb"),
          std::string("a\\u202Eb"), std::string("a\\u200Bb")}) {
      check_one_fault(line + "\"" + text + "\"", "redirect." + std::string(key));
    }
  }
}

TEST_CASE("configuration: two listeners cannot share an address") {
  check_one_fault("[redirect]\nlisten = \"127.0.0.1:8801\"", "redirect.listen");
  check_one_fault("[admin]\nlisten = \"127.0.0.1:8802\"", "admin.listen");
  check_one_fault("[webhook]\nlisten = \"0.0.0.0:8802\"", "redirect.listen");
  check_one_fault("[webhook]\nlisten = \"[::1]:9000\"\n[redirect]\nlisten = \"[0::1]:9000\"",
                  "redirect.listen");
  check_one_fault("[webhook]\nlisten = \"unix:/a\"\n[redirect]\nlisten = \"unix:/a\"",
                  "redirect.listen");
  good("[webhook]\nlisten = \"127.0.0.1:0\"\n[redirect]\nlisten = \"127.0.0.1:0\"");
  good("[webhook]\nlisten = \"127.0.0.1:9000\"\n[redirect]\nlisten = \"127.0.0.2:9000\"");
  good("[webhook]\nlisten = \"0.0.0.0:9000\"\n[redirect]\nlisten = \"[::1]:9000\"");
}

TEST_CASE("configuration: the admin endpoint leaves this machine only with a token and TLS") {
  const std::string open = "[admin]\nlisten = \"0.0.0.0:8803\"\n";
  const std::string tls = "tls_cert = \"c\"\ntls_key = \"k\"\n";
  const std::string token = "token = \"t\"\n";
  check_one_fault(open, "admin.listen");
  check_one_fault(open + tls, "admin.listen");
  check_one_fault(open + token, "admin.listen");
  good(open + tls + token);
  good("[admin]\nlisten = \"unix:/run/reconciled/admin.sock\"");
  good("[admin]\nlisten = \"[::1]:8803\"");
}

TEST_CASE("configuration: a file that is no TOML is one fault with its place and no value") {
  const auto outcome = read("[admin]\ntoken = tsecret-text\n");
  REQUIRE_FALSE(outcome.ok());
  REQUIRE(outcome.error().size() == 1);
  CHECK(outcome.error()[0].key.empty());
  CHECK(holds(outcome.error()[0].message, "line 2"));
  CHECK_FALSE(holds(outcome.error()[0].message, "secret"));
  CHECK_FALSE(read("a = 1\na = 2").ok());
  CHECK_FALSE(read("a = \"\xff\"").ok());
}
