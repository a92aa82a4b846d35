// Floods of what nobody vouches for: PortOne, the shop and the operator hardly notice them.
//
// RECONCILED_FLOOD_SECONDS: how long each lasts at least (2).
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iomanip>
#include <sstream>
#include <thread>
#include <vector>

#include "tests/bench/load.h"
#include "tests/e2e/rig.h"
#include "tests/support/number_from.h"

using namespace reconciled::e2e;
namespace bench = reconciled::bench;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kConnections = 64;
constexpr int kAddresses = 200;
constexpr int kWebhooks = 60;
constexpr int kPayments = 8;
constexpr int kReadings = 8;
constexpr int kFlooded =
    2'000;  // so many before anything is measured: ten times the budget's burst
// Slower than any measured by far, and some of them may meet a busy machine; what has to wait for a
// flood waits for minutes.
constexpr double kAcknowledgedMs = 1'000;
constexpr double kReadMs = 2'000;
constexpr double kDecidedMs = 15'000;
// What ids that nobody vouches for cost PortOne (README, Limits).
constexpr double kBudgetBurst = 200;
constexpr double kBudgetPerSecond = 50;
// How many refused deliveries are noted.
constexpr double kNotedPerSecond = 500;
constexpr double kSlack = 5;  // seconds after the flood before it is counted, at most

std::chrono::seconds least() {
  return std::chrono::seconds(reconciled::test::number_from("RECONCILED_FLOOD_SECONDS", 2U));
}

using Message = std::function<Call(int number)>;

Call from(const std::string& address, Call call) {
  call.headers.emplace_back("X-Forwarded-For", address);
  return call;
}
Call from_stranger(int number, Call call) {
  return from("198.51.100." + std::to_string(number % kAddresses + 1), std::move(call));
}

Call redirect(int number) {
  const std::string id = std::to_string(number);
  return from_stranger(
      number, {"GET", "/payments/complete?imp_uid=imp_" + id + "&merchant_uid=flood-" + id});
}
Call unsigned_webhook(int number) {
  const std::string id = std::to_string(number);
  return v1_webhook("imp_" + id, "flood-" + id, "paid");
}
// Of a buyer who knows one order.
Call redirect_of_buyer(int number) {
  return from_stranger(number, {"GET", "/payments/complete?imp_uid=imp_" + std::to_string(number) +
                                           "&merchant_uid=one-order"});
}
Call webhook_of_stranger(int number) { return from_stranger(number, unsigned_webhook(number)); }
Call webhook_of_portone(int number) { return from("52.78.5.241", unsigned_webhook(number)); }
Message refused_webhook() {
  const Call call = v2_webhook("Transaction.Paid", "flood", "tx",
                               {.secret = "whsec_" + std::string(43, 'A') + "="});
  return [call](int number) { return from_stranger(number, call); };
}

// Messages as fast as they are answered.
class Flood {
 public:
  Flood(const Endpoint& target, Message message)
      : target_(target), message_(std::move(message)), began_(Clock::now()) {
    thread_ = std::thread([this] {
      result_ = bench::run_load({.address = target_.address,
                                 .connections = kConnections,
                                 .duration = kPatience + least(),
                                 .next = [this] { return next(); }});
    });
    wait_until("it is a flood", [this] { return sent_ > kFlooded; });
  }
  ~Flood() { stop(); }
  Flood(const Flood&) = delete;
  Flood& operator=(const Flood&) = delete;

  [[nodiscard]] Clock::duration lasts() const { return Clock::now() - began_; }
  const bench::LoadResult& stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return result_;
  }

 private:
  std::string_view next() {
    if (stopping_) return {};
    request_ = bytes_of(target_, message_(++sent_), true);
    return request_;
  }

  Endpoint target_;
  Message message_;
  Clock::time_point began_;
  std::atomic<bool> stopping_{false};
  std::atomic<int> sent_{0};
  std::string request_;
  bench::LoadResult result_;
  std::thread thread_;
};

// Milliseconds, sorted.
using Times = std::vector<double>;

Times times_of(int count, const std::function<void(int)>& work) {
  Times times;
  for (int i = 0; i < count; ++i) {
    const auto began = Clock::now();
    work(i);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

double percentile(const Times& times, std::size_t percent) {
  return times.at((times.size() - 1) * percent / 100);
}

// What PortOne, the shop and the operator wait for.
struct Honest {
  Times acknowledged;  // a signed webhook
  Times decided;       // from a webhook to the decision that follows from PortOne's answer
  Times read;          // the admin endpoint
};

Times acknowledge(Rig& rig, const std::string& name) {
  return times_of(kWebhooks, [&](int i) {
    rig.acknowledged(v2_webhook("Transaction.Ready", name + "-payment", "tx-" + name,
                                {.id = name + "-" + std::to_string(i)}));
  });
}

enum class Shop { kWaits, kLooksAgain };

Times decide(Rig& rig, const std::string& name, Shop shop = Shop::kWaits) {
  return times_of(kPayments, [&](int i) {
    const std::string id = name + "-" + std::to_string(i);
    rig.daemon.register_order(id);
    const Json attempt = rig.portone.make({{"payment_id", id},
                                           {"version", kVersions.at(i % 2 == 0 ? 0 : 1)},
                                           {"status", "paid"},
                                           {"webhook", false}});
    rig.acknowledged(paid_webhook(attempt, {.id = "msg_" + id}));
    if (shop == Shop::kWaits) CHECK(rig.daemon.get("/payments/" + id + "?wait=60").status == 200);
    const Json payment = rig.daemon.wait_for_result(id, "paid");
    CHECK(payment.at("deliverable") == true);
    CHECK(payment.at("authority") == "webhook");
  });
}

Times read(Rig& rig) {
  const std::vector<std::string> paths{"/healthz", "/readyz",   "/payments?limit=50", "/metrics",
                                       "/stats",   "/findings", "/events?limit=50"};
  return times_of(kReadings * static_cast<int>(paths.size()), [&](int i) {
    const std::string& path = paths.at(static_cast<std::size_t>(i) % paths.size());
    CAPTURE(path);
    CHECK(rig.daemon.get(path).status == 200);
  });
}

Honest measure(Rig& rig, const std::string& name) {
  return {acknowledge(rig, name), decide(rig, name), read(rig)};
}

std::string told(const Times& calm, const Times& flooded) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1);
  for (const std::size_t percent : {50U, 99U}) {
    text << " p" << percent << " " << percentile(calm, percent) << " -> "
         << percentile(flooded, percent) << " ms";
  }
  return text.str();
}

