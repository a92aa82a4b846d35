// What the writer does that nobody waits for: decisions, with the note of them that a crash leaves
// behind, and the index of events.
#include <algorithm>

#include "storage/writer_impl.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

// How much of a batch's time goes to what nobody waits for, where somebody waits: decisions go on
// under any load, and no load waits long for them.
constexpr int kBackgroundShare = 8;  // one part in so many
// Of the events that are begun at once, unsigned ones take one in so many.
constexpr std::size_t kShareOfUnsigned = 16;
constexpr auto kLeastSlice = 20us;

// Of the index of events so many are written at a time where nobody waits, and then the commit is
// made. Beyond so many that are not in it, it is also written under load: with each batch as many as
// came with it, and a few more, because each takes another page of a large file.
constexpr std::int64_t kIndexedAtOnce = 256;
constexpr auto kLongestIndexing = 20ms;
constexpr std::int64_t kMostRecent = 65'536;
constexpr std::int64_t kIndexedMore = 16;

}  // namespace

// Adds units that nobody waits for to the batch: while nobody waits, else for their share of the
// time that was spent.
void Writer::Impl::run_background(std::vector<WriteUnit>& batch,
                                  std::vector<std::optional<WriteFailure>>& failures,
                                  CommitNotice& notice, Clock::duration spent) {
  const std::size_t waited_for = batch.size();
  const Clock::time_point end =
      Clock::now() + std::max<Clock::duration>(spent / kBackgroundShare, kLeastSlice);
  while (take_background(batch, waited_for, end)) run_next(batch, failures, notice);
  close_group(notice);
}

// The next unit that nobody waits for, to the end of the batch: first those that were announced;
// others of their kind are announced for the next batch. False where it is enough.
bool Writer::Impl::take_background(std::vector<WriteUnit>& batch, std::size_t waited_for,
                                   Clock::time_point end) {
  const std::lock_guard lock(mutex);
  std::deque<WriteUnit>& background = queue_of(Lane::kBackground);
  while (batch.size() < options.max_batch) {
    const bool somebody_waits = waited_for > 0 || queued() > background.size();
    const bool is_announced = !announced.empty();
    std::deque<WriteUnit>& source = is_announced ? announced : background;
    if (source.empty() || (somebody_waits && Clock::now() >= end)) return false;
    const bool is_to_announce = !is_announced && !source.front().deciding.empty();
    if (is_to_announce && to_announce.size() >= options.max_batch) return false;
    (is_to_announce ? to_announce.emplace_back() : batch.emplace_back()) = std::move(source.front());
    source.pop_front();
    if (!is_to_announce) return true;
  }
  return false;
}

// What PortOne brought is begun by the batch after the one that stores it, as long as there is room.
// Unsigned messages cost their sender nothing: a flood of them takes little of it.
void Writer::Impl::begin_accepted(CommitNotice& notice) {
  for (CommitNotice::Pending& pending : notice.pending_events) {
    if (!pending.is_begun) continue;
    const std::size_t room =
        pending.is_signed ? options.max_batch : options.max_batch / kShareOfUnsigned;
    pending.is_begun = announced.size() + to_announce.size() < room;
    if (!pending.is_begun) continue;
    const core::EventId event = pending.event;
    const core::Time now = pending.at;
    WriteUnit& unit = to_announce.emplace_back();
    accepted_to_begin += 1;
    unit.deciding = {event};
    unit.run = [this, event, now](Session& s, CommitNotice& own) {
      SettledReport settled =
          storage::begin_event(s, *context_now(), event, even(now), TryMode::kTogether);
      note(own, settled.changed);
      own.suspects = std::move(settled.suspects);
      own.lookups_changed = true;
    };
    unit.failed = [this, event](const WriteFailure& failure) {
      const bool is_its_own = failure.kind == WriteFailure::Kind::kFailed;
      if (is_its_own && hooks.undecided) hooks.undecided(event, failure.detail);
    };
  }
}

// In the commit that is being made: what will be decided by the next ones.
void Writer::Impl::note_announced() {
  std::vector<core::EventId> events;
  for (const auto* units : {&announced, &to_announce}) {
    for (const WriteUnit& unit : *units) {
      events.insert(events.end(), unit.deciding.begin(), unit.deciding.end());
    }
  }
  if (events.empty() && !has_note) return;
  note_deciding(session, events);
  has_note = !events.empty();
}

void Writer::Impl::take_back_announcement() {
  has_note = true;  // perhaps
  // Events that were not stored either: their numbers are given out again.
  to_announce.erase(to_announce.begin(),
                    to_announce.begin() + static_cast<std::ptrdiff_t>(accepted_to_begin));
  accepted_to_begin = 0;
  announced_count = announced.size();
  const std::lock_guard lock(mutex);
  std::deque<WriteUnit>& background = queue_of(Lane::kBackground);
  for (; !to_announce.empty(); to_announce.pop_back()) {
    background.push_front(std::move(to_announce.back()));
  }
}

void Writer::Impl::index_some(std::int64_t arrived) {
  const std::int64_t recent = engine->unindexed_events();
  has_recent_events = recent > 0;
  if (recent > kMostRecent) engine->index_events(arrived + kIndexedMore);
}

// Until somebody waits, or it took long.
void Writer::Impl::index_all() {
  const Clock::time_point end = Clock::now() + kLongestIndexing;
  std::int64_t recent = engine->unindexed_events();
  while (recent > 0) {
    engine->index_events(kIndexedAtOnce);
    recent -= kIndexedAtOnce;
    const std::lock_guard lock(mutex);
    if (queued() > 0 || Clock::now() >= end) break;
  }
  has_recent_events = recent > 0;
}

}  // namespace reconciled::storage
