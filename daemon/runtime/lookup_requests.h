// Where anybody asks that PortOne be asked soon.
//
// The listeners know this much of the reconciler, which stands behind it; tests stand in for it.
// Any thread; never waits.
#pragma once

#include <cstddef>

#include "storage/records.h"

namespace reconciled {

class LookupRequests {
 public:
  LookupRequests() = default;
  LookupRequests(const LookupRequests&) = delete;
  LookupRequests& operator=(const LookupRequests&) = delete;
  virtual ~LookupRequests() = default;

  // What is planned for the payment, or where nothing is, what each API knows of it.
  virtual void look_up_soon(const core::PaymentId& payment_id) = 0;
  virtual void look_up_soon(const storage::Question& question) = 0;
  // Questions that wait for their turn.
  [[nodiscard]] virtual std::size_t waiting_lookups() const = 0;
};

}  // namespace reconciled
