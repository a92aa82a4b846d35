// PortOne V2 over REST (dossier §3.2): one payment by its id.
//
// A V2Client belongs to one look-up thread.
#pragma once

#include <optional>
#include <string>

#include "daemon/clock.h"
#include "daemon/core/config.h"
#include "daemon/portone/fault.h"

namespace reconciled::portone {

class V2Client {
 public:
  V2Client(const core::PortoneV2Config& config, const Clock& clock);

  // PortOne's answer about the payment; nothing where it knows none.
  [[nodiscard]] Asked<std::optional<core::Snapshot>> payment(const std::string& payment_id);

  void abort() { client_.abort(); }

 private:
  http::Client client_;
  const Clock& clock_;
  std::string authorization_;
  std::string store_id_;
};

}  // namespace reconciled::portone
