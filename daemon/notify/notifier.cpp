#include "daemon/notify/notifier.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <algorithm>
#include <array>

#include "daemon/core/decision/announcement.h"
#include "daemon/core/messages/signature.h"
#include "daemon/runtime/log.h"

namespace reconciled::notify {
namespace {

using namespace std::chrono_literals;
using storage::NotificationTry;

constexpr std::int64_t kReadAtOnce = 512;
constexpr auto kIdle = 1s;
constexpr auto kWatchEvery = 5s;
// Failures in a row from which on it is the shop, not a message.
constexpr int kSeemsAway = 3;
constexpr int kIsAway = 10;
constexpr auto kPauseWhileAway = 100ms;
constexpr auto kPauseAfterTrouble = 1s;
// One that a person should hear of.
constexpr auto kLongPause = 1min;

constexpr const char* kInstanceKey = "notify_instance";
constexpr const char* kGone = "gone";

std::string random_word() {
  std::array<unsigned char, 6> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no randomness to be had");
  }
  return core::to_hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string messages(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " message" : " messages");
}

}  // namespace

Notifier::Notifier(const Uses& uses) : uses_(uses) {}

Notifier::~Notifier() { stop(); }

void Notifier::prepare() {
  if (!is_on()) return;
  instance_ = uses_.writer.keep(kInstanceKey, random_word());
  const std::string paused = uses_.writer.keep(storage::kNotifyPausedKey, "");
  is_paused_ = !paused.empty();
  is_gone_ = paused == kGone;
  backend_ = std::make_shared<const BackendClient>(uses_.config.notify_url,
                                                   uses_.config.notify_secret, instance_);
}

void Notifier::start() {
  if (!is_on()) return;
  thread_ = std::thread([this] { run(); });
}

void Notifier::stop() {
  loop_.abort();
  if (thread_.joinable()) thread_.join();
}

void Notifier::on_loop(std::function<void()> work) { loop_.post(std::move(work)); }

void Notifier::reload(const core::Config& config) {
  if (!is_on()) return;
  // The URL needs a restart.
  auto fresh = std::make_shared<const BackendClient>(uses_.config.notify_url, config.notify_secret,
                                                     instance_);
  on_loop([this, fresh = std::move(fresh)] { backend_ = fresh; });
}

void Notifier::committed(const storage::CommitNotice& notice) {
  for (std::int64_t i = 0; i < notice.notifications.superseded; ++i) {
    uses_.metrics.notification(NotificationOutcome::kSuperseded);
  }
  if (!is_on() || notice.notifications.added == 0) return;
  on_loop([this] {
    may_have_more_ = true;
    // What is new must not wait for all that was read before it and hangs or fails.
    if (failures_ > 0 || limit_.hanging() > 0) due_.clear();
  });
}

void Notifier::pause(bool paused, storage::Done<bool> done) {
  uses_.writer.put(storage::kNotifyPausedKey, paused ? "person" : "",
                   [this, paused, done = std::move(done)](const auto& outcome) {
                     if (outcome.ok()) {
                       is_paused_ = paused;
                       send_now();
                     }
                     if (done) done(outcome);
                   });
}

void Notifier::send_now() {
  on_loop([this] {
    is_gone_ = false;
    failures_ = 0;
    hold_until_ = {};
    may_have_more_ = true;
    watch_at_ = {};
  });
}

void Notifier::run() {
  pthread_setname_np(pthread_self(), "notifier");
  std::optional<storage::Reader> reader;
  while (!loop_.is_aborted()) {
    std::chrono::milliseconds idle = kIdle;
    try {
      if (!reader) reader.emplace(uses_.store);
      send_due(*reader);
      watch(*reader);
      if (next_at_ > uses_.clock.now()) {
        idle = std::min<std::chrono::milliseconds>(idle, next_at_ - uses_.clock.now());
      }
    } catch (const std::exception& error) {
      log_error("the notifier is in trouble", {{"error", error.what()}});
      uses_.writer.reading_failed(error);
      reader.reset();
      hold_until_ = Steady::now() + kPauseAfterTrouble;
    }
    const auto held = std::chrono::ceil<std::chrono::milliseconds>(hold_until_ - Steady::now());
    if (held > 0ms) idle = std::min(idle, held);
    loop_.run_once(std::max(idle, 1ms));
    rounds_.fetch_add(1, std::memory_order_relaxed);
  }
}

