// Tells PortOne of orders before their payment windows open (interface §6, `preregister`), until it
// answers.
//
// Its own thread reads what is due, and PortOne's thread and the writer's bring what comes of it.
// The database is the only memory that matters: what is lost here is due there, over restarts too.
// Being told twice changes nothing at PortOne, so that is safe; but of one payment an API is told
// one thing at a time, or an older amount might arrive behind a newer one.
#pragma once

#include <atomic>
#include <condition_variable>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "daemon/portone/portone.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/lock_guarded.h"
#include "storage/reader.h"
#include "storage/store.h"
#include "storage/writer.h"

namespace reconciled {

class Preregistrar {
 public:
  // `askable`: the APIs that are configured; what another is to be told waits.
  Preregistrar(const storage::Store& store, storage::Askable askable, const Clock& clock,
               storage::Writer& writer, portone::PortOne& portone);
  ~Preregistrar();  // stops
  Preregistrar(const Preregistrar&) = delete;
  Preregistrar& operator=(const Preregistrar&) = delete;

  void start();
  void stop();

  // What the writer committed; on its thread.
  void committed(const storage::CommitNotice& notice);

  // One round: tells what is due. When to run next, if nothing wakes it before.
  core::Time run_once(storage::Reader& reader, core::Time now);

 private:
  using Telling = std::pair<core::Api, std::string>;  // and the payment
  struct State {
    std::set<Telling> under_way;
    bool is_awake = false;
    bool is_stopping = false;
  };
  void loop();
  void wake();
  void tell_due(storage::Reader& reader, core::Api api, core::Time now);
  [[nodiscard]] bool begin(const Telling& telling);
  void end(const Telling& telling);
  void answered(const Telling& telling, const storage::PreregistrationReport& report);

  const storage::Store& store_;
  const storage::Askable askable_;
  const Clock& clock_;
  storage::Writer& writer_;
  portone::PortOne& portone_;
  LockGuarded<State> state_;
  std::condition_variable wake_;
  // Until then nothing is told: the database did not take what came of it.
  std::atomic<std::chrono::steady_clock::time_point> not_before_{
      std::chrono::steady_clock::time_point{}};
  std::thread thread_;
};

}  // namespace reconciled
