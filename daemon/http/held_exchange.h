// What stands behind a Completion: ends one held exchange, once.
//
// Shared by the copies of its Completion, on any thread, also when the client, the connection or
// the edge has gone. Destroyed without an end, it answers 500: the completion was dropped.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "daemon/http/loop.h"

namespace reconciled::http {

class Held {
 public:
  Held(std::shared_ptr<Mailbox> mailbox, std::weak_ptr<Connection> connection,
       std::uint64_t exchange)
      : mailbox_(std::move(mailbox)), connection_(std::move(connection)), exchange_(exchange) {}
  ~Held() { end(Response{500, "text/plain; charset=utf-8", "internal error\n", {}}); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void end(std::optional<Response> instead) {
    if (ended_.exchange(true)) return;
    mailbox_->put({std::move(connection_), exchange_, std::move(instead)});
  }

 private:
  std::shared_ptr<Mailbox> mailbox_;
  std::weak_ptr<Connection> connection_;
  std::uint64_t exchange_;
  std::atomic<bool> ended_{false};
};

}  // namespace reconciled::http
