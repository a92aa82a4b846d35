#include "daemon/reconcile/answers.h"

#include <algorithm>
#include <set>

#include "daemon/reconcile/inbox.h"
#include "daemon/runtime/log.h"

namespace reconciled {

using storage::LookupReport;
using storage::Question;
using storage::TryMode;

namespace {

std::vector<core::EventId> events_of(const LookupReport& report) {
  std::vector<core::EventId> events;
  for (const storage::Cover& cover : report.events) events.push_back(cover.event);
  return events;
}

}  // namespace

Answers::Answers(storage::Writer& writer, const Clock& clock, Asking& asking, Trials& trials,
                 Mailbox& mailbox, Metrics& metrics)
    : writer_(writer),
      clock_(clock),
      asking_(asking),
      trials_(trials),
      mailbox_(mailbox),
      metrics_(metrics) {}

void Answers::begin(std::vector<core::EventId> events, core::Time now) {
  const std::size_t all = events.size();
  beginning_ += all;
  writer_.count_tries(std::move(events), [this, now, all](const auto& counted) {
    note_begun(counted.ok() ? all - counted.value().counted.size() : all);
    if (!counted.ok()) return;
    // Those under way are decided with this copy among the evidence.
    for (const core::EventId id : counted.value().counted) begin_one(id, now, TryMode::kTogether);
    for (const auto& suspect : counted.value().suspects) {
      trials_.add(suspect.tries, {suspect.event}, [this, now](const Trials::Counted& alone) {
        if (!alone.ok()) return;
        for (const core::EventId id : alone.value().counted) begin_one(id, now, TryMode::kAlone);
      });
    }
  });
}

void Answers::begin_one(core::EventId id, core::Time now, TryMode mode) {
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

void Answers::note_begun(std::size_t events) {
  // The next round may be waiting for room.
  constexpr std::size_t kHalf = Inbox::kMaxBeginning / 2;
  const std::size_t before = beginning_.fetch_sub(events);
  if (before > kHalf && before - events <= kHalf) mailbox_.wake();
}

void Answers::take(LookupReport report) {
  if (report.outcome == LookupReport::Outcome::kUnusable) {
    log_warn("look-up failed", {{"question", storage::to_word(report.question.kind)},
                                {"id", report.question.id},
                                {"reason", report.detail}});
  }
  if (report.events.empty()) {
    write(report, TryMode::kTogether);
  } else {
    try_together(std::move(report), true);
  }
}

// `may_wait`: for the decision about one of the events that is under way, which is a try of its
// own.
void Answers::try_together(LookupReport report, bool may_wait) {
  std::vector<core::EventId> events = events_of(report);
  writer_.count_tries(std::move(events), [this, report = std::move(report), may_wait](const auto& counted) {
    if (!counted.ok()) {
      ask_again(report.question);
      return;
    }
    const storage::CountedTries& tries = counted.value();
    if (may_wait && !tries.under_way.empty()) {
      writer_.forgive_tries(tries.counted);
      try_together(report, false);
      return;
    }
    if (!tries.suspects.empty()) {
      writer_.forgive_tries(tries.counted);
      const auto worst =
          std::max_element(tries.suspects.begin(), tries.suspects.end(),
                           [](const auto& a, const auto& b) { return a.tries < b.tries; });
      try_alone(report, worst->tries);
      return;
    }
    write_tried(report, tries, TryMode::kTogether);
  });
}

void Answers::try_alone(LookupReport report, std::int64_t tries) {
  std::vector<core::EventId> events = events_of(report);
  trials_.add(tries, std::move(events),
              [this, report = std::move(report)](const Trials::Counted& alone) {
                if (!alone.ok()) {
                  ask_again(report.question);
                  return;
                }
                write_tried(report, alone.value(), TryMode::kAlone);
              });
}

// With those of its events that are being tried; the others need no answer any more.
void Answers::write_tried(LookupReport report, const storage::CountedTries& tries,
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
  write(report, mode);
}

void Answers::ask_again(const Question& question) {
  asking_.finish(question, false);
  mailbox_.put_unwritten(question);
}

void Answers::write(const LookupReport& report, TryMode mode) {
  const auto done = [this, report](const auto& outcome) {
    const Question& question = report.question;
    if (outcome.ok()) {
      written(report, outcome.value());
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
  writer_.settle(report, done, mode);
}

void Answers::written(const LookupReport& report, const storage::SettledReport& settled) {
  asking_.finish(report.question, report.is_final());
  const core::Time now = clock_.now();
  for (const core::Time received : settled.reconciled_events) {
    metrics_.decide_seconds(Seconds(now - received));
  }
  if (report.question.for_redirect) mailbox_.put_for_redirect(report);
}

}  // namespace reconciled
