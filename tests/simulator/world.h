// PortOne as it truly is for one payment: its attempts and each state that they go through, over a
// clock of its own (dossier §4).
//
// Made by chance from a seed. The daemon sees none of this, only evidence of it (history.h); the
// oracle (oracle.h) sees nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/decision/decision.h"
#include "tests/simulator/random.h"

namespace reconciled::simulator {

// One attempt from a moment on. Moments are whole seconds of the simulated clock.
struct State {
  int since = 0;
  core::Result result = core::Result::kReady;
  std::int64_t cancelled = 0;
  std::vector<core::Dispute> disputes;
  std::vector<std::string> chargebacks;
};

struct Attempt {
  core::AttemptId id;
  core::PaymentId payment_id;  // as PortOne binds it
  core::Api version = core::Api::kV1;
  std::int64_t total = 0;
  core::Currency currency;
  std::string store_id;
  core::Channel channel = core::Channel::kLive;
  bool tells_start = true;
  std::vector<State> states;  // in the order in which they came about

  [[nodiscard]] bool is_paid_elsewhere(const core::DecisionPolicy& policy) const {
    return version == core::Api::kV2 && policy.v2_store_id && store_id != *policy.v2_store_id;
  }
  // Which state it was in at `moment`, or nothing where it had not begun.
  [[nodiscard]] std::optional<int> state_at(int moment) const;
  // When it was paid as of that state, if it ever was.
  [[nodiscard]] std::optional<int> paid_at(int state) const;
};

struct World {
  std::string name;  // part of every id, so that many worlds fit into one database
  core::PaymentId payment_id;
  core::Api version = core::Api::kV1;
  core::DecisionPolicy policy;
  std::vector<core::ExpectedOrder> orders;  // as the shop registered, changed, withdrew
  std::vector<Attempt> attempts;
  std::optional<Attempt> stranger;  // another payment's attempt, which messages may name
  int end = 0;                      // the last change is no later

  [[nodiscard]] std::optional<core::ExpectedOrder> order() const;
};

[[nodiscard]] World make_world(Random& random, const std::string& name,
                               const core::DecisionPolicy& policy);
[[nodiscard]] core::DecisionPolicy make_policy(Random& random);

[[nodiscard]] core::Time moment(int seconds, int milliseconds = 0);

}  // namespace reconciled::simulator
