// What is being asked of PortOne: hands questions over as they may be asked, and answers back.
//
// The reconciler's thread and the writer's want things and finish them; PortOne's thread brings the
// answers. Any thread; never waits.
#pragma once

#include <array>
#include <functional>

#include "daemon/portone/portone.h"
#include "daemon/reconcile/lookup_queue.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/lock_guarded.h"
#include "storage/writer.h"

namespace reconciled {

class Asking {
 public:
  // Gets each report with its number and its events; on PortOne's thread.
  using Answered = std::function<void(storage::LookupReport)>;

  // How long others wait for the list of what changed before they are asked about by themselves.
  static constexpr std::chrono::milliseconds kListPatience{5'000};

  Asking(portone::PortOne& portone, storage::Writer& writer, const Clock& clock, Answered answered,
         std::chrono::milliseconds list_patience = kListPatience);

  // See LookupQueue.
  void want(const storage::Question& question, std::optional<storage::Cover> event = std::nullopt,
            LookupQueue::Turn turn = LookupQueue::Turn::kFirst);
  void drop(const storage::Question& question, const std::vector<core::EventId>& events);
  void finish(const storage::Question& question, bool usable);
  // PortOne may take more than when it was asked last.
  void go_on();
  [[nodiscard]] bool knows(const storage::Question& question) const;
  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t pending() const;
  [[nodiscard]] std::size_t size() const;

  // Asks nothing more, and takes no answer: a call that a stop cuts short says nothing about PortOne.
  void stop();

 private:
  // Dialogues under way with one API, which are batches of questions or single ones.
  struct UnderWay {
    int first = 0;
    int later = 0;
    [[nodiscard]] int& of(LookupQueue::Turn turn) {
      return turn == LookupQueue::Turn::kFirst ? first : later;
    }
  };
  // Under a backlog of V2 the list of what changed answers hundreds of payments a call, by the same
  // rules as single answers. Each look goes as far back as brings answers. It may only help: where it
  // takes long, what waits for it is asked by itself.
  using Steady = std::chrono::steady_clock;
  struct Listing {
    bool is_under_way = false;
    Steady::time_point began{};
    std::vector<storage::Question> waiting;  // for its answer
    std::chrono::milliseconds reach{kFirstReach};
    Steady::time_point not_before{};
  };
  static constexpr std::size_t kBacklog = 256;  // questions that wait
  static constexpr std::chrono::milliseconds kFirstReach{120'000};
  static constexpr std::chrono::milliseconds kLongestReach{3'600'000};
  static constexpr std::chrono::milliseconds kPauseInVain{10'000};

  struct State {
    LookupQueue queue;
    std::array<UnderWay, 2> under_way{};
    Listing listing;
    bool is_stopping = false;
  };
  [[nodiscard]] static UnderWay& of(State& state, core::Api api) {
    return state.under_way.at(static_cast<std::size_t>(api));
  }
  // Which turns may be taken now, in this order. Where one dialogue that keeps off the later ones is
  // always left, they never make the first wait; one that prefers them goes on with the schedule
  // under any load.
  [[nodiscard]] static std::vector<LookupQueue::Turn> turns_for(const UnderWay& under_way,
                                                                int limit);
  // Hands over what may be asked now.
  void ask_more(core::Api api);
  [[nodiscard]] std::vector<LookupQueue::Job> take(core::Api api);
  void list_if_worth_it();
  // Gives back what waits for a list that takes too long.
  void lose_patience();
  void listed(const std::vector<LookupQueue::Job>& jobs, const std::vector<std::int64_t>& numbers,
              core::Time asked_at, const std::vector<core::Snapshot>& snapshots);
  void tell(const LookupQueue::Job& job, std::int64_t number, storage::LookupReport report);
  [[nodiscard]] std::vector<std::int64_t> numbers_for(const std::vector<LookupQueue::Job>& jobs);
  void hand_over(core::Api api, std::vector<LookupQueue::Job> jobs);
  void answered(core::Api api, const std::vector<LookupQueue::Job>& jobs,
                const std::vector<std::int64_t>& numbers,
                std::vector<storage::LookupReport> reports);

  portone::PortOne& portone_;
  storage::Writer& writer_;
  const Clock& clock_;
  const Answered answered_;
  const std::chrono::milliseconds list_patience_;
  LockGuarded<State> state_;
};

}  // namespace reconciled
