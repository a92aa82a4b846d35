// PortOne V2 over REST (dossier §3.2): one payment by its id, its attempts, and the lists.
//
// A V2Client belongs to one look-up thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "daemon/clock.h"
#include "daemon/core/config.h"
#include "daemon/portone/fault.h"

namespace reconciled::portone {

class V2Client {
 public:
  V2Client(const core::PortoneV2Config& config, const Clock& clock);

  // PortOne's answer about the payment; nothing where it knows none.
  [[nodiscard]] Asked<std::optional<core::Snapshot>> payment(const std::string& payment_id);

  // All attempts of the payment; empty where PortOne knows none.
  [[nodiscard]] Asked<std::vector<core::Snapshot>> transactions(const std::string& payment_id);
  // Walks the payments whose status changed in [from, until), page by page; `take` gets each page.
  // Falls back to the list by creation where the first cannot be had.
  [[nodiscard]] std::optional<LookupFault> walk(
      core::Time from, core::Time until,
      const std::function<void(const std::vector<core::Snapshot>&)>& take);

  void abort() { client_.abort(); }

 private:
  using Take = std::function<void(const std::vector<core::Snapshot>&)>;
  [[nodiscard]] core::Outcome<http::ClientResponse, http::ClientError> get(
      const std::string& target);
  [[nodiscard]] std::optional<LookupFault> walk_by_page(core::Time from, core::Time until,
                                                        const Take& take);
  [[nodiscard]] std::optional<LookupFault> walk_by_cursor(core::Time from, core::Time until,
                                                          const Take& take);

  http::Client client_;
  const Clock& clock_;
  std::string authorization_;
  std::string store_id_;
};

}  // namespace reconciled::portone