void Notifier::send_due(storage::Reader& reader) {
  const auto steady = Steady::now();
  limit_.look(steady);
  if (is_paused_) return;
  const core::Time now = uses_.clock.now();
  while (steady >= hold_until_ && in_flight_ < most_in_flight()) {
    const std::optional<std::int64_t> id = next(reader, now);
    if (!id) return;
    // As the newest commit left it: what holds no more never leaves.
    const auto message = reader.due_notification(*id, now);
    if (message && !waits(*message)) send(*message);
  }
}

// Where it seems to be away one call tries, but for those that hang: it may be these messages.
int Notifier::most_in_flight() const {
  if (failures_ < kIsAway) return limit_.now();
  return std::min(kMostInFlight, 1 + limit_.hanging());
}

std::optional<std::int64_t> Notifier::next(storage::Reader& reader, core::Time now) {
  if (due_.empty()) {
    if (!may_have_more_ && now < next_at_) return std::nullopt;
    const std::int64_t most = kReadAtOnce + static_cast<std::int64_t>(busy_.size());
    const std::vector<std::int64_t> read = reader.due_notifications(now, most);
    std::copy_if(read.begin(), read.end(), std::back_inserter(due_),
                 [this](std::int64_t id) { return !busy_.contains(id); });
    may_have_more_ = !due_.empty();
    if (due_.empty()) {
      // Where those that are due are busy, what comes of each is told.
      next_at_ = core::Time::max();
      if (read.empty()) next_at_ = reader.next_notification().value_or(core::Time::max());
      return std::nullopt;
    }
  }
  const std::int64_t id = due_.front();
  due_.pop_front();
  return busy_.contains(id) ? next(reader, now) : id;
}

bool Notifier::waits(const storage::DueNotification& message) {
  busy_.insert(message.id);
  if (message.type == core::NotificationType::kFinding) return false;
  const auto [at, is_first] = behind_.try_emplace(message.payment);
  if (!is_first) at->second.push_back(message.id);
  return !is_first;
}

void Notifier::done_with(const NotificationTry& tried) {
  busy_.erase(tried.id);
  if (const auto at = behind_.find(tried.payment); at != behind_.end()) {
    for (const std::int64_t id : at->second) busy_.erase(id);
    behind_.erase(at);
  }
  may_have_more_ = true;
}

void Notifier::send(const storage::DueNotification& message) {
  ++in_flight_;
  const auto began = Steady::now();
  limit_.began(began);
  loop_.send(backend_->upstream(), backend_->request(message, uses_.clock.wall()),
             [this, message, began](const http::ClientResult& result) {
               --in_flight_;
               if (loop_.is_aborted()) return;  // nobody knows whether it arrived: it is sent again
               limit_.ended(began, Steady::now(), judge(result).kind != Verdict::Kind::kBusy);
               ended(message, result);
             });
}

void Notifier::ended(const storage::DueNotification& message, const http::ClientResult& result) {
  const Verdict verdict = judge(result);
  const bool is_taken = verdict.kind == Verdict::Kind::kTaken;
  uses_.metrics.notification(is_taken ? NotificationOutcome::kDelivered
                                      : NotificationOutcome::kFailed);
  learn(verdict);
  const bool is_finding = message.type == core::NotificationType::kFinding;
  write({message.id, is_finding ? 0 : message.payment, uses_.clock.now(), is_taken, verdict.outcome,
         verdict.retry_after});
}

