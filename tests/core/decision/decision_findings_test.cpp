// What a person should look at (interface §1.3), as far as the evidence alone tells it: when each
// kind opens, what similar does not open it, and what closes it again.
#include "tests/core/decision/decision_evidence.h"

using namespace reconciled::test;

namespace {

std::string cause(const Decision& decision, FindingKind kind) {
  const std::vector<FindingDraft> found = of_kind(decision, kind);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].detail.empty());
  return found[0].cause;
}

Snapshot disputed(int updated, std::vector<Dispute> disputes) {
  Snapshot s = v2("tx-1", Result::kPaid, updated, updated);
  s.disputes = std::move(disputes);
  return s;
}

}  // namespace

TEST_CASE("findings: a mismatch names the attempt and both values") {
  Snapshot other = v1("imp_1", Result::kPaid);
  other.total_amount = 100;
  const std::string amounts = cause(Evidence().says(other).decide(), FindingKind::kAmountMismatch);
  CHECK(amounts.find("imp_1") != std::string::npos);
  CHECK(amounts.find("64900") != std::string::npos);
  CHECK(amounts.find("100") != std::string::npos);
  // A new cause opens a new finding: another order, another total.
  CHECK(cause(Evidence().order(5, kKrw).says(other).decide(), FindingKind::kAmountMismatch) !=
        amounts);

  Snapshot dollars = v1("imp_1", Result::kPaid);
  dollars.currency = kUsd;
  const std::string both = cause(Evidence().says(dollars).decide(), FindingKind::kCurrencyMismatch);
  CHECK(both.find("KRW") != std::string::npos);
  CHECK(both.find("USD") != std::string::npos);
}

TEST_CASE("findings: a mismatch opens for paid alone, and closes when the order comes to match") {
  for (const Result result : kAnswerable) {
    Snapshot other = v1("imp_1", result);
    other.total_amount = 100;
    CHECK(has(Evidence().says(other).decide(), FindingKind::kAmountMismatch) ==
          (result == Result::kPaid));
  }
  Snapshot other = v1("imp_1", Result::kPaid);
  other.total_amount = 100;
  CHECK(Evidence().order(100, kKrw).says(other).decide().findings.empty());
}

TEST_CASE("findings: an unregistered payment is told by payment, until it is registered") {
  const Snapshot paid = v1("imp_1", Result::kPaid);
  CHECK(cause(Evidence().no_order().says(paid).decide(), FindingKind::kUnregisteredOrder) ==
        kPayment.str());
  CHECK(Evidence().says(paid).decide().findings.empty());
  CHECK(Evidence().no_order().says(v1("imp_1", Result::kFailed)).decide().findings.empty());
}

TEST_CASE("findings: identity_mismatch needs a signature and PortOne's contradiction") {
  Snapshot elsewhere = v2("tx-1", Result::kPaid);
  elsewhere.payment_id = PaymentId::trusted("ord-2");

  const Decision contradicted =
      Evidence().says(elsewhere).v2_webhook("tx-1", Result::kPaid).decide();
  const std::string key = cause(contradicted, FindingKind::kIdentityMismatch);
  CHECK(key.find("tx-1") != std::string::npos);
  CHECK(key.find("ord-1") != std::string::npos);
  CHECK_FALSE(contradicted.deliverable);
  CHECK(contradicted.result == Result::kNone);
  CHECK(contradicted.attempts.empty());

  SUBCASE("an unsigned pair is only a claim") {
    CHECK(Evidence().says(elsewhere).v1_webhook("tx-1", Result::kPaid).decide().findings.empty());
  }
  SUBCASE("silence is no contradiction") {
    CHECK(Evidence().v2_webhook("tx-1", Result::kPaid).decide().findings.empty());
  }
  SUBCASE("agreement is none") {
    CHECK(Evidence()
              .says(v2("tx-1", Result::kPaid))
              .v2_webhook("tx-1", Result::kPaid)
              .decide()
              .findings.empty());
  }
  SUBCASE("two webhooks about one pair are one finding") {
    const Decision twice = Evidence()
                               .says(elsewhere)
                               .v2_webhook("tx-1", Result::kReady, 1)
                               .v2_webhook("tx-1", Result::kPaid, 2)
                               .decide();
    CHECK(of_kind(twice, FindingKind::kIdentityMismatch).size() == 1);
  }
}

TEST_CASE("findings: store_mismatch and test_channel open for paid attempts") {
  for (const Result result : kAnswerable) {
    CAPTURE(std::string(to_word(result)));
    Snapshot s = v2("tx-1", result);
    s.store_id = "store-2";
    s.channel = Channel::kTest;
    const Decision decision = Evidence().says(s).decide();
    CHECK(has(decision, FindingKind::kStoreMismatch) == (result == Result::kPaid));
    CHECK(has(decision, FindingKind::kTestChannel) == (result == Result::kPaid));
    if (result == Result::kPaid) {
      CHECK(cause(decision, FindingKind::kStoreMismatch) == "tx-1");
      CHECK(cause(decision, FindingKind::kTestChannel) == "tx-1");
    }
  }
}

