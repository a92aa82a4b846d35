// A history's way through the real storage: in which order its pieces are written, and the writing.
//
// Many payments share a database, and each takes one step before any takes its next, so that the
// writer's batches stay full.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "storage/reader.h"
#include "storage/writer.h"
#include "tests/simulator/history.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::simulator {

struct Step {
  enum class Kind { kOrder, kArrival, kBegin, kAnswer, kNoAnswer };
  Kind kind;
  int number = 0;  // of the piece, or the look-up
  int copy = 0;
};

// One payment on its way through the storage, in an order of its own.
struct Replay {
  std::unique_ptr<History> history;
  std::vector<int> held;
  std::vector<Step> steps;
  std::size_t next = 0;
  std::map<int, storage::Cover> events;  // by piece, with the copies that were stored
};

// The history in an order of its own. What is held is the same for the same `random`; the order is
// `own`'s.
[[nodiscard]] Replay make_replay(std::unique_ptr<History> history, Random& random, Random& own);

// What the writer was asked and has not answered yet.
class Outstanding {
 public:
  template <class T, class Then>
  storage::Done<T> expect(Then then) {
    {
      const std::lock_guard lock(mutex_);
      count_ += 1;
    }
    return [this, then](const core::Outcome<T, storage::WriteFailure>& outcome) {
      const std::lock_guard lock(mutex_);
      if (outcome.ok()) {
        then(outcome.value());
      } else if (failure_.empty()) {
        failure_ = outcome.error().detail;
      }
      count_ -= 1;
      if (count_ == 0) done_.notify_one();
    };
  }
  void wait() {
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return count_ == 0; });
    if (!failure_.empty()) throw std::runtime_error(failure_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  int count_ = 0;
  std::string failure_;
};

// The real writer and reader over a file of their own.
class Database {
 public:
  explicit Database(const core::DecisionPolicy& policy);

  // Takes every step of every replay, then lets every timer fire. Throws where the writer fails.
  void run(std::vector<Replay>& replays);
  [[nodiscard]] storage::Reader reader() const { return storage::Reader(storage::Store(path_)); }
  // What `rebuild --check` finds.
  [[nodiscard]] std::vector<std::string> rebuild_differences() const;

 private:
  void take(Replay& replay, const Step& step);
  void put_order(const World& world, const core::ExpectedOrder& order);
  void settle(const Replay& replay, storage::LookupReport report);
  void no_answer(const Replay& replay, storage::LookupReport::Outcome outcome, int number);

  test::TemporaryFolder folder_;
  std::string path_;
  Outstanding outstanding_;
  int conflicts_ = 0;  // refused orders: no history has one
  std::unique_ptr<storage::Writer> writer_;
};

}  // namespace reconciled::simulator
