#include "daemon/reconcile/trials.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;

constexpr auto kCalmAfter = 10s;
// Tries in vain after which the next one is the last.
constexpr std::int64_t kBeforeLastTry = 2;

}  // namespace

Trials::Trials(storage::Writer& writer, const Clock& clock)
    : writer_(writer), clock_(clock), calm_at_(Steady::now() + kCalmAfter) {}

void Trials::add(std::int64_t tries, std::vector<core::EventId> events, Decide decide) {
  waiting_.emplace(tries, Trial{std::move(events), std::move(decide)});
  if (!is_trying_) next();
}

// The next one's count stands behind this one's decision in the writer's queue: never are two
// counted at once, and both are in one commit.
void Trials::next() {
  auto next_one = waiting_.begin();
  if (next_one != waiting_.end() && next_one->first == kBeforeLastTry && Steady::now() < calm_at_) {
    next_one = waiting_.upper_bound(kBeforeLastTry);
  }
  has_last_tries_ = next_one == waiting_.end() && !waiting_.empty();
  is_trying_ = next_one != waiting_.end() && !is_stopping_;
  if (!is_trying_) return;
  const Trial trial = std::move(waiting_.extract(next_one).mapped());
  writer_.count_tries_alone(trial.events, clock_.now(), [this, trial](const auto& counted) {
    trial.decide(counted);
    next();
  });
}

void Trials::go_on() {
  if (!has_last_tries_ || Steady::now() < calm_at_) return;
  writer_.call_behind([this](const auto& called) {
    if (called.ok() && !is_trying_) next();
  });
}

}  // namespace reconciled
