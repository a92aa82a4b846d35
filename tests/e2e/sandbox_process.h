// `portone-sandbox` as a process: PortOne, as far as the daemon under test can tell.
#pragma once

#include <string>
#include <vector>

#include "tests/e2e/child_process.h"
#include "tests/e2e/http.h"

namespace reconciled::e2e {

class SandboxProcess {
 public:
  static constexpr const char* kStoreId = "store-00000000-0000-4000-8000-000000000000";
  static constexpr const char* kSecret = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

  // Files go to `folder`. Webhooks are sent nowhere until `send_webhooks_to`.
  explicit SandboxProcess(const std::string& folder, const std::vector<std::string>& options = {});

  [[nodiscard]] std::string base_url() const { return "http://" + endpoint_.address; }
  // The control API (tests/sandbox/control.h); fails the test unless it answers 2xx.
  Json control(const std::string& method, const std::string& path, const Json& body = Json());
  void send_webhooks_to(const std::vector<std::string>& urls);
  // Makes an attempt, or moves one; what the control API answers.
  Json make(const Json& members) { return control("POST", "/payments", members); }
  Json move(const Json& attempt, const Json& members);
  void rest_fault(const Json& fault) { control("PUT", "/faults", {{"rest", fault}}); }
  // Sets the parts that are given: {{"answers", {{"payment", "o1"}, {"hidden", true}}}},
  // {{"limits",
  // {{"v2_max_rows", 20}}}}. `add_fault` leaves the rules that are there.
  void fault(const Json& parts) { control("PUT", "/faults", parts); }
  void add_fault(const Json& parts) { control("POST", "/faults", parts); }
  void clear_faults() { control("DELETE", "/faults"); }
  // How often the daemon called REST endpoints whose key contains `part`.
  int count_calls(const std::string& part);
  // The REST calls at a place ("v1 single"; empty: all), oldest first: method, target, body, at_ms.
  std::vector<Json> requests(const std::string& place = "");
  // The most calls at once since `forget_requests`: for all, or for a payment or attempt id.
  int max_in_flight(const std::string& id = "");
  void forget_requests() { control("DELETE", "/requests"); }
  // Waits until no webhook is under way.
  void settle();

 private:
  ChildProcess process_;
  Endpoint endpoint_;
};

}  // namespace reconciled::e2e
