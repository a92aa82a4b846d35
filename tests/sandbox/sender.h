// Sends webhooks as PortOne does: signed, retried, never in the way of the REST answers.
//
// Eight workers, each with its own queue: messages of one payment go through one worker, in order.
// One scheduler thread holds what is late, held back or to be retried. All threads are made in the
// constructor and joined in `stop`. Called from every HTTP thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sandbox/messages.h"
#include "tests/sandbox/options.h"

namespace reconciled::sandbox {

enum class WebhookMode { kNormal, kLost, kLate, kDoubled, kReordered };
struct WebhookFault {
  WebhookMode mode = WebhookMode::kNormal;
  std::chrono::milliseconds delay{0};  // late: how much; reordered: how long it gathers
  int copies = 2;                      // doubled
  std::vector<std::string> secrets;    // that sign instead of ours, in every mode
  std::string content_type;            // that labels every body, likewise
  std::string payment;                 // a payment or attempt id; empty: all
  std::optional<int> count;            // messages that the mode touches; absent: until changed
};

[[nodiscard]] bool is_webhook_secret(const std::string& secret);

// One try to deliver one message.
struct Delivery {
  std::string webhook_id;
  std::string url;
  std::string payment_id;
  std::string attempt_id;
  std::string what;
  std::string body;
  int execution = 1;        // 1 for the first try
  int response_status = 0;  // 0: no answer
  std::string response_body;  // its beginning
  std::string error;          // "lost" where it never left
  PortoneTime at{};           // when it was sent
  PortoneTime answered_at{};
  [[nodiscard]] bool succeeded() const { return response_status >= 200 && response_status < 300; }
};

// A message with what became of it.
struct SentMessage {
  Message message;
  int executions = 0;
  std::optional<Delivery> last;
};

class Sender {
 public:
  // Throws std::invalid_argument for a secret that is none.
  explicit Sender(const Options& options);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // A copy of the message for every target, each with its id.
  [[nodiscard]] std::vector<Message> address(const Message& message, const std::string& id) const;
  // Takes the messages for sending after `delay`, in that mode or under the present fault.
  void send(const std::vector<Message>& messages, std::chrono::milliseconds delay,
            std::optional<WebhookMode> mode = std::nullopt);
  // Sends once, now, on the caller's thread and around all faults; `sign` replaces the message's.
  Delivery send_now(const Message& message, bool sign);

  void set_targets(std::vector<std::string> urls);
  [[nodiscard]] std::vector<std::string> targets() const;
  void set_fault(const WebhookFault& fault);
  [[nodiscard]] WebhookFault fault() const;

  // The newest 10 000, oldest first; of one payment where it is named.
  [[nodiscard]] std::vector<Delivery> deliveries(const std::string& payment_id = "") const;
  [[nodiscard]] std::vector<SentMessage> messages_of(const std::string& payment_id) const;
  // Messages that are queued, delayed, being sent or waiting for a retry.
  [[nodiscard]] std::size_t pending() const;
  void reset();  // forgets deliveries and whatever waits
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::sandbox
