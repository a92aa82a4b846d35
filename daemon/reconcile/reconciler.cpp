#include "daemon/reconcile/reconciler.h"

#include <pthread.h>

#include <algorithm>

#include "daemon/reconcile/questions.h"
#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using storage::Question;
using storage::QuestionKind;
using Turn = LookupQueue::Turn;

// Events that wait in memory to be claimed; beyond it the inbox is scanned instead.
constexpr std::size_t kMaxMail = 100'000;
// Questions known at once; beyond it events stay in the inbox until some are answered.
constexpr std::size_t kMaxQuestions = 20'000;
// Where so many are known, none is added whose turn is later.
constexpr std::size_t kMaxWithLater = kMaxQuestions / 2;
// Where so many are being begun, none is added that is not proven.
constexpr std::size_t kMaxBeginningUnproven = Reconciler::kMaxBeginning / 4 * 3;
constexpr std::size_t kEventsPerRound = 256;
constexpr std::size_t kEventsPerTry = 16;  // counted in one unit of work: a short one
constexpr std::size_t kMaxPostponed = 10'000;
constexpr std::size_t kMaxUnproven = 4'000;
constexpr auto kIdleRound = 1s;
constexpr auto kPauseAfterTrouble = 1s;
constexpr auto kBudgetPause = 1s;
constexpr auto kCalmAfter = 10s;
// How often what nobody vouches for is looked through, and the pause while there is much of it.
constexpr core::Time::duration kForgetEvery = 10s;
constexpr core::Time::duration kForgetPause = 5ms;
constexpr auto kUnansweredPause = 5s;
constexpr std::int64_t kDuePerRound = 256;
constexpr core::Time::duration kDuePause = 1s;  // while that many are pending
// Where so many are pending, nothing is added that is due.
constexpr std::int64_t kMaxPending = kMaxWithLater;
// Whose share of the budget pays for claims that webhooks made and PortOne does not know.
const std::string kNobody;

}  // namespace

Reconciler::Reconciler(const core::Config& config, Clock& clock, storage::Writer& writer,
                       Metrics& metrics, Warnings& warnings)
    : config_(config),
      clock_(clock),
      writer_(writer),
      metrics_(metrics),
      calm_at_(clock.now() + kCalmAfter),
      watch_(warnings) {
  reload(config);
}

Reconciler::~Reconciler() { stop(); }

