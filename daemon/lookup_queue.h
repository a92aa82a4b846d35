// What is to be asked of PortOne now, handed out to the look-up threads.
//
// A question stands in it once, however often it is wanted; one look-up is in flight per payment
// (design §2), and evidence that arrives meanwhile asks for another. Filled by the reconciler,
// emptied by the look-up threads. It reads no clock and no database.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "storage/records.h"

namespace reconciled {

class LookupQueue {
 public:
  struct Job {
    storage::Question question;
    std::vector<core::EventId> events;  // that wait for the answer
  };

  // Asks the question soon. An `event` is kept with it until a usable answer came; a question that
  // is in flight is asked again after it.
  void want(const storage::Question& question, std::optional<core::EventId> event);

  // Whether the question is queued or in flight.
  [[nodiscard]] bool knows(const storage::Question& question) const;

  // Waits for questions that may be asked now: all of one kind, at most `batch_size` of that kind,
  // each of another payment. So many at most are in flight, their answers included that are not
  // written yet. Empty after `stop`.
  static constexpr std::size_t kMaxInFlight = 1'024;
  [[nodiscard]] std::vector<Job> take(std::size_t (*batch_size)(storage::QuestionKind));

  // The events need no answer any more: they were parked, or processed by another.
  void drop(const storage::Question& question, const std::vector<core::EventId>& events);

  // The answer of a taken job is written, or was given up. With `usable`, its events are done;
  // otherwise they wait for the question's next turn.
  void finish(const storage::Question& question, bool usable);

  void stop();

  [[nodiscard]] std::size_t waiting() const;  // questions to be asked, not in flight
  [[nodiscard]] std::size_t size() const;     // questions known here

 private:
  using Key = std::pair<storage::QuestionKind, std::string>;
  enum class State { kIdle, kQueued, kInFlight };
  struct Entry {
    storage::Question question;
    State state = State::kIdle;
    bool again = false;
    std::set<core::EventId> events;
    std::set<core::EventId> asked;  // those that the look-up in flight answers
    std::string busy;  // what it keeps busy: whose it is may become known only meanwhile
  };
  [[nodiscard]] static const std::string& payment_of(const Entry& entry);
  void enqueue(const Key& key, Entry& entry);

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::map<Key, Entry> entries_;
  std::deque<Key> ready_;
  std::unordered_set<std::string> busy_payments_;
  std::size_t in_flight_ = 0;
  bool stopping_ = false;
};

}  // namespace reconciled
