// `reconciled bugreport`: what a helper needs, and none of the secrets and people that were
// planted.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

const std::vector<std::string> kPlanted{
    // secrets
    "planted_admin_token", "planted_hook_path", "planted_bot_token", "planted_mail_password",
    "planted_proxy_password", "planted_beat", "planted_query_token", "sandbox_api_secret",
    "sandbox_secret", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", "c2VjcmV0LW9mLXRoZS1zaG9w",
    // people
    "홍길동", "Hong Gildong", "hong@buyer.example", "010-9876-5432", "01098765432",
    "110-222-333444", "Teheran-ro 1", "planted-order-name", "ops-person@shop.example",
    "02-555-7777", "planted-tier"};

std::string planted_alerts() {
  return "urls = [\"slack+https://hooks.slack.com/services/planted_hook_path\", "
         "\"telegram+https://api.telegram.org/botplanted_bot_token?chat_id=-1\", "
         "\"smtps://mailer:planted_mail_password@mail.example/"
         "?from=ops-person@shop.example&to=ops-person@shop.example\"]\n"
         "heartbeat_url = \"https://hc.example/planted_beat\"";
}

Settings planted() {
  Settings settings;
  settings.admin_lines = "token = \"planted_admin_token\"";
  settings.redirect_lines =
      "shop_contact = \"02-555-7777\"\nretry_url = \"https://shop.example/?t=planted_query_token\"";
  settings.notify_lines =
      "url = \"https://127.0.0.1:1/planted_hook_path\"\nsecret = "
      "\"whsec_c2VjcmV0LW9mLXRoZS1zaG9w\"";
  settings.alert_lines = "";
  return settings;
}

// A day with people in it: an order's name, what browsers and webhooks carried, PortOne's answers.
void live(Rig& rig) {
  const auto send = [&](const std::string& method, const std::string& target, const Json& body) {
    return ask(rig.daemon.admin(), {method,
                                    target,
                                    body.dump(),
                                    {{"Content-Type", "application/json"},
                                     {"Authorization", "Bearer planted_admin_token"}}});
  };
  CHECK(send("PUT", "/orders/ord-1",
             {{"amount", 10'000},
              {"currency", "KRW"},
              {"name", "planted-order-name 홍길동 01098765432"}})
            .status == 201);
  rig.portone.make(
      {{"version", "v1"}, {"payment_id", "ord-1"}, {"status", "virtual_account_issued"}});
  rig.portone.make({{"version", "v2"}, {"payment_id", "hong@buyer.example"}, {"status", "paid"}});
  rig.come_back(
      "imp_uid=imp_x&merchant_uid=ord-1&imp_success=false&error_msg=Hong+Gildong+010-9876-5432");
  Call call = v1_webhook("imp_x", "ord-1", "paid");
  call.body = Json({{"imp_uid", "imp_x"},
                    {"merchant_uid", "ord-1"},
                    {"status", "paid"},
                    {"buyer_name", "홍길동"},
                    {"buyer_tel", "010-9876-5432"},
                    {"buyer_email", "hong@buyer.example"},
                    {"buyer_addr", "Teheran-ro 1"},
                    {"vbank_num", "110-222-333444"}})
                  .dump();
  rig.acknowledged(call);
  wait_until("it is stored", [&] {
    return rig.daemon.sqlite("SELECT count(*) FROM event") != "0\n" &&
           rig.daemon.sqlite("SELECT count(*) FROM finding") != "0\n";
  });
}

Finished report(const std::string& config, const std::string& file,
                const std::vector<std::string>& more = {}) {
  Command command{{RECONCILED_BINARY, "--config", config, "bugreport", file},
                  {{"HTTPS_PROXY", "http://me:planted_proxy_password@127.0.0.1:1"}}};
  command.arguments.insert(command.arguments.end(), more.begin(), more.end());
  return run(command);
}

std::string read_harmless(const std::string& file) {
  const std::string text = read_file(file);
  CAPTURE(text);
  for (const std::string& secret : kPlanted) {
    CAPTURE(secret);
    CHECK(text.find(secret) == std::string::npos);
  }
  return text;
}

}  // namespace

TEST_CASE("bugreport: tells a helper what stands, and nothing of secrets and people") {
  Rig rig(planted(), {},
          {.environment = {{"HTTPS_PROXY", "http://me:planted_proxy_password@127.0.0.1:1"}}});
  live(rig);
  // As `command` writes it, with the ports that were bound.
  Settings bound = rig.daemon.settings();
  bound.admin_listen = rig.daemon.admin().address;
  bound.alert_lines = planted_alerts();
  const std::string config = rig.folder / "bound.toml";
  write_file(config, toml_of(bound, rig.daemon.database_path()));

  const std::string file = rig.folder / "report.txt";
  Finished done = report(config, file);
  CHECK(done.status == 0);
  CHECK(done.err.empty());
  struct stat found {};
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  std::string text = read_harmless(file);
  for (const char* part : {"reconciled 0.1.0, schema ", "libcurl/", "OpenSSL ",
                           "portone.v1.imp_secret = (set, not shown)", "no fault",
                           "-wal: ", "schema ", "0 migration(s) pending", "payments:", "MiB free",
                           "inbox.depth ", "unregistered_order 1", "no unit whose journal to read"}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }

  // Never over another file, unless it is said.
  done = report(config, file);
  CHECK(done.status == 1);
  CHECK(done.err.find("--force") != std::string::npos);
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  CHECK(report(config, file, {"--force"}).status == 0);
  REQUIRE(::stat(file.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  done = report(config, rig.folder / "no/such/folder");
  CHECK(done.status == 1);
  CHECK(done.err.find("cannot write") != std::string::npos);

  // While the daemon is down, and with a configuration full of faults.
  rig.daemon.stop();
  CHECK(report(config, rig.folder / "down.txt").status == 0);
  text = read_harmless(rig.folder / "down.txt");
  CHECK(text.find("it does not answer") != std::string::npos);
  CHECK(text.find("payments:") != std::string::npos);
  write_file(config, toml_of(bound, rig.daemon.database_path()) +
                         "[extra]\nplanted_bot_token = \"planted_admin_token\"\n");
  CHECK(report(config, rig.folder / "faulty.txt").status == 0);
  text = read_harmless(rig.folder / "faulty.txt");
  CHECK(text.find("FAULT ") != std::string::npos);
  write_file(config, "token = planted_admin_token");
  CHECK(report(config, rig.folder / "broken.txt").status == 0);
  CHECK(read_harmless(rig.folder / "broken.txt").find("no TOML") != std::string::npos);
  CHECK(report(rig.folder / "none.toml", rig.folder / "none.txt").status == 0);
  rig.restart();
}
