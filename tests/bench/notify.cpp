// Messages to the shop's backend: how many a second, and what they cost those who send webhooks.
#include <stdexcept>

#include "tests/bench/measurements.h"
#include "tests/bench/receiver.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

constexpr std::size_t kPayments = 10'000;
constexpr auto kPatience = std::chrono::minutes(2);

std::vector<Ids> known_payments(Stage& stage) {
  IdMill mill;
  std::vector<Ids> all(kPayments);
  for (Ids& ids : all) ids = mill.make();
  stage.make_known("v2", all);
  return all;
}

LoadResult announce(const Stage& stage, const std::vector<Ids>& payments, int connections) {
  const Wire wire{stage.daemon.webhook().address};
  IdMill mill;
  std::vector<std::string> requests;
  for (const Ids& ids : payments) {
    requests.push_back(v2_request(wire, ids, "msg_" + mill.hex(24)));
  }
  Belt belt(std::move(requests));
  return run_load({.address = wire.address,
                   .connections = connections,
                   .duration = kPatience,
                   .next = [&belt] { return belt.next(); }});
}

void pause(const Stage& stage, const std::string& word) {
  if (stage.daemon.send("POST", "/notifications/" + word).status != 200) {
    throw std::runtime_error("the daemon does not " + word + " its messages");
  }
}

}  // namespace

Figures notifications(int shop_delay_ms) {
  const Receiver shop{std::chrono::milliseconds(shop_delay_ms)};
  Stage stage({.portone_delay_ms = 0, .notify_lines = shop.lines()});
  pause(stage, "pause");
  (void)announce(stage, known_payments(stage), 64);
  stage.daemon.wait_for_empty_inbox();
  const auto messages =
      std::stoull(stage.daemon.sqlite("SELECT count(*) FROM notification WHERE state = 'waiting'"));
  if (messages < kPayments) throw std::runtime_error("not every payment has its message");
  const auto begin = std::chrono::steady_clock::now();
  pause(stage, "resume");
  while (shop.taken() < messages) {
    if (std::chrono::steady_clock::now() - begin > kPatience) {
      throw std::runtime_error("the shop has " + std::to_string(shop.taken()) + " messages of " +
                               std::to_string(messages));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {{"per_s", static_cast<double>(messages) / seconds},
          {"messages", static_cast<double>(messages)},
          {"MB", stage.daemon.resident_mb()}};
}

Figures ingest_with_notifications(bool are_on, int connections) {
  const Receiver shop{std::chrono::milliseconds(0)};
  Stage stage({.portone_delay_ms = 50, .notify_lines = are_on ? shop.lines() : ""});
  const std::vector<Ids> payments = known_payments(stage);
  const double before = stage.processor_seconds();
  const auto begin = std::chrono::steady_clock::now();
  Figures figures = figures_of(announce(stage, payments, connections));
  stage.daemon.wait_for_empty_inbox();
  figures["decided per s"] =
      kPayments / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  figures["us of CPU each, decided"] = (stage.processor_seconds() - before) * 1e6 / kPayments;
  return figures;
}

}  // namespace reconciled::bench