TEST_CASE("findings: a payment taken in another store or channel stays noted after its refund") {
  for (const Result refund : {Result::kPartiallyCancelled, Result::kCancelled}) {
    Snapshot paid = v2("tx-1", Result::kPaid, 5, 10);
    Snapshot refunded = v2("tx-1", refund, 15, 20);
    for (Snapshot* const s : {&paid, &refunded}) {
      s->store_id = "store-2";
      s->channel = Channel::kTest;
    }
    const Decision decision = Evidence().says(refunded).says(paid).decide();
    CHECK(decision.result == refund);
    CHECK(kinds(decision) == Kinds{"store_mismatch", "test_channel"});
  }
}

TEST_CASE("findings: V1 answers come from our credentials and know no store") {
  CHECK(Evidence().says(v1("imp_1", Result::kPaid)).decide().findings.empty());
}

TEST_CASE("findings: late_approval opens when a failed attempt becomes paid, and stays") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kFailed, 10));
  CHECK_FALSE(has(evidence.decide(), FindingKind::kLateApproval));
  evidence.says(v1("imp_1", Result::kPaid, 20));
  CHECK(cause(evidence.decide(), FindingKind::kLateApproval) == "imp_1");
  evidence.says(v1("imp_1", Result::kCancelled, 30));
  CHECK(has(evidence.decide(), FindingKind::kLateApproval));
}

TEST_CASE("findings: a second attempt after a failed one is no late approval") {
  CHECK(Evidence()
            .says(v1("imp_1", Result::kFailed, 10))
            .says(v1("imp_2", Result::kPaid, 20))
            .decide()
            .findings.empty());
}

TEST_CASE("findings: double_payment names the pair until one of them is cancelled") {
  Evidence evidence;
  evidence.says(v1("imp_2", Result::kPaid, 10)).says(v1("imp_1", Result::kPaid, 10));
  const std::string key = cause(evidence.decide(), FindingKind::kDoublePayment);
  CHECK(key == "imp_1+imp_2");
  for (const Result after : {Result::kCancelled, Result::kPartiallyCancelled}) {
    Evidence later = evidence;
    later.says(v1("imp_2", after, 20));
    CHECK_FALSE(has(later.decide(), FindingKind::kDoublePayment));
  }
  for (const Result other : kAnswerable) {
    if (other == Result::kPaid) continue;
    CHECK_FALSE(has(Evidence().says(v1("imp_1", Result::kPaid)).says(v1("imp_2", other)).decide(),
                    FindingKind::kDoublePayment));
  }
}

TEST_CASE("findings: one more paid attempt is one more pair") {
  const Decision decision = Evidence()
                                .says(v1("imp_1", Result::kPaid))
                                .says(v1("imp_2", Result::kPaid))
                                .says(v1("imp_3", Result::kPaid))
                                .decide();
  CHECK(of_kind(decision, FindingKind::kDoublePayment).size() >= 2);
}

TEST_CASE("findings: paid_after_cancel opens when a wholly cancelled attempt is paid again") {
  Evidence evidence;
  evidence.says(v2("tx-1", Result::kPaid, 1, 1)).says(v2("tx-1", Result::kCancelled, 10, 10));
  CHECK(evidence.decide().findings.empty());
  evidence.says(v2("tx-1", Result::kPaid, 20, 20)).says(v2("tx-1", Result::kPaid, 20, 21));
  const Decision decision = evidence.decide();
  CHECK(decision.result == Result::kPaid);
  const std::string key = cause(decision, FindingKind::kPaidAfterCancel);
  CHECK(key.find("tx-1") != std::string::npos);
  // A second time is a new cause.
  evidence.says(v2("tx-1", Result::kCancelled, 30, 30));
  CHECK(of_kind(evidence.decide(), FindingKind::kPaidAfterCancel).size() == 1);
  evidence.says(v2("tx-1", Result::kPaid, 40, 40)).says(v2("tx-1", Result::kPaid, 40, 41));
  const auto twice = of_kind(evidence.decide(), FindingKind::kPaidAfterCancel);
  REQUIRE(twice.size() == 2);
  CHECK(twice[0].cause != twice[1].cause);
}

TEST_CASE("findings: answers that only repeat it do not tell paid_after_cancel again") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kPaid, 10))
      .says(v1("imp_1", Result::kCancelled, 20))
      .says(v1("imp_1", Result::kPaid, 30))
      .says(v1("imp_1", Result::kPaid, 40));
  const auto found = of_kind(evidence.decide(), FindingKind::kPaidAfterCancel);
  REQUIRE(found.size() == 1);
  evidence.resolved(found[0]).says(v1("imp_1", Result::kPaid, 50));
  CHECK(of_kind(evidence.decide(), FindingKind::kPaidAfterCancel).size() == 1);
  CHECK(evidence.decide().deliverable);
}

