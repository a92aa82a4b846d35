#include "daemon/reconcile/asking.h"

namespace reconciled {

using storage::LookupReport;
using storage::Question;
using Choice = LookupQueue::Choice;
using Job = LookupQueue::Job;
using Turn = LookupQueue::Turn;

namespace {

// Where so many dialogues are under way, a batch waits until it is full: one of them ends soon, and
// PortOne answers a hundred attempts as quickly as one.
constexpr int kBeforeFull = 8;

core::Api api_of(const Question& question) {
  return question.kind == storage::QuestionKind::kV2Payment ? core::Api::kV2 : core::Api::kV1;
}

}  // namespace

Asking::Asking(portone::PortOne& portone, storage::Writer& writer, const Clock& clock,
               Answered answered)
    : portone_(portone), writer_(writer), clock_(clock), answered_(std::move(answered)) {}

void Asking::want(const Question& question, std::optional<storage::Cover> event, Turn turn) {
  state_.lock()->queue.want(question, event, turn);
  ask_more(api_of(question));
}

void Asking::drop(const Question& question, const std::vector<core::EventId>& events) {
  state_.lock()->queue.drop(question, events);
}

void Asking::finish(const Question& question, bool usable) {
  state_.lock()->queue.finish(question, usable);
  ask_more(api_of(question));
}

bool Asking::knows(const Question& question) const {
  return state_.read([&](const State& state) { return state.queue.knows(question); });
}
std::size_t Asking::waiting() const {
  return state_.read([](const State& state) { return state.queue.waiting(); });
}
std::size_t Asking::pending() const {
  return state_.read([](const State& state) { return state.queue.pending(); });
}
std::size_t Asking::size() const {
  return state_.read([](const State& state) { return state.queue.size(); });
}

void Asking::stop() { state_.lock()->is_stopping = true; }

// Of several dialogues one is kept free of the later questions, and one for them.
Choice Asking::choice_for(const UnderWay& under_way, int limit) {
  if (limit == 1) return Choice::kFirstThenLater;
  if (under_way.later == 0) return Choice::kLaterThenFirst;
  if (under_way.later >= limit - 1) return Choice::kFirstOnly;
  return Choice::kFirstThenLater;
}

void Asking::ask_more(core::Api api) {
  for (;;) {
    std::vector<Job> jobs = take(api);
    if (jobs.empty()) return;
    hand_over(api, std::move(jobs));
  }
}

std::vector<Job> Asking::take(core::Api api) {
  const int limit = portone_.limit(api);
  auto state = state_.lock();
  UnderWay& under_way = of(*state, api);
  if (state->is_stopping || under_way.first + under_way.later >= limit) return {};
  std::vector<Job> jobs = state->queue.take(
      api, [this](storage::QuestionKind kind) { return portone_.batch_size(kind); },
      choice_for(under_way, limit), under_way.first + under_way.later >= kBeforeFull);
  if (!jobs.empty()) {
    (jobs.front().turn == Turn::kFirst ? under_way.first : under_way.later) += 1;
  }
  return jobs;
}

void Asking::hand_over(core::Api api, std::vector<Job> jobs) {
  std::vector<Question> questions;
  // What a look-up answers for was read before it gets its number.
  std::vector<std::int64_t> numbers;
  for (const Job& job : jobs) {
    questions.push_back(job.question);
    numbers.push_back(writer_.next_look_up());
  }
  // Where PortOne's thread has ended, we are stopping too.
  static_cast<void>(portone_.ask(
      std::move(questions), [this, api, jobs = std::move(jobs), numbers = std::move(numbers)](
                                std::vector<LookupReport> reports) {
        answered(api, jobs, numbers, std::move(reports));
      }));
}

void Asking::answered(core::Api api, const std::vector<Job>& jobs,
                      const std::vector<std::int64_t>& numbers,
                      std::vector<LookupReport> reports) {
  {
    auto state = state_.lock();
    if (state->is_stopping) return;
    UnderWay& under_way = of(*state, api);
    (jobs.front().turn == Turn::kFirst ? under_way.first : under_way.later) -= 1;
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    LookupReport& report = reports.at(i);
    if (report.answered_at == core::Time{}) report.asked_at = report.answered_at = clock_.now();
    report.number = numbers[i];
    report.events = jobs[i].events;
    answered_(std::move(report));
  }
  ask_more(api);
}

}  // namespace reconciled
