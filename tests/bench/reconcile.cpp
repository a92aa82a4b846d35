// How fast stored webhooks become decided payments.
#include <thread>

#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

// Payments that the sandbox knows; nobody tells the daemon.
std::vector<Ids> make_payments(Stage& stage, const std::string& api, int count) {
  IdMill mill;
  std::vector<Ids> all;
  for (int i = 0; i < count; ++i) all.push_back(api == "v1" ? mill.make_v1() : mill.make());
  stage.make_known(api, all);
  return all;
}

std::string request_for(const std::string& api, const Wire& wire, const Ids& ids,
                        const std::string& webhook_id) {
  return api == "v1" ? v1_request(wire, ids) : v2_request(wire, ids, webhook_id);
}

LoadResult deliver(Stage& stage, const std::string& api, const std::vector<Ids>& payments,
                   double per_second) {
  const Wire wire{stage.daemon.webhook().address};
  IdMill mill;
  std::vector<std::string> requests;
  for (const Ids& ids : payments) {
    requests.push_back(request_for(api, wire, ids, "msg_" + mill.hex(24)));
  }
  Belt belt(std::move(requests));
  return run_load({.address = wire.address,
                   .connections = per_second > 0 ? 4 : 64,
                   .duration = std::chrono::minutes(5),
                   .next = [&belt] { return belt.next(); },
                   .per_second = per_second});
}

double number(Stage& stage, const std::string& sql) { return std::stod(stage.daemon.sqlite(sql)); }

}  // namespace

Figures reconcile_throughput(const std::string& api, int portone_delay_ms, int payments) {
  Stage stage({.portone_delay_ms = portone_delay_ms});
  const std::vector<Ids> all = make_payments(stage, api, payments);
  const auto begin = std::chrono::steady_clock::now();
  (void)deliver(stage, api, all, 0);
  stage.daemon.wait_for_empty_inbox();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double paid = number(stage, "SELECT count(*) FROM payment WHERE result = 'paid'");
  return {{"per_s", paid / seconds}, {"paid", paid}};
}

// From the event's commit to the payment's, at a leisurely rate; PortOne's own time is in it.
Figures reconcile_latency(int portone_delay_ms) {
  Stage stage({.portone_delay_ms = portone_delay_ms});
  const std::vector<Ids> all = make_payments(stage, "v2", 200);
  (void)deliver(stage, "v2", all, 50);
  stage.daemon.wait_for_empty_inbox();
  const auto percentile = [&](int percent) {
    return number(stage,
                  "SELECT at_ms - said_ms FROM (SELECT t.at_ms, e.received_at_ms AS said_ms "
                  "FROM transition t JOIN event e USING (payment_id) WHERE t.to_result = 'paid' "
                  "AND t.from_result <> 'paid') ORDER BY 1 LIMIT 1 OFFSET " +
                      std::to_string(200 * percent / 100 - (percent == 100 ? 1 : 0)));
  };
  return {{"p50_ms", percentile(50)}, {"p99_ms", percentile(99)}};
}

}  // namespace reconciled::bench
