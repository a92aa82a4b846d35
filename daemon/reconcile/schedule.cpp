#include "daemon/reconcile/schedule.h"

#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using storage::Question;
using Turn = LookupQueue::Turn;

constexpr std::int64_t kDuePerRound = 256;
constexpr core::Time::duration kDuePause = 1s;  // while that many are pending
// Where so many are pending, nothing is added that is due.
constexpr std::int64_t kMaxPending = Inbox::kMaxWithLater;
constexpr auto kUnwrittenPause = 1s;
// How often what nobody vouches for is looked through, and the pause while there is much of it.
constexpr core::Time::duration kForgetEvery = 10s;
constexpr core::Time::duration kForgetPause = 5ms;
constexpr core::Time::duration kNoteClock = 30s;

}  // namespace

Schedule::Schedule(Clock& clock, storage::Writer& writer, Asking& asking, Inbox& inbox,
                   std::function<void()> wake)
    : clock_(clock), writer_(writer), asking_(asking), inbox_(inbox), wake_(std::move(wake)) {}

// Those that are pending come first, and are no news to the queue. Questions that only wait for
// their next turn do not count: their turn begins here, and after an outage there may be any number
// of them.
void Schedule::ask_due(storage::Reader& reader, storage::Askable askable, core::Time now) {
  const auto pending = static_cast<std::int64_t>(asking_.pending());
  // Reading past those pending costs more the more there are, and there is enough to ask.
  if (pending >= kMaxPending || (pending >= kDuePerRound && now < ask_due_at_)) return;
  ask_due_at_ = now + kDuePause;
  for (Question& question : reader.due_lookups(now, pending + kDuePerRound, askable)) {
    reader.name_attempts(question);
    asking_.want(question, std::nullopt, Turn::kLater);
  }
  if (!askable.v1) return;
  for (const storage::DueAttempt& due : reader.due_attempts(now, pending + kDuePerRound)) {
    if (asking_.knows(due.question)) continue;
    if (!due.is_vouched_for && !inbox_.may_ask_for_nobody(now)) continue;
    asking_.want(due.question, std::nullopt, Turn::kLater);
  }
}

void Schedule::ask_unwritten(const std::vector<Question>& more, core::Time now) {
  unwritten_.insert(unwritten_.end(), more.begin(), more.end());
  if (unwritten_.empty() || now < ask_unwritten_at_) return;
  for (const Question& question : unwritten_) asking_.want(question, std::nullopt, Turn::kLater);
  unwritten_.clear();
  ask_unwritten_at_ = now + kUnwrittenPause;
}

void Schedule::forget_unvouched(core::Time now) {
  if (now < forget_at_.load()) return;
  forget_at_ = core::Time::max();
  writer_.forget_unvouched(now, [this](const auto& outcome) {
    const bool has_more = outcome.ok() && outcome.value().has_more;
    // The clock may have been set since it was asked for.
    forget_at_ = clock_.now() + (has_more ? kForgetPause : kForgetEvery);
    if (has_more) wake_();
  });
}

void Schedule::follow_clock() {
  if (const auto by = step_written_.exchange(0ms); by != 0ms) move_times(by);
  const core::Time now = clock_.now();
  const std::chrono::milliseconds step = clock_.step();
  if (step != 0ms && step_being_written_.load() == 0ms) {
    step_being_written_ = step;
    log_warn("the clock was set", {{"by_ms", static_cast<std::int64_t>(step.count())}});
    writer_.shift_plans(step, now, [this, step](const auto& outcome) {
      if (outcome.ok()) {
        clock_.adopt(step);
        step_written_ = step;
      }
      step_being_written_ = 0ms;
      wake_();
    });
  }
  if (step == 0ms && (now < clock_noted_at_ || now >= clock_noted_at_ + kNoteClock)) {
    clock_noted_at_ = now;
    writer_.put(storage::kClockSeenKey, std::to_string(core::to_ms(now)));
  }
}

// What waits in memory keeps its distance from now, too.
void Schedule::move_times(std::chrono::milliseconds by) {
  inbox_.move_times(by);
  ask_unwritten_at_ = ask_due_at_ = {};
  forget_at_ = core::Time{};
}

}  // namespace reconciled