TEST_CASE("findings: a partial cancel that is paid again is not paid_after_cancel") {
  Evidence evidence;
  evidence.says(v2("tx-1", Result::kPartiallyCancelled, 10, 10))
      .says(v2("tx-1", Result::kPaid, 20, 20))
      .says(v2("tx-1", Result::kPaid, 20, 21));
  CHECK_FALSE(has(evidence.decide(), FindingKind::kPaidAfterCancel));
  CHECK(has(evidence.decide(), FindingKind::kWentBackwards));
}

TEST_CASE("findings: a dispute opens by its id and closes when it is resolved") {
  Evidence evidence;
  evidence.says(disputed(10, {{"d-1", false}}));
  const std::string key = cause(evidence.decide(), FindingKind::kDispute);
  CHECK(key == "tx-1:d-1");
  evidence.says(disputed(20, {{"d-1", true}, {"d-2", false}}));
  CHECK(cause(evidence.decide(), FindingKind::kDispute) == "tx-1:d-2");
  evidence.says(disputed(30, {{"d-1", true}, {"d-2", true}}));
  CHECK(evidence.decide().findings.empty());
  CHECK(evidence.decide().deliverable);
}

TEST_CASE("findings: a charge-back opens by the id of its cancellation and stays") {
  Snapshot s = v2("tx-1", Result::kCancelled, 10, 10);
  s.chargebacks = {"c-1", "c-2"};
  Evidence evidence;
  evidence.says(s);
  CHECK(of_kind(evidence.decide(), FindingKind::kChargeback).size() == 2);
  evidence.says(v2("tx-1", Result::kCancelled, 20, 20));
  CHECK(of_kind(evidence.decide(), FindingKind::kChargeback).size() == 2);
}

TEST_CASE(
    "findings: redirect_contradicts by what it said, what PortOne says and when it was asked") {
  struct Row {
    UiState hint;
    Result result;
    int arrived;  // the look-up begins at 10
    bool opens;
  };
  const Row rows[] = {
      {UiState::kReturnedFailure, Result::kPaid, 9, true},
      {UiState::kReturnedFailure, Result::kPaid, 10, false},  // not later than the redirect
      {UiState::kReturnedFailure, Result::kPaid, 11, false},
      {UiState::kReturnedFailure, Result::kFailed, 9, false},
      {UiState::kReturnedFailure, Result::kPending, 9, false},
      {UiState::kReturnedFailure, Result::kCancelled, 9, false},
      {UiState::kReturnedSuccess, Result::kFailed, 9, true},
      {UiState::kReturnedSuccess, Result::kFailed, 11, false},
      {UiState::kReturnedSuccess, Result::kPaid, 9, false},
      {UiState::kReturnedSuccess, Result::kAwaitingDeposit, 9, false},
      {UiState::kReturnedSuccess, Result::kCancelled, 9, false},
      {UiState::kReturnedUnknown, Result::kPaid, 9, false},
      {UiState::kReturnedUnknown, Result::kFailed, 9, false},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(to_word(row.hint)));
    CAPTURE(std::string(to_word(row.result)));
    CAPTURE(row.arrived);
    const Decision decision = Evidence()
                                  .says(v1("imp_1", row.result, 10))
                                  .redirect(row.hint, row.arrived, "imp_1")
                                  .decide();
    CHECK(kinds(decision) == (row.opens ? Kinds{"redirect_contradicts"} : Kinds{}));
    if (row.opens) CHECK(cause(decision, FindingKind::kRedirectContradicts) == "imp_1");
  }
}

TEST_CASE("findings: redirect_contradicts closes when the buyer's next return agrees") {
  Evidence evidence;
  evidence.says(v1("imp_1", Result::kPaid, 10)).redirect(UiState::kReturnedFailure, 5, "imp_1");
  CHECK(has(evidence.decide(), FindingKind::kRedirectContradicts));
  evidence.redirect(UiState::kReturnedSuccess, 6, "imp_1");
  CHECK_FALSE(has(evidence.decide(), FindingKind::kRedirectContradicts));
}

TEST_CASE("findings: a redirect of no attempt, or of one that PortOne does not bind, opens none") {
  CHECK(Evidence()
            .says(v1("imp_1", Result::kPaid))
            .redirect(UiState::kReturnedFailure, 5)
            .redirect(UiState::kReturnedFailure, 5, "imp_9")
            .decide()
            .findings.empty());
}

TEST_CASE("findings: unverified input alone opens none") {
  CHECK(Evidence()
            .v1_webhook("imp_1", Result::kPaid)
            .v1_webhook("imp_2", Result::kFailed)
            .redirect(UiState::kReturnedFailure, 5, "imp_1")
            .redirect(UiState::kReturnedSuccess, 6, "imp_2")
            .decide()
            .findings.empty());
}
