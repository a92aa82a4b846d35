// When the goods may go out (interface §1.2): every condition alone keeps them in the house.
#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

Snapshot paid_v1() { return v1("imp_1", Result::kPaid); }
Snapshot paid_v2() { return v2("tx-1", Result::kPaid); }

Decision with(const Snapshot& snapshot) { return Evidence().says(snapshot).decide(); }

void check_held(const Decision& decision) {
  CHECK(decision.result == Result::kPaid);
  CHECK_FALSE(decision.deliverable);
  CHECK_FALSE(decision.unobstructed);
  CHECK_FALSE(decision.unverified);
}

}  // namespace

TEST_CASE("deliverable: true where every condition holds") {
  for (const Snapshot& snapshot : {paid_v1(), paid_v2()}) {
    const Decision decision = with(snapshot);
    CHECK(decision.deliverable);
    CHECK(decision.unobstructed);
    CHECK_FALSE(decision.unverified);
    CHECK(decision.findings.empty());
  }
}

TEST_CASE("deliverable: for no result but paid") {
  for (const Result result : kAnswerable) {
    CAPTURE(std::string(to_word(result)));
    CHECK(with(v1("imp_1", result)).deliverable == (result == Result::kPaid));
    // A partial cancel of a payment without another obstacle still shows the buyer `paid`.
    CHECK(with(v1("imp_1", result)).unobstructed);
  }
  CHECK_FALSE(Evidence().decide().deliverable);
  CHECK_FALSE(Evidence().decide().unobstructed);
}

TEST_CASE("deliverable: never with another total than the order's") {
  for (const std::int64_t total : {kAmount - 1, kAmount + 1, std::int64_t{0}}) {
    Snapshot snapshot = paid_v1();
    snapshot.total_amount = total;
    const Decision decision = with(snapshot);
    check_held(decision);
    CHECK(kinds(decision) == Kinds{"amount_mismatch"});
  }
}

TEST_CASE("deliverable: never with a total of 0, even unregistered and accepted") {
  Snapshot snapshot = paid_v1();
  snapshot.total_amount = 0;
  DecisionPolicy policy = both_apis();
  policy.accept_unregistered = true;
  check_held(Evidence().no_order().says(snapshot).decide(policy));
}

TEST_CASE("deliverable: never in another currency than the order's") {
  Snapshot snapshot = paid_v1();
  snapshot.currency = kUsd;
  check_held(with(snapshot));
  CHECK(kinds(with(snapshot)) == Kinds{"currency_mismatch"});
}

TEST_CASE("deliverable: never through another channel, or one that is not told") {
  for (const std::optional<Channel> channel :
       {std::optional(Channel::kTest), std::optional<Channel>{}}) {
    for (Snapshot snapshot : {paid_v1(), paid_v2()}) {
      snapshot.channel = channel;
      check_held(with(snapshot));
      CHECK(kinds(with(snapshot)) == Kinds{"test_channel"});
    }
  }
  // Configured for the test channel, live money does not deliver either.
  DecisionPolicy testing = both_apis();
  testing.channel = Channel::kTest;
  check_held(Evidence().says(paid_v1()).decide(testing));
  Snapshot test_payment = paid_v1();
  test_payment.channel = Channel::kTest;
  CHECK(Evidence().says(test_payment).decide(testing).deliverable);
}

TEST_CASE("deliverable: never in another V2 store, or where the answer names none") {
  for (const char* store : {"store-2", ""}) {
    Snapshot snapshot = paid_v2();
    snapshot.store_id = store;
    check_held(with(snapshot));
    CHECK(kinds(with(snapshot)) == Kinds{"store_mismatch"});
  }
  // No V2 store is configured at all: none is ours.
  DecisionPolicy only_v1 = both_apis();
  only_v1.v2_store_id.reset();
  check_held(Evidence().says(paid_v2()).decide(only_v1));
}

TEST_CASE("deliverable: never without a registered order, where those are held") {
  const Decision decision = Evidence().no_order().says(paid_v1()).decide();
  check_held(decision);
  CHECK(kinds(decision) == Kinds{"unregistered_order"});
}

TEST_CASE("deliverable: an unregistered payment that is accepted says that it is unverified") {
  DecisionPolicy policy = both_apis();
  policy.accept_unregistered = true;
  const Decision decision = Evidence().no_order().says(paid_v1()).decide(policy);
  CHECK(decision.deliverable);
  CHECK(decision.unverified);
  CHECK(decision.findings.empty());
  // A registered one is verified, and a mismatch still holds it.
  CHECK_FALSE(Evidence().says(paid_v1()).decide(policy).unverified);
  check_held(Evidence().order(1, kKrw).says(paid_v1()).decide(policy));
}

