#include "daemon/reconcile/reconciler.h"

#include <pthread.h>

#include <algorithm>

#include "daemon/reconcile/questions.h"
#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using storage::Question;
using Turn = LookupQueue::Turn;

constexpr auto kIdleRound = 1s;
constexpr auto kPauseAfterTrouble = 1s;
constexpr auto kUnansweredPause = 5s;

}  // namespace

Reconciler::Reconciler(const storage::Store& store, storage::Askable askable, Clock& clock,
                       storage::Writer& writer, portone::PortOne& portone, Metrics& metrics)
    : store_(store),
      askable_(askable),
      clock_(clock),
      writer_(writer),
      trials_(writer, clock),
      asking_(portone, writer, clock,
              [this](storage::LookupReport report) { answers_.take(std::move(report)); }),
      answers_(writer, clock, asking_, trials_, mailbox_, metrics),
      schedule_(clock, writer, asking_, inbox_, [this] { mailbox_.wake(); }) {}

Reconciler::~Reconciler() { stop(); }

void Reconciler::start() {
  thread_ = std::thread([this] { loop(); });
}

void Reconciler::stop() {
  stopping_ = true;
  trials_.stop();
  asking_.stop();
  mailbox_.wake();
  if (thread_.joinable()) thread_.join();
}

void Reconciler::committed(const storage::CommitNotice& notice) {
  for (const storage::Suspect& suspect : notice.suspects) {
    answers_.begin_alone(suspect, clock_.now());
  }
  if (notice.pending_events.empty() && !notice.lookups_changed) return;
  mailbox_.put_events(notice.pending_events);
}

void Reconciler::look_up_soon(const core::PaymentId& payment_id) {
  mailbox_.put_payment(payment_id);
}

void Reconciler::look_up_soon(const Question& question) { mailbox_.put_question(question); }

void Reconciler::loop() {
  pthread_setname_np(pthread_self(), "reconciler");
  std::optional<storage::Reader> reader;
  while (!stopping_) {
    core::Time next = clock_.now() + kPauseAfterTrouble;
    try {
      if (!reader) reader.emplace(store_);
      schedule_.follow_clock();
      next = run_once(*reader, clock_.now());
    } catch (const std::exception& error) {
      log_error("reconciling is in trouble", {{"error", error.what()}});
      writer_.reading_failed(error);
      reader.reset();
      inbox_.scan_anew();
    }
    rounds_.fetch_add(1, std::memory_order_relaxed);
    if (stopping_) return;
    mailbox_.wait(std::clamp<std::chrono::milliseconds>(next - clock_.now(), 0ms, kIdleRound));
  }
}

core::Time Reconciler::run_once(storage::Reader& reader, core::Time now) {
  const Mailbox::Mail mail = mailbox_.take();
  if (mail.overflowed || inbox_.has_room_for_those_left()) inbox_.scan_anew();
  for (const auto& pending : mail.events) inbox_.line_up(pending.event, pending.is_begun);
  schedule_.ask_unwritten(mail.unwritten, now);
  inbox_.remember_unknown(mail.unknown, now);
  for (const core::EventId id : mail.unanswered) inbox_.postpone(now + kUnansweredPause, id);
  claim_requests(reader, mail, now);
  if (inbox_.may_scan() && inbox_.has_room_for_scanned()) {
    inbox_.scanned(reader.inbox_after(inbox_.scanned_to(), Inbox::kEventsPerRound));
  }
  claim_events(reader, now);
  trials_.go_on();
  asking_.go_on();
  if (reader.has_due_watch(now)) writer_.fire_watches(now);
  schedule_.forget_unvouched(now);
  schedule_.ask_due(reader, askable_, now);

  if (inbox_.has_more(load())) return now;
  const std::optional<core::Time> next = reader.next_lookup(askable_);
  const core::Time idle = std::min(now + kIdleRound, schedule_.forget_at());
  return next && *next > now ? std::min(*next, idle) : idle;
}

void Reconciler::want(storage::Reader& reader, Question question,
                      const std::optional<storage::Cover>& event, Turn turn) {
  reader.name_attempts(question);
  asking_.want(question, event, turn);
}

void Reconciler::claim_events(storage::Reader& reader, core::Time now) {
  const storage::Reader::Moment moment(reader);
  const std::vector<Inbox::Claimed> claimed = inbox_.claim(
      [&reader](core::EventId id) { return reader.inbox_event(id); }, load(), askable_, now);
  for (const auto& [event, questions, is_begun] : claimed) {
    const Turn turn = event.is_proven ? Turn::kFirst : Turn::kLater;
    const storage::Cover cover{event.id, event.copies, event.says};
    for (const Question& question : questions) want(reader, question, cover, turn);
    if (!is_begun) answers_.begin(event.id, now);
  }
}

void Reconciler::claim_requests(storage::Reader& reader, const Mailbox::Mail& mail,
                                core::Time now) {
  for (const Question& question : mail.questions) {
    if (!may_ask(question, askable_)) continue;
    if (!inbox_.is_known_unknown(question, now)) want(reader, question);
  }
  for (const core::PaymentId& payment_id : mail.payments) {
    for (const Question& question :
         questions_about(payment_id, reader.planned_questions(payment_id), askable_)) {
      want(reader, question);
    }
  }
}

}  // namespace reconciled
