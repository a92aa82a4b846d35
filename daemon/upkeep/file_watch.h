// Looks through the database for damage in the background, so that it is found before it is needed.
//
// Its own thread: a round soon after the start, when power may have been lost, and then one a day,
// with a pause after each slice that is many times as long as the slice. What is damaged is named in
// the warning `file_damaged`, which ends with a round that finds nothing. Where rows make no sense
// nothing is written any more (storage::Writer::reading_failed). A payment that stands as deliverable
// although its evidence does not say so is decided again from its evidence at once (promise 4).
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "daemon/runtime/clock.h"
#include "daemon/runtime/warnings.h"
#include "storage/file_check.h"
#include "storage/writer.h"

namespace reconciled::upkeep {

class FileWatch {
 public:
  // What the warning is about: what a round found, or what somebody met.
  static constexpr const char* kFound = "";
  static constexpr const char* kMet = "met";

  struct Uses {
    const Clock& clock;
    const storage::Store& store;
    storage::Writer& writer;
    Warnings& warnings;
  };
  explicit FileWatch(const Uses& uses) : uses_(uses) {}
  ~FileWatch() { stop(); }
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;

  void start();
  // Within a second.
  void stop();

 private:
  void loop();
  void run_round();
  void tell(const storage::FileCheck::Damage& damage);
  // True where it is to stop.
  [[nodiscard]] bool pause(std::chrono::steady_clock::duration time);

  const Uses uses_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_stopping_ = false;  // guarded by mutex_
  int found_ = 0;             // in this round; the thread's
  std::string first_;         // likewise: what was found first
  std::thread thread_;
};

}  // namespace reconciled::upkeep
