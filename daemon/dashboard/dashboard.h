// The operator's pages at the admin endpoint: what is wrong, how the whole goes, and one payment's
// story, with the few buttons that a person needs at night.
//
// Handlers run on the edge's loops; reading is handed to the reader threads, writing to the writer,
// and the answer is held meanwhile. Paths: `/` and below `/dashboard/`, none of the JSON API's.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/config/config.h"
#include "daemon/dashboard/frame.h"
#include "daemon/dashboard/hours.h"
#include "daemon/dashboard/list_pages.h"
#include "daemon/dashboard/sessions.h"
#include "daemon/http/router.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/day_reports.h"
#include "daemon/runtime/lookup_requests.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/notification_control.h"
#include "daemon/runtime/reader_pool.h"
#include "daemon/runtime/timers.h"
#include "daemon/runtime/warnings.h"
#include "storage/writer.h"

namespace reconciled::dashboard {

class Dashboard {
 public:
  struct Uses {
    const core::Config& config;
    const Clock& clock;
    storage::Writer& writer;
    ReaderPool& readers;
    LookupRequests& lookups;
    NotificationControl& notifications;
    DayReports& reports;
    Metrics& metrics;
    Warnings& warnings;
    Timers& timers;
  };
  // What the database keeps for it: the key of sessions, and the hours as they were last.
  struct Kept {
    std::string key;
    std::string hours;
  };
  static constexpr const char* kKeyName = "dashboard_key";
  static constexpr const char* kHoursName = "dashboard_hours";

  Dashboard(const Uses& uses, const Kept& kept);

  // Behind all other routes. Must outlive the router's use.
  void add_routes(http::Router& router);
  // Takes over the token; any thread.
  void reload(const core::Config& config) { sessions_.set_token(config.admin.token); }
  // Counts what happened, and counts payments anew where that is due. Every few seconds.
  void watch();
  // Keeps the hours as they stand; before the writer stops.
  void keep_hours();

  // Whether the dashboard says itself who may ask for this path, which `guard` then does.
  [[nodiscard]] static bool owns(std::string_view path);
  [[nodiscard]] std::optional<http::Response> guard(const http::Request& request) const;
  // A browser that signed in, by its cookie.
  [[nodiscard]] bool is_signed_in(const http::Request& request) const;

 private:
  using Read = std::function<http::Response(storage::Reader&)>;
  struct Counted {
    storage::Stats stats;
    core::Time at{};
    std::chrono::milliseconds took{};
  };

  [[nodiscard]] View view_of(const http::Request& request) const;
  [[nodiscard]] http::Response unavailable(const View& view) const;
  // Runs `read` on a reader thread; a page that says so where the database cannot be read.
  [[nodiscard]] http::Answer reading(const View& view, Read read);
  void limit_write(const http::Completion& complete);
  void count_payments(storage::Reader& reader);

  [[nodiscard]] http::Answer front(const http::Request& request);
  [[nodiscard]] http::Answer payments(const http::Request& request);
  [[nodiscard]] http::Answer findings(const http::Request& request);
  [[nodiscard]] http::Answer search(const http::Request& request);
  [[nodiscard]] http::Answer story(const http::Request& request);
  [[nodiscard]] http::Response switch_language(const http::Request& request) const;

  void add_books(http::Router& router);
  [[nodiscard]] http::Answer books(const http::Request& request, DayReports::Begun begun);
  [[nodiscard]] http::Answer book_day(const http::Request& request);
  [[nodiscard]] http::Answer compare_books(const http::Request& request);

  void add_session_routes(http::Router& router);
  [[nodiscard]] http::Response sign_in(const http::Request& request);
  [[nodiscard]] http::Response sign_out(const http::Request& request);

  void add_writes(http::Router& router);
  [[nodiscard]] http::Answer look_up(const http::Request& request);
  [[nodiscard]] http::Answer replay(const http::Request& request);
  [[nodiscard]] http::Answer resend(const http::Request& request);
  [[nodiscard]] http::Answer resolve(const http::Request& request);

  const Uses uses_;
  Sessions sessions_;
  Hours hours_;
  core::Time hours_kept_at_{};  // the thread of `watch`
  std::mutex mutex_;
  std::optional<Counted> counted_;  // guarded by mutex_
  bool is_counting_ = false;        // guarded by mutex_
};

}  // namespace reconciled::dashboard
