#include "tests/simulator/world.h"

#include <algorithm>

namespace reconciled::simulator {
namespace {

using core::Api;
using core::Result;

constexpr std::int64_t kAmount = 64'900;

core::Currency currency(const char* code) { return *core::Currency::make(code); }

State paid_back(const State& last, std::int64_t cancelled, Result result) {
  State next = last;
  next.result = result;
  next.cancelled = cancelled;
  return next;
}

State became(const State& last, Result result) { return paid_back(last, last.cancelled, result); }

std::optional<State> after_paid(Random& random, const Attempt& attempt, const State& last) {
  const bool disputed = !last.disputes.empty() && !last.disputes.back().resolved;
  if (attempt.total < 10) return std::nullopt;
  if (disputed) {
    State next = last;
    if (random.chance(50)) {
      next.disputes.back().resolved = true;
      return next;
    }
    if (random.chance(50)) return std::nullopt;
    next = paid_back(last, attempt.total, Result::kCancelled);
    next.chargebacks.push_back("back-" + std::to_string(attempt.states.size()));
    return next;
  }
  const int roll = random.below(100);
  if (roll < 15 && attempt.version == Api::kV2) {
    State next = last;
    next.disputes.push_back({"dispute-" + std::to_string(attempt.states.size()), false});
    return next;
  }
  if (roll < 35) return paid_back(last, attempt.total / 10, Result::kPartiallyCancelled);
  if (roll < 60) return paid_back(last, attempt.total, Result::kCancelled);
  return std::nullopt;
}

// What may come next (dossier §4), or nothing: it stays as it is for good.
std::optional<State> next_state(Random& random, const Attempt& attempt) {
  const State& last = attempt.states.back();
  const int roll = random.below(100);
  switch (last.result) {
    case Result::kReady:
      if (roll < 45) return became(last, Result::kPaid);
      if (roll < 65) return became(last, Result::kFailed);
      if (roll < 80) return became(last, Result::kAwaitingDeposit);
      if (roll < 90) return became(last, Result::kPending);
      return std::nullopt;
    case Result::kAwaitingDeposit:
    case Result::kPending:
      if (roll < 60) return became(last, Result::kPaid);
      if (roll < 80) return became(last, Result::kFailed);
      return std::nullopt;
    case Result::kFailed:
      if (roll < 35) return became(last, Result::kPaid);
      return std::nullopt;
    case Result::kPaid:
      return after_paid(random, attempt, last);
    case Result::kPartiallyCancelled:
      if (roll < 30 && last.cancelled < attempt.total / 2) {
        return paid_back(last, last.cancelled + attempt.total / 10, Result::kPartiallyCancelled);
      }
      if (roll < 55) return paid_back(last, attempt.total, Result::kCancelled);
      if (roll < 65) return paid_back(last, 0, Result::kPaid);
      return std::nullopt;
    case Result::kCancelled:
      if (roll < 25) return paid_back(last, 0, Result::kPaid);
      return std::nullopt;
    case Result::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

Attempt make_attempt(Random& random, const World& world, const std::string& suffix) {
  Attempt attempt{.id = core::AttemptId::trusted("try-" + world.name + "-" + suffix),
                  .payment_id = world.payment_id,
                  .version = world.version,
                  .total = kAmount,
                  .currency = currency("KRW")};
  if (random.chance(8)) attempt.total = random.chance(30) ? 0 : kAmount / 10;
  // The same digits: what is cheap in one currency must not pass for the other.
  if (random.chance(5)) attempt.currency = currency(random.chance(50) ? "USD" : "KWD");
  attempt.store_id = random.chance(5) ? "store-2" : "store-1";
  if (world.version == Api::kV1) attempt.store_id.clear();
  attempt.channel = random.chance(7) ? core::Channel::kTest : core::Channel::kLive;
  attempt.tells_start = random.chance(93);
  return attempt;
}

void register_orders(Random& random, World& world) {
  if (random.chance(12)) return;
  core::ExpectedOrder order{
      .amount = kAmount, .currency = currency("KRW"), .registered_at = moment(0)};
  if (random.chance(8)) {
    order.amount = kAmount * 2;
    world.orders.push_back(order);
    order.amount = kAmount;
  }
  world.orders.push_back(order);
  if (random.chance(4)) {
    order.deleted = true;
    world.orders.push_back(order);
  }
}

}  // namespace

core::Time moment(int seconds, int milliseconds) {
  return core::from_ms(1'795'000'000'000 + seconds * 1'000LL + milliseconds);
}

std::optional<int> Attempt::state_at(int moment) const {
  std::optional<int> found;
  for (std::size_t i = 0; i < states.size() && states[i].since <= moment; ++i) {
    found = static_cast<int>(i);
  }
  return found;
}

std::optional<int> Attempt::paid_at(int state) const {
  for (int i = 0; i <= state; ++i) {
    const State& then = states[static_cast<std::size_t>(i)];
    if (then.result == Result::kPaid) return then.since;
  }
  return std::nullopt;
}

std::optional<core::ExpectedOrder> World::order() const {
  if (orders.empty() || orders.back().deleted) return std::nullopt;
  return orders.back();
}

core::DecisionPolicy make_policy(Random& random) {
  core::DecisionPolicy policy;
  policy.v1_configured = random.chance(90);
  if (!policy.v1_configured || random.chance(90)) policy.v2_store_id = "store-1";
  policy.accept_unregistered = random.chance(25);
  policy.wait_for_webhook = random.chance(10);
  policy.channel = random.chance(10) ? core::Channel::kTest : core::Channel::kLive;
  return policy;
}

World make_world(Random& random, const std::string& name, const core::DecisionPolicy& policy) {
  World world{.name = name, .payment_id = core::PaymentId::trusted("ord-" + name)};
  world.policy = policy;
  world.version = !policy.v2_store_id || random.chance(50) ? Api::kV1 : Api::kV2;
  register_orders(random, world);
  const int roll = random.below(100);
  const int count = roll < 50 ? 1 : roll < 85 ? 2 : 3;
  for (int i = 0; i < count; ++i) {
    world.attempts.push_back(make_attempt(random, world, std::to_string(i)));
  }
  // Each turn one attempt begins or moves on; no two changes share a second.
  std::vector<std::size_t> moving;
  for (std::size_t i = 0; i < world.attempts.size(); ++i) moving.push_back(i);
  while (!moving.empty()) {
    world.end += random.between(1, 90);
    const auto turn = static_cast<std::size_t>(random.below(moving.size()));
    Attempt& attempt = world.attempts[moving[turn]];
    std::optional<State> next =
        attempt.states.empty() ? std::optional(State{}) : next_state(random, attempt);
    if (next) {
      next->since = world.end;
      attempt.states.push_back(std::move(*next));
    }
    if (!next || attempt.states.size() >= 7) {
      moving.erase(moving.begin() + static_cast<std::ptrdiff_t>(turn));
    }
  }
  if (random.chance(15)) {
    Attempt stranger = make_attempt(random, world, "x");
    stranger.payment_id = core::PaymentId::trusted("other-" + name);
    stranger.states.push_back({.since = 1, .result = Result::kReady});
    stranger.states.push_back({.since = 2, .result = Result::kPaid});
    world.stranger = std::move(stranger);
  }
  return world;
}

}  // namespace reconciled::simulator
