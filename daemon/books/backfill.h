// The backfill: walks PortOne's own lists over days of the past and has what never arrived taken in.
//
// Its own thread, one at a time. What a list tells anew becomes an ordinary question to PortOne, as
// with the sweep; the list itself decides nothing. A window is finished for good: what it raised and
// the mark that it was walked are one commit, so that a stop or kill at any moment loses neither and
// the next start goes on. Look-ups go first: no page is asked for while many are due, and ten a
// second at most. A fault of PortOne's is waited out, for as long as it takes.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "daemon/books/backfill_state.h"
#include "daemon/books/requests.h"
#include "daemon/http/router.h"
#include "daemon/portone/portone.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/lock_guarded.h"
#include "daemon/runtime/timers.h"
#include "storage/reader.h"
#include "storage/store.h"
#include "storage/writer.h"

namespace reconciled::books {

class Backfill {
 public:
  struct Uses {
    storage::Askable askable;
    const Clock& clock;
    const storage::Store& store;
    storage::Writer& writer;
    portone::PortOne& portone;
    Timers& timers;
  };
  explicit Backfill(const Uses& uses) : uses_(uses) {}
  ~Backfill() { stop(); }
  Backfill(const Backfill&) = delete;
  Backfill& operator=(const Backfill&) = delete;

  // POST, GET and DELETE /backfill, of the admin endpoint.
  void add_routes(http::Router& router);
  // What the last start left; before the writer starts.
  void prepare();
  void start();
  // Begins nothing more; what it waits for, PortOne's stop ends.
  void stop_soon();
  void stop();

 private:
  struct Left {};  // stopped or cancelled: thrown out of a walk
  struct Shared {
    BackfillState state;
    std::string trouble;  // what it waits for, in words
    bool is_kept = true;  // the state: what was begun is on disk
    int run = 0;          // counts what was begun
    bool is_stopping = false;
  };
  struct Window {
    core::Api api;
    core::Time from{};
    core::Time until{};
    std::int64_t listed = 0;
    std::vector<storage::Question> found;
    BackfillState counts;  // what it adds
  };

  [[nodiscard]] http::Answer begin(const http::Request& request);
  void begin(const BackfillState& fresh, const http::Completion& complete);
  [[nodiscard]] http::Answer show(const http::Request& request);
  [[nodiscard]] http::Answer cancel(const http::Request& request);
  [[nodiscard]] std::string shown();

  void loop();
  // Walks it to its end, or until it is stopped.
  void run(int number);
  void run_api(storage::Reader& reader, core::Api api, int number);
  // What stood in the way.
  [[nodiscard]] std::optional<portone::LookupFault> walk(storage::Reader& reader, Window& window,
                                                         int number);
  void take(storage::Reader& reader, Window& window, const portone::ListPage& page, int number);
  // Lets look-ups go first.
  void give_way(storage::Reader& reader, int number);
  // Writes what was found, and where the window is walked how far it is.
  void write(Window& window, bool is_walked, int number);
  void end(int number);
  [[nodiscard]] BackfillState state_of(int number);  // throws Left where that is over
  void wait(std::chrono::milliseconds time, int number);  // throws Left
  void say(const std::string& trouble);

  const Uses uses_;
  std::mutex order_;  // held while a change is made and handed to the writer; taken before shared_
  LockGuarded<Shared> shared_{};
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace reconciled::books
