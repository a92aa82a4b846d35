// The reconciler's decisions: what the writer is handed, and what becomes of it.
#include <algorithm>
#include <set>

#include "daemon/reconcile/reconciler.h"
#include "daemon/runtime/log.h"

namespace reconciled {

using storage::Question;
using storage::TryMode;

namespace {

// Tries in vain after which the next one is the last.
constexpr std::int64_t kBeforeLastTry = 2;

std::vector<core::EventId> events_of(const storage::LookupReport& report) {
  std::vector<core::EventId> events;
  for (const storage::Cover& cover : report.events) events.push_back(cover.event);
  return events;
}

}  // namespace

// Decides on what is known before PortOne answers, so that webhook_status and ui_state do not wait
// for it. Each event is a unit of its own: a bad one stops no other (promise 8).
void Reconciler::begin(std::vector<core::EventId> events, core::Time now) {
  const std::size_t all = events.size();
  beginning_ += all;
  writer_.count_tries(std::move(events), [this, now, all](const auto& counted) {
    note_begun(counted.ok() ? all - counted.value().counted.size() : all);
    if (!counted.ok()) return;
    // Those under way are decided with this copy among the evidence.
    for (const core::EventId id : counted.value().counted) begin_one(id, now, TryMode::kTogether);
    for (const auto& suspect : counted.value().suspects) {
      try_alone(suspect.tries, {{suspect.event}, [this, now](const CountedAlone& alone) {
                                  if (!alone.ok()) return;
                                  for (const core::EventId id : alone.value().counted) {
                                    begin_one(id, now, TryMode::kAlone);
                                  }
                                }});
    }
  });
}

void Reconciler::begin_one(core::EventId id, core::Time now, TryMode mode) {
  writer_.begin_event(
      id, now,
      [this, id, mode](const auto& outcome) {
        if (mode == TryMode::kTogether) note_begun(1);
        if (outcome.ok()) return;
        if (outcome.error().kind == storage::WriteFailure::Kind::kFailed) {
          log_error("deciding on an event failed",
                    {{"event", id.value}, {"error", outcome.error().detail}});
        } else {
          writer_.forgive_tries({id});
        }
      },
      mode);
}

void Reconciler::note_begun(std::size_t events) {
  // The next round may be waiting for room.
  constexpr std::size_t kHalf = kMaxBeginning / 2;
  const std::size_t before = beginning_.fetch_sub(events);
  if (before > kHalf && before - events <= kHalf) wake();
}

void Reconciler::try_alone(std::int64_t tries, Trial trial) {
  trials_.emplace(tries, std::move(trial));
  if (!is_trying_) next_trial();
}

// The next one's count stands behind this one's decision in the writer's queue: never are two
// counted at once, and both are in one commit.
void Reconciler::next_trial() {
  auto next = trials_.begin();
  if (next != trials_.end() && next->first == kBeforeLastTry && clock_.now() < calm_at_) {
    next = trials_.upper_bound(kBeforeLastTry);
  }
  has_last_tries_ = next == trials_.end() && !trials_.empty();
  is_trying_ = next != trials_.end() && !stopping_;
  if (!is_trying_) return;
  const Trial trial = std::move(trials_.extract(next).mapped());
  writer_.count_tries_alone(trial.events, clock_.now(), [this, trial](const auto& alone) {
    trial.decide(alone);
    next_trial();
  });
}

void Reconciler::go_on_trying(core::Time now) {
  if (!has_last_tries_ || now < calm_at_) return;
  writer_.count_tries({}, [this](const auto& counted) {
    if (counted.ok() && !is_trying_) next_trial();
  });
}

void Reconciler::settle(storage::LookupReport report) {
  if (report.outcome == storage::LookupReport::Outcome::kUnusable) {
    log_warn("look-up failed", {{"question", storage::to_word(report.question.kind)},
                                {"id", report.question.id},
                                {"reason", report.detail}});
  }
  if (report.events.empty()) {
    write_answer(report, TryMode::kTogether);
  } else {
    try_answer(std::move(report), true);
  }
}

// `may_wait`: for the decision about one of the events that is under way, which is a try of its
// own.
void Reconciler::try_answer(storage::LookupReport report, bool may_wait) {
  std::vector<core::EventId> events = events_of(report);
  writer_.count_tries(std::move(events), [this, report = std::move(report), may_wait](const auto& counted) {
    if (!counted.ok()) {
      ask_again(report.question);
      return;
    }
    const storage::CountedTries& tries = counted.value();
    if (may_wait && !tries.under_way.empty()) {
      writer_.forgive_tries(tries.counted);
      try_answer(report, false);
      return;
    }
    if (!tries.suspects.empty()) {
      writer_.forgive_tries(tries.counted);
      const auto worst =
          std::max_element(tries.suspects.begin(), tries.suspects.end(),
                           [](const auto& a, const auto& b) { return a.tries < b.tries; });
      try_answer_alone(report, worst->tries);
      return;
    }
    write_tried(report, tries, TryMode::kTogether);
  });
}

void Reconciler::try_answer_alone(storage::LookupReport report, std::int64_t tries) {
  std::vector<core::EventId> events = events_of(report);
  try_alone(tries, {std::move(events), [this, report = std::move(report)](const CountedAlone& alone) {
                      if (!alone.ok()) {
                        ask_again(report.question);
                        return;
                      }
                      write_tried(report, alone.value(), TryMode::kAlone);
                    }});
}

// With those of its events that are being tried; the others need no answer any more.
void Reconciler::write_tried(storage::LookupReport report, const storage::CountedTries& tries,
                             TryMode mode) {
  std::set<core::EventId> tried(tries.counted.begin(), tries.counted.end());
  tried.insert(tries.under_way.begin(), tries.under_way.end());
  std::vector<core::EventId> others;
  for (const storage::Cover& cover : report.events) {
    if (!tried.contains(cover.event)) others.push_back(cover.event);
  }
  asking_.drop(report.question, others);
  if (tried.empty() && !tries.parked.empty()) {
    // The answer may be what cannot be decided on.
    asking_.finish(report.question, true);
    return;
  }
  std::erase_if(report.events,
                [&](const storage::Cover& cover) { return !tried.contains(cover.event); });
  write_answer(report, mode);
}

// The answer is lost: the database did not take it.
void Reconciler::ask_again(const Question& question) {
  asking_.finish(question, false);
  const std::lock_guard lock(mutex_);
  mail_.unwritten.push_back(question);
}

// What only a redirect asked: an unknown is believed for a while, a failure is asked again later.
void Reconciler::note_for_redirect(const storage::LookupReport& report) {
  const std::lock_guard lock(mutex_);
  switch (report.outcome) {
    case storage::LookupReport::Outcome::kAnswered:
      break;
    case storage::LookupReport::Outcome::kNotFound:
      mail_.unknown.push_back(report.question);
      break;
    case storage::LookupReport::Outcome::kUnusable:
      for (const storage::Cover& cover : report.events) mail_.unanswered.push_back(cover.event);
      break;
  }
}

void Reconciler::write_answer(const storage::LookupReport& report, TryMode mode) {
  const bool usable = report.is_final();
  const auto written = [this, usable, report](const auto& outcome) {
    const Question& question = report.question;
    if (outcome.ok()) {
      asking_.finish(question, usable);
      const core::Time now = clock_.now();
      for (const core::Time received : outcome.value().reconciled_events) {
        metrics_.decide_seconds(Seconds(now - received));
      }
      if (question.for_redirect) note_for_redirect(report);
    } else if (outcome.error().kind == storage::WriteFailure::Kind::kFailed) {
      log_error("deciding on an answer failed", {{"question", storage::to_word(question.kind)},
                                                 {"id", question.id},
                                                 {"error", outcome.error().detail}});
      asking_.finish(question, false);
      writer_.note_failure(report);
    } else {
      writer_.forgive_tries(events_of(report));
      ask_again(question);
    }
  };
  writer_.settle(report, written, mode);
}

}  // namespace reconciled
