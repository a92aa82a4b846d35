// The table [alert]: whom people's URLs lead to, and what is wrong with one.
#include "daemon/core/config/config_changes.h"
#include "daemon/core/config/config_shown.h"
#include "tests/core/config/config_reading.h"

using namespace reconciled::test;

namespace {

AlertUrl url(const std::string& text) {
  const auto parsed = parse_alert_url(text);
  if (!parsed.ok()) MESSAGE(text << ": " << parsed.error());
  REQUIRE(parsed.ok());
  return parsed.value();
}

std::vector<std::string> keys(const Config& old, const Config& fresh) {
  std::vector<std::string> all;
  for (const ConfigChange& change : compare(old, fresh)) {
    all.push_back(change.key + (change.is_taken_over ? "" : "!"));
  }
  return all;
}

constexpr const char* kSlack = "slack+https://hooks.slack.com/services/T0/B0/topsecret";

}  // namespace

TEST_CASE("alert URL: each format is taken apart") {
  CHECK(url(kSlack).base_url == "https://hooks.slack.com");
  CHECK(url(kSlack).label() == "slack hooks.slack.com");
  CHECK(url("telegram+https://api.telegram.org/bot1:A/sendMessage?chat_id=@ops").target ==
        "/bot1:A/sendMessage");
  CHECK(url("ntfy+https://ntfy.example:8443/shop_1/").recipient == "shop_1");
  CHECK(url("json+http://127.0.0.1:9/x?y=1").target == "/x?y=1");
  const AlertUrl mail = url("smtp://me:a%3Ab@mail.example:587?from=a@b.kr&to=c@d.kr&to=ops+e@f.kr");
  CHECK(mail.base_url == "smtp://mail.example:587");
  CHECK(mail.mail.password == "a:b");
  CHECK(mail.mail.to == std::vector<std::string>{"c@d.kr", "ops+e@f.kr"});
  CHECK(url("smtp://localhost/?from=a@b.kr&to=c@d.kr").mail.user.empty());
}

TEST_CASE("alert URL: what is wrong is said, and nothing of it repeated") {
  for (const char* text :
       {"https://hooks.slack.com/topsecret",
        "slack+ftp://x/topsecret",
        "slack+https://x",
        "slack+http://hooks.slack.com/topsecret",
        "json+https://u:topsecret@x/",
        "mail:topsecret",
        "telegram+https://api.telegram.org/bottopsecret",
        "telegram+https://api.telegram.org/topsecret?chat_id=1",
        "telegram+https://api.telegram.org/bot1?chat_id=1&topsecret=1",
        "telegram+https://api.telegram.org/bot1?chat_id=1&message_thread_id=topsecret",
        "ntfy+https://ntfy.sh/a/topsecret",
        "ntfy+https://ntfy.sh/?topsecret",
        "smtp://mail.example?from=a@b.kr",
        "smtp://mail.example?to=a@b.kr",
        "smtp://u@mail.example?from=a@b.kr&to=c@d.kr",
        "smtp://mail.example?from=topsecret&to=c@d.kr",
        "smtp://mail.example?from=a@b.kr&to=c@d.kr%0d%0aDATA",
        "smtp://mail.example?from=a@b.kr&to=%3Cc@d.kr%3E",
        "smtp://mail.example/topsecret?from=a@b.kr&to=c@d.kr",
        "smtp://?from=a@b.kr&to=c@d.kr",
        "smtp://mail.example?from=a@b.kr&to=c@d.kr&bcc=x@y.kr"}) {
    CAPTURE(text);
    const auto parsed = parse_alert_url(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.error().find("topsecret") == std::string::npos);
    CHECK(parsed.error().size() > 20);
    check_one_fault("[alert]\nurls = [\"" + std::string(text) + "\"]", "alert.urls[0]");
  }
}

