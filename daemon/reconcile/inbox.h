// Which events are claimed next, and which have to wait.
//
// Pure: it reads no clock and no database, and belongs to the reconciler's thread. The inbox on disk
// is the only memory that matters: whatever finds no room here is scanned again once there is room.
// What is proven comes first; what anybody could have invented waits for a rate limit, and for a
// fresh "unknown to PortOne" to grow old. Nothing is written for it until then, or a flood would
// fill the writer's queue.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "daemon/reconcile/negative_cache.h"
#include "daemon/reconcile/rate_limit.h"
#include "storage/records.h"
#include "storage/reader.h"

namespace reconciled {

class Inbox {
 public:
  // Questions known at once; beyond it events stay in the inbox until some are answered.
  static constexpr std::size_t kMaxQuestions = 20'000;
  // Where so many are known, none is added whose turn is later.
  static constexpr std::size_t kMaxWithLater = kMaxQuestions / 2;
  // Events being begun together. A crash makes suspects of them, which takes a commit for each.
  static constexpr std::size_t kMaxBeginning = 1'024;
  static constexpr std::size_t kEventsPerRound = 256;

  // What is under way already.
  struct Load {
    std::size_t questions = 0;
    std::size_t beginning = 0;  // events
  };
  struct Claimed {
    storage::InboxEvent event;
    std::vector<storage::Question> questions;
    bool is_begun = false;  // the writer did it
  };
  // Gives the event where it is still to be reconciled.
  using Read = std::function<std::optional<storage::InboxEvent>(core::EventId)>;

  // Whatever its copies, an event is claimed once for all that arrived before.
  void line_up(core::EventId event, bool is_begun = false);
  // Claims what may be begun under that load, for APIs that can be asked.
  [[nodiscard]] std::vector<Claimed> claim(const Read& read, const Load& load,
                                           storage::Askable askable, core::Time now);
  // Whether `claim` would find something to look at.
  [[nodiscard]] bool has_more(const Load& load) const;
  // Claimed again, but not before `until`.
  void postpone(core::Time until, core::EventId event);

  // Scanning the inbox on disk: at the start, and where some were left in it.
  void scan_anew();
  // Not while those that it finds would have to be left again.
  [[nodiscard]] bool may_scan() const;
  [[nodiscard]] bool has_room_for_scanned() const { return claimed_.size() < kEventsPerRound; }
  [[nodiscard]] core::EventId scanned_to() const { return scanned_to_; }
  // The next ones behind `scanned_to`, kEventsPerRound at most: fewer were all.
  void scanned(const std::vector<core::EventId>& found);
  // Whether some were left on disk for which there is room now.
  [[nodiscard]] bool has_room_for_those_left() const;

  // PortOne does not know what these name.
  void remember_unknown(const std::vector<storage::Question>& questions, core::Time now);
  [[nodiscard]] bool is_known_unknown(const storage::Question& question, core::Time now) const;
  // Whether something that nobody vouches for may be asked about now; takes its share if so.
  [[nodiscard]] bool may_ask_for_nobody(core::Time now);

  // Our clock was set: what waits keeps its distance from now, what only spares PortOne begins anew.
  void move_times(std::chrono::milliseconds by);

 private:
  [[nodiscard]] std::optional<core::Time> wait_of(const storage::InboxEvent& event,
                                                  const std::vector<storage::Question>& questions,
                                                  core::Time now);
  void put_off(core::EventId event);
  [[nodiscard]] static bool may_begin_unproven(const Load& load);

  std::deque<core::EventId> claimed_;  // to be claimed in the next rounds
  std::map<core::EventId, bool> lined_up_;  // the same, each once: whether it is begun
  // Events that may not be asked about yet: over the limit, or just answered with unknown.
  std::multimap<core::Time, core::EventId> postponed_;
  std::deque<core::EventId> unproven_;  // from PortOne's addresses: they wait for the proven ones
  core::EventId scanned_to_{};          // inbox rows up to here were seen by a scan
  bool is_scanning_ = true;
  bool has_left_some_ = false;  // there was no room for in `postponed_` or `unproven_`
  NegativeCache unknown_;
  RateLimit strangers_{kStrangerRates};
  RateLimit payments_{kPaymentRates};
};

}  // namespace reconciled
