// The admin endpoint (interface §6): queries, orders, look-ups, health and metrics.
//
// Handlers run on the edge's loops; reading is handed to the reader threads, writing to the writer,
// and the answer is held meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "daemon/admin/payment_waiters.h"
#include "daemon/core/config/config.h"
#include "daemon/http/router.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/lookup_requests.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/notification_control.h"
#include "daemon/runtime/reader_pool.h"
#include "daemon/runtime/timers.h"
#include "daemon/runtime/warnings.h"
#include "storage/writer.h"

namespace reconciled {

class AdminListener {
 public:
  struct Uses {
    const core::Config& config;
    const Clock& clock;
    core::Time started_at{};
    storage::Writer& writer;
    ReaderPool& readers;
    LookupRequests& lookups;
    NotificationControl& notifications;
    Metrics& metrics;
    Warnings& warnings;
    Timers& timers;
  };

  // What stands in the way of readiness or health, one sentence each; empty: nothing.
  struct Health {
    std::function<std::vector<std::string>()> faults;        // 503 on /healthz and /readyz
    std::function<std::vector<std::string>()> unreadiness;   // 503 on /readyz alone
  };
  AdminListener(const Uses& uses, Health health);

  // Pages at this endpoint that say themselves who may ask for them. Before `add_routes`.
  struct Pages {
    std::function<bool(std::string_view path)> owns;
    std::function<std::optional<http::Response>(const http::Request&)> guard;
    // A browser that signed in there may ask for all else, too.
    std::function<bool(const http::Request&)> is_signed_in;
  };
  void serve_pages(Pages pages) { pages_ = std::move(pages); }

  // Adds all routes and the guard (Host, token, content type). Must outlive the router's use.
  void add_routes(http::Router& router);
  // Takes over the token; any thread.
  void reload(const core::Config& config);
  // Long polls answer with what there is; before the edge stops.
  void stop_waiting() { waiters_.stop(); }

  void committed(const storage::CommitNotice& notice) { waiters_.committed(notice); }

 private:
  using Read = std::function<http::Response(storage::Reader&)>;
  // What is answered where the database cannot be read; nothing is 503.
  using Otherwise = std::function<std::optional<http::Response>()>;

  [[nodiscard]] std::optional<http::Response> guard(const http::Request& request) const;
  [[nodiscard]] bool is_our_host(const http::Request& request) const;
  void add_reads(http::Router& router);
  void add_writes(http::Router& router);
  void add_notification_writes(http::Router& router);
  // Runs `read` on a reader thread and answers with what it gives.
  [[nodiscard]] http::Answer reading(Read read);
  [[nodiscard]] http::Answer reading_or(Read read, Otherwise otherwise);
  void read_into(Read read, const http::Completion& complete);
  // Answers 503 in `complete`'s place where the write takes longer than anybody should wait for it.
  void limit_write(const http::Completion& complete);

  [[nodiscard]] http::Answer health(bool with_readiness) const;
  [[nodiscard]] http::Answer metrics();
  [[nodiscard]] http::Answer stats(const http::Request& request);
  [[nodiscard]] nlohmann::ordered_json stats_of_memory() const;
  [[nodiscard]] http::Answer changes(const http::Request& request);
  [[nodiscard]] http::Answer list_payments(const http::Request& request);
  [[nodiscard]] http::Answer show_payment(const http::Request& request);
  [[nodiscard]] http::Answer look_up(const http::Request& request);
  [[nodiscard]] http::Answer replay(const http::Request& request);
  [[nodiscard]] http::Answer show_order(const http::Request& request);
  [[nodiscard]] http::Answer put_order(const http::Request& request);
  // Answers once PortOne was told of the order that is stored, where it is to be, or its time is over.
  struct StoredOrder {
    core::PaymentId payment_id;
    int status = 200;
    core::Time stored_at{};
    std::chrono::steady_clock::time_point answer_by{};
  };
  void answer_order(const StoredOrder& order, const http::Completion& complete);
  [[nodiscard]] bool is_being_told(const StoredOrder& order, storage::Reader& reader) const;
  [[nodiscard]] http::Answer delete_order(const http::Request& request);
  [[nodiscard]] http::Answer list_events(const http::Request& request);
  [[nodiscard]] http::Answer show_event(const http::Request& request);
  [[nodiscard]] http::Answer list_rejected(const http::Request& request);
  [[nodiscard]] http::Answer list_findings(const http::Request& request);
  [[nodiscard]] http::Answer resolve(const http::Request& request);
  [[nodiscard]] http::Answer list_notifications(const http::Request& request);
  [[nodiscard]] http::Answer resend(const http::Request& request);
  [[nodiscard]] http::Answer resend_many(const http::Request& request);
  [[nodiscard]] http::Answer pause(const http::Request& request, bool paused);

  const Uses uses_;
  Health health_;
  Pages pages_;
  PaymentWaiters waiters_;
  mutable std::mutex mutex_;
  std::string token_;  // guarded by mutex_
};

}  // namespace reconciled
