#include "daemon/reconcile/asking.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_map>

namespace reconciled {

using storage::LookupReport;
using storage::Question;
using Job = LookupQueue::Job;
using Turn = LookupQueue::Turn;

namespace {

// Where so many dialogues of its turn are under way, a batch waits until it is full: one of them ends
// soon, and PortOne answers a hundred attempts as quickly as one.
constexpr int kBeforeFull = 8;

core::Api api_of(const Question& question) {
  return question.kind == storage::QuestionKind::kV2Payment ? core::Api::kV2 : core::Api::kV1;
}

}  // namespace

Asking::Asking(portone::PortOne& portone, storage::Writer& writer, const Clock& clock,
               Answered answered, std::chrono::milliseconds list_patience)
    : portone_(portone),
      writer_(writer),
      clock_(clock),
      answered_(std::move(answered)),
      list_patience_(list_patience) {}

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

void Asking::go_on() {
  lose_patience();
  for (const core::Api api : {core::Api::kV1, core::Api::kV2}) ask_more(api);
}

void Asking::stop() { state_.lock()->is_stopping = true; }

std::vector<Turn> Asking::turns_for(const UnderWay& under_way, int limit) {
  if (under_way.first + under_way.later >= limit) return {};
  if (limit == 1) return {Turn::kFirst, Turn::kLater};
  if (under_way.later == 0) return {Turn::kLater, Turn::kFirst};
  if (under_way.later >= limit - 1) return {Turn::kFirst};
  return {Turn::kFirst, Turn::kLater};
}

void Asking::ask_more(core::Api api) {
  if (api == core::Api::kV2) list_if_worth_it();
  for (;;) {
    std::vector<Job> jobs = take(api);
    if (jobs.empty()) return;
    hand_over(api, std::move(jobs));
  }
}

std::vector<Job> Asking::take(core::Api api) {
  const int limit = portone_.limit(api);
  const auto batch_size = [this](storage::QuestionKind kind) { return portone_.batch_size(kind); };
  auto state = state_.lock();
  if (state->is_stopping) return {};
  UnderWay& under_way = of(*state, api);
  for (const Turn turn : turns_for(under_way, limit)) {
    const auto which = under_way.of(turn) >= kBeforeFull ? LookupQueue::Which::kFullBatches
                                                         : LookupQueue::Which::kAny;
    std::vector<Job> jobs = state->queue.take(api, turn, batch_size, which);
    if (jobs.empty()) continue;
    under_way.of(turn) += 1;
    return jobs;
  }
  return {};
}

// What a look-up answers for was read before it gets its number.
std::vector<std::int64_t> Asking::numbers_for(const std::vector<Job>& jobs) {
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < jobs.size(); ++i) numbers.push_back(writer_.next_look_up());
  return numbers;
}

void Asking::hand_over(core::Api api, std::vector<Job> jobs) {
  std::vector<Question> questions;
  for (const Job& job : jobs) questions.push_back(job.question);
  std::vector<std::int64_t> numbers = numbers_for(jobs);
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
    of(*state, api).of(jobs.front().turn) -= 1;
  }
  for (std::size_t i = 0; i < jobs.size(); ++i) tell(jobs[i], numbers[i], std::move(reports.at(i)));
  ask_more(api);
}

void Asking::tell(const Job& job, std::int64_t number, LookupReport report) {
  if (report.answered_at == core::Time{}) report.asked_at = report.answered_at = clock_.now();
  report.number = number;
  report.events = job.events;
  answered_(std::move(report));
}

void Asking::lose_patience() {
  auto state = state_.lock();
  Listing& listing = state->listing;
  if (!listing.is_under_way || Steady::now() < listing.began + list_patience_) return;
  for (const Question& question : listing.waiting) state->queue.give_back(question);
  listing.waiting.clear();
}

