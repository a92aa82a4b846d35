// Messages to the shop's backend, as the backend gets them.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"
#include "tests/support/number_from.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Types = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

Settings telling(const ShopBackend& shop) {
  Settings settings;
  settings.notify_lines = shop.lines();
  return settings;
}

Json attempt(const std::string& version, const std::string& id, const std::string& status,
             bool webhook = true) {
  return {{"version", version}, {"payment_id", id}, {"status", status}, {"webhook", webhook}};
}

Json notifications(Rig& rig, const std::string& state = "") {
  return rig.daemon.get("/notifications?limit=500" + (state.empty() ? "" : "&state=" + state))
      .json()
      .at("notifications");
}

// Of the outbox: msg_INSTANCE_NUMBER_TIME.
std::string number_of(const Message& message) {
  const auto end = message.id.rfind('_');
  const auto begin = message.id.rfind('_', end - 1) + 1;
  return message.id.substr(begin, end - begin);
}

bool has_warning(const Rig& rig) {
  const Json stats = rig.daemon.get("/stats").json();
  const Json& warnings = stats.at("warnings");
  return std::any_of(warnings.begin(), warnings.end(), [](const Json& warning) {
    return warning.at("kind") == "notify_failing";
  });
}

}  // namespace

TEST_CASE("notify: the backend is told what a payment comes to, signed and without private data") {
  const ShopBackend shop;
  Rig rig(telling(shop));
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "told-" + version;
    rig.daemon.register_order(id);
    const Json made = rig.portone.make(attempt(version, id, "paid"));
    wait_until("paid is told", [&] { return shop.types_taken(id) == Types{"payment.paid"}; });
    rig.portone.move(made, {{"status", "cancelled"}, {"cancel_amount", 4'000}});
    rig.daemon.send("POST", "/payments/" + id + "/lookup");
    wait_until("a refund is told", [&] {
      return shop.types_taken(id) == Types{"payment.paid", "payment.partially_cancelled"};
    });
    const Message paid = shop.taken().front();
    CHECK(paid.body.size() == 3);
    const Json& data = paid.body.at("data");
    Json shown = rig.daemon.payment(id);
    for (const auto& [name, value] : data.items()) {
      CAPTURE(name);
      CHECK(shown.contains(name));
    }
    CHECK_FALSE(data.contains("timeline"));
    CHECK(data.at("deliverable") == true);
    CHECK(data.at("total_amount") == 10'000);
  }
  CHECK(shop.forged() == 0);
  CHECK(rig.daemon.get("/metrics").body.find("reconciled_notifications_total{outcome=\"delivered\"} "
                                             "4") != std::string::npos);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM timeline WHERE kind = 'notification'") == "4\n");
}

TEST_CASE("notify: an account to pay into is told without the name of its holder") {
  const ShopBackend shop;
  Rig rig(telling(shop));
  rig.daemon.register_order("deposit");
  rig.portone.make(attempt("v1", "deposit", "virtual_account_issued"));
  shop.wait_for_taken(1);
  const Message told = shop.taken().front();
  CHECK(told.type() == "payment.awaiting_deposit");
  const Json& account = told.body.at("data").at("attempts").at(0).at("virtual_account");
  CHECK(account.at("number").is_string());
  CHECK_FALSE(account.contains("holder"));
}

TEST_CASE("notify: what nobody registered is held and told as a finding; the order releases it") {
  const ShopBackend shop;
  Rig rig(telling(shop));
  rig.portone.make(attempt("v2", "late", "paid"));
  shop.wait_for_taken(2);
  std::set<std::string> types;
  for (const Message& message : shop.taken()) types.insert(message.type());
  CHECK(types == std::set<std::string>{"payment.held", "payment.finding"});
  for (const Message& message : shop.taken()) {
    if (message.type() != "payment.finding") continue;
    CHECK(message.body.at("data").at("finding").at("kind") == "unregistered_order");
  }
  rig.daemon.register_order("late");
  wait_until("it is told", [&] {
    return shop.types_taken("late") == Types{"payment.held", "payment.paid"};
  });
}

TEST_CASE("notify: a refusal is tried again under the same id, and holds up no other payment") {
  ShopBackend shop;
  std::atomic<int> refusals{0};
  shop.answer_with([&](const Message& message) {
    if (message.payment_id() != "slow" || refusals.fetch_add(1) > 0) return 204;
    return 500;
  });
  Rig rig(telling(shop));
  for (const char* id : {"slow", "quick"}) {
    rig.daemon.register_order(id);
    rig.portone.make(attempt("v2", id, "paid"));
  }
  wait_until("the other one is told", [&] { return shop.types_taken("quick").size() == 1; });
  wait_until("it failed", [&] { return notifications(rig).at(0).at("tries") == 1 ||
                                       notifications(rig).at(1).at("tries") == 1; });
  const auto begun = Clock::now();
  wait_until("it is told", [&] { return shop.types_taken("slow").size() == 1; });
  CHECK(Clock::now() - begun < 8s);
  std::set<std::string> ids;
  for (const Message& message : shop.messages()) {
    if (message.payment_id() == "slow") ids.insert(message.id);
  }
  CHECK(ids.size() == 1);
}

TEST_CASE("notify: a backend that hangs costs a stop nothing, and gets the message at the next start") {
  ShopBackend shop;
  std::atomic<bool> hangs{true};
  shop.answer_with([&](const Message&) {
    for (int i = 0; i < 200 && hangs; ++i) std::this_thread::sleep_for(20ms);
    return hangs ? 500 : 200;
  });
  Rig rig(telling(shop));
  rig.daemon.register_order("hanging");
  rig.portone.make(attempt("v2", "hanging", "paid"));
  rig.daemon.wait_for_result("hanging", "paid");
  std::this_thread::sleep_for(200ms);
  const auto begun = Clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(Clock::now() - begun < 2s);
  hangs = false;
  rig.daemon.start();
  wait_until("it is told", [&] { return !shop.types_taken("hanging").empty(); });
}

TEST_CASE("notify: killed between the commit and the sending, it is sent by the next start") {
  ShopBackend shop;
  shop.die();
  Rig rig(telling(shop));
  for (int i = 0; i < 20; ++i) {
    const std::string id = "killed-" + std::to_string(i);
    rig.daemon.register_order(id);
    rig.portone.make(attempt("v2", id, "paid"));
  }
  rig.daemon.wait_for_result("killed-19", "paid");
  rig.daemon.kill();
  shop.live();
  rig.daemon.start();
  wait_until("all are told", [&] {
    std::set<std::string> told;
    for (const Message& message : shop.taken()) told.insert(message.payment_id());
    return told.size() == 20;
  });
}

TEST_CASE("notify: pause, resume, resend by id and by time, and what no longer holds") {
  ShopBackend shop;
  Rig rig(telling(shop));
  CHECK(rig.daemon.command({"notify", "pause"}).status == 0);
  wait_until("it is warned of", [&] { return has_warning(rig); });
  rig.daemon.register_order("p");
  const Json made = rig.portone.make(attempt("v2", "p", "paid"));
  rig.daemon.wait_for_result("p", "paid");
  rig.restart();
  std::this_thread::sleep_for(300ms);
  CHECK(shop.messages().empty());
  CHECK(rig.daemon.get("/stats").json().at("notifications").at("paused") == true);
  CHECK(rig.daemon.command({"status"}).out.find("PAUSED") != std::string::npos);
  CHECK(rig.daemon.command({"notify", "resume"}).status == 0);
  shop.wait_for_taken(1);
  wait_until("the warning is over", [&] { return !has_warning(rig); });

  wait_until("it is noted", [&] { return notifications(rig, "sent").size() == 1; });
  const std::string id = std::to_string(notifications(rig).at(0).at("id").get<std::int64_t>());
  CHECK(rig.daemon.command({"resend", id}).status == 0);
  shop.wait_for_taken(2);
  CHECK(shop.taken().at(0).id == shop.taken().at(1).id);
  wait_until("it is noted", [&] { return notifications(rig, "sent").size() == 1; });
  const Finished many = rig.daemon.command({"resend", "--since", "2020-01-01"});
  CHECK(many.out.find("1 message is sent again") != std::string::npos);
  shop.wait_for_taken(3);
  CHECK(rig.daemon.command({"resend", "4711"}).err.find("no such notification") !=
        std::string::npos);
  CHECK(rig.daemon.command({"resend"}).status == 2);

  rig.portone.move(made, {{"status", "cancelled"}, {"cancel_amount", 10'000}});
  wait_until("the cancel is told", [&] { return shop.types_taken("p").back() == "payment.cancelled"; });
  const Finished stale = rig.daemon.command({"resend", id});
  CHECK(stale.status == 1);
  CHECK(stale.err.find("no longer holds") != std::string::npos);
}

TEST_CASE("notify: 410 has messages wait for a person") {
  ShopBackend shop;
  shop.answer_with(410);
  Rig rig(telling(shop));
  rig.daemon.register_order("gone");
  rig.portone.make(attempt("v2", "gone", "paid"));
  wait_until("a person is told", [&] { return has_warning(rig); });
  rig.daemon.register_order("next");
  rig.portone.make(attempt("v2", "next", "paid"));
  rig.daemon.wait_for_result("next", "paid");
  std::this_thread::sleep_for(200ms);
  CHECK(shop.messages().size() == 1);
  shop.answer_with(200);
  CHECK(rig.daemon.command({"notify", "resume"}).status == 0);
  wait_until("the next is told", [&] { return shop.types_taken("next").size() == 1; });
  // The first one comes with it: the backend takes messages again.
  wait_until("the first is told", [&] { return shop.types_taken("gone").size() == 1; });
}

TEST_CASE("notify: 429 is heeded by all messages") {
  ShopBackend shop;
  std::atomic<std::int64_t> first_ms{0};
  const auto begun = Clock::now();
  const auto since = [&] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count();
  };
  std::atomic<std::int64_t> second_ms{0};
  shop.answer_with([&](const Message&) {
    if (first_ms == 0) {
      first_ms = since();
      return 429;
    }
    if (second_ms == 0) second_ms = since();
    return 200;
  });
  Rig rig(telling(shop));
  rig.daemon.register_order("busy");
  rig.portone.make(attempt("v2", "busy", "paid"));
  wait_until("it is told", [&] { return shop.types_taken("busy").size() == 1; });
  CHECK(second_ms - first_ms >= 4'900);
}

TEST_CASE("notify: none is missing and none out of order, whatever the backend does") {
  const auto payments = static_cast<int>(reconciled::test::number_from("RECONCILED_NOTIFICATIONS", 100U) / 2);
  constexpr int kKilledEvery = 25;
  ShopBackend shop;
  std::atomic<unsigned> seed{7};
  std::map<std::string, std::int64_t> newest;  // accepted, by payment
  std::mutex mutex;
  std::set<std::string> out_of_order;  // messages by their number
  shop.answer_with([&](const Message& message) {
    const unsigned dice = (seed.fetch_add(1) * 2'654'435'761U >> 16) % 1'000;
    if (dice < 20) return 500;
    if (dice < 25) return 429;
    if (dice < 30) std::this_thread::sleep_for(300ms);
    const std::lock_guard lock(mutex);
    std::int64_t& accepted = newest[message.payment_id()];
    if (message.version() < accepted) out_of_order.insert(number_of(message));
    accepted = std::max(accepted, message.version());
    return 200;
  });
  Settings settings = telling(shop);
  settings.reconcile_lines =
      "lookup_schedule = [\"1s\", \"2s\"]\nunregistered_orders = \"accept\"";
  // What was sent to a daemon that was killed is found in PortOne's lists.
  settings.sweep_every = "2s";
  Rig rig(settings);
  std::jthread trouble([&](const std::stop_token& is_over) {
    for (int i = 0; !is_over.stop_requested(); ++i) {
      std::this_thread::sleep_for(400ms);
      if (i % 4 != 3 || is_over.stop_requested()) continue;
      shop.die();
      std::this_thread::sleep_for(150ms);
      shop.live();
    }
  });
  for (int i = 0; i < payments; ++i) {
    const std::string id = "many-" + std::to_string(i);
    const Json made = rig.portone.make(attempt("v2", id, "paid"));
    if (i % kKilledEvery == kKilledEvery - 1) {
      rig.daemon.kill();
      rig.daemon.start();
      rig.portone.send_webhooks_to({rig.daemon.webhook_url()});
    }
    rig.portone.move(made, {{"status", "cancelled"}, {"cancel_amount", 4'000}});
    rig.daemon.send("POST", "/payments/" + id + "/lookup");
  }
  const auto are_all_told = [&] {
    std::map<std::string, std::set<std::string>> told;
    for (const Message& message : shop.taken()) told[message.payment_id()].insert(message.type());
    if (told.size() < static_cast<std::size_t>(payments)) return false;
    return std::all_of(told.begin(), told.end(), [](const auto& one) {
      return one.second.contains("payment.partially_cancelled");
    });
  };
  wait_until("all are told", are_all_told, 300s);
  trouble.request_stop();
  trouble.join();
  CHECK(shop.forged() == 0);
  // Every message of the outbox arrived or was taken back, and what came twice has one id.
  wait_until("all are noted", [&] { return notifications(rig, "waiting").empty(); }, 60s);
  std::map<std::string, std::string> bodies;
  for (const Message& message : shop.messages()) {
    const auto [at, is_new] = bodies.emplace(message.id, message.body.dump());
    CHECK(at->second == message.body.dump());
  }
  std::set<std::string> taken;
  for (const Message& message : shop.taken()) taken.insert(number_of(message));
  const auto in_state = [&](const std::string& state) {
    std::istringstream rows(rig.daemon.sqlite(
        "SELECT notification_id FROM notification WHERE state = '" + state + "'"));
    std::set<std::string> numbers;
    for (std::string number; std::getline(rows, number);) numbers.insert(number);
    return numbers;
  };
  const std::set<std::string> sent = in_state("sent");
  const std::set<std::string> superseded = in_state("superseded");
  for (const std::string& number : sent) CHECK(taken.contains(number));
  // What was on its way when the daemon was killed, and then no longer true: nobody can tell it from
  // what never left. Its version says that it is old.
  for (const std::string& number : taken) CHECK((sent.contains(number) || superseded.contains(number)));
  for (const std::string& number : out_of_order) CHECK(superseded.contains(number));
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}
