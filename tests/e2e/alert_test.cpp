// People are told: real receivers of every format, a real daemon whose minutes are seconds (but in
// the first test).
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "tests/e2e/people.h"
#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

Settings with(const std::string& alert_lines) {
  Settings settings;
  settings.alert_lines = alert_lines;
  return settings;
}

std::string urls(const std::vector<std::string>& all, const std::string& more = "") {
  std::string list;
  for (const std::string& url : all) list += (list.empty() ? "\"" : ", \"") + url + "\"";
  return "urls = [" + list + "]\n" + more;
}

Command hurried() { return {{ALTERED_DAEMON_BINARY, "--hurry"}}; }

// Paid, and nobody registered it: a finding until somebody does.
void pay_unregistered(Rig& rig, const std::string& id) {
  rig.portone.make({{"version", "v2"}, {"payment_id", id}, {"status", "paid"}});
}

std::int64_t open(const Rig& rig, const std::string& kind) {
  const Json stats = rig.daemon.get("/stats").json();
  const Json& findings = stats.at("open_findings");
  return findings.value(kind, std::int64_t{0});
}

// The kinds that its messages told of with this change.
std::vector<std::string> kinds(const std::vector<Told>& messages, const std::string& change) {
  std::vector<std::string> all;
  for (const Told& told : messages) {
    const Json message = told.json();
    for (const Json& one : message.at("changes")) {
      if (one.at("change") == change) all.push_back(one.at("kind"));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("alert: nothing on a quiet start; a burst of findings is one message, 15 s later") {
  const People people;
  Rig rig(with(urls({"json+" + people.url() + "/ops"})));
  for (int i = 0; i < 20; ++i) pay_unregistered(rig, "burst-" + std::to_string(i));
  wait_until("all are found", [&] { return open(rig, "unregistered_order") == 20; });
  const auto found = Clock::now();
  people.wait_for_taken("/ops", 1);
  CHECK(Clock::now() - found > 8s);
  const Json message = people.taken().front().json();
  REQUIRE(message.at("changes").size() == 1);
  const Json& change = message.at("changes").at(0);
  CHECK(change.at("kind") == "unregistered_order");
  CHECK(change.at("open") == 20);
  CHECK(change.at("payment_ids").size() == 3);
  CHECK(message.at("text").get<std::string>().find("burst-") != std::string::npos);
  CHECK(people.heard().size() == 1);
}

TEST_CASE("alert: each format tells of a beginning and of its end, once") {
  const People people;
  const MailBox box;
  const std::string mail = "smtp://127.0.0.1:" + std::to_string(box.port()) +
                           "?from=reconciled@shop.example&to=ops@shop.example&to=ceo@shop.example";
  Settings settings =
      with(urls({"slack+" + people.url() + "/slack/T0/B0/x", "jandi+" + people.url() + "/jandi/1/x",
                 "telegram+" + people.url() + "/bot1:x?chat_id=-5",
                 "ntfy+" + people.url() + "/topic-1", "json+" + people.url() + "/json", mail},
                "dashboard_url = \"https://ops.example/\""));
  settings.redirect_lines = "shop_name = \"꽃집\"";
  Rig rig(settings, {}, hurried());
  pay_unregistered(rig, "ord-1");
  const std::vector<std::string> targets{"/slack/T0/B0/x", "/jandi/1/x", "/bot1:x/sendMessage",
                                         "/json"};
  for (const std::string& target : targets) people.wait_for_taken(target, 1);
  wait_until("a mail came", [&] { return box.letters().size() == 1; });
  const MailBox::Letter letter = box.letters().front();
  CHECK(letter.from == "<reconciled@shop.example>");
  CHECK(letter.to == std::vector<std::string>{"<ops@shop.example>", "<ceo@shop.example>"});
  const std::string text = from_base64(letter.text.substr(letter.text.find("\r\n\r\n") + 4));
  CHECK(text.find("등록되지 않은 주문의 결제, 미해결 1건") != std::string::npos);
  CHECK(text.find("주문: ord-1") != std::string::npos);
  CHECK(text.find("https://ops.example/") != std::string::npos);
  const auto jandi = people.taken("/jandi").front();
  CHECK(jandi.accept == "application/vnd.tosslab.jandi-v2+json");
  CHECK(
      people.taken("/slack").front().json().at("text").get<std::string>().starts_with("*[꽃집] "));
  CHECK(people.taken("/bot1").front().json().at("chat_id") == "-5");
  wait_until("ntfy came", [&] {
    const auto all = people.taken();
    return std::any_of(all.begin(), all.end(), [](const Told& t) { return t.target == "/"; });
  });

  rig.daemon.register_order("ord-1");
  for (const std::string& target : targets) people.wait_for_taken(target, 2);
  wait_until("another mail came", [&] { return box.letters().size() == 2; });
  CHECK(kinds(people.taken("/json"), "ends") == std::vector<std::string>{"unregistered_order"});
  std::this_thread::sleep_for(3s);
  for (const std::string& target : targets) CHECK(people.heard(target).size() == 2);
  CHECK(box.letters().size() == 2);
  // No secret of a URL is in the log.
  CHECK(rig.daemon.log().find("T0/B0") == std::string::npos);
  CHECK(rig.daemon.log().find("bot1:x") == std::string::npos);
  CHECK(rig.daemon.log().find("people were told") != std::string::npos);
}

TEST_CASE(
    "alert: a URL that fails, hangs or asks for patience is tried again and holds up no other") {
  People people;
  std::atomic<bool> is_ill{true};
  std::atomic<bool> is_over{false};
  people.answer_with([&](const Told& told) {
    if (!is_ill || told.target == "/good") return 200;
    if (told.target == "/slow") {
      for (int i = 0; i < 100 && !is_over; ++i) std::this_thread::sleep_for(50ms);
      return 500;
    }
    return told.target == "/busy" ? 429 : 500;
  });
  Rig rig(with(urls({"json+" + people.url() + "/slow", "json+" + people.url() + "/busy",
                     "json+" + people.url() + "/ill", "json+" + people.url() + "/good"})),
          {}, hurried());
  pay_unregistered(rig, "ord-1");
  people.wait_for_taken("/good", 1);
  CHECK(people.taken("/ill").empty());
  // After three failures the others, and `status`, tell of it.
  wait_until("the others are told", [&] {
    const auto told = kinds(people.taken("/good"), "begins");
    return std::count(told.begin(), told.end(), "alert_failing") >= 1;
  });
  CHECK(rig.daemon.command({"status"}).out.find("alert_failing") != std::string::npos);
  const auto busy = people.heard("/busy").size();
  CHECK(busy < 12);  // it asked for a second each time
  is_ill = false;
  is_over = true;
  for (const char* target : {"/slow", "/busy", "/ill"}) people.wait_for_taken(target, 1);
  const auto told = kinds(people.taken("/ill"), "begins");
  CHECK(std::count(told.begin(), told.end(), "unregistered_order") == 1);
  wait_until("that is over, too", [&] {
    const Json stats = rig.daemon.get("/stats").json();
    return stats.at("warnings").empty();
  });
}

TEST_CASE("alert: a kill and a restart neither repeat nor forget") {
  People people;
  std::atomic<bool> takes{true};
  people.answer_with([&](const Told&) { return takes ? 200 : 503; });
  Rig rig(with(urls({"json+" + people.url() + "/ops"})), {}, hurried());
  pay_unregistered(rig, "ord-1");
  people.wait_for_taken("/ops", 1);
  wait_until("it is kept", [&] {
    return rig.daemon.sqlite("SELECT value FROM meta WHERE key = 'alert_told'")
               .find("\"told\":true") != std::string::npos;
  });
  rig.daemon.kill();
  rig.restart();
  std::this_thread::sleep_for(4s);
  CHECK(people.heard("/ops").size() == 1);
  // In the middle of telling the end.
  takes = false;
  rig.daemon.register_order("ord-1");
  wait_until("it is tried", [&] { return people.heard("/ops").size() > 1; });
  rig.daemon.kill();
  takes = true;
  rig.restart();
  people.wait_for_taken("/ops", 2);
  std::this_thread::sleep_for(4s);
  CHECK(kinds(people.taken("/ops"), "begins").size() == 1);
  CHECK(kinds(people.taken("/ops"), "ends").size() == 1);
}

TEST_CASE("alert: URLs come and go by SIGHUP, and a faulty one changes nothing") {
  const People people;
  Rig rig(with(urls({"json+" + people.url() + "/old"})), {}, hurried());
  pay_unregistered(rig, "ord-1");
  people.wait_for_taken("/old", 1);
  rig.daemon.configure(with(urls({"slack+nonsense"})));
  rig.daemon.process().signal(SIGHUP);
  rig.daemon.wait_for_log("the old one stays");
  rig.daemon.configure([&] {
    Settings settings = rig.daemon.settings();
    settings.sandbox_url = rig.portone.base_url();
    settings.alert_lines = urls({"json+" + people.url() + "/new", "json+" + people.url() + "/old"},
                                "language = \"en\"");
    return settings;
  }());
  rig.daemon.process().signal(SIGHUP);
  rig.daemon.wait_for_log("changed key taken over key=alert.urls");
  people.wait_for_taken("/new", 1);
  CHECK(people.taken("/new").front().json().at("title").get<std::string>().find(
            "never registered") != std::string::npos);
  std::this_thread::sleep_for(2s);
  CHECK(people.heard("/old").size() == 1);
}

TEST_CASE("alert test: says what each URL answers, without a daemon") {
  People people;
  people.answer_with([](const Told& told) { return told.target == "/gone" ? 404 : 200; });
  MailBox box;
  const std::string mail = "smtp://127.0.0.1:" + std::to_string(box.port()) +
                           "?from=reconciled@shop.example&to=ops@shop.example";
  Rig rig(with(urls({"slack+" + people.url() + "/good", "json+" + people.url() + "/gone",
                     "json+http://127.0.0.1:1/", mail})));
  Finished done = rig.daemon.command({"alert", "test"});
  CHECK(done.status == 1);
  CAPTURE(done.out);
  CAPTURE(done.err);
  CHECK(done.out.find("alert.urls[0] (slack 127.0.0.1:") == 0);
  CHECK(done.out.find("taken; it answers: ok") != std::string::npos);
  CHECK(done.err.find("NOT TAKEN, 404: nobody is at this URL any more; it says: no_service") !=
        std::string::npos);
  CHECK(done.err.find("alert.urls[2] (json 127.0.0.1:1): NOT TAKEN, connect") != std::string::npos);
  REQUIRE(box.letters().size() == 1);
  CHECK(people.taken("/good").front().json().at("text").get<std::string>().find("알림 시험") !=
        std::string::npos);
  box.refuse(true);
  rig.daemon.settings().alert_lines = urls({mail});
  done = rig.daemon.command({"alert", "test"});
  CHECK(done.status == 1);
  CHECK(done.err.find("550") != std::string::npos);
  rig.daemon.settings().alert_lines = "";
  done = rig.daemon.command({"alert", "test"});
  CHECK(done.status == 1);
  CHECK(done.err.find("alert.urls is empty") != std::string::npos);
}

TEST_CASE("alert: what flaps is told less and less, and at last that it is over") {
  const People people;
  const ShopBackend shop;
  Settings settings = with(urls({"json+" + people.url() + "/ops"}));
  settings.notify_lines = shop.lines();
  Rig rig(settings, {}, hurried());
  for (int i = 0; i < 3; ++i) {
    CHECK(rig.daemon.send("POST", "/notifications/pause").status == 200);
    std::this_thread::sleep_for(3s);
    CHECK(rig.daemon.send("POST", "/notifications/resume").status == 200);
    std::this_thread::sleep_for(3s);
  }
  wait_until("the end is told", [&] {
    const auto told = people.taken("/ops");
    return kinds(told, "ends").size() == kinds(told, "begins").size();
  });
  CHECK(people.taken("/ops").size() >= 2);
  CHECK(people.taken("/ops").size() <= 4);
}

TEST_CASE("alert: a stop does not wait for who takes no message") {
  const reconciled::test::ListeningSocket silent;  // accepts, and that is all
  const std::string port = std::to_string(silent.port());
  Rig rig(with(urls({"json+http://127.0.0.1:" + port + "/x",
                     "smtp://127.0.0.1:" + port + "?from=a@shop.example&to=b@shop.example"},
                    "heartbeat_url = \"http://127.0.0.1:" + port + "/beat\"")),
          {}, hurried());
  pay_unregistered(rig, "ord-1");
  std::this_thread::sleep_for(3s);
  const auto began = Clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(Clock::now() - began < 2s);
  rig.restart();
}
