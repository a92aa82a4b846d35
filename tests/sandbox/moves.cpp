#include "tests/sandbox/moves.h"

#include <algorithm>
#include <utility>

#include "daemon/core/config/config_values.h"

namespace reconciled::sandbox {
namespace {

using Done = core::Outcome<Occurrence, Refusal>;

void set_status(Attempt& attempt, Status status, PortoneTime at) {
  attempt.status = status;
  attempt.changed_at = at;
  attempt.failed_at.reset();
  attempt.failure_code.clear();
  attempt.failure_reason.clear();
}

void drop_money(Attempt& attempt) {
  attempt.paid_at.reset();
  attempt.cancelled_at.reset();
  attempt.cancellations.clear();
}

void issue_account(Attempt& attempt, PortoneTime at) {
  attempt.method = "vbank";
  attempt.account = VirtualAccount{"5621" + std::to_string(10'000'000'000ULL + attempt.sequence),
                                   at, at + std::chrono::days(3)};
}

Done to_simple(Attempt& attempt, Status status, const Change& change, PortoneTime at) {
  set_status(attempt, status, at);
  drop_money(attempt);
  switch (status) {
    case Status::kReady:
      return Occurrence{Happened::kReady, at, ""};
    case Status::kVirtualAccountIssued:
      issue_account(attempt, at);
      return Occurrence{Happened::kVirtualAccountIssued, at, ""};
    case Status::kPayPending:
      return Occurrence{Happened::kPayPending, at, ""};
    case Status::kPaid:
      attempt.paid_at = at;
      return Occurrence{Happened::kPaid, at, ""};
    case Status::kFailed:
      attempt.failed_at = at;
      attempt.failure_code = change.code.empty() ? "PAY_PROCESS_REJECTED" : change.code;
      attempt.failure_reason = change.reason.empty() ? "한도초과" : change.reason;
      return Occurrence{Happened::kFailed, at, ""};
    case Status::kPartialCancelled:
    case Status::kCancelled:
      break;
  }
  return Refusal::kUnknownStatus;
}

// Adds a cancellation, or completes the one that was requested.
Done to_cancelled(Attempt& attempt, const Change& change, PortoneTime at, bool pending) {
  const std::int64_t left = attempt.amount - attempt.cancelled_amount();
  if (left <= 0) return Refusal::kAlreadyCancelled;
  const std::int64_t amount = change.cancel_amount.value_or(left);
  if (amount <= 0) return Refusal::kBadAmount;
  if (amount > left) return Refusal::kAmountTooLarge;
  const auto requested = std::find_if(attempt.cancellations.begin(), attempt.cancellations.end(),
                                      [](const Cancellation& one) { return !one.cancelled_at; });
  Cancellation* cancellation = nullptr;
  if (requested != attempt.cancellations.end()) {
    cancellation = &*requested;
    if (change.cancel_amount) cancellation->amount = amount;
  } else {
    attempt.cancellations.push_back(Cancellation{new_uuid(attempt.sequence),
                                                 amount,
                                                 change.reason.empty() ? "취소" : change.reason,
                                                 change.trigger,
                                                 at,
                                                 {}});
    cancellation = &attempt.cancellations.back();
  }
  if (pending) return Occurrence{Happened::kCancelPending, at, cancellation->id};
  cancellation->cancelled_at = at;
  const std::string id = cancellation->id;
  const bool all = attempt.cancelled_amount() >= attempt.amount;
  set_status(attempt, all ? Status::kCancelled : Status::kPartialCancelled, at);
  attempt.cancelled_at = at;
  return Occurrence{all ? Happened::kCancelled : Happened::kPartialCancelled, at, id};
}

Done to_disputed(Attempt& attempt, const Change& change, PortoneTime at, bool resolved) {
  if (!resolved) {
    attempt.disputes.push_back(Dispute{
        new_uuid(attempt.sequence), change.reason.empty() ? "fraudulent" : change.reason, at, {}});
    return Occurrence{Happened::kDisputeCreated, at, ""};
  }
  if (attempt.disputes.empty() || attempt.disputes.back().resolved_at) {
    return Refusal::kNothingToResolve;
  }
  attempt.disputes.back().resolved_at = at;
  return Occurrence{Happened::kDisputeResolved, at, ""};
}

Done change_attempt(Attempt& attempt, const Change& change) {
  const PortoneTime clock = now();
  const PortoneTime at = change.at.value_or(clock);
  attempt.updated_at = std::max(clock, attempt.updated_at + std::chrono::microseconds(1));
  if (change.status == "cancel_pending") return to_cancelled(attempt, change, at, true);
  if (change.status == "disputed") return to_disputed(attempt, change, at, false);
  if (change.status == "dispute_resolved") return to_disputed(attempt, change, at, true);
  if (change.status == "reverted") {
    set_status(attempt, Status::kPaid, attempt.paid_at.value_or(at));
    attempt.cancellations.clear();
    attempt.cancelled_at.reset();
    return Occurrence{Happened::kReverted, at, ""};
  }
  const std::optional<Status> status = status_from_word(change.status);
  if (!status) return Refusal::kUnknownStatus;
  if (*status == Status::kCancelled || *status == Status::kPartialCancelled) {
    return to_cancelled(attempt, change, at, false);
  }
  return to_simple(attempt, *status, change, at);
}

void note_money(World& world, const Attempt& attempt, const Occurrence& occurrence) {
  MoneyEvent event;
  event.attempt_id = attempt.attempt_id;
  event.at = occurrence.at;
  if (occurrence.happened == Happened::kPaid) {
    event.type = "PAID";
    event.amount = attempt.amount;
  } else if (occurrence.happened == Happened::kCancelled ||
             occurrence.happened == Happened::kPartialCancelled) {
    event.type = v2_word(attempt.status);
    event.cancellation = attempt.cancellations.back();
    event.amount = -event.cancellation->amount;
  } else {
    return;
  }
  world.store.add_event(std::move(event));
}

std::vector<Message> messages_for(const World& world, const Moved& moved) {
  const Message message =
      make_message(moved.attempt, moved.occurrence,
                   {world.options.v1_webhook_format, world.options.v2_webhook_version, ""});
  return world.sender.address(message, "");
}

std::vector<Message> announce_move(World& world, const Moved& moved, const Announce& announce) {
  const bool send = announce.webhook.value_or(
      announced_by_default(moved.attempt, moved.occurrence.happened, announce.by_api));
  if (!send) return {};
  std::vector<Message> messages = messages_for(world, moved);
  world.sender.send(messages, announce.delay, announce.mode);
  return messages;
}

}  // namespace

std::string_view to_word(Refusal refusal) {
  switch (refusal) {
    case Refusal::kUnknownAttempt:
      return "unknown_attempt";
    case Refusal::kUnknownStatus:
      return "unknown_status";
    case Refusal::kAttemptExists:
      return "attempt_exists";
    case Refusal::kAlreadyCancelled:
      return "already_cancelled";
    case Refusal::kAmountTooLarge:
      return "amount_too_large";
    case Refusal::kNothingToResolve:
      return "nothing_to_resolve";
    case Refusal::kBadAmount:
      return "bad_amount";
  }
  return "";
}

core::Outcome<Moved, Refusal> move(World& world, const std::string& attempt_id,
                                   const Change& change, const Announce& announce) {
  std::optional<Done> done;
  std::optional<Attempt> attempt = world.store.update(attempt_id, [&](Attempt& stored) {
    Attempt changed = stored;
    done = change_attempt(changed, change);
    if (done->ok()) stored = std::move(changed);
  });
  if (!attempt) return Refusal::kUnknownAttempt;
  if (!done->ok()) return done->error();
  Moved moved{std::move(*attempt), done->value(), {}};
  note_money(world, moved.attempt, moved.occurrence);
  moved.webhooks = announce_move(world, moved, announce);
  return moved;
}

core::Outcome<Moved, Refusal> announce_again(World& world, const std::string& attempt_id,
                                             const Announce& announce) {
  const std::optional<Attempt> attempt = world.store.find(attempt_id);
  if (!attempt) return Refusal::kUnknownAttempt;
  Moved moved{*attempt, present_occurrence(*attempt), {}};
  moved.webhooks = messages_for(world, moved);
  const std::vector<SentMessage> sent = world.sender.messages_of(attempt->payment_id);
  for (Message& message : moved.webhooks) {
    for (const SentMessage& before : sent) {
      const Message& old = before.message;
      if (old.url == message.url && old.body == message.body) message.id = old.id;
    }
    message.trigger = "MANUAL";
  }
  world.sender.send(moved.webhooks, announce.delay, announce.mode);
  return moved;
}

bool read_webhook_word(std::string_view word, Announce& announce) {
  constexpr std::string_view kLate = "late=";
  constexpr std::chrono::milliseconds kLatest = std::chrono::hours(1);
  announce.delay = {};
  announce.mode = WebhookMode::kNormal;
  if (word == "now") return true;
  if (word == "lost" || word == "twice") {
    announce.mode = word == "lost" ? WebhookMode::kLost : WebhookMode::kDoubled;
    return true;
  }
  if (!word.starts_with(kLate)) return false;
  const auto delay = core::parse_duration(word.substr(kLate.size()));
  if (!delay || *delay > kLatest) return false;
  announce.delay = *delay;
  return true;
}

core::Outcome<Moved, Refusal> create(World& world, Attempt attempt, const Change& change,
                                     const Announce& announce) {
  attempt.started_at = change.at.value_or(now());
  attempt.changed_at = attempt.started_at;
  attempt.updated_at = attempt.started_at;
  if (attempt.store_id.empty()) attempt.store_id = world.options.store_id;
  if (attempt.shown_store_id.empty()) attempt.shown_store_id = attempt.store_id;
  if (attempt.success_flag.empty()) attempt.success_flag = "imp_success";
  if (attempt.order_name.empty()) attempt.order_name = "샌드박스 주문";
  Attempt checked = attempt;
  const Done done = change_attempt(checked, change);
  if (!done.ok()) return done.error();
  const std::optional<Attempt> added = world.store.add(std::move(attempt));
  if (!added) return Refusal::kAttemptExists;
  const bool cancelled = change.status.find("cancel") != std::string::npos ||
                         change.status == "disputed" || change.status == "reverted";
  if (cancelled) {
    // What is cancelled or disputed was paid before, and nobody needs to hear of that now.
    Change paid;
    paid.status = "paid";
    paid.at = change.at;
    Announce silent;
    silent.webhook = false;
    const auto first = move(world, added->attempt_id, paid, silent);
    if (!first.ok()) return first.error();
  }
  return move(world, added->attempt_id, change, announce);
}

}  // namespace reconciled::sandbox
