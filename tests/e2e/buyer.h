// A buyer with a telephone, a shop of a name, and PortOne: what the browser tests share.
#pragma once

#include <string>

#include "tests/e2e/browser.h"
#include "tests/e2e/rig.h"

namespace reconciled::e2e {

inline constexpr std::int64_t kPrice = 33'000;

// A shop with everything configured that its page can show.
[[nodiscard]] Settings shop_settings();

class Buyer {
 public:
  explicit Buyer(const Settings& settings = shop_settings(), const Command& program = {});

  Rig rig;
  Browser browser;

  // An order of `kPrice` that is registered, and an attempt at it that is `members`.
  Json order(const std::string& payment_id, const Json& members);
  // The address of the redirect listener with that query; of another path of it.
  [[nodiscard]] std::string address(const std::string& query) const;
  [[nodiscard]] std::string address_of(const std::string& target) const;
  // The browser comes back, and the page of this state is there in the end.
  void come_back(const Json& attempt, const std::string& state);
  // PortOne's payment window for a registered order, webhooks `delay_ms` after its button.
  void open_window(const std::string& payment_id, const std::string& version, int delay_ms);
  [[nodiscard]] std::string state();
  void wait_for_state(const std::string& state);
};

}  // namespace reconciled::e2e
