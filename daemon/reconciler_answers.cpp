// The look-up threads: they ask PortOne and hand the answers to the writer.
#include <pthread.h>

#include <algorithm>

#include "daemon/log.h"
#include "daemon/reconciler.h"

namespace reconciled {

using namespace std::chrono_literals;
using storage::Question;

void Reconciler::ask_loop(int number) {
  pthread_setname_np(pthread_self(), ("lookup-" + std::to_string(number)).c_str());
  std::shared_ptr<Access> access;
  while (!stopping_) {
    std::vector<LookupQueue::Job> jobs = queue_.take(portone::Asker::batch_size);
    if (jobs.empty()) return;
    std::vector<Question> questions;
    for (const LookupQueue::Job& job : jobs) questions.push_back(job.question);
    // Times are compared in milliseconds: a look-up must be seen to begin after what it is about.
    std::this_thread::sleep_for(1ms);
    const auto asker = renew_asker(access, static_cast<std::size_t>(number));
    std::vector<storage::LookupReport> reports = asker->ask(questions);
    // A call that the stop cut short says nothing about PortOne.
    if (stopping_) return;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      settle(jobs[i], std::move(reports[i]));
    }
  }
}

void Reconciler::settle(const LookupQueue::Job& job, storage::LookupReport report) {
  if (report.outcome == storage::LookupReport::Outcome::kUnusable) {
    log_warn("look-up failed", {{"question", storage::to_word(report.question.kind)},
                                {"id", report.question.id},
                                {"reason", report.detail}});
  }
  if (job.events.empty()) {
    write_answer(report);
    return;
  }
  const core::Time now = report.answered_at;
  writer_.count_tries(job.events, now,
                      [this, events = job.events, report = std::move(report)](const auto& counted) {
                        storage::LookupReport with_events = report;
                        if (counted.ok()) {
                          with_events.events = counted.value();
                          std::vector<core::EventId> done;
                          std::set_difference(events.begin(), events.end(), counted.value().begin(),
                                              counted.value().end(), std::back_inserter(done));
                          queue_.drop(report.question, done);
                        }
                        write_answer(with_events);
                      });
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
      mail_.unanswered.insert(mail_.unanswered.end(), report.events.begin(), report.events.end());
      break;
  }
}

void Reconciler::write_answer(const storage::LookupReport& report) {
  const bool usable = report.outcome != storage::LookupReport::Outcome::kUnusable;
  writer_.settle(report, [this, usable, report](const auto& outcome) {
    const Question& question = report.question;
    queue_.finish(question, usable && outcome.ok());
    if (outcome.ok()) {
      const core::Time now = clock_.now();
      for (const core::Time received : outcome.value().reconciled_events) {
        metrics_.decide_seconds(Seconds(now - received));
      }
      if (question.for_redirect) note_for_redirect(report);
    } else if (outcome.error().kind == storage::WriteFailure::Kind::kFailed) {
      log_error("deciding on an answer failed", {{"question", storage::to_word(question.kind)},
                                                 {"id", question.id},
                                                 {"error", outcome.error().detail}});
      writer_.note_failure(report);
    } else {
      writer_.forgive_tries(report.events);
      const std::lock_guard lock(mutex_);
      mail_.unwritten.push_back(question);
    }
  });
}

}  // namespace reconciled
