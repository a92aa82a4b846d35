// The command line: what it prints, and with what status it ends.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

Finished reconciled_with(const std::string& config, const std::string& command) {
  return run({{RECONCILED_BINARY, "--config", config, command}});
}

}  // namespace

TEST_CASE("commands: wrong usage is 2") {
  Rig rig;
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"bogus"},
      {"show"},
      {"lookup"},
      {"order", "o"},
      {"order", "o", "--amount", "x", "--currency", "KRW"},
      {"list", "--limit", "0"},
      {"list", "--limit", "501"},
      {"list", "--result", "payed"},
      {"list", "--finding", "nothing"},
      {"list", "--since", "yesterday"},
      {"list", "surplus"},
      {"order", "", "--amount", "1", "--currency", "KRW"},
      {"lookup", ""},
      {"resend", "7", "--since", "2026-11-22"},
      {"serve", "--nonsense"}};
  for (const auto& arguments : wrong) {
    CAPTURE(arguments.empty() ? "" : arguments.back());
    const Finished done = rig.daemon.command(arguments);
    CHECK(done.status == 2);
    CHECK(!done.err.empty());
    CHECK(done.out.empty());
  }
  CHECK(rig.daemon.command({"--help"}).status == 0);
  CHECK(has(rig.daemon.command({"--help"}).out, "serve"));
  CHECK(has(rig.daemon.command({"--version"}).out, "reconciled "));
}

TEST_CASE("commands: a bad configuration is 78, and every fault is printed with its key") {
  const reconciled::test::TemporaryFolder folder;
  write_file(folder / "bad.toml",
             "[storage]\nfoo = 1\n[webhook]\nlisten = \"x\"\n[admin]\nlisten = \"0.0.0.0:1\"\n"
             "[portone.v2]\nstore_id = \"\"\napi_secret = \"env:NOT_SET_ANYWHERE\"\n"
             "webhook_secrets = [\"whsec_c2VjcmV0IHdvcmRz!\"]\n[reconcile]\n"
             "lookup_schedule = []\n");
  for (const char* command : {"check", "serve", "list", "migrate"}) {
    CAPTURE(command);
    const Finished done = reconciled_with(folder / "bad.toml", command);
    CHECK(done.status == 78);
    for (const char* key :
         {"storage.foo", "webhook.listen", "portone.v2.store_id", "reconcile.lookup_schedule"}) {
      CHECK(has(done.err, key));
    }
    // The others need no secret, and do not look for them.
    const bool reads_secrets = command == std::string("check") || command == std::string("serve");
    for (const char* key :
         {"admin.listen", "portone.v2.api_secret", "portone.v2.webhook_secrets"}) {
      CHECK((done.err.find(key) != std::string::npos) == reads_secrets);
    }
    CHECK(done.err.find("c2VjcmV0") == std::string::npos);
  }
  CHECK(reconciled_with(folder / "absent.toml", "check").status == 78);
  write_file(folder / "broken.toml", "a = [\n");
  CHECK(reconciled_with(folder / "broken.toml", "check").status == 78);
}

TEST_CASE("commands: a configuration that cannot be read is told with the reason") {
  const reconciled::test::TemporaryFolder folder;
  const auto said = [](const std::string& path) {
    const Finished done = reconciled_with(path, "check");
    CHECK(done.status == 78);
    CHECK(done.out.empty());
    return done.err;
  };
  CHECK(has(said(folder / "absent.toml"), "absent.toml: No such file or directory"));
  CHECK(has(said(folder.text()), "it is a directory"));
  write_file(folder / "empty.toml", "\n");
  CHECK(has(said(folder / "empty.toml"), "is empty"));
  write_file(folder / "utf16.toml", std::string("\xff\xfe[\0l\0", 6));
  CHECK(has(said(folder / "utf16.toml"), "must be UTF-8"));
  write_file(folder / "large.toml", std::string(1024 * 1024 + 1, '#'));
  CHECK(has(said(folder / "large.toml"), "longer than 1 MiB"));
  write_file(folder / "zone.toml", "timezone = \"Asia\"\n[log]\nlevel = \"loud\"\n");
  const std::string zone = said(folder / "zone.toml");
  CHECK(has(zone, "timezone: this machine knows no time zone Asia"));
  CHECK(has(zone, "log.level"));
}

TEST_CASE("commands: a secret that is no text is named by check and by serve") {
  const reconciled::test::TemporaryFolder folder;
  write_file(folder / "imp_key", "key-\xe9\n");
  write_file(folder / "imp_secret", "\ufeffsecret \n");
  write_file(folder / "c.toml", "[storage]\npath = \"" + (folder / "r.db") +
                                    "\"\n[portone.v1]\nimp_key = \"file:" + (folder / "imp_key") +
                                    "\"\nimp_secret = \"file:" + (folder / "imp_secret") + "\"\n");
  for (const char* command : {"check", "serve"}) {
    const Finished done = reconciled_with(folder / "c.toml", command);
    CHECK(done.status == 78);
    CHECK(done.err == "portone.v1.imp_key: file:" + (folder / "imp_key") +
                          " holds a character beyond ASCII (byte 5), which no key of PortOne"
                          " has\n");
  }
  write_file(folder / "imp_key", " key \r\n");
  CHECK(reconciled_with(folder / "c.toml", "check").status == 0);
}

