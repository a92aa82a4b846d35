// PortOne V2 over REST (dossier §3.2): one payment by its id, its attempts, and the lists.
//
// A V2Client belongs to one look-up thread. An answer about something else than was asked is never
// taken: it is unreadable.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/fault.h"
#include "daemon/portone/walk.h"
#include "daemon/runtime/clock.h"

namespace reconciled::portone {

class V2Client {
 public:
  V2Client(const core::PortoneV2Config& config, AccessWatch& watch, const Clock& clock);

  // PortOne's answer about the payment; nothing where it knows none.
  [[nodiscard]] Asked<std::optional<core::Snapshot>> payment(const std::string& payment_id);

  // All attempts of the payment that can be read, and those that cannot; none where PortOne knows
  // none.
  [[nodiscard]] Asked<core::V2List> transactions(const std::string& payment_id);

  // Walks the payments whose status changed in [from, until] (see walk.h). Where PortOne refuses
  // that list or it cannot be read, `take` gets the one by creation too, which is unstable and does
  // not show what was begun earlier: the walk then still ends with the first one's fault, which
  // says so.
  [[nodiscard]] std::optional<LookupFault> walk(core::Time from, core::Time until,
                                                const Take& take);

  // Ends a call in flight and every later one; any thread.
  void abort() { client_.abort(); }
  [[nodiscard]] bool is_aborted() const { return client_.is_aborted(); }

 private:
  using Reader = core::Outcome<core::V2List, core::AnswerError> (*)(int, std::string_view,
                                                                    core::Time);
  [[nodiscard]] Asked<http::ClientResponse> get(const std::string& target);
  [[nodiscard]] Asked<core::V2List> list(const std::string& target, Reader read);
  [[nodiscard]] Asked<ListedPage> page(core::Time from, core::Time until, int number);
  [[nodiscard]] std::optional<LookupFault> walk_by_cursor(core::Time from, core::Time until,
                                                          const Take& take);
  [[nodiscard]] LookupFault fault(const core::AnswerError& error,
                                  const http::ClientResponse& response);

  http::Client client_;
  AccessWatch& watch_;
  const Clock& clock_;
  std::string authorization_;
  std::string store_id_;
};

}  // namespace reconciled::portone
