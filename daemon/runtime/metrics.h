// The metrics of interface §9, typed, and their Prometheus text.
//
// One object, made by `app`, written from every thread; `render` and the `set_` functions are for
// the admin endpoint when it is scraped. Every series exists from the start, so counting takes no
// look-up, and a rate is right from the first event on.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/states.h"
#include "daemon/runtime/warnings.h"

namespace reconciled {

using Seconds = std::chrono::duration<double>;

// How a listener answered an arrival.
enum class EventOutcome {
  kStored,
  kCopy,
  kMalformed,      // 400, 404, 405, 411, 413, 415 and the like: no message
  kBadSignature,   // 401
  kRefusedSource,  // 403
  kNotConfigured,  // 503: that API version is not configured
  kUnavailable     // 503: not stored
};
enum class LookupOutcome {
  kAnswered,
  kNotFound,
  kUnauthorized,
  kThrottled,  // 429
  kServerError,
  kUnreachable,  // no connection, TLS, timeout
  kMalformed
};
// Where something of PortOne's could not be read and was set aside.
enum class UnreadableWhere { kPayment, kBatch, kList, kTransactions };
enum class NotificationOutcome { kDelivered, kFailed, kParked, kSuperseded };

[[nodiscard]] std::string_view to_word(EventOutcome outcome);
[[nodiscard]] std::string_view to_word(LookupOutcome outcome);
[[nodiscard]] std::string_view to_word(NotificationOutcome outcome);
[[nodiscard]] std::string_view to_word(UnreadableWhere where);

class Metrics {
 public:
  explicit Metrics(std::string_view version);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // `api` is absent (label `none`) where the message did not tell.
  void event(core::EventSource source, std::optional<core::Api> api, EventOutcome outcome);
  void ack_seconds(Seconds from_request_to_2xx);
  void decide_seconds(Seconds from_stored_to_result);
  void lookup(core::Api api, LookupOutcome outcome, Seconds took);
  void notification(NotificationOutcome outcome);
  void commit_batch(std::size_t units);
  void unreadable(core::Api api, UnreadableWhere where);

  void set_inbox(std::uint64_t depth, Seconds oldest);
  void set_payments(core::Result result, std::uint64_t count);
  void set_open_findings(core::FindingKind kind, std::uint64_t count);
  // Since the last good sweep, or since the start where there was none.
  void set_sweep_age(core::Api api, Seconds age);
  void set_warning(WarningKind kind, bool stands);
  void set_log_dropped(std::uint64_t lines);

  // What was counted since the start, over all sources and APIs: for the dashboard's hours.
  struct Totals {
    std::uint64_t received = 0;  // stored, or a copy of what is
    std::uint64_t refused = 0;   // every other answer
    std::uint64_t decided = 0;   // events that came to a result
    double decide_seconds = 0;   // of all these together
  };
  [[nodiscard]] Totals totals() const;

  // Text format 0.0.4.
  [[nodiscard]] std::string render() const;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace reconciled