TEST_CASE("commands: check and migrate before the first start") {
  const reconciled::test::TemporaryFolder folder;
  Settings settings;
  settings.sandbox_url = "http://127.0.0.1:9";
  const std::string config = folder / "reconciled.toml";
  write_file(config, toml_of(settings, folder / "reconciled.db"));
  const Finished before = reconciled_with(config, "check");
  CHECK(before.status == 0);
  CHECK(has(before.out, "to apply"));
  CHECK(reconciled_with(config, "list").status == 1);
  const Finished first = reconciled_with(config, "migrate");
  CHECK(first.status == 0);
  CHECK(has(first.out, "applied 0001_initial"));
  CHECK(has(reconciled_with(config, "migrate").out, "nothing to apply"));
  CHECK(has(reconciled_with(config, "check").out, "0 migration(s)"));
  CHECK(reconciled_with(config, "list").status == 0);
  // Nobody is there to answer these.
  const Finished lookup = run({{RECONCILED_BINARY, "--config", config, "lookup", "o"}});
  CHECK(lookup.status == 1);
  CHECK(!lookup.err.empty());
  // Another program's database is left alone.
  REQUIRE(run({{"sqlite3", folder / "other.db", "CREATE TABLE t (a)"}}).status == 0);
  write_file(config, toml_of(settings, folder / "other.db"));
  for (const char* command : {"check", "serve", "migrate", "list"}) {
    CAPTURE(command);
    const Finished other = reconciled_with(config, command);
    CHECK(other.status != 0);
    CHECK(has(other.err, "another program"));
  }
}

TEST_CASE("commands: order, lookup, list, show and findings tell of a payment") {
  Rig rig;
  const Finished order =
      rig.daemon.command({"order", "주문 1", "--amount", "64900", "--currency", "KRW"});
  CHECK(order.status == 0);
  CHECK(order.out == "order 주문 1 is registered: 64,900 KRW\n");
  const Finished again = rig.daemon.command(
      {"order", "주문 1", "--amount", "64900", "--currency", "KRW", "--json"});
  CHECK(Json::parse(again.out).at("payment_id") == "주문 1");
  rig.portone.make({{"payment_id", "주문 1"},
                    {"version", "v2"},
                    {"amount", 64900},
                    {"status", "paid"},
                    {"webhook", false}});
  CHECK(rig.daemon.command({"lookup", "주문 1"}).out ==
        "PortOne is being asked about 주문 1; `reconciled show` tells what it says\n");
  CHECK(has(rig.daemon.command({"lookup", "nope"}).out, "of which nothing is known here yet"));
  rig.daemon.wait_for_result("주문 1", "paid");
  const Finished late =
      rig.daemon.command({"order", "주문 1", "--amount", "1", "--currency", "KRW"});
  CHECK(late.status == 1);
  CHECK(has(late.err, "409 conflict"));
  CHECK(late.err.find('{') == std::string::npos);
  rig.portone.make({{"payment_id", "held"}, {"amount", 500}, {"status", "paid"}});
  rig.daemon.wait_for_result("held", "paid");

  const Finished list = rig.daemon.command({"list"});
  CHECK(list.status == 0);
  CHECK(has(list.out, "PAYMENT"));
  CHECK(has(list.out, "주문 1"));
  CHECK(has(list.out, "64,900 KRW"));
  const Json all = Json::parse(rig.daemon.command({"list", "--json"}).out);
  CHECK(all.at("payments").size() == 2);
  CHECK(Json::parse(rig.daemon.command({"list", "--json", "--limit", "1"}).out)
            .at("payments")
            .size() == 1);
  CHECK(has(rig.daemon.command({"list", "--finding", "unregistered_order"}).out, "held"));
  CHECK(rig.daemon.command({"list", "--result", "failed"}).out.find("held") == std::string::npos);
  CHECK(has(rig.daemon.command({"list", "--since", "2020-01-01"}).out, "held"));
  CHECK(rig.daemon.command({"list", "--since", "2999-01-01"}).out.find("held") ==
        std::string::npos);

  const Finished show = rig.daemon.command({"show", "주문 1"});
  CHECK(show.status == 0);
  CHECK(has(show.out, "paid (by lookup)"));
  CHECK(has(show.out, "PortOne says PAID 64900 KRW"));
  const Json shown = Json::parse(rig.daemon.command({"show", "주문 1", "--json"}).out);
  CHECK(shown == rig.daemon.payment("주문 1"));
  CHECK(rig.daemon.command({"show", "unknown"}).status == 1);

  CHECK(has(rig.daemon.command({"findings"}).out, "unregistered_order"));
  rig.daemon.register_order("held", 500);
  rig.daemon.wait_for("held", [](const Json& p) { return open_findings(p).empty(); });
  CHECK(rig.daemon.command({"findings"}).out.find("unregistered_order") == std::string::npos);
  CHECK(has(rig.daemon.command({"findings", "--all"}).out, "unregistered_order"));
}
