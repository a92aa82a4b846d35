// Confirm calls under load: PortOne asks before it charges, and a buyer waits for it.
#include <future>
#include <stdexcept>

#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

constexpr double kPerSecond = 100;
constexpr int kConnections = 8;

LoadResult ask_to_confirm(const Stage& stage, const std::string& api,
                          const std::vector<Ids>& orders, std::chrono::milliseconds duration) {
  std::vector<std::string> requests;
  for (const Ids& ids : orders) {
    requests.push_back(confirm_request(api, {stage.daemon.webhook().address}, ids));
  }
  Belt belt(std::move(requests));
  return run_load({.address = stage.daemon.webhook().address,
                   .connections = kConnections,
                   .duration = duration,
                   .next = [&belt] { return belt.next(); },
                   .per_second = kPerSecond});
}

}  // namespace

Figures confirm_beside(const std::string& api, int connections, double seconds) {
  Stage stage;
  IdMill mill;
  // The order, and an attempt for each question.
  std::vector<Ids> orders(static_cast<std::size_t>(seconds * kPerSecond));
  for (Ids& ids : orders) {
    ids = api == "v1" ? mill.make_v1() : mill.make();
    stage.daemon.register_order(ids.payment_id, 10'000);
  }
  std::future<Figures> webhooks;
  if (connections > 0) {
    std::promise<void> begun;
    webhooks = std::async(std::launch::async, [&] {
      return webhook_figures({stage.daemon.webhook().address}, connections, seconds,
                             [&begun] { begun.set_value(); });
    });
    begun.get_future().wait();
  }
  const LoadResult asked = ask_to_confirm(
      stage, api, orders, std::chrono::milliseconds(static_cast<int>(seconds * 1000)));
  if (asked.other + asked.refused + asked.broken > 0) {
    throw std::runtime_error(std::to_string(asked.other + asked.refused + asked.broken) +
                             " confirm calls were not approved");
  }
  Figures figures = figures_of(asked);
  if (connections > 0) figures["webhooks per s"] = webhooks.get().at("per_s");
  return figures;
}

}  // namespace reconciled::bench
