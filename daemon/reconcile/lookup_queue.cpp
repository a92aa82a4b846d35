#include "daemon/reconcile/lookup_queue.h"

#include <algorithm>

#include "daemon/reconcile/questions.h"

namespace reconciled {

const std::string& LookupQueue::payment_of(const Entry& entry) {
  return entry.question.payment_id ? entry.question.payment_id->str() : entry.question.id;
}

LookupQueue::Line& LookupQueue::line_of(const Key& key) {
  return line(key.first == storage::QuestionKind::kV2Payment ? core::Api::kV2 : core::Api::kV1);
}

void LookupQueue::enqueue(const Key& key, Entry& entry) {
  entry.state = State::kQueued;
  entry.again = false;
  line_of(key).ready(entry.turn).push_back(key);
}

void LookupQueue::hasten(const Key& key, Entry& entry) {
  entry.turn = Turn::kFirst;
  if (entry.state != State::kQueued) return;
  std::erase(line_of(key).ready_later, key);
  enqueue(key, entry);
}

void LookupQueue::want(const storage::Question& question, std::optional<storage::Cover> event,
                       Turn turn) {
  const Key key{question.kind, question.id};
  const auto [found, is_new] = entries_.try_emplace(key, Entry{.question = question, .turn = turn});
  Entry& entry = found->second;
  if (!is_new) join(entry.question, question);
  if (event) {
    std::int64_t& copies = entry.events[event->event];
    copies = std::max(copies, event->copies);
    if (event->says) entry.says.insert_or_assign(event->event, *event->says);
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
  const auto found = entries_.find({question.kind, question.id});
  return found != entries_.end() && found->second.state != State::kIdle;
}

bool LookupQueue::Line::has_room(Turn turn) const {
  return in_flight < kMaxInFlight && (turn == Turn::kFirst || later_in_flight < kMaxLaterInFlight);
}

std::vector<LookupQueue::Job> LookupQueue::take(core::Api api, Turn turn,
                                                const BatchSize& batch_size, Which which) {
  Line& line = this->line(api);
  std::deque<Key>& ready_now = line.ready(turn);
  std::vector<Job> jobs;
  std::size_t room = 1;
  for (auto it = ready_now.begin();
       it != ready_now.end() && jobs.size() < room && line.has_room(turn);) {
    Entry& entry = entries_.at(*it);
    const bool fits = jobs.empty() || jobs.front().question.kind == it->first;
    const bool may_be = which != Which::kNotLeftOut || !entry.left_out;
    if (!fits || !may_be || line.busy_payments.contains(payment_of(entry))) {
      ++it;
      continue;
    }
    if (jobs.empty()) {
      room = batch_size(it->first);
      if (which == Which::kFullBatches && room > 1 && ready_now.size() < room) {
        ++it;
        continue;
      }
    }
    entry.state = State::kInFlight;
    line.in_flight += 1;
    if (turn == Turn::kLater) line.later_in_flight += 1;
    entry.asked = entry.events;
    entry.asked_in = turn;
    entry.busy = payment_of(entry);
    line.busy_payments.insert(entry.busy);
    LookupQueue::Job& job =
        jobs.emplace_back(LookupQueue::Job{.question = entry.question, .turn = turn});
    for (const auto& [id, copies] : entry.events) job.events.push_back({id, copies});
    if (!entry.says.empty()) job.says = entry.says.rbegin()->second;
    it = ready_now.erase(it);
  }
  return jobs;
}

void LookupQueue::drop(const storage::Question& question,
                       const std::vector<core::EventId>& events) {
  const auto found = entries_.find({question.kind, question.id});
  if (found == entries_.end()) return;
  for (const core::EventId id : events) {
    found->second.events.erase(id);
    found->second.says.erase(id);
    found->second.asked.erase(id);
  }
}

void LookupQueue::land(Line& line, Entry& entry) {
  line.in_flight -= 1;
  if (entry.asked_in == Turn::kLater) line.later_in_flight -= 1;
  line.busy_payments.erase(entry.busy);
}

void LookupQueue::give_back(const storage::Question& question) {
  const Key key{question.kind, question.id};
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.state != State::kInFlight) return;
  Entry& entry = found->second;
  Line& line = line_of(key);
  land(line, entry);
  entry.asked.clear();
  entry.again = false;
  entry.left_out = true;
  entry.state = State::kQueued;
  line.ready(entry.turn).push_front(key);
}

void LookupQueue::finish(const storage::Question& question, bool usable) {
  const Key key{question.kind, question.id};
  const auto found = entries_.find(key);
  if (found == entries_.end() || found->second.state != State::kInFlight) return;
  Entry& entry = found->second;
  Line& line = line_of(key);
  land(line, entry);
  entry.left_out = false;
  if (usable && !entry.again) {
    for (const auto& [id, copies] : entry.asked) {
      entry.events.erase(id);
      entry.says.erase(id);
    }
  }
  entry.asked.clear();
  entry.state = State::kIdle;
  if (entry.again) {
    enqueue(key, entry);
  } else if (entry.events.empty()) {
    entries_.erase(found);
  }
}

std::size_t LookupQueue::waiting() const {
  return lines_[0].waiting() + lines_[1].waiting();
}

std::size_t LookupQueue::waiting(core::Api api) const {
  return lines_[api == core::Api::kV1 ? 0 : 1].waiting();
}

std::size_t LookupQueue::pending() const {
  std::size_t pending = 0;
  for (const Line& line : lines_) pending += line.waiting() + line.in_flight;
  return pending;
}

std::size_t LookupQueue::size() const {
  return entries_.size();
}

}  // namespace reconciled
