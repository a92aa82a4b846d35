// Says of most new events that no copy of them is stored, without reading the file.
//
// The index of events has keys as random as PortOne's ids, so asking it reads another page of
// gigabytes nearly every time, and nearly every time in vain. This is a Bloom filter over the
// dedupe hashes: "no" is certain, "perhaps" asks the index. A thread fills it behind the start from
// what is stored, and a larger one when there came to be more events; until then all is "perhaps".
// For the writer alone, private to this folder.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/sqlite/sqlite_session.h"

namespace reconciled::storage {

class KnownEvents {
 public:
  // Of the database at `path`. On the writer's thread, like all but the destructor; outside of any
  // transaction: what is not committed would be missed.
  KnownEvents(SqliteSession& writer, std::string path);
  ~KnownEvents();
  KnownEvents(const KnownEvents&) = delete;
  KnownEvents& operator=(const KnownEvents&) = delete;

  [[nodiscard]] bool may_hold(std::int64_t dedupe_hash) const;
  // Before its event is committed; it may be taken back.
  void note(std::int64_t dedupe_hash);
  // Between two commits: takes what the thread has filled, and sends it again where that became too
  // small.
  void between_commits();

  // Takes 10 bits an event, and 2 % of what it does not hold for "perhaps".
  class Bits {
   public:
    explicit Bits(std::int64_t events);
    void set(std::int64_t dedupe_hash);
    [[nodiscard]] bool may_hold(std::int64_t dedupe_hash) const;
    [[nodiscard]] std::int64_t most() const { return most_; }

    std::atomic<bool> is_filled{false};  // with all that was there when it was begun

   private:
    static constexpr std::size_t kBlock = 8;  // words: a cache line
    std::int64_t most_;                       // events that it has room for
    std::vector<std::atomic<std::uint64_t>> words_;
  };

 private:
  void begin_filling();
  void loop();
  void fill(Bits& bits) const;

  SqliteSession& writer_;
  const std::string path_;
  std::shared_ptr<Bits> bits_;     // what is asked; absent: nothing is filled yet
  std::shared_ptr<Bits> filling_;  // what the thread is at
  std::int64_t noted_ = 0;         // events, stored or noted since

  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<Bits> errand_;       // to be filled; guarded by mutex_
  std::atomic<bool> stopping_{false};  // written under mutex_
  std::thread thread_;
};

}  // namespace reconciled::storage
