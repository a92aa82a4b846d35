// The units of work that the writer takes.
#include <algorithm>

#include "daemon/core/words/mark.h"
#include "storage/derived.h"
#include "storage/writer_impl.h"

namespace reconciled::storage {
namespace {

std::size_t bytes_of(const NewEvent& event) {
  return event.event.stored_body.size() + event.headers_json.size();
}

constexpr std::int64_t kClockPatienceMs = 60'000;
constexpr const char* kLookUpsKey = "look_ups_reserved";

Lane lane_of(TryMode mode) { return mode == TryMode::kAlone ? Lane::kFirst : Lane::kBackground; }

}  // namespace

Writer::Writer(const Store& store, WriterOptions options, WriterHooks hooks)
    : impl_(std::make_unique<Impl>(store, std::move(options), std::move(hooks))) {}

Writer::~Writer() { stop(); }

void Writer::adopt(const core::DecisionPolicy& policy, const core::Schedule& schedule,
                   core::Time now) {
  Session& session = impl_->session;
  impl_->engine->begin();
  const RollBack unless_committed(session);
  auto context = std::make_shared<DecisionContext>();
  context->decide = impl_->options.decide;
  context->policy = policy;
  context->schedule = schedule;
  context->notification_body = impl_->options.notification_body;
  context->has_backend = impl_->options.has_backend;
  context->configuration_id = adopt_policy(session, policy, now);
  // Where the last end was unclean, nobody knows which of those being decided on it was.
  const std::vector<core::EventId> undecided = noted_deciding(session);
  if (!undecided.empty()) {
    make_suspects(session, undecided);
    note_deciding(session, {});
  }
  // What is planned keeps its distance from now where the clock was set back meanwhile.
  const std::int64_t behind = load_number(session, kClockSeenKey) - core::to_ms(now);
  RECONCILED_MARK_IF(behind > kClockPatienceMs, kClockBehindAtStart);
  if (behind > kClockPatienceMs) storage::shift_plans(session, std::chrono::milliseconds(-behind));
  store_value(session, kClockSeenKey, std::to_string(core::to_ms(now)));
  // One more than any that the last start may have given.
  impl_->look_ups = load_number(session, kLookUpsKey);
  impl_->look_ups_reserved = impl_->look_ups + Impl::kReservedLookUps;
  store_value(session, kLookUpsKey, std::to_string(impl_->look_ups_reserved));
  impl_->context = std::move(context);
  impl_->engine->commit();
}

std::string Writer::keep(const std::string& key, const std::string& first) {
  impl_->session.query("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .with(key, first)
      .run();
  Query query = impl_->session.query("SELECT value FROM meta WHERE key = ?");
  query.with(key).next();
  return query.row().text();
}

void Writer::set_schedule(const core::Schedule& schedule) {
  auto context = std::make_shared<DecisionContext>(*impl_->context_now());
  context->schedule = schedule;
  const std::lock_guard lock(impl_->mutex);
  impl_->context = std::move(context);
}

void Writer::start() {
  impl_->engine->serve();
  impl_->thread = std::thread([this] { impl_->loop(); });
}

void Writer::stop_waiting() {
  const std::lock_guard lock(impl_->mutex);
  impl_->is_patient = false;
  impl_->wake.notify_all();
}

void Writer::stop() {
  stop_waiting();
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
    impl_->wake.notify_all();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Writer::reading_failed(const std::exception& error) {
  if (!is_damage(error)) return;
  impl_->note_damage(error);
  // The writer's thread says so.
  impl_->submit({.run = [](Session&, CommitNotice&) {}}, Lane::kFirst);
}

void Writer::found_damage(const std::string& what) {
  reading_failed(EngineError(EngineError::Kind::kDamaged, what));
}

void Writer::accept_event(NewEvent event, Done<Accepted> done) {
  const bool is_redirect = event.event.source == core::EventSource::kRedirect;
  const Lane event_lane = is_redirect ? Lane::kRedirect : Lane::kFirst;
  const std::size_t bytes = bytes_of(event);
  const std::int64_t hash = dedupe_hash(event.event);
  impl_->submit_for<Accepted>(
      event_lane,
      [event = std::move(event), hash](Session& session, CommitNotice& notice) {
        const Accepted accepted = insert_event(session, event, hash);
        if (!accepted.is_one_too_many && needs_reconciling(event.event)) {
          const bool is_signed = event.event.signed_by_portone;
          const bool is_portones =
              is_signed ||
              (event.event.source == core::EventSource::kWebhook && event.known_source);
          notice.pending_events.push_back(
              {accepted.event, event.received_at, is_signed, is_portones});
        }
        return accepted;
      },
      std::move(done), bytes);
}

void Writer::answer_confirm(NewEvent question, std::function<bool()> is_late,
                            Done<Confirmed> done) {
  const std::size_t bytes = bytes_of(question);
  impl_->submit_for<Confirmed>(
      Lane::kFirst,
      [question = std::move(question), is_late = std::move(is_late)](Session& session,
                                                                     CommitNotice&) {
        return storage::answer_confirm(session, question, is_late());
      },
      std::move(done), bytes);
}

void Writer::take_back_confirm(core::EventId question) {
  WriteUnit unit;
  unit.run = [question](Session& session, CommitNotice&) {
    storage::take_back_confirm(session, question);
  };
  impl_->submit(std::move(unit), Lane::kFirst);
}

void Writer::reject_delivery(RejectedDelivery delivery) {
  WriteUnit unit;
  unit.run = [delivery = std::move(delivery)](Session& session, CommitNotice&) {
    insert_rejected(session, delivery);
  };
  impl_->submit(std::move(unit), Lane::kBackground);
}

void Writer::count_tries_alone(std::vector<core::EventId> events, core::Time now,
                               Done<CountedTries> done) {
  impl_->submit_for<CountedTries>(
      lane_of(TryMode::kAlone),
      [this, events = std::move(events), now](Session& session, CommitNotice& notice) {
        CountedTries counted = storage::count_tries_alone(session, *impl_->context_now(), events,
                                                          impl_->even(now));
        notice.notifications = notice.notifications + counted.notifications;
        return counted;
      },
      std::move(done));
}

void Writer::forgive_tries(std::vector<core::EventId> events) {
  WriteUnit unit;
  unit.run = [events = std::move(events)](Session& session, CommitNotice&) {
    take_back_tries(session, events);
  };
  impl_->submit(std::move(unit), Lane::kBackground);
}

void Writer::begin_event(core::EventId event, core::Time now, Done<SettledReport> done,
                         TryMode mode) {
  WriteUnit unit = Impl::unit_for<SettledReport>(
      [this, event, now, mode](Session& session, CommitNotice& notice) {
        SettledReport settled =
            storage::begin_event(session, *impl_->context_now(), event, impl_->even(now), mode);
        note(notice, settled.changed);
        notice.lookups_changed = true;
        return settled;
      },
      std::move(done));
  if (mode == TryMode::kTogether) unit.deciding = {event};
  impl_->submit(std::move(unit), lane_of(mode));
}

void Writer::replay(core::EventId event, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kFirst,
      [event](Session& session, CommitNotice& notice) {
        const bool exists = replay_event(session, event);
        if (exists) notice.pending_events.push_back({event});
        return exists;
      },
      std::move(done));
}

void Writer::derive_again(core::PaymentId payment_id, core::Time now, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground,
      [this, payment_id = std::move(payment_id), now](Session& session, CommitNotice& notice) {
        const auto settled = storage::derive_again(session, payment_id, impl_->even(now));
        if (settled) note(notice, {*settled});
        return settled.has_value();
      },
      std::move(done));
}

void Writer::fire_watches(core::Time now) {
  WriteUnit unit;
  unit.run = [this, now](Session& session, CommitNotice& notice) {
    // Where the watches were moved back since it was asked for, all would be due by that time.
    const SettledReport settled =
        storage::fire_watches(session, *impl_->context_now(), impl_->even(now));
    note(notice, settled.changed);
    notice.lookups_changed = !settled.changed.empty();
  };
  impl_->submit(std::move(unit), Lane::kBackground);
}

void Writer::forget_unvouched(core::Time now, Done<Forgotten> done) {
  impl_->submit_for<Forgotten>(
      Lane::kBackground,
      [this, now](Session& session, CommitNotice&) {
        return storage::forget_unvouched(session, impl_->even(now), impl_->too_many_unsigned);
      },
      std::move(done));
}

void Writer::empty_raw(const Retained& retained, Done<Emptied> done) {
  impl_->submit_for<Emptied>(
      Lane::kBackground,
      [retained](Session& session, CommitNotice&) { return storage::empty_raw(session, retained); },
      std::move(done));
}

void Writer::give_back_room(Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground,
      [this](Session&, CommitNotice&) { return impl_->engine->give_back_room(); }, std::move(done));
}

