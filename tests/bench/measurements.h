// Everything that the benchmark measures.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/messages.h"

namespace reconciled::bench {

// Figures by name; `per_s`, `p50_ms`, `p99_ms` and `p999_ms` have columns of their own.
using Figures = std::map<std::string, double>;

struct Measurement {
  std::string name;
  int connections = 0;
  std::function<Figures(double seconds)> take;
  bool once = false;  // too long for a second round
  // Another measurement, taken earlier in the round: how many times this one's rate it has.
  std::string beside{};
};

struct Extent {
  bool full = false;  // the long ones too
  int minutes = 60;   // of steady load
};
[[nodiscard]] std::vector<Measurement> measurements(const Extent& extent);

[[nodiscard]] Figures figures_of(const LoadResult& load);
// Distinct signed webhooks, as fast as they are answered.
// `begins` is called when they begin: making them takes a while.
[[nodiscard]] Figures webhook_figures(const Wire& wire, int connections, double seconds,
                                      const std::function<void()>& begins = {});

// reconcile.cpp: from stored to decided, at a PortOne this far away; `at_once` payments together.
[[nodiscard]] Figures reconcile_throughput(const std::string& api, int portone_delay_ms,
                                           int payments);
[[nodiscard]] Figures reconcile_latency(int portone_delay_ms);
// misbehaving.cpp: V1's time to decide while V2 does so, in the sandbox's words or as "429".
[[nodiscard]] Figures misbehaving(const std::string& mode);

// confirm.cpp: confirm calls of that API's, a hundred a second, beside webhooks over so many
// connections. Throws where one is not approved.
[[nodiscard]] Figures confirm_beside(const std::string& api, int connections, double seconds);

// notify.cpp: messages that the shop's backend, this far away, takes a second; webhooks of payments
// that PortOne knows, while their messages leave or without any.
[[nodiscard]] Figures notifications(int shop_delay_ms);
[[nodiscard]] Figures ingest_with_notifications(bool are_on, int connections);

// books.cpp: a day of so many payments compared with PortOne's list, this far away; before, they are
// taken in by a backfill. `is_alone`: the other API is not configured. Throws where the books do not
// agree.
[[nodiscard]] Figures books_of(const std::string& api, bool is_alone, std::size_t payments,
                               int portone_delay_ms);

// idle.cpp: a client with one connection beside so many that are idle.
[[nodiscard]] Figures beside_idle(std::size_t connections, double seconds);
// large_file.cpp: with so many payments in the file already. No figures where the disk has no room.
[[nodiscard]] Figures ingest_into(std::int64_t payments, int connections, double seconds);
[[nodiscard]] Figures reads_of(std::int64_t payments, double seconds);
// How long one client waits for the dashboard's pages; with `load` while webhooks come at a shop's
// busiest pace.
[[nodiscard]] Figures dashboard_of(std::int64_t payments, bool load, double seconds);
// upkeep.cpp: likewise, with all raw bodies still there, half of them older than retention: webhooks
// while it is at work or not, and one round of it with nothing beside. Throws where what is left does
// not follow from its evidence.
[[nodiscard]] Figures ingest_beside_retention(std::int64_t payments, int connections,
                                              bool is_at_work, double seconds);
[[nodiscard]] Figures retention_of_all(std::int64_t payments);
// backlog.cpp: a start with so many events not reconciled.
[[nodiscard]] Figures start_with_backlog(std::int64_t events, double seconds);
// steady.cpp: the same moderate load for this long. Throws where an acknowledged event is missing.
[[nodiscard]] Figures steady_load(int minutes);

}  // namespace reconciled::bench
