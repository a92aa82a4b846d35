// What idle keep-alive connections cost: memory, and the time of an honest client beside them.
#include <algorithm>
#include <stdexcept>
#include <vector>

#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"
#include "tests/e2e/hostile_client.h"

namespace reconciled::bench {
namespace {

// How many first requests are under way together.
constexpr std::size_t kAtOnce = 100;

// Connections that each had a webhook answered, copies of one, and now say nothing.
std::vector<test::RawSocket> idle_connections(const e2e::Endpoint& endpoint, std::size_t count) {
  const std::string webhook = v2_request({endpoint.address}, IdMill().make(), "msg_idle");
  std::vector<test::RawSocket> idle;
  idle.reserve(count);
  while (idle.size() < count) {
    const std::size_t first = idle.size();
    const std::size_t end = std::min(count, first + kAtOnce);
    for (std::size_t i = first; i < end; ++i) {
      idle.push_back(e2e::connect_from("127.0.0.1", endpoint));
      idle.back().send(webhook);
    }
    for (std::size_t i = first; i < end; ++i) static_cast<void>(idle[i].read_response());
  }
  return idle;
}

}  // namespace

Figures beside_idle(std::size_t connections, double seconds) {
  if (e2e::raise_descriptor_limit() < connections + 1'000) {
    throw std::runtime_error("too few descriptors are allowed (ulimit -n)");
  }
  const Stage stage;
  const double before = stage.daemon.resident_mb();
  const e2e::Endpoint& endpoint = stage.daemon.webhook();
  const auto idle = idle_connections(endpoint, connections);
  const double with_them = stage.daemon.resident_mb();
  const auto kept = static_cast<double>(e2e::connections_at(endpoint));
  Figures figures = webhook_figures({endpoint.address}, 1, seconds);
  figures["MB before"] = before;
  figures["MB"] = with_them;
  figures["kept"] = kept;
  return figures;
}

}  // namespace reconciled::bench