void Writer::put(std::string key, std::string value, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground,
      [key = std::move(key), value = std::move(value)](Session& session, CommitNotice&) {
        store_value(session, key, value);
        return true;
      },
      std::move(done));
}

void Writer::note_swept(Swept swept, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground,
      [this, swept = std::move(swept)](Session& session, CommitNotice& notice) {
        storage::note_swept(session, swept, impl_->even(swept.up_to));
        notice.lookups_changed = true;
        return true;
      },
      std::move(done));
}

void Writer::note_backfilled(Backfilled backfilled, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground,
      [this, backfilled = std::move(backfilled)](Session& session, CommitNotice& notice) {
        storage::note_backfilled(session, backfilled, impl_->even(backfilled.at));
        notice.lookups_changed = true;
        return true;
      },
      std::move(done));
}

void Writer::shift_plans(std::chrono::milliseconds by, core::Time now, Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kFirst,
      [this, by, now](Session& session, CommitNotice& notice) {
        const bool is_forward = by > std::chrono::milliseconds(0);
        impl_->earliest = is_forward ? now + by : core::Time{};
        impl_->step = by;
        storage::shift_plans(session, by);
        store_value(session, kClockSeenKey,
                    std::to_string(load_number(session, kClockSeenKey) + by.count()));
        notice.lookups_changed = true;
        return true;
      },
      std::move(done));
}

