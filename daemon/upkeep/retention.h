// Retention (design §1, promises 7 and 9): raw bodies and headers leave once they are older than
// storage.retention_days; decisions, history and what rebuilding needs stay.
//
// Its own thread: a look every hour, and whenever a person asks (`reconciled prune`). It goes on in
// small steps through the writer, behind all that somebody waits for, with a pause after each. Room that
// came free, and that what comes next will not use, is given back to the disk in such steps, too. Where
// this machine's clock is known to be wrong nothing leaves: what a wrong clock took would not come
// back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "daemon/http/router.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/warnings.h"
#include "storage/writer.h"

namespace reconciled::upkeep {

class Retention {
 public:
  struct Uses {
    int days = 0;  // 0 keeps all
    const Clock& clock;
    storage::Writer& writer;
    const Warnings& warnings;
    // By how much this machine's clock was set since it agreed with PortOne's; nothing where it did not
    // yet since the start.
    std::function<std::optional<std::chrono::milliseconds>()> set_since_agreed;
  };
  explicit Retention(const Uses& uses) : uses_(uses) {}
  ~Retention() { stop(); }
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;

  // POST and GET /prune, of the admin endpoint.
  void add_routes(http::Router& router);
  void start();
  void stop();

 private:
  // Of the newest round.
  struct Round {
    int number = 0;
    bool is_running = false;
    core::Time before{};
    storage::Emptied emptied;
    std::string fault;  // why it ended early; empty: it did not
  };

  void loop();
  void run();
  void give_back_room();
  [[nodiscard]] bool is_stopping();
  [[nodiscard]] std::string clock_fault() const;
  [[nodiscard]] http::Answer begin(const http::Request& request);
  [[nodiscard]] http::Answer show(const http::Request& request);
  [[nodiscard]] http::Response shown(int status);

  const Uses uses_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Round round_;              // guarded by mutex_
  bool is_asked_ = false;    // likewise
  bool is_stopping_ = false;  // likewise
  std::thread thread_;
};

}  // namespace reconciled::upkeep
