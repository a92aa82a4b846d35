#include "daemon/reconcile/answers.h"

#include <algorithm>

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

void Answers::begin(core::EventId event, core::Time now) {
  ++beginning_;
  begin(event, now, TryMode::kTogether);
}

void Answers::begin(core::EventId event, core::Time now, TryMode mode) {
  const auto done = [this, event, now, mode](const auto& outcome) {
    if (mode == TryMode::kTogether) note_begun();
    if (outcome.ok()) {
      for (const storage::Suspect& suspect : outcome.value().suspects) begin_alone(suspect, now);
    } else if (outcome.error().kind == storage::WriteFailure::Kind::kFailed) {
      log_error("deciding on an event failed",
                {{"event", event.value}, {"error", outcome.error().detail}});
    } else if (mode == TryMode::kAlone) {
      writer_.forgive_tries({event});
    }
  };
  writer_.begin_event(event, now, done, mode);
}

void Answers::begin_alone(const storage::Suspect& suspect, core::Time now) {
  trials_.add(suspect.tries, {suspect.event}, [this, now](const Trials::Counted& alone) {
    if (!alone.ok()) return;
    for (const core::EventId id : alone.value().counted) begin(id, now, TryMode::kAlone);
  });
}

void Answers::note_begun() {
  // The next round may be waiting for room.
  if (beginning_.fetch_sub(1) == Inbox::kMaxBeginning / 2 + 1) mailbox_.wake();
}

void Answers::take(LookupReport report) {
  if (report.outcome == LookupReport::Outcome::kUnusable) {
    log_warn("look-up failed", {{"question", storage::to_word(report.question.kind)},
                                {"id", report.question.id},
                                {"reason", report.detail}});
  }
  write(report, TryMode::kTogether);
}

void Answers::try_alone(LookupReport report, const std::vector<storage::Suspect>& suspects) {
  std::vector<core::EventId> events = events_of(report);
  const auto worst = std::max_element(suspects.begin(), suspects.end(),
                                      [](const auto& a, const auto& b) { return a.tries < b.tries; });
  trials_.add(worst->tries, std::move(events),
              [this, report = std::move(report)](const Trials::Counted& alone) {
                if (alone.ok()) {
                  write(report, TryMode::kAlone);
                } else {
                  ask_again(report.question);
                }
              });
}

void Answers::ask_again(const Question& question) {
  asking_.finish(question, false);
  mailbox_.put_unwritten(question);
}

void Answers::write(const LookupReport& report, TryMode mode) {
  const auto done = [this, report, mode](const auto& outcome) {
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
      if (mode == TryMode::kAlone) writer_.forgive_tries(events_of(report));
      ask_again(question);
    }
  };
  writer_.settle(report, done, mode);
}

void Answers::written(const LookupReport& report, const storage::SettledReport& settled) {
  if (!settled.suspects.empty()) {
    try_alone(report, settled.suspects);
    return;
  }
  asking_.drop(report.question, settled.finished);
  asking_.finish(report.question, settled.is_put_aside || report.is_final());
  const core::Time now = clock_.now();
  for (const core::Time received : settled.reconciled_events) {
    metrics_.decide_seconds(Seconds(now - received));
  }
  if (report.question.for_redirect && !settled.is_put_aside) mailbox_.put_for_redirect(report);
}

}  // namespace reconciled
