// Sends the shop's backend its messages (interface §7): hundreds at once, from one thread.
//
// The outbox is in the database: what is due there is sent, and what came of it is written there; a
// message in flight when the process ends is sent again, under the same id. Which may go, and in
// which order, storage says. Where the shop takes nothing one call at a time tries, a few a second.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <thread>

#include "daemon/core/config/config.h"
#include "daemon/http/in_flight_limit.h"
#include "daemon/notify/backend_client.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/notification_control.h"
#include "daemon/runtime/warnings.h"
#include "storage/reader.h"
#include "storage/writer.h"

namespace reconciled::notify {

class Notifier final : public NotificationControl {
 public:
  struct Uses {
    const core::Config& config;
    const Clock& clock;
    const storage::Store& store;
    storage::Writer& writer;
    Metrics& metrics;
    Warnings& warnings;
  };
  // With an empty notify.url it sends nothing.
  explicit Notifier(const Uses& uses);
  ~Notifier() override;  // stops

  // Before the writer's start: it keeps two values of the notifier's.
  void prepare();
  void start();
  // Calls in flight are let go, to be sent again at the next start.
  void stop();

  // --- any thread ---
  [[nodiscard]] bool is_on() const override { return !uses_.config.notify_url.empty(); }
  void reload(const core::Config& config);  // the secret
  void committed(const storage::CommitNotice& notice);
  void pause(bool paused, storage::Done<bool> done) override;
  [[nodiscard]] bool is_paused() const override { return is_paused_; }
  void send_now() override;
  // Counts its rounds; the watchdog sees by it that the thread lives.
  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }

  static constexpr int kMostInFlight = 256;

 private:
  using Steady = std::chrono::steady_clock;

  void run();
  void send_due(storage::Reader& reader);
  [[nodiscard]] int most_in_flight() const;
  [[nodiscard]] std::optional<std::int64_t> next(storage::Reader& reader, core::Time now);
  void send(const storage::DueNotification& message);
  [[nodiscard]] bool waits(const storage::DueNotification& message);
  void done_with(const storage::NotificationTry& tried);
  void ended(const storage::DueNotification& message, const http::ClientResult& result);
  void learn(const Verdict& verdict);
  void write(storage::NotificationTry tried);
  void hasten();
  void watch(storage::Reader& reader);
  void on_loop(std::function<void()> work);

  const Uses uses_;
  std::string instance_;
  std::atomic<bool> is_paused_{false};
  std::atomic<std::uint64_t> rounds_{0};
  http::ClientLoop loop_;
  std::thread thread_;

  // --- its thread's ---
  std::shared_ptr<const BackendClient> backend_;
  http::InFlightLimit limit_{kMostInFlight};
  int in_flight_ = 0;
  std::set<std::int64_t> busy_;      // in flight, or their outcome is not written yet
  // By payments whose message is busy, findings' aside: those of the same payment that wait for it. One
  // that is taken back while it is in flight may still arrive.
  std::map<std::int64_t, std::vector<std::int64_t>> behind_;
  std::deque<std::int64_t> due_;     // read, in order of their times
  std::vector<storage::NotificationTry> unwritten_;  // the database did not take them
  bool may_have_more_ = true;        // than `due_`
  core::Time next_at_{};             // of the next one that is planned
  Steady::time_point hold_until_{};  // nothing is sent before
  Steady::time_point watch_at_{};
  int failures_ = 0;                 // in a row, of whichever message
  bool is_gone_ = false;             // it answered 410
};

}  // namespace reconciled::notify
