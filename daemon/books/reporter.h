// Makes reports of a day's books on demand, one at a time, and keeps what the newest came to.
//
// Its own thread; asked over the admin endpoint and by the dashboard. The newest report is in memory
// as a whole; of each of the last 32 days' a short form stands in the store, over restarts.
#pragma once

#include <condition_variable>
#include <optional>
#include <string>
#include <thread>

#include "daemon/books/report.h"
#include "daemon/books/requests.h"
#include "daemon/http/router.h"
#include "daemon/portone/portone.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/day_reports.h"
#include "daemon/runtime/lock_guarded.h"
#include "daemon/runtime/reader_pool.h"
#include "storage/store.h"
#include "storage/writer.h"

namespace reconciled::books {

class Reporter final : public DayReports {
 public:
  struct Uses {
    storage::Askable askable;
    core::BookPolicy policy;
    std::string timezone;
    const Clock& clock;
    const storage::Store& store;
    storage::Writer& writer;
    ReaderPool& readers;
    portone::PortOne& portone;
  };
  explicit Reporter(const Uses& uses) : uses_(uses) {}
  ~Reporter() override { stop(); }

  // POST and GET /report, of the admin endpoint.
  void add_routes(http::Router& router);
  [[nodiscard]] std::vector<Outcome> outcomes(storage::Reader& reader) const override;
  [[nodiscard]] std::optional<std::string> report(storage::Reader& reader,
                                                  const std::string& day) override;
  Begun begin(const std::string& day) override;
  void start();
  // Begins nothing more; what it waits for, PortOne's stop ends.
  void stop_soon();
  void stop();

 private:
  struct Shared {
    std::optional<core::BookDay> wanted;  // being made
    std::int64_t listed = 0;
    std::string newest_day;
    std::string newest;  // whole, as JSON
    bool is_stopping = false;
  };

  // Has it made, unless another day's is being made: then that day.
  [[nodiscard]] std::optional<std::string> want(const core::BookDay& day);
  [[nodiscard]] http::Answer post(const http::Request& request);
  [[nodiscard]] http::Answer show(const http::Request& request);
  // What is being made or was made last; nothing where that is another day's.
  [[nodiscard]] std::optional<std::string> in_memory(const std::optional<core::BookDay>& day);
  void loop();
  [[nodiscard]] std::string make(const core::BookDay& day);
  void keep(const core::BookDay& day, const Report& report, storage::Reader& reader);
  [[nodiscard]] bool pause(std::chrono::milliseconds time);

  const Uses uses_;
  LockGuarded<Shared> shared_{};
  std::condition_variable wake_;
  std::optional<std::vector<Outcome>> outcomes_;  // the thread's, once read
  std::thread thread_;
};

}  // namespace reconciled::books