void Notifier::learn(const Verdict& verdict) {
  const auto now = Steady::now();
  if (verdict.kind == Verdict::Kind::kTaken) {
    if (failures_ >= kSeemsAway) {
      log_info("the shop's backend takes messages again", {{"failures", failures_}});
      hasten();
    }
    failures_ = 0;
    return;
  }
  ++failures_;
  if (failures_ == kSeemsAway) {
    log_warn("the shop's backend takes no messages", {{"outcome", verdict.outcome}});
  }
  if (failures_ >= kIsAway) hold_until_ = std::max(hold_until_, now + kPauseWhileAway);
  // It asks for a pause of all messages, not of this one.
  if (verdict.retry_after) hold_until_ = std::max(hold_until_, now + *verdict.retry_after);
  if (verdict.kind == Verdict::Kind::kGone && !is_paused_.exchange(true)) {
    is_gone_ = true;
    watch_at_ = {};
    log_error("the shop's backend wants no more messages, they wait for a person",
              {{"outcome", verdict.outcome}});
    uses_.writer.put(storage::kNotifyPausedKey, kGone);
  }
}

// Until it is written it counts as in flight: a database that takes nothing must not have the shop
// get the same message over and over.
void Notifier::write(NotificationTry tried) {
  const NotificationTry again = tried;
  uses_.writer.note_try(std::move(tried), [this, again](const auto& outcome) {
    if (outcome.ok()) {
      if (outcome.value() == core::NotificationState::kParked) {
        uses_.metrics.notification(NotificationOutcome::kParked);
      }
      on_loop([this, again] { done_with(again); });
    } else if (outcome.error().kind != storage::WriteFailure::Kind::kStopping) {
      on_loop([this, again] { unwritten_.push_back(again); });
    }
  });
}

// The shop is back: what failed meanwhile need not wait for its time.
void Notifier::hasten() {
  uses_.writer.hasten_notifications(uses_.clock.now(), [this](const auto& outcome) {
    on_loop([this, has_more = outcome.ok() && outcome.value()] {
      may_have_more_ = true;
      if (has_more) hasten();
    });
  });
}

void Notifier::watch(storage::Reader& reader) {
  const auto now = Steady::now();
  if (now < watch_at_) return;
  watch_at_ = now + kWatchEvery;
  for (NotificationTry& tried : std::exchange(unwritten_, {})) write(std::move(tried));
  const storage::NotificationOutlook outlook = reader.notification_outlook();
  const bool fails = outlook.failing_since &&
                     uses_.clock.now() - *outlook.failing_since >= core::kNotifyPatience;
  std::string detail;
  if (is_paused_) {
    detail = std::string(is_gone_ ? "The shop's backend answered 410 Gone: messages wait"
                                  : "Messages to the shop's backend were made to wait") +
             " (" + messages(outlook.waiting) + "); `reconciled notify resume` sends them.";
  } else if (hold_until_ - now > kLongPause && outlook.waiting > 0) {
    const auto left = std::chrono::ceil<std::chrono::minutes>(hold_until_ - now);
    detail = "The shop's backend asked for a pause of " + std::to_string(left.count()) +
             " more minutes (Retry-After): " + messages(outlook.waiting) +
             " wait; `reconciled notify resume` sends them now.";
  } else if (fails) {
    detail = "The shop's backend has not taken a message since " +
             core::to_rfc3339(*outlook.failing_since) + " (" + outlook.outcome + "): " +
             messages(outlook.waiting) + " in all wait and are tried again.";
  } else if (outlook.parked > 0) {
    detail = messages(outlook.parked) +
             " to the shop's backend were given up; once it works, send them again with "
             "`reconciled resend --since 2000-01-01 --failed`.";
  }
  if (detail.empty()) {
    uses_.warnings.lower(WarningKind::kNotifyFailing, "");
  } else {
    uses_.warnings.raise(WarningKind::kNotifyFailing, "", detail);
  }
}

}  // namespace reconciled::notify
