// Delivers webhooks to one URL in their order, for `reconciled listen`.
//
// One call at a time, so that what arrives is in order. A target that is away holds all of them
// back until it is there again. One that takes a webhook badly (another status than 2xx, no answer
// in time) gets it again, and meanwhile those of other payments; as PortOne does in V2 (dossier
// §2.2), but sooner. Belongs to the loop's thread. Each outcome is told to `say` in one line.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "daemon/core/messages/webhook_record.h"
#include "daemon/http/client.h"

namespace reconciled::commands {

class Relay {
 public:
  using Steady = std::chrono::steady_clock;
  using Say = std::function<void(const std::string& line)>;

  static constexpr std::size_t kMaxWaiting = 1'000;
  static constexpr std::size_t kMaxWaitingBytes = 8 * 1024 * 1024;
  static constexpr int kTries = 6;
  static constexpr std::chrono::seconds kDeadline{10};  // of one call
  static constexpr std::size_t kMaxAnswerBytes = 1024 * 1024;

  // `url`: http(s)://host[:port][/path][?query]; throws std::invalid_argument for another.
  // `secret`: `whsec_…`, which signs the webhooks of V2.
  Relay(http::ClientLoop& loop, const std::string& url, const std::string& secret, Say say);

  // False where so many wait that no more is taken.
  [[nodiscard]] bool take(core::RecordedWebhook webhook);
  // Begins what is due.
  void run(Steady::time_point now);

  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    core::RecordedWebhook webhook;
    int tries = 0;
    Steady::time_point next_at{};
  };
  using Item = std::shared_ptr<Waiting>;

  [[nodiscard]] Item next(Steady::time_point now) const;
  [[nodiscard]] http::ClientRequest request_for(const core::RecordedWebhook& webhook) const;
  void ended(const Item& item, Steady::time_point began, const http::ClientResult& result);
  void is_away(const std::string& why);
  void is_back();
  void try_again(const Item& item, const std::string& why);
  void leave(const Item& item);
  void tell(const core::RecordedWebhook& webhook, const std::string& words) const;

  http::ClientLoop& loop_;
  std::shared_ptr<const http::Upstream> upstream_;
  std::string target_;
  std::string key_;
  Say say_;
  std::deque<Item> waiting_;
  std::size_t waiting_bytes_ = 0;
  bool is_calling_ = false;
  bool is_away_ = false;
  std::chrono::milliseconds pause_{};  // while it is away
  Steady::time_point back_at_{};       // when it is tried again
  std::uint64_t delivered_ = 0;
};

}  // namespace reconciled::commands
