#include "tests/simulator/daemon.h"

#include <algorithm>

#include "daemon/core/words/mark.h"
#include "daemon/reconcile/questions.h"

namespace reconciled::simulator {
namespace {

using namespace std::chrono_literals;
using storage::Question;
using storage::QuestionKind;

using Decide = decltype(storage::WriterOptions::decide);

std::unique_ptr<storage::Writer> open(const std::string& path, const Setup& setup, core::Time now,
                                      Decide decide, std::function<core::Time()> clock) {
  auto writer = std::make_unique<storage::Writer>(
      storage::Store(path),
      storage::WriterOptions{.decide = std::move(decide), .now = std::move(clock)},
      storage::WriterHooks{});
  writer->keep(storage::kFirstStartKey, std::to_string(core::to_ms(now)));
  writer->adopt(setup.policy, setup.schedule, now);
  writer->start();
  return writer;
}

std::size_t line_of(QuestionKind kind) { return kind == QuestionKind::kV2Payment ? 1 : 0; }

}  // namespace

Daemon::Daemon(const std::string& path, const Setup& setup, Machine& machine, Portone& portone,
               Random& random, std::function<void()> keep_files)
    : setup_(setup),
      machine_(machine),
      portone_(portone),
      random_(random),
      keep_files_(std::move(keep_files)),
      writer_(open(path, setup, machine.wall(),
                   [this](const auto& evidence, const auto& policy) {
                     if (dies_deciding_.exchange(false)) keep_files_();
                     return core::decide(evidence, policy);
                   },
                   [this] { return shown_.load(); })),
      reader_(storage::Store(path)),
      base_(machine.off) {
  for (const core::EventId id : reader_.inbox_after({}, 100'000)) claimed_.push_back(id);
}

void Daemon::note(const storage::SettledReport& settled) {
  for (const storage::Settled& one : settled.changed) changed_.insert(one.payment_id);
}

bool Daemon::arrive(storage::NewEvent arrival) {
  const core::Event& event = arrival.event;
  if (event.source == core::EventSource::kWebhook) {
    const bool v1 = event.api == core::Api::kV1;
    if (v1 ? !setup_.policy.v1_configured : !setup_.policy.v2_store_id) {
      RECONCILED_MARK(kSimRefused);
      return false;
    }
  }
  arrival.received_at = now();
  const auto accepted = write<storage::Accepted>(
      [&](auto done) { writer_->accept_event(std::move(arrival), std::move(done)); });
  claimed_.push_back(accepted.event);
  return true;
}

storage::OrderOutcome Daemon::put_order(const core::PaymentId& id,
                                        const core::ExpectedOrder& order) {
  changed_.insert(id);
  return write<storage::OrderOutcome>([&](auto done) {
    if (order.deleted) {
      writer_->withdraw_order(id, now(), std::move(done));
    } else {
      writer_->register_order({id, order.amount, order.currency, order.name, now()},
                              std::move(done));
    }
  });
}

void Daemon::ask_about(const core::PaymentId& id) {
  for (const Question& question : questions_about(id, reader_.planned_questions(id), askable())) {
    want(question, std::nullopt);
  }
}

core::Time Daemon::run() {
  follow_clock();
  for (std::size_t i = 0; i < flights_.size();) {
    if (flights_[i].lands_at > machine_.at) {
      ++i;
      continue;
    }
    const Flight flight = flights_[i];
    flights_.erase(flights_.begin() + static_cast<std::ptrdiff_t>(i));
    land(flight);
  }
  claim_events();
  if (reader_.has_due_watch(now())) {
    writer_->fire_watches(now());
    (void)write<bool>([&](auto done) { writer_->call_behind(done); });
  }
  if (forget_at_ <= machine_.at) {
    (void)write<storage::Forgotten>([&](auto done) { writer_->forget_unvouched(now(), done); });
    forget_at_ = machine_.at + 1h;
  }
  if (sweep_at_ <= machine_.at) sweep();
  claim_due();
  take_off();

  core::Time next = std::min(sweep_at_, machine_.at + Daemon::kSweepEvery);
  for (const Flight& flight : flights_) next = std::min(next, flight.lands_at);
  if (!postponed_.empty()) next = std::min(next, postponed_.begin()->first);
  const auto due = reader_.next_lookup(askable());
  // What is due already is in flight, or waits for what is.
  if (due && *due > now()) next = std::min(next, *due - base_);
  return std::max(next, machine_.at + 1ms);
}

// As SystemClock and the reconciler have it: steps are adopted once what is planned was moved,
// small corrections are followed.
void Daemon::follow_clock() {
  const auto step = machine_.off - base_;
  if (step > 2s || step < -2s) {
    (void)write<bool>([&](auto done) { writer_->shift_plans(step, now(), std::move(done)); });
  }
  base_ = machine_.off;
  if (step > 2s || step < -2s) unknown_ = {};
  if (now() < clock_noted_at_ || now() >= clock_noted_at_ + 30s) {
    clock_noted_at_ = now();
    writer_->put(storage::kClockSeenKey, std::to_string(core::to_ms(now())));
  }
}

storage::Askable Daemon::askable() const {
  return {setup_.policy.v1_configured, setup_.policy.v2_store_id.has_value()};
}

bool Daemon::claim(const storage::InboxEvent& event) {
  const std::vector<Question> questions = questions_about(event, askable());
  bool waits = false;
  if (!event.is_trusted) {
    for (const Question& question : questions) {
      waits = waits || unknown_.known_until(question, now()).has_value();
    }
    waits = waits || !budget_.take(event.remote_ip, now());
  } else if (event.is_anybodys) {
    waits = !payment_budget_.take(event.subject(), now());
  }
  if (waits) {
    postponed_.emplace(machine_.at + 31s, event.id);
    return false;
  }
  for (const Question& question : questions) want(question, storage::Cover{event.id, event.copies});
  return true;
}

void Daemon::claim_events() {
  while (!postponed_.empty() && postponed_.begin()->first <= machine_.at) {
    claimed_.push_back(postponed_.extract(postponed_.begin()).mapped());
  }
  std::vector<core::EventId> begun;
  for (; !claimed_.empty(); claimed_.pop_front()) {
    const auto event = reader_.inbox_event(claimed_.front());
    if (event && claim(*event)) begun.push_back(event->id);
  }
  if (!begun.empty()) begin(begun);
}

void Daemon::begin(const std::vector<core::EventId>& events) {
  using storage::TryMode;
  const auto begin_one = [this](core::EventId id, TryMode mode) {
    auto begun = write<storage::SettledReport>(
        [&](auto done) { writer_->begin_event(id, now(), std::move(done), mode); });
    note(begun);
    return begun.suspects;
  };
  for (const core::EventId event : events) {
    for (const storage::Suspect& suspect : begin_one(event, TryMode::kTogether)) {
      const auto alone = write<storage::CountedTries>(
          [&](auto done) { writer_->count_tries_alone({suspect.event}, now(), std::move(done)); });
      for (const core::EventId id : alone.counted) (void)begin_one(id, TryMode::kAlone);
    }
  }
}

void Daemon::claim_due() {
  for (const Question& question : reader_.due_lookups(now(), 1'000, askable())) {
    const auto known = entries_.find({question.kind, question.id});
    if (known == entries_.end() || known->second.state == Entry::State::kIdle) {
      want(question, std::nullopt);
    }
  }
  if (!setup_.policy.v1_configured) return;
  for (const storage::DueAttempt& due : reader_.due_attempts(now(), 1'000)) {
    const auto known = entries_.find({due.question.kind, due.question.id});
    if (known == entries_.end() || known->second.state == Entry::State::kIdle) {
      want(due.question, std::nullopt);
    }
  }
}

void Daemon::want(const Question& question, std::optional<storage::Cover> event) {
  const Key key{question.kind, question.id};
  const auto [found, is_new] = entries_.try_emplace(key, Entry{.question = question});
  Entry& entry = found->second;
  if (!is_new) join(entry.question, question);
  if (event) {
    std::int64_t& copies = entry.events[event->event];
    copies = std::max(copies, event->copies);
  }
  RECONCILED_MARK_IF(entry.state == Entry::State::kInFlight, kSimWantedInFlight);
  if (entry.state == Entry::State::kInFlight) entry.again = true;
  if (entry.state != Entry::State::kIdle) return;
  entry.state = Entry::State::kQueued;
  ready_.push_back(key);
}

void Daemon::take_off() {
  for (auto it = ready_.begin(); it != ready_.end();) {
    Entry& entry = entries_.at(*it);
    const std::string& busy =
        entry.question.payment_id ? entry.question.payment_id->str() : entry.question.id;
    if (!busy_[line_of(it->first)].insert(busy).second) {
      ++it;
      continue;
    }
    entry.state = Entry::State::kInFlight;
    entry.asked = entry.events;
    entry.busy = busy;
    const int ms = random_.chance(90) ? random_.between(20, 900) : random_.between(1, 90) * 1'000;
    const std::chrono::milliseconds takes(ms);
    flights_.push_back(
        {*it, writer_->next_look_up(), now(), machine_.second(), machine_.at + takes});
    it = ready_.erase(it);
  }
}

void Daemon::land(const Flight& flight) {
  const Entry& entry = entries_.at(flight.key);
  // PortOne looked at its data when it was asked, or as it answered.
  const int at = random_.chance(50) ? flight.begun : machine_.second();
  storage::LookupReport report = ask(entry.question, flight.asked_at, at);
  report.number = flight.number;
  report.answered_at = now();
  for (const auto& [id, copies] : entry.asked) report.events.push_back({id, copies});
  settle(std::move(report));
}

// The reconciler's way, promise 8: suspects are tried alone.
void Daemon::settle(storage::LookupReport report) {
  using storage::TryMode;
  const Key key{report.question.kind, report.question.id};
  const auto settle_now = [&](TryMode mode) {
    auto settled = write<storage::SettledReport>(
        [&](auto done) { writer_->settle(report, std::move(done), mode); });
    note(settled);
    return settled;
  };
  auto settled = settle_now(TryMode::kTogether);
  if (!settled.suspects.empty()) {
    std::vector<core::EventId> events;
    for (const storage::Cover& cover : report.events) events.push_back(cover.event);
    (void)write<storage::CountedTries>(
        [&](auto done) { writer_->count_tries_alone(events, now(), std::move(done)); });
    settled = settle_now(TryMode::kAlone);
  }
  for (const core::EventId id : settled.finished) {
    entries_.at(key).events.erase(id);
    entries_.at(key).asked.erase(id);
  }
  if (settled.is_put_aside) return finish(key, true);
  finish(key, report.is_final());
  if (!report.question.for_redirect) return;
  if (report.outcome == storage::LookupReport::Outcome::kNotFound) {
    unknown_.remember({report.question}, now());
  } else if (report.outcome == storage::LookupReport::Outcome::kUnusable) {
    for (const storage::Cover& cover : report.events) {
      postponed_.emplace(machine_.at + 5s, cover.event);
    }
  }
}

void Daemon::finish(const Key& key, bool usable) {
  const auto found = entries_.find(key);
  Entry& entry = found->second;
  busy_[line_of(key.first)].erase(entry.busy);
  if (usable && !entry.again) {
    for (const auto& [id, copies] : entry.asked) entry.events.erase(id);
  }
  entry.asked.clear();
  entry.state = Entry::State::kIdle;
  if (entry.again) {
    entry.again = false;
    entry.state = Entry::State::kQueued;
    ready_.push_back(key);
  } else if (entry.events.empty()) {
    entries_.erase(found);
  }
}

}  // namespace reconciled::simulator
