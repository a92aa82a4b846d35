#include "daemon/reconcile/inbox.h"

#include <algorithm>

#include "daemon/reconcile/questions.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using storage::InboxEvent;
using storage::Question;

constexpr std::size_t kMaxPostponed = 10'000;
constexpr std::size_t kMaxUnproven = 4'000;
// Where so many are being begun, none is added that is not proven.
constexpr std::size_t kMaxBeginningUnproven = Inbox::kMaxBeginning / 4 * 3;
constexpr auto kLimitPause = 1s;
// Whose share of the limit pays for claims that webhooks made and PortOne does not know.
const std::string kNobody;

}  // namespace

void Inbox::line_up(core::EventId event, bool is_begun) {
  const auto [known, is_new] = lined_up_.emplace(event, is_begun);
  if (is_new) claimed_.push_back(event);
  // A copy that is not begun is news.
  known->second = known->second && is_begun;
}

// Those that find no room stay in the inbox, which is scanned once there is room.
void Inbox::postpone(core::Time until, core::EventId event) {
  if (postponed_.size() < kMaxPostponed) {
    postponed_.emplace(until, event);
  } else {
    has_left_some_ = true;
  }
}

// An unsigned webhook costs its sender nothing, even if PortOne's servers bring it: what is proven
// does not wait for a flood of them.
void Inbox::put_off(core::EventId event) {
  if (unproven_.size() < kMaxUnproven) {
    unproven_.push_back(event);
  } else {
    has_left_some_ = true;
  }
}

bool Inbox::may_begin_unproven(const Load& load) {
  return load.questions < kMaxWithLater && load.beginning < kMaxBeginningUnproven;
}

bool Inbox::has_more(const Load& load) const {
  if ((!claimed_.empty() || may_scan()) && load.questions < kMaxQuestions &&
      load.beginning < kMaxBeginning) {
    return true;
  }
  return !unproven_.empty() && may_begin_unproven(load);
}

bool Inbox::may_scan() const {
  return is_scanning_ && unproven_.size() + kEventsPerRound <= kMaxUnproven;
}

void Inbox::scan_anew() {
  is_scanning_ = true;
  has_left_some_ = false;
  scanned_to_ = {};
}

void Inbox::scanned(const std::vector<core::EventId>& found) {
  for (const core::EventId id : found) line_up(id);
  if (found.size() < kEventsPerRound) is_scanning_ = false;
  if (!found.empty()) scanned_to_ = found.back();
}

bool Inbox::has_room_for_those_left() const {
  return has_left_some_ && !is_scanning_ && postponed_.empty() && unproven_.empty();
}

// Until when the event has to wait; nothing: it may be asked about now.
std::optional<core::Time> Inbox::wait_of(const InboxEvent& event,
                                         const std::vector<Question>& questions, core::Time now) {
  if (event.is_trusted) {
    const bool may = !event.is_anybodys || payments_.take(event.subject(), now);
    return may ? std::nullopt : std::optional(now + kLimitPause);
  }
  std::optional<core::Time> later;
  for (const Question& question : questions) {
    if (const auto until = unknown_.known_until(question, now)) later = until;
  }
  if (!later && !strangers_.take(event.remote_ip, now)) later = now + kLimitPause;
  return later;
}

std::vector<Inbox::Claimed> Inbox::claim(const Read& read, const Load& load,
                                         storage::Askable askable, core::Time now) {
  std::vector<Claimed> all;
  Load with = load;
  const std::size_t room =
      std::min(kEventsPerRound, kMaxBeginning - std::min(kMaxBeginning, load.beginning));
  const auto look_at = [&](core::EventId id, bool may_put_off, bool is_begun = false) {
    std::optional<InboxEvent> event = read(id);
    if (!event) return;
    const bool is_first = event->is_proven || !event->is_trusted;  // others have their limit
    if (may_put_off && !is_first && (!unproven_.empty() || !may_begin_unproven(with))) {
      put_off(id);
      return;
    }
    std::vector<Question> questions = questions_about(*event, askable);
    if (const auto until = wait_of(*event, questions, now)) {
      postpone(*until, id);
      return;
    }
    if (!is_begun) with.beginning += 1;
    with.questions += questions.size();
    all.push_back({std::move(*event), std::move(questions), is_begun});
  };
  for (std::size_t left = kEventsPerRound; left > 0 && all.size() < room && !postponed_.empty() &&
                                           postponed_.begin()->first <= now;
       --left) {
    look_at(postponed_.extract(postponed_.begin()).mapped(), true);
  }
  for (std::size_t left = kEventsPerRound; left > 0 && all.size() < room && !claimed_.empty() &&
                                           with.questions < kMaxQuestions;
       --left) {
    const core::EventId id = claimed_.front();
    claimed_.pop_front();
    look_at(id, true, lined_up_.extract(id).mapped());
  }
  for (std::size_t left = kEventsPerRound;
       left > 0 && all.size() < room && !unproven_.empty() && may_begin_unproven(with); --left) {
    look_at(unproven_.front(), false);
    unproven_.pop_front();
  }
  return all;
}

void Inbox::remember_unknown(const std::vector<Question>& questions, core::Time now) {
  unknown_.remember(questions, now);
}

bool Inbox::is_known_unknown(const Question& question, core::Time now) const {
  return unknown_.known_until(question, now).has_value();
}

bool Inbox::may_ask_for_nobody(core::Time now) { return strangers_.take(kNobody, now); }

void Inbox::move_times(std::chrono::milliseconds by) {
  std::multimap<core::Time, core::EventId> moved;
  for (const auto& [until, event] : postponed_) moved.emplace(until + by, event);
  postponed_.swap(moved);
  unknown_ = {};
  strangers_ = RateLimit{kStrangerRates};
  payments_ = RateLimit{kPaymentRates};
}

}  // namespace reconciled
