// A large day's books: how long they take to be filled in from PortOne's list, and to be compared.
#include <stdexcept>
#include <thread>

#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kPatience = std::chrono::minutes(20);

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// Asks until the answer's `state` is `done`.
e2e::Json wait_until_done(const Stage& stage, const std::string& target) {
  for (const auto begin = Clock::now(); Clock::now() - begin < kPatience;) {
    const e2e::Json state = stage.daemon.get(target).json();
    if (state.value("state", "") == "done") return state;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  throw std::runtime_error(target + " is never done");
}

// When yesterday began in the default `timezone`.
core::Time yesterday() {
  constexpr auto kSeoul = std::chrono::hours(9);
  const auto now = std::chrono::system_clock::now();
  const auto today = std::chrono::floor<std::chrono::days>(now + kSeoul) - kSeoul;
  return std::chrono::time_point_cast<core::Time::duration>(today - std::chrono::days(1));
}

void begin(const Stage& stage, const std::string& target, const e2e::Json& body) {
  const e2e::Answer answer = stage.daemon.send("POST", target, body);
  if (answer.status != 202) throw std::runtime_error(target + ": " + answer.body);
}

}  // namespace

Figures books_of(const std::string& api, bool is_alone, std::size_t payments,
                 int portone_delay_ms) {
  // All of them are deliverable, or each would be a difference.
  Stage stage({.portone_delay_ms = portone_delay_ms,
               .reconcile_lines = "unregistered_orders = \"accept\"",
               .v1 = !is_alone || api == "v1",
               .v2 = !is_alone || api == "v2"});
  IdMill mill;
  std::vector<Ids> all(payments);
  for (Ids& ids : all) ids = api == "v1" ? mill.make_v1() : mill.make();
  stage.make_known_over_day(api, all, yesterday());

  auto began = Clock::now();
  begin(stage, "/backfill", {{"from", "yesterday"}, {"to", "today"}});
  const e2e::Json filled = wait_until_done(stage, "/backfill");
  const double walked = seconds_since(began);
  const std::string count = std::to_string(payments) + "\n";
  while (stage.daemon.sqlite("SELECT count(*) FROM payment WHERE result = 'paid'") != count) {
    if (seconds_since(began) > 1'200) throw std::runtime_error("not all were taken in");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  const double taken_in = seconds_since(began);

  const double before = stage.processor_seconds();
  began = Clock::now();
  begin(stage, "/report", {{"day", "yesterday"}});
  const e2e::Json report = wait_until_done(stage, "/report?day=yesterday");
  const double compared = seconds_since(began);
  if (report.at("agrees") != true || report.at("compared") != payments) {
    throw std::runtime_error("the books do not agree: " + report.dump().substr(0, 600));
  }
  return {{"per_s", static_cast<double>(payments) / compared},
          {"report s", compared},
          {"report CPU s", stage.processor_seconds() - before},
          {"backfill walked s", walked},
          {"backfill taken in s", taken_in},
          {"rows", filled.at("listed").get<double>()},
          {"MB", stage.daemon.resident_mb()}};
}

}  // namespace reconciled::bench
