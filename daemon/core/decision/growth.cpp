#include "daemon/core/decision/growth.h"

namespace reconciled::core {

Stay stay_of(const UnsignedEvent& event, Time now, const std::function<bool()>& are_too_many) {
  constexpr auto kKept = std::chrono::days(7);
  const bool is_old = event.received < now - kKept;
  if (!is_old && !are_too_many()) return Stay::kAllNewer;
  // What one of PortOne's addresses sent waits to be asked about for as long as that takes, and a
  // stranger's webhook until there are too many.
  const bool may_wait = event.is_pending && event.source != EventSource::kRedirect &&
                        (event.is_from_portone || !are_too_many());
  return may_wait ? Stay::kWaits : Stay::kIfVouched;
}

}  // namespace reconciled::core
