// Takes one message to one URL of [alert], whatever its format.
//
// Belongs to the thread of its loop. A message has 15 s, a mail 30 s; nothing here tries again.
#pragma once

#include <functional>
#include <string>

#include "daemon/alert/format.h"
#include "daemon/http/client.h"
#include "daemon/http/client_mail.h"

namespace reconciled::alert {

class Courier {
 public:
  using Done = std::function<void(const Verdict&)>;

  explicit Courier(http::ClientLoop& loop) : loop_(loop) {}

  void send(const core::AlertUrl& url, const Message& message, Done done);
  // Beside the loop's own `run_once`; never waits. Mail needs it often while it is busy.
  void run_once() { mail_.run_once(); }
  [[nodiscard]] bool is_busy() const { return mail_.is_busy(); }

 private:
  http::ClientLoop& loop_;
  http::MailClient mail_;
};

}  // namespace reconciled::alert
