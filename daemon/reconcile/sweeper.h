// The sweep: walks PortOne's recent lists for what never reached us (promise 6).
//
// Its own thread: at the start, from the last good sweep with an overlap, then every
// `reconcile.sweep_every`. What a list tells anew becomes an ordinary question to PortOne; the list
// itself decides nothing. A long stretch is walked in windows, each finished for good: the questions
// that it raised and the mark that it was walked are one commit, so that no stop loses either.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "daemon/portone/portone.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/warnings.h"
#include "storage/reader.h"
#include "storage/store.h"
#include "storage/writer.h"

namespace reconciled {

class Sweeper {
 public:
  // `every`: 0 is never. `askable`: the APIs that are configured.
  Sweeper(std::chrono::milliseconds every, storage::Askable askable, const Clock& clock,
          const storage::Store& store, storage::Writer& writer, portone::PortOne& portone,
          Warnings& warnings);
  ~Sweeper();  // stops
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  void start();
  // Begins nothing more; what it waits for, PortOne's stop ends.
  void stop_soon();
  void stop();

 private:
  void loop();
  [[nodiscard]] bool is_stopping();
  // Sweeps every configured API; false where one could not be walked to the end.
  bool sweep(storage::Reader& reader, core::Time now);
  bool sweep(storage::Reader& reader, core::Api api, core::Time now);
  // Walks one window and has what it found written; what stood in the way.
  struct Window {
    core::Api api;
    core::Time from{};
    core::Time until{};
  };
  struct Counts {
    std::int64_t listed = 0;
    std::int64_t news = 0;
    std::vector<core::UnreadableRow> unreadable;  // set aside: the others go on
  };
  void tell_of_unreadable(core::Api api, const std::vector<core::UnreadableRow>& rows);
  [[nodiscard]] std::optional<std::string> walk(storage::Reader& reader, const Window& window,
                                                Counts& counts);
  [[nodiscard]] bool write(storage::Swept swept);
  [[nodiscard]] int& failures(core::Api api) {
    return failures_.at(static_cast<std::size_t>(api));
  }

  const std::chrono::milliseconds every_;
  const storage::Askable askable_;
  const Clock& clock_;
  const storage::Store& store_;
  storage::Writer& writer_;
  portone::PortOne& portone_;
  Warnings& warnings_;
  std::array<int, 2> failures_{};  // in a row, of each API
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reconciled
