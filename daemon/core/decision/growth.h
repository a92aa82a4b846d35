// Growth has an end: which events that nobody may vouch for leave (promise 9).
//
// Pure; called by storage, the oldest event first.
#pragma once

#include <cstdint>
#include <functional>

#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

// An unsigned event.
struct UnsignedEvent {
  EventSource source = EventSource::kRedirect;
  Time received{};
  bool is_from_portone = false;  // by its address
  bool is_pending = false;       // PortOne has not been asked about it yet
};

enum class Stay {
  kAllNewer,  // it stays for now, and so does all that is newer
  kWaits,     // it stays, others may leave
  kIfVouched  // it leaves unless somebody vouches for it
};

// Kept for 7 days, or while there are not too many. `are_too_many` is asked only where it matters:
// to count them takes its time.
[[nodiscard]] Stay stay_of(const UnsignedEvent& event, Time now,
                           const std::function<bool()>& are_too_many);

// Newer unsigned events than so many are not looked at before their time.
inline constexpr std::int64_t kMostUnsigned = 100'000;

}  // namespace reconciled::core