// Nothing but a webhook makes anybody ask.
Settings quiet_settings() {
  return {.log_level = "info", .reconcile_lines = "lookup_schedule = [\"1h\"]"};
}

class Shore {
 public:
  Shore() : rig_(quiet_settings()), calm_(measure(rig_, "calm")) {}

  [[nodiscard]] Rig& rig() { return rig_; }
  // The honest ones during a flood of these messages, and what it costs PortOne.
  void flood(const std::string& name, const Endpoint& target, const Message& message) {
    const double asked_before = lookups();
    Flood flood(target, message);
    const Honest honest = measure(rig_, name);
    wait_until(
        "it has lasted", [&] { return flood.lasts() >= least(); }, kPatience + least());
    const double asked = lookups() - asked_before;
    lasted_ = std::chrono::duration<double>(flood.lasts()).count();
    const bench::LoadResult& result = flood.stop();

    CHECK(percentile(honest.acknowledged, 95) <= kAcknowledgedMs);
    CHECK(honest.decided.back() <= kDecidedMs);
    CHECK(percentile(honest.read, 95) <= kReadMs);
    const double honest_lookups = kWebhooks + 4 * kPayments;  // at most
    CHECK(asked <= kBudgetBurst + kBudgetPerSecond * lasted_ + honest_lookups);
    CHECK(result.broken == 0);
    MESSAGE(name << ": " << result.accepted + result.other << " in " << lasted_ << " s, "
                 << result.refused << " without room, " << asked << " look-ups, "
                 << rig_.daemon.resident_mb() << " MB; acknowledged"
                 << told(calm_.acknowledged, honest.acknowledged) << "; decided"
                 << told(calm_.decided, honest.decided) << "; read"
                 << told(calm_.read, honest.read));
  }
  [[nodiscard]] double lasted() const { return lasted_; }

 private:
  // How many questions PortOne was asked.
  [[nodiscard]] double lookups() const {
    constexpr std::string_view kSeries = "\nreconciled_lookups_total{";
    const std::string text = rig_.daemon.get("/metrics").body;
    double sum = 0;
    for (auto at = text.find(kSeries); at != std::string::npos; at = text.find(kSeries, at + 1)) {
      sum += std::stod(text.substr(text.find("} ", at) + 2));
    }
    return sum;
  }

  Rig rig_;
  Honest calm_;
  double lasted_ = 0;
};

}  // namespace

TEST_CASE("flood: forged redirects starve no webhook, no decision, no reader and not PortOne") {
  Shore shore;
  shore.flood("redirects", shore.rig().daemon.redirect(), redirect);
}

TEST_CASE("flood: forged redirects of one registered order starve nothing either") {
  Shore shore;
  shore.rig().daemon.register_order("one-order");
  shore.flood("buyer", shore.rig().daemon.redirect(), redirect_of_buyer);
}

TEST_CASE("flood: unsigned webhooks starve no signed one, no decision, no reader and not PortOne") {
  Shore shore;
  shore.flood("unsigned", shore.rig().daemon.webhook(), webhook_of_stranger);
  // What nobody has asked about yet is kept as it came: nothing else is written for it.
  const auto& daemon = shore.rig().daemon;
  const std::string payments = "SELECT count(*) FROM payment WHERE payment_id LIKE 'flood-%'";
  CHECK(std::stoi(daemon.sqlite(payments)) <=
        kBudgetBurst + kBudgetPerSecond * (shore.lasted() + kSlack));
}

// Whoever makes PortOne send them to us: they look like a V1 shop's own, until PortOne was asked.
TEST_CASE("flood: webhooks of PortOne's addresses about unknown ids delay nothing that is proven") {
  Rig rig(quiet_settings());
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 50}});
  Flood flood(rig.daemon.webhook(), webhook_of_portone);
  const Times during = decide(rig, "during", Shop::kLooksAgain);
  wait_until(
      "it has lasted", [&] { return flood.lasts() >= least(); }, kPatience + least());
  CHECK(flood.stop().broken == 0);
  const Times after = decide(rig, "after", Shop::kLooksAgain);
  const Json inbox = rig.daemon.get("/stats").json().at("inbox");
  CHECK(during.back() <= kDecidedMs);
  CHECK(after.back() <= kDecidedMs);
  MESSAGE("decided at most " << during.back() << " ms after the webhook, and " << after.back()
                             << " ms with " << inbox.at("depth") << " events in the inbox");
}

TEST_CASE("flood: of refused webhooks only some are noted") {
  Shore shore;
  shore.flood("refused", shore.rig().daemon.webhook(), refused_webhook());
  const auto& daemon = shore.rig().daemon;
  const std::string noted = "SELECT max(rejected_id) FROM rejected_delivery";
  CHECK(std::stoi(daemon.sqlite(noted)) <= kNotedPerSecond * (shore.lasted() + kSlack));
}
