#include "tests/bench/measurements.h"

#include <cstdio>
#include <filesystem>

#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

constexpr std::size_t kMostRequestsPerSecond = 70'000;

enum class What { kDistinct, kCopies, kRedirects };

Belt make_belt(const Wire& wire, What what, double seconds) {
  IdMill mill;
  std::vector<std::string> requests;
  const bool copies = what == What::kCopies;
  const auto count = copies ? 1'000 : static_cast<std::size_t>(seconds * kMostRequestsPerSecond);
  requests.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Ids ids = mill.make();
    requests.push_back(what == What::kRedirects ? redirect_request(wire, ids)
                                                : v2_request(wire, ids, "msg_" + mill.hex(24)));
  }
  return Belt(std::move(requests), copies);
}

LoadResult load(const Wire& wire, What what, int connections, double seconds,
                const std::function<void()>& begins = {}) {
  Belt belt = make_belt(wire, what, seconds);
  if (begins) begins();
  return run_load({.address = wire.address,
                   .connections = connections,
                   .keep_alive = wire.keep_alive,
                   .duration = std::chrono::milliseconds(static_cast<int>(seconds * 1000)),
                   .next = [&belt] { return belt.next(); }});
}

}  // namespace

Figures figures_of(const LoadResult& load) {
  Figures figures{{"per_s", load.rate()},
                  {"p50_ms", load.percentile_ms(50)},
                  {"p99_ms", load.percentile_ms(99)},
                  {"p999_ms", load.percentile_ms(99.9)}};
  if (load.refused > 0) figures["503s"] = static_cast<double>(load.refused);
  if (load.other + load.broken > 0) {
    figures["wrong"] = static_cast<double>(load.other + load.broken);
  }
  return figures;
}

Figures webhook_figures(const Wire& wire, int connections, double seconds,
                        const std::function<void()>& begins) {
  return figures_of(load(wire, What::kDistinct, connections, seconds, begins));
}

namespace {

Figures yardstick(int connections, double seconds) {
  const OtherServer server({.arguments = {YARDSTICK_BINARY}});
  return webhook_figures({server.address()}, connections, seconds);
}

const std::string kExpress = std::string(BENCH_FOLDER) + "/express";

bool has_express() {
  if (std::filesystem::exists(kExpress + "/ready")) return true;
  std::fprintf(stderr, "%s is not ready: Express is not measured\n", kExpress.c_str());
  return false;
}

Figures express(int connections, double seconds) {
  const OtherServer server({.arguments = {"node", kExpress + "/app.js"},
                            .environment = {{"NODE_ENV", "production"},
                                            {"WEBHOOK_SECRET", e2e::SandboxProcess::kSecret}}});
  return webhook_figures({server.address()}, connections, seconds);
}

struct Ingest {
  What what = What::kDistinct;
  int connections = 32;
  bool keep_alive = true;
  bool one_a_commit = false;
};

Figures ingest(const Ingest& plan, double seconds) {
  StageOptions options;
  if (plan.one_a_commit) {
    options.program.arguments = {ALTERED_DAEMON_BINARY, "--one-a-commit"};
  }
  const Stage stage(options);
  const std::string address = plan.what == What::kRedirects ? stage.daemon.redirect().address
                                                            : stage.daemon.webhook().address;
  const double before = stage.processor_seconds();
  const LoadResult result = load({address, plan.keep_alive}, plan.what, plan.connections, seconds);
  Figures figures = figures_of(result);
  figures["us of CPU each"] =
      (stage.processor_seconds() - before) * 1e6 / (result.rate() * seconds);
  figures["units/commit"] = stage.metric("reconciled_commit_batch_size_sum") /
                            stage.metric("reconciled_commit_batch_size_count");
  figures["MB"] = stage.daemon.resident_mb();
  return figures;
}

}  // namespace