TEST_CASE("deliverable: gone at once when PortOne's answer goes backwards") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kPaid, 10))
                                .says(v1("imp_1", Result::kReady, 20))
                                .decide();
  check_held(decision);
  CHECK(decision.suspect_look_up.has_value());
  CHECK(decision.findings.empty());  // messages wait until the next answer agrees
}

TEST_CASE("deliverable: held by an open dispute or charge-back of any attempt") {
  Snapshot disputed = paid_v2();
  disputed.disputes = std::vector<Dispute>{{"d-1", false}};
  check_held(with(disputed));
  Snapshot charged_back = paid_v2();
  charged_back.chargebacks = {"c-1"};
  check_held(with(charged_back));
  Snapshot other = v2("tx-2", Result::kCancelled);
  other.chargebacks = {"c-2"};
  check_held(Evidence().says(paid_v2()).says(other).decide());
}

TEST_CASE("deliverable: held when a wholly cancelled attempt is paid again") {
  check_held(Evidence()
                 .says(v1("imp_1", Result::kCancelled, 10))
                 .says(v1("imp_1", Result::kPaid, 20))
                 .says(v1("imp_1", Result::kPaid, 30))
                 .decide());
}

TEST_CASE(
    "deliverable: resolving lifts the holds of disputes, charge-backs and paid_after_cancel") {
  Snapshot snapshot = v2("tx-1", Result::kPaid, 30, 40);
  snapshot.disputes = std::vector<Dispute>{{"d-1", false}};
  snapshot.chargebacks = {"c-1"};
  Evidence evidence;
  evidence.says(v2("tx-1", Result::kCancelled, 10, 10)).says(v2("tx-1", Result::kPaid, 20, 20));
  evidence.says(snapshot);
  const std::vector<FindingDraft> holding = [&] {
    std::vector<FindingDraft> all;
    for (const FindingDraft& finding : evidence.decide().findings) {
      if (finding.kind != FindingKind::kWentBackwards) all.push_back(finding);
    }
    return all;
  }();
  REQUIRE(holding.size() == 3);
  for (std::size_t i = 0; i < holding.size(); ++i) {
    check_held(evidence.decide());
    evidence.resolved(holding[i]);
  }
  CHECK(evidence.decide().deliverable);
}

TEST_CASE("deliverable: resolving another cause or kind lifts nothing") {
  Snapshot snapshot = paid_v2();
  snapshot.disputes = std::vector<Dispute>{{"d-1", false}};
  const FindingDraft dispute = Evidence().says(snapshot).decide().findings.at(0);
  check_held(Evidence().says(snapshot).resolved({dispute.kind, "tx-1:d-2", ""}).decide());
  check_held(
      Evidence().says(snapshot).resolved({FindingKind::kChargeback, dispute.cause, ""}).decide());
}

TEST_CASE("deliverable: resolving a mismatch never lifts it") {
  Snapshot amount = paid_v2();
  amount.total_amount = 1;
  Snapshot currency = paid_v2();
  currency.currency = kUsd;
  Snapshot store = paid_v2();
  store.store_id = "store-2";
  Snapshot channel = paid_v2();
  channel.channel = Channel::kTest;
  for (const Snapshot& snapshot : {amount, currency, store, channel}) {
    Evidence evidence;
    evidence.says(snapshot);
    for (const FindingDraft& finding : evidence.decide().findings) evidence.resolved(finding);
    check_held(evidence.decide());
  }
  Evidence unregistered;
  unregistered.no_order().says(paid_v2());
  unregistered.resolved(unregistered.decide().findings.at(0));
  check_held(unregistered.decide());
}

TEST_CASE("deliverable: late approval, double payment and a contradicting redirect do not hold") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kFailed, 10))
      .says(v1("imp_1", Result::kPaid, 20))
      .says(v1("imp_2", Result::kPaid, 20))
      .redirect(UiState::kReturnedFailure, 1, "imp_1");
  const Decision decision = evidence.decide();
  CHECK(kinds(decision) == Kinds{"double_payment", "late_approval", "redirect_contradicts"});
  CHECK(decision.deliverable);
}

TEST_CASE("unobstructed: a partial cancel of a held payment stays obstructed") {
  Snapshot snapshot = v1("imp_1", Result::kPartiallyCancelled);
  snapshot.total_amount = 1;
  CHECK_FALSE(with(snapshot).unobstructed);
}