void Asking::list_if_worth_it() {
  const core::Time now = clock_.now();
  std::chrono::milliseconds reach{};
  std::vector<Job> jobs;
  {
    auto state = state_.lock();
    Listing& listing = state->listing;
    if (state->is_stopping || listing.is_under_way || Steady::now() < listing.not_before ||
        state->queue.waiting(core::Api::kV2) < kBacklog || portone_.limit(core::Api::kV2) < 1) {
      return;
    }
    for (const Turn turn : {Turn::kFirst, Turn::kLater}) {
      std::vector<Job> more = state->queue.take(
          core::Api::kV2, turn, [](storage::QuestionKind) { return LookupQueue::kMaxInFlight; },
          LookupQueue::Which::kNotLeftOut);
      std::move(more.begin(), more.end(), std::back_inserter(jobs));
    }
    if (jobs.empty()) return;
    listing.is_under_way = true;
    listing.began = Steady::now();
    listing.waiting.clear();
    for (const Job& job : jobs) listing.waiting.push_back(job.question);
    reach = listing.reach;
  }
  std::vector<std::int64_t> numbers = numbers_for(jobs);
  portone::PortOne::PaymentIds payments;
  for (const Job& job : jobs) payments.insert(job.question.id);
  auto listed_them = [this, now, jobs = std::move(jobs),
                      numbers = std::move(numbers)](const std::vector<core::Snapshot>& snapshots) {
    listed(jobs, numbers, now, snapshots);
  };
  static_cast<void>(
      portone_.list_v2(now - reach, now, std::move(payments), std::move(listed_them)));
}

// A payment answers for itself where the list shows it, and all attempts that were named, and shows it
// as the newest webhook does: a list may lag behind. Any other is asked about alone.
void Asking::listed(const std::vector<Job>& jobs, const std::vector<std::int64_t>& numbers,
                    core::Time asked_at, const std::vector<core::Snapshot>& snapshots) {
  std::unordered_map<std::string_view, const core::Snapshot*> by_payment;
  // A payment that moved while the list was walked comes twice: the later row is the newer.
  for (const core::Snapshot& snapshot : snapshots) {
    by_payment[snapshot.payment_id.str()] = &snapshot;
  }
  const core::Time answered_at = clock_.now();
  std::vector<std::size_t> found;
  {
    auto state = state_.lock();
    if (state->is_stopping) return;
    Listing& listing = state->listing;
    listing.is_under_way = false;
    // They were asked by themselves meanwhile.
    const bool is_too_late = listing.waiting.empty();
    for (std::size_t i = 0; i < jobs.size() && !is_too_late; ++i) {
      const Question& question = jobs[i].question;
      const auto row = by_payment.find(question.id);
      const bool is_whole =
          row != by_payment.end() && (!jobs[i].says || *jobs[i].says == row->second->result) &&
          std::all_of(question.named_attempts.begin(), question.named_attempts.end(),
                      [&](const core::AttemptId& id) { return id == row->second->attempt_id; });
      if (is_whole) {
        found.push_back(i);
      } else {
        state->queue.give_back(question);
      }
    }
    listing.waiting.clear();
    const bool is_in_vain = found.size() * 8 < jobs.size();
    if (is_too_late) {
      listing.reach = kFirstReach;
    } else if (is_in_vain) {
      listing.reach = std::min(listing.reach * 4, kLongestReach);
    }
    if (is_in_vain) listing.not_before = Steady::now() + kPauseInVain;
  }
  for (const std::size_t i : found) {
    LookupReport report;
    report.question = jobs[i].question;
    report.asked_at = asked_at;
    report.answered_at = answered_at;
    report.outcome = LookupReport::Outcome::kAnswered;
    report.detail = "answered by the list of what changed";
    report.snapshots.push_back(*by_payment.at(jobs[i].question.id));
    tell(jobs[i], numbers[i], std::move(report));
  }
  ask_more(core::Api::kV2);
}

}  // namespace reconciled
