// What millions of payments in the file cost those who write and those who read.
#include <chrono>
#include <map>
#include <random>
#include <thread>

#include "tests/bench/fill.h"
#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

constexpr std::size_t kReads = 2'000;

std::int64_t any_of(std::int64_t payments) {
  static std::mt19937_64 random(std::random_device{}());
  return std::uniform_int_distribution<std::int64_t>(1, payments)(random);
}

std::vector<std::string> some_texts(const Stage& stage, std::int64_t payments,
                                    const std::string& table, const std::string& column) {
  std::string numbers;
  for (std::size_t i = 0; i < kReads; ++i) {
    numbers += (i == 0 ? "" : ",") + std::to_string(any_of(payments));
  }
  std::istringstream rows(stage.daemon.sqlite(
      "SELECT " + column + " FROM " + table + " WHERE payment_no IN (" + numbers +
      ") ORDER BY random()"));
  std::vector<std::string> ids;
  for (std::string id; std::getline(rows, id);) ids.push_back(id);
  return ids;
}

std::vector<std::string> some_payment_ids(const Stage& stage, std::int64_t payments) {
  return some_texts(stage, payments, "payment", "payment_id");
}

std::string day_before(std::int64_t days) {
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()) -
                   std::chrono::days(days);
  return core::to_rfc3339(core::Time(day)).substr(0, 10);
}

// A busy shop's, while others read.
std::jthread webhooks_for(const Stage& stage, double seconds) {
  constexpr double kPerSecond = 300;
  const Wire wire{stage.daemon.webhook().address};
  IdMill mill;
  std::vector<std::string> requests;
  for (int i = 0; i < static_cast<int>(seconds * kPerSecond) + 1; ++i) {
    requests.push_back(v2_request(wire, mill.make(), "msg_" + mill.hex(16)));
  }
  return std::jthread([wire, seconds, belt = Belt(std::move(requests))]() mutable {
    (void)run_load({.address = wire.address,
                    .connections = 4,
                    .duration = std::chrono::milliseconds(static_cast<int>(seconds * 1000)),
                    .next = [&belt] { return belt.next(); },
                    .per_second = kPerSecond});
  });
}

// Adds how long one client waits for each of these, over and over.
void add_reads(Figures& figures, const std::string& what, const Stage& stage,
               const std::vector<std::string>& targets, double seconds) {
  const Wire wire{stage.daemon.admin().address};
  std::vector<std::string> requests;
  for (const std::string& target : targets)
    requests.push_back(json_request(wire, "GET", target, ""));
  Belt belt(std::move(requests), true);
  const LoadResult read =
      run_load({.address = wire.address,
                .duration = std::chrono::milliseconds(static_cast<int>(seconds * 1000)),
                .next = [&belt] { return belt.next(); }});
  figures[what + " p50 ms"] = read.percentile_ms(50);
  figures[what + " p95 ms"] = read.percentile_ms(95);
  figures[what + " p99 ms"] = read.percentile_ms(99);
  if (read.other + read.broken > 0)
    figures["wrong"] += static_cast<double>(read.other + read.broken);
}

}  // namespace

Figures ingest_into(std::int64_t payments, int connections, double seconds) {
  const auto file = filled_file(payments);
  if (!file) return {};
  Stage stage;
  stage.restart_on(*file);
  return webhook_figures({stage.daemon.webhook().address}, connections, seconds);
}

Figures reads_of(std::int64_t payments, double seconds) {
  const auto file = filled_file(payments);
  if (!file) return {};
  Stage stage;
  Figures figures{{"s to ready", stage.restart_on(*file)}};
  std::vector<std::string> one;
  std::vector<std::string> pages;
  std::vector<std::string> pages_of_paid;
  std::vector<std::string> findings;
  for (const std::string& id : some_payment_ids(stage, payments)) {
    one.push_back("/payments/" + e2e::encode(id));
    const std::string cursor = "limit=100&cursor=" + std::to_string(any_of(payments));
    pages.push_back("/payments?" + cursor);
    pages_of_paid.push_back("/payments?result=paid&" + cursor);
    // One payment of a hundred has a finding.
    findings.push_back("/findings?open=true&limit=100&cursor=" +
                       std::to_string(any_of(payments) / 100 + 1));
  }
  add_reads(figures, "payment", stage, one, seconds);
  add_reads(figures, "page", stage, pages, seconds);
  add_reads(figures, "page of paid", stage, pages_of_paid, seconds);
  add_reads(figures, "findings", stage, findings, seconds);
  figures["MB"] = stage.daemon.resident_mb();
  return figures;
}

Figures dashboard_of(std::int64_t payments, bool load, double seconds) {
  const auto file = filled_file(payments);
  if (!file) return {};
  Stage stage;
  stage.restart_on(*file);
  std::map<std::string, std::vector<std::string>> pages;
  pages["front"] = {"/"};
  for (const std::string& id : some_payment_ids(stage, payments)) {
    const std::string cursor = "cursor=" + std::to_string(any_of(payments));
    const std::string kind = any_of(2) == 1 ? "amount_mismatch" : "unregistered_order";
    pages["story"].push_back("/dashboard/payments/" + e2e::encode(id));
    pages["list"].push_back("/dashboard/payments?" + cursor);
    pages["list of failed"].push_back("/dashboard/payments?result=failed&" + cursor);
    pages["list of a day"].push_back("/dashboard/payments?day=" + day_before(any_of(180)));
    pages["findings"].push_back("/dashboard/findings?" + cursor);
    pages["findings of a kind"].push_back("/dashboard/findings?kind=" + kind);
    pages["search"].push_back("/dashboard/search?q=" + e2e::encode(id.substr(0, id.size() - 2)));
    pages["search in vain"].push_back("/dashboard/search?q=" + e2e::encode("x" + id));
  }
  for (const std::string& id : some_texts(stage, payments, "attempt", "attempt_id")) {
    pages["search by attempt"].push_back("/dashboard/search?q=" + e2e::encode(id));
  }
  pages["books"] = {"/dashboard/books"};
  pages["stats"] = {"/stats"};
  pages["metrics"] = {"/metrics"};
  const double each = seconds / 4;
  std::jthread webhooks;
  if (load) webhooks = webhooks_for(stage, each * static_cast<double>(pages.size()));
  Figures figures;
  for (const auto& [what, targets] : pages) add_reads(figures, what, stage, targets, each);
  return figures;
}

}  // namespace reconciled::bench
