// What is to be asked of PortOne now, and what of it is being asked.
//
// A question stands in it once, however often it is wanted; one look-up is in flight per payment
// and API (design §2), and evidence that arrives meanwhile asks for another. What belongs to one API
// costs the other nothing, neither room nor a payment's turn. It reads no clock and no database and
// knows no threads: Asking guards it. What is proven comes first: however many others wait, and
// however long PortOne takes for them.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "storage/records.h"

namespace reconciled {

class LookupQueue {
 public:
  enum class Turn {
    kFirst,  // a proven event, or somebody who waits
    kLater   // what the schedule asks, and what only an unsigned message named
  };
  struct Job {
    storage::Question question;
    std::vector<storage::Cover> events{};  // that wait for the answer
    std::optional<core::Result> says{};    // what the newest of them claims, if any does
    Turn turn = Turn::kFirst;
  };

  // Asks the question soon. An `event`, with the copies that are known of it, is kept until a usable
  // answer came; a question that is in flight is asked again after it. As long as it is known its
  // turn does not get worse.
  void want(const storage::Question& question, std::optional<storage::Cover> event,
            Turn turn = Turn::kFirst);

  // Whether the question is queued or in flight.
  [[nodiscard]] bool knows(const storage::Question& question) const;

  // Questions to `api` of that turn that may be asked now: all of one kind, at most `batch_size` of
  // that kind, each of another payment. So many at most are in flight for one API, their answers included
  // that are not written yet.
  static constexpr std::size_t kMaxInFlight = 1'024;
  static constexpr std::size_t kMaxLaterInFlight = 768;
  using BatchSize = std::function<std::size_t(storage::QuestionKind)>;
  enum class Which {
    kAny,
    kFullBatches,  // of what is asked in batches a whole one, or nothing
    kNotLeftOut    // not what `give_back` gave back: it is to be asked by itself
  };
  [[nodiscard]] std::vector<Job> take(core::Api api, Turn turn, const BatchSize& batch_size,
                                      Which which = Which::kAny);
  // A taken job was not answered by what was asked for it with others: it stands in line again, in
  // front, and is asked by itself.
  void give_back(const storage::Question& question);

  // The events need no answer any more: they were parked, or processed by another.
  void drop(const storage::Question& question, const std::vector<core::EventId>& events);

  // The answer of a taken job is written, or was given up. With `usable`, its events are done;
  // otherwise they wait for the question's next turn.
  void finish(const storage::Question& question, bool usable);

  [[nodiscard]] std::size_t waiting() const;  // questions to be asked, not in flight
  [[nodiscard]] std::size_t waiting(core::Api api) const;
  [[nodiscard]] std::size_t pending() const;  // those and the ones in flight
  [[nodiscard]] std::size_t size() const;     // questions known here

 private:
  using Key = std::pair<storage::QuestionKind, std::string>;
  enum class State { kIdle, kQueued, kInFlight };
  struct Entry {
    storage::Question question;
    Turn turn = Turn::kLater;
    State state = State::kIdle;
    bool again = false;
    bool left_out = false;
    std::map<core::EventId, std::int64_t> events;  // with their copies
    std::map<core::EventId, core::Result> says;    // of these, what those claim that claim something
    std::map<core::EventId, std::int64_t> asked;   // those that the look-up in flight answers
    Turn asked_in = Turn::kLater;
    std::string busy;  // what it keeps busy: whose it is may become known only meanwhile
  };
  // What belongs to one API.
  struct Line {
    std::deque<Key> ready_first;
    std::deque<Key> ready_later;
    std::unordered_set<std::string> busy_payments;
    std::size_t in_flight = 0;
    std::size_t later_in_flight = 0;

    [[nodiscard]] std::deque<Key>& ready(Turn turn) {
      return turn == Turn::kFirst ? ready_first : ready_later;
    }
    [[nodiscard]] bool has_room(Turn turn) const;
    [[nodiscard]] std::size_t waiting() const { return ready_first.size() + ready_later.size(); }
  };
  [[nodiscard]] static const std::string& payment_of(const Entry& entry);
  [[nodiscard]] Line& line(core::Api api) { return lines_[api == core::Api::kV1 ? 0 : 1]; }
  [[nodiscard]] Line& line_of(const Key& key);
  void enqueue(const Key& key, Entry& entry);
  void hasten(const Key& key, Entry& entry);
  // It is in flight no more.
  void land(Line& line, Entry& entry);

  std::map<Key, Entry> entries_;
  std::array<Line, 2> lines_;
};

}  // namespace reconciled
