#include "daemon/lookup_queue.h"

#include <algorithm>

namespace reconciled {
namespace {

// More attempts than this are not remembered for one question: PortOne shows them all anyway once
// one of them is missing.
constexpr std::size_t kMaxNamed = 16;

void join(storage::Question& known, const storage::Question& more) {
  known.for_redirect = known.for_redirect && more.for_redirect;
  if (!known.payment_id) known.payment_id = more.payment_id;
  for (const core::AttemptId& attempt : more.named_attempts) {
    auto& named = known.named_attempts;
    if (named.size() >= kMaxNamed) return;
    if (std::find(named.begin(), named.end(), attempt) == named.end()) named.push_back(attempt);
  }
}

}  // namespace

const std::string& LookupQueue::payment_of(const Entry& entry) {
  return entry.question.payment_id ? entry.question.payment_id->str() : entry.question.id;
}

void LookupQueue::enqueue(const Key& key, Entry& entry) {
  entry.state = State::kQueued;
  entry.again = false;
  ready(entry.turn).push_back(key);
  if (entry.turn == Turn::kFirst) {
    wake_.notify_one();
  } else {
    // Not every thread asks these.
    wake_.notify_all();
  }
}

void LookupQueue::hasten(const Key& key, Entry& entry) {
  entry.turn = Turn::kFirst;
  if (entry.state != State::kQueued) return;
  std::erase(ready_later_, key);
  enqueue(key, entry);
}

void LookupQueue::want(const storage::Question& question, std::optional<storage::Cover> event,
                       Turn turn) {
  const std::lock_guard lock(mutex_);
  const Key key{question.kind, question.id};
  const auto [found, is_new] = entries_.try_emplace(key, Entry{.question = question, .turn = turn});
  Entry& entry = found->second;
  if (!is_new) join(entry.question, question);
  if (event) {
    std::int64_t& copies = entry.events[event->event];
    copies = std::max(copies, event->copies);
  }
  if (turn < entry.turn) hasten(key, entry);
  switch (entry.state) {
    case State::kIdle:
      enqueue(key, entry);
      break;
    case State::kQueued:
      break;
    case State::kInFlight:
      entry.again = true;
      break;
  }
}

bool LookupQueue::knows(const storage::Question& question) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({question.kind, question.id});
  return found != entries_.end() && found->second.state != State::kIdle;
}

bool LookupQueue::has_room(Turn turn) const {
  return in_flight_ < kMaxInFlight &&
         (turn == Turn::kFirst || later_in_flight_ < kMaxLaterInFlight);
}

std::vector<LookupQueue::Job> LookupQueue::take_from(Turn turn, BatchSize batch_size) {
  std::deque<Key>& ready_now = ready(turn);
  std::vector<Job> jobs;
  std::size_t room = 1;
  for (auto it = ready_now.begin();
       it != ready_now.end() && jobs.size() < room && has_room(turn);) {
    Entry& entry = entries_.at(*it);
    const bool fits = jobs.empty() || jobs.front().question.kind == it->first;
    if (!fits || busy_payments_.contains(payment_of(entry))) {
      ++it;
      continue;
    }
    if (jobs.empty()) room = batch_size(it->first);
    entry.state = State::kInFlight;
    in_flight_ += 1;
    if (turn == Turn::kLater) later_in_flight_ += 1;
    entry.asked = entry.events;
    entry.asked_in = turn;
    entry.busy = payment_of(entry);
    busy_payments_.insert(entry.busy);
    LookupQueue::Job& job = jobs.emplace_back(LookupQueue::Job{entry.question, {}});
    for (const auto& [id, copies] : entry.events) job.events.push_back({id, copies});
    it = ready_now.erase(it);
  }
  return jobs;
}

std::vector<LookupQueue::Job> LookupQueue::take(BatchSize batch_size, Choice choice) {
  const Turn preferred = choice == Choice::kLaterThenFirst ? Turn::kLater : Turn::kFirst;
  const Turn other = preferred == Turn::kFirst ? Turn::kLater : Turn::kFirst;
  std::unique_lock lock(mutex_);
  std::vector<Job> jobs;
  while (!stopping_ && jobs.empty()) {
    jobs = take_from(preferred, batch_size);
    if (jobs.empty() && choice != Choice::kFirstOnly) jobs = take_from(other, batch_size);
    if (jobs.empty()) wake_.wait(lock);
  }
  return jobs;
}

void LookupQueue::drop(const storage::Question& question,
                       const std::vector<core::EventId>& events) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find({question.kind, question.id});
  if (found == entries_.end()) return;
  for (const core::EventId id : events) {
    found->second.events.erase(id);
    found->second.asked.erase(id);
  }
}

void LookupQueue::finish(const storage::Question& question, bool usable) {
  const std::lock_guard lock(mutex_);
  const Key key{question.kind, question.id};
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.state != State::kInFlight) return;
  Entry& entry = found->second;
  in_flight_ -= 1;
  if (entry.asked_in == Turn::kLater) later_in_flight_ -= 1;
  busy_payments_.erase(entry.busy);
  if (usable && !entry.again) {
    for (const auto& [id, copies] : entry.asked) entry.events.erase(id);
  }
  entry.asked.clear();
  entry.state = State::kIdle;
  if (entry.again) {
    enqueue(key, entry);
  } else if (entry.events.empty()) {
    entries_.erase(found);
  }
  // The payment is free for other questions about it.
  wake_.notify_all();
}

void LookupQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

std::size_t LookupQueue::waiting() const {
  const std::lock_guard lock(mutex_);
  return ready_first_.size() + ready_later_.size();
}

std::size_t LookupQueue::pending() const {
  const std::lock_guard lock(mutex_);
  return ready_first_.size() + ready_later_.size() + in_flight_;
}

std::size_t LookupQueue::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace reconciled