std::vector<Measurement> measurements(const Extent& extent) {
  std::vector<Measurement> all;
  const auto add = [&](const std::string& name, int connections, auto take) {
    all.push_back({name + ", " + std::to_string(connections), connections, take});
  };
  for (const int n : {1, 8, 32, 128, 256}) {
    add("yardstick", n, [n](double s) { return yardstick(n, s); });
    add("webhooks", n, [n](double s) { return ingest({.connections = n}, s); });
  }
  for (const int n : {32, 128}) {
    add("webhooks, copies", n,
        [n](double s) { return ingest({.what = What::kCopies, .connections = n}, s); });
    add("webhooks, a connection each", n,
        [n](double s) { return ingest({.connections = n, .keep_alive = false}, s); });
    add("webhooks, a commit each", n,
        [n](double s) { return ingest({.connections = n, .one_a_commit = true}, s); });
    add("redirects", n,
        [n](double s) { return ingest({.what = What::kRedirects, .connections = n}, s); });
  }
  for (const int n : {0, 128}) {
    for (const char* api : {"v1", "v2"}) {
      all.push_back({std::string("confirm ") + api + " beside webhooks over " + std::to_string(n), 0,
                     [api, n](double s) { return confirm_beside(api, n, s); }});
    }
  }
  if (has_express()) {
    add("Express and better-sqlite3", 32, [](double s) { return express(32, s); });
    all.back().beside = "webhooks, 32";
  }
  for (const int delay : {0, 50, 300}) {
    const std::string away = " at " + std::to_string(delay) + " ms";
    for (const char* api : {"v1", "v2"}) {
      all.push_back({std::string("reconcile ") + api + away, 0, [api, delay](double) {
                       return reconcile_throughput(api, delay, delay == 0 ? 10'000 : 2'000);
                     }});
    }
    all.push_back(
        {"stored to decided" + away, 0, [delay](double) { return reconcile_latency(delay); }});
  }
  for (const int delay : {0, 50}) {
    all.push_back({"notifications to a shop at " + std::to_string(delay) + " ms", 0,
                   [delay](double) { return notifications(delay); }});
  }
  for (const int n : {32, 128}) {
    for (const bool are_on : {false, true}) {
      add(std::string("decided webhooks ") + (are_on ? "and notifications" : "alone"), n,
          [=](double) { return ingest_with_notifications(are_on, n); });
    }
    all.back().beside = "decided webhooks alone, " + std::to_string(n);
  }
  for (const char* mode : {"slow", "timeout", "trickle", "refuse", "429"}) {
    all.push_back({std::string("V1 beside a V2 with ") + mode, 0,
                   [mode](double) { return misbehaving(mode); }});
  }
  if (!extent.full) return all;
  for (const char* api : {"v1", "v2"}) {
    for (const bool is_alone : {true, false}) {
      all.push_back({std::string("books of 100000 payments, ") + api + (is_alone ? " alone" : " of both"),
                     0, [api, is_alone](double) { return books_of(api, is_alone, 100'000, 50); }, true});
    }
  }
  for (const std::size_t idle : {0U, 10'000U}) {
    add("webhooks beside " + std::to_string(idle) + " idle connections", 1,
        [idle](double s) { return beside_idle(idle, s); });
    if (idle > 0) all.back().beside = "webhooks beside 0 idle connections, 1";
  }
  for (const std::int64_t payments : {100, 1'000'000, 10'000'000}) {
    const std::string size = std::to_string(payments) + " payments";
    for (const int n : {32, 128}) {
      add("webhooks into " + size, n,
          [payments, n](double s) { return ingest_into(payments, n, s); });
      if (payments > 100) all.back().beside = "webhooks into 100 payments, " + std::to_string(n);
      all.back().once = payments > 1'000'000;
    }
    all.push_back({"reads of " + size, 0, [payments](double s) { return reads_of(payments, s); },
                   payments > 1'000'000});
  }
  for (const bool load : {false, true}) {
    all.push_back({std::string("dashboard of 1000000 payments") + (load ? ", 300 webhooks a second" : ""), 0,
                   [load](double s) { return dashboard_of(1'000'000, load, s); }});
  }
  for (const bool is_at_work : {false, true}) {
    add(std::string("webhooks into 1000000 payments with bodies") +
            (is_at_work ? ", retention at work" : ""),
        32, [is_at_work](double s) { return ingest_beside_retention(1'000'000, 32, is_at_work, s); });
    if (is_at_work) all.back().beside = "webhooks into 1000000 payments with bodies, 32";
  }
  all.push_back({"retention of 1000000 payments", 0, [](double) { return retention_of_all(1'000'000); },
                 true});
  all.push_back({"start with 1000000 events in the inbox", 32,
                 [](double s) { return start_with_backlog(1'000'000, s); }, true, "webhooks, 32"});
  all.push_back({"steady load", 0, [extent](double) { return steady_load(extent.minutes); }, true});
  return all;
}

}  // namespace reconciled::bench
