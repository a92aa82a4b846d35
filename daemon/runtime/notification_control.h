// Where a person has messages to the shop's backend wait, or go on.
//
// The admin endpoint knows this much of the notifier, which stands behind it. Any thread; never waits.
#pragma once

#include "storage/writer.h"

namespace reconciled {

class NotificationControl {
 public:
  NotificationControl() = default;
  NotificationControl(const NotificationControl&) = delete;
  NotificationControl& operator=(const NotificationControl&) = delete;
  virtual ~NotificationControl() = default;

  // Whether there is anybody to send messages to.
  [[nodiscard]] virtual bool is_on() const = 0;
  [[nodiscard]] virtual bool is_paused() const = 0;
  // A person wants what is due to be sent now, whatever pause the backend asked for.
  virtual void send_now() = 0;
  // Over restarts, too.
  virtual void pause(bool paused, storage::Done<bool> done) = 0;
};

}  // namespace reconciled