core::Time Writer::Impl::even(core::Time time) const {
  const core::Time since = std::max(time, earliest);
  return options.now ? std::min(since, options.now() + step) : since;
}

LookupReport Writer::Impl::even(const LookupReport& report) const {
  LookupReport now = report;
  now.asked_at = even(report.asked_at);
  now.answered_at = even(report.answered_at);
  return now;
}

std::int64_t Writer::next_look_up() {
  const std::int64_t number = impl_->look_ups.fetch_add(1) + 1;
  if (number == impl_->look_ups_reserved - Impl::kReservedLookUps / 2) {
    impl_->reserve_look_ups(number);
  }
  // The file is behind: nothing could be written for long. What is asked while we stop is not
  // written any more.
  while (number > impl_->look_ups_reserved && !impl_->stopping) {
    impl_->reserve_look_ups(number);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return number;
}

void Writer::Impl::reserve_look_ups(std::int64_t number) {
  WriteUnit unit;
  const std::int64_t up_to = number + kReservedLookUps;
  unit.run = [up_to](Session& s, CommitNotice&) {
    store_value(s, kLookUpsKey, std::to_string(std::max(load_number(s, kLookUpsKey), up_to)));
  };
  unit.committed = [this, up_to] {
    look_ups_reserved = std::max(look_ups_reserved.load(), up_to);  // this thread alone
  };
  submit(std::move(unit), Lane::kFirst);
}

void Writer::settle(LookupReport report, Done<SettledReport> done, TryMode mode) {
  std::vector<core::EventId> events;
  for (const Cover& cover : report.events) events.push_back(cover.event);
  WriteUnit unit = Impl::unit_for<SettledReport>(
      [this, report = std::move(report), mode](Session& session, CommitNotice& notice) {
        LookupReport settling = impl_->even(report);  // whole, where it has to be run again
        SettledReport settled = settle_report(session, *impl_->context_now(), settling, mode);
        note(notice, settled.changed);
        notice.lookups_changed = true;
        return settled;
      },
      std::move(done));
  if (mode == TryMode::kTogether) unit.deciding = std::move(events);
  impl_->submit(std::move(unit), lane_of(mode));
}

void Writer::note_failure(LookupReport report) {
  report.outcome = LookupReport::Outcome::kUnusable;
  WriteUnit unit;
  unit.run = [this, report = std::move(report)](Session& session, CommitNotice& notice) {
    (void)note_answer(session, *impl_->context_now(), impl_->even(report), false);
    notice.lookups_changed = true;
  };
  impl_->submit(std::move(unit), Lane::kBackground);
}

void Writer::call_behind(Done<bool> done) {
  impl_->submit_for<bool>(
      Lane::kBackground, [](Session&, CommitNotice&) { return true; }, std::move(done));
}

std::size_t Writer::queued() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->queued() + impl_->announced_count;
}

std::uint64_t Writer::rounds() const { return impl_->rounds.load(std::memory_order_relaxed); }

}  // namespace reconciled::storage