TEST_CASE("configuration: [alert] with all of it, and each fault by its key") {
  CHECK(good("[alert]\nurls = []\nheartbeat_url = \"\"").alert.urls.empty());
  const Config config = good("[alert]\nurls = [\"" + std::string(kSlack) +
                             "\"]\nlanguage = \"en\"\ndashboard_url = \"https://ops.example/\"\n"
                             "heartbeat_url = \"https://hc.example/uuid\"");
  CHECK(config.alert.urls.at(0).format == AlertFormat::kSlack);
  CHECK(config.alert.language == AlertLanguage::kEnglish);
  CHECK(config.alert.heartbeat_url == "https://hc.example/uuid");
  check_one_fault("[alert]\nlanguage = \"fr\"", "alert.language");
  check_one_fault("[alert]\ndashboard_url = \"ops\"", "alert.dashboard_url");
  check_one_fault("[alert]\nheartbeat_url = \"hc\"", "alert.heartbeat_url");
  check_one_fault("[alert]\nurls = [\"env:nothing\"]", "alert.urls[0]");
  check_one_fault("[alert]\nurls = [\"\"]", "alert.urls[0]");
  check_one_fault("[alert]\nurl = \"x\"", "alert.url");
  std::string nine;
  for (int i = 0; i < 9; ++i) nine += "\"" + std::string(kSlack) + "\",";
  check_one_fault("[alert]\nurls = [" + nine + "]", "alert.urls");
}

TEST_CASE(
    "configuration: a URL of [alert] may stand elsewhere, and a reload without it changes "
    "nothing") {
  const std::string toml = "[alert]\nurls = [\"credential:alert_url\"]\n" + std::string(kV1);
  const auto with = [&](const std::string& text) {
    const auto outcome = read_config(
        toml, [&](const SecretReference& reference) -> Outcome<std::string, SecretError> {
          return reference.name == "alert_url" ? text + "\n" : std::string("key");
        });
    REQUIRE(outcome.ok());
    return outcome.value();
  };
  const Config running = with(kSlack);
  CHECK(running.alert.urls.at(0).host == "hooks.slack.com");
  const Config unread = with(kUnreadCredential);
  CHECK(keys(running, unread) == std::vector<std::string>{"alert.urls!"});
  CHECK(take_over(running, unread).alert.urls.size() == 1);
}

TEST_CASE("configuration changes: [alert] is taken over while we run") {
  const Config old = good("");
  const Config fresh = good("[alert]\nurls = [\"" + std::string(kSlack) +
                            "\"]\nlanguage = \"en\"\ndashboard_url = \"https://ops.example/\"\n"
                            "heartbeat_url = \"https://hc.example/uuid\"");
  CHECK(keys(old, fresh) == std::vector<std::string>{"alert.urls", "alert.language",
                                                     "alert.dashboard_url", "alert.heartbeat_url"});
  CHECK(keys(take_over(old, fresh), fresh).empty());
}

TEST_CASE("shown configuration: keys, and no value that may be a secret or somebody's") {
  const std::string shown = shown_config(
      "timezone = \"Asia/Seoul\"\ntopsecret = 1\n[storage]\npath = \"/var/lib/x.db\"\n"
      "[redirect]\nretry_url = \"https://shop.example/pay?token=topsecret\"\n"
      "shop_contact = \"010-1234-5678\"\nshop_name = \"topsecret\"\n"
      "[admin]\ntoken = \"topsecret\"\n[portone.v1]\nimp_key = \"credential:imp_key\"\n"
      "imp_secret = \"topsecret\"\n[notify]\nurl = \"https://shop.example/topsecret\"\n"
      "secret = \"file:/etc/x\"\nextra = \"topsecret\"\n[alert]\nurls = [\"" +
      std::string(kSlack) + "\", \"file:/etc/y\"]\n[topsecret2]\ntopsecret = 1\n");
  CAPTURE(shown);
  CHECK(shown.find("topsecret") == std::string::npos);
  CHECK(shown.find("1234") == std::string::npos);
  for (const char* line :
       {"timezone = \"Asia/Seoul\"\n", "storage.path = \"/var/lib/x.db\"\n",
        "redirect.retry_url = https://shop.example/\u2026\n", "admin.token = (set, not shown)\n",
        "portone.v1.imp_key = credential:imp_key\n", "notify.secret = file:/etc/x\n",
        "alert.urls = [slack hooks.slack.com/\u2026, file:/etc/y]\n",
        "(a key that nobody knows, in [notify])\n"}) {
    CAPTURE(line);
    CHECK(shown.find(line) != std::string::npos);
  }
  CHECK(shown_config("token = topsecret").find("topsecret") == std::string::npos);
}
