#include "tests/sandbox/orders.h"

#include <algorithm>

#include "daemon/core/words/money.h"

namespace reconciled::sandbox {
namespace {

Refused unknown_order(const std::string& payment_id) {
  return {404, "PAYMENT_NOT_FOUND", "nobody has tried to pay " + payment_id + " here"};
}

core::Outcome<Moved, Refused> in_words(const core::Outcome<Moved, Refusal>& moved) {
  if (moved.ok()) return moved.value();
  return Refused{409, std::string(to_word(moved.error())), words_of(moved.error())};
}

std::string stands(const std::string& payment_id, const Attempt& attempt) {
  return payment_id + " is " + std::string(v2_word(attempt.status));
}

}  // namespace

std::optional<Refused> window_refusal(const World& world, const Attempt& wanted) {
  for (const Attempt& attempt : world.store.attempts_of(wanted.payment_id)) {
    if (attempt.status != Status::kPaid) continue;
    return Refused{409, "PaymentAlreadyPaid",
                   wanted.payment_id + " is paid already: PortOne opens no second window for it",
                   "이미 결제가 완료된 거래건입니다."};
  }
  const std::optional<Prepared> prepared = world.store.prepared({wanted.version, wanted.payment_id});
  if (!prepared) return std::nullopt;
  const bool currency_differs =
      !prepared->currency.empty() && prepared->currency != wanted.currency;
  if (!currency_differs && prepared->amount == wanted.amount) return std::nullopt;
  const std::string currency = currency_differs ? prepared->currency : wanted.currency;
  return Refused{409, "AmountNotEqualToPredefined",
                 wanted.payment_id + " was registered with PortOne for " +
                     money_text(prepared->amount, currency) +
                     ": it opens no window for another amount",
                 "사전등록된 결제금액과 다릅니다."};
}

std::optional<Change> outcome_from_word(std::string_view word) {
  Change change;
  if (word == "paid" || word == "failed") {
    change.status = word;
  } else if (word == "virtual_account") {
    change.status = "virtual_account_issued";
  } else if (word == "abandoned") {
    change.status = "ready";
  } else {
    return std::nullopt;
  }
  return change;
}

core::Outcome<Moved, Refused> pay_order(World& world, const Attempt& wanted, const Change& outcome,
                                        const Announce& announce) {
  if (auto refused = window_refusal(world, wanted)) return *std::move(refused);
  return in_words(create(world, wanted, outcome, announce));
}

core::Outcome<Moved, Refused> deposit_order(World& world, const std::string& payment_id,
                                            const Announce& announce) {
  const std::vector<Attempt> attempts = world.store.attempts_of(payment_id);
  if (attempts.empty()) return unknown_order(payment_id);
  const auto waiting = std::find_if(attempts.rbegin(), attempts.rend(), [](const Attempt& attempt) {
    return attempt.status == Status::kVirtualAccountIssued;
  });
  if (waiting == attempts.rend()) {
    return Refused{
        409, "not_waiting",
        stands(payment_id, *representative(attempts)) + ": no account of it waits for a deposit"};
  }
  Change change;
  change.status = "paid";
  return in_words(move(world, waiting->attempt_id, change, announce));
}

core::Outcome<Moved, Refused> cancel_order(World& world, const std::string& payment_id,
                                           std::optional<std::int64_t> amount,
                                           const Announce& announce) {
  const std::vector<Attempt> attempts = world.store.attempts_of(payment_id);
  if (attempts.empty()) return unknown_order(payment_id);
  const Attempt& attempt = *representative(attempts);
  if (attempt.status == Status::kCancelled) {
    return Refused{409, "PAYMENT_ALREADY_CANCELLED", payment_id + " is wholly cancelled already"};
  }
  if (!attempt.paid_at) {
    return Refused{409, "PAYMENT_NOT_PAID",
                   stands(payment_id, attempt) + ": only what is paid can be cancelled"};
  }
  const std::int64_t left = attempt.amount - attempt.cancelled_amount();
  if (amount && (*amount <= 0 || *amount > left)) {
    return Refused{409, "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT",
                   "of " + payment_id + " " + money_text(left, attempt.currency) +
                       " can be cancelled, not " + money_text(*amount, attempt.currency)};
  }
  Change change;
  change.status = "cancelled";
  change.cancel_amount = amount;
  return in_words(move(world, attempt.attempt_id, change, announce));
}

std::string words_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kUnknownAttempt:
      return "this payment is not known here (any more)";
    case Refusal::kUnknownStatus:
      return "there is no such state";
    case Refusal::kAttemptExists:
      return "there is such an attempt already";
    case Refusal::kAlreadyCancelled:
      return "it is wholly cancelled already";
    case Refusal::kAmountTooLarge:
      return "more than is left cannot be cancelled";
    case Refusal::kNothingToResolve:
      return "there is no open dispute";
    case Refusal::kBadAmount:
      return "the amount must be a whole number above 0, in minor units";
  }
  return "";
}

std::string money_text(std::int64_t minor, const std::string& currency) {
  const auto known = core::Currency::make(currency);
  const std::string sign = minor < 0 ? "-" : "";
  const std::int64_t size = minor < 0 ? -minor : minor;
  return known ? sign + core::readable_amount(size, *known)
               : std::to_string(minor) + " " + currency;
}

}  // namespace reconciled::sandbox