void Reconciler::stop() {
  stopping_ = true;
  queue_.stop();
  wake();
  {
    const std::lock_guard lock(access_mutex_);
    for (const auto& asker : askers_) {
      if (asker) asker->abort();
    }
  }
  if (thread_.joinable()) thread_.join();
  for (std::thread& thread : ask_threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Reconciler::wake() {
  const std::lock_guard lock(mutex_);
  has_mail_ = true;
  wake_.notify_one();
}

void Reconciler::committed(const storage::CommitNotice& notice) {
  if (notice.pending_events.empty() && !notice.lookups_changed) return;
  const std::lock_guard lock(mutex_);
  if (mail_.events.size() + notice.pending_events.size() > kMaxMail) {
    mail_.overflowed = true;
  } else {
    mail_.events.insert(mail_.events.end(), notice.pending_events.begin(),
                        notice.pending_events.end());
  }
  has_mail_ = true;
  wake_.notify_one();
}

void Reconciler::ask_about(const core::PaymentId& payment_id) {
  const std::lock_guard lock(mutex_);
  if (mail_.payments.size() < kMaxMail) mail_.payments.push_back(payment_id);
  has_mail_ = true;
  wake_.notify_one();
}

void Reconciler::ask(const Question& question) {
  const std::lock_guard lock(mutex_);
  if (mail_.questions.size() < kMaxMail) mail_.questions.push_back(question);
  has_mail_ = true;
  wake_.notify_one();
}

Reconciler::Mail Reconciler::take_mail() {
  const std::lock_guard lock(mutex_);
  has_mail_ = false;
  return std::exchange(mail_, Mail{});
}

void Reconciler::loop() {
  pthread_setname_np(pthread_self(), "reconciler");
  std::optional<storage::Reader> reader;
  while (!stopping_) {
    core::Time next = clock_.now() + kPauseAfterTrouble;
    try {
      if (!reader) reader.emplace(storage::Store(config_.database_path));
      follow_clock();
      next = run_once(*reader, clock_.now());
    } catch (const std::exception& error) {
      log_error("reconciling is in trouble", {{"error", error.what()}});
      writer_.reading_failed(error);
      reader.reset();
      scan_anew();
    }
    rounds_.fetch_add(1, std::memory_order_relaxed);
    std::unique_lock lock(mutex_);
    const auto pause = std::clamp<std::chrono::milliseconds>(next - clock_.now(), 0ms, kIdleRound);
    wake_.wait_for(lock, pause, [this] { return has_mail_ || stopping_; });
  }
}

core::Time Reconciler::run_once(storage::Reader& reader, core::Time now) {
  Mail mail = take_mail();
  const bool has_room_for_all =
      has_left_some_ && !is_scanning_ && postponed_.empty() && unproven_.empty();
  if (mail.overflowed || has_room_for_all) scan_anew();
  for (const core::EventId id : mail.events) line_up(id);
  unwritten_.insert(unwritten_.end(), mail.unwritten.begin(), mail.unwritten.end());
  ask_unwritten(now);
  unknown_.remember(mail.unknown, now);
  for (const core::EventId id : mail.unanswered) postpone(now + kUnansweredPause, id);
  claim_requests(reader, mail, now);
  if (may_scan()) scan_inbox(reader);
  claim_events(reader, now);
  go_on_trying(now);
  if (reader.has_due_watch(now)) writer_.fire_watches(now);
  forget_unvouched(now);

  claim_due(reader, now);
  const bool has_room = queue_.size() < kMaxQuestions && beginning_ < kMaxBeginning;
  if ((!claimed_.empty() || may_scan()) && has_room) return now;
  if (!unproven_.empty() && may_begin_unproven(0)) return now;
  const std::optional<core::Time> next = reader.next_lookup(askable());
  const core::Time idle = std::min(now + kIdleRound, forget_at_.load());
  return next && *next > now ? std::min(*next, idle) : idle;
}

// Rows stay due until their answer is written: those that are pending come first, and are no news
// to the queue. Questions that only wait for their next turn do not count: their turn begins here,
// and after an outage there may be any number of them.
void Reconciler::claim_due(storage::Reader& reader, core::Time now) {
  const auto pending = static_cast<std::int64_t>(queue_.pending());
  // Reading past those pending costs more the more there are, and the threads have enough to ask.
  if (pending >= kMaxPending || (pending >= kDuePerRound && now < claim_due_at_)) return;
  claim_due_at_ = now + kDuePause;
  for (const Question& question : reader.due_lookups(now, pending + kDuePerRound, askable())) {
    want(reader, question, std::nullopt, Turn::kLater);
  }
  if (!config_.v1) return;
  for (const storage::DueAttempt& due : reader.due_attempts(now, pending + kDuePerRound)) {
    if (queue_.knows(due.question)) continue;
    if (!due.is_vouched_for && !budget_.take(kNobody, now)) continue;
    queue_.want(due.question, std::nullopt, Turn::kLater);
  }
}

// An answer that the database did not take is asked for again, but not at the rate at which a full
// disk refuses it.
void Reconciler::ask_unwritten(core::Time now) {
  if (unwritten_.empty() || now < ask_unwritten_at_) return;
  for (const Question& question : unwritten_) queue_.want(question, std::nullopt, Turn::kLater);
  unwritten_.clear();
  ask_unwritten_at_ = now + kPauseAfterTrouble;
}

void Reconciler::forget_unvouched(core::Time now) {
  if (now < forget_at_.load()) return;
  forget_at_ = core::Time::max();
  writer_.forget_unvouched(now, [this, now](const auto& outcome) {
    const bool has_more = outcome.ok() && outcome.value().has_more;
    forget_at_ = now + (has_more ? kForgetPause : kForgetEvery);
    if (has_more) wake();
  });
}

// Whatever its copies, an event is claimed once for all that arrived before.
void Reconciler::line_up(core::EventId event) {
  if (lined_up_.insert(event).second) claimed_.push_back(event);
}

// Those that find no room stay in the inbox, which is scanned once there is room.
void Reconciler::postpone(core::Time until, core::EventId event) {
  if (postponed_.size() < kMaxPostponed) {
    postponed_.emplace(until, event);
  } else {
    has_left_some_ = true;
  }
}

// An unsigned webhook costs its sender nothing, even if PortOne's servers bring it: what is proven
// does not wait for a flood of them.
void Reconciler::put_off(core::EventId event) {
  if (unproven_.size() < kMaxUnproven) {
    unproven_.push_back(event);
  } else {
    has_left_some_ = true;
  }
}

bool Reconciler::may_begin_unproven(std::size_t begun) const {
  return queue_.size() < kMaxWithLater && beginning_ + begun < kMaxBeginningUnproven;
}

// Not while those that it finds would have to be left again.
bool Reconciler::may_scan() const {
  return is_scanning_ && unproven_.size() + kEventsPerRound <= kMaxUnproven;
}

void Reconciler::scan_anew() {
  is_scanning_ = true;
  has_left_some_ = false;
  scanned_to_ = {};
}

void Reconciler::scan_inbox(storage::Reader& reader) {
  if (claimed_.size() >= kEventsPerRound) return;
  const std::vector<core::EventId> found = reader.inbox_after(scanned_to_, kEventsPerRound);
  for (const core::EventId id : found) line_up(id);
  if (found.size() < kEventsPerRound) is_scanning_ = false;
  if (!found.empty()) scanned_to_ = found.back();
}

void Reconciler::want(storage::Reader& reader, Question question,
                      const std::optional<storage::Cover>& event, Turn turn) {
  reader.name_attempts(question);
  queue_.want(question, event, turn);
}

// What anybody could have invented waits for the budget, and for a fresh "unknown" to grow old:
// false. Nothing is written for it until then, or a flood would fill the writer's queue.
bool Reconciler::ask_about(storage::Reader& reader, const storage::InboxEvent& event,
                           core::Time now) {
  const std::vector<Question> questions = questions_about(event, askable());
  std::optional<core::Time> later;
  if (!event.is_trusted) {
    for (const Question& question : questions) {
      if (const auto until = unknown_.known_until(question, now)) later = until;
    }
    if (!later && !budget_.take(event.remote_ip, now)) later = now + kBudgetPause;
  } else if (event.is_anybodys && !payment_budget_.take(event.subject(), now)) {
    later = now + kBudgetPause;
  }
  if (later) {
    postpone(*later, event.id);
    return false;
  }
  const Turn turn = event.is_proven ? Turn::kFirst : Turn::kLater;
  const storage::Cover cover{event.id, event.copies};
  for (const Question& question : questions) want(reader, question, cover, turn);
  return true;
}

void Reconciler::claim_events(storage::Reader& reader, core::Time now) {
  std::vector<core::EventId> begun;
  const storage::Reader::Moment moment(reader);
  const std::size_t room =
      std::min(kEventsPerRound, kMaxBeginning - std::min(kMaxBeginning, beginning_.load()));
  const auto claim = [&](core::EventId id, bool may_put_off = true) {
    const std::optional<storage::InboxEvent> event = reader.inbox_event(id);
    if (!event) return;
    const bool is_first = event->is_proven || !event->is_trusted;  // others have their budget
    if (may_put_off && !is_first && (!unproven_.empty() || !may_begin_unproven(begun.size()))) {
      put_off(id);
    } else if (ask_about(reader, *event, now)) {
      begun.push_back(id);
    }
  };
  for (std::size_t left = kEventsPerRound;
       left > 0 && begun.size() < room && !postponed_.empty() && postponed_.begin()->first <= now;
       --left) {
    claim(postponed_.extract(postponed_.begin()).mapped());
  }
  for (std::size_t left = kEventsPerRound;
       left > 0 && begun.size() < room && !claimed_.empty() && queue_.size() < kMaxQuestions;
       --left) {
    claim(claimed_.front());
    lined_up_.erase(claimed_.front());
    claimed_.pop_front();
  }
  for (std::size_t left = kEventsPerRound;
       left > 0 && begun.size() < room && !unproven_.empty() && may_begin_unproven(begun.size());
       --left) {
    claim(unproven_.front(), false);
    unproven_.pop_front();
  }
  for (std::size_t i = 0; i < begun.size(); i += kEventsPerTry) {
    const auto from = begun.begin() + static_cast<std::ptrdiff_t>(i);
    begin({from, from + static_cast<std::ptrdiff_t>(std::min(kEventsPerTry, begun.size() - i))},
          now);
  }
}

void Reconciler::claim_requests(storage::Reader& reader, const Mail& mail, core::Time now) {
  for (const Question& question : mail.questions) {
    if (!may_ask(question, askable())) continue;
    if (!unknown_.known_until(question, now)) want(reader, question, std::nullopt);
  }
  for (const core::PaymentId& payment_id : mail.payments) {
    for (const Question& question :
         questions_about(payment_id, reader.planned_questions(payment_id), askable())) {
      want(reader, question, std::nullopt);
    }
  }
}

storage::Askable Reconciler::askable() const {
  return {config_.v1.has_value(), config_.v2.has_value()};
}

}  // namespace reconciled
