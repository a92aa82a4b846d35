// A shop that runs the recipes of one language: its checkout page, and one of the two ways to hear
// of results, each a process, over a database of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/rig.h"

namespace reconciled::e2e {

// `$RECIPE_LANGUAGE`: node, python or php.
[[nodiscard]] std::string recipe_language();
// A port of loopback that nobody listens at.
[[nodiscard]] std::string free_port();

class Shop {
 public:
  static constexpr const char* kNotifySecret = "whsec_c2hvcC1zZWNyZXQtb2YtdGhlLXJlY2lwZXM=";

  // Files go to the folder of `rig`. Starts the checkout page.
  explicit Shop(const Rig& rig);
  ~Shop();  // shows what the recipes said where the test failed

  // Whether the public library that notifications need is there; why not.
  [[nodiscard]] static std::string push_lacks();
  void start_notifications(const std::string& port = free_port());
  void start_changes();
  void kill_changes() { changes_.reset(); }

  // Buys it; the order as it stands in the checkout page's script.
  Json checkout(const std::string& item);
  // The answer to POST /checkout/{item}.
  Answer ask_checkout(const std::string& item);
  [[nodiscard]] const Endpoint& notifications() const { return notifications_at_; }
  // Sends this as the daemon does, signed; the status.
  int notify(const Json& message, const std::string& id, const std::string& secret = kNotifySecret);

  // In the shop's database: the first row that the statement gives.
  std::string sql(const std::string& statement) const;
  [[nodiscard]] int shipments(const std::string& payment_id) const;
  [[nodiscard]] std::int64_t refunded(const std::string& payment_id) const;

 private:
  std::unique_ptr<ChildProcess> start(const std::string& name, const std::string& port);
  std::unique_ptr<ChildProcess> serve(const std::string& name, const std::string& port, Endpoint& at);

  std::string folder_;
  Command environment_;
  Endpoint checkout_at_;
  Endpoint notifications_at_;
  std::unique_ptr<ChildProcess> checkout_;
  std::unique_ptr<ChildProcess> notifications_;
  std::unique_ptr<ChildProcess> changes_;
};

}  // namespace reconciled::e2e
