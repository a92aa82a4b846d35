// Many senders of signed webhooks at once, and what became of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/daemon_process.h"

namespace reconciled::e2e {

// Ids that were answered 200; with each, what `StormOptions::stamp` said right afterwards.
using Acknowledged = std::map<std::string, std::uint64_t>;

struct StormOptions {
  std::string name = "storm";  // its ids begin with it
  int senders = 8;
  std::size_t padding_bytes = 0;     // of each body
  std::vector<std::string> again{};  // ids of earlier storms, sent among its own
  std::function<std::uint64_t()> stamp{};
};

struct Answers {
  std::size_t acknowledged = 0;
  std::size_t unavailable = 0;  // 503 with Retry-After
  std::size_t other = 0;
  std::size_t none = 0;  // the connection ended, or there was none
};

// Sends from its making on: every other sender keeps its connection, each repeats some.
class Storm {
 public:
  explicit Storm(const Endpoint& target, StormOptions options = {});
  ~Storm();  // stops
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  void wait_for(std::size_t acknowledged);
  void wait_for_refused(std::size_t count);
  // Lets the calls under way end.
  Acknowledged stop();
  [[nodiscard]] Answers answers() const;
  // Ids whose newest answer was 503.
  [[nodiscard]] std::set<std::string> refused() const;

 private:
  void send(int sender);
  void note(const std::string& id, const Answer& answer);

  Endpoint target_;
  StormOptions options_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  Acknowledged acknowledged_;
  std::set<std::string> refused_;
  Answers answers_;
  std::vector<std::thread> threads_;
};

// The webhook of this id: the same body each time, and one event however often it comes.
[[nodiscard]] Call storm_call(const std::string& id, std::size_t padding_bytes = 0);

struct Stored {
  std::size_t lost = 0;     // of the acknowledged ones
  std::size_t doubled = 0;  // of all rows
};
// `rows`: the payment_id of each row of `event`, a line each.
[[nodiscard]] Stored compare(const std::string& rows, const Acknowledged& acknowledged);
// Fails the test unless each is stored once and the database is whole.
void check_stored(const DaemonProcess& daemon, const Acknowledged& acknowledged);

}  // namespace reconciled::e2e
